"""The list of contracts: found by code or name, a page at a time."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cluster.queries.contracts import contracts_named
from cluster.web.door import page, reader_of
from cluster.web.filters import paged

ROWS_ON_A_PAGE = 50
_LONGEST = 100


@page
def contracts(request: HttpRequest) -> HttpResponse:
    """The contracts that the reader may see, those that the search names."""
    text = request.GET.get("q", "").strip()[:_LONGEST]
    found = paged(request, contracts_named(reader_of(request), text), ROWS_ON_A_PAGE)
    return render(request, "cluster/contracts.html", {"found": found, "text": text})
