"""Roles: what each group may do, grants, and the check before a write."""

import pytest
from django.contrib.auth.models import Group

from cluster.domain.access import Action, Role
from cluster.domain.errors import Forbidden
from cluster.models import Membership
from cluster.services.access import ensure_roles, require
from cluster.services.people import give_role
from cluster.services.records import delete_record
from tests.factories import hold_role, make_contract, make_factory, make_user

pytestmark = pytest.mark.django_db


def permissions_of(role: Role) -> set[str]:
    return {
        f"{app}.{codename}" for app, codename in Group.objects.get(name=role).permissions.values_list("content_type__app_label", "codename")
    }


def test_nobody_but_a_superuser_may_delete_more_than_parts_of_the_schedule_and_nobody_may_touch_history() -> None:
    ensure_roles()
    schedule = {"cluster.delete_dependency", "cluster.delete_calendarexception", "cluster.delete_milestone"}
    for role in Role:
        deletes = {p for p in permissions_of(role) if ".delete_" in p}
        assert deletes == (schedule if role is Role.EDITOR else set())
        assert not {p for p in permissions_of(role) if p.endswith("event") and ".view_" not in p}
        assert not permissions_of(role) & {"cluster.change_ledgerentry", "cluster.change_forecastrevision", "cluster.change_exchangerate"}


def test_each_role_gets_its_own_rights() -> None:
    ensure_roles()
    assert {"cluster.change_user", "cluster.add_membership", "cluster.view_contractevent"} <= permissions_of(Role.ADMIN)
    assert not permissions_of(Role.ADMIN) & {"cluster.change_contract", "cluster.add_ledgerentry"}
    assert {"cluster.change_contract", "production.add_output", "cluster.add_ledgerentry"} <= permissions_of(Role.EDITOR)
    assert "cluster.change_user" not in permissions_of(Role.EDITOR)
    writes = {p for p in permissions_of(Role.MANAGER) if ".view_" not in p}
    assert writes == {"cluster.add_forecastrevision", "production.add_output"}
    for role in (Role.CONTROLLER, Role.AUDITOR):
        assert not {p for p in permissions_of(role) if ".view_" not in p}


def test_controllers_and_managers_see_neither_accounts_nor_history_but_auditors_do() -> None:
    ensure_roles()
    private = {"cluster.view_user", "cluster.view_contractevent", "cluster.view_delivery"}
    assert not permissions_of(Role.CONTROLLER) & private
    assert not permissions_of(Role.MANAGER) & private
    assert private <= permissions_of(Role.AUDITOR)
    assert "cluster.view_delayevent" in permissions_of(Role.CONTROLLER)


def test_ensuring_roles_again_takes_back_a_right_given_by_hand() -> None:
    ensure_roles()
    before = permissions_of(Role.AUDITOR)
    Group.objects.get(name=Role.AUDITOR).permissions.add(*Group.objects.get(name=Role.EDITOR).permissions.all())
    ensure_roles()
    assert permissions_of(Role.AUDITOR) == before


def test_a_manager_may_revise_the_own_factory_only() -> None:
    factory = make_factory()
    other = make_factory(factory.contract)
    manager = make_user()
    hold_role(manager, Role.MANAGER, factory=factory)
    require(manager, Action.REVISE_FORECAST, contract=factory.contract_id, factory=factory.pk)
    with pytest.raises(Forbidden):
        require(manager, Action.REVISE_FORECAST, contract=factory.contract_id, factory=other.pk)
    with pytest.raises(Forbidden):
        require(manager, Action.RECORD_PAYMENT, contract=factory.contract_id, factory=factory.pk)


def test_the_same_grant_twice_is_one_and_revoking_it_takes_the_group_away() -> None:
    contract, user, admin = make_contract(), make_user(), make_user(Role.ADMIN)
    first = give_role(person_id=user.pk, role=Role.EDITOR, contract_id=contract.pk, by=admin)
    assert give_role(person_id=user.pk, role=Role.EDITOR, contract_id=contract.pk, by=admin) == first
    assert [group.name for group in user.groups.all()] == ["editor"]
    delete_record(first, by=admin)
    assert not user.groups.exists()
    assert not Membership.objects.filter(user=user).exists()


def test_a_role_that_works_in_the_admin_opens_it_and_others_do_not() -> None:
    for role, opens in ((Role.EDITOR, True), (Role.AUDITOR, True), (Role.ADMIN, True), (Role.CONTROLLER, False), (Role.MANAGER, False)):
        user, factory = make_user(), make_factory()
        hold_role(user, role, factory=factory if role is Role.MANAGER else None)
        user.refresh_from_db()
        assert user.is_staff is opens, role
