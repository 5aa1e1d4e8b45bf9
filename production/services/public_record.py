"""Loading the public record of production: brands, models, plans, output, capacity; adds what is missing, changes nothing."""

from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pghistory
from django.db import transaction

from cluster.domain.dates import DateWindow
from cluster.gateways.project_files import read_json
from cluster.models import Contract, Source, Sourced
from cluster.services.public_record import add_missing, contract_of_record, ids_by_key, sourced, texts, window
from production.models import Brand, BrandShare, Capacity, Output, PlanRevision, VehicleModel

DATA = Path(__file__).resolve().parent.parent / "data" / "avtotor" / "production.json"
M = TypeVar("M", bound=Sourced)


@transaction.atomic
def load() -> dict[str, int]:
    """Load the production facts of the contract; returns how many rows of each kind were added."""
    data = read_json(DATA)
    contract = contract_of_record()
    assert contract is not None, "cluster loads the contract first"
    sources = ids_by_key(Source, "key")
    with pghistory.context(reason="public record"):
        brands = add_missing([_brand(contract, row, sources) for row in sourced(data["brands"], sources)], ("contract_id", "code"))
        stored = Brand.objects.filter(contract=contract).in_bulk()
        by_code = {code: stored[pk] for code, pk in ids_by_key(Brand, "code", contract=contract).items()}
        vehicle_models = [
            VehicleModel(
                brand=by_code[row["code"]],
                name=given["name"],
                segment=given["segment"],
                source_id=sources[given["source"]],
                **texts(given, "note"),
            )
            for row in data["brands"]
            if row["code"] in by_code
            for given in sourced(row["models"], sources)
        ]
        shares = [
            BrandShare(brand=by_code[row["brand"]], year=row["year"], percent=Decimal(row["percent"]), source_id=sources[row["source"]])
            for row in sourced(data["shares"], sources)
            if row["brand"] in by_code
        ]
        plans = [
            _sourced(PlanRevision(contract=contract, year=row["year"], low=row["low"], high=row["high"]), row, sources)
            for row in sourced(data["plans"], sources)
        ]
        outputs = [
            _sourced(
                Output(
                    contract=contract,
                    brand=by_code.get(row["brand"]),
                    segment=row["segment"] or "",
                    year=row["year"],
                    month=row["month"],
                    quantity=row["quantity"],
                    unit=row["unit"],
                ),
                row,
                sources,
            )
            for row in sourced(data["outputs"], sources)
            if row["brand"] is None or row["brand"] in by_code
        ]
        capacities = [_capacity(contract, row, sources) for row in sourced(data["capacity"], sources)]
        place = ("contract_id", "factory_id", "brand_id", "vehicle_model_id", "segment", "year", "month", "unit")
        return {
            "brands": len(brands),
            "vehicle_models": len(add_missing(vehicle_models, ("brand_id", "name"))),
            "brand_shares": len(add_missing(shares, ("brand_id", "year"))),
            "plan_revisions": len(add_missing(plans, ("contract_id", "year", "low", "high", "source_id"))),
            "outputs": len(add_missing(_out_of_use_where_taken(outputs, place), (*place, "quantity", "source_id"))),
            "capacities": len(
                add_missing(
                    _out_of_use_where_taken(capacities, ("contract_id", "effective_earliest", "effective_latest", "unit")),
                    ("contract_id", "low", "high", "source_id"),
                )
            ),
        }


def _out_of_use_where_taken(rows: list[M], place: tuple[str, ...]) -> list[M]:
    """The rows, in use only where nobody has put another figure in use for the same place."""
    if not rows:
        return rows
    model = type(rows[0])
    taken = set(model._default_manager.filter(in_use=True).values_list(*place))
    for row in rows:
        row.in_use = row.in_use and tuple(getattr(row, name) for name in place) not in taken
    return rows


def _brand(contract: Contract, row: dict[str, Any], sources: dict[str, int]) -> Brand:
    brand = Brand(contract=contract, code=row["code"], segment=row["kind"], source_id=sources[row["source"]], **texts(row, "name", "note"))
    brand.started = window(row["started"])
    return brand


def _capacity(contract: Contract, row: dict[str, Any], sources: dict[str, int]) -> Capacity:
    high = row["high"] if row["high"] != row["low"] else None
    capacity = Capacity(contract=contract, low=row["low"], high=high, unit=row["unit"])
    capacity.effective = DateWindow.parse(row["effective"])
    return _sourced(capacity, row, sources)


def _sourced(fact: M, row: dict[str, Any], sources: dict[str, int]) -> M:
    """`fact` with its source, announcement, weight and place among the competing figures."""
    fact.source_id = sources[row["source"]]
    fact.qualifier = row.get("qualifier", "exact")
    fact.confidence = row["confidence"]
    fact.in_use = row["in_use"]
    for name, value in texts(row, "note", "reason").items():
        setattr(fact, name, value)
    fact.announced = window(row.get("announced"))
    return fact
