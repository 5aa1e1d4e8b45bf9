"""The first page of a reader: the contract they may see, or a sentence that there is none yet."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from cluster.queries.contracts import contracts_for
from cluster.web.door import page, reader_of


@page
def home(request: HttpRequest) -> HttpResponse:
    """To the first contract that the reader may see."""
    contract = contracts_for(reader_of(request)).first()
    if contract is None:
        return render(request, "cluster/nothing.html")
    return redirect("cluster:contract", code=contract.code)
