"""A small plan of 2030: equipment, the opening that waits for it, and series and a seat line elsewhere that wait for the opening."""

from dataclasses import dataclass
from datetime import date

from cluster.domain.dates import DateWindow
from cluster.models import Contract, Dependency, Factory, ForecastRevision, Milestone
from tests.factories import make_contract, make_factory, make_milestone, promise

# Fridays, so that days of rest stand in no one's way.
DUE, LATE = date(2030, 3, 1), date(2030, 4, 19)


@dataclass
class Plan:
    """The opening has ten calendar days of float after the equipment."""

    contract: Contract
    factory: Factory
    other: Factory
    equipment: Milestone
    opening: Milestone
    series: Milestone
    seats: Milestone


def make_plan() -> Plan:
    """The plan as promised, without a forecast."""
    contract = make_contract(code="plan")
    factory, other = make_factory(contract, code="F08"), make_factory(contract, code="F09")

    def due(factory: Factory, code: str, name: str, kind: str, day: date) -> Milestone:
        milestone = make_milestone(factory, code=code, name_ru=name, name_en=name, kind=kind, duration_days=0)
        promise(milestone, day.isoformat(), announced="2020-01-01")
        return milestone

    plan = Plan(
        contract,
        factory,
        other,
        due(factory, "F08-EQ", "Equipment delivery", "equipment", DUE),
        due(factory, "F08-OPEN", "Opening of F08", "opening", date(2030, 3, 11)),
        due(factory, "F08-S", "Series", "series", date(2030, 12, 20)),
        due(other, "F09-SEATS", "Seat line", "commissioning", date(2030, 3, 15)),
    )
    for before, after in ((plan.equipment, plan.opening), (plan.opening, plan.series), (plan.opening, plan.seats)):
        Dependency.objects.create(predecessor=before, successor=after)
    return plan


def slip(milestone: Milestone, to: date = LATE, **fields: object) -> ForecastRevision:
    """A forecast of a milestone, told long ago."""
    revision = ForecastRevision(milestone=milestone, **{"reason": "equipment_delivery"} | fields)
    revision.new, revision.announced = DateWindow.day(to), DateWindow.parse("2025-01-01")
    if revision.reason == "confirmed":
        revision.old = revision.new
    revision.save()
    return revision
