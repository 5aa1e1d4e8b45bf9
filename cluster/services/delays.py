"""Delay flags: opened once, kept up to date while they last, closed when their cause is gone; and acknowledged by people."""

from datetime import date
from typing import Any

import pghistory
from django.db import transaction
from django.db.models import Q

from cluster.domain.access import Action
from cluster.domain.delays import FlagKind
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.domain.progress import Progress
from cluster.models import DelayEvent, DelayFlag, JobRun, User
from cluster.queries.delays import Late, late_on
from cluster.services.access import require
from cluster.services.locks import one_at_a_time

_Key = tuple[int, str]
_LONGEST_REASON = 2000
# Flags written by one statement: an update looks each row up in a list of all of them, so that its time grows with the square,
# and no statement may last longer than a page.
_AT_ONCE = 250


def flag_delays(*, as_of: date, job_run: JobRun | None = None, progress: Progress) -> dict[str, Any]:
    """Bring the stored flags into line with what is late on `as_of`, today; returns figures.

    Each change is an event of the same transaction. Repeating it changes nothing, and of two runs at once the second
    finds the first one's work done. The number of statements depends on the number of milestones
    only in that a few hundred flags that change take one.
    """
    progress(0, 2)
    with transaction.atomic(), pghistory.context(reason="flag_delays"):
        one_at_a_time("delays")
        late = late_on(as_of)
        figures = _Change(as_of, job_run, late).store()
    progress(2, 2)
    return figures | {"late": len(late), "as_of": as_of.isoformat()}


class _Change:
    """The difference between the flags that stand in the database and those that ought to."""

    def __init__(self, as_of: date, job_run: JobRun | None, late: list[Late]) -> None:
        self.as_of, self.job_run = as_of, job_run
        self.wanted: dict[_Key, Late] = {(each.milestone.pk, each.finding.kind.value): each for each in late}
        standing = DelayFlag.objects.filter(Q(closed_on__isnull=True) | Q(kind=FlagKind.COMPLETED_LATE, withdrawn_on__isnull=True))
        self.standing: dict[_Key, DelayFlag] = {
            (flag.milestone_id, flag.kind): flag for flag in standing.order_by("pk").select_for_update()
        }
        self.events: list[DelayEvent] = []

    def store(self) -> dict[str, Any]:
        opened = [self._open(late) for key, late in self.wanted.items() if key not in self.standing]
        changed = [flag for key, flag in self.standing.items() if key in self.wanted and self._update(flag, self.wanted[key])]
        gone = [flag for key, flag in self.standing.items() if key not in self.wanted]
        closed = [flag for flag in gone if flag.kind != FlagKind.COMPLETED_LATE]
        # A lateness that never was (the actual date was corrected) leaves the flags; the history keeps it.
        untrue = [flag.pk for flag in gone if flag.kind == FlagKind.COMPLETED_LATE]
        for flag in closed:
            reached = self.wanted.get((flag.milestone_id, FlagKind.COMPLETED_LATE.value))
            self._event(flag, DelayEvent.Kind.CLOSED, reached.days if reached else self._days(flag))
            flag.closed_on = self.as_of
        DelayFlag.objects.bulk_create(opened, batch_size=_AT_ONCE)
        if changed or closed:
            DelayFlag.objects.bulk_update([*changed, *closed], ["severity", "since", "until", "closed_on"], batch_size=_AT_ONCE)
        if untrue:
            DelayFlag.objects.filter(pk__in=untrue).update(withdrawn_on=self.as_of)
        DelayEvent.objects.bulk_create(self.events, batch_size=_AT_ONCE)
        return {
            "opened": len(opened),
            "worse": sum(event.kind == DelayEvent.Kind.WORSE for event in self.events),
            "better": sum(event.kind == DelayEvent.Kind.BETTER for event in self.events),
            "closed": len(closed),
            "withdrawn": len(untrue),
        }

    def _open(self, late: Late) -> DelayFlag:
        finding = late.finding
        flag = DelayFlag(
            contract_id=late.milestone.contract_id,
            factory_id=late.milestone.factory_id,
            milestone=late.milestone,
            subject_id=late.milestone.pk,
            kind=finding.kind,
            severity=late.severity,
            since=finding.since,
            until=finding.until,
            opened_on=self.as_of,
            # What was reached late is over on the day it is found; its one event is that it was found.
            closed_on=self.as_of if finding.kind is FlagKind.COMPLETED_LATE else None,
        )
        self._event(flag, DelayEvent.Kind.OPENED, late.days)
        return flag

    def _update(self, flag: DelayFlag, late: Late) -> bool:
        """Whether the flag had to change. Days that merely pass are no change; a new severity or another date is one."""
        finding, before = late.finding, self._days(flag)
        same_dates = (flag.since, flag.until) == (finding.since, finding.until)
        if same_dates and flag.severity == late.severity:
            return False
        moved = late.days - before
        flag.since, flag.until, flag.severity = finding.since, finding.until, late.severity
        # With the same dates only time has passed, or the contract's scale has changed.
        self._event(flag, DelayEvent.Kind.BETTER if moved < 0 else DelayEvent.Kind.WORSE, late.days)
        return True

    def _days(self, flag: DelayFlag) -> int:
        return max(0, ((flag.until or self.as_of) - flag.since).days)

    def _event(self, flag: DelayFlag, kind: DelayEvent.Kind, days: int) -> None:
        self.events.append(DelayEvent(flag=flag, kind=kind, on_date=self.as_of, days=days, severity=flag.severity, job_run=self.job_run))


@transaction.atomic
def acknowledge_flag(*, flag_id: int, reason: str, until: date, by: User, today: date) -> DelayFlag:
    """Note that somebody knows of a delay: who, why, until when. The flag stays open.

    Raises NotFound, Forbidden, Conflict when it is closed by now, or DomainError naming the field.
    """
    flag = DelayFlag.objects.for_reader(by).select_for_update(of=("self",)).select_related("milestone").filter(pk=flag_id).first()
    if flag is None:
        raise NotFound("There is no such delay.")
    require(by, Action.REVISE_FORECAST, contract=flag.milestone.contract_id, factory=flag.milestone.factory_id)
    if flag.closed_on is not None:
        raise Conflict("This delay is closed.", current=flag)
    reason = reason.strip()
    if not reason:
        raise DomainError("Say why.", field="reason", code="required")
    if len(reason) > _LONGEST_REASON or "\0" in reason:
        raise DomainError("Write at most {limit} characters of text.", field="reason", code="text", limit=_LONGEST_REASON)
    if until < today:
        raise DomainError("The day lies in the past.", field="until", code="past")
    if (flag.acknowledged_by, flag.acknowledged_until, flag.acknowledged_reason) == (by, until, reason):
        return flag
    flag.acknowledged_by, flag.acknowledged_until, flag.acknowledged_reason = by, until, reason
    with pghistory.context(reason=reason):
        flag.save(update_fields=["acknowledged_by", "acknowledged_until", "acknowledged_reason"])
    days = max(0, ((flag.until or today) - flag.since).days)
    DelayEvent.objects.create(flag=flag, kind=DelayEvent.Kind.ACKNOWLEDGED, on_date=today, days=days, severity=flag.severity)
    return flag
