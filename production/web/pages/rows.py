"""Output and plans row by row, in use or not: filtered, sorted and exported as they are shown."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cluster.models import Contract
from cluster.queries.contracts import contract_for, is_partial
from cluster.templatetags.format import unit_word
from cluster.web.door import as_of_from, page, reader_of
from cluster.web.filters import chosen, options, paged
from cluster.web.lists import AS_OF, Column, Filter, Kind, Listed, Listing, opens_saved
from production.models import Output, PlanRevision
from production.queries.facts import outputs_known, plans_known

PAGE = 60
_ONE_IN_USE = ("1", _("yes"))
_SOURCED = (
    Column("announced", _("Announced"), Kind.DATE, lambda row: row.announced, by=lambda row: row.announced_latest),
    Column("in_use", _("In use"), value=lambda row: gettext("yes") if row.in_use else None, by=lambda row: not row.in_use),
    Column("source", _("Source"), value=lambda row: row.source, by=lambda row: str(row.source).casefold() if row.source else None),
    Column("wording", _("Wording"), value=lambda row: row.get_qualifier_display(), on_page=False),
    Column("url", _("Address"), value=lambda row: row.source.url if row.source else None, on_page=False),
    Column("note", _("Note of the source"), value=lambda row: row.note, on_page=False),
    AS_OF,
)
_FILTERS = (Filter("year", _("Year")), Filter("in_use", _("Only what is in use"), lambda: [_ONE_IN_USE]))


def _what(row: Output) -> str:
    return str(row.vehicle_model or row.brand or (row.get_segment_display() if row.segment else ""))


OUTPUT = Listing(
    page="production:output",
    title=_("Output"),
    order="-year",
    columns=(
        Column("year", _("Year"), Kind.NUMBER, lambda row: row.year, by=lambda row: (row.year, row.month or 13)),
        Column("month", _("Month"), Kind.NUMBER, lambda row: row.month),
        Column(
            "factory",
            _("Factory"),
            value=lambda row: row.factory.code if row.factory else None,
            by=lambda row: (row.factory.order, row.factory.code) if row.factory else None,
        ),
        Column("what", _("What"), value=_what, by=lambda row: _what(row).casefold() or None),
        Column("quantity", _("Quantity"), Kind.INTEGER, lambda row: row.quantity, by=lambda row: row.quantity),
        Column("unit", _("Unit"), value=lambda row: unit_word(row.quantity, row.unit), on_page=False),
        *_SOURCED,
    ),
    filters=(*_FILTERS, Filter("factory", _("Factory"), lambda: [("-", _("the contract as a whole"))])),
)
PLANS = Listing(
    page="production:plans",
    title=_("Plans"),
    order="-year",
    columns=(
        Column("year", _("Year"), Kind.NUMBER, lambda row: row.year, by=lambda row: row.year),
        Column("low", _("Low bound"), Kind.INTEGER, lambda row: row.low, by=lambda row: row.low),
        Column("high", _("High bound"), Kind.INTEGER, lambda row: row.high, by=lambda row: row.high),
        *_SOURCED,
    ),
    filters=_FILTERS,
)


@page
@require_safe
@opens_saved(OUTPUT)
def output(request: HttpRequest, code: str) -> HttpResponse:
    """Every figure of output known on the day; `?year=`, `?factory=`, `?in_use=1` filter."""
    contract, listed, rows, known = _output(request, code)
    factory = request.GET.get("factory", "").strip()
    found = {row.factory.code: str(row.factory) for row in known if row.factory}
    choices = [("", gettext("all")), ("-", gettext("the contract as a whole")), *sorted(found.items())]
    context = _context(request, contract, listed, rows, known) | {"factories": options(request, "factory", choices, factory)}
    return render(request, "production/output.html", context)


@page
@require_safe
def output_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """The same as a file."""
    contract, listed, rows, _known = _output(request, code)
    return _file(request, form, contract, listed, rows, "output")


@page
@require_safe
@opens_saved(PLANS)
def plans(request: HttpRequest, code: str) -> HttpResponse:
    """Every revision of a plan known on the day; `?year=`, `?in_use=1` filter."""
    contract, listed, rows, known = _plans(request, code)
    return render(request, "production/plans.html", _context(request, contract, listed, rows, known))


@page
@require_safe
def plans_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """The same as a file."""
    contract, listed, rows, _known = _plans(request, code)
    return _file(request, form, contract, listed, rows, "plans")


def _output(request: HttpRequest, code: str) -> tuple[Contract, Listed, list[Output], list[Output]]:
    reader, listed = reader_of(request), OUTPUT.asked(request)
    contract = contract_for(reader, code)
    known = outputs_known(reader, contract.pk, as_of_from(request))
    factory = request.GET.get("factory", "").strip()[:20]
    here = [row for row in known if not factory or (row.factory.code if row.factory else "-") == factory]
    return contract, listed, listed.ordered(_narrowed(request, here)), known


def _plans(request: HttpRequest, code: str) -> tuple[Contract, Listed, list[PlanRevision], list[PlanRevision]]:
    reader, listed = reader_of(request), PLANS.asked(request)
    contract = contract_for(reader, code)
    known = plans_known(reader, contract.pk, as_of_from(request))
    return contract, listed, listed.ordered(_narrowed(request, known)), known


def _narrowed(request: HttpRequest, rows: list[Any]) -> list[Any]:
    year, in_use = chosen(request, "year", {str(row.year) for row in rows}), chosen(request, "in_use", ["1"])
    return [row for row in rows if (not year or str(row.year) == year) and (not in_use or row.in_use)]


def _context(request: HttpRequest, contract: Contract, listed: Listed, rows: list[Any], known: list[Any]) -> dict[str, Any]:
    years = [("", gettext("all")), *((str(year), str(year)) for year in sorted({row.year for row in known}, reverse=True))]
    return {
        "contract": contract,
        "is_partial": is_partial(reader_of(request), contract),
        "listed": listed,
        "known": known,
        "rows": paged(request, rows, PAGE),
        "years": options(request, "year", years, request.GET.get("year", "").strip()),
        "in_use": request.GET.get("in_use", ""),
    }


def _file(request: HttpRequest, form: str, contract: Contract, listed: Listed, rows: list[Any], name: str) -> HttpResponse:
    as_of = as_of_from(request)
    return listed.file(form, rows, name=f"{contract.code}-{name}-{as_of:%Y-%m-%d}", contract=contract, as_of=as_of)
