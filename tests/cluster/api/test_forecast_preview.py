"""A forecast tried out over the API: what would move, who is told what, and that nothing is written."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from cluster.domain.access import Role
from cluster.models import DelayFlag, ForecastRevision, User
from tests.cluster.api.world import BASE
from tests.cluster.queries.plan import Plan, make_plan
from tests.factories import make_user


@pytest.fixture
def plan(db: None) -> Plan:
    return make_plan()


def ask(plan: Plan, reader: User, new: Any = "2030-04-19") -> Any:
    client = APIClient()
    client.force_authenticate(reader)
    body = {"new": {"earliest": new, "latest": new, "precision": "day"} if isinstance(new, str) else new}
    return client.post(f"{BASE}milestones/{plan.equipment.pk}/forecast-preview/", body, format="json")


def test_what_moves_and_which_flags_change_is_told_and_nothing_written(plan: Plan) -> None:
    answer = ask(plan, make_user(Role.AUDITOR, contract=plan.contract))
    assert answer.status_code == 200
    assert answer.json() == {
        "flags": [{"kind": "forecast_late", "effect": "opens", "before": 0, "after": 49, "severity": "moderate"}],
        "moved": [
            {
                "milestone": {"id": plan.opening.pk, "code": "F08-OPEN"},
                "before": "2030-03-11",
                "after": "2030-04-19",
                "days": 39,
                "through": [],
                "left_out": 0,
                "flags": [{"kind": "knock_on_late", "effect": "opens", "before": 0, "after": 39, "severity": "moderate"}],
            },
            {
                "milestone": {"id": plan.seats.pk, "code": "F09-SEATS"},
                "before": "2030-03-15",
                "after": "2030-04-19",
                "days": 35,
                "through": ["F08-OPEN"],
                "left_out": 0,
                "flags": [{"kind": "knock_on_late", "effect": "opens", "before": 0, "after": 35, "severity": "moderate"}],
            },
        ],
        "elsewhere": [],
        "end": {"before": "2030-12-20", "after": "2030-12-20"},
    }
    assert not ForecastRevision.objects.exists()
    assert not DelayFlag.objects.exists()


def test_of_other_factories_the_code_alone_is_told(plan: Plan) -> None:
    found = ask(plan, make_user(Role.MANAGER, factory=plan.factory)).json()
    assert [each["milestone"]["code"] for each in found["moved"]] == ["F08-OPEN"]
    assert (found["elsewhere"], found["end"]) == (["F09-SEATS"], None)


def test_who_may_not_see_the_milestone_finds_nothing(plan: Plan) -> None:
    assert ask(plan, make_user(Role.MANAGER, factory=plan.other)).status_code == 404
    assert ask(plan, make_user(Role.EDITOR, contract=None)).status_code == 200
    assert ask(plan, make_user()).status_code in (403, 404)


@pytest.mark.parametrize(
    "new", ["2020-01-01", None, {}, {"earliest": "x", "latest": "x", "precision": "day"}, 5, {"earliest": "2999-01-01"}, "2101-01-01"]
)
def test_what_is_no_forecast_is_refused_by_its_key(plan: Plan, new: Any) -> None:
    answer = ask(plan, make_user(Role.EDITOR, contract=plan.contract), new)
    assert answer.status_code == 400
    assert {error["field"].partition(".")[0] for error in answer.json()["errors"]} == {"new"}
