"""The schedule of a contract as a Gantt chart: filtered, zoomed and sorted by the address."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cluster.queries.contracts import contract_for
from cluster.web.door import as_of_from, page, reader_of


@page
@require_safe
def schedule(request: HttpRequest, code: str) -> HttpResponse:
    """The Gantt chart."""
    context = {"contract": contract_for(reader_of(request), code), "as_of": as_of_from(request)}
    return render(request, "cluster/schedule.html", context)
