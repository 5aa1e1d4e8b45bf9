"""Why the milestone of a flag is late, over the API."""

from datetime import date
from typing import Any

import pytest
from rest_framework.test import APIClient

from cluster.domain.access import Role
from cluster.models import DelayFlag, Milestone, User
from tests.cluster.api.world import BASE
from tests.cluster.queries.plan import Plan, make_plan, slip
from tests.factories import make_user


@pytest.fixture
def plan(db: None) -> Plan:
    return make_plan()


def flag_of(plan: Plan, milestone: Milestone | None) -> DelayFlag:
    factory = milestone.factory if milestone else plan.factory
    return DelayFlag.objects.create(
        contract=plan.contract, factory=factory, milestone=milestone, subject_id=milestone.pk if milestone else plan.factory.pk,
        kind="knock_on_late" if milestone else "silent", severity="moderate", since=date(2030, 3, 11), opened_on=date(2025, 1, 1),
    )  # fmt: skip


def ask(flag: DelayFlag, reader: User) -> Any:
    client = APIClient()
    client.force_authenticate(reader)
    return client.get(f"{BASE}delay-flags/{flag.pk}/cause/")


def test_whose_days_they_are_and_what_float_absorbed(plan: Plan) -> None:
    revision = slip(plan.equipment)
    assert ask(flag_of(plan, plan.opening), make_user(Role.AUDITOR, contract=plan.contract)).json() == {
        "late": 39, "others": [{"code": "F08-EQ", "days": 49}], "rest": 0, "rest_days": 0,
        "own": 0, "absorbed": 10, "added": 0, "revision": revision.pk,
    }  # fmt: skip


def test_of_another_factory_the_code_alone_is_told(plan: Plan) -> None:
    slip(plan.equipment)
    assert ask(flag_of(plan, plan.seats), make_user(Role.MANAGER, factory=plan.other)).json() == {
        "late": 35, "others": [{"code": "F08-OPEN", "days": 35}], "rest": 0, "rest_days": 0,
        "own": 0, "absorbed": 0, "added": 0, "revision": None,
    }  # fmt: skip


def test_what_has_no_cause_or_is_not_there_is_not_found(plan: Plan) -> None:
    editor = make_user(Role.EDITOR, contract=plan.contract)
    assert ask(flag_of(plan, plan.opening), editor).status_code == 404
    assert ask(flag_of(plan, None), editor).status_code == 404
    assert ask(flag_of(plan, plan.seats), make_user(Role.MANAGER, factory=plan.factory)).status_code == 404
