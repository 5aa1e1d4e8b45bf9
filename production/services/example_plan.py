"""Storing the production of the example plan, once: brand, models, plans, capacity, output."""

from typing import TypeVar

import pghistory
from django.db import transaction

from cluster.domain.dates import DateWindow
from cluster.domain.example import example_plan
from cluster.models import Confidence, Contract, Factory, Source, Sourced
from cluster.services.example_plan import PLAN_SOURCE, REASON, contract_of_example, known_rate_days
from cluster.services.locks import one_at_a_time
from cluster.services.public_record import history_of, ids_by_key
from production.domain.example import CAPACITIES, MODELS, PLANS, outputs
from production.models import Brand, Capacity, Output, PlanRevision, VehicleModel

M = TypeVar("M", bound=Sourced)


@transaction.atomic
def load() -> dict[str, int]:
    """Store what the example builds; returns how many rows of each kind were added. Nothing where it is, or ever was, there."""
    one_at_a_time("example production")
    contract = contract_of_example()
    source_id = ids_by_key(Source, "key").get(PLAN_SOURCE)
    if contract is None or source_id is None or history_of(Brand).filter(contract_id=contract.pk).exists():
        return {}
    source = Source.objects.get(pk=source_id)
    with pghistory.context(reason=REASON):
        models = _models(contract, source)
        plans = [
            _sourced(PlanRevision(contract=contract, year=row.year, low=row.low, high=row.high), DateWindow.day(row.told), source)
            for row in PLANS
        ]
        return {
            "vehicle_models": len(models),
            "plan_revisions": len(PlanRevision.objects.bulk_create(plans)),
            "capacities": len(Capacity.objects.bulk_create(_capacities(contract, source))),
            "outputs": len(Output.objects.bulk_create(_outputs(contract, source, models))),
        }


def _models(contract: Contract, source: Source) -> dict[str, VehicleModel]:
    brand = Brand(
        contract=contract,
        code="example-auto",
        name_ru="Пример-Авто (вымышлено)",
        name_en="Example Auto (invented)",
        segment="passenger",
        source=source,
    )
    brand.started = DateWindow.parse("2024")
    brand.save()
    rows = [VehicleModel(brand=brand, name=row.name, segment=row.segment, source=source) for row in MODELS]
    return {row.name: row for row in VehicleModel.objects.bulk_create(rows)}


def _capacities(contract: Contract, source: Source) -> list[Capacity]:
    rows = []
    for given in CAPACITIES:
        row = Capacity(contract=contract, low=given.low, high=given.high)
        row.effective = DateWindow.day(given.since)
        rows.append(_sourced(row, row.effective, source))
    return rows


def _outputs(contract: Contract, source: Source, models: dict[str, VehicleModel]) -> list[Output]:
    factories = ids_by_key(Factory, "code", contract=contract)
    rows = []
    for given in outputs(example_plan(known_rate_days())):
        if given.factory and given.factory not in factories:
            continue  # a person removed it
        model = models.get(given.model)
        row = Output(
            contract=contract,
            factory_id=factories.get(given.factory),
            brand_id=model.brand_id if model else None,
            vehicle_model=model,
            year=given.year,
            month=given.month,
            quantity=given.quantity,
            unit=given.unit,
        )
        rows.append(_sourced(row, DateWindow.day(given.told), source))
    return rows


def _sourced(fact: M, announced: DateWindow, source: Source) -> M:
    """`fact`, in use, told by the example."""
    fact.source, fact.announced, fact.confidence, fact.in_use = source, announced, Confidence.HIGH, True
    return fact
