"""Three-point estimates of many milestones at once: all of them are saved, or none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pghistory
from django.db import transaction

from cluster.domain.access import Action
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.domain.estimates import EstimateRow, row_problems
from cluster.domain.tables import BadRows, Problem
from cluster.models import Contract, Milestone, User
from cluster.services.access import require
from cluster.services.follow_up import Name, after_write
from cluster.services.in_bulk import update_in_bulk
from cluster.services.schedule_rules import estimate_of, refuse_unplaced

COLUMNS = ("duration_days", "optimistic_days", "pessimistic_days", "risk_cause")


@dataclass(frozen=True, slots=True)
class Saved:
    """How many estimates changed, and how many said what stood there already."""

    changed: int
    unchanged: int


@transaction.atomic
def save_estimates(*, contract_id: int, rows: Sequence[EstimateRow], by: User, reason: str = "") -> Saved:
    """Write estimates of milestones of a contract: seven statements whatever their number.

    Raises NotFound, Forbidden, or BadRows with every row that is wrong: no such milestone, one that was reached, one that
    somebody changed since the version that was seen (its error is a Conflict), durations that cannot be or that drive the plan
    beyond 2100; DomainError without any row. What stands there already is no change, whoever saved it.
    """
    contract = Contract.objects.for_reader(by).filter(pk=contract_id).first()
    if contract is None:
        raise NotFound("There is no such contract.", field="contract")
    if not rows:
        require(by, Action.EDIT_RECORD, contract=contract.pk)
        raise DomainError("Name one milestone at least.", field="estimates", code="empty")
    milestones = Milestone.objects.for_reader(by).filter(contract=contract).select_for_update(of=("self",), no_key=True).order_by("pk")
    stored = milestones.in_bulk([row.milestone for row in rows])
    changed: list[Milestone] = []
    problems = row_problems(rows)
    for row in rows:
        milestone = stored.get(row.milestone)
        try:
            if milestone is None:
                raise NotFound("There is no such milestone in this contract.")
            require(by, Action.EDIT_RECORD, contract=milestone.contract_id, factory=milestone.factory_id)
            if estimate_of(milestone) != row.estimate:
                changed.append(_with_estimate(milestone, row))
        except DomainError as error:
            problems.append(Problem(row.number, "", milestone.code if milestone else "", error))
    if not problems:
        problems = _unplaced(contract.pk, changed, rows)
    if problems:
        raise BadRows(sorted(problems, key=lambda problem: problem.row))
    with pghistory.context(reason=reason.strip()) if reason.strip() else pghistory.context():
        update_in_bulk(changed, (*COLUMNS, "version"))
    if changed:
        after_write(Name.FLAG_DELAYS)
    return Saved(len(changed), len(rows) - len(changed))


def _unplaced(contract_id: int, changed: Sequence[Milestone], rows: Sequence[EstimateRow]) -> list[Problem]:
    """The durations that drive the plan out of its years, told at the milestone driven out, else at the first that changes."""
    durations = {milestone.pk: milestone.duration_days for milestone in changed}
    try:
        refuse_unplaced(
            contract_id,
            lambda now: ([replace(work, duration=durations.get(work.key, work.duration)) for work in now.works], now.waits),
            field="duration_days",
        )
    except DomainError as error:
        named = next((one for one in changed if one.code == error.params["name"]), changed[0])
        number = next(row.number for row in rows if row.milestone == named.pk)
        return [Problem(number, "duration_days", str(named.duration_days or ""), error)]
    return []


def _with_estimate(milestone: Milestone, row: EstimateRow) -> Milestone:
    if milestone.actual is not None:
        raise DomainError("{milestone} was reached: there is nothing left to estimate.", code="reached", milestone=milestone.code)
    if row.version is not None and row.version != milestone.version:
        raise Conflict("Somebody changed {milestone} since you opened it: look at it again.", current=milestone, milestone=milestone.code)
    for name in COLUMNS:
        setattr(milestone, name, getattr(row.estimate, name))
    milestone.version += 1
    return milestone
