"""A pasted schedule written as a whole: new and changed milestones with what they wait for, all of them or none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pghistory
from django.db import transaction

from cluster.domain.access import Action
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.domain.schedule import Schedule, Wait, Work
from cluster.domain.schedule_table import Change, PlannedLink, PlannedMilestone, RowChange, ScheduleTable, fingerprint
from cluster.domain.tables import BadRows
from cluster.models import Contract, Dependency, Milestone, User
from cluster.queries.schedule_table import planned_milestones
from cluster.services.access import require
from cluster.services.follow_up import Name, after_write
from cluster.services.in_bulk import update_in_bulk
from cluster.services.locks import one_at_a_time
from cluster.services.schedule_rules import refuse_unplaced

_BATCH = 5000
# Columns of the table that are foreign keys here.
_KEYS = {"factory": "factory_id", "responsible": "responsible_id"}
_WRITTEN = (
    "factory", "kind", "name_ru", "name_en", "duration_days", "optimistic_days", "pessimistic_days", "risk_cause", "responsible",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Imported:
    """How many milestones an import added and changed, and how many it left as they were."""

    added: int
    changed: int
    unchanged: int


@transaction.atomic
def import_schedule(
    *, contract_id: int, read: Callable[[Mapping[str, PlannedMilestone]], ScheduleTable], seen: str | None, by: User, reason: str = ""
) -> Imported:
    """Write what the table that `read` makes of the stored schedule would change: a bounded number of statements.

    `seen` is the fingerprint of the schedule that the person saw the changes of. Raises NotFound, Forbidden, Conflict, or
    BadRows with every cell that is wrong.
    """
    contract = Contract.objects.for_reader(by).filter(pk=contract_id).first()
    if contract is None:
        raise NotFound("There is no such contract.", field="contract")
    require(by, Action.EDIT_RECORD, contract=contract.pk)
    # Nobody adds milestones meanwhile, so that no code is given twice, nor links them, so that no circle is closed from two sides.
    one_at_a_time(f"milestones {contract.pk}")
    one_at_a_time(f"dependencies {contract.pk}")
    milestones = Milestone.objects.filter(contract=contract).select_for_update(of=("self",), no_key=True).order_by("pk")
    stored = {milestone.code: milestone for milestone in milestones}
    planned = planned_milestones(by, contract)
    table = read(planned)
    refuse_far_table(table, contract)
    if table.sheet.problems:
        raise BadRows(table.sheet.problems)
    new = [one for one in table.changes if one.change is Change.ADDED]
    changed = [one for one in table.changes if one.change is Change.CHANGED]
    # The same confirmation sent twice finds its own rows: there is nothing left to do, and nothing to complain about.
    if (new or changed) and seen is not None and seen != fingerprint(planned):
        raise Conflict("Somebody changed the schedule since you opened it: look at it again.")
    with pghistory.context(reason=reason.strip()) if reason.strip() else pghistory.context():
        added = [_put(Milestone(contract=contract, code=one.new.code), one) for one in new]
        Milestone.objects.bulk_create(added, batch_size=_BATCH)
        stored |= {milestone.code: milestone for milestone in added}
        moved = [one for one in changed if set(one.columns) & set(_WRITTEN)]
        update_in_bulk([_put(stored[one.new.code], one) for one in moved], (*_WRITTEN, "version"))
        _link([one for one in [*new, *changed] if "predecessors" in one.columns], stored)
    if new or changed:
        after_write(Name.FLAG_DELAYS)
    return Imported(len(new), len(changed), table.count(Change.UNCHANGED))


def refuse_far_table(table: ScheduleTable, contract: Contract) -> None:
    """Put what would drive the plan out of its years at the row of the milestone driven out, else at the first that changes."""
    changes = [one for one in table.changes if one.change is not Change.UNCHANGED]
    if table.sheet.problems or not changes:
        return
    try:
        refuse_unplaced(contract.pk, lambda now: _planned(now, changes), field="duration_days")
    except DomainError as error:
        named = next((one for one in changes if one.new.code == error.params["name"]), changes[0])
        table.sheet.refuse(named.row, "duration_days", str(named.new.duration_days or ""), error)


def _planned(now: Schedule, changes: list[RowChange]) -> tuple[list[Work], list[Wait]]:
    """The milestones and links of a plan once the rows are written; new ones have negative keys and the first calendar."""
    works = {work.code: work for work in now.works}
    for number, one in enumerate(changes, start=1):
        old = works.get(one.new.code) or Work(-number, one.new.code, 0, None, None, None, None, None, "", None)
        works[one.new.code] = replace(old, duration=one.new.duration_days)
    relinked = [one for one in changes if "predecessors" in one.columns]
    keys = {code: work.key for code, work in works.items()}
    waiting = {keys[one.new.code] for one in relinked}
    fresh = [Wait(0, keys[link.predecessor], keys[one.new.code], link.type, link.lag) for one in relinked for link in one.new.predecessors]
    return list(works.values()), [*(wait for wait in now.waits if wait.successor not in waiting), *fresh]


def _put(milestone: Milestone, change: RowChange) -> Milestone:
    if change.old is not None:
        milestone.version += 1
    for name in _WRITTEN:
        setattr(milestone, _KEYS.get(name, name), getattr(change.new, name))
    return milestone


def _link(changes: list[RowChange], stored: Mapping[str, Milestone]) -> None:
    """Make the dependencies of these milestones what their rows say: those that stay are left alone."""
    there = {
        (link.successor_id, link.predecessor_id): link
        for link in Dependency.objects.filter(successor__in=[stored[one.new.code].pk for one in changes]).order_by("pk")
    }
    wanted: dict[tuple[int, int], PlannedLink] = {
        (stored[one.new.code].pk, stored[link.predecessor].pk): link for one in changes for link in one.new.predecessors
    }
    gone = [link.pk for key, link in there.items() if key not in wanted]
    fresh: list[Dependency] = []
    other: list[Dependency] = []
    for (successor, predecessor), link in wanted.items():
        kept: Any = there.get((successor, predecessor))
        row = kept or Dependency(successor_id=successor, predecessor_id=predecessor)
        if kept is not None and (kept.type, kept.lag_days) == (link.type, link.lag):
            continue
        row.type, row.lag_days = link.type.value, link.lag
        (fresh if kept is None else other).append(row)
    for start in range(0, len(gone), _BATCH):
        Dependency.objects.filter(pk__in=gone[start : start + _BATCH]).delete()
    update_in_bulk(other, ("type", "lag_days"))
    Dependency.objects.bulk_create(fresh, batch_size=_BATCH)
