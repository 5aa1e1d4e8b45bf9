"""The production page: plans with their revisions, output with its competing claims, capacity, brands."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cluster.queries.contracts import contract_for, is_partial
from cluster.web.door import as_of_from, page, reader_of
from cluster.web.lists import AS_OF, Column, Kind, Listing, opens_saved
from production.charts import band_chart
from production.queries.brands import brand_rows, component_output
from production.queries.capacity import capacities, utilisation
from production.queries.output import yearly

BRANDS = Listing(
    page="production:overview",
    file="production:brands_file",
    title=_("Brands and models"),
    order="-started",
    columns=(
        Column("brand", _("Brand"), value=lambda row: row.brand.name, by=lambda row: str(row.brand.name).casefold()),
        Column("segment", _("Kind"), value=lambda row: row.brand.get_segment_display(), by=lambda row: row.brand.segment),
        Column("started", _("Started"), Kind.DATE, lambda row: row.brand.started, by=lambda row: row.brand.started_latest),
        Column("models", _("Models"), value=lambda row: ", ".join(model.name for model in row.models)),
        Column(
            "share",
            _("Share"),
            Kind.PERCENT,
            lambda row: row.share.percent / 100 if row.share else None,
            by=lambda row: row.share.percent if row.share else None,
        ),
        Column("share_year", _("Year of the share"), Kind.NUMBER, lambda row: row.share.year if row.share else None, on_page=False),
        Column("source", _("Source"), value=lambda row: row.brand.source),
        AS_OF,
    ),
)


@page
@require_safe
@opens_saved(BRANDS)
def overview(request: HttpRequest, code: str) -> HttpResponse:
    """Production of one contract as it was known on a day."""
    as_of, reader = as_of_from(request), reader_of(request)
    contract = contract_for(reader, code)
    years = yearly(reader, contract.pk, as_of)
    claims = capacities(reader, contract.pk, as_of)
    listed = BRANDS.asked(request)
    context = {
        "contract": contract,
        "listed": listed,
        "as_of": as_of,
        "is_partial": is_partial(reader, contract),
        "years": list(reversed(years)),
        "planned": [year for year in reversed(years) if year.plans],
        "newest": next((year for year in reversed(years) if year.quantity is not None), None),
        "chart": band_chart("production", years),
        "capacities": claims,
        "capacity": next((claim for claim in claims if claim.in_use), None),
        "utilisation": utilisation(years, claims),
        "brands": listed.ordered(brand_rows(reader, contract.pk, as_of)),
        "components": component_output(reader, contract.pk, as_of),
    }
    return render(request, "production/overview.html", context)


@page
@require_safe
def brands_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """The brands and their models as a file."""
    as_of, reader, listed = as_of_from(request), reader_of(request), BRANDS.asked(request)
    contract = contract_for(reader, code)
    rows = listed.ordered(brand_rows(reader, contract.pk, as_of))
    return listed.file(form, rows, name=f"{code}-brands-{as_of:%Y-%m-%d}", contract=contract, as_of=as_of)
