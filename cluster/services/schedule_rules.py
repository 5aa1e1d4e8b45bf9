"""The rules of milestones, dependencies and working calendars that a database constraint cannot hold."""

from django.db import models
from django.utils import timezone

from cluster.domain.dates import refuse_far
from cluster.domain.dependencies import CircularDependency, find_cycle
from cluster.domain.errors import DomainError
from cluster.domain.milestones import refuse_code, refuse_constraint, refuse_lag, refuse_progress, refuse_work
from cluster.models import CalendarException, Dependency, Milestone
from cluster.services.locks import one_at_a_time


def refuse_in_schedule(instance: models.Model) -> None:
    """Raise DomainError where a rule below refuses the record as it is about to be saved; call it in a transaction."""
    match instance:
        case Milestone():
            refuse_milestone(instance)
        case Dependency():
            refuse_lag(instance.lag_days)
            refuse_circle(instance)
        case CalendarException():
            refuse_far(instance.day, field="day")


def refuse_milestone(milestone: Milestone) -> None:
    """Raise DomainError, at the field concerned, where the milestone says what cannot be."""
    refuse_code(milestone.code)
    for name in ("duration_days", "optimistic_days", "pessimistic_days"):
        refuse_work(getattr(milestone, name), field=name)
    refuse_constraint(milestone.constraint, milestone.constraint_on)
    if not milestone.scored and not milestone.not_scored_ru.strip():
        raise DomainError("Say why this milestone is not judged.", field="not_scored_ru", code="required")
    refuse_progress(
        started=milestone.started_on,
        actual=milestone.actual,
        announced=milestone.actual_announced_on,
        signed=milestone.contract.signed,
        today=timezone.localdate(),
    )


def refuse_circle(dependency: Dependency) -> None:
    """Raise CircularDependency when the link would close a circle; call it in a transaction, which nobody overtakes to its end."""
    contract_id = dependency.successor.contract_id
    one_at_a_time(f"dependencies {contract_id}")
    others = Dependency.objects.filter(successor__contract_id=contract_id).exclude(pk=dependency.pk)
    links = others.order_by("pk").values_list("predecessor_id", "successor_id")
    members = find_cycle(links, (dependency.predecessor_id, dependency.successor_id))
    if members:
        codes = dict(Milestone.objects.filter(pk__in=members).values_list("pk", "code"))
        raise CircularDependency([codes[member] for member in members])
