"""The simulation of a schedule told in dates: what counts together."""

from datetime import date
from typing import Any

from cluster.domain.calendars import WorkingDays
from cluster.domain.plan_risk import Assumptions, Estimate, PlanRisk, simulate_plan
from cluster.domain.schedule import Schedule, Work

# A Monday; the week has no holidays.
MONDAY = date(2026, 3, 16)


def work(key: int, **fields: Any) -> Work:
    blank: dict[str, Any] = dict.fromkeys(("started", "actual", "forecast", "due", "constraint_on"))
    return Work(**blank | {"key": key, "code": f"M{key}", "calendar": 0, "duration": 5, "constraint": ""} | fields)


def simulated(works: list[Work], *openings: int) -> PlanRisk:
    schedule = Schedule(works, [], [WorkingDays()], data_date=MONDAY)
    estimates = {one.key: Estimate() for one in works}
    return simulate_plan(schedule, estimates, Assumptions(iterations=50), openings=set(openings))


def test_the_chance_of_all_is_that_of_openings_alone() -> None:
    held, broken = work(1, due=date(2026, 3, 20)), work(2, due=date(2026, 3, 19))
    assert simulated([held, broken], 1).chance_of_all == 1
    assert simulated([held, broken], 1, 2).chance_of_all == 0
    assert simulated([held, broken]).chance_of_all is None
    assert {one.key: one.chance for one in simulated([held, broken], 1).milestones} == {1: 1, 2: 0}


def test_an_opening_that_is_reached_or_was_never_promised_is_not_among_them() -> None:
    reached = work(1, due=date(2026, 3, 2), actual=date(2026, 3, 9))
    assert simulated([reached, work(2), work(3, due=date(2026, 3, 20))], 1, 2, 3).chance_of_all == 1
    assert simulated([reached, work(2)], 1, 2).chance_of_all is None
