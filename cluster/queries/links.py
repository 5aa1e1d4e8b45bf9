"""What waits for what around one milestone."""

from dataclasses import dataclass
from datetime import date

from cluster.domain.errors import NotFound
from cluster.models import DelayFlag, Dependency, Milestone
from cluster.models.scope import Reader
from cluster.queries.causes import seen
from cluster.queries.history import with_newest_event
from cluster.queries.together import together


@dataclass(frozen=True, slots=True)
class Linked:
    """A link of a milestone and the milestone at its other end; of one that the reader may not see only the code may be told."""

    link: Dependency
    other: Milestone
    seen: bool


def links_and_flags(reader: Reader, milestone: Milestone, *, as_of: date) -> tuple[list[Linked], list[Linked], list[DelayFlag]]:
    """What a milestone (the reader may read it) waits for, and what waits for it, by code; and its flags of that day: one statement."""
    before = Dependency.objects.filter(successor=milestone).select_related("predecessor__factory").order_by("predecessor__code")
    after = Dependency.objects.filter(predecessor=milestone).select_related("successor__factory").order_by("successor__code")
    flags = DelayFlag.objects.for_reader(reader).filter(milestone=milestone, opened_on__lte=as_of)
    earlier, later, flagged = together(before, after, flags.order_by("closed_on", "-since"))
    return (
        [Linked(link, link.predecessor, seen(reader, link.predecessor)) for link in earlier],
        [Linked(link, link.successor, seen(reader, link.successor)) for link in later],
        flagged,
    )


def link_for(reader: Reader, *, contract_code: str, dependency_id: int) -> Dependency:
    """A dependency with its milestones and its newest event as `version`, or NotFound when it is not there for this reader."""
    links = Dependency.objects.for_reader(reader).filter(successor__contract__code=contract_code)
    found = (
        with_newest_event(links)
        .select_related("predecessor__contract", "predecessor__factory", "successor__contract", "successor__factory")
        .filter(pk=dependency_id)
        .first()
    )
    if found is None:
        raise NotFound("There is no such dependency.")
    return found  # type: ignore[no-any-return]
