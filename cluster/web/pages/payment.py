"""Writing the ledger: a payment or a commitment with an echo of what was understood and of what looks alike, and a reversal."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from cluster.domain.access import Action
from cluster.domain.errors import DomainError, Duplicate, NotFound
from cluster.domain.exchange import convert_rub, is_stale
from cluster.models import Contract, ExchangeRate, Factory, LedgerEntry, User
from cluster.queries.contracts import contract_for
from cluster.queries.factories import factory_for
from cluster.queries.ledger import entry_for, first_alike, known_texts, newest_entries
from cluster.queries.people import sees_people
from cluster.queries.rates import rate_in_force
from cluster.services.access import require
from cluster.services.ledger import record_entry, reverse_entry
from cluster.templatetags.format import money_rub
from cluster.web.door import ensure_today, page, reader_of
from cluster.web.forms.ledger import EchoForm, LedgerForm, ReversalForm

NEWEST = 5
# How many texts a box offers.
OFFERED = 100
# What an entry like another one takes over; its amount and document are its own.
_TAKEN_OVER = ("kind", "counterparty", "category", "funding", "source")


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


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry is recorded: in a contract, and in one factory of it unless that is still to be chosen."""

    contract: Contract
    factory: Factory | None
    factories: "QuerySet[Factory] | None"

    @property
    def up(self) -> str:
        """The page that one came from."""
        if self.factory is None:
            return reverse("cluster:ledger", args=[self.contract.code])
        return reverse("cluster:factory", args=[self.contract.code, self.factory.code])

    @property
    def echo(self) -> str:
        """The address of the echo."""
        if self.factory is None:
            return reverse("cluster:new_entry_echo", args=[self.contract.code])
        return reverse("cluster:payment_echo", args=[self.contract.code, self.factory.code])


@page
def payment(request: HttpRequest, code: str, factory: str) -> HttpResponse:
    """The form for one factory: show it, check it, save it. The same filled-in form sent twice records one entry."""
    today, reader = ensure_today(request), reader_of(request)
    return _form(request, _in_factory(reader, code, factory), reader, today)


@page
def new_entry(request: HttpRequest, code: str) -> HttpResponse:
    """The same form for any factory of the contract; `?like=<id>` takes over what the next entry shares with that one."""
    today, reader = ensure_today(request), reader_of(request)
    return _form(request, _in_contract(reader, code), reader, today)


def _form(request: HttpRequest, place: Place, reader: User, today: date) -> HttpResponse:
    if request.method != "POST":
        initial = {"date": today, **_like(request, place, reader)}
        return _answer(request, LedgerForm(reader=reader, factories=place.factories, initial=initial), place, today)
    form = LedgerForm(request.POST, reader=reader, factories=place.factories)
    first = None
    if form.is_valid() and "preview" not in request.POST:
        try:
            entry = _save(form, place, reader, today)
        except Duplicate as error:
            form.refuse(error)
            first = error.current if isinstance(error.current, LedgerEntry) else None
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _recorded(entry, place))
            if place.factory is None:
                return redirect("cluster:ledger_entry", place.contract.code, entry.pk)
            return redirect("cluster:factory", place.contract.code, place.factory.code)
    elif form.is_valid():
        first = _first_alike(form.cleaned_data, place, reader)
    return _answer(request, form, place, today, first=first, status=422 if form.errors else 200)


def _recorded(entry: LedgerEntry, place: Place) -> str:
    """What was recorded, with the ways on from here: look at it, record another one, take it back."""
    code, factory = place.contract.code, entry.factory.code
    sentence = gettext("Recorded: %(kind)s, %(amount)s.") % {"kind": entry.get_kind_display(), "amount": money_rub(entry.amount_rub)}
    return format_html(
        '{} <a href="{}">{}</a> · <a href="{}?like={}">{}</a> · <a href="{}">{}</a>',
        sentence,
        reverse("cluster:ledger_entry", args=[code, entry.pk]),
        gettext("Show the entry"),
        reverse("cluster:new_entry", args=[code]),
        entry.pk,
        gettext("Record another like this"),
        reverse("cluster:reverse_entry", args=[code, factory, entry.pk]),
        gettext("Take it back"),
    )


def _like(request: HttpRequest, place: Place, reader: User) -> dict[str, object]:
    """What the form begins with: a factory or an entry that the address names; nonsense there is no reason to refuse it."""
    found: dict[str, object] = {"factory": request.GET.get("factory", "")}
    key = request.GET.get("like", "")
    if key.isascii() and key.isdigit() and len(key) < 19:
        try:
            entry = entry_for(reader, contract_code=place.contract.code, entry_id=int(key))
        except NotFound:
            return found
        found = {name: getattr(entry, name) for name in _TAKEN_OVER} | {"factory": entry.factory.code}
    return found


@page
@require_safe
def payment_echo(request: HttpRequest, code: str, factory: str) -> HttpResponse:
    """What was typed so far means, and what looks alike: the parts of the form that htmx asks for."""
    today, reader = ensure_today(request), reader_of(request)
    return _echoed(request, _in_factory(reader, code, factory), reader, today)


@page
@require_safe
def new_entry_echo(request: HttpRequest, code: str) -> HttpResponse:
    """The same where the factory is still to be chosen."""
    today, reader = ensure_today(request), reader_of(request)
    return _echoed(request, _in_contract(reader, code), reader, today)


def _echoed(request: HttpRequest, place: Place, reader: User, today: date) -> HttpResponse:
    form = EchoForm(request.GET)
    form.is_valid()
    context = {
        "echo": _echo(form.cleaned_data, today),
        "problem": " ".join(map(str, form.errors.get("amount", []))) if request.GET.get("amount") else "",
        "contract": place.contract,
        "alike": _first_alike(form.cleaned_data, place, reader),
        "insists": form.cleaned_data.get("despite_duplicate"),
        "swapped": True,
    }
    return render(request, "cluster/partials/ledger_echo.html", context)


@page
def reversal(request: HttpRequest, code: str, factory: str, entry_id: int) -> HttpResponse:
    """Take an entry back by one that names it."""
    today, reader = ensure_today(request), reader_of(request)
    entry = entry_for(reader, contract_code=code, factory_code=factory, entry_id=entry_id)
    require(reader, Action.RECORD_PAYMENT, contract=entry.factory.contract_id, factory=entry.factory_id)
    if request.method != "POST" and hasattr(entry, "reversed_by"):
        # Its page says by which one.
        return redirect("cluster:ledger_entry", code, entry.pk)
    form = ReversalForm(request.POST) if request.method == "POST" else ReversalForm(initial={"date": today})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            reverse_entry(entry_id=entry.pk, date=data["date"], note=data["note"], by=reader, today=today, request_key=data["request_key"])
        except DomainError as error:
            form.refuse(error)
        else:
            another = reverse("cluster:new_entry", args=[code])
            sentence, link = gettext("The entry is reversed: both stay visible."), gettext("Record it as it should be")
            messages.success(request, format_html('{} <a href="{}?like={}">{}</a>', sentence, another, entry.pk, link))
            return redirect("cluster:factory", code, factory)
    contract = entry.factory.contract
    context = {
        "form": form,
        "entry": entry,
        "factory": entry.factory,
        "contract": contract,
        "sees_people": sees_people(reader, contract_id=contract.pk),
    }
    return render(request, "cluster/reversal_form.html", context, status=422 if form.errors else 200)


def _in_factory(reader: User, code: str, factory_code: str) -> Place:
    factory = factory_for(reader, contract_code=code, factory_code=factory_code)
    require(reader, Action.RECORD_PAYMENT, contract=factory.contract_id, factory=factory.pk)
    return Place(factory.contract, factory, None)


def _in_contract(reader: User, code: str) -> Place:
    contract = contract_for(reader, code)
    require(reader, Action.RECORD_PAYMENT, contract=contract.pk)
    return Place(contract, None, Factory.objects.for_reader(reader).filter(contract=contract))


def _save(form: LedgerForm, place: Place, reader: User, today: date) -> LedgerEntry:
    data = form.cleaned_data
    factory = place.factory or data["factory"]
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
        contract_id=place.contract.pk,
        despite_duplicate=data["despite_duplicate"],
        by=reader,
        today=today,
        request_key=data["request_key"],
    )


def _echo(data: dict[str, object], today: date) -> Echo | None:
    amount, on = data.get("amount"), data.get("date") or today
    if not isinstance(amount, Decimal) or not isinstance(on, date) or amount <= 0:
        return None
    return Echo(amount, on, rate_in_force(on))


def _first_alike(data: dict[str, object], place: Place, reader: User) -> LedgerEntry | None:
    """The entry that looks like what was typed; None while too little is typed to say."""
    kind, amount, document, party = (data.get(name) for name in ("kind", "amount", "document", "counterparty"))
    if not (isinstance(amount, Decimal) and kind and document and party):
        return None
    return first_alike(
        reader, contract_id=place.contract.pk, kind=str(kind), amount_rub=amount, document=str(document), counterparty=str(party)
    )


def _answer(
    request: HttpRequest, form: LedgerForm, place: Place, today: date, *, first: LedgerEntry | None = None, status: int = 200
) -> HttpResponse:
    reader, contract = reader_of(request), place.contract
    echo = _echo(form.cleaned_data, today) if form.is_bound else None
    context = {
        "form": form,
        "place": place,
        "factory": place.factory,
        "contract": contract,
        "echo": echo,
        "alike": first,
        "insists": form["despite_duplicate"].value(),
        "checked": form.is_bound and not form.errors,
        "newest": newest_entries(reader, contract_id=contract.pk, factory=place.factory, limit=NEWEST),
        "known": known_texts(reader, contract_id=contract.pk, limit=OFFERED),
    }
    return render(request, "cluster/ledger_form.html", context, status=status)
