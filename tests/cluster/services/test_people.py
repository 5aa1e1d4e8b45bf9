"""Accounts and roles as the service writes them: what no door can get past."""

import pytest

from cluster.domain.access import Role
from cluster.domain.errors import Conflict, DomainError
from cluster.models import Membership, Subscription
from cluster.queries.history import newest_event
from cluster.services.people import add_person, change_own_settings, create_first_admin, give_role
from cluster.services.subscriptions import set_active
from tests.factories import make_contract, make_factory, make_user

pytestmark = pytest.mark.django_db


def test_a_factory_of_another_contract_is_refused() -> None:
    person = make_user()
    with pytest.raises(DomainError) as refused:
        give_role(
            person_id=person.pk, role=Role.MANAGER, contract_id=make_contract().pk, factory_id=make_factory().pk, by=make_user(Role.ADMIN)
        )
    assert refused.value.field == "factory"
    assert not Membership.objects.filter(user=person).exists()


def test_the_first_role_brings_the_letters_that_are_usual_for_it_and_no_later_one_changes_what_was_chosen() -> None:
    admin, factory = make_user(Role.ADMIN), make_factory()
    person = add_person({"username": "plant", "email": "plant@example.org", "language": "ru"}, by=admin)
    assert not Subscription.objects.filter(user=person).exists(), "nothing to read yet"
    give_role(person_id=person.pk, role=Role.MANAGER, factory_id=factory.pk, by=admin)
    subscription = person.subscription
    assert (subscription.cadence, subscription.notices, subscription.is_active) == ("weekly", True, True)
    assert list(subscription.factories.all()) == [factory]
    set_active(subscription, active=False)
    give_role(person_id=person.pk, role=Role.EDITOR, by=admin)
    (kept,) = Subscription.objects.filter(user=person)
    assert (kept.is_active, kept.cadence) == (False, "weekly")


def test_nobody_gives_themselves_more_than_a_language_and_a_zone() -> None:
    person = make_user(Role.CONTROLLER, first_name="Old", language="ru")
    asked = {"is_superuser": True, "is_staff": True, "is_active": False, "email": "x@example.org", "username": "root", "first_name": "New"}
    before = {name: getattr(person, name) for name in asked}
    saved = change_own_settings(asked | {"language": "en"}, by=person, version=newest_event(person))
    saved.refresh_from_db()
    assert saved.language == "en"
    assert {name: getattr(saved, name) for name in asked} == before
    with pytest.raises(Conflict):
        change_own_settings({"language": "ru"}, by=person, version=newest_event(person) - 1)


def test_the_first_administrator_is_made_once_with_a_daily_digest() -> None:
    user = create_first_admin(username="admin", password="pa-pa-pa-pa-pa", email="admin@localhost")
    assert user is not None
    assert [membership.group.name for membership in user.memberships.all()] == ["admin"]
    assert user.scope.sees_everything
    assert user.subscription.cadence == "daily"
    assert not user.subscription.also_when_nothing_new
    assert create_first_admin(username="second", password="x", email="") is None
