"""Kept board reports for programs: listed, filtered, and their bytes as they were made."""

import hashlib
from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from cluster.domain.access import Role
from cluster.models import BoardReport, User
from tests.cluster.api.world import BASE, World
from tests.factories import make_user

pytestmark = pytest.mark.django_db
As = Callable[[User], APIClient]


def test_the_bytes_come_as_they_were_made(world: World, as_: As) -> None:
    report = world.objects["board-reports"]
    assert isinstance(report, BoardReport)
    client = as_(world.user(Role.CONTROLLER))
    answer = client.get(f"{BASE}board-reports/{report.pk}/content/")
    assert answer.content == bytes(report.content.data)
    assert answer["ETag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert client.get(f"{BASE}board-reports/{report.pk}/content/", HTTP_IF_NONE_MATCH=answer["ETag"]).status_code == 304


def test_a_plant_manager_and_a_stranger_see_none(world: World, as_: As) -> None:
    report = world.objects["board-reports"]
    for reader in (world.user(Role.MANAGER), make_user()):
        client = as_(reader)
        assert client.get(f"{BASE}board-reports/{report.pk}/content/").status_code == 404
        assert client.get(f"{BASE}board-reports/").json().get("results", []) == []


def test_are_found_by_contract_language_and_format(world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    code = world.contract.code
    for query, count in ((f"contract={code}&format=html", 1), ("format=pdf", 0), ("language=en", 0), ("language=ru", 1)):
        assert len(client.get(f"{BASE}board-reports/?{query}").json()["results"]) == count, query
