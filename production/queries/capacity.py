"""Capacity by its claims, and how much of it was used."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from cluster.models.scope import Reader
from cluster.queries.known import as_known
from production.models import Capacity
from production.queries.output import Year

# Claims that share these compete.
CAPACITY_PLACE = ("contract_id", "effective_earliest", "effective_latest", "unit")


@dataclass(frozen=True, slots=True)
class Utilisation:
    """Output of a year in per cent of the capacity: the least at the range's upper end, the most at its lower one."""

    year: int
    least: Decimal
    most: Decimal

    @property
    def span(self) -> tuple[Decimal, Decimal]:
        """Both ends."""
        return self.least, self.most


def capacities(reader: Reader, contract_id: int, as_of: date) -> list[Capacity]:
    """Claims about capacity in vehicles, the newest first, the one in use before its rivals: one statement."""
    claims = Capacity.objects.for_reader(reader).filter(contract_id=contract_id, unit="vehicles_per_year", effective_earliest__lte=as_of)
    known = as_known(claims.select_related("source").order_by("id"), as_of=as_of, place=CAPACITY_PLACE)
    return sorted(known, key=lambda claim: (-claim.effective_latest.toordinal(), not claim.in_use))


def utilisation(years: list[Year], claims: list[Capacity]) -> Utilisation | None:
    """How much of the capacity in use the newest whole year used; None where either is unknown."""
    capacity = next((claim for claim in claims if claim.in_use), None)
    newest = next((year for year in reversed(years) if year.quantity is not None and year.months == 12), None)
    if capacity is None or newest is None or newest.quantity is None or not capacity.low:
        return None
    most = Decimal(newest.quantity) / capacity.low * 100
    return Utilisation(newest.year, Decimal(newest.quantity) / (capacity.high or capacity.low) * 100, most)
