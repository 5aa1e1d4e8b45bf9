"""The computed figures on the admin pages of a contract and a factory."""

import pytest
from django.urls import reverse

from cluster.domain.access import Role
from cluster.models import Contract, Factory
from cluster.services.access import ensure_roles
from tests.cluster.purse import Purse, make_purse
from tests.cluster.web.place import words
from tests.factories import make_user


@pytest.fixture
def purse(db: None) -> Purse:
    ensure_roles()
    return make_purse()


@pytest.mark.parametrize("model", ["contract", "factory"])
def test_budget_paid_and_outlook_are_shown_and_lead_to_their_page(purse: Purse, model: str) -> None:
    client = purse.place.client()
    client.force_login(make_user(Role.EDITOR, is_staff=True))
    record: Contract | Factory = purse.place.contract if model == "contract" else purse.place.factory
    response = client.get(reverse(f"admin:cluster_{model}_change", args=[record.pk]))
    assert response.status_code == 200
    text = words(response)
    paid = "₽3,933,433.92" if model == "contract" else "₽3,100,100.60"
    assert f"paid, at the payment basis: {paid} = $" in text
    assert "outlook, payments at their own rates" in text
    end = "money/" if model == "contract" else "factories/F01/money/"
    assert f'href="/c/alpha/{end}"' in response.content.decode()


def test_a_new_factory_has_no_figures_yet(purse: Purse) -> None:
    client = purse.place.client()
    client.force_login(make_user(Role.EDITOR, is_staff=True))
    response = client.get(reverse("admin:cluster_factory_add"))
    assert response.status_code == 200
    assert "figures today" not in words(response).lower()
