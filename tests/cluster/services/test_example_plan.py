"""The example plan in the database: once, whole, marked, and people's edits stay."""

from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Sum

from cluster.domain.example import example_plan as decided
from cluster.models import (
    Baseline,
    BaselineMilestone,
    BudgetLine,
    CalendarException,
    Claim,
    Contract,
    DelayFlag,
    Dependency,
    Factory,
    ForecastRevision,
    JobRun,
    LedgerEntry,
    Milestone,
    Source,
)
from cluster.queries.contracts import overview
from cluster.services import example_plan, public_record
from cluster.services.delays import flag_delays
from production.models import Output
from production.queries.output import yearly
from production.services import example_plan as production_example
from tests.factories import make_user

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def _example(django_db_setup: None, django_db_blocker: Any) -> Any:
    """Loaded once for this file, and gone after it."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        public_record.load()
        example_plan.load()
        production_example.load()
        yield
        transaction.set_rollback(True)


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_example")]


def test_it_is_a_contract_of_its_own_that_says_what_it_is() -> None:
    contract = Contract.objects.get(code="example")
    assert contract.is_example
    assert "не настоящие" in contract.name_ru
    assert not Contract.objects.exclude(code="example").filter(is_example=True).exists()
    assert set(Source.objects.filter(contract=contract).values_list("key", flat=True)) == {"example-plan", "example-report"}


def test_committed_allocated_and_not_allocated_are_three_figures() -> None:
    state = overview(reader=make_user(is_superuser=True), contract_code="example", as_of=TODAY)
    assert state.commitment is not None
    assert state.commitment.value == 71_000_000_000
    assert state.allocated_rub == Decimal("70400000000.00")
    assert state.not_allocated_rub == 600_000_000
    assert state.planned_factories == len(state.rows) == 12
    assert state.opened_factories == 4


def test_a_past_day_shows_the_plan_of_that_day() -> None:
    state = overview(reader=make_user(is_superuser=True), contract_code="example", as_of=date(2024, 6, 30))
    assert state.allocated_rub == Decimal("68900000000.00")
    assert state.commitment is not None
    assert state.commitment.value == 69_500_000_000
    assert state.opened_factories == 0


def test_the_approved_baselines_are_in_force_and_the_third_is_a_proposal() -> None:
    kinds = Baseline.objects.filter(contract__code="example").order_by("id").values_list("kind", "in_force_from", "amendment__number")
    assert list(kinds) == [("approved", date(2023, 10, 2), None), ("approved", date(2025, 4, 22), "1"), ("draft", None, None)]


def test_the_second_time_adds_nothing_and_leaves_what_people_changed() -> None:
    Factory.objects.filter(contract__code="example", code="X01").update(name_ru="Мой завод")
    Claim.objects.filter(contract__code="example", figure="site").delete()
    counts = [model.objects.count() for model in (Claim, LedgerEntry, BudgetLine, Milestone, Output)]
    assert example_plan.load() == production_example.load() == {}
    assert counts == [model.objects.count() for model in (Claim, LedgerEntry, BudgetLine, Milestone, Output)]
    assert Factory.objects.get(contract__code="example", code="X01").name_ru == "Мой завод"


def test_an_example_under_another_code_is_not_loaded_again() -> None:
    Contract.objects.filter(code="example").update(code="mine")
    assert example_plan.load() == {}


def test_every_reversal_names_its_entry() -> None:
    reversals = LedgerEntry.objects.filter(factory__contract__code="example", reverses__isnull=False).select_related("reverses")
    assert len(reversals) == 3
    assert all(entry.amount_rub == -entry.reverses.amount_rub for entry in reversals if entry.reverses)


def test_payments_add_up_to_the_kopeck() -> None:
    entries = LedgerEntry.objects.filter(factory__contract__code="example", kind="payment")
    plan = decided(example_plan.known_rate_days())
    expected = sum(entry.kopecks for entry in plan.entries if entry.kind == "payment")
    assert entries.aggregate(sum=Sum("amount_rub"))["sum"] == Decimal(expected) / 100


def test_what_waits_for_what_is_stored_with_its_lags() -> None:
    dependency = Dependency.objects.get(predecessor__code="X04-D01", successor__code="X04-D06")
    assert (dependency.type, dependency.lag_days) == ("FS", 20)
    assert Milestone.objects.get(code="X04-E01").duration_days


def test_how_sure_durations_are_and_what_binds_them_is_stored() -> None:
    line = Milestone.objects.get(code="X04-E02")
    assert line.optimistic_days is not None
    assert line.duration_days is not None
    assert line.pessimistic_days is not None
    assert line.optimistic_days < line.duration_days < line.pessimistic_days
    assert "один изготовитель" in line.risk_cause
    opening = Milestone.objects.get(code="X04-O01")
    assert (opening.constraint, opening.constraint_on) == ("FNLT", date(2026, 12, 31))
    assert CalendarException.objects.filter(factory__code="X05", works=True).count() == 4


def test_the_weights_of_each_factory_sum_to_1_under_every_baseline() -> None:
    sums = BaselineMilestone.objects.filter(milestone__factory__isnull=False, baseline__contract__code="example")
    of_factory = sums.values_list("baseline", "milestone__factory").annotate(sum=Sum("weight")).order_by()
    assert [row[2] for row in of_factory] == [Decimal(1)] * 36


def test_the_flags_of_the_example_are_found_by_the_ordinary_job() -> None:
    flag_delays(as_of=TODAY, progress=lambda done, total: None)
    kinds = set(DelayFlag.objects.filter(milestone__contract__code="example").values_list("kind", flat=True))
    assert {"overdue", "forecast_late", "completed_late"} <= kinds
    assert ForecastRevision.objects.filter(milestone__code="X04-O01").count() >= 4


def test_vehicles_have_plans_and_whole_years() -> None:
    contract = Contract.objects.get(code="example")
    years = {year.year: year for year in yearly(make_user(is_superuser=True), contract.pk, TODAY)}
    assert years[2025].whole_quantity == 58_260
    assert len(years[2025].plans) == 2
    assert years[2026].months == 10
    assert Output.objects.filter(contract=contract, factory__code="X01", unit="sets").exists()


def test_the_command_asks_for_dollars_and_flags_only_when_something_was_added() -> None:
    JobRun.objects.all().delete()
    out = StringIO()
    call_command("load_example_plan", stdout=out)
    assert out.getvalue() == "Example plan: nothing to add.\n"
    assert not JobRun.objects.exists()
