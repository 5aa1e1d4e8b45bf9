"""Roles are shown and chosen by their names in the reader's language."""

import pytest
from django.test import Client
from django.urls import reverse

from cluster.domain.access import Role
from cluster.models import Membership
from cluster.services.access import ensure_roles
from tests.cluster.web.reading import words
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_client(client: Client) -> Client:
    """The first administrator, reading Russian, beside an auditor of everything."""
    ensure_roles()
    make_user(Role.AUDITOR, username="inspector")
    client.force_login(make_user(is_superuser=True, is_staff=True))
    client.cookies["django_language"] = "ru"
    return client


def test_the_list_of_memberships_names_and_filters_roles(admin_client: Client) -> None:
    page = words(admin_client.get(reverse("admin:cluster_membership_changelist")))
    assert "редактор проектного офиса" in page
    assert "auditor" not in page
    for role, found in ((Role.AUDITOR, True), (Role.EDITOR, False)):
        page = words(admin_client.get(reverse("admin:cluster_membership_changelist"), {"group__name": role.value}))
        assert ("inspector" in page) is found


def test_a_role_is_chosen_by_its_name(admin_client: Client) -> None:
    page = words(admin_client.get(reverse("admin:cluster_membership_add")))
    assert "редактор проектного офиса" in page
    assert "editor" not in page


def test_an_account_lists_its_roles_by_name(admin_client: Client) -> None:
    user = Membership.objects.get(user__username="inspector").user
    page = words(admin_client.get(reverse("admin:cluster_user_change", args=[user.pk])))
    assert "аудитор" in page


def test_the_groups_behind_the_roles_bear_their_names(admin_client: Client) -> None:
    page = words(admin_client.get(reverse("admin:auth_group_changelist")))
    assert "редактор проектного офиса" in page
