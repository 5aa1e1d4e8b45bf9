"""A real Celery worker on a real broker: a queued run is done once, whatever is killed, doubled or down."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Barrier, Thread
from urllib.parse import urlsplit

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection
from django.utils import timezone
from redis import Redis

from cluster.models import DelayEvent, DelayFlag, ExchangeRate, JobRun
from cluster.services.delays import flag_delays
from cluster.services.jobs import execute, queue, sweep
from tests.bank import running_bank
from tests.factories import make_factory, make_milestone, promise

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
Status = JobRun.Status


def environment(**more: str) -> dict[str, str]:
    """The test's own database and broker, for another process."""
    given = os.environ["DATABASE_URL"]
    database = urlsplit(given)._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    return os.environ | {"DATABASE_URL": database, "REDIS_URL": settings.REDIS_URL, "no_proxy": "127.0.0.1"} | more


@contextmanager
def worker(**more: str) -> Iterator[None]:
    """A prefork worker with one child, ready to take messages; ended with the block, with all its children."""
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "avtotor_site",
        "worker",
        "-c",
        "1",
        "--without-mingle",
        "--without-gossip",
        "-l",
        "INFO",
    ]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(**more), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(autouse=True)
def _empty_broker() -> None:
    """No message of another test; the tests have a Redis database of their own."""
    forget_all_messages()


def forget_all_messages() -> None:
    with Redis.from_url(settings.REDIS_URL) as broker:
        broker.flushdb()


def wait_for(what: Callable[[], bool], seconds: float = 40) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


def state(run: JobRun) -> str:
    return JobRun.objects.values_list("status", flat=True).get(pk=run.pk)


def children() -> list[int]:
    """The processes in which the one worker does its work, as it tells itself."""
    stats = current_app.control.inspect(timeout=2).stats() or {}
    return [pid for worker in stats.values() for pid in worker["pool"]["processes"]]


def at_once(*calls: Callable[[], object]) -> list[object]:
    """The results of all calls, started together in threads with connections of their own."""
    results: list[object] = [None] * len(calls)
    barrier = Barrier(len(calls))

    def run(place: int) -> None:
        try:
            barrier.wait()
            results[place] = calls[place]()
        finally:
            connection.close()

    threads = [Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_queued_run_is_done_by_a_worker_from_end_to_end() -> None:
    promise(make_milestone(), "2024", announced="2023-01-01")
    with worker():
        run = queue("flag_delays", by=None, now=timezone.now())
        wait_for(lambda: state(run) == Status.SUCCEEDED)
    assert DelayFlag.objects.count() == 1
    assert DelayEvent.objects.get().job_run == run


def test_a_worker_killed_in_mid_task_leaves_a_run_that_ends_once_after_its_lease() -> None:
    with running_bank() as bank:
        today = timezone.localdate()
        bank.rates = {today: "93.4419"}
        bank.misbehave = hang
        with worker(BANK_OF_RUSSIA_URL=bank.url, BANK_OF_RUSSIA_DEADLINE_SECONDS="60"):
            run = queue("fetch_rates", by=None, now=timezone.now())
            wait_for(lambda: bool(bank.asked) and state(run) == Status.RUNNING)
            for child in children():
                os.kill(child, signal.SIGKILL)
            bank.misbehave = None
            # The message comes back at once; the lease keeps the run from being started over and over.
            time.sleep(3)
            assert (state(run), len(bank.asked)) == (Status.RUNNING, 1)
            assert sweep(timezone.now())["lost"] == 0
            JobRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
            assert sweep(timezone.now())["lost"] == 1
            wait_for(lambda: state(run) == Status.SUCCEEDED)
    run.refresh_from_db()
    assert run.attempts == 2
    assert ExchangeRate.objects.filter(date=today).count() == 1


def hang(handler: BaseHTTPRequestHandler) -> None:
    """Takes the request and says nothing."""
    time.sleep(30)


def test_a_whole_worker_killed_leaves_a_run_that_the_next_one_ends() -> None:
    with running_bank() as bank:
        bank.rates = {timezone.localdate(): "93.4419"}
        bank.misbehave = hang
        more = {"BANK_OF_RUSSIA_URL": bank.url, "BANK_OF_RUSSIA_DEADLINE_SECONDS": "60"}
        with worker(**more):
            run = queue("fetch_rates", by=None, now=timezone.now())
            wait_for(lambda: bool(bank.asked) and state(run) == Status.RUNNING)
        bank.misbehave = None
        JobRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        with worker(**more):
            sweep(timezone.now())
            wait_for(lambda: state(run) == Status.SUCCEEDED)
    assert ExchangeRate.objects.filter(date=timezone.localdate()).count() == 1


def test_a_broker_that_forgets_everything_only_delays() -> None:
    run = queue("flag_delays", by=None, now=timezone.now())
    forget_all_messages()
    with worker():
        assert sweep(timezone.now())["waiting"] >= 1
        wait_for(lambda: state(run) == Status.SUCCEEDED)


def test_two_workers_that_take_one_run_at_once_do_it_once() -> None:
    promise(make_milestone(), "2024", announced="2023-01-01")
    run = JobRun.objects.create(name="flag_delays", scheduled_for=timezone.now())
    now = timezone.now()
    results = at_once(*[lambda: execute(run.pk, now=now)] * 4)
    assert sum(result is not None for result in results) == 1
    run.refresh_from_db()
    assert (run.status, run.attempts, DelayEvent.objects.count()) == (Status.SUCCEEDED, 1, 1)


def test_two_runs_of_one_job_at_once_have_one_effect() -> None:
    factory = make_factory()
    for _ in range(20):
        promise(make_milestone(factory), "2024", announced="2023-01-01")
    as_of = date(2025, 6, 30)
    results = at_once(*[lambda: flag_delays(as_of=as_of, progress=lambda done, total: None)["opened"]] * 4)
    assert sorted(results, key=str) == [0, 0, 0, 20]
    assert (DelayFlag.objects.count(), DelayEvent.objects.count()) == (20, 20)


def test_two_beats_make_one_run() -> None:
    now = timezone.now().replace(hour=21, minute=0)  # every daily time has passed
    at_once(*[lambda: sweep(now)] * 4)
    names = sorted(JobRun.objects.values_list("name", flat=True))
    assert names == ["archive_reports", "convert", "fetch_rates", "flag_delays", "read_bounces", "simulate_risk", "sweep"]


def test_clicking_twice_at_once_queues_one_run() -> None:
    runs = at_once(*[lambda: queue("convert", by=None, now=timezone.now())] * 4)
    assert len(set(runs)) == 1


@pytest.mark.parametrize("kind", ["refused", "frozen"])
def test_a_dead_broker_costs_whoever_asks_less_than_three_seconds(kind: str) -> None:
    with socket.socket() as frozen:
        frozen.bind(("127.0.0.1", 0))
        if kind == "frozen":
            frozen.listen(8)
        port = frozen.getsockname()[1]
        script = (
            "import time, django; django.setup()\n"
            "from django.utils import timezone\n"
            "from cluster.services.jobs import queue\n"
            "import cluster.gateways.broker, celery.app.amqp\n"
            "started = time.monotonic()\n"
            "run = queue('convert', by=None, now=timezone.now())\n"
            "print(run.status, time.monotonic() - started)\n"
        )
        env = environment(REDIS_URL=f"redis://127.0.0.1:{port}/0")
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True, timeout=60)
    status, seconds = done.stdout.split()
    assert status == "queued"
    assert float(seconds) < 3
    assert JobRun.objects.get().status == Status.QUEUED
