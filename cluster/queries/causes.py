"""Why milestones are late: which milestones lost the days, by the schedule, and what was last said about the one that lost most."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from cluster.domain.causes import Explanation, explain
from cluster.models import ForecastRevision, Milestone, SlipReason
from cluster.models.scope import Reader, scope_of
from cluster.queries.schedule import ContractSchedule


@dataclass(frozen=True, slots=True)
class Lost:
    """A milestone and the days that it cost another one. Of one that the reader may not see (`seen` is false) only the code may be told."""

    milestone: Milestone
    days: int
    seen: bool


@dataclass(frozen=True, slots=True)
class LateBecause:
    """Why one milestone is late: whose days they are, the most first, and what became of them on the way (see `Explanation`).

    `said` is the newest revision of the one that lost most (the milestone itself, where nothing before it did): its reason, document
    and author; None where nothing was said, or it may not be seen.
    """

    explanation: Explanation
    others: list[Lost]
    said: ForecastRevision | None


def seen(reader: Reader, milestone: Milestone) -> bool:
    """Whether `reader` may see this milestone: the rule of `Milestone.objects.for_reader` for one that was read with its contract."""
    scope = scope_of(reader)
    return scope.sees_everything or milestone.contract_id in scope.contracts or milestone.factory_id in scope.factories


def causes_of(keys: Iterable[int], schedule: ContractSchedule, *, reader: Reader, as_of: date) -> dict[int, LateBecause]:
    """Why the milestones of these ids are late, by id; those that are not late by the schedule are left out. One statement."""

    def visible(key: int) -> bool:
        return seen(reader, schedule.by_key[key].milestone)

    found = {key: explain(schedule.schedule.chain(key), visible=visible) for key in keys}
    why = {key: explanation for key, explanation in found.items() if explanation is not None}
    most = {key: explanation.others[0].key if explanation.others else key for key, explanation in why.items()}
    said = _newest({key for key in most.values() if visible(key)}, as_of) if why else {}
    return {
        key: LateBecause(
            explanation,
            [Lost(schedule.by_key[share.key].milestone, share.days, visible(share.key)) for share in explanation.others],
            said.get(most[key]),
        )
        for key, explanation in why.items()
    }


def _newest(milestones: Collection[int], as_of: date) -> dict[int, ForecastRevision]:
    """The newest move of each milestone's forecast announced by `as_of` (that one still holds explains nothing): one statement."""
    moves = ForecastRevision.objects.filter(milestone__in=milestones).exclude(reason=SlipReason.CONFIRMED).announced_by(as_of)
    found: dict[int, ForecastRevision] = {}
    for revision in moves.select_related("recorded_by", "source").newest_first():
        found.setdefault(revision.milestone_id, revision)
    return found
