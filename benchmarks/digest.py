"""`make bench-digest`: digests of ten thousand subscriptions over a thousand contracts, and letters through a mail server that fails.

It makes a database of its own and drops it at the end (see money.py). The world is invented (digest_world.py), every digest that is due is
written (digest_writing.py), and letters are sent (digest_mail.py).
"""

import argparse
import os
import secrets
import sys
import tempfile
from collections import Counter

import django
from digest_mail import deliver
from digest_world import build
from digest_writing import compare, make_due, profile, write_all
from money import execute, own_databases, say, timed

SUBSCRIPTIONS, CONTRACTS, LETTERS, WORKERS = 10_000, 1_000, 20_000, 3


def main() -> int:
    """Measure; the exit status, 1 when a letter was lost or came twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=SUBSCRIPTIONS)
    parser.add_argument("--contracts", type=int, default=CONTRACTS)
    parser.add_argument("--letters", type=int, default=LETTERS, help="letters through the failing server; 0: none")
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--profile", action="store_true", help="only where the time of the first digests goes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as state, own_databases():
        os.environ |= {"STATE_DIR": state, "SECRET_KEY": secrets.token_urlsafe(64), "SITE_URL": "http://localhost"}
        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        building, _ = timed(lambda: build(options.contracts, options.subscriptions))
        execute("VACUUM ANALYZE")
        say(f"\n{options.subscriptions:,} subscriptions over {options.contracts:,} contracts, made in {building:.0f} s")
        make_due()
        if options.profile:
            profile()
            return 0
        compare(write_all())
        found = deliver(options.letters, options.workers) if options.letters else Counter[str]()
        connection.close()
    return 1 if found["lost"] or found["twice"] or found["unlisted"] else 0


if __name__ == "__main__":
    sys.exit(main())
