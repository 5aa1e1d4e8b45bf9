"""The work of a simulation: what its job does, by day and at night. Asking for one is `services.risk`."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Now
from django.utils.timezone import localdate

from cluster.domain.plan_risk import PlanRisk
from cluster.domain.progress import Progress
from cluster.models import JobRun, RiskResult, RiskRun, Standing, User
from cluster.queries.risk import assumptions_of, plan_risk
from cluster.services.follow_up import after_write
from cluster.services.locks import one_at_a_time, take_time

_ROWS = 1000
_ASSUMED = ("iterations", "seed", "shape", "in_factory", "in_cause", "overall", "uplift_percent", "uplift_reason")


def simulate_run(run_id: int, *, progress: Progress) -> dict[str, Any]:
    """Simulate the plan of a contract and store what came of it; returns figures.

    Nothing is stored before the last iteration. A run that is finished is left alone, so that one taken up again by another worker is
    stored once. Raises DomainError for a plan that cannot be scheduled.
    """
    run = RiskRun.objects.select_related("contract").get(pk=run_id)
    if run.finished_at is None:
        _plan, risk = plan_risk(run.contract, assumptions_of(run), as_of=run.as_of, progress=progress)
        _store(run, risk)
    return {"iterations": run.iterations, "milestones": run.results.count(), "estimated": run.estimated}


@transaction.atomic
def _store(run: RiskRun, risk: PlanRisk) -> None:
    take_time()
    one_at_a_time(f"risk.{run.contract_id}")
    if not RiskRun.objects.filter(pk=run.pk, finished_at__isnull=True).update(finished_at=Now()):
        run.refresh_from_db()
        return
    for name, value in asdict(risk.dates).items():
        setattr(run, name, value)
    run.chance, run.chance_of_all, run.estimated = risk.chance, risk.chance_of_all, risk.estimated
    run.curve = [[day.isoformat(), count] for day, count in risk.curve]
    run.save(update_fields=["p10", "p50", "p80", "p95", "chance", "chance_of_all", "estimated", "curve"])
    results = [
        RiskResult(
            run=run,
            milestone_id=one.key,
            chance=one.chance,
            criticality=one.criticality,
            sensitivity=one.sensitivity,
            **asdict(one.dates),
        )
        for one in risk.milestones
    ]
    RiskResult.objects.bulk_create(results, batch_size=_ROWS)
    _keep_standing(run)
    # Of what the machine repeats each night only the newest keeps its milestones: they would be millions of rows in a few years.
    if run.requested_by_id is None:
        RiskResult.objects.filter(run__contract=run.contract_id, run__requested_by=None).exclude(run=run).delete()


def _keep_standing(run: RiskRun) -> None:
    """P80 of the contract's milestones are those of its newest simulation; flags follow them."""
    newest = RiskRun.objects.filter(contract=run.contract_id).newest_finished(as_of=date.max).first()
    if newest is not None and newest.pk == run.pk:
        found = RiskResult.objects.filter(run=run, milestone=OuterRef("milestone_id")).values("p80")
        Standing.objects.filter(contract=run.contract_id).update(p80=Subquery(found))
        after_write(JobRun.Name.FLAG_DELAYS)


@transaction.atomic
def repeat_oldest(*, now: datetime, ask: Callable[..., JobRun]) -> dict[str, Any]:
    """Ask for the newest simulation of each contract anew, with the same assumptions, where its data date has passed; returns figures.

    So P80 does not grow old, and what flags say of it. `ask` is `services.jobs.enqueue`.
    """
    today = localdate(now)
    newest = RiskRun.objects.newest_finished(as_of=date.max).distinct("contract_id")
    waiting = set(RiskRun.objects.filter(as_of=today).values_list("contract_id", flat=True))
    repeated = [run for run in newest if run.as_of < today and run.contract_id not in waiting]
    for run in repeated:
        start(
            RiskRun(contract_id=run.contract_id, as_of=today, **{name: getattr(run, name) for name in _ASSUMED}), now=now, by=None, ask=ask
        )
    return {"due": len(repeated)}


def start(run: RiskRun, *, by: User | None, now: datetime, ask: Callable[..., JobRun]) -> None:
    """Store a simulation that is asked for, and its work."""
    run.requested_by = by
    run.save(force_insert=True)
    run.job_run = ask(JobRun.Name.SIMULATE_RISK, by=by, now=now, params={"risk_run": run.pk})
    run.save(update_fields=["job_run"])
