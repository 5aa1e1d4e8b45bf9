"""`make bench-money`: how the conversion and the pages stand a million ledger entries, against a bare statement in the same run.

It makes a database of its own beside the one that DATABASE_URL names (else on the embedded server), and drops it at the end. The rates
in it are invented: no official series is shipped for five years, and none must be taken for one.
"""

import argparse
import json
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
# A page is asked for in turns, beside the same page of a database with one contract: what else the machine does hurts both alike.
WARM_UP, TURNS = 3, 15
PAGES = {
    "contract": "/c/{code}/",
    "factories": "/c/{code}/factories/",
    "factory": "/c/{code}/factories/F02/",
    "money": "/c/{code}/money/",
    "money, rows": "/c/{code}/money/rows/?category=design",
    "ledger": "/c/{code}/ledger/",
    "baselines": "/c/{code}/budgets/",
    "delays": "/c/{code}/delays/",
    "rates": "/rates/",
    "contracts": "/contracts/",
}
LISTS = {
    "ledger, REST": "/api/v1/ledger-entries/?contract={code}",
    "budget, REST": "/api/v1/budget-lines/?contract={code}",
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

CORRECTED_RATE = """
INSERT INTO cluster_exchangerate (currency, date, nominal, value, revision, status, quality, source_ru, source_en, recorded_at)
SELECT currency, date, nominal, value + 1, revision + 1, 'accepted', quality, source_ru, source_en, now()
FROM cluster_exchangerate WHERE date = '2023-06-14' ORDER BY revision DESC LIMIT 1
"""


@contextmanager
def own_databases() -> Iterator[str]:
    """DATABASE_URL names a new database until the end, when it is dropped; so is the one whose address is given, made of it by `copy`."""
    from avtotor_site.local import attach

    held = attach()
    server = os.environ["DATABASE_URL"]
    name = f"bench_money_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    os.environ["DATABASE_URL"] = urlsplit(server)._replace(path=f"/{name}").geturl()
    try:
        yield urlsplit(server)._replace(path=f"/{name}_one").geturl()
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            for each in (name, f"{name}_one"):
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(each)))
        if held is not None:
            held.leave()


def copy(to: str) -> None:
    """Make the second database like the first one, to which nobody may be connected."""
    from django.db import connection

    connection.close()
    name = urlsplit(os.environ["DATABASE_URL"]).path[1:]
    with psycopg.connect(urlsplit(to)._replace(path="/postgres").geturl(), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(urlsplit(to).path[1:]), sql.Identifier(name)))


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
    """One rate in the middle of the ledger is corrected, as the bank does: by a revision."""
    execute("UPDATE cluster_exchangerate SET status = 'superseded' WHERE date = '2023-06-14'", CORRECTED_RATE)
    return convert()


def new_day() -> dict[str, int]:
    """The rate of a new day arrives."""
    execute(NEW_RATE)
    return convert()


def answer_pages(code: str) -> None:
    """A process of one database: each line that comes in is answered with one round of the pages, as JSON."""
    from django.db import connection
    from django.test import Client
    from django.utils import timezone

    from cluster.models import User
    from cluster.services.scale import load_scale

    if load_scale(1, now=timezone.now(), progress=lambda done, total: None):
        convert()
        execute("VACUUM ANALYZE")
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username="bench"))
    spent: list[float] = []

    def timing(execute: Any, *arguments: Any) -> Any:
        seconds, result = timed(lambda: execute(*arguments))
        spent.append(seconds)
        return result

    def ask(path: str) -> tuple[float, float, int]:
        spent.clear()
        seconds, response = timed(lambda: client.get(path))
        if response.status_code != 200:
            raise SystemExit(f"{path}: {response.status_code}")
        return seconds, sum(spent), len(spent)

    paths = {name: path.format(code=code) for name, path in (PAGES | LISTS).items()}
    with connection.execute_wrapper(timing):
        for _ in range(WARM_UP):
            for path in paths.values():
                ask(path)
        for _line in sys.stdin:
            say(json.dumps({name: ask(path) for name, path in paths.items()}))


def turns(codes: dict[str, str]) -> dict[str, dict[str, list[tuple[float, float, int]]]]:
    """The pages of each database (its address, and the code of a contract in it), asked in turns: by database, by page."""
    asked = {}
    for database, code in codes.items():
        command = [sys.executable, __file__, "--pages", code]
        environment = os.environ | {"DATABASE_URL": database}
        asked[database] = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    found: dict[str, dict[str, list[tuple[float, float, int]]]] = {database: {} for database in codes}
    for _ in range(TURNS):
        for database, process in asked.items():
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("once more\n")
            process.stdin.flush()
            for name, figures in json.loads(process.stdout.readline()).items():
                found[database].setdefault(name, []).append(tuple(figures))
    for process in asked.values():
        process.communicate()
    return found


def pages(contracts: int, single: str) -> None:
    """Each page of a contract in the middle, beside the same page where there is one contract: medians, whole and of the SQL in it."""
    here = os.environ["DATABASE_URL"]
    found = turns({single: "scale-0001", here: f"scale-{(contracts + 1) // 2:04}"})
    for name in PAGES | LISTS:
        (one, one_sql, one_count), (many, many_sql, many_count) = (
            [statistics.median(column) for column in zip(*found[database][name], strict=True)] for database in (single, here)
        )
        whole = f"{many * 1000:5.0f} ms, {many / one:.2f} x ({one * 1000:.0f} ms)"
        in_sql = f"{many_sql * 1000:.0f} ms, {many_sql / one_sql:.2f} x ({one_sql * 1000:.0f} ms)"
        say(f"  {name:<17}{whole}; SQL {in_sql}; {many_count:.0f} statements ({one_count:.0f})")


def peak_memory() -> int:
    """Megabytes of a process that converts everything once more."""
    execute("TRUNCATE cluster_ledgerconversion, cluster_budgetconversion")
    execute(
        "INSERT INTO cluster_conversiondue (kind, first, last) SELECT 'ledger', min(id), max(id) FROM cluster_ledgerentry",
        "INSERT INTO cluster_conversiondue (kind, first, last) SELECT 'budget', min(id), max(id) FROM cluster_budgetline",
    )
    done = subprocess.run([sys.executable, __file__, "--job"], check=True, capture_output=True, text=True)
    return int(done.stdout)


def measure(contracts: int, single: str) -> None:
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
    pages(contracts, single)
    say(f"  peak worker memory   {peak_memory():8} MB  everything converted (below 200)")


def say(line: str) -> None:
    """One line of the report, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Measure each size; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contracts", type=int, nargs="+", default=SIZES, help="sizes, in contracts of 1,000 ledger entries")
    parser.add_argument("--job", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--pages", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        django.setup()
        convert()
        say(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))
        return 0
    if options.pages:
        django.setup()
        answer_pages(options.pages)
        return 0
    with tempfile.TemporaryDirectory() as state, own_databases() as single:
        os.environ |= {"STATE_DIR": state, "SECRET_KEY": secrets.token_urlsafe(64), "SITE_URL": "http://localhost"}
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        execute(RATES)
        from cluster.models import User

        User.objects.create_superuser("bench", "bench@example.org")
        copy(single)
        for contracts in sorted(options.contracts):
            measure(contracts, single)
    return 0


if __name__ == "__main__":
    sys.exit(main())
