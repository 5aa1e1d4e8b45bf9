"""What production adds to the pages of a contract, a factory and a source."""

from dataclasses import dataclass
from datetime import date

from cluster.models import Contract, Factory, Source, User
from cluster.templatetags.format import month, qualified, quantity_range, window
from cluster.web.panels import Panel
from production.charts import band_chart
from production.models import Output
from production.queries.facts import facts_of_source, outputs_of_factory
from production.queries.output import VEHICLES, bounds, yearly

YEARS = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One figure in words: what, of which time, of which thing, in use or not."""

    quantity: str
    when: str
    what: str
    in_use: bool
    note: str
    source: Source | None = None


def production_panel(reader: User, contract_id: int, as_of: date) -> Panel | None:
    """Plan bands with their revisions against output, the last years; None where nothing is known."""
    years = yearly(reader, contract_id, as_of)
    chart = band_chart("production", years, since=as_of.year - YEARS)
    if chart is None:
        return None
    newest = next((year for year in reversed(years) if year.quantity is not None), None)
    return Panel("production/panel.html", {"chart": chart, "newest": newest})


def factory_panel(reader: User, factory: Factory, as_of: date) -> Panel:
    """What one factory built, in its own units; an invitation to record it where nothing is known."""
    outputs = outputs_of_factory(reader=reader, factory=factory, as_of=as_of)
    return Panel("production/partials/factory_panel.html", {"lines": [_built(output) for output in outputs]})


def source_panel(reader: User, contract: Contract, source: Source, as_of: date) -> Panel | None:
    """Plans, output and capacity that rest on a source."""
    facts = facts_of_source(reader=reader, contract=contract, source=source, as_of=as_of)
    if facts.is_empty:
        return None
    context = {
        "plans": [
            Line(qualified(quantity_range(*bounds(plan), VEHICLES), plan.qualifier), str(plan.year), "", plan.in_use, str(plan.note))
            for plan in facts.plans
        ],
        "outputs": [_built(output) for output in facts.outputs],
        "capacities": [
            Line(
                qualified(quantity_range(one.low, one.high, one.unit), one.qualifier), window(one.effective), "", one.in_use, str(one.note)
            )
            for one in facts.capacities
        ],
    }
    return Panel("production/partials/source_panel.html", context)


def _built(output: Output) -> Line:
    subject = output.vehicle_model or output.brand or (output.get_segment_display() if output.segment else "")
    return Line(
        quantity=qualified(quantity_range(output.quantity, None, output.unit), output.qualifier),
        when=month(date(output.year, output.month, 1)) if output.month else str(output.year),
        what=str(subject),
        in_use=output.in_use,
        note=str(output.note),
        source=output.source,
    )
