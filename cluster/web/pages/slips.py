"""The slip ledger: every revision of a forecast as days lost or won."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cluster.queries.contracts import contract_for
from cluster.web.door import as_of_from, page, reader_of


@page
@require_safe
def slips(request: HttpRequest, code: str) -> HttpResponse:
    """The slip ledger."""
    context = {"contract": contract_for(reader_of(request), code), "as_of": as_of_from(request)}
    return render(request, "cluster/slips.html", context)


@page
@require_safe
def slips_csv(request: HttpRequest, code: str) -> HttpResponse:
    """The slip ledger as a table for a spreadsheet."""
    return slips(request, code)
