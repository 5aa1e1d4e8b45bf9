"""Brands with their models, published shares of a year's output, and the output of component factories."""

from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q

from cluster.domain.errors import NotFound
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


def brand_by_code(reader: Reader, contract_id: int, code: str) -> Brand:
    """A brand of a contract. Raises NotFound."""
    found = Brand.objects.for_reader(reader).filter(contract_id=contract_id, code=code).select_related("contract", "source").first()
    if found is None:
        raise NotFound("There is no such brand.")
    return found


def model_by_id(reader: Reader, contract_id: int, model_id: int) -> VehicleModel:
    """A model of a brand of a contract. Raises NotFound."""
    models = VehicleModel.objects.for_reader(reader).filter(brand__contract_id=contract_id, pk=model_id)
    found = models.select_related("brand__contract", "source").first()
    if found is None:
        raise NotFound("There is no such model.")
    return found


def models_of(reader: Reader, brand: Brand) -> list[VehicleModel]:
    """The models of a brand, by name."""
    return list(VehicleModel.objects.for_reader(reader).filter(brand=brand).select_related("brand", "source").order_by("name"))


def output_of_brand(reader: Reader, brand: Brand, as_of: date) -> list[Output]:
    """Output of a brand and of its models as announced by `as_of`, what was in use then, the newest period first."""
    rows = Output.objects.for_reader(reader).filter(brand=brand).select_related("source", "factory", "brand", "vehicle_model__brand")
    known = as_known(
        rows.order_by("-year", F("month").desc(nulls_first=True), "vehicle_model__name", "id"), as_of=as_of, place=OUTPUT_PLACE
    )
    return [row for row in known if row.in_use]
