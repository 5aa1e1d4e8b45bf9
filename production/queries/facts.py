"""Production facts of one factory, of one source, and the figure in use for one period."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from cluster.models import Contract, Factory, Source
from cluster.models.scope import Reader
from production.models import Capacity, Output, PlanRevision


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
    rows = Output.objects.for_reader(reader).filter(factory=factory).announced_by(as_of)
    rows = rows.select_related("source", "brand", "vehicle_model__brand")
    return list(rows.order_by("-year", "-month", "unit", "-in_use", "-id"))


def facts_of_source(*, reader: Reader, contract: Contract, source: Source, as_of: date) -> SourceFacts:
    """Plans, output and capacity that rest on a source: three statements."""
    own: dict[str, Any] = {"contract": contract, "source": source}
    return SourceFacts(
        plans=list(PlanRevision.objects.for_reader(reader).filter(**own).announced_by(as_of)),
        outputs=list(
            Output.objects.for_reader(reader).filter(**own).announced_by(as_of).select_related("factory", "brand", "vehicle_model__brand")
        ),
        capacities=list(Capacity.objects.for_reader(reader).filter(**own).announced_by(as_of)),
    )


def output_in_use(*, reader: Reader, contract_id: int, subject: dict[str, Any]) -> Output | None:
    """The figure in use for one period and subject."""
    rows = Output.objects.for_reader(reader).filter(contract_id=contract_id, in_use=True, **subject)
    return rows.select_related("source", "recorded_by").first()


def output_by_id(*, reader: Reader, contract_id: int, output_id: int) -> Output | None:
    """A figure of a contract, in use or not."""
    return Output.objects.for_reader(reader).filter(contract_id=contract_id, pk=output_id).select_related("source").first()
