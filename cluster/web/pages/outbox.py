"""The outbox for administrators: every letter with its tries, decisions on those that only a person can make, who is suspended."""

from dataclasses import dataclass
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.models import Delivery
from cluster.models.form_fields import message_of
from cluster.queries import outbox as queries
from cluster.queries.notices import notice_name
from cluster.services import mailing
from cluster.services import outbox as services
from cluster.services.bounces import lift_suspension
from cluster.web.door import page, reader_of
from cluster.web.filters import chosen, options, paged, typed
from cluster.web.lists import Column, Filter, Kind, Listing, opens_saved
from cluster.web.sealed import sealed

Status = Delivery.Status
PAGE = 50
_STATES = {
    queries.State.ASKS.value: _("to decide"),
    queries.State.HELD.value: _("held back"),
    queries.State.WAITING.value: _("waiting"),
    queries.State.SENT.value: _("sent"),
    queries.State.SKIPPED.value: _("nothing to tell"),
}
MOST_STRAYS = 10
_TONES = {
    Status.WAITING: ("outline", "calendar"),
    Status.SENDING: ("info", "refresh"),
    Status.SENT: ("ok", "check"),
    Status.FAILED: ("minor", "minor"),
    Status.UNCERTAIN: ("major", "warning"),
    Status.HELD: ("moderate", "moderate"),
    Status.SKIPPED: ("outline", "cross-circle"),
    Status.DEAD: ("critical", "critical"),
}


@dataclass(frozen=True, slots=True)
class LetterRow:
    """One letter as the pages show it."""

    letter: Delivery
    tone: str
    icon: str


def _row(letter: Delivery) -> LetterRow:
    return LetterRow(letter, *_TONES[Status(letter.status)])


def _ensure_administrator(request: HttpRequest) -> None:
    if not queries.handles_mail(reader_of(request)):
        raise NotFound("There is no such page here.")


OUTBOX = Listing(
    page="cluster:outbox",
    title=_("Outbox"),
    order="-when",
    columns=(
        Column("subject", _("Subject"), value=lambda letter: letter.subject or None, by=("subject",)),
        Column("recipient", _("Recipient"), value=lambda letter: letter.recipient, by=("recipient",)),
        Column("kind", _("Kind"), value=lambda letter: letter.get_kind_display(), by=("kind",)),
        Column("status", _("Status"), value=lambda letter: letter.get_status_display(), by=("status",)),
        Column("error", _("Error"), value=lambda letter: letter.error or None, on_page=False),
        Column("when", _("When"), Kind.MOMENT, lambda letter: letter.sent_at or letter.created_at, by=("at",)),
        Column("attempts", _("Attempts"), Kind.INTEGER, lambda letter: letter.attempts, by=("attempts",)),
        Column("returned", _("Came back"), Kind.INTEGER, lambda letter: letter.returned or None, on_page=False),
    ),
    filters=(
        Filter("state", _("State"), _STATES.items),
        Filter("kind", _("Kind"), lambda: Delivery.Kind.choices),
        Filter("q", _("Recipient or subject")),
    ),
)


@page
@require_safe
@opens_saved(OUTBOX)
def outbox(request: HttpRequest) -> HttpResponse:
    """All letters, filtered by the address; what came back, and who is suspended because of it."""
    state, kind, rows = _asked(request)
    reader, counts, listed = reader_of(request), queries.counts(rows), OUTBOX.asked(request)
    shown = paged(request, queries.in_state(rows, state).order_by(*listed.order_by()), PAGE)
    context = {
        "rows": [_row(letter) for letter in shown],
        "page": shown,
        "listed": listed,
        "states": options(request, "state", [("", gettext("all")), *_STATES.items()], state, counts),
        "kinds": options(request, "kind", [("", gettext("any")), *Delivery.Kind.choices], kind),
        "state": state,
        "text": typed(request),
        "held": counts[queries.State.HELD],
        "suspended": queries.suspended(reader),
        "strays": queries.strays(reader)[:MOST_STRAYS],
    }
    return render(request, "cluster/outbox.html", context)


@page
@require_safe
def outbox_file(request: HttpRequest, form: str) -> HttpResponse:
    """The same as a file."""
    state, _kind, rows = _asked(request)
    listed = OUTBOX.asked(request)
    return listed.file(form, queries.in_state(rows, state).order_by(*listed.order_by()), name="outbox")


def _asked(request: HttpRequest) -> tuple[str, str, QuerySet[Delivery]]:
    """State and kind asked for, and the letters of every state: NotFound for who does not answer for mail."""
    _ensure_administrator(request)
    state = chosen(request, "state", [state.value for state in queries.State])
    kind = chosen(request, "kind", Delivery.Kind.values)
    return state, kind, queries.letters(reader_of(request), kind=kind, text=typed(request))


@csp_update({"frame-src": [SELF]})
@page
@require_safe
def letter(request: HttpRequest, letter_id: int) -> HttpResponse:
    """One letter: its text, how it looks, every try, and what came back."""
    _ensure_administrator(request)
    found = queries.letter_for(reader_of(request), letter_id)
    context = {
        "row": _row(found),
        "letter": found,
        "tries": found.tries.order_by("number"),
        "bounces": found.bounces.order_by("pk"),
        "notices": [(notice, notice_name(notice.kind)) for notice in found.notices.order_by("pk")],
        "may_send": found.status in (Status.DEAD, Status.FAILED, Status.UNCERTAIN, Status.HELD),
        "may_settle": found.status in (Status.UNCERTAIN, Status.HELD),
    }
    return render(request, "cluster/letter.html", context)


@page
@require_safe
def letter_html(request: HttpRequest, letter_id: int) -> HttpResponse:
    """The HTML of a letter as it went out, alone and sealed, for the frame of its page."""
    _ensure_administrator(request)
    found = queries.letter_for(reader_of(request), letter_id)
    return sealed(found.body_html, found.chart)


@page
@require_POST
def decide(request: HttpRequest, letter_id: int) -> HttpResponse:
    """Send a letter again, or note that it arrived."""
    _ensure_administrator(request)
    decision = {"again": services.send_again, "arrived": services.note_arrival}.get(request.POST.get("do", ""))
    if decision is None:
        raise DomainError("Choose one of the list.", field="do", code="choice")
    try:
        decision(letter_id, by=reader_of(request))
    except Conflict as error:
        messages.warning(request, message_of(error))
    else:
        messages.success(request, gettext("Your decision is recorded."))
    return redirect("cluster:outbox_letter", letter_id=letter_id)


@page
@require_POST
def hold_or_release(request: HttpRequest) -> HttpResponse:
    """Hold back all that waits, or let all go that is held."""
    _ensure_administrator(request)
    reader: Any = reader_of(request)
    if request.POST.get("do") == "hold":
        n = mailing.hold(now=timezone.now(), by=reader)
        said = ngettext("%(n)d letter is held back.", "%(n)d letters are held back.", n)
    elif request.POST.get("do") == "release":
        n = services.release_all(by=reader)
        said = ngettext("%(n)d letter may go.", "%(n)d letters may go.", n)
    else:
        raise DomainError("Choose one of the list.", field="do", code="choice")
    messages.success(request, said % {"n": n})
    return redirect("cluster:outbox")


@page
@require_POST
def lift(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Let letters go to a suspended person again."""
    _ensure_administrator(request)
    subscription = lift_suspension(subscription_id, by=reader_of(request))
    messages.success(request, gettext("Letters go to {person} again.").format(person=subscription.user.username))
    return redirect("cluster:outbox")
