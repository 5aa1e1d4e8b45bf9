"""Milestones, their progress, dependencies and calendar exceptions for programs: rules, preconditions, and who may."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils.timezone import localdate
from rest_framework.test import APIClient

from cluster.domain.access import Role
from cluster.models import CalendarException, Dependency, Milestone
from tests.cluster.api.world import BASE, World, token_client
from tests.factories import make_contract, make_milestone, make_user

pytestmark = pytest.mark.django_db
TOMORROW = (localdate() + timedelta(days=1)).isoformat()


@pytest.fixture
def client(world: World) -> APIClient:
    return token_client(world.user(Role.EDITOR))


def send(client: APIClient, method: str, address: str, body: Any = None, etag: str | None = None) -> Any:
    """A request; with `etag` left out a change names the current state."""
    headers = {"HTTP_IF_MATCH": etag if etag is not None else client.get(address)["ETag"]} if method != "post" or etag else {}
    return getattr(client, method)(address, body, format="json", **headers)


def refusals(answer: Any) -> list[str]:
    return [error["field"] for error in answer.json()["errors"]]


def day(text: str) -> dict[str, str]:
    return {"earliest": text, "latest": text, "precision": "day"}


class TestMilestones:
    def body(self, world: World, **changes: Any) -> dict[str, Any]:
        body = {"contract": world.contract.pk, "factory": world.factory.pk, "code": "P01-EQ", "kind": "equipment", "duration_days": 40}
        return body | {"name": {"ru": "Поставка", "en": "Delivery"}, "reason": "forgotten"} | changes

    def test_a_milestone_is_added_changed_and_deleted(self, world: World, client: APIClient) -> None:
        made = send(client, "post", f"{BASE}milestones/", self.body(world))
        assert made.status_code == 201, made.json()
        assert (made.json()["code"], made.json()["name"]["en"], made.json()["duration_days"]) == ("P01-EQ", "Delivery", 40)
        address = made["Location"]
        assert client.get(address)["ETag"] == made["ETag"]
        changes = {"name": {"en": "Presses delivered"}, "constraint": "FNLT", "constraint_on": "2030-01-31", "factory": None}
        changed = send(client, "patch", address, changes)
        assert changed.status_code == 200, changed.json()
        assert (changed.json()["name"], changed.json()["factory"], changed.json()["duration_days"]) == (
            {"ru": "Поставка", "en": "Presses delivered"},
            None,
            40,
        )
        assert changed.json()["version"] == 2
        assert send(client, "delete", f"{address}?reason=twice", etag=changed["ETag"]).status_code == 204
        assert not Milestone.objects.filter(code="P01-EQ").exists()

    def test_the_same_one_sent_twice_is_one(self, world: World, client: APIClient) -> None:
        first, again = (send(client, "post", f"{BASE}milestones/", self.body(world)) for _twice in range(2))
        assert (first.status_code, again.status_code, first.json()) == (201, 200, again.json())
        other = send(client, "post", f"{BASE}milestones/", self.body(world, duration_days=41))
        assert (other.status_code, refusals(other)) == (400, ["code"])

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"contract": 999_999}, "contract"),
            ({"factory": 999_999}, "factory"),
            ({"factory": "x"}, "factory"),
            ({"code": "a b"}, "code"),
            ({"code": "new"}, "code"),
            ({"code": "X" * 41}, "code"),
            ({"kind": "party"}, "kind"),
            ({"name": {"ru": ""}}, "name.ru"),
            ({"name": "x"}, "name"),
            ({"name": {"ru": "a\u202eb"}}, "name.ru"),
            ({"duration_days": -1}, "duration_days"),
            ({"duration_days": 1.5}, "duration_days"),
            ({"duration_days": 10**30}, "duration_days"),
            ({"duration_days": True}, "duration_days"),
            ({"constraint": "FNLT"}, "constraint_on"),
            ({"constraint_on": "2030-01-01"}, "constraint"),
            ({"constraint": "FNLT", "constraint_on": "2200-01-01"}, "constraint_on"),
            ({"scored": False}, "not_scored.ru"),
            ({"responsible": 999_999}, "responsible"),
            ({"due": "2030"}, "due"),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_is_stored(
        self, world: World, client: APIClient, changes: dict[str, Any], field: str
    ) -> None:
        before = Milestone.objects.count()
        answer = send(client, "post", f"{BASE}milestones/", self.body(world, **changes))
        assert answer.status_code == 400, answer.json()
        assert field in refusals(answer)
        assert Milestone.objects.count() == before

    def test_the_three_durations_change_together(self, world: World, client: APIClient) -> None:
        three = {"optimistic_days": 20, "duration_days": 40, "pessimistic_days": 90}
        address = send(client, "post", f"{BASE}milestones/", self.body(world, **three, risk_cause="frost"))["Location"]
        for changes, field in (({"duration_days": 5}, "optimistic_days"), ({"duration_days": None}, "duration_days")):
            refused = send(client, "patch", address, changes)
            assert (refused.status_code, refusals(refused)) == (400, [field])
        changed = send(client, "patch", address, {"optimistic_days": 3, "duration_days": 5}).json()
        assert [changed[name] for name in (*three, "risk_cause")] == [3, 5, 90, "frost"]

    def test_a_change_needs_the_current_state(self, world: World, client: APIClient) -> None:
        address = world.address("milestones")
        old = client.get(address)["ETag"]
        assert client.patch(address, {"duration_days": 5}, format="json").status_code == 428
        assert send(client, "patch", address, {"duration_days": 5}, old).status_code == 200
        stale = send(client, "patch", address, {"duration_days": 6}, old)
        assert (stale.status_code, stale.json()["current"]["duration_days"]) == (412, 5)
        assert send(client, "delete", address, etag=old).status_code == 412

    def test_what_was_told_keeps_a_milestone(self, world: World, client: APIClient) -> None:
        answer = send(client, "delete", world.address("milestones"))
        assert answer.status_code == 400
        assert "has a date of it" in answer.json()["detail"]

    @pytest.mark.parametrize("role", [Role.ADMIN, Role.MANAGER, Role.CONTROLLER, Role.AUDITOR])
    def test_only_editors_write(self, world: World, role: Role) -> None:
        client = token_client(world.user(role))
        assert send(client, "post", f"{BASE}milestones/", self.body(world)).status_code == 403
        assert send(client, "patch", world.address("milestones"), {"duration_days": 5}).status_code == 403
        assert send(client, "delete", world.address("milestones")).status_code == 403

    def test_strangers_find_nothing(self, world: World) -> None:
        client = token_client(make_user(Role.EDITOR, contract=make_contract()))
        assert send(client, "patch", world.address("milestones"), {"duration_days": 5}, '"1-a"').status_code == 404
        assert refusals(send(client, "post", f"{BASE}milestones/", self.body(world))) == ["contract"]


class TestProgress:
    def tell(self, client: APIClient, world: World, body: dict[str, Any], etag: str | None = None) -> Any:
        address = world.address("milestones")
        return send(client, "post", f"{address}progress/", body, etag or client.get(address)["ETag"])

    def test_a_plant_manager_tells_it_and_corrects_it_with_a_reason(self, world: World) -> None:
        client = token_client(world.user(Role.MANAGER))
        told = self.tell(client, world, {"started_on": "2025-02-03", "actual": day("2025-06-02"), "note": {"ru": "Акт"}})
        assert told.status_code == 200, told.json()
        assert (told.json()["started_on"], told.json()["actual"]["latest"]) == ("2025-02-03", "2025-06-02")
        assert told.json()["actual"]["announced"] == localdate().isoformat()
        assert refusals(self.tell(client, world, {"actual": None})) == ["reason"]
        again = self.tell(client, world, {"actual": None, "reason": "the act was withdrawn"})
        assert (again.json()["actual"], again.json()["started_on"]) == (None, "2025-02-03")

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"actual": day(TOMORROW)}, "actual"),
            ({"actual": day("2025-13-01")}, "actual.earliest"),
            ({"actual": {"earliest": "2025-02-01", "latest": "2025-01-01", "precision": "day"}}, "actual"),
            ({"actual": "2025"}, "actual"),
            ({"started_on": TOMORROW}, "started_on"),
            ({"started_on": "2025-06-03", "actual": day("2025-06-02")}, "started_on"),
            ({"actual": day("2025-06-02"), "announced_on": "2025-06-01"}, "announced_on"),
            ({"actual": day("2025-06-02"), "source": 999_999}, "source"),
            ({"announced_on": "2025-06-01"}, "actual"),
            ({"duration_days": 5}, "duration_days"),
        ],
    )
    def test_what_cannot_be_is_named(self, world: World, client: APIClient, body: dict[str, Any], field: str) -> None:
        answer = self.tell(client, world, body)
        assert answer.status_code == 400, answer.json()
        assert field in refusals(answer)
        assert Milestone.objects.get(pk=world.milestone.pk).version == 1

    def test_it_needs_the_current_state(self, world: World, client: APIClient) -> None:
        old = client.get(world.address("milestones"))["ETag"]
        assert client.post(f"{world.address('milestones')}progress/", {}, format="json").status_code == 428
        assert self.tell(client, world, {"started_on": "2025-02-03"}, old).status_code == 200
        assert self.tell(client, world, {"started_on": "2025-02-04", "reason": "x"}, old).status_code == 412

    def test_who_only_reads_tells_nothing(self, world: World) -> None:
        for role in (Role.CONTROLLER, Role.AUDITOR, Role.ADMIN):
            assert self.tell(token_client(world.user(role)), world, {"started_on": "2025-02-03"}).status_code == 403


class TestDependencies:
    def test_a_link_is_added_changed_and_taken_away(self, world: World, client: APIClient) -> None:
        first = make_milestone(world.factory, code="P01-EQ")
        body = {"predecessor": first.pk, "successor": world.milestone.pk, "type": "SS", "lag_days": -5}
        made, again = (send(client, "post", f"{BASE}dependencies/", body) for _twice in range(2))
        assert (made.status_code, again.status_code) == (201, 200), made.json()
        assert made.json() == again.json() == client.get(made["Location"]).json()
        address, old = made["Location"], made["ETag"]
        assert send(client, "patch", address, {"lag_days": 7}, old).json()["lag_days"] == 7
        stale = send(client, "patch", address, {"type": "FF"}, old)
        assert (stale.status_code, stale.json()["current"]["lag_days"]) == (412, 7)
        assert send(client, "patch", address, {"type": "FF"}).json()["lag_days"] == 7
        assert client.delete(address).status_code == 428
        assert send(client, "delete", f"{address}?reason=wrong", etag=client.get(address)["ETag"]).status_code == 204
        assert not Dependency.objects.filter(predecessor=first).exists()

    def test_what_is_wrong_is_named(self, world: World, client: APIClient) -> None:
        first, stranger = make_milestone(world.factory, code="P01-EQ"), make_milestone()
        body = {"predecessor": first.pk, "successor": world.milestone.pk}
        assert send(client, "post", f"{BASE}dependencies/", body).status_code == 201
        other_way = {"predecessor": world.milestone.pk, "successor": first.pk}
        for changes, field, said in (
            ({"lag_days": 3}, "predecessor", "already"),
            (other_way, "predecessor", "P01-OPEN → P01-EQ → P01-OPEN"),
            ({"predecessor": world.milestone.pk}, "predecessor", "wait for itself"),
            ({"predecessor": stranger.pk}, "predecessor", "no such milestone"),
            ({"successor": 2**62}, "successor", "no such milestone"),
            ({"lag_days": 2501}, "lag_days", ""),
            ({"lag_days": "1_0"}, "lag_days", ""),
            ({"type": "XX"}, "type", ""),
            ({"color": "red"}, "color", ""),
        ):
            answer = client.post(f"{BASE}dependencies/", body | changes, format="json")
            assert answer.status_code == 400, changes
            assert said in answer.json()["detail"], changes
            assert field in refusals(answer) if "errors" in answer.json() else said == ""
        assert Dependency.objects.filter(predecessor__in=[first, world.milestone]).count() == 1

    def test_a_milestone_of_another_contract_is_refused_even_where_one_sees_both(self, world: World) -> None:
        client = token_client(make_user(Role.EDITOR))
        answer = send(client, "post", f"{BASE}dependencies/", {"predecessor": make_milestone().pk, "successor": world.milestone.pk})
        assert (answer.status_code, refusals(answer)) == (400, ["predecessor"])

    @pytest.mark.parametrize("role", [Role.ADMIN, Role.MANAGER, Role.CONTROLLER, Role.AUDITOR])
    def test_only_editors_write(self, world: World, role: Role) -> None:
        client, address = token_client(world.user(role)), world.address("dependencies")
        assert send(client, "patch", address, {"lag_days": 9}).status_code == 403
        assert send(client, "delete", address).status_code == 403
        first = make_milestone(world.factory)
        body = {"predecessor": first.pk, "successor": world.milestone.pk}
        assert send(client, "post", f"{BASE}dependencies/", body).status_code == 403


class TestCalendar:
    def body(self, world: World, **changes: Any) -> dict[str, Any]:
        return {"contract": world.contract.pk, "factory": world.factory.pk, "day": "2026-02-21", "works": True, "reason": "shift"} | changes

    def test_a_day_is_added_changed_and_taken_away(self, world: World, client: APIClient) -> None:
        made, again = (send(client, "post", f"{BASE}calendar-exceptions/", self.body(world)) for _twice in range(2))
        assert (made.status_code, again.status_code) == (201, 200), made.json()
        assert refusals(send(client, "patch", made["Location"], {"works": False})) == ["works"]
        assert made.json() == again.json() == client.get(made["Location"]).json()
        changed = send(client, "patch", made["Location"], {"reason": "second shift"})
        assert (changed.json()["reason"], changed.json()["works"]) == ("second shift", True)
        assert send(client, "patch", made["Location"], {"reason": "third"}, made["ETag"]).status_code == 412
        assert send(client, "delete", made["Location"]).status_code == 204
        assert not CalendarException.objects.filter(day=date(2026, 2, 21)).exists()

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"works": False}, "day"),
            ({"day": "2026-02-20"}, "day"),
            ({"day": "21.02.2026"}, "day"),
            ({"day": "2200-02-20"}, "day"),
            ({"day": None}, "day"),
            ({"reason": " "}, "reason"),
            ({"works": "maybe"}, "works"),
            ({"factory": 999_999}, "factory"),
            ({"contract": 999_999}, "contract"),
        ],
    )
    def test_what_is_wrong_is_named(self, world: World, client: APIClient, changes: dict[str, Any], field: str) -> None:
        answer = send(client, "post", f"{BASE}calendar-exceptions/", self.body(world, **changes))
        assert answer.status_code == 400, answer.json()
        assert field in refusals(answer)

    @pytest.mark.parametrize("role", [Role.ADMIN, Role.MANAGER, Role.CONTROLLER, Role.AUDITOR])
    def test_only_editors_write(self, world: World, role: Role) -> None:
        client, address = token_client(world.user(role)), world.address("calendar-exceptions")
        assert send(client, "post", f"{BASE}calendar-exceptions/", self.body(world)).status_code == 403
        assert send(client, "patch", address, {"reason": "x"}).status_code == 403
        assert send(client, "delete", address).status_code == 403
