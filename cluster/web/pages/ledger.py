"""Reading the ledger: the table by filters with its sums, the same as a file, and one entry with where it comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
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
from cluster.web.filters import chosen, columns, link
from cluster.web.forms.ledger import LedgerFilterForm
from cluster.web.spreadsheet import csv_response

PAGE = 50
HISTORY = 20
_NEWEST = "-date"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: the filters, the order, the day shown (`until` is None today, when all entries count)."""

    contract: Contract
    form: LedgerFilterForm
    sort: str
    as_of: date
    until: date | None
    rows: "QuerySet[LedgerEntry] | None"


def _asked(request: HttpRequest, code: str) -> Asked:
    reader, as_of = reader_of(request), as_of_from(request)
    contract = contract_for(reader, code)
    form = LedgerFilterForm(request.GET, factories=list(Factory.objects.for_reader(reader).filter(contract=contract)))
    sort = chosen(request, "sort", [*ORDERS, *(f"-{name}" for name in ORDERS)], _NEWEST)
    until = as_of if as_of < timezone.localdate() else None
    rows = entries_of(reader, contract_id=contract.pk, chosen=form.chosen(), until=until) if form.is_valid() else None
    return Asked(contract, form, sort, as_of, until, rows)


@page
@require_safe
def ledger(request: HttpRequest, code: str) -> HttpResponse:
    """The entries that the filters leave, a page of them, with the sums over all of them. A wrong filter shows none, and says why."""
    asked, reader = _asked(request, code), reader_of(request)
    context: dict[str, Any] = {
        "contract": asked.contract,
        "form": asked.form,
        "sort": "" if asked.sort == _NEWEST else asked.sort,
        "reset": link(request, **dict.fromkeys(asked.form.fields)),
        "may_pay": asked.until is None and reader.scope.may(Action.RECORD_PAYMENT, contract=asked.contract.pk),
        "ahead_of": asked.as_of,
    }
    if asked.rows is not None:
        sums = sums_of(asked.rows, until=asked.until)
        shown = _Counted(for_table(asked.rows, sort=asked.sort, until=asked.until), sum(one.rows for one in sums))
        entries: Page[Any] = Paginator(cast("Any", shown), PAGE).get_page(request.GET.get("page"))
        entries.object_list = list(entries.object_list)
        amounts = {entry.amount_rub for entry in entries.object_list}
        context |= {
            "entries": entries,
            # The filter on a kind leaves nothing of the other one: that says nothing about it.
            "sums": [one for one in sums if asked.form.cleaned_data["kind"] in ("", one.kind)],
            "alike": look_alikes(reader, contract_id=asked.contract.pk, until=asked.until, amounts=amounts) if amounts else {},
            "columns": columns(request, _heads(), asked.sort),
            "newer": _page(request, entries.number - 1) if entries.has_previous() else "",
            "older": _page(request, entries.number + 1) if entries.has_next() else "",
            "export": reverse("cluster:ledger_csv", args=[code]) + ("?" + request.GET.urlencode() if request.GET else ""),
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


def _heads() -> tuple[tuple[str, str, bool], ...]:
    return (
        ("date", gettext("Date"), False),
        ("factory", gettext("Factory"), False),
        ("kind", gettext("Kind"), False),
        ("document", gettext("Document"), False),
        ("counterparty", gettext("Counterparty"), False),
        ("amount", gettext("Amount"), True),
    )


def _page(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"{request.path}?{query.urlencode()}"


@page
@require_safe
def ledger_csv(request: HttpRequest, code: str) -> HttpResponse:
    """The entries that the filters leave, all pages of them, as a table for a spreadsheet."""
    asked = _asked(request, code)
    if asked.rows is None:
        return ledger(request, code)
    heads = (
        gettext("Number"), gettext("Date"), gettext("Factory"), gettext("Kind"), gettext("Category"), gettext("Funding source"),
        gettext("Document"), gettext("Counterparty"), gettext("Amount, RUB"), gettext("Amount, USD"), gettext("Basis"), gettext("Rate"),
        gettext("Rate date"), gettext("Old rate"), gettext("Reverses"), gettext("Reversed by"), gettext("Looks like"),
        gettext("Note of the entry"), gettext("As of"),
    )  # fmt: skip
    alike = look_alikes(reader_of(request), contract_id=asked.contract.pk, until=asked.until)
    rows = for_table(asked.rows, sort=asked.sort, until=asked.until)
    return csv_response(f"{code}-ledger-{asked.as_of:%Y-%m-%d}", heads, _cells(rows, alike, asked.as_of), example=asked.contract.is_example)


def _cells(rows: "QuerySet[LedgerEntry]", alike: dict[int, int], as_of: date) -> Iterator[list[object]]:
    for entry in rows.iterator(chunk_size=2000):
        dollars = getattr(entry, "conversion", None)
        first = alike.get(entry.pk)
        yield [
            entry.pk,
            entry.date,
            entry.factory.code,
            entry.get_kind_display(),
            entry.get_category_display(),
            entry.get_funding_display(),
            entry.document,
            entry.counterparty,
            entry.amount_rub,
            *((dollars.usd, gettext("payment basis"), dollars.rate.value, dollars.rate.date) if dollars else ("", "", "", "")),
            gettext("yes") if dollars and dollars.stale else "",
            entry.reverses_id or "",
            entry.taken_back_by or "",  # type: ignore[attr-defined]
            first if first and first != entry.pk else "",
            entry.note,
            as_of,
        ]


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
