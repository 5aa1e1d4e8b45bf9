"""The list of contracts: found by code or name, a page at a time."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cluster.models import Contract
from cluster.queries.contracts import contracts_named
from cluster.web.door import page, reader_of
from cluster.web.filters import paged, typed
from cluster.web.lists import Column, Filter, Kind, Listed, Listing, opens_saved

ROWS_ON_A_PAGE = 50


def _by_name() -> tuple[str, ...]:
    return ("name_en",) if (get_language() or "ru").startswith("en") else ("name_ru",)


CONTRACTS = Listing(
    page="cluster:contracts",
    title=_("Contracts"),
    order="usual",
    columns=(
        Column("name", _("Contract"), value=lambda contract: contract.name, by=_by_name),
        Column("code", _("Code"), value=lambda contract: contract.code, by=("code",)),
        Column("signed", _("Signed"), Kind.DATE, lambda contract: contract.signed, by=("signed_latest",)),
        Column("example", _("Example"), value=lambda contract: _("not real figures") if contract.is_example else None, on_page=False),
    ),
    filters=(Filter("q", _("Code or name")),),
)


@page
@require_safe
@opens_saved(CONTRACTS)
def contracts(request: HttpRequest) -> HttpResponse:
    """The contracts that the reader may see, those that the search names."""
    listed, rows = _asked(request)
    return render(
        request, "cluster/contracts.html", {"found": paged(request, rows, ROWS_ON_A_PAGE), "listed": listed, "text": typed(request)}
    )


@page
@require_safe
def contracts_file(request: HttpRequest, form: str) -> HttpResponse:
    """The same as a file."""
    listed, rows = _asked(request)
    return listed.file(form, rows, name="contracts")


def _asked(request: HttpRequest) -> tuple[Listed, QuerySet[Contract]]:
    listed = CONTRACTS.asked(request)
    rows = contracts_named(reader_of(request), typed(request))
    return listed, rows.order_by(*listed.order_by()) if listed.sorted_by else rows
