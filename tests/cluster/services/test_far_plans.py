"""No write drives a plan out of the years that are reckoned with; a plan that is out of them already can be repaired."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from cluster.domain.access import Role
from cluster.domain.approval import Warn
from cluster.domain.dates import DateWindow
from cluster.domain.errors import DomainError
from cluster.domain.estimates import Estimate, EstimateRow
from cluster.domain.schedule_table import Vocabulary, parse_schedule
from cluster.domain.tables import BadRows
from cluster.models import CalendarException, Dependency, ForecastRevision, Milestone, User
from cluster.queries.schedule_table import planned_milestones
from cluster.services.budgets import approve_baseline, propose_baseline, save_line
from cluster.services.calendar import add_calendar_exceptions
from cluster.services.dependencies import add_dependency
from cluster.services.estimates import save_estimates
from cluster.services.forecasts import revise_forecast
from cluster.services.milestones import add_milestone, change_milestone
from cluster.services.records import save_record
from cluster.services.schedule_import import import_schedule
from tests.factories import make_factory, make_milestone, make_user, promise

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
FAR = DateWindow.parse("2100-12-30")
SENTENCE = "B would be driven out of the years 1990 to 2100: give an earlier date or a shorter duration, or check its links."


@pytest.fixture
def editor() -> User:
    return make_user(Role.EDITOR)


@pytest.fixture
def row() -> list[Milestone]:
    """B waits for A; C is alone."""
    factory = make_factory(code="X01")
    first, second, third = (make_milestone(factory, code=code, duration_days=20, name_ru=code) for code in "ABC")
    Dependency.objects.create(predecessor=first, successor=second)
    return [first, second, third]


def revise(milestone: Milestone, by: User, window: DateWindow = FAR) -> ForecastRevision:
    milestone.refresh_from_db()
    return revise_forecast(
        milestone_id=milestone.pk, window=window, reason="contractor", by=by, version=milestone.version, today=timezone.localdate()
    )


def chain_out_of_years(row: list[Milestone]) -> None:
    """As if somebody had written it past the rules."""
    Milestone.objects.filter(pk__in=[row[0].pk, row[1].pk]).update(duration_days=20_000)


def test_a_forecast_that_drives_its_successor_out_is_refused_at_the_window(row: list[Milestone], editor: User) -> None:
    with pytest.raises(DomainError) as refusal:
        revise(row[0], editor)
    assert (str(refusal.value), refusal.value.field, refusal.value.code) == (SENTENCE, "window", "date_range")
    assert not ForecastRevision.objects.exists()
    assert revise(row[2], editor).new == FAR


def test_a_link_and_its_lag_are_refused(row: list[Milestone], editor: User) -> None:
    revise(row[2], editor)
    with pytest.raises(DomainError) as refusal:
        add_dependency(predecessor_id=row[2].pk, successor_id=row[1].pk, type="FS", lag_days=0, by=editor)
    assert (str(refusal.value), refusal.value.field) == (SENTENCE, "predecessor")
    with pytest.raises(ValidationError) as in_admin:
        save_record(Dependency(predecessor=row[2], successor=row[1]), by=editor)
    assert in_admin.value.message_dict == {"predecessor": [SENTENCE]}
    assert Dependency.objects.count() == 1


def test_a_duration_is_refused_of_a_new_and_of_a_known_milestone(row: list[Milestone], editor: User) -> None:
    revise(row[0], editor, DateWindow.parse("2085"))
    with pytest.raises(ValidationError) as refusal:
        change_milestone({"duration_days": 5000}, milestone_id=row[1].pk, by=editor, version=row[1].version)
    assert refusal.value.message_dict == {"duration_days": [SENTENCE]}
    assert change_milestone({"duration_days": 500}, milestone_id=row[1].pk, by=editor, version=row[1].version).duration_days == 500
    with pytest.raises(ValidationError) as of_new:
        add_milestone(
            {
                "code": "D",
                "name_ru": "D",
                "kind": "opening",
                "duration_days": 5000,
                "constraint": "SNET",
                "constraint_on": date(2095, 1, 1),
            },
            contract_id=row[0].contract_id,
            by=editor,
        )
    assert "duration_days" in of_new.value.message_dict


def test_estimates_are_refused_at_the_row_of_the_milestone_driven_out(row: list[Milestone], editor: User) -> None:
    revise(row[0], editor, DateWindow.parse("2081"))
    rows = [EstimateRow(n, one.pk, Estimate(5000)) for n, one in enumerate(row[:2], start=1)]
    with pytest.raises(BadRows) as refusal:
        save_estimates(contract_id=row[0].contract_id, rows=rows, by=editor)
    assert [(one.row, one.field, str(one.error)) for one in refusal.value.problems] == [(2, "duration_days", SENTENCE)]
    assert set(Milestone.objects.values_list("duration_days", flat=True)) == {20}


def test_a_pasted_chain_that_leads_out_is_refused_at_its_row(row: list[Milestone], editor: User) -> None:
    contract = row[0].contract
    table = "code;factory;kind;name_ru;duration;predecessors\nD1;X01;opening;D1;5000;C\n" + "".join(
        f"D{n};X01;opening;D{n};5000;D{n - 1}\n" for n in range(2, 7)
    )
    words = Vocabulary({"x01": row[0].factory_id or 0}, {"opening": "opening"}, {})

    def read(stored: Any) -> Any:
        return parse_schedule(table, words, stored)

    assert not read(planned_milestones(editor, contract)).sheet.problems
    with pytest.raises(BadRows) as refusal:
        import_schedule(contract_id=contract.pk, read=read, seen=None, by=editor)
    problem = refusal.value.problems[0]
    assert (problem.field, problem.text) == ("duration_days", "5000")
    assert str(problem.error).startswith(f"D{problem.row - 1} would be driven out of the years 1990 to 2100")
    assert Milestone.objects.count() == 3


def test_due_dates_that_drive_a_successor_out_are_not_approved(row: list[Milestone], editor: User) -> None:
    given: dict[str, Any] = {"by": editor, "reason": "x"}
    draft = propose_baseline(contract_id=row[0].contract_id, name_ru="B0", **given)
    save_line(
        baseline_id=draft.pk,
        factory_id=row[0].factory_id or 0,
        category="equipment",
        funding="bank",
        month=date(2026, 3, 1),
        amount_rub=Decimal(1),
        by=editor,
    )
    promise(row[0], "2100-12-30", baseline=draft)
    with pytest.raises(DomainError) as refusal:
        approve_baseline(baseline_id=draft.pk, in_force_from=timezone.localdate(), today=timezone.localdate(), seen=list(Warn), by=editor)
    assert str(refusal.value) == SENTENCE


def test_days_of_rest_that_drive_a_milestone_out_are_refused(row: list[Milestone], editor: User) -> None:
    revise(row[0], editor, DateWindow.parse("2100-11"))
    given: dict[str, Any] = {"contract_id": row[0].contract_id, "factory_id": None, "works": False, "reason": "Closed", "by": editor}
    with pytest.raises(DomainError) as refusal:
        add_calendar_exceptions(first=date(2100, 12, 1), last=date(2100, 12, 20), **given)
    assert (str(refusal.value), refusal.value.field) == (SENTENCE, "first")
    assert not CalendarException.objects.exists()
    assert len(add_calendar_exceptions(first=date(2100, 12, 1), last=date(2100, 12, 1), **given)) == 1


def test_a_plan_that_is_out_of_its_years_is_repaired_step_by_step(row: list[Milestone], editor: User) -> None:
    chain_out_of_years(row)
    assert change_milestone({"duration_days": 10}, milestone_id=row[0].pk, by=editor, version=row[0].version).duration_days == 10
    assert change_milestone({"duration_days": 10}, milestone_id=row[1].pk, by=editor, version=row[1].version).duration_days == 10
    with pytest.raises(DomainError):
        revise(row[0], editor)
