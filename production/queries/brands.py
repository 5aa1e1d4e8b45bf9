"""Brands with their models, published shares of a year's output, and the output of component factories."""

from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q

from cluster.models.scope import Reader
from cluster.queries.known import as_known
from production.models import Brand, BrandShare, Output, VehicleModel
from production.queries.output import OUTPUT_PLACE, VEHICLES


@dataclass(frozen=True, slots=True)
class BrandRow:
    """A brand, its models, and its newest published share."""

    brand: Brand
    models: list[VehicleModel]
    share: BrandShare | None


def brand_rows(reader: Reader, contract_id: int, as_of: date) -> list[BrandRow]:
    """The brands of a contract that had started by `as_of` or whose start is unknown, the newest start first: three statements."""
    brands = (
        Brand.objects.for_reader(reader)
        .filter(Q(started_earliest__isnull=True) | Q(started_earliest__lte=as_of), contract_id=contract_id)
        .filter(Q(source__published_earliest__isnull=True) | Q(source__published_earliest__lte=as_of) | Q(source=None))
        .select_related("source")
        .order_by(F("started_latest").desc(nulls_last=True), "name_en", "code")
    )
    models: dict[int, list[VehicleModel]] = {}
    for model in VehicleModel.objects.for_reader(reader).filter(brand__contract_id=contract_id).select_related("source"):
        models.setdefault(model.brand_id, []).append(model)
    shares: dict[int, BrandShare] = {}
    for share in shares_of(reader, contract_id, as_of):
        shares.setdefault(share.brand_id, share)
    return [BrandRow(brand, models.get(brand.pk, []), shares.get(brand.pk)) for brand in brands]


def shares_of(reader: Reader, contract_id: int, as_of: date) -> list[BrandShare]:
    """Published shares, the newest year first."""
    return list(
        BrandShare.objects.for_reader(reader)
        .filter(Q(source__published_latest__lte=as_of) | Q(source__published_latest=None), brand__contract_id=contract_id)
        .select_related("brand", "source")
        .order_by("-year", "-percent")
    )


def component_output(reader: Reader, contract_id: int, as_of: date) -> list[Output]:
    """Output in use of the factories in their own units, and of anything that is not vehicles, the newest first."""
    rows = (
        Output.objects.for_reader(reader)
        .filter(~Q(unit=VEHICLES) | Q(factory__isnull=False), contract_id=contract_id)
        .select_related("factory", "source", "brand", "vehicle_model")
        .order_by("-year", F("month").desc(nulls_first=True), "factory__order", "id")
    )
    return [row for row in as_known(rows, as_of=as_of, place=OUTPUT_PLACE) if row.in_use]
