"""Delay rules: how late a milestone is, which flags it raises, and how severe they are (the design's section 6)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cluster.domain.dates import DateWindow


class FlagKind(StrEnum):
    """What is wrong with a milestone or a factory; the kinds are independent of one another. Other apps have kinds of their own."""

    OVERDUE = "overdue"
    FORECAST_LATE = "forecast_late"
    KNOCK_ON_LATE = "knock_on_late"
    AT_RISK = "at_risk"
    COMPLETED_LATE = "completed_late"
    SILENT = "silent"
    OVER_BUDGET = "over_budget"
    UNDERSPENT = "underspent"


class Severity(StrEnum):
    """How much it matters, in rising order: by days late, or by how far a tolerance is exceeded."""

    MINOR = "minor"
    MODERATE = "moderate"
    MAJOR = "major"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class SeverityScale:
    """The first day of each severity above minor; a contract may set its own."""

    moderate: int = 30
    major: int = 90
    critical: int = 180

    def of(self, days: int) -> Severity:
        """The severity of `days` calendar days late (1 or more)."""
        if days >= self.critical:
            return Severity.CRITICAL
        if days >= self.major:
            return Severity.MAJOR
        return Severity.MODERATE if days >= self.moderate else Severity.MINOR


# What is not measured in days (roubles, vehicles) is graver the further it exceeds its tolerance: the least multiple of the tolerance
# for each severity. Each is twice the one before.
TIMES_TOLERANCE = {Severity.MINOR: 1, Severity.MODERATE: 2, Severity.MAJOR: 4, Severity.CRITICAL: 8}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: its kind, the day the window ended, and the day it is measured to (None: still running)."""

    kind: FlagKind
    since: date
    until: date | None

    def days(self, *, as_of: date) -> int:
        """Calendar days late."""
        return ((self.until or as_of) - self.since).days


def late_days(*, due: DateWindow, forecast: DateWindow | None, actual: date | None, as_of: date) -> int:
    """Calendar days from the end of the due window to the actual date, else to the later of forecast and `as_of`; never negative.

    A forecast window counts by its latest day: what a promise gives away only when it ends is not late before.
    """
    reached = actual or max(forecast.latest if forecast else as_of, as_of)
    return max(0, (reached - due.latest).days)


def findings(
    *,
    due: DateWindow | None,
    forecast: DateWindow | None,
    actual: date | None,
    as_of: date,
    knock_on: date | None = None,
    p80: date | None = None,
) -> list[Finding]:
    """What is wrong with one milestone on `as_of`; nothing when no date was ever promised.

    `knock_on` is the day to which what precedes it pushes it, `p80` its P80 by a simulation; neither is known of most past days.
    The nightly job finds the same in SQL (`cluster.queries.milestone_flags`).
    """
    if due is None:
        return []
    if actual is not None:
        return [Finding(FlagKind.COMPLETED_LATE, due.latest, actual)] if actual > due.latest else []
    found = [Finding(FlagKind.OVERDUE, due.latest, None)] if as_of > due.latest else []
    expected = {FlagKind.FORECAST_LATE: forecast.latest if forecast else None, FlagKind.KNOCK_ON_LATE: knock_on, FlagKind.AT_RISK: p80}
    return found + [Finding(kind, due.latest, day) for kind, day in expected.items() if day is not None and day > due.latest]
