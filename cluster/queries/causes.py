"""Why milestones are late: which milestones lost the days, by the schedule, and what was last said about the one that lost most."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from itertools import takewhile

from cluster.domain.causes import Explanation, explanations
from cluster.domain.errors import DomainError
from cluster.domain.schedule import Schedule
from cluster.models import Contract, ForecastRevision, Milestone, SlipReason
from cluster.models.scope import Reader, scope_of
from cluster.queries.milestones import DatedMilestone
from cluster.queries.schedule import schedule_of, standing_schedule


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


def late_because(
    late: Iterable[DatedMilestone], contract: Contract, *, reader: Reader, today: date, known: Iterable[DatedMilestone] = ()
) -> dict[int, LateBecause]:
    """Why milestones of a contract (of one day) are late, by id: at most five statements, of a past day six; none without milestones.

    `known` are milestones that were read already. What is not late by the schedule is left out; so is everything where the plan cannot
    be scheduled, which its own page tells.
    """
    keys = {dated.milestone.pk: dated for dated in late}
    if not keys:
        return {}
    as_of = next(iter(keys.values())).as_of
    try:
        schedule = standing_schedule(contract.pk, as_of=as_of) if as_of == today else schedule_of(contract, as_of=as_of).schedule
        return causes_of(keys, schedule, reader=reader, as_of=as_of, known=known)
    except DomainError:
        return {}


def causes_of(
    keys: Collection[int], schedule: Schedule, *, reader: Reader, as_of: date, known: Iterable[DatedMilestone] = ()
) -> dict[int, LateBecause]:
    """Why the milestones of these ids (the reader may see them) are late by a schedule: one statement, or two where not all are `known`."""
    named = {dated.milestone.pk: dated.milestone for dated in known}
    if unknown := _behind(keys, schedule) - named.keys():
        named |= Milestone.objects.select_related("contract", "factory").in_bulk(unknown)

    def visible(key: int) -> bool:
        return seen(reader, named[key])

    why = explanations(keys, schedule.chain, visible=visible)
    most = {key: explanation.others[0].key if explanation.others else key for key, explanation in why.items()}
    said = _newest({key for key in most.values() if visible(key)}, as_of) if why else {}
    return {
        key: LateBecause(
            explanation,
            [Lost(named[share.key], share.days, visible(share.key)) for share in explanation.others],
            said.get(most[key]),
        )
        for key, explanation in why.items()
    }


def _behind(keys: Iterable[int], schedule: Schedule) -> set[int]:
    """The late ones of some milestones, and all behind them; what chains share is walked once."""
    found: set[int] = set()
    for key in keys:
        found.update(step.key for step in takewhile(lambda step: step.key not in found, schedule.chain(key)))
    return found


def _newest(milestones: Collection[int], as_of: date) -> dict[int, ForecastRevision]:
    """The newest move of each milestone's forecast announced by `as_of` (that one still holds explains nothing): one statement."""
    moves = ForecastRevision.objects.filter(milestone__in=milestones).exclude(reason=SlipReason.CONFIRMED).announced_by(as_of)
    found: dict[int, ForecastRevision] = {}
    for revision in moves.select_related("recorded_by", "source").newest_first():
        found.setdefault(revision.milestone_id, revision)
    return found
