"""The page of schedule risk: what a simulation gave, asking for one, following it, cancelling it, and who may not see it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cluster.domain.access import Role
from cluster.domain.plan_risk import Assumptions
from cluster.gateways import broker
from cluster.models import JobRun, Milestone, RiskRun
from cluster.services import jobs
from cluster.services.risk import request_run
from tests.cluster.web.reading import words
from tests.factories import make_contract, make_user
from tests.plan import Plan, make_plan

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "wake", lambda _ids: True)
    monkeypatch.setattr(broker, "wake_soon", lambda _ids: None)


@pytest.fixture
def plan() -> Plan:
    return make_plan(due="2027-12-31")


@pytest.fixture
def address(plan: Plan) -> str:
    return f"/c/{plan.contract.code}/risk/"


@pytest.fixture
def editor(client: Client, plan: Plan) -> Client:
    client.force_login(make_user(Role.EDITOR, contract=plan.contract, username="petrova"))
    client.cookies["django_language"] = "en"
    return client


def form(**changed: Any) -> dict[str, Any]:
    usual = {"iterations": "400", "seed": "3", "shape": "pert", "in_factory": "0,3", "in_cause": "0.2", "overall": "0.1"}
    return usual | {"uplift_percent": "0", "uplift_reason": ""} | changed


def simulated(plan: Plan, **assumed: Any) -> RiskRun:
    assumptions = Assumptions(**{"iterations": 400} | assumed)
    run = request_run(contract_id=plan.contract.pk, assumptions=assumptions, by=make_user(Role.EDITOR), now=timezone.now())
    assert run.job_run_id is not None
    jobs.execute(run.job_run_id, now=timezone.now())
    run.refresh_from_db()
    return run


def test_before_the_first_simulation_the_page_says_what_to_do(editor: Client, address: str) -> None:
    page = words(editor.get(address))
    assert "No simulation yet" in page
    assert "Ask for the first one below." in page
    assert "2 of 6 milestones still to come have three durations" in page
    Milestone.objects.update(optimistic_days=None, pessimistic_days=None)
    page = words(editor.get(address))
    assert "No milestone still to come has three durations." in page
    assert "/estimates/" in editor.get(address).content.decode()


def test_a_simulation_is_asked_for_by_the_form_followed_and_shown(editor: Client, address: str, django_assert_max_num_queries: Any) -> None:
    answer = editor.post(address, form(uplift_percent="12,5", uplift_reason="Own contracts 2015-2024"))
    assert answer.headers["Location"] == address
    run = RiskRun.objects.get()
    assert (run.iterations, run.seed, run.in_factory, run.uplift_percent) == (400, 3, Decimal("0.3"), Decimal("12.5"))
    page = words(editor.get(address))
    assert "Being simulated" in page
    assert "queued" in page
    assert run.job_run_id is not None
    followed = f"{address}{run.pk}/"
    moving = editor.get(followed, headers={"HX-Request": "true"})
    assert "hx-get" in moving.content.decode()
    assert "HX-Refresh" not in moving.headers
    jobs.execute(run.job_run_id, now=timezone.now())
    assert editor.get(followed, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    assert editor.get(followed).headers["Location"] == f"{address}?run={run.pk}"
    with django_assert_max_num_queries(18):
        page = words(editor.get(address))
    assert "Being simulated" not in page
    assert "Assumption: everything still to come is 12.5% longer (reference-class uplift). Its source: Own contracts 2015-2024" in page
    assert "Chance that all 2 openings still to come hold" in page
    assert "if they were independent" in page
    for part in (
        "P80",
        "Of 400 iterations the contract ends between",
        "Which durations move the end",
        "What was assumed",
        "petrova",
        "2 of 6",
    ):
        assert part in page, part


def test_charts_have_their_figures_as_tables_and_openings_their_chances(editor: Client, plan: Plan, address: str) -> None:
    run = simulated(plan)
    page = words(editor.get(address))
    opening = run.results.get(milestone=plan.openings[0])
    assert opening.chance is not None
    for one in plan.openings:
        assert f"{one.code} {one.name_en}" in page
    assert "Ended by its end" in page
    assert "Sensitivity" in page
    assert "no simulation" not in page.lower()


def test_what_is_wrong_stands_at_its_field_and_nothing_is_asked_for(editor: Client, address: str) -> None:
    for changed, sentence in (
        ({"iterations": "0"}, "Iterations lie between 1 and 1000000."),
        ({"iterations": "1e9"}, "Write a whole number in digits, such as 12."),
        ({"seed": "-1"}, "A seed lies between 0 and 2147483647."),
        ({"overall": "0.9"}, "The three correlations make at most 1 together."),
        ({"in_cause": "some"}, "Write a number in digits, such as 0.3."),
        ({"uplift_percent": "10"}, "Say where the uplift comes from."),
        ({"shape": "normal"}, "normal"),
        ({"seed": ""}, "Fill in “Seed”."),
    ):
        answer = editor.post(address, form(**changed))
        assert answer.status_code == 422
        assert sentence in words(answer), changed
        assert 'class="err"' in answer.content.decode()
    assert not RiskRun.objects.exists()


def test_the_same_form_sent_twice_asks_once(editor: Client, address: str) -> None:
    key = "b3a0a3a0-0000-4000-8000-000000000001"
    for _time in range(2):
        editor.post(address, form(request_key=key))
    assert RiskRun.objects.count() == 1


def test_a_form_that_was_sent_and_changed_is_not_taken_for_the_first_one_and_can_be_sent_again(editor: Client, address: str) -> None:
    key = "b3a0a3a0-0000-4000-8000-000000000001"
    editor.post(address, form(request_key=key))
    answer = editor.post(address, form(request_key=key, seed="9"))
    assert answer.status_code == 422
    assert "This request was already used for another simulation." in words(answer)
    fresh = str(answer.context["form"]["request_key"].value())
    assert fresh != key
    assert editor.post(address, form(request_key=fresh, seed="9")).status_code == 302
    assert list(RiskRun.objects.order_by("seed").values_list("seed", flat=True))[-1] == 9
    assert RiskRun.objects.count() == 2


def test_one_that_waits_is_cancelled_by_its_button(editor: Client, address: str) -> None:
    editor.post(address, form())
    run = RiskRun.objects.get()
    assert f"{address}{run.pk}/cancel/" in editor.get(address).content.decode()
    assert editor.get(f"{address}{run.pk}/cancel/").status_code == 405
    editor.post(f"{address}{run.pk}/cancel/")
    assert JobRun.objects.get(risk_run=run).status == JobRun.Status.CANCELLED
    page = words(editor.get(address))
    assert "The simulation is cancelled." in page
    assert "Being simulated" not in page
    again = words(editor.post(f"{address}{run.pk}/cancel/", follow=True))
    assert "This run has ended." in again


def test_older_simulations_stay_and_say_that_they_are_not_the_newest(editor: Client, plan: Plan, address: str) -> None:
    older = simulated(plan, seed=1)
    RiskRun.objects.update(as_of=timezone.localdate() - timedelta(days=9))
    simulated(plan, seed=2)
    assert "This is not the newest simulation." not in words(editor.get(address))
    page = words(editor.get(f"{address}?run={older.pk}"))
    assert "This is not the newest simulation." in page
    assert "9 days old" in page
    for wrong in ("0", "x", str(older.pk + 999), "9" * 30):
        assert editor.get(f"{address}?run={wrong}").status_code == 404


def test_a_past_day_shows_what_was_simulated_by_then_and_asks_for_nothing(editor: Client, plan: Plan, address: str) -> None:
    simulated(plan)
    day = timezone.localdate() - timedelta(days=1)
    page = words(editor.get(f"{address}?as_of={day}"))
    assert "No simulation yet" in page
    assert "Simulate the plan as it stands today" not in page
    assert editor.post(f"{address}?as_of={day}", form()).status_code == 403


def test_without_three_durations_the_figures_say_that_they_say_nothing(editor: Client, plan: Plan, address: str) -> None:
    Milestone.objects.update(optimistic_days=None, pessimistic_days=None)
    simulated(plan)
    page = words(editor.get(address))
    assert "No milestone had three durations: the dates say nothing about risk." in page
    assert "No duration varies." in page


def test_who_sees_single_factories_or_another_contract_sees_no_such_page(client: Client, plan: Plan, address: str) -> None:
    simulated(plan)
    for user in (make_user(Role.MANAGER, factory=plan.works[0].factory), make_user(Role.EDITOR, contract=make_contract()), make_user()):
        client.force_login(user)
        assert client.get(address).status_code == 404
        assert client.post(address, form()).status_code == 404
    client.force_login(make_user(Role.MANAGER, factory=plan.works[0].factory))
    assert address not in client.get(f"/c/{plan.contract.code}/schedule/").content.decode()


def test_readers_see_figures_without_names_and_ask_for_nothing(client: Client, plan: Plan, address: str) -> None:
    run = simulated(plan)
    assert run.requested_by is not None
    client.force_login(make_user(Role.CONTROLLER, contract=plan.contract))
    client.cookies["django_language"] = "en"
    page = words(client.get(address))
    assert "P80" in page
    assert run.requested_by.username not in page
    assert "Simulate the plan as it stands today" not in page
    assert client.post(address, form()).status_code == 403
