"""GET /contracts/{id}/money/ and /factories/{id}/money/: the figures of the money pages, for programs."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from cluster.api import money
from cluster.api.examples import examples_in
from cluster.domain.access import Role
from cluster.services.access import ensure_roles
from tests.cluster.api.world import BASE, token_client
from tests.cluster.purse import AS_OF, Purse, convert, make_purse
from tests.factories import make_user

STATEMENTS = 20


@pytest.fixture
def purse(db: None) -> Purse:
    return make_purse()


def get(purse: Purse, path: str, who: str = "editor", **query: str) -> Any:
    return token_client(purse.place.person(who)).get(f"{BASE}{path}", {"as_of": AS_OF} | query)


def test_a_contract_is_named_by_its_id_or_its_code(purse: Purse) -> None:
    by_code, by_id = get(purse, "contracts/alpha/money/"), get(purse, f"contracts/{purse.place.contract.pk}/money/")
    assert by_code.status_code == 200
    assert by_code.json() == by_id.json()
    assert get(purse, "contracts/alpha/overview/").status_code == 200
    assert get(purse, "contracts/beta/money/").status_code == 404


def test_every_amount_is_a_decimal_string_with_its_currency_and_its_bases(purse: Purse) -> None:
    found = get(purse, "contracts/alpha/money/").json()
    total = found["total"]
    assert total["budget"]["amount"] == {"value": "3982083333.34", "currency": "RUB"}
    assert total["budget"]["bases"] == ["contract"]
    assert total["budget"]["at"]["contract"] == total["budget"]["usd"]
    assert total["budget"]["at"]["payment"] is None
    assert total["paid"]["at"]["payment"] == total["paid"]["usd"]
    assert total["outlook"]["bases"] == ["payment", "reporting"]
    assert (total["fx_effect"]["amount"], total["fx_effect"]["usd"]["currency"]) == (None, "USD")
    assert found["reporting_rate"]["value"] == "78.7135"
    assert (found["method"], found["as_of"], found["groups"]) == (money.METHOD, AS_OF, [])
    assert found["baseline"]["name"]["en"] == "Plan 2025"


@pytest.mark.parametrize("by", ["factory", "category", "funding", "month", "year", "factory,category", "category,funding,month"])
def test_groups_sum_to_the_total(purse: Purse, by: str) -> None:
    found = get(purse, "contracts/alpha/money/", group_by=by).json()
    assert found["groups"]
    assert all(set(by.split(",")) <= set(group) for group in found["groups"])
    for figure in ("budget", "paid", "remaining", "outlook", "real_effect", "fx_effect"):
        for part in ("amount", "usd"):
            whole = found["total"][figure][part]
            parts = [Decimal(group[figure][part]["value"]) for group in found["groups"] if group[figure][part]]
            assert sum(parts) == (Decimal(whole["value"]) if whole else 0), (figure, part)


def test_what_was_not_published_is_null_and_not_zero(purse: Purse) -> None:
    found = get(purse, f"factories/{purse.unbudgeted.pk}/money/", group_by="category").json()
    assert found["factory"]["code"] == "F03"
    assert found["total"]["paid"]["amount"]["value"] == "55555.55"
    assert [found["total"][name]["amount"] for name in ("budget", "remaining", "outlook", "real_effect")] == [None] * 4
    assert found["groups"][0]["committed"] == {"amount": None, "usd": None, "bases": ["payment"], "stale": False, "converted_anew": 0}


@pytest.mark.parametrize("by", ["steel", "factory,factory", "factory,", "Factory"])
def test_a_grouping_that_does_not_exist_is_named(purse: Purse, by: str) -> None:
    response = get(purse, "contracts/alpha/money/", group_by=by)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "group_by")


def test_outsiders_do_not_find_it_and_a_manager_sees_the_own_plant(purse: Purse) -> None:
    for who in ("outsider", "nobody"):
        assert get(purse, "contracts/alpha/money/", who).status_code == 404
    assert APIClient().get(f"{BASE}contracts/alpha/money/").status_code == 401
    groups = get(purse, "contracts/alpha/money/", "own", group_by="factory").json()["groups"]
    assert [group["factory"]["code"] for group in groups] == ["F01"]
    assert get(purse, f"factories/{purse.place.other.pk}/money/", "own").status_code == 404


def without_ids(value: Any) -> Any:
    """Without what differs from one installation to the next."""
    if isinstance(value, dict):
        return {key: without_ids(inner) for key, inner in value.items() if key != "id"}
    return [without_ids(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.django_db
def test_the_example_is_what_the_api_gives_for_the_public_record() -> None:
    ensure_roles()
    call_command("load_public_record", verbosity=0)
    convert()
    example = examples_in(Path(money.__file__).parent)["OutlookSerializer"]
    client = token_client(make_user(Role.AUDITOR))
    given = client.get(f"{BASE}contracts/avtotor/money/", {"as_of": example["as_of"], "group_by": "factory"}).json()
    assert without_ids(given) == without_ids(example)


def test_the_number_of_statements_is_bounded(purse: Purse, django_assert_max_num_queries: Any) -> None:
    client = token_client(purse.place.person("editor"))
    with django_assert_max_num_queries(STATEMENTS):
        assert client.get(f"{BASE}contracts/alpha/money/", {"as_of": AS_OF, "group_by": "factory,month"}).status_code == 200
