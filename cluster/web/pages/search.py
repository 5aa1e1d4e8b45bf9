"""The search: a page, and the part of it that the palette shows while one types."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from cluster.web.context import Frame
from cluster.web.door import page
from cluster.web.palette import answer


@page
def search(request: HttpRequest) -> HttpResponse:
    """What `?q=` finds in the reader's scope, by kind; without it where one can go."""
    frame = Frame(request)
    given = {"frame": frame, "answer": answer(frame, request.GET.get("q", "").strip())}
    in_palette = getattr(request, "htmx", False)
    response = render(request, "cluster/partials/palette_options.html" if in_palette else "cluster/search.html", given)
    patch_vary_headers(response, ["HX-Request"])
    return response
