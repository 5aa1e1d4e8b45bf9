"""`make bench-money`: how the conversion and the pages stand a million ledger entries, against a bare statement in the same run.

It makes a database of its own beside the one that DATABASE_URL names (else on the embedded server), and drops it at the end. The rates
in it are invented: no official series is shipped for five years, and none must be taken for one.
"""

import argparse
import os
import resource
import secrets
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import django
import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SIZES = [1, 10, 100, 1000]
ROUNDS = 3
PAGES = {
    "contract": "/c/scale-0001/",
    "factories": "/c/scale-0001/factories/",
    "money": "/c/scale-0001/money/",
    "ledger": "/c/scale-0001/ledger/",
    "contracts": "/contracts/",
}

# What a person would write by hand: the rate in force on each entry's day, into a bare table with a primary key.
BARE = """
INSERT INTO bare SELECT entry.id,
    (sign(entry.amount_rub) * div(200 * abs(entry.amount_rub) * rate.nominal + rate.value, 2 * rate.value) * 0.01)::numeric(22, 2), rate.id
FROM cluster_ledgerentry AS entry CROSS JOIN LATERAL (
    SELECT id, nominal, value FROM cluster_exchangerate
    WHERE currency = 'USD' AND status = 'accepted' AND date <= entry.date ORDER BY date DESC LIMIT 1
) AS rate
"""
RATES = """
INSERT INTO cluster_exchangerate (currency, date, nominal, value, revision, status, quality, source_ru, source_en, recorded_at)
SELECT 'USD', day::date, 1, 75 + mod(extract(doy FROM day)::integer * 7, 200) / 10.0, 1, 'accepted', 'manual', 'выдуман', 'invented', now()
FROM generate_series(date '2020-12-01', date '2026-06-30', interval '1 day') AS day WHERE extract(isodow FROM day) BETWEEN 2 AND 6
"""

NEW_RATE = """
INSERT INTO cluster_exchangerate (currency, date, nominal, value, revision, status, quality, source_ru, source_en, recorded_at)
SELECT 'USD', max(date) + 1, 1, 80, 1, 'accepted', 'manual', 'выдуман', 'invented', now() FROM cluster_exchangerate
"""


@contextmanager
def own_database() -> Iterator[None]:
    """DATABASE_URL names a new database until the end, when it is dropped."""
    from avtotor_site.local import attach

    held = attach()
    server = os.environ["DATABASE_URL"]
    name = f"bench_money_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    os.environ["DATABASE_URL"] = urlsplit(server)._replace(path=f"/{name}").geturl()
    try:
        yield
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        if held is not None:
            held.leave()


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what the work gave."""
    start = perf_counter()
    result = work()
    return perf_counter() - start, result


def execute(*statements: str) -> None:
    """Statements outside a transaction, without the site's time limit."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def bare() -> float:
    """Seconds of the bare statement."""
    execute("DROP TABLE IF EXISTS bare", "CREATE TABLE bare (id bigint PRIMARY KEY, usd numeric(22, 2) NOT NULL, rate_id bigint NOT NULL)")
    return timed(lambda: execute(BARE))[0]


def convert() -> dict[str, int]:
    """The nightly job's work."""
    from django.utils import timezone

    from cluster.services.conversions import convert_all

    return convert_all(now=timezone.now(), progress=lambda done, total: None)


def full() -> float:
    """Seconds of converting every ledger entry, none of them having dollars."""
    execute(
        "TRUNCATE cluster_ledgerconversion",
        "INSERT INTO cluster_conversiondue (kind, first, last) SELECT 'ledger', min(id), max(id) FROM cluster_ledgerentry",
    )
    return timed(convert)[0]


def correct_one_rate() -> dict[str, int]:
    """One rate in the middle of the ledger becomes another."""
    execute("UPDATE cluster_exchangerate SET value = value + 1 WHERE date = '2023-06-14'")
    return convert()


def new_day() -> dict[str, int]:
    """The rate of a new day arrives."""
    execute(NEW_RATE)
    return convert()


def page(client: Any, path: str) -> str:
    """The median latency of a page and its statements."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    first = client.get(path)
    if first.status_code != 200:
        return f"{first.status_code}"
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    statements = len(captured)
    seconds = statistics.median(timed(lambda: client.get(path))[0] for _ in range(7))
    return f"{seconds * 1000:.0f} ms, {statements} statements"


def peak_memory() -> int:
    """Megabytes of a process that converts everything once more."""
    execute("TRUNCATE cluster_ledgerconversion, cluster_budgetconversion")
    execute(
        "INSERT INTO cluster_conversiondue (kind, first, last) SELECT 'ledger', min(id), max(id) FROM cluster_ledgerentry",
        "INSERT INTO cluster_conversiondue (kind, first, last) SELECT 'budget', min(id), max(id) FROM cluster_budgetline",
    )
    done = subprocess.run([sys.executable, __file__, "--job"], check=True, capture_output=True, text=True)
    return int(done.stdout)


def measure(contracts: int, client: Any) -> None:
    """Everything at one size."""
    from django.utils import timezone

    from cluster.services.scale import load_scale

    loading, added = timed(lambda: load_scale(contracts, now=timezone.now(), progress=lambda done, total: None))
    first, figures = timed(convert)
    execute("VACUUM ANALYZE")
    pairs = [(bare(), full()) for _ in range(ROUNDS)]
    plain, whole = (min(times) for times in zip(*pairs, strict=True))
    nothing, _ = timed(convert)
    corrected, hit = timed(correct_one_rate)
    day, unhit = timed(new_day)
    say(f"\n{contracts} contracts: {contracts * 1000:,} ledger entries, {contracts * 2400:,} budget lines")
    say(f"  load                 {loading:8.2f} s   {added} contracts added")
    say(f"  first run            {first:8.2f} s   {figures['converted']:,} converted")
    say(f"  bare statement       {plain:8.2f} s   ledger entries")
    say(f"  full conversion      {whole:8.2f} s   {whole / plain:.2f} x the bare statement (at most 1.50)")
    say(f"  nothing changed      {nothing:8.3f} s   {100 * nothing / whole:.1f} % of the full run (at most 5)")
    say(f"  one corrected rate   {corrected:8.3f} s   {hit['changed']:,} rows written")
    say(f"  a new day's rate     {day:8.3f} s   {unhit['changed'] + unhit['converted']:,} rows written (0)")
    for name, path in PAGES.items():
        say(f"  {name:<21}{page(client, path)}")
    say(f"  peak worker memory   {peak_memory():8} MB  everything converted (below 200)")


def say(line: str) -> None:
    """One line of the report, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def reader() -> Any:
    """A client of somebody who sees everything."""
    from django.test import Client

    from cluster.models import User

    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.create_superuser("bench", "bench@example.org"))
    return client


def main() -> int:
    """Measure each size; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contracts", type=int, nargs="+", default=SIZES, help="sizes, in contracts of 1,000 ledger entries")
    parser.add_argument("--job", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        django.setup()
        convert()
        say(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))
        return 0
    with tempfile.TemporaryDirectory() as state, own_database():
        os.environ |= {"STATE_DIR": state, "SECRET_KEY": secrets.token_urlsafe(64), "SITE_URL": "http://localhost"}
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        execute(RATES)
        client = reader()
        for contracts in sorted(options.contracts):
            measure(contracts, client)
    return 0


if __name__ == "__main__":
    sys.exit(main())
