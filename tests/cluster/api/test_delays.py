"""Delay flags and events for programs: what each is about, and acknowledging one."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from cluster.domain.access import Role
from cluster.models import DelayEvent, DelayFlag, User
from tests.cluster.api.world import BASE, World
from tests.factories import make_contract, make_user

pytestmark = pytest.mark.django_db
As = Callable[[User], APIClient]
SAID = {"reason": "The press arrives in May.", "until": "2099-01-31"}


def of_factory(world: World, **fields: Any) -> DelayFlag:
    given: dict[str, Any] = {"kind": "over_budget", "severity": "major", "since": date(2024, 4, 1), "opened_on": date(2024, 4, 1)}
    given |= {"contract": world.contract, "factory": world.factory, "subject_id": world.factory.pk}
    return DelayFlag.objects.create(**given | fields)


def address(flag: DelayFlag) -> str:
    return f"{BASE}delay-flags/{flag.pk}/acknowledgement/"


def test_a_flag_says_what_it_is_about_whatever_that_is(world: World, as_: As) -> None:
    plan = world.objects["plan-revisions"]
    of_factory(world, amount=Decimal("1500000.50"))
    of_factory(world, factory=None, subject_id=plan.pk, kind="output_short")
    rows = {row["kind"]: row for row in as_(world.user(Role.EDITOR)).get(f"{BASE}delay-flags/").json()["results"]}
    assert rows["overdue"]["subject"] == {"type": "milestone", "id": world.milestone.pk, "name": str(world.milestone)}
    assert rows["overdue"]["milestone"]["code"] == "P01-OPEN"
    assert rows["over_budget"]["subject"] == {"type": "factory", "id": world.factory.pk, "name": str(world.factory)}
    assert (rows["over_budget"]["milestone"], rows["over_budget"]["amount"]) == (None, "1500000.50")
    assert rows["output_short"]["subject"] == {"type": "plan_revision", "id": plan.pk, "name": str(plan)}
    assert rows["output_short"]["factory"] is None


def test_days_run_on_while_a_flag_is_open_and_stop_when_it_is_closed(world: World, as_: As) -> None:
    flag = of_factory(world, closed_on=date(2024, 4, 11))
    assert as_(world.user(Role.EDITOR)).get(f"{BASE}delay-flags/{flag.pk}/").json()["days"] == 10


def test_flags_are_found_by_their_kind_and_an_unknown_kind_is_refused(world: World, as_: As) -> None:
    of_factory(world)
    client = as_(world.user(Role.EDITOR))
    assert [row["kind"] for row in client.get(f"{BASE}delay-flags/", {"kind": "over_budget"}).json()["results"]] == ["over_budget"]
    wrong = client.get(f"{BASE}delay-flags/", {"kind": "too_late"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "kind")


def test_an_event_of_a_factorys_flag_has_no_milestone(world: World, as_: As) -> None:
    flag = of_factory(world)
    event = DelayEvent.objects.create(flag=flag, kind="opened", on_date=date(2024, 4, 1), days=0, amount=Decimal(5), severity="major")
    found = as_(world.user(Role.EDITOR)).get(f"{BASE}delay-events/{event.pk}/").json()
    assert (found["milestone"], found["factory"]["code"], found["flag_kind"], found["amount"]) == (None, "P01", "over_budget", "5.00")
    assert found["subject"]["type"] == "factory"


class TestAcknowledging:
    def test_says_who_why_and_until_when_and_again_changes_nothing(self, world: World, as_: As) -> None:
        flag, editor = of_factory(world), world.user(Role.EDITOR)
        for _ in range(2):
            answer = as_(editor).post(address(flag), SAID, format="json")
            assert answer.status_code == 200
        assert answer.json()["acknowledged_by"]["id"] == editor.pk
        assert (answer.json()["acknowledged_until"], answer.json()["acknowledged_reason"]) == (SAID["until"], SAID["reason"])
        events = as_(editor).get(f"{BASE}delay-events/", {"flag": flag.pk}).json()["results"]
        assert [(e["kind"], e["by"]["id"], e["until"], e["reason"]) for e in events] == [
            ("acknowledged", editor.pk, SAID["until"], SAID["reason"])
        ]

    def test_is_for_those_who_may_revise_forecasts_and_nothing_is_there_for_outsiders(self, world: World, as_: As) -> None:
        flag = of_factory(world)
        assert as_(world.user(Role.MANAGER)).post(address(flag), SAID, format="json").status_code == 200
        assert as_(world.user(Role.AUDITOR)).post(address(flag), SAID, format="json").status_code == 403
        stranger = as_(make_user(Role.EDITOR, contract=make_contract()))
        assert stranger.post(address(flag), SAID, format="json").status_code == 404

    def test_a_closed_flag_is_a_conflict(self, world: World, as_: As) -> None:
        flag = of_factory(world, closed_on=date(2024, 5, 1))
        assert as_(world.user(Role.EDITOR)).post(address(flag), SAID, format="json").status_code == 409

    @pytest.mark.parametrize(
        ("changes", "field"),
        [({"reason": ""}, "reason"), ({"until": "2020-01-01"}, "until"), ({"until": "soon"}, "until"), ({"by": 1}, "by")],
    )
    def test_bad_input_names_its_field(self, changes: dict[str, Any], field: str, world: World, as_: As) -> None:
        answer = as_(world.user(Role.EDITOR)).post(address(of_factory(world)), SAID | changes, format="json")
        assert answer.status_code in (400, 422)
        assert [error["field"] for error in answer.json()["errors"]] == [field]
        assert not DelayEvent.objects.filter(kind="acknowledged").exists()
