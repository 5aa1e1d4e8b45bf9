"""Revising a forecast, the one way in which a milestone's expected date changes; and confirming that forecasts still hold."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

import pghistory
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from cluster.domain.access import Action
from cluster.domain.dates import DateWindow, refuse_far
from cluster.domain.errors import BatchRefused, Conflict, DomainError, NotFound
from cluster.models import ForecastRevision, Milestone, SlipReason, Source, User
from cluster.services.access import require
from cluster.services.follow_up import Name, after_write
from cluster.services.schedule_rules import refuse_unplaced

# Why a forecast may move; that it did not is told by `confirm_forecasts`.
REASONS = [choice for choice in SlipReason.choices if choice[0] != SlipReason.CONFIRMED]


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
    `request_key` twice gives the first revision. `announced` defaults to today. The date that stands is recorded again only with
    another reason, note, source or document. Raises NotFound, Forbidden, Conflict,
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
    if reason not in dict(REASONS):
        raise DomainError("Choose a reason from the list.", field="reason", code="choice")
    if window.latest < today:
        raise DomainError("A forecast cannot end in the past: choose {today} or later.", field="window", code="past", today=today)
    if announced is not None and announced.earliest > today:
        raise DomainError("The announcement cannot lie in the future.", field="announced", code="future")
    refuse_far(announced, field="announced")
    if source_id is not None and not Source.objects.for_reader(by).filter(pk=source_id).exists():
        raise DomainError("There is no such source.", field="source", code="choice")
    newest = milestone.revisions.newest_first().first()
    old = newest.new if newest else None
    if newest and old == window and not _says_more(newest, reason, (note, source_id, document)):
        raise DomainError("The forecast already says so: change the date, or leave it.", field="window", code="unchanged")
    refuse_unplaced(
        milestone.contract_id,
        lambda now: ([replace(work, forecast=window.latest) if work.key == milestone.pk else work for work in now.works], now.waits),
        field="window",
    )
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


@transaction.atomic
def confirm_forecasts(*, milestone_ids: Sequence[int], by: User, today: date) -> list[ForecastRevision]:
    """Say that the newest forecasts of these milestones still hold, all of them or none: seven statements whatever their number.

    What `by` confirmed as the newest word of `today` already is not recorded again. A confirmation moves nothing, so the
    milestones' versions stay. Raises BatchRefused with each milestone, by its place in `milestone_ids`, and NotFound, Forbidden,
    or DomainError: it was reached, it has no forecast (a due date is a promise, not a forecast), or its forecast has passed.
    """
    wanted = list(dict.fromkeys(milestone_ids))
    milestones = Milestone.objects.for_reader(by).select_for_update(of=("self",)).order_by("pk").in_bulk(wanted)
    newest = ForecastRevision.objects.filter(milestone__in=milestones).order_by(
        "milestone_id", F("announced_latest").desc(nulls_last=True), "-id"
    )
    latest = {revision.milestone_id: revision for revision in newest.distinct("milestone_id")}
    refused: list[tuple[int, Exception]] = []
    new, known = [], []
    for number, key in enumerate(wanted):
        last = latest.get(key)
        try:
            _refuse_confirmation(milestones.get(key), last, by, today)
        except DomainError as error:
            refused.append((number, error))
            continue
        assert last is not None
        told = DateWindow.day(today)
        if (last.reason, last.announced, last.recorded_by_id) == (SlipReason.CONFIRMED, told, by.pk):
            known.append(last)
            continue
        revision = ForecastRevision(milestone=milestones[key], reason=SlipReason.CONFIRMED, recorded_by=by)
        revision.old, revision.new, revision.announced = last.new, last.new, told
        new.append(revision)
    if refused:
        raise BatchRefused(refused)
    with pghistory.context(reason=SlipReason.CONFIRMED.value):
        ForecastRevision.objects.bulk_create(new)
    if new:
        after_write(Name.FLAG_DELAYS)
    return [*known, *new]


def _refuse_confirmation(milestone: Milestone | None, last: ForecastRevision | None, by: User, today: date) -> None:
    if milestone is None:
        raise NotFound("There is no such milestone.")
    require(by, Action.REVISE_FORECAST, contract=milestone.contract_id, factory=milestone.factory_id)
    if milestone.actual is not None:
        raise DomainError(
            "This milestone was reached on {date}: there is nothing left to forecast.", code="reached", date=milestone.actual.latest
        )
    if last is None:
        raise DomainError("{milestone} has no forecast to confirm: give it a first one.", code="no_forecast", milestone=milestone.code)
    if last.new.latest < today:
        raise DomainError(
            "The forecast of {milestone} ended on {day}: it can only be revised.",
            code="past",
            milestone=milestone.code,
            day=last.new.latest,
        )


def _says_more(newest: ForecastRevision, reason: str, said: tuple[str, int | None, str]) -> bool:
    """Whether a word on the date that stands gives it another reason, or a note, source or document that it has not got."""
    if newest.reason not in (reason, SlipReason.CONFIRMED):
        return True
    return any(said) and said != (newest.note_ru, newest.source_id, newest.document)


def _locked(milestone_id: int, by: User) -> Milestone:
    """The milestone, held until the transaction ends, or NotFound when it is not there for this person."""
    milestone = Milestone.objects.for_reader(by).select_for_update(of=("self",)).filter(pk=milestone_id).first()
    if milestone is None:
        raise NotFound("There is no such milestone.")
    return milestone
