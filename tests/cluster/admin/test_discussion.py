"""Comments and attachments in the admin: read, never changed, withdrawn through the service."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cluster.domain.access import Role
from cluster.models import Attachment, Comment, Factory, User
from cluster.queries.discussion import subject_of
from cluster.services.access import ensure_roles
from cluster.services.discussion import add_attachment, add_comment
from tests.cluster.evidence import PDF
from tests.factories import hold_role, make_factory, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def factory() -> Factory:
    ensure_roles()
    return make_factory()


@pytest.fixture
def author(factory: Factory) -> User:
    """A plant manager who said something and attached a file."""
    author = make_user(Role.MANAGER, factory=factory)
    add_comment(subject_of(factory), text="A slip of the pen", by=author)
    add_attachment(subject_of(factory), name="act.pdf", data=PDF, by=author)
    return author


def enter(client: Client, role: Role, factory: Factory) -> Client:
    user = make_user(is_staff=True)
    hold_role(user, role, contract=factory.contract)
    client.force_login(user)
    return client


def withdraw(client: Client, model: type[Any]) -> Any:
    rows = list(model.objects.values_list("pk", flat=True))
    address = reverse(f"admin:cluster_{model._meta.model_name}_changelist")
    return client.post(address, {"action": "withdraw", "_selected_action": rows}, follow=True)


@pytest.mark.parametrize("model", [Comment, Attachment])
class TestBoth:
    def test_nobody_adds_changes_or_deletes_one_here(self, model: type[Any], client: Client, factory: Factory, author: User) -> None:
        enter(client, Role.EDITOR, factory)
        name, row = model._meta.model_name, model.objects.get()
        assert client.get(reverse(f"admin:cluster_{name}_add")).status_code == 403
        assert client.post(reverse(f"admin:cluster_{name}_change", args=[row.pk]), {"text": "x", "name": "x"}).status_code == 403
        assert client.post(reverse(f"admin:cluster_{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
        assert model.objects.get().withdrawn_at is None

    def test_an_editor_withdraws_the_chosen_ones(self, model: type[Any], client: Client, factory: Factory, author: User) -> None:
        assert withdraw(enter(client, Role.EDITOR, factory), model).status_code == 200
        assert model.objects.get().withdrawn_at is not None

    def test_an_auditor_is_refused_by_the_service(self, model: type[Any], client: Client, factory: Factory, author: User) -> None:
        answer = withdraw(enter(client, Role.AUDITOR, factory), model)
        assert answer.status_code == 200
        assert model.objects.get().withdrawn_at is None


def test_a_file_is_reached_from_its_page(client: Client, factory: Factory, author: User) -> None:
    enter(client, Role.AUDITOR, factory)
    row = Attachment.objects.get()
    page = client.get(reverse("admin:cluster_attachment_change", args=[row.pk])).content.decode()
    address = reverse("cluster:attachment", args=[factory.contract.code, row.pk])
    assert f'href="{address}"' in page
    assert client.get(address).content == PDF
