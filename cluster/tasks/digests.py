"""Mail: beat's call to deliver what is due. What is due, and what was sent, stands in the database."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from cluster.services.mailing import deliver_due


@shared_task(acks_late=True, ignore_result=True)
def deliver(**_: Any) -> None:
    """Deliver the letters that are due. Unknown keywords are those of a newer release."""
    deliver_due(now=timezone.now())
