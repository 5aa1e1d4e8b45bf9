"""Dependencies through their own service and that of records: one contract, no circle, rights and history."""

import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from cluster.domain.access import Role
from cluster.domain.dependencies import CircularDependency
from cluster.domain.errors import Conflict, DomainError, Forbidden
from cluster.models import Dependency, JobRun, Milestone, User
from cluster.queries.history import newest_event, record_history
from cluster.services.dependencies import add_dependency, change_dependency, remove_dependency
from cluster.services.records import delete_record, save_record
from tests.factories import make_factory, make_milestone, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


@pytest.fixture
def row() -> list[Milestone]:
    """Four milestones of one factory."""
    factory = make_factory()
    return [make_milestone(factory, code=f"M{n}") for n in range(4)]


def _link(first: Milestone, waiting: Milestone, **fields: Any) -> Dependency:
    return Dependency(predecessor=first, successor=waiting, **fields)


def test_links_are_saved_with_their_history(row: list[Milestone]) -> None:
    editor = make_user(Role.EDITOR)
    link = _link(row[0], row[1], type="SS", lag_days=-3)
    save_record(link, by=editor)
    assert link.history.count() == 1  # type: ignore[attr-defined]
    delete_record(link, by=editor)
    assert not Dependency.objects.exists()


def test_a_circle_is_refused_with_its_members_in_order(row: list[Milestone]) -> None:
    editor = make_user(Role.EDITOR)
    for first, waiting in pairwise(row):
        save_record(_link(first, waiting), by=editor)
    with pytest.raises(ValidationError) as refusal:
        save_record(_link(row[3], row[0]), by=editor)
    assert refusal.value.message_dict == {"predecessor": ["The milestones would wait for one another in a circle: M3 → M0 → M1 → M2 → M3."]}
    assert Dependency.objects.count() == 3


def test_a_link_that_is_turned_round_does_not_collide_with_itself(row: list[Milestone]) -> None:
    editor = make_user(Role.EDITOR)
    link = _link(row[0], row[1])
    save_record(link, by=editor)
    link.predecessor, link.successor = row[1], row[0]
    save_record(link, by=editor)
    assert Dependency.objects.get().predecessor == row[1]


def test_a_milestone_of_another_contract_is_refused_by_the_form_and_by_the_database(row: list[Milestone]) -> None:
    stranger = make_milestone()
    with pytest.raises(ValidationError) as refusal:
        save_record(_link(stranger, row[0]), by=make_user(Role.EDITOR))
    assert "This one belongs to another contract." in str(refusal.value)
    with pytest.raises(IntegrityError), transaction.atomic():
        Dependency.objects.create(predecessor=stranger, successor=row[0])


def test_a_milestone_does_not_wait_for_itself(row: list[Milestone]) -> None:
    with pytest.raises(ValidationError) as refusal:
        save_record(_link(row[0], row[0]), by=make_user(Role.EDITOR))
    assert "A milestone cannot wait for itself." in str(refusal.value)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MANAGER, Role.CONTROLLER, Role.AUDITOR])
def test_only_editors_link(role: Role, row: list[Milestone]) -> None:
    person = make_user(role, factory=row[0].factory) if role is Role.MANAGER else make_user(role)
    with pytest.raises(Forbidden):
        save_record(_link(row[0], row[1]), by=person)


def _added(first: Milestone, waiting: Milestone, by: User, **fields: Any) -> Dependency:
    given: dict[str, Any] = {"predecessor_id": first.pk, "successor_id": waiting.pk, "type": "FS", "lag_days": 0, "by": by}
    return add_dependency(**given | fields)


def test_a_link_is_added_once_and_flags_are_asked_for(row: list[Milestone], django_capture_on_commit_callbacks: Any) -> None:
    editor = make_user(Role.EDITOR)
    with django_capture_on_commit_callbacks(execute=True):
        first, again = (_added(row[0], row[1], editor, lag_days=5, reason="concrete") for _twice in range(2))
    assert first.pk == again.pk
    assert [change.reason for change in record_history(record=first, limit=5)] == ["concrete"]
    assert JobRun.objects.filter(name="flag_delays").exists()
    with pytest.raises(DomainError) as refusal:
        _added(row[0], row[1], editor, lag_days=6)
    assert (refusal.value.field, refusal.value.code) == ("predecessor", "duplicate")


def test_a_new_link_that_closes_a_circle_names_its_members_in_order(row: list[Milestone]) -> None:
    editor = make_user(Role.EDITOR)
    for first, waiting in pairwise(row):
        _added(first, waiting, editor)
    with pytest.raises(CircularDependency, match="M3 → M0 → M1 → M2 → M3"):
        _added(row[3], row[0], editor)
    assert Dependency.objects.count() == 3


@pytest.mark.parametrize(
    ("fields", "field"), [({"lag_days": 2501}, "lag_days"), ({"lag_days": -2501}, "lag_days"), ({"type": "XX"}, "type"),
    ({"predecessor_id": 2**62}, "predecessor"), ({"successor_id": 2**62}, "successor")],
)  # fmt: skip
def test_what_no_link_may_be_is_refused_at_its_field(row: list[Milestone], fields: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as refusal:
        _added(row[0], row[1], make_user(Role.EDITOR), **fields)
    assert refusal.value.field == field


def test_a_new_link_joins_two_milestones_of_one_contract(row: list[Milestone]) -> None:
    editor = make_user(Role.EDITOR)
    for pair in ((make_milestone(), row[0]), (row[0], row[0])):
        with pytest.raises(DomainError) as refusal:
            _added(*pair, editor)
        assert refusal.value.field == "predecessor"


def test_a_link_is_changed_and_taken_away_as_it_was_seen(row: list[Milestone]) -> None:
    editor = make_user(Role.EDITOR)
    link = _added(row[0], row[1], editor)
    seen = newest_event(link)
    for _twice in range(2):
        assert change_dependency(dependency_id=link.pk, type="SS", lag_days=-3, by=editor, version=seen).lag_days == -3
    with pytest.raises(Conflict):
        change_dependency(dependency_id=link.pk, type="SS", lag_days=4, by=editor, version=seen)
    with pytest.raises(Conflict):
        remove_dependency(dependency_id=link.pk, by=editor, version=seen)
    remove_dependency(dependency_id=link.pk, by=editor, version=newest_event(link), reason="wrong")
    assert not Dependency.objects.exists()


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MANAGER, Role.CONTROLLER, Role.AUDITOR])
def test_who_is_no_editor_neither_adds_nor_changes_nor_removes(role: Role, row: list[Milestone]) -> None:
    link = Dependency.objects.create(predecessor=row[0], successor=row[1])
    person = make_user(role, factory=row[0].factory) if role is Role.MANAGER else make_user(role)
    calls: list[Callable[[], object]] = [
        lambda: _added(row[1], row[2], person),
        lambda: change_dependency(dependency_id=link.pk, type="SS", lag_days=0, by=person, version=newest_event(link)),
        lambda: remove_dependency(dependency_id=link.pk, by=person, version=newest_event(link)),
    ]
    for call in calls:
        with pytest.raises(Forbidden):
            call()


def test_two_people_at_once_do_not_close_a_circle(transactional_db: None) -> None:
    factory = make_factory()
    one, other = make_milestone(factory), make_milestone(factory)
    editor = make_user(Role.EDITOR)
    done: list[str] = []

    def link(first: Milestone, waiting: Milestone) -> None:
        try:
            _added(first, waiting, editor)
            done.append("linked")
        except CircularDependency:
            done.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=link, args=pair) for pair in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == ["linked", "refused"]
