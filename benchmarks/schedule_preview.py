"""How long the preview of one forecast takes on a contract of 500 milestones: the whole page, beside the bare SQL of the same page.

Called by `benchmarks/schedule.py`; the target is a p95 below 100 ms including the page (through Django's test client).
"""

import statistics
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate

from cluster.models import Contract, Milestone, User

WARM_UP, TURNS = 5, 60
TARGET_MS = 100


@dataclass(frozen=True, slots=True)
class PreviewTimes:
    """Milliseconds of one preview, and how much it has to do."""

    milestones: int
    statements: int
    p50: float
    p95: float
    bare_sql: float

    @property
    def holds(self) -> bool:
        """Whether the target is met."""
        return self.p95 < TARGET_MS


def measure(contract: Contract, reader: User) -> PreviewTimes:
    """Preview in turns that one or another of the open milestones is reached in three hundred days."""
    client = Client(headers={"host": "localhost"})
    client.force_login(reader)
    open_ones = Milestone.objects.filter(contract=contract, actual_latest__isnull=True, scored=True)
    codes = list(open_ones.values_list("code", flat=True).order_by("code")[:TURNS])
    typed = {"window_date": (localdate() + timedelta(days=300)).isoformat(), "window_precision": "day"}

    def ask(turn: int) -> float:
        address = f"/c/{contract.code}/milestones/{codes[turn % len(codes)]}/forecast/preview/"
        started = perf_counter()
        answer = client.get(address, typed)
        took = (perf_counter() - started) * 1000
        assert answer.status_code == 200, answer.status_code
        return took

    for turn in range(WARM_UP):
        ask(turn)
    times = sorted(ask(turn) for turn in range(TURNS))
    with CaptureQueriesContext(connection) as captured:
        ask(0)
    statements = [query["sql"] for query in captured.captured_queries if query["sql"].lstrip().upper().startswith("SELECT")]
    return PreviewTimes(
        milestones=Milestone.objects.filter(contract=contract).count(),
        statements=len(captured.captured_queries),
        p50=statistics.median(times),
        p95=times[int(0.95 * (len(times) - 1))],
        bare_sql=min(_bare(statements) for _ in range(5)),
    )


def _bare(statements: list[str]) -> float:
    """The same statements with nothing around them."""
    started = perf_counter()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            cursor.fetchall()
    return (perf_counter() - started) * 1000
