"""The cluster page: where one contract stands on a day."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cluster.queries.contracts import overview
from cluster.web.door import as_of_from, page, reader_of


@page
def contract(request: HttpRequest, code: str) -> HttpResponse:
    """Money, factories, what is late, the promises on a timeline, and the panels of other applications."""
    as_of = as_of_from(request)
    state = overview(reader=reader_of(request), contract_code=code, as_of=as_of)
    return render(request, "cluster/contract.html", {"state": state})
