"""Work that may run once at a time, and may take its time: what the database holds until the transaction ends."""

from django.conf import settings
from django.db import connection

from cluster.domain.errors import Conflict


def one_at_a_time(work: str) -> None:
    """Wait until nobody else does `work`, then hold it to the end of this transaction. Call it inside one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"cluster.{work}"])


def refuse_second(work: str, *, told: str) -> None:
    """Hold `work` to the end of this transaction; where somebody does it now a Conflict saying what is `told`. Call it inside one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"cluster.{work}"])
        (held,) = cursor.fetchone()
    if not held:
        raise Conflict(told, code="busy")


def take_time() -> None:
    """Statements of this transaction may last longer than a page waits: half of the lease of a run. Call it inside one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %(most)s, true), set_config('lock_timeout', %(most)s, true),"
            " set_config('work_mem', '64MB', true)",
            {"most": f"{settings.JOB_LEASE_SECONDS // 2}s"},
        )
