"""A simulation that leaves the years of the calendar is refused in words."""

from datetime import date

import pytest

from cluster.domain.calendars import WorkingDays
from cluster.domain.errors import DomainError
from cluster.domain.plan_risk import Assumptions, Estimate, simulate_plan
from cluster.domain.schedule import Schedule, Work


@pytest.mark.parametrize(
    ("durations", "sentence"),
    [
        ((None, 20_000, None), "The dates of M1 leave the years 1990 to 2100: check its duration and its links."),
        ((10, 15_000, 40_000), "The simulated dates leave the years 1990 to 2100: check the pessimistic durations."),
    ],
)
def test_dates_that_leave_the_calendar_are_refused_in_words(durations: tuple[int | None, int, int | None], sentence: str) -> None:
    best, likely, worst = durations
    work = Work(1, "M1", 0, likely, None, None, None, None, "", None)
    schedule = Schedule([work], [], [WorkingDays()], data_date=date(2026, 3, 16))
    with pytest.raises(DomainError) as refusal:
        simulate_plan(schedule, {1: Estimate(optimistic=best, pessimistic=worst)}, Assumptions(iterations=50), openings=())
    assert (str(refusal.value), refusal.value.code) == (sentence, "date_range")
