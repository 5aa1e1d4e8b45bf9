"""What would follow if a forecast moved: which milestones move with it, and which flags open, get worse or close. Nothing is stored."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from cluster.domain.causes import ways
from cluster.domain.dates import DateWindow, refuse_far
from cluster.domain.delays import FlagKind, Severity, SeverityScale, findings
from cluster.domain.errors import DomainError
from cluster.domain.schedule import Basis, Schedule, Work
from cluster.models import Milestone, MilestoneKind
from cluster.models.scope import Reader
from cluster.queries.causes import seen
from cluster.queries.contracts import is_partial
from cluster.queries.schedule import standing_schedule


class Change(StrEnum):
    """What becomes of a flag."""

    OPENS = "opens"
    WORSE = "worse"
    BETTER = "better"
    CLOSES = "closes"


@dataclass(frozen=True, slots=True)
class FlagChange:
    """A flag that would change: its kind, days before and after (0: there is none), and its severity while it stands."""

    kind: FlagKind
    before: int
    after: int
    severity: Severity

    @property
    def change(self) -> Change:
        """Whether it opens, closes, or is measured anew."""
        if not self.before or not self.after:
            return Change.CLOSES if self.before else Change.OPENS
        return Change.WORSE if self.after > self.before else Change.BETTER


@dataclass(frozen=True, slots=True)
class Moved:
    """A milestone that would be reached on another day.

    `through` lead to it from the one that was asked about, both ends left out: the first ones and the last, before which `left_out` are
    not told.
    """

    milestone: Milestone
    before: date
    after: date
    through: list[Milestone]
    left_out: int
    flags: list[FlagChange]

    @property
    def days(self) -> int:
        """Calendar days lost, or won (negative)."""
        return (self.after - self.before).days


@dataclass(frozen=True, slots=True)
class KnockOn:
    """What would follow from a new forecast of one milestone: its own flags, and what else moves, the most days first.

    `elsewhere` are codes of milestones that move in factories which the reader may not see: nothing else is told of them. `end` is
    the day on which everything is reached, before and after; None for who sees only a part of the contract.
    """

    own: list[FlagChange]
    moved: list[Moved]
    elsewhere: list[str]
    end: tuple[date, date] | None

    @property
    def openings(self) -> list[Moved]:
        """The openings of factories among what moves."""
        return [each for each in self.moved if each.milestone.kind == MilestoneKind.OPENING]

    @property
    def end_days(self) -> int:
        """By how many calendar days the end moves."""
        return (self.end[1] - self.end[0]).days if self.end else 0

    @property
    def counts(self) -> dict[Change, int]:
        """How many flags open, get worse, get better, close."""
        changes = [flag.change for flags in (self.own, *(each.flags for each in self.moved)) for flag in flags]
        return {change: changes.count(change) for change in Change}

    @property
    def is_grave(self) -> bool:
        """Whether other milestones move or flags open: what a person ought to have seen before it is saved."""
        return bool(self.moved or self.elsewhere or self.counts[Change.OPENS])


def knock_on(milestone: Milestone, forecast: date, *, reader: Reader, today: date) -> KnockOn:
    """What would follow today if `forecast` became the end of the milestone's forecast window: two statements.

    Raises DomainError where no such forecast can be recorded, and where the plan cannot be scheduled.
    """
    if milestone.actual is not None:
        raise DomainError(
            "This milestone was reached on {date}: there is nothing left to forecast.", code="reached", date=milestone.actual.latest
        )
    if forecast < today:
        raise DomainError("A forecast cannot end in the past: choose {today} or later.", field="window", code="past", today=today)
    refuse_far(forecast, field="window")
    now = standing_schedule(milestone.contract_id, as_of=today)
    told = [replace(work, forecast=forecast) if work.key == milestone.pk else work for work in now.works]
    then = Schedule(told, now.waits, now.calendars, data_date=today)
    was, will = ({key: end for key, (_, end) in each.spans(Basis.EXPECTED).items()} for each in (now, then))
    later, earlier = ([key for key, end in was.items() if key != milestone.pk and sign * (will[key] - end).days > 0] for sign in (1, -1))
    led = ways(later, milestone.pk, then.pushed_by) | ways(earlier, milestone.pk, now.pushed_by)
    named = {milestone.pk, *led, *(step for way in led.values() for step in way.steps)}
    by_key = {row.pk: row for row in Milestone.objects.filter(pk__in=named).select_related("factory", "standing")}
    pushed, pushed_then = now.knock_on(), then.knock_on()

    def flags(key: int) -> list[FlagChange]:
        before = _days_by_kind(by_key[key], now.work(key), pushed.get(key), today)
        return _changes(before, _days_by_kind(by_key[key], then.work(key), pushed_then.get(key), today), milestone.contract.severity_scale)

    moved = [
        Moved(by_key[key], was[key], will[key], [by_key[step] for step in way.steps], way.left_out, flags(key)) for key, way in led.items()
    ]
    return KnockOn(
        own=flags(milestone.pk),
        moved=sorted((each for each in moved if seen(reader, each.milestone)), key=lambda each: (-abs(each.days), each.milestone.code)),
        elsewhere=sorted(each.milestone.code for each in moved if not seen(reader, each.milestone)),
        end=None if is_partial(reader, milestone.contract) else (max(was.values()), max(will.values())),
    )


def _days_by_kind(milestone: Milestone, work: Work, pushed_to: date | None, today: date) -> dict[FlagKind, int]:
    """What is wrong with a milestone by the delay rules, with its days."""
    if not milestone.scored or work.due is None:
        return {}
    wrong = findings(
        due=DateWindow.day(work.due),
        forecast=DateWindow.day(work.forecast) if work.forecast else None,
        actual=work.actual,
        as_of=today,
        knock_on=pushed_to,
        p80=milestone.standing.p80,
    )
    return {finding.kind: finding.days(as_of=today) for finding in wrong}


def _changes(before: dict[FlagKind, int], after: dict[FlagKind, int], scale: SeverityScale) -> list[FlagChange]:
    """What becomes of the flags between two states."""
    days = {kind: (before.get(kind, 0), after.get(kind, 0)) for kind in FlagKind}
    return [FlagChange(kind, was, will, scale.of(will or was)) for kind, (was, will) in days.items() if was != will]
