"""The calendar of reporting: for which periods a report is owed, by when, and what becomes of it.

A week runs from Monday to Sunday. A report is due some days after the end of its period; the person who owes it is reminded on that
day and each week after it, and some days later somebody else is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

# Later reminders would be noise: by then somebody else has been told.
MOST_REMINDERS = 4
_A_WEEK = timedelta(days=7)
_A_DAY = timedelta(days=1)


class Span(StrEnum):
    """How long a period is."""

    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class State(StrEnum):
    """What became of the report of a period."""

    RUNNING = "running"
    OPEN = "open"
    OVERDUE = "overdue"
    ESCALATED = "escalated"
    SUBMITTED = "submitted"
    SUBMITTED_LATE = "submitted_late"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Period:
    """One week, month or year, both days included."""

    first: date
    last: date

    @property
    def next_day(self) -> date:
        """The day after it."""
        return self.last + _A_DAY


@dataclass(frozen=True, slots=True)
class Terms:
    """When a report is due, and when somebody else is told: days after the end of the period, and days after that."""

    days_to_report: int
    escalate_after: int

    def due_on(self, period: Period) -> date:
        """The last day on which the report is in time."""
        return period.last + timedelta(days=self.days_to_report)

    def escalates_on(self, period: Period) -> date:
        """The day on which somebody else is told that it is missing."""
        return self.due_on(period) + timedelta(days=self.escalate_after)

    def reminders(self, period: Period) -> list[date]:
        """The days on which the person who owes it is reminded."""
        return [self.due_on(period) + n * _A_WEEK for n in range(MOST_REMINDERS)]


def period_of(span: Span, day: date) -> Period:
    """The period that `day` lies in."""
    match span:
        case Span.WEEK:
            first = day - timedelta(days=day.weekday())
            return Period(first, first + timedelta(days=6))
        case Span.MONTH:
            first = day.replace(day=1)
            return Period(first, (first + timedelta(days=31)).replace(day=1) - _A_DAY)
        case Span.YEAR:
            return Period(date(day.year, 1, 1), date(day.year, 12, 31))


def periods(span: Span, starts_on: date, ends_on: date | None, *, until: date) -> Iterator[Period]:
    """The periods for which a report is owed, from the one that `starts_on` lies in to the one of `ends_on` or `until`."""
    period = period_of(span, starts_on)
    while period.first <= min(until, ends_on or until):
        yield period
        period = period_of(span, period.next_day)


def state_of(period: Period, terms: Terms, *, submitted_on: date | None, today: date, superseded: bool) -> State:
    """What became of the report of `period` by `today`.

    `superseded` says that it makes no sense any more to submit it: forecasts of a week are replaced by those of the next one.
    """
    if submitted_on is not None:
        return State.SUBMITTED if submitted_on <= terms.due_on(period) else State.SUBMITTED_LATE
    if superseded:
        return State.MISSED
    if today <= period.last:
        return State.RUNNING
    if today <= terms.due_on(period):
        return State.OPEN
    return State.OVERDUE if today < terms.escalates_on(period) else State.ESCALATED


OWED = frozenset({State.OPEN, State.OVERDUE, State.ESCALATED})
