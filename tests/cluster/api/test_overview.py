"""GET /contracts/{id}/overview/: the figures of the cluster page, for programs."""

from collections.abc import Callable
from typing import Any

from django.core.management import call_command
from rest_framework.test import APIClient

from cluster.domain.access import Role
from cluster.models import Contract, User
from cluster.services.access import ensure_roles
from tests.cluster.api.world import BASE, World, token_client
from tests.factories import make_contract, make_user

As = Callable[[User], APIClient]


def test_it_tells_what_the_public_record_says_as_of_a_day(db: None, django_assert_max_num_queries: Any) -> None:
    ensure_roles()
    call_command("load_public_record", verbosity=0)
    client = token_client(make_user(Role.AUDITOR))
    address = f"{BASE}contracts/{Contract.objects.get(code='avtotor').pk}/overview/"
    with django_assert_max_num_queries(12):
        found = client.get(address, {"as_of": "2026-02-01"}).json()
    assert (found["planned_factories"], found["opened_factories"]) == (12, 7)
    assert found["committed"]["amount"] == {"value": "70000000000.00", "currency": "RUB"}
    assert found["committed"]["qualifier"] == "more_than"
    late = {row["code"]: row["late_days"] for row in found["late"]}
    assert {"P01": 761, "P05": 305, "F01-OPEN": 241, "F02-OPEN": 395}.items() <= late.items()
    assert client.get(address, {"as_of": "2024-08-31"}).json()["opened_factories"] == 1


def test_what_is_not_published_is_null_and_not_zero(world: World, as_: As) -> None:
    found = as_(world.user(Role.EDITOR)).get(f"{world.address('contracts')}overview/").json()
    assert found["committed"] is None
    assert found["not_allocated"] is None
    assert found["planned_factories"] is None
    assert found["allocated"]["value"] == "8900000000.00"
    assert found["paid"]["value"] == "100.50"


def test_outsiders_do_not_find_it_and_a_manager_sees_the_own_plant(world: World, as_: As) -> None:
    address = f"{world.address('contracts')}overview/"
    assert as_(make_user(Role.EDITOR, contract=make_contract())).get(address).status_code == 404
    assert APIClient().get(address).status_code == 401
    assert [row["code"] for row in as_(world.user(Role.MANAGER)).get(address).json()["factories"]] == ["P01"]


def test_a_wrong_parameter_is_named(world: World, as_: As) -> None:
    response = as_(world.user(Role.EDITOR)).get(f"{world.address('contracts')}overview/", {"page": "1"})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "page")
