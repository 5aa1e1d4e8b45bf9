"""What it takes to write the digests that are due: time of the clock, of this process and of its server, statements, memory."""

import cProfile
import os
import pstats
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from digest_world import NOW
from money import say

BARE_TURNS = 30


@dataclass(slots=True)
class Cost:
    """What some work took: seconds by the clock, seconds of a core in this process and in the server's process, statements."""

    wall: float = 0.0
    here: float = 0.0
    server: float = 0.0
    statements: int = 0

    @property
    def cores(self) -> float:
        """Seconds of a core, here and in the database together: what is left of the clock when nobody else works on the machine."""
        return self.here + self.server


@contextmanager
def measured() -> Iterator[Cost]:
    """What the block takes; the server's share is known only where it runs on this machine."""
    from django.db import connection

    connection.ensure_connection()
    cost, backend = Cost(), connection.connection.info.backend_pid

    def counting(run: Callable[..., Any], *arguments: Any) -> Any:
        cost.statements += 1
        return run(*arguments)

    with connection.execute_wrapper(counting):
        wall, here, server = time.perf_counter(), time.process_time(), _used_by(backend)
        yield cost
        cost.wall, cost.here, cost.server = time.perf_counter() - wall, time.process_time() - here, _used_by(backend) - server


def _used_by(pid: int) -> float:
    """Seconds of a core that a process has used; 0 where it is not on this machine."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def resident() -> int:
    """Megabytes that this process holds now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20


def make_due() -> Cost:
    """The rows of all digests that are due."""
    from cluster.services import digests

    with measured() as cost:
        made = digests.make_due(NOW)
    say(f"  made due             {cost.wall:8.2f} s   {made:,} digests, {cost.statements} statements")
    return cost


def written(most: int | None = None) -> Iterator[Any]:
    """The letters of the digests that wait, written one after another as a run writes them (None: nothing to tell); none is kept."""
    from cluster.models import Delivery
    from cluster.services import digests
    from cluster.services.outbox import PORTION

    rows = Delivery.objects.select_related("user", "subscription__user")
    waiting = list(rows.filter(status="waiting").order_by("created_at", "pk").values_list("pk", flat=True)[:most])
    for first in range(0, len(waiting), PORTION):
        letters = list(rows.filter(pk__in=waiting[first : first + PORTION]).order_by("created_at", "pk"))
        write = digests.writer(letters)
        for delivery in letters:
            yield write(delivery, NOW)


def write_all() -> Cost:
    """Write every digest that is due, and say what it took and what the process holds, after a tenth, half and all too."""
    from cluster.models import Delivery

    count = Delivery.objects.filter(status="waiting").count()
    stops = {max(count // 10, 1), count // 2}
    told, longest = 0, 0
    with measured() as cost:
        began = time.process_time()
        for done, letter in enumerate(written(), 1):
            told += letter is not None
            longest = max(longest, len(letter.html.encode()) if letter else 0)
            if done in stops:
                say(f"  after {done:<14,} {1000 * (time.process_time() - began) / done:8.1f} ms  of a core here; {resident()} MB")
    each = Cost(cost.wall / count, cost.here / count, cost.server / count, cost.statements)
    here, server = 1000 * each.here, 1000 * each.server
    say(f"  written              {cost.wall:8.2f} s   {told:,} letters, the longest {longest // 1000} KB of HTML; {resident()} MB")
    say(f"  each                 {1000 * each.wall:8.1f} ms  {here:.1f} ms of a core here, {server:.1f} in the database")
    say(f"  statements of each   {cost.statements / count:8.1f}")
    say(f"  of a core            {1 / each.cores:8.0f} digests a second (at least 100); {1 / each.wall:.0f} by the clock")
    return each


def compare(each: Cost) -> None:
    """Beside what nobody can leave out: a letter of one contract rendered alone, and its statements sent bare."""
    from django.db import connection

    from cluster.models import Delivery
    from cluster.queries.digest import digest_of
    from cluster.queries.digest_brief import Brief
    from cluster.services.digest_letters import compose

    waiting = Delivery.objects.filter(status="waiting", subscription__user__memberships__factory__isnull=False)
    subscription = waiting.select_related("subscription__user").latest("pk").subscription
    since, today = NOW - timedelta(days=7), NOW.date()

    def digest() -> Any:
        reader = type(subscription.user).objects.get(pk=subscription.user_id)
        return digest_of(Brief(reader=reader, since=since, until=NOW, as_of=today))

    sent: list[tuple[str, Any]] = []

    def noting(run: Callable[..., Any], statement: str, parameters: Any, *rest: Any) -> Any:
        sent.append((statement, parameters))
        return run(statement, parameters, *rest)

    with connection.execute_wrapper(noting):
        digest()
    with measured() as bare, connection.cursor() as cursor:
        for _ in range(BARE_TURNS):
            for statement, parameters in sent:
                cursor.execute(statement, parameters)
                cursor.fetchall()
    with measured() as read:
        found = [digest() for _ in range(BARE_TURNS)]
    with measured() as rendered:
        for one in found:
            compose(one, subscription, period=today)
    plain, reading, rendering = (1000 * cost.cores / BARE_TURNS for cost in (bare, read, rendered))
    ratio = 1000 * each.cores / (plain + rendering)
    say(f"  one letter alone     {reading:8.1f} ms  of cores to read, {len(sent)} statements; {plain:.1f} bare; {rendering:.1f} to render")
    say(f"  ratio                {ratio:8.2f}     a digest of the run to bare statements and rendering of one alone")


def profile(count: int = 200) -> None:
    """Where the time of the first digests goes."""
    watched = cProfile.Profile()
    watched.enable()
    for _letter in written(count):
        pass
    watched.disable()
    pstats.Stats(watched, stream=sys.stdout).sort_stats("cumulative").print_stats(70)
