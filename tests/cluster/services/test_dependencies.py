"""Dependencies through the records service: one contract, no circle, rights and history."""

from itertools import pairwise
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from cluster.domain.access import Role
from cluster.domain.errors import Forbidden
from cluster.models import Dependency, Milestone
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
