"""Mail with real parts: thousands of letters through a server that fails, a worker killed while it sends, clocks that are changed."""

import os
import random
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from cluster.domain.access import Role
from cluster.models import Delivery, DeliveryAttempt, Subscription, User
from cluster.services.mailing import deliver_due, writers
from cluster.services.outbox import send_waiting
from cluster.tasks.digests import deliver
from tests.factories import make_user
from tests.faults.test_worker import children, forget_all_messages, wait_for, worker
from tests.mail_server import mail_server

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 23, 6, 5, tzinfo=UTC)
# `MAIL_LETTERS=20000 make test ARGS='-k thousands'` takes forty times as long.
LETTERS = int(os.environ.get("MAIL_LETTERS", "500"))
FAULTS = {"accept": 82, "4xx": 6, "5xx": 3, "refuse_data": 1, "cut_before_data": 5, "cut_after_data": 3}


def letters(count: int, user: User) -> None:
    """That many letters that are written and wait, each to an address of its own."""
    given: dict[str, Any] = {
        "user": user,
        "kind": "sample",
        "period": NOW.date(),
        "subject": "News",
        "body_text": "Text",
        "body_html": "Text",
    }
    Delivery.objects.bulk_create([Delivery(recipient=f"p{number}@example.org", **given) for number in range(count)], batch_size=2000)


def closing(call: Any) -> Any:
    """What a worker's thread does, with the end of its own connection."""
    try:
        return call()
    finally:
        connection.close()


def test_of_hundreds_or_thousands_of_letters_through_a_failing_server_none_is_lost_and_none_comes_twice(settings: Any) -> None:
    letters(LETTERS, make_user(Role.AUDITOR))
    chance = random.Random(6)
    behaviours: dict[str, list[str]] = {}

    def fault(address: str) -> str:
        found: str = chance.choices(list(FAULTS), list(FAULTS.values()))[0]
        behaviours.setdefault(address, []).append(found)
        return found

    now = NOW
    with mail_server(settings) as post, ThreadPoolExecutor(2) as workers:
        post.faults = fault
        while Delivery.objects.filter(status__in=("waiting", "failed")).exists():
            for done in [workers.submit(closing, lambda at=now: send_waiting(writers, now=at)) for _ in range(2)]:
                done.result()
            now += timedelta(hours=4)
            assert now < NOW + timedelta(days=3), "the outbox empties"
        arrived = Counter(letter["To"] for letter in post.received)
    ended = dict(Delivery.objects.values_list("recipient", "status"))
    assert len(ended) == LETTERS
    assert set(ended.values()) <= {"sent", "uncertain", "dead"}
    assert max(arrived.values()) == 1, "none twice"
    assert set(arrived) == {address for address, status in ended.items() if status in ("sent", "uncertain")}, "none lost, none invented"
    # The last thing that happened to a letter decides; after an uncertain end nobody has tried again.
    last = {address: tried[-1] for address, tried in behaviours.items()}
    assert {address for address, end in last.items() if end == "cut_after_data"} == {a for a, s in ended.items() if s == "uncertain"}
    assert all("cut_after_data" not in tried[:-1] and "accept" not in tried[:-1] for tried in behaviours.values())
    assert DeliveryAttempt.objects.filter(ended_at=None).count() == 0
    # A connection that is cut before the body, on an open one, is opened anew within the same try.
    assert LETTERS < DeliveryAttempt.objects.count() <= sum(map(len, behaviours.values()))


def test_a_worker_killed_while_it_sends_leaves_an_uncertain_letter_that_nobody_sends_again(settings: Any) -> None:
    forget_all_messages()
    letters(2, make_user(Role.AUDITOR))
    with mail_server(settings) as post:
        post.behaviour = "hang"
        server = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(settings.EMAIL_PORT), "SMTP_STARTTLS": "0", "SMTP_SSL": "0"}
        with worker(**server):
            deliver.delay()
            wait_for(lambda: len(post.received) == 1)
            post.behaviour = "accept"
            for child in children():
                os.kill(child, signal.SIGKILL)
            # The message comes back to a new process: it sends the other letter, and leaves this one alone.
            wait_for(lambda: len(post.received) == 2)
            wait_for(lambda: Delivery.objects.filter(status="sent").count() == 1)
        first, second = Delivery.objects.order_by("pk")
        assert (first.status, second.status) == ("sending", "sent")
        Delivery.objects.filter(pk=first.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        for _ in range(2):
            deliver_due(now=timezone.now() + timedelta(hours=1))
    first.refresh_from_db()
    assert first.status == "uncertain"
    assert "worker was lost" in first.error
    assert first.tries.get().ended_at is None
    assert sorted(letter["To"] for letter in post.received) == ["p0@example.org", "p1@example.org"]


def test_over_both_changes_of_the_clock_and_changes_of_zone_and_hour_each_local_day_has_one_digest(settings: Any) -> None:
    """Two beats tick, three workers take what they call for, thirty simulated days long."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    steady, mover = (make_user(Role.AUDITOR, time_zone="Europe/Berlin") for _ in range(2))
    spans = [(date(2026, 10, 18), 15), (date(2027, 3, 21), 15)]
    with ThreadPoolExecutor(3) as workers:
        for first, days in spans:
            Subscription.objects.all().delete()
            Delivery.objects.all().delete()
            mail.outbox.clear()
            for user, hour in ((steady, 2), (mover, 8)):
                Subscription.objects.create(user=user, cadence="daily", hour=hour, also_when_nothing_new=True)
            start = datetime.combine(first, datetime.min.time(), tzinfo=UTC)
            Subscription.objects.update(created_at=start - timedelta(days=1))
            for day in range(days):
                for minute in (65, 375, 600, 1325):
                    now = start + timedelta(days=day, minutes=minute)
                    _change(mover, day, minute)
                    for done in [workers.submit(closing, lambda at=now: deliver_due(now=at)) for _beat in range(2)]:
                        done.result()
            for user in (steady, mover):
                sent = Delivery.objects.filter(user=user, kind="digest", status="sent").order_by("period")
                periods = list(sent.values_list("period", flat=True))
                whole = [periods[0] + timedelta(days=n) for n in range(len(periods))]
                assert periods == whole, "no local day is left out"
                assert len(periods) >= days
                assert sum(user.email in letter.to for letter in mail.outbox) == len(periods), "and none comes twice"


def _change(user: User, day: int, minute: int) -> None:
    """In the middle of a day the person moves, or wants another hour."""
    changes: dict[int, dict[str, Any]] = {
        5: {"hour": 18},
        6: {"time_zone": "Asia/Kamchatka"},
        8: {"hour": 2},
        9: {"time_zone": "America/New_York"},
        12: {"time_zone": ""},
    }
    if minute == 600 and day in changes:
        Subscription.objects.filter(user=user).update(**changes[day])
