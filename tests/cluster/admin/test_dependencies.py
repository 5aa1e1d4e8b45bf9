"""Dependencies in the admin: linked, taken away, and no circle."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cluster.domain.access import Role
from cluster.models import Dependency
from cluster.services.access import ensure_roles
from tests.factories import hold_role, make_factory, make_milestone, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def enter(client: Client) -> Callable[[Role], Client]:
    ensure_roles()

    def as_role(role: Role) -> Client:
        user = make_user(is_staff=True, language="en")
        hold_role(user, role)
        client.force_login(user)
        client.cookies["django_language"] = "en"
        return client

    return as_role


def test_an_editor_links_two_milestones_and_takes_the_link_away(enter: Any) -> None:
    factory = make_factory()
    first, waiting = make_milestone(factory), make_milestone(factory)
    client = enter(Role.EDITOR)
    posted = {"predecessor": first.pk, "successor": waiting.pk, "type": "FS", "lag_days": "5", "change_reason": ""}
    assert client.post(reverse("admin:cluster_dependency_add"), posted).status_code == 302
    link = Dependency.objects.get()
    assert (link.predecessor, link.lag_days) == (first, 5)
    assert client.post(reverse("admin:cluster_dependency_delete", args=[link.pk]), {"post": "yes"}).status_code == 302
    assert not Dependency.objects.exists()


def test_a_circle_is_an_error_of_the_form_that_names_its_members(enter: Any) -> None:
    factory = make_factory()
    first, waiting = make_milestone(factory, code="M-A"), make_milestone(factory, code="M-B")
    Dependency.objects.create(predecessor=first, successor=waiting)
    posted = {"predecessor": waiting.pk, "successor": first.pk, "type": "FS", "lag_days": "0", "change_reason": ""}
    response = enter(Role.EDITOR).post(reverse("admin:cluster_dependency_add"), posted)
    assert response.status_code == 200
    assert "M-B → M-A → M-B" in response.content.decode()
    assert Dependency.objects.count() == 1


def test_a_link_stays_in_its_contract(enter: Any) -> None:
    factory = make_factory()
    link = Dependency.objects.create(predecessor=make_milestone(factory), successor=make_milestone(factory))
    stranger = make_milestone()
    client = enter(Role.EDITOR)
    posted = {"predecessor": stranger.pk, "successor": link.successor_id, "type": "FS", "lag_days": "0", "change_reason": ""}
    response = client.post(reverse("admin:cluster_dependency_change", args=[link.pk]), posted)
    assert "predecessor" in response.context["adminform"].form.errors
    response = client.post(reverse("admin:cluster_dependency_add"), posted)
    assert "another contract" in str(response.context["adminform"].form.errors)


def test_who_only_reads_neither_adds_nor_takes_away(enter: Any) -> None:
    factory = make_factory()
    link = Dependency.objects.create(predecessor=make_milestone(factory), successor=make_milestone(factory))
    client = enter(Role.AUDITOR)
    assert client.get(reverse("admin:cluster_dependency_change", args=[link.pk])).status_code == 200
    assert client.get(reverse("admin:cluster_dependency_add")).status_code == 403
    assert client.post(reverse("admin:cluster_dependency_delete", args=[link.pk]), {"post": "yes"}).status_code == 403
