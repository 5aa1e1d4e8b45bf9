"""Schedule risk: the plan of a contract simulated, and the simulations that were made."""

from datetime import date

from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import Abs

from cluster.domain.errors import NotFound
from cluster.domain.plan_risk import Assumptions, Estimate, PlanRisk, simulate_plan
from cluster.domain.progress import Progress
from cluster.domain.spread import Shape
from cluster.models import Contract, Milestone, MilestoneKind, RiskResult, RiskRun, Standing
from cluster.models.risk import RiskRunQuerySet
from cluster.models.scope import Reader
from cluster.queries.schedule import ContractSchedule, refuse_before_baseline, schedule_of


def plan_risk(
    contract: Contract, assumptions: Assumptions, *, as_of: date, progress: Progress | None = None
) -> tuple[ContractSchedule, PlanRisk]:
    """The plan of a contract as it was known on the data date `as_of`, and its simulation. Nothing is stored.

    Raises DomainError for a plan that cannot be scheduled and for assumptions that make no sense.
    """
    refuse_before_baseline(contract, as_of)
    plan = schedule_of(contract, as_of=as_of)
    rows = [dated.milestone for dated in plan.milestones]
    estimates = {row.pk: Estimate(row.factory_id, row.risk_cause, row.optimistic_days, row.pessimistic_days) for row in rows}
    openings = {row.pk for row in rows if row.kind == MilestoneKind.OPENING and row.factory_id is not None}
    return plan, simulate_plan(plan.schedule, estimates, assumptions, openings=openings, progress=progress)


def assumptions_of(run: RiskRun) -> Assumptions:
    """What was assumed of a simulation."""
    return Assumptions(
        iterations=run.iterations,
        seed=run.seed,
        shape=Shape(run.shape),
        in_factory=run.in_factory,
        in_cause=run.in_cause,
        overall=run.overall,
        uplift_percent=run.uplift_percent,
        uplift_reason=run.uplift_reason,
    )


def risk_runs(reader: Reader, contract: Contract) -> RiskRunQuerySet:
    """The simulations of a contract that `reader` may see, the newest first, with who asked for them and their work."""
    return RiskRun.objects.for_reader(reader).filter(contract=contract).select_related("requested_by", "job_run")


def risk_run_for(reader: Reader, run_id: int) -> RiskRun:
    """One simulation; NotFound when it is not there for this reader."""
    run = RiskRun.objects.for_reader(reader).select_related("contract", "requested_by", "job_run").filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no such simulation.")
    return run


def results_of(reader: Reader, run: RiskRun) -> QuerySet[RiskResult]:
    """What a simulation gave for the milestones that `reader` may see, those that move the end most first."""
    results = RiskResult.objects.for_reader(reader).filter(run=run).select_related("milestone__factory", "milestone__standing")
    return results.order_by(Abs("sensitivity").desc(), "pk")


def estimated_count(contract: Contract) -> tuple[int, int]:
    """How many milestones of a contract that are still to come have three durations, and how many there are: one statement."""
    has_three = Q(optimistic_days__isnull=False, pessimistic_days__isnull=False)
    ahead = Milestone.objects.filter(contract=contract, actual_latest=None)
    counted = ahead.aggregate(estimated=Count("pk", filter=has_three), ahead=Count("pk"))
    return counted["estimated"], counted["ahead"]


def due_of(contract: Contract) -> date | None:
    """The last due date of a contract's milestones as it stands today."""
    found: date | None = Standing.objects.filter(contract=contract).aggregate(due=Max("due_latest"))["due"]
    return found
