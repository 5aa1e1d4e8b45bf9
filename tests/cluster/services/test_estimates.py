"""Three-point estimates of many milestones: all or none, what nobody saw is not written over, a bounded number of statements."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.domain.errors import Conflict, DomainError, Forbidden, NotFound
from cluster.domain.estimates import Estimate, EstimateRow, estimate_errors, read_days
from cluster.domain.tables import BadRows
from cluster.models import Milestone, User
from cluster.services.estimates import save_estimates
from tests.factories import make_contract, make_factory, make_milestone, make_user

pytestmark = pytest.mark.django_db


class Works:
    """Milestones of one factory, and an editor."""

    def __init__(self, count: int = 3) -> None:
        self.factory = make_factory()
        self.milestones = [make_milestone(self.factory, code=f"W{n:04}", duration_days=10) for n in range(count)]
        self.editor = make_user(Role.EDITOR, contract=self.factory.contract)

    def rows(self, estimate: Estimate, version: int | None = 1) -> list[EstimateRow]:
        return [EstimateRow(number, one.pk, estimate, version) for number, one in enumerate(self.milestones)]

    def save(self, rows: list[EstimateRow], by: User | None = None, **fields: Any) -> Any:
        return save_estimates(contract_id=self.factory.contract_id, rows=rows, by=by or self.editor, **fields)

    def stored(self) -> set[tuple[Any, ...]]:
        return set(Milestone.objects.values_list("duration_days", "optimistic_days", "pessimistic_days", "risk_cause", "version"))


@pytest.fixture
def works(db: None) -> Works:
    return Works()


def refusals(error: BadRows) -> list[tuple[int, str, str]]:
    return [(problem.row, problem.field, problem.error.code) for problem in error.problems]


GOOD = Estimate(12, 8, 30, "one supplier")


class TestWhatAnEstimateMayBe:
    @pytest.mark.parametrize(
        ("estimate", "expected"),
        [
            (Estimate(), []),
            (Estimate(5), []),
            (Estimate(0, 0, 0), []),
            (GOOD, []),
            (Estimate(10, 11, 12), [("optimistic_days", "order")]),
            (Estimate(10, 5, 9), [("pessimistic_days", "order")]),
            (Estimate(10, 20, 1), [("optimistic_days", "order"), ("pessimistic_days", "order")]),
            (Estimate(10, 5, None), [("pessimistic_days", "required")]),
            (Estimate(None, 5, 7), [("duration_days", "required")]),
            (Estimate(5001), [("duration_days", "range")]),
            (Estimate(-1), [("duration_days", "range")]),
            (Estimate(1, risk_cause="x" * 101), [("risk_cause", "too_long")]),
            (Estimate(1, risk_cause="a\x00b"), [("risk_cause", "control_characters")]),
        ],
    )
    def test_durations_stand_in_order_or_alone(self, estimate: Estimate, expected: list[tuple[str, str]]) -> None:
        assert [(error.field, error.code) for error in estimate_errors(estimate)] == expected

    @pytest.mark.parametrize(
        ("text", "days"), [("20", 20), (" 20 d ", 20), ("20 дн.", 20), ("20 дней", 20), ("20 days?", 20), ("0", 0), ("", None), ("1d", 1)]
    )
    def test_days_are_read_as_people_and_ms_project_write_them(self, text: str, days: int | None) -> None:
        assert read_days(text, field="duration_days") == days

    @pytest.mark.parametrize("text", ["-5", "1.5", "1,5", "1e400", "20 w", "abc", "٢٠", "5001", "9" * 10**6, "=2+3", "1 000"])
    def test_what_is_no_number_of_days_is_refused_at_its_field(self, text: str) -> None:
        with pytest.raises(DomainError) as caught:
            read_days(text, field="optimistic_days")
        assert caught.value.field == "optimistic_days"
        assert len(str(caught.value)) < 200


class TestSaving:
    def test_estimates_are_written_with_their_history_and_versions(self, works: Works) -> None:
        done = works.save(works.rows(GOOD), reason="workshop of May")
        assert (done.changed, done.unchanged) == (3, 0)
        assert works.stored() == {(12, 8, 30, "one supplier", 2)}
        last: Any = works.milestones[0].history.order_by("-pgh_id").first()  # type: ignore[attr-defined]
        assert (last.optimistic_days, last.pgh_context.metadata["reason"]) == (8, "workshop of May")

    def test_what_stands_there_already_is_no_change_whoever_saved_it(self, works: Works) -> None:
        works.save(works.rows(GOOD))
        done = works.save(works.rows(GOOD))
        assert (done.changed, done.unchanged) == (0, 3)
        assert works.stored() == {(12, 8, 30, "one supplier", 2)}

    def test_one_bad_row_keeps_all_from_being_saved(self, works: Works) -> None:
        rows = works.rows(GOOD)
        rows[1] = EstimateRow(1, works.milestones[1].pk, Estimate(10, 20, 30), 1)
        with pytest.raises(BadRows) as caught:
            works.save(rows)
        assert refusals(caught.value) == [(1, "optimistic_days", "order")]
        assert works.stored() == {(10, None, None, "", 1)}

    def test_each_row_that_somebody_changed_is_named(self, works: Works) -> None:
        works.save([EstimateRow(0, works.milestones[2].pk, Estimate(11), 1)])
        with pytest.raises(BadRows) as caught:
            works.save(works.rows(GOOD))
        (problem,) = caught.value.problems
        assert (problem.row, problem.text) == (2, "W0002")
        assert isinstance(problem.error, Conflict)
        assert problem.error.current == works.milestones[2]
        assert not Milestone.objects.filter(optimistic_days=8).exists()

    def test_what_was_reached_is_not_estimated(self, works: Works) -> None:
        one = works.milestones[0]
        one.actual, one.actual_announced_on = DateWindow.parse("2026-01-15"), date(2026, 1, 20)
        one.save()
        with pytest.raises(BadRows) as caught:
            works.save(works.rows(GOOD))
        assert refusals(caught.value) == [(0, "", "reached")]

    def test_a_milestone_of_another_contract_and_one_named_twice_are_refused(self, works: Works) -> None:
        rows = [EstimateRow(0, make_milestone().pk, GOOD), EstimateRow(1, works.milestones[0].pk, GOOD)]
        with pytest.raises(BadRows) as caught:
            works.save([*rows, EstimateRow(2, works.milestones[0].pk, GOOD)])
        assert refusals(caught.value) == [(0, "", "not_found"), (2, "", "duplicate")]

    @pytest.mark.parametrize("role", [Role.MANAGER, Role.CONTROLLER, Role.AUDITOR])
    def test_only_editors_estimate(self, works: Works, role: Role) -> None:
        factory = works.factory if role is Role.MANAGER else None
        with pytest.raises(BadRows) as caught:
            works.save(works.rows(GOOD), by=make_user(role, contract=works.factory.contract, factory=factory))
        assert all(isinstance(problem.error, Forbidden) for problem in caught.value.problems)

    def test_a_stranger_finds_no_contract(self, works: Works) -> None:
        with pytest.raises(NotFound):
            works.save(works.rows(GOOD), by=make_user(Role.EDITOR, contract=make_contract()))

    def test_five_hundred_cost_as_many_statements_as_one(self) -> None:
        counts = []
        for count in (1, 500):
            works = Works(count)
            by = User.objects.get(pk=works.editor.pk)
            with CaptureQueriesContext(connection) as queries:
                assert works.save(works.rows(GOOD), by=by).changed == count
            counts.append(len(queries))
        assert counts[0] == counts[1] <= 10
