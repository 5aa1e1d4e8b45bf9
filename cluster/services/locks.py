"""Work that may run once at a time: a lock that the database holds until the transaction ends."""

from django.db import connection


def one_at_a_time(work: str) -> None:
    """Wait until nobody else does `work`, then hold it to the end of this transaction. Call it inside one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"cluster.{work}"])
