"""The record: what the sources say, where they contradict one another, and which claim is in use."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from cluster.models import Confidence
from cluster.queries.record import record, source_story
from cluster.web.door import as_of_from, page, reader_of
from cluster.web.filters import chosen, link, options, paged, typed
from cluster.web.panels import source_panels

SOURCES_ON_A_PAGE = 40


@page
def record_page(request: HttpRequest, code: str) -> HttpResponse:
    """Contradictions first, then the sources; `?q=` looks for text, `?confidence=` for the weight of what they say."""
    text = typed(request)
    confidence = chosen(request, "confidence", Confidence.values)
    as_of = as_of_from(request)
    state = record(reader=reader_of(request), contract_code=code, as_of=as_of, text=text, confidence=confidence)
    found = paged(request, state.sources, SOURCES_ON_A_PAGE)
    context = {
        "state": state,
        "sources": found,
        "newer": link(request) if found.number == 2 else _page_link(request, found.number - 1),
        "older": _page_link(request, found.number + 1),
        "confidences": options(request, "confidence", [("", gettext("any")), *Confidence.choices], confidence),
        "filters": {"q": text, "confidence": confidence},
        "filtered": bool(text or confidence),
        "reset": link(request, q=None, confidence=None),
        "undecided": sum(not found.decided for found in state.contradictions),
    }
    return render(request, "cluster/record.html", context)


@page
def source(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """Everything one source says about the contract."""
    reader, as_of = reader_of(request), as_of_from(request)
    story = source_story(reader=reader, contract_code=code, key=key, as_of=as_of)
    panels = source_panels(reader, story.contract, story.source, as_of)
    return render(request, "cluster/source.html", {"story": story, "panels": panels})


def _page_link(request: HttpRequest, number: int) -> str:
    address = link(request)
    return f"{address}{'&' if '?' in address else '?'}page={number}"
