"""One official rate: its revisions and what used it; a rate entered by hand, and the decision over one in quarantine."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cluster.domain.access import Action
from cluster.domain.errors import Conflict, DomainError
from cluster.domain.exchange import change
from cluster.models import Contract, ExchangeRate, User
from cluster.queries.history import record_history
from cluster.queries.people import sees_all_people
from cluster.queries.rate_use import Affected, Use, affected, uses
from cluster.queries.rates import Waiting, in_force_until, neighbours, rate_for, revisions_of
from cluster.services.access import require
from cluster.services.rates import Entry, Verdict, accept_rate, preview_rate, record_rate, reject_rate
from cluster.templatetags.format import date_short
from cluster.web.context import Frame
from cluster.web.door import as_of_from, ensure_today, page
from cluster.web.forms.rates import DecisionForm, RateForm
from cluster.web.pages.rates import currency_of, day_asked, reader_of_rates

Status = ExchangeRate.Status
USES_PER_PAGE = 30
AFFECTED_SHOWN = 10
HISTORY_SHOWN = 20
_TONES = {
    Status.ACCEPTED: ("ok", "check"),
    Status.QUARANTINED: ("major", "question"),
    Status.REJECTED: ("outline", "cross-circle"),
    Status.SUPERSEDED: ("outline", "history"),
}


@dataclass(frozen=True, slots=True)
class UseRow:
    """An amount with the page that shows it, and its contract."""

    use: Use
    kind: str
    url: str
    contract: Contract | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rate entered by hand would become, beside its neighbours, and what it would change."""

    entry: Entry
    verdict: Verdict
    before: ExchangeRate | None
    same: ExchangeRate | None
    after: ExchangeRate | None
    until: date | None
    affected: Affected

    @property
    def percent(self) -> Any:
        """By how many per cent it differs from the rate before; None where there is none."""
        return change(self.entry.rate, self.before.rate) * 100 if self.before else None


@page
def new_rate(request: HttpRequest) -> HttpResponse:
    """The form for a rate by hand: show it, tell what it would change, save it."""
    reader, today = reader_of_rates(request), ensure_today(request)
    require(reader, Action.EDIT_RECORD)
    if request.method != "POST":
        form = RateForm(initial={"currency": currency_of(request), "date": day_asked(request, "date"), "nominal": 1})
        return _form_answer(request, form)
    form, preview = RateForm(request.POST), None
    if form.is_valid():
        try:
            entry = _entry(form)
            if "preview" in request.POST:
                preview = _preview(reader, *preview_rate(entry, by=reader, today=today))
            else:
                row, verdict = record_rate(entry, by=reader, today=today)
                messages.success(request, _told(verdict, row, today))
                return _to_rate(request, row.pk)
        except DomainError as error:
            form.refuse(error)
    return _form_answer(request, form, preview, status=422 if form.errors else 200)


@page
@require_safe
def rate(request: HttpRequest, rate_id: int) -> HttpResponse:
    """One revision of a rate, the others of its date, and what used it."""
    return _rate_answer(request, rate_id)


@page
@require_POST
def decide(request: HttpRequest, rate_id: int) -> HttpResponse:
    """Accept or reject a rate in quarantine; who comes second is shown what was decided meanwhile."""
    ensure_today(request)
    reader = reader_of_rates(request)
    require(reader, Action.EDIT_RECORD)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _rate_answer(request, rate_id, form=form, status=422)
    reason = form.cleaned_data["reason"]
    try:
        if form.cleaned_data["decision"] == "accept":
            told = _accepted(accept_rate(rate_id=rate_id, reason=reason, by=reader), timezone.localdate())
        else:
            reject_rate(rate_id=rate_id, reason=reason, by=reader)
            told = _("The rate is rejected: this value is not taken for its date again.")
    except Conflict as error:
        form.refuse(error)
        return _rate_answer(request, rate_id, form=form, status=409)
    except DomainError as error:
        form.refuse(error)
        return _rate_answer(request, rate_id, form=form, status=422)
    messages.success(request, told)
    return _to_rate(request, rate_id)


def _to_rate(request: HttpRequest, rate_id: int) -> HttpResponse:
    return redirect(reverse("cluster:rate", args=[rate_id]) + Frame(request).query_of("cluster:rate"))


def _page_link(request: HttpRequest, number: int, path: str) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"{path}?{query.urlencode()}"


def _entry(form: RateForm) -> Entry:
    data = form.cleaned_data
    return Entry(data["currency"], data["date"], data["value"], data["source_ru"], data["source_en"], data["nominal"])


def _preview(reader: User, entry: Entry, verdict: Verdict) -> Preview:
    before, same, after = neighbours(entry.currency, entry.date)
    until = after.date if after else None
    row = ExchangeRate(currency=entry.currency, date=entry.date, nominal=entry.nominal, value=entry.value)
    return Preview(entry, verdict, before, same, after, until, affected(reader, row, until=until, limit=AFFECTED_SHOWN))


def _told(verdict: Verdict, row: ExchangeRate, today: date) -> str:
    match verdict:
        case Verdict.QUARANTINED:
            return _("The rate is recorded and waits in quarantine for a decision.")
        case Verdict.UNCHANGED:
            return _("This rate was recorded before: nothing has changed.")
        case _ if row.date > today:
            return _("The rate of {day} is recorded and counts from that day on.").format(day=date_short(row.date))
        case _:
            told = _("The rate of {day} is recorded and counts from now on. What stands at it is converted anew.")
            return told.format(day=date_short(row.date))


def _accepted(rows: list[ExchangeRate], today: date) -> str:
    if len(rows) == 1 and rows[0].date > today:
        return _("The rate of {day} is accepted and counts from that day on.").format(day=date_short(rows[0].date))
    if len(rows) == 1:
        return _("The rate is accepted and counts from now on. What stands at it is converted anew.")
    return _("The rate is accepted, and with it {n} later ones that no longer jump. What stands at them is converted anew.").format(
        n=len(rows) - 1
    )


def _form_answer(request: HttpRequest, form: RateForm, preview: Preview | None = None, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "preview": preview, "one_currency": len(settings.RATE_CURRENCIES) == 1}
    return render(request, "cluster/rate_form.html", context, status=status)


def _rate_answer(request: HttpRequest, rate_id: int, *, form: DecisionForm | None = None, status: int = 200) -> HttpResponse:
    reader, frame = reader_of_rates(request), Frame(request)
    is_past = as_of_from(request) < timezone.localdate()
    row = rate_for(reader, rate_id)
    before, same, _after = neighbours(row.currency, row.date)
    number, here = _page_number(request), reverse("cluster:rate", args=[row.pk])
    found = uses(reader, row, offset=(number - 1) * USES_PER_PAGE, limit=USES_PER_PAGE)
    names = sees_all_people(reader)
    tone, icon = _TONES[Status(row.status)]
    context = {
        "frame": frame,
        "rate": row,
        "tone": tone,
        "icon": icon,
        "judged": Waiting(row, before or (same if same != row else None), same if same != row else None),
        "until": in_force_until(row) if row.status == Status.ACCEPTED else None,
        "revisions": revisions_of(row),
        "uses": [_use_row(use, found.contracts, frame) for use in found.rows],
        "used": found.count,
        "newer": _page_link(request, number - 1, here) if number > 1 else "",
        "older": _page_link(request, number + 1, here) if number * USES_PER_PAGE < found.count else "",
        "history": record_history(record=row, limit=HISTORY_SHOWN) if names else [],
        "form": form or DecisionForm(),
        "may_decide": not is_past and row.status == Status.QUARANTINED and reader.scope.may(Action.EDIT_RECORD),
        "problem": form.problems[0][1] if form is not None and status == 409 and form.problems else "",
        "sees_people": names,
    }
    return render(request, "cluster/rate.html", context, status=status)


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) <= 6 and int(text) > 0 else 1


def _use_row(use: Use, contracts: Mapping[str, Contract], frame: Frame) -> UseRow:
    words = {"payment": _("payment"), "commitment": _("commitment"), "budget": _("budget line"), "claim": _("claim")}
    if use.kind in ("payment", "commitment"):
        url = reverse("cluster:ledger_entry", args=[use.contract, use.id])
    elif use.factory:
        url = reverse("cluster:factory", args=[use.contract, use.factory])
    else:
        url = reverse("cluster:record", args=[use.contract])
    return UseRow(use, words[use.kind], url + frame.as_of_query, contracts.get(use.contract))
