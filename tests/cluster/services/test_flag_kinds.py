"""Kinds of flags beside lateness of dates: silence, money, and whatever another app adds; how they open, change and close."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.domain.dates import DateWindow
from cluster.domain.outlook import total_of
from cluster.models import (
    Baseline,
    BudgetLine,
    Contract,
    DelayEvent,
    DelayFlag,
    Dependency,
    Factory,
    ForecastRevision,
    LedgerEntry,
    Milestone,
    Standing,
)
from cluster.queries.flag_kinds import FlagRule, flag_kinds, flag_rules, kind_label, subjects_of
from cluster.queries.money import money_in
from cluster.services.delays import flag_delays
from production.models import PlanRevision
from tests.factories import approve, make_factory, make_milestone, make_source, make_user, promise

pytestmark = pytest.mark.django_db
TODAY = date(2025, 6, 30)
CATEGORIES = ("", "design", "construction", "equipment")


def run(as_of: date = TODAY) -> dict[str, Any]:
    return flag_delays(as_of=as_of, progress=lambda done, total: None)


def flag(kind: str) -> DelayFlag | None:
    return DelayFlag.objects.filter(kind=kind, closed_on=None).first()


def events(kind: str) -> list[tuple[str, int, Decimal | None, str]]:
    return [(e.kind, e.days, e.amount, e.severity) for e in DelayEvent.objects.filter(flag__kind=kind).order_by("pk")]


def budget(factory: Factory, rub: str, category: str = "", baseline: Baseline | None = None) -> Baseline:
    baseline = baseline or Baseline.objects.create(contract=factory.contract, name_ru="План")
    BudgetLine.objects.create(baseline=baseline, factory=factory, category=category, amount_rub=Decimal(rub))
    return baseline


def entry(factory: Factory, kind: str, rub: str, category: str = "", on: date = date(2025, 1, 15)) -> None:
    LedgerEntry.objects.create(
        factory=factory, kind=kind, date=on, amount_rub=Decimal(rub), category=category, document="1", counterparty="К"
    )


def told(milestone: Milestone, on: date, window: str = "2026") -> None:
    revision = ForecastRevision(milestone=milestone, reason="other")
    revision.new, revision.announced = DateWindow.parse(window), DateWindow.day(on)
    revision.save()


class TestKnockOnAndRisk:
    def test_a_p80_after_the_due_window_is_flagged_and_followed(self) -> None:
        milestone = make_milestone()
        promise(milestone, "2025-12-31", announced="2024-01-01")
        Standing.objects.update(p80=date(2026, 1, 10))
        run()
        found = flag("at_risk")
        assert found is not None
        assert (found.milestone, found.since, found.until, found.severity) == (milestone, date(2025, 12, 31), date(2026, 1, 10), "minor")
        Standing.objects.update(p80=date(2026, 3, 1))
        assert run()["worse"] == 1
        Standing.objects.update(p80=date(2025, 12, 31))
        assert run()["closed"] == 1

    def test_what_precedes_a_milestone_pushes_it_over_its_due_date(self) -> None:
        before = make_milestone(duration_days=0)
        after = make_milestone(before.factory, duration_days=10)
        Dependency.objects.create(predecessor=before, successor=after)
        promise(before, "2025-12-01", announced="2024-01-01")
        promise(after, "2025-12-31", announced="2024-01-01")
        run()
        assert flag("knock_on_late") is None
        told(before, TODAY, "2026-03-02")
        run()
        found = flag("knock_on_late")
        assert found is not None
        assert found.until is not None
        assert (found.milestone, found.since, found.until > date(2026, 3, 2)) == (after, date(2025, 12, 31), True)


class TestSilence:
    @pytest.fixture
    def factory(self) -> Factory:
        factory = make_factory()
        Contract.objects.update(silent_after_days=30)
        return factory

    def test_a_factory_is_silent_from_the_last_word_and_so_many_days_on(self, factory: Factory) -> None:
        told(make_milestone(factory), TODAY - timedelta(days=40))
        told(make_milestone(factory), TODAY - timedelta(days=31))
        run()
        found = flag("silent")
        assert found is not None
        assert (found.factory, found.milestone, found.subject_id, found.since) == (factory, None, factory.pk, TODAY - timedelta(days=1))
        assert events("silent") == [("opened", 1, None, "minor")]

    def test_so_many_days_alone_are_no_silence_and_a_word_ends_it(self, factory: Factory) -> None:
        milestone = make_milestone(factory)
        told(milestone, TODAY - timedelta(days=30))
        run()
        assert flag("silent") is None
        run(TODAY + timedelta(days=1))
        assert flag("silent") is not None
        told(milestone, TODAY)
        run(TODAY + timedelta(days=1))
        assert flag("silent") is None

    def test_what_was_told_of_milestones_reached_or_not_judged_is_no_word(self, factory: Factory) -> None:
        told(make_milestone(factory), TODAY - timedelta(days=100))
        told(make_milestone(factory, scored=False, not_scored_ru="нет"), TODAY)
        reached = make_milestone(factory)
        reached.actual, reached.actual_announced_on = DateWindow.day(TODAY), TODAY
        reached.save()
        run()
        assert flag("silent") is not None

    def test_where_nobody_ever_told_the_baseline_in_force_is_the_last_word_and_without_one_nothing_is_judged(
        self, factory: Factory
    ) -> None:
        milestone = make_milestone(factory)
        run()
        assert flag("silent") is None
        plan = Baseline.objects.create(contract=factory.contract, name_ru="План")
        promise(milestone, "2030", baseline=plan)
        approve(plan, TODAY - timedelta(days=50))
        run()
        assert events("silent") == [("opened", 20, None, "minor")]

    def test_a_contract_that_does_not_say_after_how_many_days_is_not_judged(self, factory: Factory) -> None:
        Contract.objects.update(silent_after_days=None)
        told(make_milestone(factory), date(2020, 1, 1))
        run()
        assert flag("silent") is None


class TestOverBudget:
    def test_an_estimate_beyond_the_tolerance_opens_a_flag_that_keeps_its_day_and_tells_its_roubles(self) -> None:
        factory = make_factory()
        approve(budget(factory, "1000.00"), "2025-01-01")
        entry(factory, "commitment", "1050.00")
        run()
        assert flag("over_budget") is None
        entry(factory, "commitment", "0.01")
        run()
        found = flag("over_budget")
        assert found is not None
        assert (found.factory, found.amount, found.since, found.severity) == (factory, Decimal("50.01"), TODAY, "minor")
        entry(factory, "payment", "1100.00")
        run(TODAY + timedelta(days=3))
        found.refresh_from_db()
        assert (found.amount, found.since, found.severity) == (Decimal("100.00"), TODAY, "moderate")
        assert run(TODAY + timedelta(days=9))["worse"] == 0
        assert events("over_budget") == [("opened", 0, Decimal("50.01"), "minor"), ("worse", 3, Decimal("100.00"), "moderate")]

    @pytest.mark.parametrize(("over", "severity"), [("99.99", "minor"), ("100", "moderate"), ("200", "major"), ("400", "critical")])
    def test_severity_rises_with_the_multiples_of_the_tolerance(self, over: str, severity: str) -> None:
        factory = make_factory()
        approve(budget(factory, "1000.00"), "2025-01-01")
        entry(factory, "payment", str(1000 + Decimal(over)))
        run()
        assert events("over_budget") == [("opened", 0, Decimal(over), severity)]

    def test_a_larger_tolerance_is_better_and_a_new_budget_closes_the_flag(self) -> None:
        factory = make_factory()
        approve(budget(factory, "1000.00"), "2025-01-01")
        entry(factory, "payment", "1100.00")
        run()
        Contract.objects.update(cost_tolerance_percent=Decimal(8))
        assert run()["better"] == 1
        approve(budget(factory, "1100.00"), "2025-06-01")
        assert run()["closed"] == 1

    def test_a_budget_of_nothing_is_exceeded_by_anything_and_a_factory_without_one_by_nothing(self) -> None:
        none, unbudgeted = make_factory(), make_factory()
        approve(budget(none, "0.00"), "2025-01-01")
        for factory in (none, unbudgeted):
            entry(factory, "payment", "1.00")
        run()
        assert [(f.factory, f.severity) for f in DelayFlag.objects.filter(kind="over_budget")] == [(none, "critical")]

    @given(
        planned=st.dictionaries(st.sampled_from(CATEGORIES), st.integers(0, 500), min_size=1),
        committed=st.dictionaries(st.sampled_from(CATEGORIES), st.integers(1, 500)),
        paid=st.dictionaries(st.sampled_from(CATEGORIES), st.integers(1, 500)),
    )
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_the_estimate_is_that_of_the_outlook(self, planned: dict[str, int], committed: dict[str, int], paid: dict[str, int]) -> None:
        factory = make_factory()
        Contract.objects.filter(pk=factory.contract_id).update(cost_tolerance_percent=Decimal("0.01"))
        plan = Baseline.objects.create(contract=factory.contract, name_ru="План")
        for category, rub in planned.items():
            budget(factory, str(rub), category, plan)
        approve(plan, "2025-01-01")
        for kind, entries in (("commitment", committed), ("payment", paid)):
            for category, rub in entries.items():
                entry(factory, kind, str(rub), category)
        run()
        reader = make_user(is_superuser=True)
        total = total_of(money_in(reader=reader, contract=factory.contract, factories=[factory], as_of=TODAY).cells)
        assert total.outlook_rub is not None
        assert total.budget_rub is not None
        over = total.outlook_rub - total.budget_rub
        found = DelayFlag.objects.filter(kind="over_budget", factory=factory).first()
        assert (found.amount if found else 0) == over


class TestUnderspent:
    @pytest.fixture
    def factory(self) -> Factory:
        """A budget of 1,000, half of which is planned to be earned by the end of May."""
        factory = make_factory()
        plan = budget(factory, "600.00", "design")
        budget(factory, "400.00", "", plan)
        for due, weight in (("2025-05-31", "0.5"), ("2025-07-31", "0.5")):
            row = promise(make_milestone(factory), due, baseline=plan)
            row.weight = Decimal(weight)
            row.save()
        approve(plan, "2025-01-01")
        return factory

    def test_payments_far_below_the_planned_value_are_flagged_until_they_catch_up(self, factory: Factory) -> None:
        entry(factory, "payment", "399.99")
        run()
        assert events("underspent") == [("opened", 0, Decimal("100.01"), "minor")]
        entry(factory, "payment", "0.01")
        assert run()["closed"] == 1

    def test_nothing_paid_is_five_times_the_tolerance(self, factory: Factory) -> None:
        assert factory.ledger_entries.count() == 0
        run()
        assert events("underspent") == [("opened", 0, Decimal("500.00"), "major")]

    def test_the_planned_value_grows_when_a_window_ends(self, factory: Factory) -> None:
        entry(factory, "payment", "450.00")
        run()
        assert flag("underspent") is None
        run(date(2025, 7, 31))
        assert events("underspent") == [("opened", 0, Decimal("550.00"), "moderate")]

    def test_without_weights_nothing_is_judged(self) -> None:
        factory = make_factory()
        plan = budget(factory, "600.00")
        promise(make_milestone(factory), "2025-05-31", baseline=plan)
        approve(plan, "2025-01-01")
        run()
        assert flag("underspent") is None


ADDED = [
    FlagRule(
        "too_many",
        "too many milestones",
        Contract,
        "SELECT contract_id, NULL::bigint, NULL::bigint, contract_id, date '2025-06-01', NULL::date, count(*)::numeric, NULL::text"
        " FROM cluster_milestone GROUP BY contract_id HAVING count(*) > 1",
        "cluster:contract",
    )
]


class TestAnotherKind:
    @pytest.fixture
    def _added(self, settings: Any) -> Iterator[None]:
        settings.FLAG_RULES = [*settings.FLAG_RULES, f"{__name__}.ADDED"]
        flag_rules.cache_clear()
        yield
        flag_rules.cache_clear()

    @pytest.mark.usefixtures("_added")
    def test_is_a_rule_and_a_query_and_everything_else_follows(self) -> None:
        milestone = make_milestone()
        make_milestone(contract=milestone.contract)
        run()
        found = flag("too_many")
        assert found is not None
        assert (found.subject_id, found.severity, kind_label(found.kind)) == (milestone.contract_id, "minor", "too many milestones")
        assert ("too_many", "too many milestones") in flag_kinds()
        assert subjects_of([found]) == {found.pk: milestone.contract}
        Contract.objects.update(moderate_days=10)
        assert run()["worse"] == 1

    def test_a_flag_whose_kind_is_gone_closes(self) -> None:
        contract = make_factory().contract
        DelayFlag.objects.create(contract=contract, subject_id=1, kind="gone", severity="minor", since=TODAY, opened_on=TODAY)
        assert run(TODAY + timedelta(days=2))["closed"] == 1
        assert kind_label("gone") == "gone"


def test_a_flag_follows_its_milestone_to_another_factory_without_an_event() -> None:
    milestone = make_milestone()
    promise(milestone, "2024", announced="2023-01-01")
    run()
    other = make_factory(milestone.contract)
    Milestone.objects.update(factory=other)
    assert sum(run()[name] for name in ("opened", "worse", "better", "closed")) == 0
    assert DelayFlag.objects.get().factory == other


def test_subjects_are_named_in_one_statement_for_each_type_that_flags_do_not_know(django_assert_num_queries: Any) -> None:
    factory = make_factory()
    plans = [
        PlanRevision.objects.create(contract=factory.contract, source=make_source(), year=year, low=10, in_use=True)
        for year in (2020, 2021)
    ]
    common: dict[str, Any] = {"contract": factory.contract, "severity": "minor", "since": TODAY, "opened_on": TODAY}
    flags = [DelayFlag.objects.create(**common, subject_id=plan.pk, kind="output_short") for plan in plans]
    flags.append(DelayFlag.objects.create(**common, subject_id=factory.pk, factory=factory, kind="silent"))
    with django_assert_num_queries(1):
        found = subjects_of(flags)
    assert [found[one.pk] for one in flags] == [*plans, factory]
