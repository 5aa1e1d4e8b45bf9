"""The rules of milestones, dependencies and working calendars that a database constraint cannot hold."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from django.db import models
from django.utils import timezone

from cluster.domain.calendars import is_working_day
from cluster.domain.dates import refuse_far
from cluster.domain.dependencies import CircularDependency, find_cycle
from cluster.domain.errors import DomainError
from cluster.domain.estimates import Estimate, estimate_errors
from cluster.domain.milestones import refuse_code, refuse_constraint, refuse_lag, refuse_progress
from cluster.domain.network import LinkType
from cluster.domain.schedule import Basis, Schedule, Wait, Work
from cluster.models import CalendarException, Dependency, Milestone
from cluster.queries.schedule import standing_schedule
from cluster.services.locks import one_at_a_time

# What a plan becomes: its milestones and its links, made of those that it has.
Change = Callable[[Schedule], tuple[list[Work], list[Wait]]]
# The key of a milestone or link that is not stored yet.
_NEW = 0
# What of a milestone moves it: the columns, in the order in which an error names them.
_MOVES = ("duration_days", "constraint_on", "constraint", "actual", "started_on")


def refuse_in_schedule(instance: models.Model) -> None:
    """Raise DomainError where a rule below refuses the record as it is about to be saved; call it in a transaction."""
    match instance:
        case Milestone():
            refuse_milestone(instance)
            _refuse_moved(instance)
        case Dependency():
            refuse_link(instance)
        case CalendarException():
            refuse_far(instance.day, field="day")
            _refuse_no_exception(instance)


def _refuse_no_exception(exception: CalendarException) -> None:
    """Raise DomainError for a new exception, or a day or kind changed to one, that lets the day be as it would be without it."""
    days = CalendarException.objects.filter(contract=exception.contract_id, day=exception.day)
    if days.filter(pk=exception.pk, factory=exception.factory_id, works=exception.works).exists():
        return
    whole = days.filter(factory=None).values_list("works", flat=True).first() if exception.factory_id is not None else None
    if exception.works is (is_working_day(exception.day) if whole is None else whole):
        raise no_exception(exception.works, field="works")


def no_exception(works: bool, *, field: str) -> DomainError:
    """The refusal of days that are worked, or are days of rest, without an exception that says so."""
    if works:
        return DomainError("These days are worked already.", field=field, code="unchanged")
    return DomainError("These days are days of rest already.", field=field, code="unchanged")


def refuse_milestone(milestone: Milestone) -> None:
    """Raise DomainError, at the field concerned, where the milestone says what cannot be."""
    refuse_code(milestone.code)
    for error in estimate_errors(estimate_of(milestone)):
        raise error
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


def estimate_of(milestone: Milestone) -> Estimate:
    """The estimate that stands at a milestone."""
    return Estimate(milestone.duration_days, milestone.optimistic_days, milestone.pessimistic_days, milestone.risk_cause)


def refuse_link(dependency: Dependency) -> None:
    """Raise DomainError, at the field concerned, for a lag beyond measure, a circle, or a link that drives the plan out of its years."""
    refuse_lag(dependency.lag_days)
    refuse_circle(dependency)
    key = dependency.pk or _NEW
    new = Wait(key, dependency.predecessor_id, dependency.successor_id, LinkType(dependency.type), dependency.lag_days)
    refuse_unplaced(
        dependency.successor.contract_id,
        lambda now: (now.works, [*(wait for wait in now.waits if wait.key != key), new]),
        field="lag_days" if dependency.lag_days > 0 else "predecessor",
    )


def refuse_unplaced(contract_id: int, change: Change, *, field: str) -> None:
    """Raise DomainError at `field` when the change would drive a milestone of the contract out of the years 1990 to 2100.

    Three statements. A plan that cannot be placed as it stands, written past these rules, is left to those who repair it step by step.
    """
    try:
        now = standing_schedule(contract_id, as_of=timezone.localdate())
        works, waits = change(now)
        if works == now.works and waits == now.waits:
            return
        refuse_far_plan(Schedule(works, waits, now.calendars, data_date=now.data_date))
    except CircularDependency:
        return
    except DomainError as error:
        if "name" not in error.params or not _is_placed(now):
            return
        raise _driven_out(error, field) from error


@contextmanager
def keeping_placed(contract_id: int, *, field: str) -> Iterator[None]:
    """Do the same for what is written inside: for changes that are not of milestones and links. Six statements."""
    today = timezone.localdate()
    try:
        refuse_far_plan(standing_schedule(contract_id, as_of=today))
    except DomainError:
        yield
        return
    yield
    try:
        refuse_far_plan(standing_schedule(contract_id, as_of=today))
    except DomainError as error:
        raise _driven_out(error, field) from error


def _driven_out(error: DomainError, field: str) -> DomainError:
    return DomainError(
        "{name} would be driven out of the years 1990 to 2100: give an earlier date or a shorter duration, or check its links.",
        field=field,
        code="date_range",
        name=error.params["name"],
    )


def refuse_far_plan(schedule: Schedule) -> None:
    """Raise DomainError (code `date_range`), naming the milestone, for a plan of which some date lies outside of 1990 to 2100."""
    for basis in Basis:
        schedule.placed(basis)
    schedule.knock_on()


def _is_placed(schedule: Schedule) -> bool:
    try:
        refuse_far_plan(schedule)
    except DomainError:
        return False
    return True


def _refuse_moved(milestone: Milestone) -> None:
    """Raise DomainError where what the milestone says of its work drives the plan out of its years."""
    told = milestone.actual_announced_on is not None and milestone.actual_announced_on <= timezone.localdate()
    changed = {
        "duration": milestone.duration_days,
        "started": milestone.started_on,
        "actual": milestone.actual_latest if told else None,
        "constraint": milestone.constraint,
        "constraint_on": milestone.constraint_on,
    }

    def change(now: Schedule) -> tuple[list[Work], list[Wait]]:
        if milestone._state.adding:
            new = Work(_NEW, milestone.code, 0, forecast=None, due=None, **changed)  # type: ignore[arg-type]
            return [*now.works, new], now.waits
        return [replace(work, **changed) if work.key == milestone.pk else work for work in now.works], now.waits  # type: ignore[arg-type]

    stored = None if milestone._state.adding else Milestone.objects.get(pk=milestone.pk)
    moved = (name for name in _MOVES if stored is not None and getattr(stored, name) != getattr(milestone, name))
    refuse_unplaced(milestone.contract_id, change, field=next(moved, "duration_days"))


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
