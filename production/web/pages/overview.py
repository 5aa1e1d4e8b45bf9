"""The production page: plans with their revisions, output with its competing claims, capacity, brands."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cluster.queries.contracts import contract_for
from cluster.web.door import as_of_from, page, reader_of


@page
def overview(request: HttpRequest, code: str) -> HttpResponse:
    """Production of one contract as it was known on a day."""
    contract = contract_for(reader_of(request), code)
    return render(request, "production/overview.html", {"contract": contract, "as_of": as_of_from(request)})
