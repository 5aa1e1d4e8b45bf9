"""The schedule of a contract on a day: its milestones with their dates, its links, and the network that places them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from django.db.models import Count, Min, QuerySet

from cluster.domain.calendars import WorkingDays
from cluster.domain.errors import DomainError
from cluster.domain.network import LinkType
from cluster.domain.schedule import Schedule, Wait, Work
from cluster.models import Baseline, CalendarException, Contract, Dependency, Milestone
from cluster.queries.milestones import DatedMilestone, with_dates
from cluster.queries.together import together

Calendars: TypeAlias = tuple[list[WorkingDays], Callable[[int, int | None], int]]
_TYPES = {kind.value: kind for kind in LinkType}


@dataclass(frozen=True, slots=True)
class ContractSchedule:
    """The whole plan of a contract as it was known on `as_of`: callers show of it what their reader may see."""

    contract: Contract
    as_of: date
    milestones: list[DatedMilestone]
    by_key: dict[int, DatedMilestone]
    waits: list[Wait]
    schedule: Schedule


def schedule_of(
    contract: Contract, *, as_of: date, forecasts: Mapping[int, date] | None = None, milestones: list[DatedMilestone] | None = None
) -> ContractSchedule:
    """The schedule of a contract on the data date `as_of`: three statements, or one where all its `milestones` were read already.

    `forecasts` stand in the place of the known ones, by milestone: what if they were told. Raises CircularDependency, or DomainError
    for dates and durations that no plan has.
    """
    if milestones is None:
        milestones = with_dates(Milestone.objects.filter(contract=contract), as_of=as_of)
    waits, (calendars, place) = network_of(contract.pk)
    told = forecasts or {}
    works = [_work(dated, place(contract.pk, dated.milestone.factory_id), told) for dated in milestones]
    return ContractSchedule(
        contract=contract,
        as_of=as_of,
        milestones=milestones,
        by_key={dated.milestone.pk: dated for dated in milestones},
        waits=waits,
        schedule=Schedule(works, waits, calendars, data_date=as_of),
    )


@dataclass(frozen=True, slots=True)
class Pushed:
    """A milestone with links: the day to which what precedes it pushes it as stored, and as it is now (None: it is not pushed)."""

    key: int
    stored: date | None
    now: date | None


def linked_contracts() -> list[tuple[int, int]]:
    """The contracts whose milestones wait for one another, each with the number of its dependencies: one statement."""
    counted = Dependency.objects.order_by("successor__contract").values_list("successor__contract").annotate(Count("pk"))
    return list(counted)


def knock_on_of(contract_ids: Sequence[int], *, as_of: date) -> list[Pushed]:
    """The knock-on of every linked milestone of these contracts by where they stand today, `as_of`: three statements.

    One network serves them all. Raises CircularDependency, or DomainError for dates and durations that no plan has.
    """
    waits = waits_of(contract_ids)
    linked = {wait.predecessor for wait in waits} | {wait.successor for wait in waits}
    calendars, place = calendars_of(contract_ids)
    works, stored = [], {}
    for work, knock_on in _works(_stands(contract_ids), place):
        if work.key in linked:
            works.append(work)
            stored[work.key] = knock_on
    now = Schedule(works, waits, calendars, data_date=as_of).knock_on()
    return [Pushed(key, before, now.get(key)) for key, before in stored.items()]


def standing_schedule(contract_id: int, *, as_of: date) -> Schedule:
    """The schedule of a contract by where its milestones stand today, `as_of`: one statement, a quarter of the time of `schedule_of`."""
    only = [contract_id]
    links, exceptions, rows = together(_links(only), _exceptions(only), _stands(only))
    calendars, place = _calendars(exceptions)
    return Schedule([work for work, _ in _works(rows, place)], _waits(links), calendars, data_date=as_of)


def network_of(contract_id: int) -> tuple[list[Wait], Calendars]:
    """The dependencies and the calendars of a contract: one statement."""
    links, exceptions = together(_links([contract_id]), _exceptions([contract_id]))
    return _waits(links), _calendars(exceptions)


def refuse_before_baseline(contract: Contract, as_of: date) -> None:
    """Raise DomainError for a data date on which the contract had no plan yet, though it got one later."""
    first = Baseline.objects.filter(contract=contract).aggregate(first=Min("in_force_from"))["first"]
    if first is not None and as_of < first:
        raise DomainError(
            "No baseline was in force on {day}: the first one is in force from {first}. Ask for that day or a later one.",
            field="as_of",
            code="before_baseline",
            day=as_of,
            first=first,
        )


def waits_of(contract_ids: Sequence[int]) -> list[Wait]:
    """The dependencies of contracts: one statement."""
    return _waits(_links(contract_ids))


def calendars_of(contract_ids: Sequence[int]) -> Calendars:
    """The calendars of contracts, and which of them a contract's factory follows: the first, Russian one if no other. One statement."""
    return _calendars(_exceptions(contract_ids))


def _links(contract_ids: Sequence[int]) -> QuerySet[Any, Any]:
    links = Dependency.objects.filter(successor__contract__in=contract_ids).order_by("pk")
    return links.values_list("pk", "predecessor_id", "successor_id", "type", "lag_days")


def _exceptions(contract_ids: Sequence[int]) -> QuerySet[Any, Any]:
    rows = CalendarException.objects.filter(contract__in=contract_ids).order_by("pk")
    return rows.values_list("contract_id", "factory_id", "day", "works")


def _stands(contract_ids: Sequence[int]) -> QuerySet[Any, Any]:
    """Each milestone by where it stands today, with its knock-on as stored."""
    stands = ("standing__actual_latest", "standing__forecast_latest", "standing__due_latest")
    columns = ("pk", "code", "contract_id", "factory_id", "standing__knock_on", "duration_days", "started_on", *stands)
    rows = Milestone.objects.filter(contract_id__in=contract_ids).order_by("pk")
    return rows.values_list(*columns, "constraint", "constraint_on")


def _waits(links: Iterable[Any]) -> list[Wait]:
    return [Wait(key, before, after, _TYPES[kind], lag) for key, before, after, kind, lag in links]


def _works(rows: Iterable[Any], place: Callable[[int, int | None], int]) -> list[tuple[Work, date | None]]:
    return [(Work(key, code, place(contract, factory), *dates), knock_on) for key, code, contract, factory, knock_on, *dates in rows]


def _calendars(exceptions: Iterable[Any]) -> Calendars:
    found: dict[tuple[int, int | None], dict[date, bool]] = {}
    for contract, factory, day, works in exceptions:
        found.setdefault((contract, factory), {})[day] = works
    # What a factory says of a day goes before what its contract says.
    calendars = [WorkingDays(), *(WorkingDays(found.get((contract, None), {}) | own) for (contract, _), own in found.items())]
    places = {whose: place for place, whose in enumerate(found, start=1)}
    return calendars, lambda contract, factory: places.get((contract, factory), places.get((contract, None), 0))


def _work(dated: DatedMilestone, calendar: int, forecasts: Mapping[int, date]) -> Work:
    milestone = dated.milestone
    return Work(
        key=milestone.pk,
        code=milestone.code,
        calendar=calendar,
        duration=milestone.duration_days,
        started=milestone.started_on,
        actual=dated.reached_on,
        forecast=forecasts.get(milestone.pk, dated.forecast.window.latest if dated.forecast else None),
        due=dated.due.window.latest if dated.due else None,
        constraint=milestone.constraint,
        constraint_on=milestone.constraint_on,
    )
