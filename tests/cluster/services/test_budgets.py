"""Budgets under baselines: proposing, filling, approving, discarding; what is approved is frozen through every door."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from cluster.domain.access import Role
from cluster.domain.budgets import Line, Row
from cluster.domain.dates import DateWindow
from cluster.domain.errors import Conflict, DomainError, Forbidden, NotFound
from cluster.domain.tables import BadRows
from cluster.models import Amendment, Baseline, BaselineMilestone, BudgetLine, Claim, Factory, JobRun, User
from cluster.queries.budgets import baseline_version, comparison, sums_of
from cluster.queries.contracts import baseline_in_force
from cluster.queries.history import newest_event
from cluster.services.budgets import (
    approve_baseline,
    delete_line,
    discard_baseline,
    import_lines,
    propose_baseline,
    save_line,
)
from cluster.services.records import delete_record, save_record
from tests.factories import make_contract, make_factory, make_milestone, make_source, make_user, promise

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)
MARCH = date(2026, 3, 1)


class World:
    """A contract signed in July 2019 that ends with 2033, with two factories, a draft, an amendment and an editor."""

    def __init__(self) -> None:
        self.contract = make_contract()
        self.contract.signed = DateWindow.day(date(2019, 7, 3))
        self.contract.save()
        self.factory, self.other = make_factory(self.contract), make_factory(self.contract)
        end = Claim(contract=self.contract, figure="term_end", source=make_source(), in_use=True)
        end.date = DateWindow.parse("2033")
        end.save()
        self.amendment = Amendment.objects.create(contract=self.contract, title_ru="Дополнение 1", number="1")
        self.editor = make_user(Role.EDITOR, contract=self.contract)

    def draft(self, name: str = "Бюджет", **fields: Any) -> Baseline:
        given: dict[str, Any] = {"contract_id": self.contract.pk, "name_ru": name, "reason": "начало", "by": self.editor}
        return propose_baseline(**given | fields)

    def line(self, baseline: Baseline, amount: str = "100", **fields: Any) -> BudgetLine:
        given: dict[str, Any] = {"factory_id": self.factory.pk, "category": "equipment", "funding": "bank", "month": MARCH}
        given |= {"baseline_id": baseline.pk, "amount_rub": Decimal(amount), "by": self.editor}
        return save_line(**given | fields)

    def approve(self, baseline: Baseline, day: date = date(2026, 1, 1), **fields: Any) -> Baseline:
        given: dict[str, Any] = {"in_force_from": day, "amendment_id": self.amendment.pk, "by": self.editor, "today": TODAY}
        return approve_baseline(**{"baseline_id": baseline.pk} | given | fields)

    def put(self, baseline: Baseline, lines: list[Line], *, replace: bool = False, **fields: Any) -> Any:
        rows = [Row(number, line) for number, line in enumerate(lines, 1)]
        given: dict[str, Any] = {"baseline_id": baseline.pk, "rows": rows, "replace": replace, "by": self.editor}
        return import_lines(**given | fields)


@pytest.fixture
def world(db: None, in_english: None) -> World:
    return World()


def refused(code: str, field: str = "") -> Any:
    class Expected:
        def __enter__(self) -> None:
            self.block = transaction.atomic()
            self.block.__enter__()

        def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
            self.block.__exit__(kind, error, trace)
            assert isinstance(error, DomainError), error
            assert (error.code, error.field) == (code, field), str(error)
            return True

    return Expected()


class TestProposing:
    def test_a_proposal_copies_lines_and_dates_of_another_baseline(self, world: World) -> None:
        milestone = make_milestone(world.factory)
        promised = promise(milestone, "2026-Q2", announced="2024-01-10")
        published = promised.baseline
        source = make_source()
        line = BudgetLine(baseline=published, factory=world.factory, amount_rub=Decimal("8.9e9"), source=source, reason="old reason")
        line.announced = DateWindow.parse("2024-01")
        line.save()
        made = world.draft(copy_from_id=published.pk)
        copied, dated = made.budget_lines.get(), made.milestones.get()
        assert (copied.amount_rub, copied.source, copied.announced) == (line.amount_rub, source, line.announced)
        assert (copied.reason, copied.recorded_by) == ("", world.editor)
        assert (dated.milestone, dated.due, dated.announced) == (milestone, promised.due, promised.announced)
        assert published.budget_lines.count() == published.milestones.count() == 1

    def test_copying_takes_the_same_number_of_statements_for_many_lines(self, world: World, django_assert_max_num_queries: Any) -> None:
        first = world.draft()
        world.put(first, many(world.factory, 600))
        with django_assert_max_num_queries(16):
            second = world.draft("Второй", copy_from_id=first.pk)
        assert second.budget_lines.count() == 600

    def test_a_proposal_is_not_in_force(self, world: World) -> None:
        world.line(world.draft())
        assert baseline_in_force(world.contract.pk, as_of=TODAY) is None

    def test_what_is_wrong_is_named(self, world: World) -> None:
        stranger = make_contract()
        with refused("required", "reason"):
            world.draft(reason=" ")
        with refused("choice", "amendment"):
            world.draft(amendment_id=Amendment.objects.create(contract=stranger, title_ru="Чужое").pk)
        with refused("choice", "copy_from"):
            world.draft(copy_from_id=Baseline.objects.create(contract=stranger, name_ru="Чужой").pk)
        world.draft()
        with refused("duplicate", "name_ru"):
            world.draft()
        with pytest.raises(ValidationError):
            world.draft("")

    @pytest.mark.parametrize("role", [Role.CONTROLLER, Role.AUDITOR, Role.ADMIN])
    def test_only_editors_propose(self, world: World, role: Role) -> None:
        with pytest.raises(Forbidden):
            world.draft(by=make_user(role, contract=world.contract))

    def test_to_an_outsider_the_contract_is_not_there(self, world: World) -> None:
        outsider = make_user(Role.EDITOR, contract=make_contract())
        with pytest.raises(NotFound):
            world.draft(by=outsider)
        draft = world.draft()
        for write in (
            lambda: world.line(draft, by=outsider),
            lambda: world.put(draft, [], by=outsider),
            lambda: world.approve(draft, by=outsider),
            lambda: discard_baseline(baseline_id=draft.pk, by=outsider),
        ):
            with pytest.raises(NotFound):
                write()


class TestLines:
    def test_a_line_is_added_changed_and_deleted(self, world: World) -> None:
        draft = world.draft()
        line = world.line(draft, "100.50", reason="по смете")
        assert (line.recorded_by, line.reason) == (world.editor, "по смете")
        changed = world.line(draft, "200", line_id=line.pk, funding="own", version=newest_event(line))
        line.refresh_from_db()
        assert (changed.pk, line.amount_rub, line.funding) == (line.pk, Decimal(200), "own")
        delete_line(baseline_id=draft.pk, line_id=line.pk, by=world.editor, version=newest_event(line))
        assert not draft.budget_lines.exists()

    def test_the_same_line_sent_twice_is_one_line_and_another_amount_is_refused(self, world: World) -> None:
        draft = world.draft()
        assert world.line(draft).pk == world.line(draft).pk
        with refused("duplicate", "month"):
            world.line(draft, "101")
        assert draft.budget_lines.count() == 1

    def test_two_lines_without_a_month_are_the_same_line(self, world: World) -> None:
        draft = world.draft()
        world.line(draft, month=None)
        with refused("duplicate", "month"):
            world.line(draft, "5", month=None)

    @pytest.mark.parametrize(
        ("fields", "code", "field"),
        [
            ({"amount_rub": Decimal(-1)}, "amount", "amount"),
            ({"amount_rub": Decimal("1.005")}, "amount", "amount"),
            ({"amount_rub": Decimal("1000000000000.01")}, "amount", "amount"),
            ({"amount_rub": Decimal("NaN")}, "amount", "amount"),
            ({"amount_rub": Decimal("1e400")}, "amount", "amount"),
            ({"month": date(2019, 6, 1)}, "before_contract", "month"),
            ({"month": date(2034, 1, 1)}, "after_contract", "month"),
            ({"month": date(2026, 3, 2)}, "month_day", "month"),
            ({"month": date(2200, 1, 1)}, "date_range", "month"),
            ({"factory_id": 0}, "choice", "factory"),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_is_stored(self, world: World, fields: Any, code: str, field: str) -> None:
        draft = world.draft()
        with refused(code, field):
            world.line(draft, **fields)
        assert not BudgetLine.objects.exists()

    def test_the_months_of_signing_and_of_the_end_belong_to_the_contract(self, world: World) -> None:
        draft = world.draft()
        for month in (date(2019, 7, 1), date(2033, 12, 1)):
            world.line(draft, month=month)
        assert draft.budget_lines.count() == 2

    def test_a_factory_of_another_contract_is_refused(self, world: World) -> None:
        with refused("choice", "factory"):
            world.line(world.draft(), factory_id=make_factory().pk)

    def test_a_category_that_does_not_exist_is_refused(self, world: World) -> None:
        with pytest.raises(ValidationError) as refusal:
            world.line(world.draft(), category="gifts")
        assert list(refusal.value.error_dict) == ["category"]

    def test_a_stale_write_is_a_conflict_that_shows_what_stands_there(self, world: World) -> None:
        draft = world.draft()
        line = world.line(draft)
        seen = newest_event(line)
        world.line(draft, "7", line_id=line.pk, version=seen)
        with pytest.raises(Conflict) as conflict:
            world.line(draft, "8", line_id=line.pk, version=seen)
        assert conflict.value.current.amount_rub == Decimal(7)  # type: ignore[attr-defined]
        with pytest.raises(Conflict):
            delete_line(baseline_id=draft.pk, line_id=line.pk, by=world.editor, version=seen)

    def test_another_amount_loses_the_source_that_spoke_of_the_old_one(self, world: World) -> None:
        draft = world.draft()
        line = world.line(draft)
        line.source, line.announced = make_source(), DateWindow.parse("2024")
        line.save()
        world.line(draft, line_id=line.pk, reason="only the reason")
        line.refresh_from_db()
        assert line.source is not None
        world.line(draft, "101", line_id=line.pk)
        assert draft.budget_lines.get().source is None
        assert draft.budget_lines.get().announced is None


def many(factory: Factory, count: int, amount: str = "10.25") -> list[Line]:
    months = [date(2020 + n // 12, n % 12 + 1, 1) for n in range(120)]
    places = [(category, funding) for category in ("design", "equipment", "rnd", "other") for funding in ("own", "bank", "subsidy", "")]
    keys = [(category, funding, month) for category, funding in places for month in months]
    return [Line(factory.pk, *key, Decimal(amount)) for key in keys[:count]]


class TestImporting:
    def test_only_what_differs_is_written(self, world: World) -> None:
        draft, lines = world.draft(), many(world.factory, 4)
        first = world.put(draft, lines)
        assert (first.added, first.changed, first.removed, first.unchanged) == (4, 0, 0, 0)
        before = baseline_version(draft.pk)
        again = world.put(draft, lines)
        assert (again.added, again.changed, again.unchanged) == (0, 0, 4)
        assert baseline_version(draft.pk) == before
        moved = [lines[0], Line(*lines[1].key, Decimal(99), "дороже")]
        result = world.put(draft, moved, replace=True)
        assert (result.added, result.changed, result.removed, result.unchanged) == (0, 1, 2, 1)
        assert sorted(draft.budget_lines.values_list("amount_rub", "reason")) == [(Decimal("10.25"), ""), (Decimal(99), "дороже")]

    def test_without_replace_what_is_not_named_stays(self, world: World) -> None:
        draft, lines = world.draft(), many(world.factory, 3)
        world.put(draft, lines[:2])
        world.put(draft, lines[2:])
        assert draft.budget_lines.count() == 3

    def test_lines_without_category_funding_and_month_are_updated_not_doubled(self, world: World) -> None:
        draft = world.draft()
        for amount in (5, 6):
            world.put(draft, [Line(world.factory.pk, "", "", None, Decimal(amount))])
        assert [line.amount_rub for line in draft.budget_lines.all()] == [Decimal(6)]

    def test_without_a_column_of_reasons_they_stay(self, world: World) -> None:
        draft = world.draft()
        line = world.line(draft, reason="по смете")
        world.put(draft, [Line(line.factory_id, line.category, line.funding, line.month, Decimal(7), None)])
        line.refresh_from_db()
        assert (line.amount_rub, line.reason) == (Decimal(7), "по смете")

    def test_one_bad_row_of_five_thousand_stores_nothing_and_is_named(self, world: World) -> None:
        draft = world.draft()
        lines = many(world.factory, 1920) + many(world.other, 1920)
        lines[3000] = Line(world.other.pk, "gifts", "bank", MARCH, Decimal(1))
        with pytest.raises(BadRows) as refusal:
            world.put(draft, lines)
        (problem,) = refusal.value.problems
        said = "“gifts” is not one of the choices: write one of design, construction, equipment, networks, rnd, working_capital, other."
        assert (problem.row, problem.field, str(problem.error)) == (3001, "category", said)
        assert not draft.budget_lines.exists()

    def test_every_bad_row_is_named_at_once(self, world: World) -> None:
        good = Line(world.factory.pk, "design", "own", MARCH, Decimal(1))
        rows = [
            good,
            Line(make_factory().pk, "design", "own", MARCH, Decimal(1)),
            Line(world.factory.pk, "design", "gift", date(2018, 1, 1), Decimal(-1), "a\u202eb"),
            Line(*good.key, Decimal(2)),
        ]
        with pytest.raises(BadRows) as refusal:
            world.put(world.draft(), rows)
        found = [(problem.row, problem.field, problem.error.code) for problem in refusal.value.problems]
        assert found == [
            (2, "factory", "choice"), (3, "funding", "choice"), (3, "month", "before_contract"), (3, "amount", "amount"),
            (3, "reason", "control_characters"), (4, "", "duplicate"),
        ]  # fmt: skip
        assert str(refusal.value) == "Nothing is saved: 6 cells are to be corrected, the first in row 2."

    def test_thousands_of_rows_take_a_bounded_number_of_statements(self, world: World, django_assert_max_num_queries: Any) -> None:
        draft = world.draft()
        with django_assert_max_num_queries(16):
            world.put(draft, many(world.factory, 1900) + many(world.other, 1900))
        with django_assert_max_num_queries(16):
            world.put(draft, many(world.factory, 1900, "11"), replace=True)
        assert draft.budget_lines.count() == 1900

    def test_an_import_over_a_newer_state_is_a_conflict(self, world: World) -> None:
        draft = world.draft()
        seen = baseline_version(draft.pk)
        world.line(draft)
        with pytest.raises(Conflict):
            world.put(draft, many(world.factory, 1), version=seen)

    def test_the_sums_of_every_grouping_are_the_sum_of_the_rows(self, world: World) -> None:
        draft = world.draft()
        world.put(draft, many(world.factory, 300, "10.01") + many(world.other, 217, "0.99"))
        lines = BudgetLine.objects.filter(baseline=draft)
        total = sum(line.amount_rub for line in lines)
        sums = sums_of(lines)
        assert sums.total.rub == total
        assert sums.total.lines == 517
        for name, groups in sums.by.items():
            assert sum(held.rub or 0 for held in groups.values()) == total, name


class TestApproving:
    def test_an_approved_baseline_is_in_force_from_its_day(self, world: World, django_capture_on_commit_callbacks: Any) -> None:
        draft = world.draft()
        world.line(draft)
        with django_capture_on_commit_callbacks(execute=True):
            approved = world.approve(draft, reason="протокол 5")
        assert (approved.kind, approved.approved_by, approved.amendment) == ("approved", world.editor, world.amendment)
        assert baseline_in_force(world.contract.pk, as_of=date(2025, 12, 31)) is None
        assert baseline_in_force(world.contract.pk, as_of=date(2026, 1, 1)) == approved
        assert set(JobRun.objects.values_list("name", flat=True)) >= {JobRun.Name.CONVERT, JobRun.Name.FLAG_DELAYS}

    def test_the_lines_of_a_baseline_entered_late_are_known_from_its_day(self, world: World) -> None:
        draft = world.draft()
        line, milestone = world.line(draft), make_milestone(world.factory)
        dated = promise(milestone, "2027", baseline=draft)
        world.approve(draft, date(2026, 1, 1))
        assert BudgetLine.objects.announced_by(date(2026, 1, 1)).get() == line
        assert BaselineMilestone.objects.announced_by(date(2026, 1, 1)).get() == dated

    def test_the_first_one_needs_no_amendment_every_later_one_does(self, world: World) -> None:
        first, second = world.draft(), world.draft("Второй")
        for draft in (first, second):
            world.line(draft)
        assert world.approve(first, amendment_id=None).amendment is None
        with refused("required", "amendment"):
            world.approve(second, date(2026, 2, 1), amendment_id=None)
        foreign = Amendment.objects.create(contract=make_contract(), title_ru="Чужое")
        with refused("choice", "amendment"):
            world.approve(second, date(2026, 2, 1), amendment_id=foreign.pk)
        assert world.approve(second, date(2026, 2, 1)).amendment == world.amendment

    def test_the_amendment_of_the_proposal_is_taken_where_none_is_named(self, world: World) -> None:
        world.line(first := world.draft())
        world.approve(first)
        world.line(second := world.draft("Второй", amendment_id=world.amendment.pk))
        assert world.approve(second, date(2026, 2, 1), amendment_id=None).amendment == world.amendment

    @pytest.mark.parametrize(
        ("day", "code"),
        [
            (date(2019, 7, 2), "before_contract"),
            (date(1980, 1, 1), "date_range"),
            (TODAY + timedelta(days=367), "future"),
            (date(2026, 1, 1), "order"),
            (date(2025, 12, 31), "order"),
        ],
    )
    def test_a_day_that_cannot_be_is_refused(self, world: World, day: date, code: str) -> None:
        world.line(first := world.draft())
        world.approve(first, date(2026, 1, 1))
        world.line(second := world.draft("Второй"))
        with refused(code, "in_force_from"):
            world.approve(second, day)
        second.refresh_from_db()
        assert second.kind == Baseline.Kind.DRAFT

    def test_an_empty_one_is_refused(self, world: World) -> None:
        with refused("empty"):
            world.approve(world.draft())

    def test_lines_after_an_end_that_moved_are_refused(self, world: World) -> None:
        world.line(draft := world.draft(), month=date(2033, 12, 1))
        end = Claim.objects.get(figure="term_end")
        end.date = DateWindow.parse("2030")
        end.save()
        with refused("after_contract"):
            world.approve(draft)

    def test_what_changed_since_it_was_looked_at_is_a_conflict(self, world: World) -> None:
        world.line(draft := world.draft())
        seen = baseline_version(draft.pk)
        line = world.line(draft, category="design")
        delete_line(baseline_id=draft.pk, line_id=line.pk, by=world.editor)
        with pytest.raises(Conflict):
            world.approve(draft, version=seen)
        world.approve(draft, version=baseline_version(draft.pk))

    @pytest.mark.parametrize("role", [Role.CONTROLLER, Role.AUDITOR, Role.ADMIN])
    def test_only_editors_approve(self, world: World, role: Role) -> None:
        world.line(draft := world.draft())
        with pytest.raises(Forbidden):
            world.approve(draft, by=make_user(role, contract=world.contract))


class TestFrozen:
    @pytest.fixture
    def line(self, world: World) -> BudgetLine:
        line = world.line(draft := world.draft())
        promise(make_milestone(world.factory), "2027", baseline=draft)
        world.approve(draft)
        return BudgetLine.objects.select_related("baseline").get(pk=line.pk)

    def test_no_service_changes_it(self, world: World, line: BudgetLine) -> None:
        baseline = line.baseline
        for write in (
            lambda: world.line(baseline, "7", line_id=line.pk),
            lambda: world.line(baseline, month=None),
            lambda: delete_line(baseline_id=baseline.pk, line_id=line.pk, by=world.editor),
            lambda: world.put(baseline, []),
            lambda: world.approve(baseline, date(2026, 2, 2)),
            lambda: discard_baseline(baseline_id=baseline.pk, by=world.editor),
        ):
            with refused("frozen"):
                write()

    def test_a_record_saved_by_hand_is_refused_with_a_sentence(self, world: World, line: BudgetLine) -> None:
        baseline, dated = line.baseline, line.baseline.milestones.get()
        another = BudgetLine(baseline=baseline, factory=world.other, amount_rub=Decimal(1))
        line.amount_rub = Decimal(1)
        for record in (baseline, line, dated, another):
            with pytest.raises(ValidationError, match="is approved and frozen: propose a new baseline"):
                save_record(record, by=world.editor)
        for record in (baseline, line, dated):
            with pytest.raises(ValidationError, match="is approved and frozen: propose a new baseline"):
                delete_record(record, by=world.editor)

    def test_a_line_cannot_be_carried_into_or_out_of_it(self, world: World, line: BudgetLine) -> None:
        draft = world.draft("Второй")
        loose = world.line(draft)
        loose.baseline = line.baseline
        with pytest.raises(ValidationError):
            save_record(loose, by=world.editor)
        line.baseline = draft
        with pytest.raises(ValidationError):
            save_record(line, by=world.editor)

    def test_nobody_approves_by_hand(self, world: World) -> None:
        draft = world.draft()
        draft.kind, draft.in_force_from = Baseline.Kind.APPROVED, TODAY
        with pytest.raises(ValidationError, match="approved by its own action"):
            save_record(draft, by=world.editor)

    def test_a_month_outside_of_the_contract_is_refused_by_hand_too(self, world: World) -> None:
        line = world.line(world.draft())
        line.month = date(2034, 1, 1)
        with pytest.raises(ValidationError) as refusal:
            save_record(line, by=world.editor)
        assert list(refusal.value.error_dict) == ["month"]

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE cluster_budgetline SET amount_rub = 1",
            "DELETE FROM cluster_budgetline",
            "DELETE FROM cluster_baselinemilestone",
            "UPDATE cluster_baseline SET kind = 'draft', in_force_from = NULL",
            "UPDATE cluster_baseline SET in_force_from = '2027-01-01'",
            "DELETE FROM cluster_baseline",
        ],
    )
    def test_the_database_refuses_raw_sql(self, line: BudgetLine, sql: str) -> None:
        with pytest.raises(IntegrityError, match="an approved baseline is frozen"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_a_proposal_is_discarded_with_its_lines_and_stays_in_the_history(world: World) -> None:
    draft = world.draft()
    line = world.line(draft)
    seen = baseline_version(draft.pk)
    world.line(draft, month=None)
    with pytest.raises(Conflict):
        discard_baseline(baseline_id=draft.pk, by=world.editor, version=seen)
    discard_baseline(baseline_id=draft.pk, by=world.editor, version=baseline_version(draft.pk))
    assert not Baseline.objects.exists()
    assert not BudgetLine.objects.exists()
    history: Any = BudgetLine._meta.get_field("history").related_model
    assert history.objects.filter(pgh_obj_id=line.pk, pgh_label="delete").count() == 1


def test_a_published_baseline_takes_no_lines_from_the_pages(world: World) -> None:
    published = Baseline.objects.create(
        contract=world.contract, kind=Baseline.Kind.PUBLISHED, name_ru="Обещания", in_force_from=date(2019, 7, 3)
    )
    with refused("frozen"):
        world.line(published)


def test_an_editor_of_everything_may_do_it_all(world: World) -> None:
    everywhere: User = make_user(Role.EDITOR)
    draft = world.draft(by=everywhere)
    world.line(draft, by=everywhere)
    assert world.approve(draft, by=everywhere).approved_by == everywhere


class TestWhyALineIsGone:
    """The reason of a line that is gone lies in the history, where the comparison finds it."""

    def reasons(self, world: World, old: Baseline, new: Baseline) -> list[tuple[str, str]]:
        return [(one.change.value, one.reason) for one in comparison(world.editor, old, new).moved]

    def start(self, world: World) -> tuple[Baseline, Baseline]:
        first = world.draft()
        world.line(first)
        return first, world.draft("Второй", copy_from_id=first.pk)

    def test_deleted(self, world: World) -> None:
        first, second = self.start(world)
        delete_line(baseline_id=second.pk, line_id=second.budget_lines.get().pk, by=world.editor, reason=" not needed ")
        assert self.reasons(world, first, second) == [("removed", "not needed")]

    def test_the_last_deletion_counts(self, world: World) -> None:
        first, second = self.start(world)
        for reason in ("by mistake", "not needed"):
            delete_line(baseline_id=second.pk, line_id=second.budget_lines.get().pk, by=world.editor, reason=reason)
            assert self.reasons(world, first, second) == [("removed", reason)]
            world.line(second)
        assert self.reasons(world, first, second) == []

    def test_given_another_place(self, world: World) -> None:
        first, second = self.start(world)
        world.line(second, line_id=second.budget_lines.get().pk, month=date(2026, 4, 1), reason="a month later")
        assert self.reasons(world, first, second) == [("removed", "a month later"), ("added", "a month later")]

    def test_deleted_from_another_proposal(self, world: World) -> None:
        first, second = self.start(world)
        third = world.draft("Третий")
        delete_line(baseline_id=second.pk, line_id=second.budget_lines.get().pk, by=world.editor, reason="not needed")
        assert self.reasons(world, first, third) == [("removed", "")]

    def test_left_out_by_an_import_of_any_size_in_few_statements(self, world: World, django_assert_max_num_queries: Any) -> None:
        first = world.draft()
        world.put(first, many(world.factory, 600))
        second = world.draft("Второй", copy_from_id=first.pk)
        world.put(second, many(world.factory, 10), replace=True, reason="cut")
        with django_assert_max_num_queries(3):
            found = self.reasons(world, first, second)
        assert found == [("removed", "cut")] * 590

    def test_a_reason_too_long_removes_nothing(self, world: World) -> None:
        first, second = self.start(world)
        with refused("too_long", "reason"):
            delete_line(baseline_id=second.pk, line_id=second.budget_lines.get().pk, by=world.editor, reason="x" * 1001)
        with refused("too_long", "reason"):
            world.put(second, [], replace=True, reason="x" * 1001)
        assert self.reasons(world, first, second) == []


class TestWarnings:
    @pytest.fixture
    def first(self, world: World) -> Baseline:
        """In force: 100 roubles of each of two factories, and one milestone date."""
        first = world.draft("Первый")
        for factory in (world.factory, world.other):
            world.line(first, factory_id=factory.pk)
        promise(make_milestone(world.factory), "2027", baseline=first)
        return world.approve(first)

    def approve(self, world: World, baseline: Baseline, *seen: str) -> Baseline:
        return world.approve(baseline, date(2026, 2, 1), seen=seen)

    @pytest.mark.parametrize(("amount", "odd"), [("0.01", True), ("99.99", True), ("100", False), ("400", False), ("400.01", True)])
    def test_less_than_half_or_more_than_double_of_the_roubles_must_have_been_seen(
        self, world: World, first: Baseline, amount: str, odd: bool
    ) -> None:
        draft = world.draft("Второй", copy_from_id=first.pk)
        draft.budget_lines.filter(factory=world.factory).delete()
        draft.budget_lines.update(amount_rub=Decimal(amount))
        if odd:
            with refused("total", "seen"):
                self.approve(world, draft, "no_dates", "factories")
        self.approve(world, draft, "factories", *(["total"] if odd else []))
        assert Baseline.objects.get(pk=draft.pk).kind == "approved"

    def test_dates_and_factories_that_go_must_have_been_seen_each(self, world: World, first: Baseline) -> None:
        draft = world.draft("Второй")
        world.line(draft)
        with refused("no_dates", "seen"):
            self.approve(world, draft)
        with refused("factories", "seen"):
            self.approve(world, draft, "no_dates")
        self.approve(world, draft, "no_dates", "factories")

    def test_a_proposal_with_dates_alone_is_refused(self, world: World, first: Baseline) -> None:
        draft = world.draft("Второй", copy_from_id=first.pk)
        draft.budget_lines.all().delete()
        with refused("empty"):
            self.approve(world, draft, "no_dates", "factories", "total")
