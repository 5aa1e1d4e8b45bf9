"""A pasted schedule written as a whole: new and changed milestones, their links, all of them or none."""

import threading
import time
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from cluster.domain.access import Role
from cluster.domain.errors import Conflict, Forbidden, NotFound
from cluster.domain.schedule_table import Vocabulary, fingerprint, parse_schedule
from cluster.domain.tables import BadRows
from cluster.models import Dependency, Milestone, User
from cluster.queries.schedule_table import planned_milestones
from cluster.services.milestones import add_milestone
from cluster.services.schedule_import import Imported, import_schedule
from tests.factories import make_contract, make_factory, make_milestone, make_user

pytestmark = pytest.mark.django_db
KINDS = {"opening": "opening", "design": "design"}


class Plan:
    """A factory with three milestones in a row, and an editor who pastes tables."""

    def __init__(self) -> None:
        self.factory = make_factory(code="X01")
        self.contract = self.factory.contract
        self.first, self.second, self.third = (
            make_milestone(self.factory, code=f"X01-{n}", duration_days=10, name_ru=f"Веха {n}") for n in (1, 2, 3)
        )
        Dependency.objects.create(predecessor=self.first, successor=self.second, type="SS", lag_days=2)
        Dependency.objects.create(predecessor=self.second, successor=self.third)
        self.editor = make_user(Role.EDITOR, contract=self.contract)

    def paste(self, text: str, *, by: User | None = None, seen: str | None = None, **fields: Any) -> Imported:
        words = Vocabulary({"x01": self.factory.pk}, KINDS, {self.editor.username: self.editor.pk})
        return import_schedule(
            contract_id=self.contract.pk,
            read=lambda stored: parse_schedule(text, words, stored),
            seen=seen,
            by=by or self.editor,
            **fields,
        )

    def links(self) -> set[tuple[str, str, str, int]]:
        rows = Dependency.objects.filter(successor__contract=self.contract)
        return set(rows.values_list("predecessor__code", "successor__code", "type", "lag_days"))

    def seen(self) -> str:
        return fingerprint(planned_milestones(self.editor, self.contract))


@pytest.fixture
def plan(db: None) -> Plan:
    return Plan()


TABLE = "code;factory;kind;name_ru;duration;optimistic;pessimistic;responsible;predecessors\n"


def test_new_and_changed_milestones_are_written_with_their_links(plan: Plan) -> None:
    done = plan.paste(
        TABLE
        + "X01-2;X01;opening;Веха 2;12;6;40;;X01-1SS+3d\n"
        + f"X01-4;X01;opening;Новая;5;;;{plan.editor.username};X01-3, X01-5FF-1d\n"
        + "X01-5;;design;Ещё новее;0;;;;\n",
        reason="replanned in May",
    )
    assert (done.added, done.changed, done.unchanged) == (2, 1, 0)
    second, fourth = (Milestone.objects.get(code=code) for code in ("X01-2", "X01-4"))
    assert (second.duration_days, second.optimistic_days, second.pessimistic_days, second.version) == (12, 6, 40, 2)
    assert (fourth.factory, fourth.responsible, fourth.name_ru, fourth.version) == (plan.factory, plan.editor, "Новая", 1)
    assert Milestone.objects.get(code="X01-5").factory is None
    assert plan.links() == {
        ("X01-1", "X01-2", "SS", 3), ("X01-2", "X01-3", "FS", 0), ("X01-3", "X01-4", "FS", 0), ("X01-5", "X01-4", "FF", -1)
    }  # fmt: skip
    event: Any = second.history.order_by("-pgh_id").first()  # type: ignore[attr-defined]
    assert event.pgh_context.metadata["reason"] == "replanned in May"


def test_the_same_table_twice_changes_nothing_the_second_time(plan: Plan) -> None:
    text, seen = TABLE + "X01-2;X01;opening;Веха 2;12;;;;X01-1\nN-1;X01;opening;Новая;1;;;;", plan.seen()
    plan.paste(text, seen=seen)
    versions = set(Milestone.objects.values_list("code", "version"))
    done = plan.paste(text, seen=seen)
    assert (done.added, done.changed, done.unchanged) == (0, 0, 2)
    assert set(Milestone.objects.values_list("code", "version")) == versions


def test_one_bad_row_keeps_all_from_being_saved(plan: Plan) -> None:
    before = plan.seen()
    with pytest.raises(BadRows) as caught:
        plan.paste(TABLE + "X01-2;X01;opening;Веха 2;99;;;;\nN-1;X01;opening;Новая;10;20;30;;")
    assert [(problem.row, problem.field) for problem in caught.value.problems] == [(3, "optimistic_days")]
    assert plan.seen() == before


def test_a_circle_with_links_that_the_table_does_not_name_is_refused(plan: Plan) -> None:
    with pytest.raises(BadRows) as caught:
        plan.paste("code;predecessors\nX01-1;X01-3")
    assert "X01-2 → X01-3 → X01-1 → X01-2" in str(caught.value.problems[0].error)
    assert plan.links() == {("X01-1", "X01-2", "SS", 2), ("X01-2", "X01-3", "FS", 0)}


def test_what_somebody_changed_since_the_preview_is_not_written_over(plan: Plan) -> None:
    seen = plan.seen()
    plan.paste("code;duration\nX01-3;77")
    with pytest.raises(Conflict):
        plan.paste("code;duration\nX01-2;55", seen=seen)
    assert Milestone.objects.get(code="X01-2").duration_days == 10


def test_a_link_made_since_the_preview_is_noticed_as_well(plan: Plan) -> None:
    seen = plan.seen()
    Dependency.objects.create(predecessor=plan.first, successor=plan.third)
    with pytest.raises(Conflict):
        plan.paste("code;duration\nX01-2;55", seen=seen)


def test_links_that_stay_are_left_alone(plan: Plan) -> None:
    before = dict(Dependency.objects.values_list("predecessor__code", "pk"))
    plan.paste("code;predecessors\nX01-2;X01-1SS+2d\nX01-3;X01-2, X01-1")
    after = dict(Dependency.objects.filter(successor__code="X01-3").values_list("predecessor__code", "pk"))
    assert after["X01-2"] == before["X01-2"]
    assert set(after) == {"X01-1", "X01-2"}


@pytest.mark.parametrize("role", [Role.MANAGER, Role.CONTROLLER, Role.AUDITOR, Role.ADMIN])
def test_only_editors_of_the_whole_contract_paste(plan: Plan, role: Role) -> None:
    factory = plan.factory if role is Role.MANAGER else None
    with pytest.raises(Forbidden):
        plan.paste("code;duration\nX01-2;55", by=make_user(role, contract=plan.contract, factory=factory))


def test_strangers_find_no_contract(plan: Plan) -> None:
    with pytest.raises(NotFound):
        plan.paste("code;duration\nX01-2;55", by=make_user(Role.EDITOR, contract=make_contract()))


def test_many_rows_cost_as_many_statements_as_few_and_seconds(plan: Plan) -> None:
    def table(count: int, days: int) -> str:
        rows = [f"N-{n:04};X01;design;Веха {n};{days};;;;{f'N-{n - 1:04}FS+{days}d' if n else ''}" for n in range(count)]
        return TABLE + "\n".join(rows)

    counts = []
    for count, days in ((3, 1), (1500, 2), (1500, 3)):
        by = User.objects.get(pk=plan.editor.pk)
        started = time.monotonic()
        with CaptureQueriesContext(connection) as queries:
            plan.paste(table(count, days), by=by)
        assert time.monotonic() - started < 30
        counts.append(len(queries))
    assert max(counts) <= 20
    assert Dependency.objects.filter(lag_days=3).count() == 1499


@pytest.mark.django_db(transaction=True)
def test_a_milestone_that_somebody_adds_meanwhile_is_found_and_not_added_twice() -> None:
    plan, done = Plan(), []

    def paste() -> None:
        try:
            done.append(plan.paste(TABLE + "X01-9;X01;opening;Девятая;5;;;;\n"))
        finally:
            connection.close()

    thread = threading.Thread(target=paste)
    with transaction.atomic():
        values = {"code": "X01-9", "kind": "opening", "name_ru": "Другая", "factory_id": plan.factory.pk}
        add_milestone(values, contract_id=plan.contract.pk, by=plan.editor)
        thread.start()
        _until_somebody_waits()
    thread.join(30)
    assert done == [Imported(added=0, changed=1, unchanged=0)]
    assert Milestone.objects.get(code="X01-9").name_ru == "Девятая"


def _until_somebody_waits() -> None:
    """Until another connection waits for what this one holds."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    for _moment in range(500):
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("Nobody waits.")
