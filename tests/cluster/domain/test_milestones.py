"""What a milestone may say of itself."""

from datetime import date
from typing import Any

import pytest

from cluster.domain.dates import DateWindow
from cluster.domain.errors import DomainError
from cluster.domain.milestones import LONGEST_LAG, LONGEST_WORK, refuse_code, refuse_constraint, refuse_lag, refuse_progress, refuse_work

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize("code", ["F01-OPEN", "A", "7", "Ф01.1", "a-1", "x_Y"])
def test_codes_that_may_stand_in_an_address(code: str) -> None:
    refuse_code(code)


@pytest.mark.parametrize("code", ["", "new", "estimates", "A B", "A/B", "..", ".A", "-1", "A\n", "A?b", "Ａ１", "A\u200b"])
def test_codes_that_may_not(code: str) -> None:
    with pytest.raises(DomainError) as refusal:
        refuse_code(code)
    assert refusal.value.field == "code"


def test_durations_and_lags_have_bounds() -> None:
    for days in (None, 0, LONGEST_WORK):
        refuse_work(days, field="duration_days")
    for lag in (-LONGEST_LAG, 0, LONGEST_LAG):
        refuse_lag(lag)
    for refused in (-1, LONGEST_WORK + 1):
        with pytest.raises(DomainError):
            refuse_work(refused, field="duration_days")
    for refused in (-LONGEST_LAG - 1, LONGEST_LAG + 1):
        with pytest.raises(DomainError):
            refuse_lag(refused)


def test_a_constraint_and_its_date_belong_together() -> None:
    refuse_constraint("", None)
    refuse_constraint("FNLT", TODAY)
    for kind, on, field in (("FNLT", None, "constraint_on"), ("", TODAY, "constraint"), ("FNLT", date(2101, 1, 1), "constraint_on")):
        with pytest.raises(DomainError) as refusal:
            refuse_constraint(kind, on)
        assert refusal.value.field == field


def progress(**told: Any) -> None:
    known = {"started": None, "actual": None, "announced": None, "signed": DateWindow.parse("2019-07"), "today": TODAY} | told
    if isinstance(known["actual"], str):
        known["actual"] = DateWindow.parse(known["actual"])
    refuse_progress(**known)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"started": TODAY},
        # Work may have begun before the contract was signed.
        {"started": date(2018, 1, 9), "actual": "2026-03-02", "announced": TODAY},
        {"actual": "2026-02", "announced": date(2026, 2, 10)},
        {"actual": "2019-07-01"},
        {"actual": "2018", "signed": None},
    ],
)
def test_progress_that_can_be(told: dict[str, Any]) -> None:
    progress(**told)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"started": date(2026, 3, 3)}, "started_on"),
        ({"actual": "2026-03-03"}, "actual"),
        # The month is not over: the window may be written up to today.
        ({"actual": "2026-03"}, "actual"),
        ({"actual": "2019-06"}, "actual"),
        ({"started": date(2026, 2, 3), "actual": "2026-02-02"}, "started_on"),
        ({"actual": "2026-02", "announced": date(2026, 1, 31)}, "actual_announced_on"),
        ({"actual": "2026-02", "announced": date(2026, 3, 3)}, "actual_announced_on"),
    ],
)
def test_progress_that_cannot(told: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as refusal:
        progress(**told)
    assert refusal.value.field == field
