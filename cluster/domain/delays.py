"""Delay rules: how late a milestone is, which flags it raises, and how severe they are (the design's section 6)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cluster.domain.dates import DateWindow


class FlagKind(StrEnum):
    """What is wrong with a subject; the kinds are independent of one another."""

    OVERDUE = "overdue"
    FORECAST_LATE = "forecast_late"
    KNOCK_ON_LATE = "knock_on_late"
    AT_RISK = "at_risk"
    COMPLETED_LATE = "completed_late"
    SILENT = "silent"
    OVER_BUDGET = "over_budget"
    UNDERSPENT = "underspent"


class Severity(StrEnum):
    """How much it matters, by days late."""

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


def findings(*, due: DateWindow | None, forecast: DateWindow | None, actual: date | None, as_of: date) -> list[Finding]:
    """What is wrong with one milestone on `as_of`; nothing when no date was ever promised."""
    if due is None:
        return []
    if actual is not None:
        return [Finding(FlagKind.COMPLETED_LATE, due.latest, actual)] if actual > due.latest else []
    found = []
    if as_of > due.latest:
        found.append(Finding(FlagKind.OVERDUE, due.latest, None))
    if forecast is not None and forecast.latest > due.latest:
        found.append(Finding(FlagKind.FORECAST_LATE, due.latest, forecast.latest))
    return found
