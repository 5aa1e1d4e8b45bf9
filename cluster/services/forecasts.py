"""Revising a forecast: the one way in which a milestone's expected date changes."""

from datetime import date
from uuid import UUID

import pghistory
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from cluster.domain.access import Action
from cluster.domain.dates import DateWindow, refuse_far
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.models import ForecastRevision, Milestone, SlipReason, Source, User
from cluster.services.access import require
from cluster.services.follow_up import Name, after_write


@transaction.atomic
def revise_forecast(
    *,
    milestone_id: int,
    window: DateWindow,
    reason: str,
    note: str = "",
    announced: DateWindow | None = None,
    source_id: int | None = None,
    document: str = "",
    by: User,
    version: int,
    today: date,
    request_key: UUID | None = None,
) -> ForecastRevision:
    """Record a new forecast for a milestone that has not been reached.

    `version` is the milestone's version that the person saw; Conflict carries the milestone as it stands now. The same
    `request_key` twice gives the first revision. `announced` defaults to today. Raises NotFound, Forbidden, Conflict,
    or DomainError naming the field.
    """
    milestone = _locked(milestone_id, by)
    require(by, Action.REVISE_FORECAST, contract=milestone.contract_id, factory=milestone.factory_id)
    if request_key is not None and (done := ForecastRevision.objects.filter(request_key=request_key).first()):
        asked = (milestone_id, window, reason, note, source_id, document)
        told_on = announced or DateWindow.day(timezone.localdate(done.recorded_at))
        # Without a date of its own an announcement is of the day on which the first request was recorded.
        told_as_before = done.announced == told_on or (announced is None and done.announced == DateWindow.day(today))
        if asked != (done.milestone_id, done.new, done.reason, done.note_ru, done.source_id, done.document) or not told_as_before:
            raise DomainError("This request was already used for another forecast.", code="request_reused")
        return done
    if milestone.version != version:
        raise Conflict("Somebody changed this milestone since you opened it.", current=milestone)
    if milestone.actual is not None:
        raise DomainError(
            "This milestone was reached on {date}: there is nothing left to forecast.", code="reached", date=milestone.actual.latest
        )
    refuse_far(window, field="window")
    if reason not in SlipReason.values:
        raise DomainError("Choose a reason from the list.", field="reason", code="choice")
    if window.latest < today:
        raise DomainError("A forecast cannot end in the past: choose {today} or later.", field="window", code="past", today=today)
    if announced is not None and announced.earliest > today:
        raise DomainError("The announcement cannot lie in the future.", field="announced", code="future")
    refuse_far(announced, field="announced")
    if source_id is not None and not Source.objects.for_reader(by).filter(pk=source_id).exists():
        raise DomainError("There is no such source.", field="source", code="choice")
    old = latest_forecast(milestone)
    if old == window:
        raise DomainError("The forecast already says so: change the date, or leave it.", field="window", code="unchanged")
    revision = ForecastRevision(
        milestone=milestone,
        reason=reason,
        note_ru=note,
        source_id=source_id,
        document=document,
        recorded_by=by,
        request_key=request_key,
    )
    revision.old, revision.new, revision.announced = old, window, announced or DateWindow.day(today)
    revision.full_clean()
    with pghistory.context(reason=reason):
        revision.save()
        Milestone.objects.filter(pk=milestone.pk).update(version=F("version") + 1)
    after_write(Name.FLAG_DELAYS)
    return revision


def latest_forecast(milestone: Milestone) -> DateWindow | None:
    """The newest forecast, whatever its announcement date."""
    newest = milestone.revisions.newest_first().first()
    return newest.new if newest else None


def _locked(milestone_id: int, by: User) -> Milestone:
    """The milestone, held until the transaction ends, or NotFound when it is not there for this person."""
    milestone = Milestone.objects.for_reader(by).select_for_update(of=("self",)).filter(pk=milestone_id).first()
    if milestone is None:
        raise NotFound("There is no such milestone.")
    return milestone
