"""Saying that a report of the calendar of reporting is submitted, and taking that back. Who owes what is a record like others."""

from datetime import date

import pghistory
from django.db import transaction

from cluster.domain.access import Action
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.domain.reporting import period_of
from cluster.models import ReportingDuty, Submission, User
from cluster.queries.history import newest_event
from cluster.queries.reporting import span_of
from cluster.services.access import require


@transaction.atomic
def submit_report(*, duty_id: int, period: date, by: User, today: date, note: str = "") -> Submission:
    """Say that the report of the period in which `period` lies is submitted. Saying it again changes nothing.

    For who owes it and for editors. Raises NotFound, Forbidden, or DomainError: the period has not ended, or nothing is owed for it.
    """
    duty = ReportingDuty.objects.for_reader(by).select_for_update(of=("self",)).filter(pk=duty_id).first()
    if duty is None:
        raise NotFound("There is no such reporting duty.")
    if duty.owed_by_id != by.pk:
        require(by, Action.EDIT_RECORD, contract=duty.contract_id, factory=duty.factory_id)
    span = span_of(duty)
    owed = period_of(span, period)
    if owed.last < duty.starts_on or (duty.ends_on is not None and owed.first > duty.ends_on):
        raise DomainError("No report is owed for this time.", field="period", code="range")
    if owed.last >= today:
        raise DomainError("This period ends on {day}: report it after that.", field="period", code="future", day=owed.last)
    done = Submission.objects.filter(duty=duty, period=owed.first).first()
    if done is not None:
        return done
    submission = Submission(duty=duty, period=owed.first, by=by, note=note.strip())
    submission.full_clean()
    submission.save()
    return submission


@transaction.atomic
def take_back_report(*, submission_id: int, by: User, version: int, reason: str = "") -> None:
    """A report was not submitted after all: it is owed again, and the history keeps what was said.

    For who submitted it and for editors. Raises NotFound, Forbidden or Conflict.
    """
    found = Submission.objects.for_reader(by).select_for_update(of=("self",)).select_related("duty").filter(pk=submission_id).first()
    if found is None:
        raise NotFound("There is no such report.")
    if found.by_id != by.pk:
        require(by, Action.EDIT_RECORD, contract=found.duty.contract_id, factory=found.duty.factory_id)
    if newest_event(found) != version:
        raise Conflict("Somebody changed this report since you opened it: look at it again.", current=found)
    with pghistory.context(reason=reason):
        found.delete()
