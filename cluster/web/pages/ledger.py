"""Reading the ledger: the table by filters with its sums, the same as a file, and one entry with where it comes from."""

from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cluster.domain.access import Action
from cluster.domain.exchange import convert_rub
from cluster.models import Contract, Factory, LedgerEntry
from cluster.queries.contracts import contract_for
from cluster.queries.history import record_history
from cluster.queries.ledger import ORDERS, entries_of, entry_for, for_table, look_alikes, sums_of
from cluster.queries.people import sees_people
from cluster.queries.rates import rate_status
from cluster.web.discussion import section
from cluster.web.door import as_of_from, page, reader_of
from cluster.web.filters import link
from cluster.web.forms.ledger import LedgerFilterForm
from cluster.web.lists import AS_OF, Column, Kind, Listed, Listing, opens_saved

PAGE = 50
HISTORY = 20
_NEWEST = "-date"


@dataclass(frozen=True, slots=True)
class _Row:
    """An entry with what a file says of it: the first entry that it looks like."""

    entry: LedgerEntry
    alike: int | None

    @property
    def dollars(self) -> Any:
        """The conversion known on the day shown; None without one."""
        return getattr(self.entry, "conversion", None)


LEDGER = Listing(
    page="cluster:ledger",
    title=_("Ledger"),
    order=_NEWEST,
    columns=(
        Column("number", _("Number"), Kind.NUMBER, lambda row: row.entry.pk, on_page=False),
        Column("date", _("Date"), Kind.DATE, lambda row: row.entry.date, by=ORDERS["date"]),
        Column("factory", _("Factory"), value=lambda row: row.entry.factory.code, by=ORDERS["factory"]),
        Column("kind", _("Kind"), value=lambda row: row.entry.get_kind_display(), by=ORDERS["kind"]),
        Column("category", _("Category"), value=lambda row: row.entry.get_category_display(), on_page=False),
        Column("funding", _("Funding source"), value=lambda row: row.entry.get_funding_display(), on_page=False),
        Column("document", _("Document"), value=lambda row: row.entry.document, by=ORDERS["document"]),
        Column("counterparty", _("Counterparty"), value=lambda row: row.entry.counterparty, by=ORDERS["counterparty"]),
        Column(
            "amount", _("Amount"), Kind.MONEY, lambda row: row.entry.amount_rub, by=ORDERS["amount"], total=True, in_file=_("Amount, RUB")
        ),
        Column(
            "usd",
            _("In dollars"),
            Kind.MONEY,
            lambda row: row.dollars.usd if row.dollars else None,
            by=ORDERS["usd"],
            total=True,
            in_file=_("Amount, USD"),
        ),
        Column("basis", _("Basis"), value=lambda row: gettext("payment basis") if row.dollars else None, on_page=False),
        Column("rate", _("Rate"), Kind.RATE, lambda row: row.dollars.rate.value if row.dollars else None, on_page=False),
        Column("rate_date", _("Rate date"), Kind.DATE, lambda row: row.dollars.rate.date if row.dollars else None, on_page=False),
        Column("stale", _("Old rate"), value=lambda row: gettext("yes") if row.dollars and row.dollars.stale else None, on_page=False),
        Column("reverses", _("Reverses"), Kind.NUMBER, lambda row: row.entry.reverses_id, on_page=False),
        Column("reversed_by", _("Reversed by"), Kind.NUMBER, lambda row: row.entry.taken_back_by, on_page=False),
        Column("alike", _("Looks like"), Kind.NUMBER, lambda row: row.alike if row.alike != row.entry.pk else None, on_page=False),
        Column("note", _("Note of the entry"), value=lambda row: row.entry.note, on_page=False),
        AS_OF,
    ),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: the filters, the order, the day shown (`until` is None today, when all entries count)."""

    contract: Contract
    form: LedgerFilterForm
    listed: Listed
    as_of: date
    until: date | None
    rows: "QuerySet[LedgerEntry] | None"


def _asked(request: HttpRequest, code: str) -> Asked:
    reader, as_of = reader_of(request), as_of_from(request)
    contract = contract_for(reader, code)
    form = LedgerFilterForm(request.GET, factories=list(Factory.objects.for_reader(reader).filter(contract=contract)))
    until = as_of if as_of < timezone.localdate() else None
    rows = entries_of(reader, contract_id=contract.pk, chosen=form.chosen(), until=until) if form.is_valid() else None
    return Asked(contract, form, LEDGER.asked(request, said=form.in_words if form.is_valid() else ()), as_of, until, rows)


@page
@require_safe
@opens_saved(LEDGER)
def ledger(request: HttpRequest, code: str) -> HttpResponse:
    """The entries that the filters leave, a page of them, with the sums over all of them. A wrong filter shows none, and says why."""
    asked, reader = _asked(request, code), reader_of(request)
    context: dict[str, Any] = {
        "contract": asked.contract,
        "form": asked.form,
        "listed": asked.listed,
        "reset": link(request, **dict.fromkeys(asked.form.fields)),
        "may_pay": asked.until is None and reader.scope.may(Action.RECORD_PAYMENT, contract=asked.contract.pk),
        "ahead_of": asked.as_of,
    }
    if asked.rows is not None:
        sums = sums_of(asked.rows, until=asked.until)
        shown = _Counted(for_table(asked.rows, sort=asked.listed.sort, until=asked.until), sum(one.rows for one in sums))
        entries: Page[Any] = Paginator(cast("Any", shown), PAGE).get_page(request.GET.get("page"))
        entries.object_list = list(entries.object_list)
        amounts = {entry.amount_rub for entry in entries.object_list}
        context |= {
            "entries": entries,
            # The filter on a kind leaves nothing of the other one: that says nothing about it.
            "sums": [one for one in sums if asked.form.cleaned_data["kind"] in ("", one.kind)],
            "alike": look_alikes(reader, contract_id=asked.contract.pk, until=asked.until, amounts=amounts) if amounts else {},
            "newer": _page(request, entries.number - 1) if entries.has_previous() else "",
            "older": _page(request, entries.number + 1) if entries.has_next() else "",
        }
    return render(request, "cluster/ledger.html", context, status=400 if asked.form.errors else 200)


class _Counted:
    """Rows whose number is known from their sums, so that paging need not count them again."""

    def __init__(self, rows: "QuerySet[LedgerEntry]", number: int) -> None:
        self._rows, self._number = rows, number

    def count(self) -> int:
        """How many there are."""
        return self._number

    def __len__(self) -> int:
        return self._number

    def __getitem__(self, which: slice) -> "QuerySet[LedgerEntry]":
        return self._rows[which]


def _page(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"{request.path}?{query.urlencode()}"


@page
@require_safe
def ledger_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """The entries that the filters leave, all pages of them, as a file."""
    asked = _asked(request, code)
    if asked.rows is None:
        return ledger(request, code)
    alike = look_alikes(reader_of(request), contract_id=asked.contract.pk, until=asked.until)
    entries = for_table(asked.rows, sort=asked.listed.sort, until=asked.until).iterator(chunk_size=2000)
    rows = (_Row(entry, alike.get(entry.pk)) for entry in entries)
    return asked.listed.file(form, rows, name=f"{code}-ledger-{asked.as_of:%Y-%m-%d}", contract=asked.contract, as_of=asked.as_of)


@page
@require_safe
def ledger_entry(request: HttpRequest, code: str, entry_id: int) -> HttpResponse:
    """One entry: document, counterparty, source, who and when, its dollars with their rate, its reversal, its history."""
    reader, as_of = reader_of(request), as_of_from(request)
    until = as_of if as_of < timezone.localdate() else None
    entry = entry_for(reader, contract_code=code, entry_id=entry_id, until=until)
    contract = entry.factory.contract
    status = rate_status(as_of)
    taken_back = getattr(entry, "reversed_by", None)
    first = look_alikes(reader, contract_id=contract.pk, until=until, amounts=[entry.amount_rub]).get(entry.pk)
    named = sees_people(reader, contract_id=contract.pk)
    may_pay = until is None and reader.scope.may(Action.RECORD_PAYMENT, contract=contract.pk, factory=entry.factory_id)
    context = {
        "contract": contract,
        "factory": entry.factory,
        "entry": entry,
        "conversion": getattr(entry, "conversion", None),
        "taken_back": taken_back,
        "alike": first if first != entry.pk else None,
        "is_first_of_alike": first == entry.pk,
        "alike_query": f"only=alike&amount_from={entry.amount_rub}&amount_to={entry.amount_rub}",
        "sees_people": named,
        "reporting": convert_rub(entry.amount_rub, status.rate.rate) if status.rate else None,
        "reporting_rate": status,
        "may_pay": may_pay,
        "may_reverse": may_pay and entry.reverses_id is None and taken_back is None,
        "discussion": section(request, code, entry),
        "changes": record_history(record=entry, limit=HISTORY, named=named),
        "number": 1,
    }
    return render(request, "cluster/ledger_entry.html", context)
