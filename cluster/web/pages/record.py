"""The record: what the sources say, where they contradict one another, and which claim is in use."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cluster.domain.access import Action
from cluster.models import Confidence
from cluster.queries.contracts import contract_for
from cluster.queries.record import Record, claims_of, record, source_story
from cluster.templatetags.format import claim_value, unit_word
from cluster.web.door import as_of_from, page, reader_of
from cluster.web.filters import chosen, options, paged, typed
from cluster.web.lists import AS_OF, Column, Filter, Kind, Listed, Listing, opens_saved
from cluster.web.panels import source_panels

SOURCES_ON_A_PAGE = 40

SOURCES = Listing(
    page="cluster:record",
    title=_("Sources"),
    order="-published",
    columns=(
        Column("title", _("Title"), value=lambda source: source.title, by=lambda: (_in_language("title"), "key")),
        Column("publisher", _("Publisher"), value=lambda source: source.publisher, by=("publisher", "key")),
        Column("published", _("Published"), Kind.DATE, lambda source: source.published, by=("published_latest", "key")),
        Column("document", _("Document"), value=lambda source: source.document, by=("document", "key")),
        Column("claims", _("Claims"), Kind.INTEGER, lambda source: source.claims, by=("claims", "key")),
        Column("url", _("Address"), value=lambda source: source.url, on_page=False),
        Column("note", _("Note of the source"), value=lambda source: source.note, on_page=False),
        AS_OF,
    ),
    filters=(
        Filter("q", _("Title, publisher, address or note")),
        Filter("confidence", _("Confidence of a claim"), lambda: Confidence.choices),
    ),
)
CLAIMS = Listing(
    page="cluster:record",
    file="cluster:claims_file",
    title=_("Claims"),
    order="figure",
    param="claims",
    columns=(
        Column("figure", _("Figure"), value=lambda claim: claim.get_figure_display()),
        Column("factory", _("Factory"), value=lambda claim: claim.factory.code if claim.factory else None),
        Column("milestone", _("Milestone"), value=lambda claim: claim.milestone.code if claim.milestone else None),
        Column("value", _("Value"), value=claim_value),
        Column("number", _("Number"), Kind.NUMBER, lambda claim: claim.value),
        Column("unit", _("Unit"), value=lambda claim: unit_word(5, claim.unit) if claim.unit else None),
        Column("valid", _("Of the time"), Kind.DATE, lambda claim: claim.valid),
        Column("announced", _("Announced"), Kind.DATE, lambda claim: claim.announced),
        Column("confidence", _("Confidence"), value=lambda claim: claim.get_confidence_display()),
        Column("in_use", _("In use"), value=lambda claim: gettext("yes") if claim.in_use else None),
        Column("reason", _("Reason"), value=lambda claim: claim.reason),
        Column("source", _("Source"), value=lambda claim: claim.source),
        Column("url", _("Address"), value=lambda claim: claim.source.url if claim.source else None),
        AS_OF,
    ),
)


def _in_language(field: str) -> str:
    return f"{field}_en" if (get_language() or "ru").startswith("en") else f"{field}_ru"


@page
@require_safe
@opens_saved(SOURCES)
def record_page(request: HttpRequest, code: str) -> HttpResponse:
    """Contradictions first, then the sources; `?q=` looks for text, `?confidence=` for the weight of what they say."""
    state, listed = _asked(request, code)
    confidence = request.GET.get("confidence", "").strip()
    context = {
        "state": state,
        "sources": paged(request, state.sources.order_by(*listed.order_by()), SOURCES_ON_A_PAGE),
        "listed": listed,
        "claims": CLAIMS.asked(request),
        "confidences": options(request, "confidence", [("", gettext("any")), *Confidence.choices], confidence),
        "filters": {"q": typed(request), "confidence": confidence},
        "undecided": sum(not found.decided for found in state.contradictions),
    }
    return render(request, "cluster/record.html", context)


@page
@require_safe
def record_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """The sources that the filters leave, as a file."""
    state, listed = _asked(request, code)
    rows = state.sources.order_by(*listed.order_by())
    return listed.file(form, rows, name=f"{code}-sources-{state.as_of:%Y-%m-%d}", contract=state.contract, as_of=state.as_of)


@page
@require_safe
def claims_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """Every claim known on the day, in use or not, as a file."""
    as_of = as_of_from(request)
    contract = contract_for(reader_of(request), code)
    rows = claims_of(reader_of(request), contract, as_of=as_of)
    return CLAIMS.asked(request, said=()).file(form, rows, name=f"{code}-claims-{as_of:%Y-%m-%d}", contract=contract, as_of=as_of)


def _asked(request: HttpRequest, code: str) -> tuple[Record, Listed]:
    confidence = chosen(request, "confidence", Confidence.values)
    listed, as_of = SOURCES.asked(request), as_of_from(request)
    return record(reader=reader_of(request), contract_code=code, as_of=as_of, text=typed(request), confidence=confidence), listed


@page
def source(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """Everything one source says about the contract."""
    reader, as_of = reader_of(request), as_of_from(request)
    story = source_story(reader=reader, contract_code=code, key=key, as_of=as_of)
    panels = source_panels(reader, story.contract, story.source, as_of)
    owner = {"contract": story.source.contract_id, "factory": story.source.factory_id}
    may_edit = as_of == timezone.localdate() and reader.scope.may(Action.EDIT_RECORD, **owner)
    return render(request, "cluster/source.html", {"story": story, "panels": panels, "may_edit": may_edit})
