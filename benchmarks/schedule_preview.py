"""The preview of one forecast on a contract of 516 milestones: the whole page, beside the bare statements of the same page.

`make bench-schedule` calls `preview()`; `python benchmarks/schedule_preview.py` measures this alone. It makes a database of its own beside
the one that DATABASE_URL names (else on the embedded server), with the example plan, and drops it at the end.
"""

import os
import secrets
import statistics
import tempfile
from datetime import timedelta
from time import perf_counter

import django
from money import own_databases, say

WARM_UP, TURNS = 5, 60
TARGET_MS = 100


def preview() -> None:
    """Measure and print."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "avtotor_site.settings")
    with tempfile.TemporaryDirectory() as state, own_databases():
        os.environ |= {"STATE_DIR": state, "SECRET_KEY": secrets.token_urlsafe(64), "SITE_URL": "http://localhost"}
        django.setup()
        from django.core.management import call_command
        from django.db import connection

        try:
            call_command("migrate", verbosity=0)
            call_command("load_example_plan", verbosity=0)
            call_command("collectstatic", interactive=False, verbosity=0)
            _measure()
        finally:
            connection.close()


def _measure() -> None:
    """Ask in turns what follows if one or another of the open milestones is reached in three hundred days."""
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.utils.timezone import localdate

    from cluster.models import Milestone

    client = Client(headers={"host": "localhost"})
    client.force_login(get_user_model().objects.create_superuser("bench"))
    milestones = Milestone.objects.filter(contract__code="example")
    codes = list(milestones.filter(actual_latest__isnull=True).order_by("code").values_list("code", flat=True)[:TURNS])
    typed = {"window_date": (localdate() + timedelta(days=300)).isoformat(), "window_precision": "day"}

    def ask(turn: int) -> float:
        started = perf_counter()
        answer = client.get(f"/c/example/milestones/{codes[turn % len(codes)]}/forecast/preview/", typed)
        took = (perf_counter() - started) * 1000
        if answer.status_code != 200:
            raise SystemExit(f"the preview answers {answer.status_code}")
        return took

    for turn in range(WARM_UP):
        ask(turn)
    times = sorted(ask(turn) for turn in range(TURNS))
    with CaptureQueriesContext(connection) as captured:
        ask(0)
    reads = [query["sql"] for query in captured.captured_queries if query["sql"].startswith("SELECT")]
    bare = statistics.median(_bare(reads) for _ in range(9))
    p95 = times[round(0.95 * (len(times) - 1))]
    say(f"preview, {milestones.count()} milestones: p50 {statistics.median(times):.0f} ms, p95 {p95:.0f} ms (target {TARGET_MS}),")
    say(f"  {len(captured.captured_queries)} statements, bare {bare:.0f} ms")


def _bare(statements: list[str]) -> float:
    """Milliseconds of the same statements with nothing around them."""
    from django.db import connection

    started = perf_counter()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            cursor.fetchall()
    return (perf_counter() - started) * 1000


if __name__ == "__main__":
    preview()
