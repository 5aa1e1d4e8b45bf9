"""The Gantt chart of 516 milestones with 726 dependencies: the drawing alone, and the whole page beside its bare statements.

`make bench-schedule` calls `gantt()`; `python benchmarks/schedule_gantt.py` measures this alone. It makes a database of its own beside the
one that DATABASE_URL names (else on the embedded server), with the example plan, and drops it at the end.
"""

import gzip
import os
import secrets
import statistics
import tempfile
from collections.abc import Callable
from time import perf_counter, process_time
from typing import Any

import django
from money import own_databases, say

WARM_UP, TURNS = 5, 40
TARGET_MS = 40


def gantt() -> None:
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
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
            _measure()
        finally:
            connection.close()


def _measure() -> None:
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client, RequestFactory
    from django.test.utils import CaptureQueriesContext
    from django.utils.timezone import localdate

    from cluster.charts.gantt import Zoom
    from cluster.charts.gantt import gantt as draw
    from cluster.charts.gantt.bars import arrows_of
    from cluster.queries.schedule_board import schedule_board
    from cluster.web.gantt_groups import groups_of
    from cluster.web.gantt_view import axis_from

    person = get_user_model().objects.create_superuser("bench")
    client, address, today = Client(headers={"host": "localhost"}), "/c/example/schedule/", localdate()
    client.force_login(person)
    request: Any = RequestFactory().get(address)
    request.user = person
    board = schedule_board(reader=person, contract_code="example", as_of=today)

    def drawing() -> str:
        axis = axis_from(request, board.rows, Zoom.QUARTER, as_of=today)
        return draw(groups_of(request, board.rows, "example"), arrows_of(board), axis=axis, as_of=today, today=today).body

    def page() -> bytes:
        answer = client.get(address)
        if answer.status_code != 200:
            raise SystemExit(f"the schedule answers {answer.status_code}")
        return answer.content

    with CaptureQueriesContext(connection) as captured:
        size = len(gzip.compress(page()))
    statements = len(captured.captured_queries)
    reads = [query["sql"] for query in captured.captured_queries if query["sql"].startswith("SELECT")]

    def bare() -> None:
        with connection.cursor() as cursor:
            for statement in reads:
                cursor.execute(statement)
                cursor.fetchall()

    say(f"Gantt, {len(board.rows)} milestones, {len(board.waits)} dependencies (target {TARGET_MS} ms):")
    for name, work in {"drawing": drawing, "page": page, "bare": bare}.items():
        passed, worked = _medians(work)
        say(f"  {name} {passed:.0f} ms, of it {worked:.0f} ms of this process")
    say(f"  {statements} statements, {size / 1024:.0f} KB compressed")


def _medians(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds that pass, and those for which this process works: other work on the machine lengthens the first much more."""
    passed, worked = [], []
    for _ in range(WARM_UP + TURNS):
        started = perf_counter(), process_time()
        work()
        passed.append((perf_counter() - started[0]) * 1000)
        worked.append((process_time() - started[1]) * 1000)
    return statistics.median(passed[WARM_UP:]), statistics.median(worked[WARM_UP:])


if __name__ == "__main__":
    gantt()
