"""Work that a write makes necessary: asked for after its commit, so that dollars and flags need not wait for the evening."""

from functools import partial

from django.db import transaction
from django.db.models.functions import Now

from cluster.gateways import broker
from cluster.models import JobRun

Name = JobRun.Name


def after_write(*names: JobRun.Name) -> None:
    """Ask for these jobs once the transaction is committed. A broker that is down neither breaks nor delays the write.

    The write stands whatever becomes of the request: what was not asked for is done at the job's next due time.
    """
    if names:
        transaction.on_commit(partial(_ask, names), robust=True)


def _ask(names: tuple[JobRun.Name, ...]) -> None:
    # A run that still waits after the commit will see what was committed: no second one is needed.
    waiting = set(
        JobRun.objects.filter(name__in=names, status=JobRun.Status.QUEUED, scheduled_for__lte=Now()).values_list("name", flat=True)
    )
    runs = [JobRun(name=name, scheduled_for=Now()) for name in names if name not in waiting]
    if runs:
        JobRun.objects.bulk_create(runs)
        broker.wake_soon([run.pk for run in runs])
