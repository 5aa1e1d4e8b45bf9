"""What would be reached on another day if a link, or the work before a milestone, were another one. Nothing is stored."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from cluster.domain.network import LinkType
from cluster.domain.schedule import Basis, Schedule, Wait
from cluster.models import Dependency, Milestone
from cluster.models.scope import Reader
from cluster.queries.causes import seen
from cluster.queries.schedule import standing_schedule

# A link that is only thought of has no id yet.
_NEW = 0


@dataclass(frozen=True, slots=True)
class Pushed:
    """A milestone that would be reached on another day than is expected now."""

    milestone: Milestone
    before: date
    after: date

    @property
    def days(self) -> int:
        """Calendar days lost, or won (negative)."""
        return (self.after - self.before).days


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a change would do: milestones that move, the most days first, and how many move that the reader may not see."""

    moved: list[Pushed]
    elsewhere: int


def with_link(link: Dependency, *, reader: Reader, today: date) -> Consequences:
    """What would move if the link were as it is given: four statements.

    Raises CircularDependency, or DomainError where the plan cannot be scheduled.
    """
    now = standing_schedule(link.successor.contract_id, as_of=today)
    wait = Wait(link.pk or _NEW, link.predecessor_id, link.successor_id, LinkType(link.type), link.lag_days)
    waits = [*(other for other in now.waits if other.key != link.pk), wait]
    return _compared(now, Schedule(now.works, waits, now.calendars, data_date=today), reader)


def with_work(milestone: Milestone, changes: dict[str, Any], *, reader: Reader, today: date) -> Consequences:
    """What would move if `changes` stood in the milestone's `Work`: four statements.

    Raises DomainError where the plan cannot be scheduled.
    """
    now = standing_schedule(milestone.contract_id, as_of=today)
    works = [replace(work, **changes) if work.key == milestone.pk else work for work in now.works]
    return _compared(now, Schedule(works, now.waits, now.calendars, data_date=today), reader)


def _compared(now: Schedule, then: Schedule, reader: Reader) -> Consequences:
    """The milestones whose expected or pushed day differs between two schedules."""
    was, will = now.placed(Basis.EXPECTED), then.placed(Basis.EXPECTED)
    pushed, pushed_then = now.knock_on(), then.knock_on()
    ends = {key: (pushed.get(key, was[key].early_finish), pushed_then.get(key, will[key].early_finish)) for key in was}
    moving = {key: days for key, days in ends.items() if days[0] != days[1]}
    rows = list(Milestone.objects.filter(pk__in=moving).select_related("factory"))
    moved = [Pushed(row, *moving[row.pk]) for row in rows if seen(reader, row)]
    return Consequences(
        moved=sorted(moved, key=lambda one: (-abs(one.days), one.milestone.code)),
        elsewhere=len(rows) - len(moved),
    )
