"""Whether the installation is fit to serve: database, migrations, newest rate, the sweep's age."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max
from django.utils import timezone

from cluster.models import JobRun
from cluster.queries.rates import rate_status

_log = logging.getLogger(__name__)
SWEEP_IS_OLD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `critical` ones decide whether requests may be sent here."""

    name: str
    ok: bool
    detail: str
    critical: bool


def readiness(*, now: datetime) -> list[Check]:
    """What a load balancer and an operator want to know; never raises."""
    try:
        executor = MigrationExecutor(connection)
        pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        rate = rate_status(timezone.localdate(now))
        swept = JobRun.objects.filter(name=JobRun.Name.SWEEP).aggregate(at=Max("finished_at"))["at"]
    except DatabaseError as error:
        # Anybody may ask: addresses and names in the database's words are for the log.
        _log.error("The database does not answer: %s", error)
        return [Check("database", ok=False, detail="unreachable", critical=True)]
    return [
        Check("database", ok=True, detail="", critical=True),
        Check("migrations", ok=pending == 0, detail=f"{pending} pending", critical=True),
        Check("rate", ok=not rate.stale, detail=str(rate.rate.date if rate.rate else None), critical=False),
        Check("sweep", ok=swept is not None and now - swept < SWEEP_IS_OLD, detail=str(swept), critical=False),
    ]
