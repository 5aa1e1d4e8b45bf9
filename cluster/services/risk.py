"""Asking for a simulation of a contract's schedule, and cancelling it."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from cluster.domain.access import Action
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.domain.plan_risk import Assumptions
from cluster.models import Contract, Milestone, RiskRun, User
from cluster.queries.risk import assumptions_of, risk_run_for
from cluster.services import jobs
from cluster.services.access import require
from cluster.services.simulation import start

_LONGEST_REASON = 300


@transaction.atomic
def request_run(*, contract_id: int, assumptions: Assumptions, by: User, now: datetime, request_key: UUID | None = None) -> RiskRun:
    """Ask for a simulation of the contract's schedule as it stands today; a worker is woken after the commit.

    The same `request_key` twice gives the first one. Raises NotFound, Forbidden, or DomainError: naming the field of an assumption that
    makes no sense, for a contract without milestones, or for a key that was used to ask for something else.
    """
    contract = Contract.objects.for_reader(by).filter(pk=contract_id).first()
    if contract is None:
        raise NotFound("There is no such contract.", field="contract")
    require(by, Action.EDIT_RECORD, contract=contract.pk)
    assumptions.check()
    # Without an uplift there is nothing to give a reason for.
    reason = assumptions.uplift_reason.strip() if assumptions.uplift_percent else ""
    if request_key is not None and (done := RiskRun.objects.filter(request_key=request_key).first()):
        asked = (contract.pk, by.pk, replace(assumptions, uplift_reason=reason))
        if asked != (done.contract_id, done.requested_by_id, assumptions_of(done)):
            raise DomainError("This request was already used for another simulation.", code="request_reused")
        return done
    if len(reason) > _LONGEST_REASON:
        raise DomainError("Write at most {limit} characters of text.", field="uplift_reason", code="text", limit=_LONGEST_REASON)
    if not Milestone.objects.filter(contract=contract).exists():
        raise DomainError("There is no milestone to schedule.", code="empty")
    run = RiskRun(
        contract=contract,
        as_of=jobs.local_day(now),
        iterations=assumptions.iterations,
        seed=assumptions.seed,
        shape=assumptions.shape,
        in_factory=assumptions.in_factory,
        in_cause=assumptions.in_cause,
        overall=assumptions.overall,
        uplift_percent=assumptions.uplift_percent,
        uplift_reason=reason,
        request_key=request_key,
    )
    start(run, by=by, now=now, ask=jobs.enqueue)
    return run


def cancel_run(*, risk_run_id: int, by: User) -> RiskRun:
    """Give up a simulation that waits or works. Raises NotFound, Forbidden, or Conflict when it has ended."""
    run = risk_run_for(by, risk_run_id)
    if run.job_run_id is None:
        raise Conflict("This run has ended.", current=run)
    jobs.cancel(run.job_run_id, by=by)
    return risk_run_for(by, risk_run_id)
