"""Simulations for programs: asked for once, read with their results, cancelled; and who may not."""

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from cluster.domain.access import Role
from cluster.gateways import broker
from cluster.models import JobRun, RiskRun
from cluster.services import jobs
from tests.cluster.api.world import BASE, token_client
from tests.factories import make_contract, make_user
from tests.plan import Plan, make_plan

pytestmark = pytest.mark.django_db
RUNS = f"{BASE}risk-runs/"


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "wake", lambda _ids: True)
    monkeypatch.setattr(broker, "wake_soon", lambda _ids: None)


@pytest.fixture
def plan() -> Plan:
    return make_plan()


@pytest.fixture
def client(plan: Plan) -> Any:
    return token_client(make_user(Role.EDITOR, contract=plan.contract))


def ask(client: Any, plan: Plan, key: Any = None, **given: Any) -> Any:
    headers = {"HTTP_IDEMPOTENCY_KEY": str(key)} if key else {}
    return client.post(RUNS, {"contract": plan.contract.pk, "iterations": 200} | given, format="json", **headers)


def test_a_simulation_is_asked_for_followed_and_read(client: Any, plan: Plan, django_assert_max_num_queries: Any) -> None:
    asked = ask(client, plan, seed=5, uplift_percent="12.5", uplift_reason="Ours, 2015-2024")
    assert asked.status_code == 201
    found = asked.json()
    assert (found["seed"], found["uplift_percent"], found["work"]["status"], found["p80"]) == (5, "12.5", "queued", None)
    assert asked.headers["Location"].endswith(f"{RUNS}{found['id']}/")
    assert client.get(f"{RUNS}{found['id']}/results/").json()["results"] == []
    job = RiskRun.objects.get(pk=found["id"]).job_run_id
    assert job is not None
    jobs.execute(job, now=timezone.now())
    found = client.get(f"{RUNS}{found['id']}/").json()
    assert (found["work"]["status"], found["estimated"], sum(day["count"] for day in found["curve"])) == ("succeeded", 2, 200)
    with django_assert_max_num_queries(8):
        results = client.get(f"{RUNS}{found['id']}/results/?page_size=3").json()
    assert (results["count"], len(results["results"])) == (6, 3)
    first = results["results"][0]
    assert first["p10"] < first["p80"]
    assert first["milestone"]["code"] in {work.code for work in plan.works}


def test_the_same_key_asks_once_and_for_something_else_is_refused(client: Any, plan: Plan) -> None:
    key = uuid4()
    first, again = ask(client, plan, key), ask(client, plan, key)
    assert (first.status_code, again.status_code, first.json()["id"]) == (201, 200, again.json()["id"])
    other = ask(client, plan, key, seed=9)
    assert (other.status_code, other.json()["errors"][0]["code"]) == (422, "request_reused")
    assert ask(client, plan, key, uplift_reason="None is needed").status_code == 200


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"iterations": 0}, "iterations"),
        ({"iterations": "1e3"}, "iterations"),
        ({"iterations": 10**12}, "iterations"),
        ({"seed": -1}, "seed"),
        ({"shape": "normal"}, "shape"),
        ({"overall": "0.9"}, "overall"),
        ({"in_cause": "1.5"}, "in_cause"),
        ({"uplift_percent": "10"}, "uplift_reason"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(given: dict[str, Any], field: str, client: Any, plan: Plan) -> None:
    answer = ask(client, plan, **given)
    assert answer.status_code == 400, answer.json()
    assert field in {error["field"] for error in answer.json()["errors"]}
    assert not RiskRun.objects.exists()


def test_one_is_cancelled_once(client: Any, plan: Plan) -> None:
    run = ask(client, plan).json()["id"]
    assert client.post(f"{RUNS}{run}/cancel/").json()["work"]["status"] == JobRun.Status.CANCELLED
    assert client.post(f"{RUNS}{run}/cancel/").status_code == 409


def test_plant_managers_and_other_contracts_see_nothing_and_readers_ask_for_nothing(client: Any, plan: Plan) -> None:
    run = ask(client, plan).json()["id"]
    for outsider in (make_user(Role.MANAGER, factory=plan.works[0].factory), make_user(Role.EDITOR, contract=make_contract())):
        theirs = token_client(outsider)
        assert theirs.get(RUNS).json()["results"] == []
        for address in (f"{RUNS}{run}/", f"{RUNS}{run}/results/"):
            assert theirs.get(address).status_code == 404
        assert theirs.post(f"{RUNS}{run}/cancel/").status_code == 404
    reader = token_client(make_user(Role.AUDITOR, contract=plan.contract))
    assert reader.get(f"{RUNS}{run}/").status_code == 200
    assert ask(reader, plan).status_code == 403
    assert reader.post(f"{RUNS}{run}/cancel/").status_code == 403
