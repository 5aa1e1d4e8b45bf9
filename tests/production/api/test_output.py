"""POST /outputs/: the first figure of a period, and the one that takes its place."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from cluster.domain.access import Role
from cluster.models import User
from production.models import Output
from tests.cluster.api.world import BASE, World
from tests.factories import make_contract, make_factory, make_user

As = Callable[[User], APIClient]
ADDRESS = f"{BASE}outputs/"


def body(world: World, **fields: Any) -> dict[str, Any]:
    """The whole output of 2023."""
    return {"contract": world.contract.pk, "year": 2023, "quantity": 72_000, "document": "Report 12"} | fields


def test_the_first_figure_of_a_period_needs_no_precondition(world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    response = client.post(ADDRESS, body(world), format="json")
    assert response.status_code == 201
    assert client.get(response["Location"]).json() == response.json()
    assert response.json()["in_use"] is True
    assert response.json()["source"]["title"]["ru"] == "Report 12"


def test_a_second_figure_names_the_one_it_replaces_by_its_etag(world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    first = client.post(ADDRESS, body(world), format="json")
    blind = client.post(ADDRESS, body(world, quantity=1), format="json")
    assert blind.status_code == 428
    assert blind.json()["current"]["quantity"] == 72_000
    second = client.post(ADDRESS, body(world, quantity=75_000), format="json", HTTP_IF_MATCH=blind["ETag"])
    assert second.status_code == 201
    stale = client.post(ADDRESS, body(world, quantity=2), format="json", HTTP_IF_MATCH=first["ETag"])
    assert stale.status_code == 412
    assert stale.json()["current"]["quantity"] == 75_000
    figures = client.get(ADDRESS, {"year": "2023"}).json()["results"]
    assert {(figure["quantity"], figure["in_use"]) for figure in figures} == {(72_000, False), (75_000, True)}


def test_a_precondition_for_a_figure_that_is_not_there_fails(world: World, as_: As) -> None:
    response = as_(world.user(Role.EDITOR)).post(ADDRESS, body(world), format="json", HTTP_IF_MATCH="*")
    assert response.status_code == 412
    assert "current" not in response.json()
    assert not Output.objects.filter(year=2023).exists()


def test_the_same_key_twice_is_one_figure_and_another_body_is_refused(world: World, as_: As) -> None:
    client, key = as_(world.user(Role.EDITOR)), str(uuid.uuid4())
    statuses = [client.post(ADDRESS, body(world), format="json", HTTP_IDEMPOTENCY_KEY=key).status_code for _ in range(2)]
    assert statuses == [201, 200]
    for fields in ({"quantity": 5}, {"factory": world.factory.pk}, {"unit": "engines"}):
        response = client.post(ADDRESS, body(world, **fields), format="json", HTTP_IDEMPOTENCY_KEY=key)
        assert response.status_code == 422, fields
    assert Output.objects.filter(year=2023).count() == 1


@pytest.mark.parametrize(
    ("role", "status"), [(Role.EDITOR, 201), (Role.MANAGER, 201), (Role.ADMIN, 403), (Role.CONTROLLER, 403), (Role.AUDITOR, 403)]
)
def test_who_may_record_output_of_a_plant(role: Role, status: int, world: World, as_: As) -> None:
    data = body(world, factory=world.factory.pk)
    assert as_(world.user(role)).post(ADDRESS, data, format="json").status_code == status


def test_a_plant_manager_records_for_no_other_plant(world: World, as_: As) -> None:
    other = make_factory(world.contract, code="P02")
    client = as_(world.user(Role.MANAGER))
    assert client.post(ADDRESS, body(world, factory=other.pk), format="json").status_code == 403
    assert client.post(ADDRESS, body(world), format="json").status_code == 403


def test_to_an_outsider_the_contract_is_not_there(world: World, as_: As) -> None:
    client = as_(make_user(Role.EDITOR, contract=make_contract()))
    foreign = client.post(ADDRESS, body(world), format="json")
    absent = client.post(ADDRESS, body(world, contract=999_999), format="json")
    assert foreign.status_code == absent.status_code == 400
    assert foreign.json() == absent.json()


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"quantity": -1}, "quantity"),
        ({"quantity": 10**30}, "quantity"),
        ({"quantity": 1.5}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"month": 13}, "month"),
        ({"year": 1800}, "year"),
        ({"year": 2100}, "year"),
        ({"document": ""}, "source"),
        ({"brand": 999_999}, "brand"),
        ({"vehicle_model": 999_999}, "vehicle_model"),
        ({"segment": "tank"}, "segment"),
        ({"unit": "a\x00"}, "unit"),
        ({"in_use": True}, "in_use"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(fields: dict[str, Any], named: str, world: World, as_: As) -> None:
    response = as_(world.user(Role.EDITOR)).post(ADDRESS, body(world, **fields), format="json")
    assert response.status_code == 400, response.json()
    assert named in [error["field"] for error in response.json()["errors"]]
    assert Output.objects.count() == 1
