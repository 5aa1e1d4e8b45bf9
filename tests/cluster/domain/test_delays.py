"""How late is late, and what is flagged."""

from datetime import date

import pytest

from cluster.domain.dates import DateWindow
from cluster.domain.delays import FlagKind, Severity, SeverityScale, findings, late_days

QUARTER = DateWindow.parse("2025-Q1")


def test_a_promise_for_a_quarter_is_late_only_after_its_last_day() -> None:
    assert late_days(due=QUARTER, forecast=None, actual=None, as_of=date(2025, 3, 31)) == 0
    assert late_days(due=QUARTER, forecast=None, actual=None, as_of=date(2025, 4, 1)) == 1


@pytest.mark.parametrize(
    ("due", "actual", "days"),
    [("2023", "2026-01-30", 761), ("2025-Q1", "2026-01-30", 305), ("2023-05-26..2023", "2024-08-28", 241), ("2024", "2026-01-30", 395)],
)
def test_the_missed_promises_of_the_record_are_late_by_their_days(due: str, actual: str, days: int) -> None:
    assert late_days(due=DateWindow.parse(due), forecast=None, actual=date.fromisoformat(actual), as_of=date(2026, 11, 23)) == days


def test_an_early_finish_is_not_negative() -> None:
    assert late_days(due=QUARTER, forecast=None, actual=date(2024, 12, 1), as_of=date(2026, 1, 1)) == 0


def test_the_later_of_forecast_and_today_counts_while_nothing_is_reached() -> None:
    forecast = DateWindow.parse("2025-06")
    assert late_days(due=QUARTER, forecast=forecast, actual=None, as_of=date(2025, 1, 1)) == 91
    assert late_days(due=QUARTER, forecast=forecast, actual=None, as_of=date(2025, 7, 10)) == 101


def test_nothing_is_found_before_the_window_ends_or_without_a_promise() -> None:
    assert findings(due=QUARTER, forecast=None, actual=None, as_of=date(2025, 3, 31)) == []
    assert findings(due=None, forecast=DateWindow.parse("2030"), actual=None, as_of=date(2031, 1, 1)) == []


def test_overdue_and_forecast_late_are_found_side_by_side() -> None:
    found = findings(due=QUARTER, forecast=DateWindow.parse("2025-06"), actual=None, as_of=date(2025, 4, 11))
    assert {(f.kind, f.days(as_of=date(2025, 4, 11))) for f in found} == {(FlagKind.OVERDUE, 11), (FlagKind.FORECAST_LATE, 91)}


@pytest.mark.parametrize(("name", "kind"), [("knock_on", FlagKind.KNOCK_ON_LATE), ("p80", FlagKind.AT_RISK)])
def test_a_day_by_the_schedule_or_by_risk_is_late_only_after_the_window(name: str, kind: FlagKind) -> None:
    def found(day: date) -> list[tuple[FlagKind, int]]:
        late = findings(due=QUARTER, forecast=None, actual=None, as_of=date(2025, 1, 1), **{name: day})
        return [(f.kind, f.days(as_of=date(2025, 1, 1))) for f in late]

    assert found(date(2025, 3, 31)) == []
    assert found(date(2025, 4, 1)) == [(kind, 1)]


def test_what_is_reached_is_only_completed_late_or_nothing() -> None:
    day = date(2030, 1, 1)
    late = findings(due=QUARTER, forecast=DateWindow.parse("2030"), actual=date(2025, 4, 2), as_of=date(2026, 1, 1), knock_on=day, p80=day)
    assert [(f.kind, f.days(as_of=date(2026, 1, 1))) for f in late] == [(FlagKind.COMPLETED_LATE, 2)]
    assert findings(due=QUARTER, forecast=None, actual=date(2025, 3, 31), as_of=date(2026, 1, 1)) == []


@pytest.mark.parametrize(
    ("days", "severity"),
    [(1, "minor"), (29, "minor"), (30, "moderate"), (89, "moderate"), (90, "major"), (179, "major"), (180, "critical"), (9999, "critical")],
)
def test_severity_rises_at_its_bounds(days: int, severity: str) -> None:
    assert SeverityScale().of(days) is Severity(severity)
