"""Production facts of one factory, of one source, and the figure in use for one period."""

from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from cluster.domain.errors import NotFound
from cluster.models import Contract, Factory, Source
from cluster.models.scope import Reader
from cluster.queries.known import as_known
from production.models import Capacity, Output, PlanRevision
from production.queries.capacity import CAPACITY_PLACE
from production.queries.output import OUTPUT_PLACE, PLAN_PLACE

F = TypeVar("F", PlanRevision, Capacity)


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What one source says about production."""

    plans: list[PlanRevision]
    outputs: list[Output]
    capacities: list[Capacity]

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not (self.plans or self.outputs or self.capacities)


def outputs_of_factory(*, reader: Reader, factory: Factory, as_of: date) -> list[Output]:
    """Output of a factory as announced by `as_of`, the newest period first, the figure in use before its competitors."""
    rows = Output.objects.for_reader(reader).filter(factory=factory).select_related("source", "brand", "vehicle_model__brand")
    known = as_known(rows.order_by("-id"), as_of=as_of, place=OUTPUT_PLACE)
    # A whole year stands before its months.
    return sorted(known, key=lambda row: (-row.year, -(row.month or 13), row.unit, not row.in_use))


def facts_of_source(*, reader: Reader, contract: Contract, source: Source, as_of: date) -> SourceFacts:
    """Plans, output and capacity that rest on a source: three statements."""
    plans = PlanRevision.objects.for_reader(reader).filter(contract=contract)
    rows = Output.objects.for_reader(reader).filter(contract=contract)
    outputs = rows.select_related("source", "factory", "brand", "vehicle_model__brand")
    claims = Capacity.objects.for_reader(reader).filter(contract=contract)
    # What other sources say is read too: it decides which of the facts were in use.
    return SourceFacts(
        plans=[plan for plan in as_known(plans, as_of=as_of, place=PLAN_PLACE) if plan.source_id == source.pk],
        outputs=[output for output in as_known(outputs, as_of=as_of, place=OUTPUT_PLACE) if output.source_id == source.pk],
        capacities=[claim for claim in as_known(claims, as_of=as_of, place=CAPACITY_PLACE) if claim.source_id == source.pk],
    )


def outputs_known(reader: Reader, contract_id: int, as_of: date) -> list[Output]:
    """Every figure of output of a contract as announced by `as_of`, the one in use before its competitors: one statement."""
    rows = (
        Output.objects.for_reader(reader)
        .filter(contract_id=contract_id)
        .select_related("source", "factory", "brand", "vehicle_model__brand")
    )
    known = as_known(rows.order_by("id"), as_of=as_of, place=OUTPUT_PLACE)
    return sorted(
        known, key=lambda row: (-row.year, -(row.month or 13), row.factory.order if row.factory else -1, row.unit, not row.in_use)
    )


def plans_known(reader: Reader, contract_id: int, as_of: date) -> list[PlanRevision]:
    """Every plan of a contract as announced by `as_of`, the newest year and revision first: one statement."""
    rows = PlanRevision.objects.for_reader(reader).filter(contract_id=contract_id).select_related("source")
    return list(as_known(rows.order_by("-year", "-announced_latest", "-id"), as_of=as_of, place=PLAN_PLACE))


def output_in_use(*, reader: Reader, contract_id: int, subject: dict[str, Any]) -> Output | None:
    """The figure in use for one period and subject."""
    rows = Output.objects.for_reader(reader).filter(contract_id=contract_id, in_use=True, **subject)
    return rows.select_related("source", "recorded_by").first()


def output_by_id(*, reader: Reader, contract_id: int, output_id: int) -> Output | None:
    """A figure of a contract, in use or not."""
    return Output.objects.for_reader(reader).filter(contract_id=contract_id, pk=output_id).select_related("source", "factory").first()


def plan_by_id(reader: Reader, contract_id: int, plan_id: int) -> PlanRevision:
    """A plan of a contract, in use or not. Raises NotFound."""
    return _of_contract(PlanRevision, reader, contract_id, plan_id)


def capacity_by_id(reader: Reader, contract_id: int, capacity_id: int) -> Capacity:
    """A claim about the capacity of a contract, in use or not. Raises NotFound."""
    return _of_contract(Capacity, reader, contract_id, capacity_id)


def _of_contract(model: type[F], reader: Reader, contract_id: int, key: int) -> F:
    found: F | None = model.objects.for_reader(reader).filter(contract_id=contract_id, pk=key).select_related("contract", "source").first()
    if found is None:
        raise NotFound("There is no such record.")
    return found
