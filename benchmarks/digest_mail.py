"""Letters through a mail server that fails at random and for a while is not there, sent by processes at once."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django
from digest_world import NOW
from money import say, timed

FAULTS = {"accept": 81.8, "4xx": 6, "5xx": 3, "refuse_data": 1, "cut_before_data": 5, "cut_after_data": 3, "slow": 0.2}


def enqueue(count: int, user: Any) -> None:
    """That many letters that are written and wait, each to an address of its own."""
    from cluster.models import Delivery

    given = {"user": user, "kind": "sample", "period": NOW.date(), "subject": "News", "body_text": "Text", "body_html": "<p>Text</p>"}
    Delivery.objects.bulk_create((Delivery(recipient=f"p{n}@example.org", **given) for n in range(count)), batch_size=2000)


def work() -> None:
    """A worker: sends until nothing waits any more, four hours later each time."""
    from cluster.models import Delivery
    from cluster.services.mailing import writers
    from cluster.services.outbox import send_waiting

    now = NOW
    while Delivery.objects.filter(status__in=("waiting", "failed")).exists():
        send_waiting(writers, now=now)
        now += timedelta(hours=4)


def verdict(received: Counter[str], tried: dict[str, list[str]]) -> Counter[str]:
    """How the letters ended, by what came of them and what the server knows: `lost`, `twice` and `unlisted` are to be 0."""
    from cluster.models import Delivery

    ended = dict(Delivery.objects.filter(kind="sample").values_list("recipient", "status"))
    found = Counter(ended.values())
    found["lost"] = sum(status == "sent" and not received[address] for address, status in ended.items())
    found["lost"] += sum(status not in ("sent", "dead", "uncertain") for status in ended.values())
    found["twice"] = sum(n > 1 for n in received.values())
    # What arrived and is not known to have arrived has to be listed for a person to look at.
    found["unlisted"] = sum(ended[address] not in ("sent", "uncertain") for address in received)
    found["tries"] = sum(map(len, tried.values()))
    return found


def deliver(count: int, workers: int) -> Counter[str]:
    """Letters through a server that fails at random and stops listening for a while, sent by processes at once."""
    from django.conf import settings
    from django.db import connection

    from cluster.models import Delivery, User
    from tests.mail_server import mail_server

    chance, tried = random.Random(6), dict[str, list[str]]()  # noqa: S311 (faults, not secrets)

    def fault(address: str) -> str:
        found = chance.choices(list(FAULTS), list(FAULTS.values()))[0]
        tried.setdefault(address, []).append(found)
        return found

    # The digests that were measured are not sent.
    Delivery.objects.filter(status="waiting").update(status="skipped")
    enqueue(count, User.objects.earliest("pk"))
    connection.close()
    with mail_server(settings) as post:
        post.faults = fault
        server = {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(settings.EMAIL_PORT),
            "SMTP_TIMEOUT": "1",
            "SMTP_STARTTLS": "0",
            "SMTP_SSL": "0",
        }

        def send() -> list[int]:
            processes = [subprocess.Popen([sys.executable, __file__], env=os.environ | server) for _ in range(workers)]
            wait_for(lambda: len(post.received) > count // 4)
            with post.away():
                wait_for(lambda: refused().count() > count // 40)
            return [one.wait() for one in processes]

        took, ends = timed(send)
        received = Counter(str(letter["To"]) for letter in post.received)
    found = verdict(received, tried)
    ended = ", ".join(f"{found[status]:,} {status}" for status in ("sent", "uncertain", "dead"))
    say(f"\n{count:,} letters, {workers} processes, {found['tries']:,} conversations in {took:.0f} s: {ended}")
    say(f"  {refused().count():,} tries found no server; connections {post.connections:,}")
    say(f"  lost {found['lost']}, twice {found['twice']}, arrived and not listed {found['unlisted']} (each 0); processes ended with {ends}")
    return found


def refused() -> Any:
    """The tries that found nobody listening."""
    from cluster.models import DeliveryAttempt

    return DeliveryAttempt.objects.filter(answer__icontains="refused")


def wait_for(happened: Callable[[], bool]) -> None:
    """Look a few times in a second; nobody waits longer than ten minutes."""
    until = time.monotonic() + 600
    while not happened() and time.monotonic() < until:
        time.sleep(0.2)


if __name__ == "__main__":
    django.setup()
    work()
