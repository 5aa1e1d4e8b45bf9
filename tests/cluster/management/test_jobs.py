"""The jobs command: what it lists, what it runs, and that a past day stores nothing."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from cluster.models import DelayFlag, JobRun
from cluster.services import jobs as services
from tests.cluster.management.test_rates import run
from tests.factories import make_milestone, make_rate, promise

pytestmark = pytest.mark.django_db


def test_list_names_every_job_with_its_last_run_and_its_next_time() -> None:
    zone = ZoneInfo("Europe/Kaliningrad")
    JobRun.objects.create(name="convert", scheduled_for=datetime(2024, 4, 15, 16, 45, tzinfo=zone), status="dead")
    status, said, _ = run("jobs", "list")
    assert status == 0
    assert [line.split()[0] for line in said] == ["job", *JobRun.Name.values]
    assert said[3].startswith("convert         2024-04-15 16:45  dead ")
    assert said[1].split()[1] == "never"
    assert said[4].rstrip().endswith("05:00")


def test_run_does_the_work_here_and_leaves_a_row() -> None:
    promise(make_milestone(), "2024", announced="2023-01-01")
    status, said, complaints = run("jobs", "run", "flag_delays")
    assert (status, complaints) == (0, [])
    assert "opened: 1" in said
    row = JobRun.objects.get()
    assert (row.status, row.figures["opened"], DelayFlag.objects.count()) == ("succeeded", 1, 1)


def test_a_past_day_prints_what_was_late_then_and_stores_nothing() -> None:
    promise(make_milestone(code="P01", name_en="Seven plants start"), "2023", announced="2023-01-01")
    promise(make_milestone(code="P02"), "2025-07", announced="2023-01-01")
    status, said, _ = run("jobs", "run", "flag_delays", "--as-of", "2025-06-30")
    assert status == 0
    assert said[0].split() == ["P01", "overdue", "due", "2023-12-31", "547", "days", "Seven", "plants", "start"]
    assert said[1] == "1 late as of 2025-06-30, by what had been announced by then; nothing was stored"
    assert not DelayFlag.objects.exists()
    assert not JobRun.objects.exists()


def test_without_a_connection_the_run_says_which_rate_is_used(settings: Any) -> None:
    settings.BANK_OF_RUSSIA_URL = "http://127.0.0.1:9"
    make_rate("2024-04-13", "93.4419")
    assert run("jobs", "run", "fetch_rates") == (0, ["fetch_rates: no connection, using the rate of 2024-04-13"], [])


def test_a_failed_run_ends_with_status_one_and_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(held: Any) -> dict[str, Any]:
        message = "out of luck"
        raise RuntimeError(message)

    monkeypatch.setitem(services._WORK, "convert", broken)
    assert run("jobs", "run", "convert") == (1, [], ["convert: failed: RuntimeError: out of luck"])


def test_the_sweep_can_be_run_by_hand(settings: Any) -> None:
    settings.DAILY_JOBS = {}
    status, said, _ = run("jobs", "run", "sweep")
    assert (status, said[:3]) == (0, ["due: 0", "lost: 0", "waiting: 0"])
    assert JobRun.objects.get().name == "sweep"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonsense"], f"There is no job “nonsense”: the jobs are {', '.join(services._WORK)}."),
        (["convert", "--as-of", "June"], "“June” is not a date: write 2024-04-15."),
    ],
)
def test_bad_input_is_a_sentence_and_status_two(words: list[str], said: str) -> None:
    assert run("jobs", "run", *words) == (2, [], [said])


def test_the_future_is_refused() -> None:
    tomorrow = date.fromordinal(timezone.localdate().toordinal() + 1)
    assert run("jobs", "run", "flag_delays", "--as-of", str(tomorrow)) == (2, [], [f"{tomorrow} lies in the future."])
