"""`make bench-web`: what the main pages take on the server, their CPU time, statements and size,
beside the same statements sent by psycopg alone.

It makes a database of its own beside the one that DATABASE_URL names (else on the embedded server), with the example plan, and drops it
at the end. `--contracts 1000` adds so many example contracts of 2,400 budget lines and 1,000 ledger entries each.
"""

import argparse
import gzip
import os
import secrets
import statistics
import sys
import tempfile
from importlib import import_module
from time import perf_counter, process_time
from typing import Any

import django
import psycopg
from money import execute, own_databases, say

WARM_UP, TURNS = 3, 15
PAGES = {
    "contract": "/c/example/",
    "factories": "/c/example/factories/",
    "factory": "/c/example/factories/X02/",
    "money": "/c/example/money/",
    "ledger": "/c/example/ledger/",
    "baselines": "/c/example/budgets/",
    "compare budgets": "/c/example/budgets/compare/",
    "Gantt": "/c/example/schedule/",
    "trend": "/c/example/schedule/trend/",
    "slips": "/c/example/schedule/slips/",
    "risk": "/c/example/risk/",
    "earned value": "/c/example/earned-value/",
    "quality": "/c/example/schedule/quality/",
    "estimates": "/c/example/estimates/",
    "delays": "/c/example/delays/",
    "record": "/c/example/record/",
    "production": "/production/c/example/",
    "my work": "/my/",
    "rates": "/rates/",
    "contracts": "/contracts/",
}


def prepare(contracts: int) -> Any:
    """The database, and the browser of an editor of everything."""
    django.setup()
    from django.contrib.auth.models import Group
    from django.core.management import call_command
    from django.test import Client
    from django.utils import timezone

    from cluster.models import Membership, User
    from cluster.services.conversions import convert_all
    from cluster.services.delays import flag_delays
    from cluster.services.scale import load_scale

    def silent(_done: int, _all: int) -> None:
        pass

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    call_command("load_public_record", verbosity=0, stdout=open(os.devnull, "w"))  # noqa: SIM115 (until the end)
    call_command("load_example_plan", verbosity=0, stdout=open(os.devnull, "w"))  # noqa: SIM115 (until the end)
    if contracts:
        load_scale(contracts, now=timezone.now(), progress=silent)
    convert_all(now=timezone.now(), progress=silent)
    flag_delays(as_of=timezone.localdate(), progress=silent)
    execute("VACUUM ANALYZE")
    editor = User.objects.create_user("bench")
    Membership.objects.create(user=editor, group=Group.objects.get_or_create(name="editor")[0])
    import_module("avtotor_site.wsgi")  # from here on as in the web server
    client = Client(headers={"host": "localhost", "accept-language": "ru"})
    client.force_login(editor)
    return client


def measure(client: Any) -> None:
    """Each page in turns: whole, then its statements as they were sent, through a connection of their own."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    say(f"{'page':<16}{'median':>10}{'p95':>10}{'CPU':>10}{'statements':>12}{'bare':>10}{'ratio':>8}{'gzip':>10}")
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, options="-c jit=off") as bare:
        for name, path in PAGES.items():
            whole, busy, alone = [], [], []
            for _ in range(WARM_UP):
                client.get(path)
            with CaptureQueriesContext(connection) as taken:
                response = client.get(path)
            if response.status_code != 200:
                raise SystemExit(f"{path}: {response.status_code}")
            sent = [one["sql"] for one in taken]
            for _ in range(TURNS):
                start, ticks = perf_counter(), process_time()
                client.get(path)
                whole.append(perf_counter() - start)
                busy.append(process_time() - ticks)
                start = perf_counter()
                for statement in sent:
                    cursor = bare.execute(statement)
                    if cursor.description:
                        cursor.fetchall()
                alone.append(perf_counter() - start)
            middle, late, sql = statistics.median(whole), statistics.quantiles(whole, n=20)[-1], statistics.median(alone)
            size = len(gzip.compress(response.content, 6)) / 1024
            times = f"{name:<16}{middle * 1000:7.0f} ms{late * 1000:7.0f} ms{statistics.median(busy) * 1000:7.0f} ms"
            say(f"{times}{len(sent):12}{sql * 1000:7.1f} ms{middle / sql:7.1f}x{size:7.0f} KB")


def main() -> int:
    """Prepare and measure; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contracts", type=int, default=0, help="how many contracts there are beside the example")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as state, own_databases():
        os.environ |= {"STATE_DIR": state, "SECRET_KEY": secrets.token_urlsafe(64), "SITE_URL": "http://localhost", "LOG_LEVEL": "ERROR"}
        measure(prepare(options.contracts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
