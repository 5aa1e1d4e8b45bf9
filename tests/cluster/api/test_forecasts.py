"""POST /milestones/{id}/forecast-revisions/: the precondition, the rules, who may, and one request one revision."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from rest_framework.test import APIClient

from cluster.domain.access import Role
from cluster.models import ForecastRevision, User
from tests.cluster.api.world import BASE, World, build_world, token_client
from tests.factories import make_contract, make_user

As = Callable[[User], APIClient]


def body(**fields: Any) -> dict[str, Any]:
    """A revision to the end of next year."""
    year = timezone.localdate().year + 1
    new = {"earliest": f"{year}-01-01", "latest": f"{year}-12-31", "precision": "year"}
    return {"new": new, "reason": "permit", "note": "The permit is late."} | fields


def address(world: World) -> str:
    return world.address("milestones") + "forecast-revisions/"


def post(client: APIClient, world: World, data: dict[str, Any] | None = None, **headers: Any) -> Any:
    """Send the revision with the milestone's current ETag unless another is given."""
    if "HTTP_IF_MATCH" not in headers:
        headers["HTTP_IF_MATCH"] = client.get(world.address("milestones"))["ETag"]
    return client.post(address(world), data or body(), format="json", **headers)


def test_a_revision_is_created_with_its_address_and_moves_the_forecast(world: World, as_: As) -> None:
    editor = world.user(Role.EDITOR)
    client = as_(editor)
    response = post(client, world)
    assert response.status_code == 201
    made = client.get(response["Location"])
    assert made.json() == response.json()
    assert made["ETag"] == response["ETag"]
    assert made.json()["old"]["latest"] == "2024-12-31"
    assert made.json()["recorded_by"]["id"] == editor.pk
    assert client.get(world.address("milestones")).json()["forecast"]["latest"] == body()["new"]["latest"]


def test_without_if_match_the_answer_is_428_with_the_milestone(world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    response = client.post(address(world), body(), format="json")
    assert response.status_code == 428
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["current"]["code"] == "P01-OPEN"
    assert response["ETag"] == client.get(world.address("milestones"))["ETag"]


def test_the_second_of_two_people_gets_412_with_what_stands_there_now(world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    seen = client.get(world.address("milestones"))["ETag"]
    assert post(client, world, HTTP_IF_MATCH=seen).status_code == 201
    other = body(new={"earliest": "2099-01-01", "latest": "2099-12-31", "precision": "year"})
    stale = post(client, world, other, HTTP_IF_MATCH=seen)
    assert stale.status_code == 412
    assert stale.json()["current"]["version"] == 2
    assert stale.json()["current"]["forecast"]["latest"] == body()["new"]["latest"]
    assert post(client, world, other, HTTP_IF_MATCH=stale["ETag"]).status_code == 201


@pytest.mark.parametrize("tag", ['"another"', 'W/"1-abc"', '"999-abc"', '"'])
def test_an_etag_that_is_not_the_current_one_changes_nothing(tag: str, world: World, as_: As) -> None:
    response = post(as_(world.user(Role.EDITOR)), world, HTTP_IF_MATCH=tag)
    assert response.status_code == (400 if tag == '"' else 412)
    assert ForecastRevision.objects.count() == 1


def test_days_that_pass_do_not_make_what_was_seen_stale(world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    earlier = client.get(world.address("milestones"), {"as_of": "2024-04-20"})["ETag"]
    assert earlier != client.get(world.address("milestones"))["ETag"]
    assert post(client, world, HTTP_IF_MATCH=earlier).status_code == 201


def test_the_same_key_twice_is_one_revision(world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    seen, key = client.get(world.address("milestones"))["ETag"], str(uuid.uuid4())
    first = post(client, world, HTTP_IF_MATCH=seen, HTTP_IDEMPOTENCY_KEY=key)
    again = post(client, world, HTTP_IF_MATCH=seen, HTTP_IDEMPOTENCY_KEY=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert ForecastRevision.objects.count() == 2


def test_the_same_key_for_something_else_is_refused(world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    key = str(uuid.uuid4())
    assert post(client, world, HTTP_IDEMPOTENCY_KEY=key).status_code == 201
    other = body(new={"earliest": "2099-01-01", "latest": "2099-12-31", "precision": "year"})
    assert post(client, world, other, HTTP_IDEMPOTENCY_KEY=key).status_code == 422
    assert post(client, world, body(reason="partner"), HTTP_IDEMPOTENCY_KEY=key).status_code == 422
    assert ForecastRevision.objects.count() == 2


def test_a_key_that_another_person_used_is_refused_and_tells_nothing(world: World, as_: As) -> None:
    key = str(uuid.uuid4())
    assert post(as_(world.user(Role.EDITOR)), world, HTTP_IDEMPOTENCY_KEY=key).status_code == 201
    answer = post(as_(world.user(Role.EDITOR)), world, HTTP_IDEMPOTENCY_KEY=key)
    assert answer.status_code == 422
    assert "The permit is late." not in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_threads_with_one_key_make_one_revision() -> None:
    world = build_world()
    client = token_client(world.user(Role.EDITOR))
    seen, key = client.get(world.address("milestones"))["ETag"], str(uuid.uuid4())
    answers: list[tuple[int, Any]] = []
    gate = threading.Barrier(2)

    def send() -> None:
        try:
            gate.wait()
            response = post(client, world, HTTP_IF_MATCH=seen, HTTP_IDEMPOTENCY_KEY=key)
            answers.append((response.status_code, response.json()["id"]))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for status, _id in answers} <= {200, 201}
    assert len({made for _status, made in answers}) == 1
    assert ForecastRevision.objects.count() == 2


@pytest.mark.parametrize(
    ("role", "status"), [(Role.EDITOR, 201), (Role.MANAGER, 201), (Role.ADMIN, 403), (Role.CONTROLLER, 403), (Role.AUDITOR, 403)]
)
def test_who_may_revise_a_forecast(role: Role, status: int, world: World, as_: As) -> None:
    assert post(as_(world.user(role)), world).status_code == status


def test_outsiders_cannot_tell_that_the_milestone_exists(world: World, as_: As) -> None:
    for user in (make_user(), make_user(Role.EDITOR, contract=make_contract())):
        assert post(as_(user), world, HTTP_IF_MATCH='"1-a"').status_code == 404
    assert APIClient().post(address(world), body(), format="json").status_code == 401


def test_a_read_only_token_may_not_write(world: World) -> None:
    client = token_client(world.user(Role.EDITOR), may_write=False)
    response = post(client, world)
    assert response.status_code == 403
    assert response.json()["detail"] == "This token may only read."


def test_a_session_writes_only_with_its_csrf_token(world: World) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(world.user(Role.EDITOR))
    assert post(client, world).status_code == 403
    page = client.get(f"{BASE}docs/?script=").content.decode()
    csrf = page.split('request.headers["X-CSRFTOKEN"] = "')[1].split('"')[0]
    assert post(client, world, HTTP_X_CSRFTOKEN=csrf).status_code == 201


def test_the_history_names_the_person_behind_the_token(world: World, as_: As) -> None:
    editor = world.user(Role.EDITOR)
    post(as_(editor), world)
    event = ForecastRevision.objects.latest("id").history.latest("pgh_id")  # type: ignore[attr-defined]
    assert event.pgh_context.metadata["user"] == editor.pk
    assert event.pgh_context.metadata["reason"] == "permit"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"reason": "weather"}, "reason"),
        ({"new": {"earliest": "2030-01-01"}}, "new.latest"),
        ({"new": {"earliest": "2030-12-31", "latest": "2030-01-01", "precision": "year"}}, "new"),
        ({"new": {"earliest": "2030-01-01", "latest": "2030-12-31", "precision": "decade"}}, "new.precision"),
        ({"new": {"earliest": "2020-01-01", "latest": "2020-12-31", "precision": "year"}}, "new"),
        ({"new": {"earliest": "2030-01-01", "latest": "2030-12-31", "precision": "year", "late": 1}}, "new.late"),
        ({"new": "2030"}, "new"),
        ({"new": None}, "new"),
        ({"note": "a\u202eb"}, "note"),
        ({"note": "a\x00b"}, "note"),
        ({"source": 10**30}, "source"),
        ({"source": 999_999}, "source"),
        ({"forecast": "2030"}, "forecast"),
        ({"announced": {"earliest": "2999-01-01", "latest": "2999-01-01", "precision": "day"}}, "announced"),
        ({"document": "x" * 301}, "document"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(fields: dict[str, Any], named: str, world: World, as_: As) -> None:
    response = post(as_(world.user(Role.EDITOR)), world, body(**fields))
    assert response.status_code == 400, response.json()
    assert named in [error["field"] for error in response.json()["errors"]]
    assert ForecastRevision.objects.count() == 1


def test_a_reached_milestone_has_nothing_left_to_forecast(world: World, as_: As) -> None:
    today = timezone.localdate()
    world.milestone.actual_earliest = world.milestone.actual_latest = today - timedelta(days=1)
    world.milestone.actual_precision, world.milestone.actual_announced_on = "day", today
    world.milestone.save()
    response = post(as_(world.user(Role.EDITOR)), world)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "reached")
