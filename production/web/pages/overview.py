"""The production page: plans with their revisions, output with its competing claims, capacity, brands."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cluster.queries.contracts import contract_for, is_partial
from cluster.web.door import as_of_from, page, reader_of
from production.charts import band_chart
from production.queries.brands import brand_rows, component_output
from production.queries.capacity import capacities, utilisation
from production.queries.output import yearly


@page
def overview(request: HttpRequest, code: str) -> HttpResponse:
    """Production of one contract as it was known on a day."""
    as_of, reader = as_of_from(request), reader_of(request)
    contract = contract_for(reader, code)
    years = yearly(reader, contract.pk, as_of)
    claims = capacities(reader, contract.pk, as_of)
    rows = brand_rows(reader, contract.pk, as_of)
    context = {
        "contract": contract,
        "as_of": as_of,
        "is_partial": is_partial(reader, contract),
        "years": list(reversed(years)),
        "planned": [year for year in reversed(years) if year.plans],
        "newest": next((year for year in reversed(years) if year.quantity is not None), None),
        "chart": band_chart("production", years),
        "capacities": claims,
        "capacity": next((claim for claim in claims if claim.in_use), None),
        "utilisation": utilisation(years, claims),
        "brands": rows,
        "components": component_output(reader, contract.pk, as_of),
    }
    return render(request, "production/overview.html", context)
