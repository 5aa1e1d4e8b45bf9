"""For which periods a report is owed, by when, and what becomes of it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.domain.reporting import MOST_REMINDERS, Period, Span, State, Terms, period_of, periods, state_of

_WEEK = Period(date(2026, 11, 16), date(2026, 11, 22))
_TERMS = Terms(days_to_report=3, escalate_after=2)


@given(st.sampled_from(Span), st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_periods_follow_one_another_without_a_gap(span: Span, day: date) -> None:
    period = period_of(span, day)
    assert period.first <= day <= period.last
    assert period_of(span, period.next_day).first == period.last + timedelta(days=1)
    assert period_of(span, period.first) == period_of(span, period.last) == period


@pytest.mark.parametrize(
    ("span", "first", "last"),
    [
        (Span.WEEK, date(2026, 11, 23), date(2026, 11, 29)),
        (Span.MONTH, date(2026, 11, 1), date(2026, 11, 30)),
        (Span.YEAR, date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_a_week_begins_on_monday_a_month_and_a_year_on_their_first(span: Span, first: date, last: date) -> None:
    assert period_of(span, date(2026, 11, 25)) == Period(first, last)


def test_a_duty_is_owed_from_the_period_of_its_start_to_that_of_its_end() -> None:
    months = list(periods(Span.MONTH, date(2026, 1, 31), date(2026, 3, 1), until=date(2027, 1, 1)))
    assert [month.first for month in months] == [date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]
    assert list(periods(Span.YEAR, date(2027, 1, 1), None, until=date(2026, 12, 31))) == []


@pytest.mark.parametrize(
    ("today", "state"),
    [
        (date(2026, 11, 22), State.RUNNING),
        (date(2026, 11, 23), State.OPEN),
        (date(2026, 11, 25), State.OPEN),
        (date(2026, 11, 26), State.OVERDUE),
        (date(2026, 11, 27), State.ESCALATED),
    ],
)
def test_a_report_is_open_then_overdue_then_told_to_somebody_else(today: date, state: State) -> None:
    assert state_of(_WEEK, _TERMS, submitted_on=None, today=today, superseded=False) is state


def test_what_was_submitted_stays_submitted_in_time_or_late() -> None:
    later = date(2027, 1, 1)
    assert state_of(_WEEK, _TERMS, submitted_on=date(2026, 11, 25), today=later, superseded=True) is State.SUBMITTED
    assert state_of(_WEEK, _TERMS, submitted_on=date(2026, 11, 26), today=later, superseded=False) is State.SUBMITTED_LATE
    assert state_of(_WEEK, _TERMS, submitted_on=None, today=later, superseded=True) is State.MISSED


def test_reminders_begin_on_the_day_it_is_due_and_end() -> None:
    days = _TERMS.reminders(_WEEK)
    assert days[:2] == [date(2026, 11, 25), date(2026, 12, 2)]
    assert len(days) == MOST_REMINDERS
