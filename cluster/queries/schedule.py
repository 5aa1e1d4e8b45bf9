"""The schedule of a contract on a day: its milestones with their dates, its links, and the network that places them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from cluster.domain.calendars import WorkingDays
from cluster.domain.network import LinkType
from cluster.domain.schedule import Schedule, Wait, Work
from cluster.models import CalendarException, Contract, Dependency, Milestone
from cluster.queries.milestones import DatedMilestone, with_dates


@dataclass(frozen=True, slots=True)
class ContractSchedule:
    """The whole plan of a contract as it was known on `as_of`: callers show of it what their reader may see."""

    contract: Contract
    as_of: date
    milestones: list[DatedMilestone]
    by_key: dict[int, DatedMilestone]
    waits: list[Wait]
    schedule: Schedule


def schedule_of(contract: Contract, *, as_of: date, forecasts: Mapping[int, date] | None = None) -> ContractSchedule:
    """The schedule of a contract on the data date `as_of`: four statements.

    `forecasts` stand in the place of the known ones, by milestone: what if they were told. Raises CircularDependency, or DomainError
    for dates and durations that no plan has.
    """
    milestones = with_dates(Milestone.objects.filter(contract=contract), as_of=as_of)
    links = Dependency.objects.filter(successor__contract=contract).order_by("pk")
    waits = [Wait(*row[:3], LinkType(row[3]), row[4]) for row in links.values_list("pk", "predecessor", "successor", "type", "lag_days")]
    days = CalendarException.objects.filter(contract=contract).order_by("pk").values_list("factory_id", "day", "works")
    calendars, place = calendars_of(days)
    told = forecasts or {}
    works = [_work(dated, place.get(dated.milestone.factory_id, 0), told) for dated in milestones]
    return ContractSchedule(
        contract=contract,
        as_of=as_of,
        milestones=milestones,
        by_key={dated.milestone.pk: dated for dated in milestones},
        waits=waits,
        schedule=Schedule(works, waits, calendars, data_date=as_of),
    )


def calendars_of(exceptions: Iterable[tuple[int | None, date, bool]]) -> tuple[list[WorkingDays], dict[int | None, int]]:
    """The calendars of a contract, and by factory the place of its own: that of the contract is the first, and whoever has none follows it.

    An exception is a factory (None: the contract as a whole), a day, and whether it is worked. That of a factory goes before.
    """
    found: dict[int | None, dict[date, bool]] = {None: {}}
    for factory, day, works in exceptions:
        found.setdefault(factory, {})[day] = works
    calendars = [WorkingDays(found[None] | own) for own in found.values()]
    return calendars, {factory: place for place, factory in enumerate(found)}


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
