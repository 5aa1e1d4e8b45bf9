"""Dates and weights of a proposed baseline: many at once, all or none; what an approval asks of them."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cluster.domain.access import Role
from cluster.domain.baseline_dates import DateRow, read_due, read_weight
from cluster.domain.budgets import Term
from cluster.domain.dates import DateWindow
from cluster.domain.errors import Conflict, DomainError, Forbidden, NotFound
from cluster.domain.tables import BadRows
from cluster.models import Amendment, Baseline, BaselineMilestone, Claim, User
from cluster.queries.approvals import compare_dates
from cluster.queries.baseline_dates import weights_of
from cluster.queries.budgets import baseline_version
from cluster.services.baseline_dates import save_dates
from cluster.services.budgets import approve_baseline, propose_baseline, save_line
from tests.factories import make_contract, make_factory, make_milestone, make_source, make_user

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)
SPRING = DateWindow.parse("2027-Q2")
HALF = Decimal("0.5")


class World:
    """A contract of 2019 to 2033, two milestones of a factory and one of the contract, a proposal, an editor."""

    def __init__(self) -> None:
        self.contract = make_contract()
        self.contract.signed = DateWindow.day(date(2019, 7, 3))
        self.contract.save()
        end = Claim(contract=self.contract, figure="term_end", source=make_source(), in_use=True)
        end.date = DateWindow.parse("2033")
        end.save()
        self.factory = make_factory(self.contract, code="X01")
        self.one, self.two = (make_milestone(self.factory, code=f"X01-{n}") for n in (1, 2))
        self.whole = make_milestone(contract=self.contract, code="ALL")
        self.editor = make_user(Role.EDITOR, contract=self.contract)
        self.draft = self.propose("Первый")

    def propose(self, name: str, **fields: Any) -> Baseline:
        return propose_baseline(contract_id=self.contract.pk, name_ru=name, reason="план", by=self.editor, **fields)

    def save(self, *rows: tuple[Any, dict[str, Any]], baseline: Baseline | None = None, **fields: Any) -> Any:
        given = [DateRow(number, milestone.pk, values) for number, (milestone, values) in enumerate(rows)]
        usual: dict[str, Any] = {"baseline_id": (baseline or self.draft).pk, "rows": given, "by": self.editor}
        return save_dates(**usual | fields)

    def held(self, baseline: Baseline | None = None) -> dict[str, tuple[str, Decimal | None, str]]:
        rows = BaselineMilestone.objects.filter(baseline=baseline or self.draft).select_related("milestone")
        return {row.milestone.code: (str(row.due), row.weight, row.note_ru) for row in rows}

    def approve(self, baseline: Baseline | None = None, day: date = date(2026, 1, 1), **fields: Any) -> Baseline:
        baseline = baseline or self.draft
        save_line(baseline_id=baseline.pk, factory_id=self.factory.pk, amount_rub=Decimal(100), by=self.editor)
        return approve_baseline(baseline_id=baseline.pk, in_force_from=day, by=self.editor, today=TODAY, **fields)


@pytest.fixture
def world(db: None, in_english: None) -> World:
    return World()


def refusals(error: BadRows) -> list[tuple[int, str, str]]:
    return [(problem.row, problem.field, problem.error.code) for problem in error.problems]


class TestReading:
    @pytest.mark.parametrize(
        ("text", "weight"), [("", None), ("0.25", "0.25"), ("0,25", "0.25"), ("25 %", "0.25"), ("12,5%", "0.125"), ("1", "1"), ("0", "0")]
    )
    def test_weights_are_read_as_shares_or_per_cent(self, text: str, weight: str | None) -> None:
        assert read_weight(text) == (None if weight is None else Decimal(weight))

    @pytest.mark.parametrize("text", ["1.1", "101 %", "-0.1", "1e400", "0.1234567", "=1/4", "NaN", "٠", "0" * 10**6, "1/4", "a\x00"])
    def test_what_is_no_weight_is_refused(self, text: str) -> None:
        with pytest.raises(DomainError) as caught:
            read_weight(text)
        assert caught.value.field == "weight"
        assert len(str(caught.value)) < 200

    def test_a_due_date_lies_in_the_term_and_its_refusal_says_so(self) -> None:
        term = Term(date(2019, 7, 3), date(2033, 12, 31))
        assert read_due("2019", term) == DateWindow.parse("2019")
        assert read_due("15.04.2027", term) == DateWindow.parse("2027-04-15")
        for text, code in (("2018-Q4", "before_contract"), ("2034", "after_contract"), ("soon", "window"), ("x" * 10**6, "window")):
            with pytest.raises(DomainError) as caught:
                read_due(text, term)
            assert (caught.value.field, caught.value.code) == ("due", code)
            assert len(str(caught.value)) < 300


class TestSaving:
    def test_a_first_baseline_dates_milestones_that_had_none(self, world: World) -> None:
        done = world.save(
            (world.one, {"due": SPRING, "weight": HALF, "note": "as in the minutes"}),
            (world.two, {"due": DateWindow.parse("2028"), "weight": HALF}),
            (world.whole, {"due": DateWindow.parse("2028-12")}),
        )
        assert (done.added, done.changed, done.removed, done.unchanged) == (3, 0, 0, 0)
        assert world.held() == {
            "X01-1": ("2027-Q2", HALF, "as in the minutes"), "X01-2": ("2028", HALF, ""), "ALL": ("2028-12", None, "")
        }  # fmt: skip

    def test_what_a_row_does_not_say_stays_and_no_due_takes_the_date_out(self, world: World) -> None:
        world.save((world.one, {"due": SPRING, "weight": HALF, "note": "why"}), (world.two, {"due": SPRING}))
        done = world.save((world.one, {"due": DateWindow.parse("2027-Q3")}), (world.two, {"due": None}))
        assert (done.changed, done.removed) == (1, 1)
        assert world.held() == {"X01-1": ("2027-Q3", HALF, "why")}

    def test_replace_takes_out_what_no_row_names(self, world: World) -> None:
        world.save((world.one, {"due": SPRING}), (world.two, {"due": SPRING}))
        done = world.save((world.two, {"due": SPRING}), replace=True)
        assert (done.removed, done.unchanged) == (1, 1)
        assert set(world.held()) == {"X01-2"}

    def test_another_date_than_the_announced_one_loses_the_announcement(self, world: World) -> None:
        row = BaselineMilestone(baseline=world.draft, milestone=world.one, source=make_source(), speaker_ru="В. Иванов")
        row.due, row.announced = SPRING, DateWindow.parse("2025-01")
        row.save()
        world.save((world.one, {"weight": Decimal(1)}))
        row.refresh_from_db()
        assert (row.announced, row.speaker_ru) == (DateWindow.parse("2025-01"), "В. Иванов")
        world.save((world.one, {"due": DateWindow.parse("2027-Q3")}))
        row.refresh_from_db()
        assert (row.announced_latest, row.speaker_ru) == (None, "")
        assert row.source is None

    def test_each_bad_row_is_named_and_nothing_is_saved(self, world: World) -> None:
        stranger = make_milestone()
        with pytest.raises(BadRows) as caught:
            world.save(
                (world.one, {"due": DateWindow.parse("2034")}),
                (world.two, {"due": SPRING, "weight": Decimal("1.5")}),
                (world.whole, {"due": SPRING, "weight": HALF}),
                (stranger, {"due": SPRING}),
                (world.two, {"due": SPRING}),
                (world.one, {"weight": HALF}),
            )
        assert refusals(caught.value) == [
            (0, "due", "after_contract"), (1, "weight", "range"), (2, "weight", "no_factory"), (3, "milestone", "choice"),
            (4, "", "duplicate"), (5, "due", "required"), (5, "", "duplicate"),
        ]  # fmt: skip
        assert world.held() == {}

    def test_what_somebody_changed_is_not_written_over(self, world: World) -> None:
        seen = baseline_version(world.draft.pk)
        world.save((world.one, {"due": SPRING}))
        with pytest.raises(Conflict):
            world.save((world.two, {"due": SPRING}), version=seen)

    def test_only_editors_write_and_strangers_find_nothing(self, world: World) -> None:
        with pytest.raises(Forbidden):
            world.save((world.one, {"due": SPRING}), by=make_user(Role.CONTROLLER, contract=world.contract))
        with pytest.raises(NotFound):
            world.save((world.one, {"due": SPRING}), by=make_user(Role.EDITOR, contract=make_contract()))

    def test_many_dates_cost_as_many_statements_as_one(self, world: World) -> None:
        many = [make_milestone(world.factory) for _ in range(300)]
        counts = []
        for rows in (many[:1], many[1:]):
            by = User.objects.get(pk=world.editor.pk)
            with CaptureQueriesContext(connection) as queries:
                world.save(*((one, {"due": SPRING}) for one in rows), by=by)
            counts.append(len(queries))
        assert counts[0] == counts[1] <= 12


class TestApproving:
    def test_weights_of_a_factory_that_do_not_make_one_are_refused_with_factory_and_sum(self, world: World) -> None:
        world.save((world.one, {"due": SPRING, "weight": HALF}), (world.two, {"due": SPRING, "weight": Decimal("0.45")}))
        with pytest.raises(DomainError) as caught:
            world.approve()
        assert caught.value.code == "weights"
        assert "X01 make 0.95, not 1" in str(caught.value)
        (weights,) = weights_of(world.editor, world.draft)
        assert (weights.total, weights.weighted, weights.bare, weights.is_whole) == (Decimal("0.95"), 2, 0, False)

    def test_weights_that_make_exactly_one_and_no_weights_at_all_are_approved(self, world: World) -> None:
        third = make_milestone(world.factory)
        thirds = [Decimal("0.333333"), Decimal("0.333333"), Decimal("0.333334")]
        world.save(*((m, {"due": SPRING, "weight": w}) for m, w in zip((world.one, world.two, third), thirds, strict=True)))
        assert world.approve().kind == Baseline.Kind.APPROVED
        bare = world.propose("Без весов", amendment_id=Amendment.objects.create(contract=world.contract, title_ru="Д", number="1").pk)
        world.save((world.one, {"due": SPRING}), baseline=bare)
        assert world.approve(bare, date(2026, 2, 1)).kind == Baseline.Kind.APPROVED

    def test_a_date_that_the_term_no_longer_holds_is_refused_by_its_milestone(self, world: World) -> None:
        world.save((world.one, {"due": DateWindow.parse("2032")}))
        claim = Claim.objects.get(contract=world.contract)
        claim.date = DateWindow.parse("2030")
        claim.save()
        with pytest.raises(DomainError) as caught:
            world.approve()
        assert "X01-1 is due 2032" in str(caught.value)

    def test_an_approved_baseline_takes_no_dates(self, world: World) -> None:
        world.save((world.one, {"due": SPRING}))
        world.approve()
        with pytest.raises(DomainError) as caught:
            world.save((world.one, {"due": DateWindow.parse("2028")}))
        assert caught.value.code == "frozen"

    def test_a_copy_has_the_weights_and_notes_of_the_first(self, world: World) -> None:
        world.save((world.one, {"due": SPRING, "weight": HALF, "note": "why"}), (world.two, {"due": SPRING, "weight": HALF}))
        copy = world.propose("Копия", copy_from_id=world.draft.pk)
        assert world.held(copy) == world.held()

    def test_a_comparison_tells_a_weight_that_moved_although_the_date_did_not(self, world: World) -> None:
        world.save((world.one, {"due": SPRING, "weight": HALF}), (world.two, {"due": SPRING, "weight": HALF}))
        copy = world.propose("Копия", copy_from_id=world.draft.pk)
        world.save((world.one, {"weight": Decimal("0.6")}), baseline=copy)
        compared = compare_dates(world.editor, world.draft, copy)
        (moved,) = compared.moved
        assert (moved.days, moved.old_weight, moved.new_weight) == (0, HALF, Decimal("0.6"))
        assert compared.has_weights
