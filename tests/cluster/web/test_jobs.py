"""The jobs page: who sees and runs what, progress, and failures in words."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from cluster.domain.access import Role
from cluster.models import JobRun
from tests.cluster.web.reading import words
from tests.factories import make_contract, make_factory, make_rate, make_user

pytestmark = pytest.mark.django_db


def make_run(**fields: Any) -> JobRun:
    defaults = {"name": "convert", "scheduled_for": timezone.now(), "status": "succeeded", "figures": {"converted": 48, "stale": 27}}
    return JobRun.objects.create(**defaults | fields)


@pytest.fixture
def editor(client: Client) -> Client:
    """An editor of everything, reading English."""
    client.force_login(make_user(Role.EDITOR))
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.services.jobs.broker.wake", lambda runs: True)


def test_each_job_stands_with_what_it_did_last(editor: Client) -> None:
    make_run(finished_at=timezone.now())
    page = words(editor.get("/jobs/"))
    assert "succeeded" in page
    assert "converted: 48" in page
    assert "with an old rate: 27" in page
    assert "has not run yet" in page


def test_a_run_is_asked_for_by_a_button_and_stands_queued(editor: Client) -> None:
    answer = editor.post("/jobs/run/", {"name": "flag_delays"})
    assert answer.headers["Location"] == "/jobs/#job-flag_delays"
    run = JobRun.objects.get(name="flag_delays")
    assert run.status == JobRun.Status.QUEUED
    assert run.requested_by is not None
    assert "queued" in words(editor.get("/jobs/"))


def test_asking_by_a_link_runs_nothing(editor: Client) -> None:
    assert editor.get("/jobs/run/").status_code == 405
    assert not JobRun.objects.exists()


def test_a_job_that_does_not_exist_is_refused_with_a_sentence(editor: Client) -> None:
    answer = editor.post("/jobs/run/", {"name": "rm"})
    assert answer.status_code == 400
    assert "There is no job “rm”" in words(answer)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.CONTROLLER])
def test_who_only_reads_sees_the_runs_but_no_button_and_may_not_run(client: Client, role: Role) -> None:
    client.force_login(make_user(role))
    client.cookies["django_language"] = "en"
    make_run()
    page = words(client.get("/jobs/"))
    assert "converted: 48" in page
    assert "Run now" not in page
    assert client.post("/jobs/run/", {"name": "convert"}).status_code == 403


@pytest.mark.parametrize(("role", "named"), [(Role.AUDITOR, True), (Role.CONTROLLER, False)])
def test_who_asked_for_a_run_is_named_to_those_who_see_names(client: Client, role: Role, named: bool) -> None:
    client.force_login(make_user(role))
    due = timezone.now()
    run = make_run(requested_by=make_user(username="petrova"), scheduled_for=due)
    files = [client.get("/jobs.csv"), client.get("/jobs.xlsx")]
    sheet = load_workbook(BytesIO(files[1].content)).worksheets[0]
    in_workbook = "petrova" in {cell.value for row in sheet for cell in row}
    told = ["petrova" in answer.content.decode() for answer in (client.get("/jobs/"), client.get(f"/jobs/{run.pk}/"), files[0])]
    assert [*told, in_workbook] == [named] * 4
    assert f"{timezone.localtime(due):%Y-%m-%d %H:%M};" in files[0].content.decode()
    assert client.get("/jobs/?sort=by").status_code == (200 if named else 400)


def test_an_editor_of_one_contract_sees_no_button_because_jobs_belong_to_no_contract(client: Client) -> None:
    client.force_login(make_user(Role.EDITOR, contract=make_contract()))
    client.cookies["django_language"] = "en"
    assert "Run now" not in words(client.get("/jobs/"))
    assert client.post("/jobs/run/", {"name": "convert"}).status_code == 403


def test_a_plant_manager_finds_no_jobs(client: Client) -> None:
    client.force_login(make_user(Role.MANAGER, factory=make_factory()))
    run = make_run()
    assert client.get("/jobs/").status_code == 404
    assert client.get(f"/jobs/{run.pk}/").status_code == 404


def test_strangers_are_sent_to_the_login(client: Client) -> None:
    assert client.get("/jobs/").headers["Location"] == "/login/?next=/jobs/"


def test_a_run_that_works_shows_its_progress_and_asks_again(editor: Client) -> None:
    run = make_run(
        status="running",
        figures={},
        progress_done=3,
        progress_total=7,
        started_at=timezone.now(),
        lease_until=timezone.now() + timedelta(minutes=1),
        lease_token="00000000-0000-0000-0000-000000000001",
    )
    answer = editor.get(f"/jobs/{run.pk}/", headers={"HX-Request": "true"})
    html = answer.content.decode()
    assert "3 of 7" in words(answer)
    assert f'hx-get="/jobs/{run.pk}/"' in html
    assert "<html" not in html


def test_a_run_that_ended_no_longer_asks_and_is_read_out(editor: Client) -> None:
    html = editor.get(f"/jobs/{make_run().pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "hx-get" not in html
    assert 'data-announce="convert roubles to dollars: succeeded"' in html


def test_a_failure_says_why(editor: Client) -> None:
    template = "no connection, using the rate of {date}"
    make_run(name="fetch_rates", status="no_connection", figures={"error": {"template": template, "params": {"date": "2026-05-05"}}})
    page = words(editor.get("/jobs/"))
    assert "no connection, using the rate of 2026-05-05" in page


def test_the_page_costs_the_same_with_one_run_or_many(editor: Client, django_assert_max_num_queries: Any) -> None:
    for n in range(12):
        make_run(scheduled_for=timezone.now() - timedelta(hours=n), requested_by=make_user())
    with django_assert_max_num_queries(8):
        editor.get("/jobs/")


def test_a_rate_in_quarantine_is_told_to_those_who_may_accept_it(editor: Client) -> None:
    assert "quarantine" not in words(editor.get("/jobs/"))
    make_rate("2024-04-13", "120", status="quarantined")
    answer = editor.get("/jobs/")
    assert "1 rate waits in quarantine for a decision." in words(answer)
    assert 'href="/rates/#quarantine"' in answer.content.decode()
    editor.force_login(make_user(Role.AUDITOR))
    assert "quarantine" not in words(editor.get("/jobs/"))


def test_a_backfill_tells_which_time_was_asked_for_and_is_not_run_by_a_bare_button(editor: Client) -> None:
    run = make_run(name="backfill_rates", params={"first": "2023-02-01", "last": "2023-03-01", "currency": "USD"}, figures={"received": 20})
    assert "USD, Feb 1, 2023 – Mar 1, 2023" in words(editor.get(f"/jobs/{run.pk}/"))
    page = editor.get("/jobs/").content.decode()
    runs = re.findall(r'name="name"\s+value="(\w+)"', page)
    assert "convert" in runs
    assert "backfill_rates" not in runs
