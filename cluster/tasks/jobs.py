"""Jobs: the tick of beat, and the call to take one run. The work and its state lie in services and in the database."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from cluster.services import jobs


@shared_task(ignore_result=True)
def sweep(**_: Any) -> None:
    """Beat's tick."""
    jobs.sweep(timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def run_job(job_run_id: int, **_: Any) -> None:
    """Take the run if it still waits. Unknown keywords are those of a newer release."""
    jobs.execute(job_run_id, now=timezone.now())
