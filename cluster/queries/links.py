"""What waits for what around one milestone, and what else would move if a link were another one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cluster.domain.errors import NotFound
from cluster.domain.network import LinkType
from cluster.domain.schedule import Basis, Schedule, Wait
from cluster.models import Dependency, Milestone
from cluster.models.scope import Reader
from cluster.queries.causes import seen
from cluster.queries.history import with_newest_event
from cluster.queries.schedule import standing_schedule

# A link that is only thought of has no id yet.
_NEW = 0


@dataclass(frozen=True, slots=True)
class Linked:
    """A link of a milestone and the milestone at its other end; of one that the reader may not see only the code may be told."""

    link: Dependency
    other: Milestone
    seen: bool


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
    """What a link would do: milestones that move, the most days first, and how many move that the reader may not see."""

    moved: list[Pushed]
    elsewhere: int


def links_around(reader: Reader, milestone: Milestone) -> tuple[list[Linked], list[Linked]]:
    """What a milestone (the reader may read it) waits for, and what waits for it, by code: two statements."""
    before = Dependency.objects.filter(successor=milestone).select_related("predecessor__factory").order_by("predecessor__code")
    after = Dependency.objects.filter(predecessor=milestone).select_related("successor__factory").order_by("successor__code")
    return (
        [Linked(link, link.predecessor, seen(reader, link.predecessor)) for link in before],
        [Linked(link, link.successor, seen(reader, link.successor)) for link in after],
    )


def link_for(reader: Reader, *, contract_code: str, dependency_id: int) -> Dependency:
    """A dependency with its milestones and its newest event as `version`, or NotFound when it is not there for this reader."""
    links = Dependency.objects.for_reader(reader).filter(successor__contract__code=contract_code)
    found = (
        with_newest_event(links).select_related("predecessor", "successor__contract", "successor__factory").filter(pk=dependency_id).first()
    )
    if found is None:
        raise NotFound("There is no such dependency.")
    return found  # type: ignore[no-any-return]


def would_move(link: Dependency, *, reader: Reader, today: date) -> Consequences:
    """What would be reached on another day if the link were as it is given: four statements; nothing is stored.

    Raises CircularDependency, or DomainError where the plan cannot be scheduled.
    """
    now = standing_schedule(link.successor.contract_id, as_of=today)
    wait = Wait(link.pk or _NEW, link.predecessor_id, link.successor_id, LinkType(link.type), link.lag_days)
    waits: Sequence[Wait] = [*(other for other in now.waits if other.key != link.pk), wait]
    then = Schedule(now.works, waits, now.calendars, data_date=today)
    was, will = now.placed(Basis.EXPECTED), then.placed(Basis.EXPECTED)
    pushed, pushed_then = now.knock_on(), then.knock_on()
    ends = {
        key: (pushed.get(key, was[key].early_finish), pushed_then.get(key, will[key].early_finish))
        for key in was
        if was[key].early_finish != will[key].early_finish or pushed.get(key) != pushed_then.get(key)
    }
    rows = [row for row in Milestone.objects.filter(pk__in=ends).select_related("factory") if ends[row.pk][0] != ends[row.pk][1]]
    moved = [Pushed(row, *ends[row.pk]) for row in rows if seen(reader, row)]
    return Consequences(
        moved=sorted(moved, key=lambda one: (-abs(one.days), one.milestone.code)),
        elsewhere=len(rows) - len(moved),
    )
