"""The queue of record: runs, leases, attempts, the sweep, and what fetching does on the bank's good and bad days."""

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone, translation

from cluster.domain.access import Role
from cluster.domain.errors import DomainError, Forbidden
from cluster.gateways import broker
from cluster.models import ExchangeRate, JobRun
from cluster.queries.jobs import jobs, next_due, why_failed
from cluster.services import jobs as services
from cluster.services.jobs import execute, queue, run_here, sweep
from tests.bank import Bank, daily, running_bank
from tests.factories import make_rate, make_user

pytestmark = pytest.mark.django_db
# Monday, 15 April 2024, 18:00 in Kaliningrad (UTC+2): all four daily times have passed.
NOW = datetime(2024, 4, 15, 16, 0, tzinfo=UTC)
Status = JobRun.Status


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The runs that workers were woken for."""
    ids: list[int] = []

    def wake(run_ids: list[int]) -> bool:
        ids.extend(run_ids)
        return True

    monkeypatch.setattr(broker, "wake", wake)
    return ids


def make_run(name: str = "convert", **fields: Any) -> JobRun:
    if fields.get("status") == Status.RUNNING:
        fields = {"lease_token": uuid.uuid4(), "lease_until": timezone.now() + timedelta(minutes=5), "attempts": 1} | fields
    return JobRun.objects.create(**{"name": name, "scheduled_for": NOW} | fields)


def done(run: JobRun | None) -> JobRun:
    assert run is not None
    return run


class TestQueueing:
    def test_a_run_is_a_row_and_the_worker_is_woken_after_the_commit(
        self, woken: list[int], django_capture_on_commit_callbacks: Any
    ) -> None:
        by = make_user(Role.EDITOR)
        with django_capture_on_commit_callbacks(execute=True):
            run = queue("convert", by=by, now=NOW)
            assert woken == []
        assert woken == [run.pk]
        assert (run.status, run.requested_by, run.scheduled_for) == (Status.QUEUED, by, NOW)

    def test_asking_twice_gives_the_run_that_still_waits(self) -> None:
        first = queue("convert", by=None, now=NOW)
        assert queue("convert", by=None, now=NOW + timedelta(seconds=1)) == first
        execute(first.pk, now=NOW)
        assert queue("convert", by=None, now=NOW + timedelta(seconds=2)) != first

    def test_only_some_roles_may_ask(self) -> None:
        with pytest.raises(Forbidden):
            queue("convert", by=make_user(Role.AUDITOR), now=NOW)
        assert not JobRun.objects.exists()

    @pytest.mark.parametrize("name", ["nonsense", "sweep", ""])
    def test_an_unknown_job_is_refused_with_the_names_there_are(self, name: str) -> None:
        with pytest.raises(DomainError, match=r"are fetch_rates, backfill_rates, convert, flag_delays, simulate_risk, .*\.$"):
            queue(name, by=None, now=NOW)


class TestExecuting:
    def test_a_run_ends_with_its_figures_and_progress(self) -> None:
        seen: list[tuple[int, int]] = []
        run = done(execute(make_run().pk, now=NOW, progress=lambda d, t: seen.append((d, t))))
        assert (run.status, run.attempts, run.error, run.lease_token) == (Status.SUCCEEDED, 1, "", None)
        assert run.figures["converted"] == 0
        assert run.finished_at is not None
        assert seen[-1] == (run.progress_done, run.progress_total) == (1, 1)

    def test_what_has_ended_is_not_done_again(self) -> None:
        run = make_run()
        execute(run.pk, now=NOW)
        assert execute(run.pk, now=NOW) is None
        assert execute(10**9, now=NOW) is None

    def test_what_another_worker_holds_is_left_to_it(self) -> None:
        run = make_run(status=Status.RUNNING)
        assert execute(run.pk, now=NOW) is None
        run.refresh_from_db()
        assert run.status == Status.RUNNING

    def test_a_lease_that_ran_out_is_taken_over(self) -> None:
        run = make_run(status=Status.RUNNING, lease_until=timezone.now() - timedelta(seconds=1))
        assert done(execute(run.pk, now=NOW)).attempts == 2

    def test_a_worker_that_lost_its_lease_writes_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        other = uuid.uuid4()

        def slow(held: Any) -> dict[str, Any]:
            JobRun.objects.filter(pk=held.run.pk).update(lease_token=other)
            return {"written by": "the slow one"}

        monkeypatch.setitem(services._WORK, "convert", slow)
        run = done(execute(make_run().pk, now=NOW))
        assert (run.status, run.lease_token, run.figures) == (Status.RUNNING, other, {})

    def test_a_failure_is_written_down_tried_again_and_given_up_after_three_attempts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(held: Any) -> dict[str, Any]:
            message = "no \0 luck"
            raise RuntimeError(message)

        monkeypatch.setitem(services._WORK, "convert", broken)
        run = make_run()
        ends = [done(execute(run.pk, now=NOW)) for _ in range(3)]
        assert [end.status for end in ends] == [Status.FAILED, Status.FAILED, Status.DEAD]
        assert ends[-1].error == "RuntimeError: no  luck"
        assert execute(run.pk, now=NOW) is None

    def test_run_here_leaves_a_row_and_wakes_nobody(self, woken: list[int]) -> None:
        assert run_here("flag_delays", now=NOW).status == Status.SUCCEEDED
        assert (JobRun.objects.count(), woken) == (1, [])


class TestSweeping:
    def test_it_makes_the_runs_that_are_due_once_a_day_even_when_their_time_was_missed(self, woken: list[int]) -> None:
        assert sweep(NOW)["due"] == len(settings.DAILY_JOBS)
        assert sweep(NOW + timedelta(minutes=1))["due"] == 0
        runs = JobRun.objects.exclude(name="sweep").order_by("scheduled_for")
        due = [(run.name, f"{timezone.localtime(run.scheduled_for):%d %H:%M}") for run in runs]
        assert due == sorted(((name, f"15 {at}") for name, at in settings.DAILY_JOBS.items()), key=lambda one: one[1])
        assert ("flag_delays", "15 05:00") in due
        assert set(woken) == {run.pk for run in runs}
        assert sweep(NOW + timedelta(days=1))["due"] == len(settings.DAILY_JOBS)

    def test_nothing_is_due_before_its_local_time(self) -> None:
        assert sweep(datetime(2024, 4, 15, 2, 29, tzinfo=UTC))["due"] == 0
        assert sweep(datetime(2024, 4, 15, 2, 30, tzinfo=UTC))["due"] == 1

    def test_a_lost_worker_gives_its_run_back_and_the_last_attempt_is_given_up(self) -> None:
        past = timezone.now() - timedelta(seconds=1)
        lost = make_run(status=Status.RUNNING, lease_until=past)
        last = make_run("flag_delays", status=Status.RUNNING, lease_until=past, attempts=3)
        held = make_run("fetch_rates", status=Status.RUNNING)
        assert sweep(datetime(2024, 4, 14, 22, 30, tzinfo=UTC))["lost"] == 2
        for run in (lost, last, held):
            run.refresh_from_db()
        assert [run.status for run in (lost, last, held)] == [Status.QUEUED, Status.DEAD, Status.RUNNING]
        assert "worker was lost" in last.error

    def test_it_wakes_workers_for_what_failed_after_a_pause(self, woken: list[int]) -> None:
        early = datetime(2024, 4, 14, 22, 30, tzinfo=UTC)
        failed = make_run(status=Status.FAILED, attempts=1, finished_at=early - timedelta(seconds=59), scheduled_for=early)
        sweep(early)
        assert woken == []
        sweep(early + timedelta(seconds=1))
        assert woken == [failed.pk]

    def test_a_broker_that_is_down_only_delays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(broker, "wake", lambda run_ids: False)
        assert sweep(NOW)["woken"] == 0
        assert JobRun.objects.filter(status=Status.QUEUED).count() == len(settings.DAILY_JOBS)

    def test_one_row_a_day_tells_of_the_sweeps(self) -> None:
        sweep(NOW)
        sweep(NOW + timedelta(minutes=1))
        run = JobRun.objects.get(name="sweep")
        assert (run.status, run.figures["due"], run.started_at) == (Status.SUCCEEDED, 0, NOW + timedelta(minutes=1))


@pytest.fixture
def bank(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bank]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with running_bank() as running:
        settings.BANK_OF_RUSSIA_URL = running.url
        settings.BANK_OF_RUSSIA_DEADLINE_SECONDS = 2
        running.rates = {date(2024, 4, 12): "93.2198", date(2024, 4, 13): "93.4419", date(2024, 4, 16): "93.5891"}
        yield running


def fetch() -> JobRun:
    return done(execute(make_run("fetch_rates").pk, now=NOW))


class TestFetching:
    def test_the_first_fetch_takes_a_range_and_asks_for_a_conversion(self, bank: Bank, woken: list[int]) -> None:
        run = fetch()
        assert run.status == Status.SUCCEEDED
        assert run.figures == {
            "requests": 2, "received": 3, "new": 3, "revised": 0, "quarantined": 0, "unchanged": 0, "kept": 0, "newest": "2024-04-16",
        }  # fmt: skip
        assert bank.asked[0].endswith("date_req=16/04/2024")
        assert JobRun.objects.filter(name="convert", status=Status.QUEUED).count() == 1

    def test_the_next_day_one_request_is_enough(self, bank: Bank) -> None:
        make_rate("2024-04-13", "93.4419")
        run = fetch()
        assert (run.figures["requests"], run.figures["new"]) == (1, 1)

    def test_before_the_bank_has_set_the_new_rate_nothing_changes(self, bank: Bank) -> None:
        make_rate("2024-04-13", "93.4419")
        del bank.rates[date(2024, 4, 16)]
        run = fetch()
        assert (run.figures["newest"], run.figures["unchanged"]) == ("2024-04-13", 1)
        assert not JobRun.objects.filter(name="convert").exists()

    def test_days_missed_are_fetched_and_corrections_of_the_last_week_with_them(self, bank: Bank) -> None:
        make_rate("2024-04-12", "93.0000")
        run = fetch()
        assert (run.figures["requests"], run.figures["new"], run.figures["revised"]) == (2, 2, 1)

    def test_no_connection_ends_the_run_with_the_rate_in_use(self, settings: Any) -> None:
        settings.BANK_OF_RUSSIA_URL = "http://127.0.0.1:9"
        make_rate("2024-04-13", "93.4419")
        run = fetch()
        assert (run.status, run.error) == (Status.NO_CONNECTION, "no connection, using the rate of 2024-04-13")
        with translation.override("en"):
            assert why_failed(run) == run.error

    def test_without_a_connection_the_bank_is_asked_again_each_hour_once(self, settings: Any) -> None:
        settings.BANK_OF_RUSSIA_URL = "http://127.0.0.1:9"
        run = fetch()
        JobRun.objects.filter(pk=run.pk).update(finished_at=NOW)
        settings.DAILY_JOBS = {}
        assert sweep(NOW + timedelta(minutes=59))["due"] == 0
        assert [sweep(NOW + timedelta(minutes=m))["due"] for m in (60, 61)] == [1, 0]
        assert JobRun.objects.filter(name="fetch_rates", scheduled_for=NOW + timedelta(hours=1)).count() == 1

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (b"<!DOCTYPE html><html></html>", "XML_daily, row 1: this is an HTML page, not rates"),
            (b"<ValCurs>Error in parameters</ValCurs>", "XML_daily, row 1: the bank answers “Error in parameters” instead of rates"),
            (b'<ValCurs Date="16.04.2024"/>', "XML_daily, row 1: there is no rate in it"),
            (daily(date(2009, 4, 16), "33.5"), "The Bank of Russia answered with the rate of 2009-04-16 when asked for 2024-04-16."),
            (daily(date(2024, 4, 17), "93.5"), "XML_daily, row 2: 2024-04-17 lies in the future: no rate can be known for it"),
        ],
    )
    def test_a_bad_reply_fails_the_run_and_stores_nothing(self, bank: Bank, answer: bytes, said: str) -> None:
        bank.answer = answer
        run = fetch()
        assert (run.status, run.error) == (Status.FAILED, said)
        with translation.override("en"):
            assert why_failed(run) == said
        assert not ExchangeRate.objects.exists()

    def test_an_absurd_rate_waits_in_quarantine_and_the_last_good_one_stays(self, bank: Bank) -> None:
        make_rate("2024-04-13", "93.4419")
        bank.rates[date(2024, 4, 16)] = "934.4190"
        run = fetch()
        assert (run.status, run.figures["quarantined_dates"]) == (Status.SUCCEEDED, ["2024-04-16"])
        assert ExchangeRate.objects.accepted().get().date == date(2024, 4, 13)

    def test_an_absurd_rate_within_a_range_is_refused_with_the_whole_range(self, bank: Bank) -> None:
        bank.rates |= {date(2024, 4, 13): "9344.1900"}
        run = fetch()
        assert (run.status, run.error[:18]) == (Status.FAILED, "XML_dynamic, row 2")
        assert not ExchangeRate.objects.exists()


def test_the_list_tells_the_last_run_and_the_next_time(settings: Any) -> None:
    run = make_run()
    listed = {job.name: job for job in jobs(now=NOW)}
    assert listed[JobRun.Name.CONVERT].last == run
    assert listed[JobRun.Name.FLAG_DELAYS].last is None
    assert listed[JobRun.Name.FLAG_DELAYS].next_due == datetime(2024, 4, 16, 3, 0, tzinfo=UTC)
    assert next_due("fetch_rates", now=datetime(2024, 4, 15, 14, 29, tzinfo=UTC)) == datetime(2024, 4, 15, 14, 30, tzinfo=UTC)
