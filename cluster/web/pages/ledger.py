"""Writing the ledger: a payment or a commitment with an echo of what was understood, and a reversal."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from cluster.domain.access import Action
from cluster.domain.errors import DomainError
from cluster.domain.exchange import convert_rub, is_stale
from cluster.models import ExchangeRate, Factory, LedgerEntry, User
from cluster.queries.factories import factory_for
from cluster.queries.ledger import entry_for, newest_entries
from cluster.queries.rates import rate_in_force
from cluster.services.access import require
from cluster.services.ledger import record_entry, reverse_entry
from cluster.templatetags.format import money_rub
from cluster.web.door import ensure_today, page, reader_of
from cluster.web.forms.ledger import EchoForm, LedgerForm, ReversalForm

NEWEST = 5


@dataclass(frozen=True, slots=True)
class Echo:
    """What was understood: roubles, the day, and dollars at the rate in force on that day (None: no rate is known)."""

    amount: Decimal
    on: date
    rate: ExchangeRate | None

    @property
    def usd(self) -> Decimal | None:
        """The amount in dollars."""
        return convert_rub(self.amount, self.rate.rate) if self.rate else None

    @property
    def stale(self) -> bool:
        """Whether a newer rate ought to be known for that day."""
        return self.rate is None or is_stale(self.rate.date, on=self.on)


@page
def payment(request: HttpRequest, code: str, factory: str) -> HttpResponse:
    """The form: show it, check it, save it. The same filled-in form sent twice records one entry."""
    today, reader = ensure_today(request), reader_of(request)
    plant = _factory(reader, code, factory)
    if request.method != "POST":
        return _answer(request, LedgerForm(reader=reader, initial={"date": today}), plant, today)
    form = LedgerForm(request.POST, reader=reader)
    if form.is_valid() and "preview" not in request.POST:
        try:
            entry = _save(form, plant, reader, today)
        except DomainError as error:
            form.refuse(error)
        else:
            sentence = gettext("Recorded: %(kind)s, %(amount)s.")
            messages.success(request, sentence % {"kind": entry.get_kind_display(), "amount": money_rub(entry.amount_rub)})
            return redirect("cluster:factory", code, factory)
    return _answer(request, form, plant, today, status=422 if form.errors else 200)


@page
@require_safe
def payment_echo(request: HttpRequest, code: str, factory: str) -> HttpResponse:
    """What the amount typed so far means: the part of the form that htmx asks for."""
    today, reader = ensure_today(request), reader_of(request)
    _factory(reader, code, factory)
    form = EchoForm(request.GET)
    form.is_valid()
    context = {
        "echo": _echo(form.cleaned_data, today),
        "problem": " ".join(map(str, form.errors.get("amount", []))) if request.GET.get("amount") else "",
    }
    return render(request, "cluster/partials/echo.html", context)


@page
def reversal(request: HttpRequest, code: str, factory: str, entry_id: int) -> HttpResponse:
    """Take an entry back by one that names it."""
    today, reader = ensure_today(request), reader_of(request)
    entry = entry_for(reader, contract_code=code, factory_code=factory, entry_id=entry_id)
    require(reader, Action.RECORD_PAYMENT, contract=entry.factory.contract_id, factory=entry.factory_id)
    form = ReversalForm(request.POST) if request.method == "POST" else ReversalForm(initial={"date": today})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            reverse_entry(entry_id=entry.pk, date=data["date"], note=data["note"], by=reader, today=today, request_key=data["request_key"])
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, gettext("The entry is reversed: both stay visible."))
            return redirect("cluster:factory", code, factory)
    context = {"form": form, "entry": entry, "factory": entry.factory, "contract": entry.factory.contract}
    return render(request, "cluster/reversal_form.html", context, status=422 if form.errors else 200)


def _factory(reader: User, code: str, factory_code: str) -> Factory:
    factory = factory_for(reader, contract_code=code, factory_code=factory_code)
    require(reader, Action.RECORD_PAYMENT, contract=factory.contract_id, factory=factory.pk)
    return factory


def _save(form: LedgerForm, factory: Factory, reader: User, today: date) -> LedgerEntry:
    data = form.cleaned_data
    return record_entry(
        factory_id=factory.pk,
        kind=data["kind"],
        date=data["date"],
        amount_rub=data["amount"],
        document=data["document"],
        counterparty=data["counterparty"],
        category=data["category"],
        funding=data["funding"],
        note=data["note"],
        source_id=data["source"].pk if data["source"] else None,
        by=reader,
        today=today,
        request_key=data["request_key"],
    )


def _echo(data: dict[str, object], today: date) -> Echo | None:
    amount, on = data.get("amount"), data.get("date") or today
    if not isinstance(amount, Decimal) or not isinstance(on, date) or amount <= 0:
        return None
    return Echo(amount, on, rate_in_force(on))


def _answer(request: HttpRequest, form: LedgerForm, factory: Factory, today: date, *, status: int = 200) -> HttpResponse:
    echo = _echo(form.cleaned_data, today) if form.is_bound else None
    context = {
        "form": form,
        "factory": factory,
        "contract": factory.contract,
        "echo": echo,
        "checked": form.is_bound and not form.errors,
        "newest": newest_entries(reader_of(request), factory, limit=NEWEST),
    }
    return render(request, "cluster/ledger_form.html", context, status=status)
