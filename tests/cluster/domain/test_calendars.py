"""The days on which an official rate exists, by the Russian working calendar."""

from datetime import date, timedelta
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.domain.calendars import Gap, expected_rate_date, gaps, has_rate, is_working_day, next_rate_date, rate_days


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2024, 4, 13), date(2024, 4, 13)),  # Saturday: Friday was worked
        (date(2024, 4, 15), date(2024, 4, 13)),  # Monday stands on Saturday's rate
        (date(2024, 1, 8), date(2023, 12, 30)),  # the January holidays use one rate throughout
        (date(2024, 1, 10), date(2024, 1, 10)),
        (date(2024, 4, 28), date(2024, 4, 28)),  # a Sunday after a Saturday that was worked
        (date(2020, 4, 6), date(2020, 3, 28)),  # the non-working days of spring 2020
        (date(2020, 4, 7), date(2020, 4, 7)),
        (date(1992, 6, 30), date(1992, 6, 30)),  # no official rate yet: nothing to look for
        (date.min, date.min),
    ],
)
def test_the_rate_in_force_is_expected_to_bear_the_day_after_a_working_day(on: date, expected: date) -> None:
    assert expected_rate_date(on) == expected


@given(st.dates(date(1992, 5, 1), date(2028, 12, 31)), st.integers(0, 20))
def test_a_rate_is_older_than_expected_from_the_next_date_with_a_rate_on(dated: date, later: int) -> None:
    on = dated + timedelta(days=later)
    assert (expected_rate_date(on) > dated) == (on >= next_rate_date(dated))


def test_no_rate_is_expected_in_the_non_working_days_of_spring_2020() -> None:
    assert [day for day in range(1, 8) if has_rate(date(2020, 4, day))] == [7]


@pytest.mark.parametrize(
    ("on", "worked"),
    [
        (date(2021, 2, 20), True),  # the Saturday for which Monday the 22nd is free
        (date(2021, 2, 22), False),
        (date(2024, 4, 27), True),  # the Saturday for which Monday the 29th is free
        (date(2024, 4, 29), False),
        (date(2024, 12, 28), True),  # the Saturday for which Monday the 30th is free
        (date(2024, 12, 30), False),
        (date(2023, 2, 24), False),  # moved from 1 January, a Sunday
        (date(2020, 6, 24), True),  # declared non-working by decree; the calendar keeps it
    ],
)
def test_days_that_the_government_moved_are_worked_or_free_as_moved(on: date, worked: bool) -> None:
    assert is_working_day(on) is worked


def test_the_days_with_a_rate_follow_the_working_days() -> None:
    assert [day.day for day in rate_days(date(2024, 4, 12), date(2024, 4, 17))] == [12, 13, 16, 17]


def test_days_without_their_rate_are_told_in_runs_that_weekends_do_not_break() -> None:
    known = {date(2024, 4, 13), date(2024, 4, 18)}
    assert gaps(date(2024, 4, 12), date(2024, 4, 19), known) == [
        Gap(date(2024, 4, 12), date(2024, 4, 12), 1),
        Gap(date(2024, 4, 16), date(2024, 4, 17), 2),
        Gap(date(2024, 4, 19), date(2024, 4, 19), 1),
    ]
    assert gaps(date(2024, 4, 13), date(2024, 4, 15), known) == []


def test_thirty_years_of_days_are_looked_up_within_a_moment() -> None:
    started = perf_counter()
    assert len(rate_days(date(1992, 7, 1), date(2026, 11, 23))) > 8000
    assert perf_counter() - started < 1
