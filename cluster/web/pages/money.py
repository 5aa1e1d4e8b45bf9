"""The money pages: budget against paid against outlook of a contract or a factory, and the rows behind each figure."""

import re
from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from cluster.charts.contract_money import dollar_bridge, grouped, money_curve, rouble_bridge
from cluster.domain.access import Action
from cluster.domain.errors import DomainError
from cluster.domain.exchange import Basis
from cluster.domain.outlook import ZERO, Amounts, Cell, Grouping, Total, amounts, total_of
from cluster.models import CostCategory, ExchangeRate, Factory, FundingSource
from cluster.queries.money import Money, Selection, entries_behind, lines_behind, money_of
from cluster.queries.people import sees_people
from cluster.queries.rates import RateStatus
from cluster.templatetags.bases import basis_words, contract_words
from cluster.templatetags.format import month as month_words
from cluster.web.amounts import InDollars, agreed, less, reporting
from cluster.web.context import Frame
from cluster.web.door import as_of_from, page, reader_of
from cluster.web.figures import FIGURES, NONE, Shown, Step, formula, rows_url, shown
from cluster.web.filters import chosen, link, options, paged
from cluster.web.lists import AS_OF, Column, Kind, Listed, Listing, opens_saved
from cluster.web.pages.overview import Tile

ROWS_ON_A_PAGE = 50
_GROUPINGS: dict[Grouping, Any] = {
    Grouping.FACTORY: gettext_lazy("factory"),
    Grouping.CATEGORY: gettext_lazy("category"),
    Grouping.FUNDING: gettext_lazy("funding source"),
    Grouping.MONTH: gettext_lazy("month"),
    Grouping.YEAR: gettext_lazy("year"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One group of the table; `url` leads to the page of its own, where there is one."""

    label: str
    figures: list[Shown]
    total: Total
    url: str = ""
    vague: bool = False


@dataclass(frozen=True, slots=True)
class BasisRow:
    """The same money at the three bases; None where a basis makes no sense or nothing is known."""

    label: str
    rub: Decimal | None
    contract: Decimal | None
    payment: Decimal | None
    reporting: Decimal | None
    contract_note: str = ""
    payment_note: str = ""


def _columns(index: int, name: str) -> list[Column]:
    """A figure in roubles, by which it sorts, and in dollars, which stand below them on the page; the FX effect has dollars alone."""

    def rub(row: Row) -> Decimal | None:
        return row.figures[index].amounts.rub

    def usd(row: Row) -> Decimal | None:
        return row.figures[index].amounts.usd

    head = FIGURES[name]
    dollars = Column(name, head, Kind.MONEY, usd, by=usd, total=True, in_file=format_lazy(gettext_lazy("{}, USD"), head))
    if name == "fx":
        return [dollars]
    roubles = Column(name, head, Kind.MONEY, rub, by=rub, total=True, in_file=format_lazy(gettext_lazy("{}, RUB"), head))
    return [roubles, replace(dollars, name=f"{name}_usd", by=None, on_page=False)]


# The table of the chosen grouping, which heads its first column.
MONEY = Listing(
    page="cluster:money",
    title=gettext_lazy("Money"),
    order="usual",
    columns=(
        Column("group", "", value=lambda row: row.label, by=lambda row: row.label.casefold()),
        *(column for index, name in enumerate(FIGURES) for column in _columns(index, name)),
        AS_OF,
    ),
)
FACTORY_MONEY = replace(MONEY, page="cluster:factory_money")


@page
@opens_saved(MONEY)
def money(request: HttpRequest, code: str) -> HttpResponse:
    """The money of a contract; `?by=` groups the table."""
    return _page(request, money_of(reader=reader_of(request), contract_code=code, as_of=as_of_from(request)))


@page
@opens_saved(FACTORY_MONEY)
def factory_money(request: HttpRequest, code: str, factory: str) -> HttpResponse:
    """The money of one factory."""
    return _page(request, money_of(reader=reader_of(request), contract_code=code, factory_code=factory, as_of=as_of_from(request)))


@page
@require_safe
def money_file(request: HttpRequest, code: str, form: str, factory: str = "") -> HttpResponse:
    """The table of the chosen grouping as a file."""
    found = money_of(reader=reader_of(request), contract_code=code, factory_code=factory, as_of=as_of_from(request))
    by, listed = _grouping(request, found)
    rows = listed.ordered(_table(found, by, Frame(request)))
    name = "-".join(part for part in (code, factory, "money", by.value) if part)
    return listed.file(form, rows, name=name, contract=found.contract, as_of=found.as_of)


@page
def money_rows(request: HttpRequest, code: str) -> HttpResponse:
    """The rows behind one figure of any part of the money, its formula, and where each row is from."""
    figure = chosen(request, "figure", FIGURES, "outlook")
    reader = reader_of(request)
    factory_code = request.GET.get("factory", "").strip()
    found = money_of(reader=reader, contract_code=code, factory_code=factory_code, as_of=as_of_from(request))
    selection = _selection(request, found)
    cells = selection.cells(found)
    total = total_of(cells)
    context = {
        "money": found,
        "contract": found.contract,
        "figure": shown(figure, found, total, Frame(request), basis=basis_words(figure, found, cells)),
        "total": total,
        "parts": _parts(selection),
        "steps": _steps(figure, found, total, cells),
        "others": [(str(label), link(request, figure=name), name == figure) for name, label in FIGURES.items()],
        "back": _home(found.contract.code, selection.factory) + Frame(request).as_of_query,
        "sees_people": sees_people(reader, contract_id=found.contract.pk),
    } | _rows(request, figure, found, selection, cells)
    return render(request, "cluster/money_rows.html", context)


def _page(request: HttpRequest, found: Money) -> HttpResponse:
    frame = Frame(request)
    by, listed = _grouping(request, found)
    total = total_of(found.cells)
    rows = _table(found, by, frame)
    today = found.as_of == timezone.localdate()

    def may(action: Action) -> bool:
        key = found.factory.pk if found.factory else None
        return today and reader_of(request).scope.may(action, contract=found.contract.pk, factory=key)

    context = {
        "frame": frame,
        "money": found,
        "contract": found.contract,
        "total": total,
        "by": by,
        "groupings": options(request, "by", [(one.value, _GROUPINGS[one]) for one in _groupings(found)], by.value),
        "group_label": _GROUPINGS[by],
        "listed": listed,
        "commitment": _of_commitment(found, total, frame.rate),
        "rows": listed.ordered(rows),
        "figures": [shown(name, found, total, frame, basis=basis_words(name, found, found.cells), **_whole(found)) for name in FIGURES],
        "curve": money_curve(found),
        "undated": _undated(found),
        "bridge_usd": dollar_bridge(total),
        "bridge_rub": rouble_bridge(total, [(row.label, row.total) for row in rows], by),
        "bases": _bases(total),
        "may_pay": may(Action.RECORD_PAYMENT),
        "may_budget": may(Action.APPROVE_BASELINE),
        "unbudgeted": len(found.unbudgeted),
        "apart": rows_url(found.contract.code, frame, "paid", **_whole(found), budget=NONE),
    }
    return render(request, "cluster/money.html", context)


def _groupings(found: Money) -> list[Grouping]:
    return [by for by in Grouping if found.factory is None or by is not Grouping.FACTORY]


def _grouping(request: HttpRequest, found: Money) -> tuple[Grouping, Listed]:
    """What the address groups the table by, and the table as a list."""
    default = Grouping.FACTORY if found.factory is None else Grouping.CATEGORY
    by = Grouping(chosen(request, "by", [one.value for one in _groupings(found)], default.value))
    listing = FACTORY_MONEY if found.factory else MONEY
    head = replace(listing.columns[0], head=capfirst(_GROUPINGS[by]))
    return by, replace(listing, columns=(head, *listing.columns[1:])).asked(request)


def _whole(found: Money) -> dict[str, str]:
    return {"factory": found.factory.code} if found.factory else {}


def _home(code: str, factory: Factory | None) -> str:
    return reverse("cluster:factory_money", args=[code, factory.code]) if factory else reverse("cluster:money", args=[code])


def _of_commitment(found: Money, total: Total, status: RateStatus) -> list[Tile]:
    """Committed, allocated and not allocated as three figures; nothing on the page of a factory."""
    if found.factory is not None:
        return []
    claim, allocated = found.commitment, amounts("budget", total)
    committed = claim.value if claim else None
    rest = committed - (allocated.rub or ZERO) if committed is not None else None
    hidden = _("not shown to your role") if found.is_partial else ""
    agreed_usd, now_usd = allocated_dollars(found, total, status)
    whole_usd, whole_now_usd = agreed(claim, as_of=found.as_of), reporting(committed, status.rate, stale=status.stale)
    has_budget = allocated.rub is not None

    def dollars(*parts: InDollars | None) -> list[InDollars]:
        return [part for part in parts if part is not None]

    return [
        Tile("", _("Committed"), committed, dollars(whole_usd, whole_now_usd), claim=claim, rivals=[], none=hidden),
        Tile(
            "",
            _("Allocated"),
            allocated.rub,
            dollars(agreed_usd, now_usd),
            note=_("Budgets are known for {known} of {all} factories.").format(known=found.budgeted_factories, all=len(found.factories)),
        ),
        Tile(
            "",
            _("Not allocated"),
            rest,
            dollars(less(whole_usd, agreed_usd), less(whole_now_usd, now_usd)) if has_budget else dollars(whole_usd, whole_now_usd),
            none=hidden,
        ),
    ]


def allocated_dollars(found: Money, total: Total, status: RateStatus) -> tuple[InDollars | None, InDollars | None]:
    """The budget at the contract and at the reporting basis: sums of rounded rows, as on every page; None where not known."""
    if amounts("budget", total).rub is None:
        return None, None
    agreed_usd = now_usd = None
    quotes = {cell.line_quote.id: cell.line_quote for cell in found.cells if cell.line_quote}
    if total.budget_usd is not None:
        rate = found.rate_of(next(iter(quotes.values()))) if len(quotes) == 1 else None
        agreed_usd = InDollars(total.budget_usd, Basis.CONTRACT, rate, "budget" in total.stale)
    if total.budget_reporting_usd is not None:
        now_usd = InDollars(total.budget_reporting_usd, Basis.REPORTING, status.rate, status.stale)
    return agreed_usd, now_usd


def _table(found: Money, by: Grouping, frame: Frame) -> list[Row]:
    """A row for each group, in the order in which people expect them; what has no detail comes last."""
    rows = []
    for key, label, group in grouped(found, by):
        part = _whole(found) | {_parameter(by, key): _value(found, by, key)}
        url = ""
        if by is Grouping.FACTORY and isinstance(key, int):
            url = reverse("cluster:factory_money", args=[found.contract.code, found.factories[key].code]) + frame.as_of_query
        rows.append(
            Row(
                label=label,
                figures=[shown(name, found, group, frame, **part) for name in FIGURES],
                total=group,
                url=url,
                vague=key in ("", None),
            )
        )
    return rows


def _parameter(by: Grouping, key: Hashable) -> str:
    return "month" if by is Grouping.YEAR and key is None else by.value


def _value(found: Money, by: Grouping, key: Hashable) -> str:
    """A group as the address writes it."""
    if by is Grouping.FACTORY and isinstance(key, int):
        return found.factories[key].code
    if not key:
        return NONE
    return f"{key:%Y-%m}" if isinstance(key, date) else str(key)


def _undated(found: Money) -> Decimal | None:
    """The budget that no month was published for."""
    return total_of(cell for cell in found.cells if cell.month is None).budget_rub or None


def _bases(total: Total) -> list[BasisRow]:
    """Budget, paid and outlook, each at every basis that makes sense for it."""
    own = _("payments at their own rates, the rest at the reporting rate")
    budget = (total.budget_rub, total.budget_usd, None, total.budget_reporting_usd) if total.lines else (None,) * 4
    rows = [BasisRow(_("Budget"), *budget)]
    if not total.payments:
        rows.append(BasisRow(_("Paid"), None, None, None, None))
    elif not total.payments_apart:
        rows.append(BasisRow(_("Paid"), total.paid_rub, total.paid_contract_usd, total.paid_usd, total.paid_reporting_usd))
    else:
        undefined = ngettext(
            "not defined: %(n)s payment of factories without a budget",
            "not defined: %(n)s payments of factories without a budget",
            total.payments_apart,
        ) % {"n": total.payments_apart}
        rows.append(BasisRow(_("Paid"), total.paid_rub, None, total.paid_usd, total.paid_reporting_usd, contract_note=undefined))
    if total.payments_apart and total.payments_planned:
        planned = (total.paid_planned_contract_usd, total.paid_planned_usd, total.paid_planned_reporting_usd)
        rows.append(BasisRow(_("Paid by factories with a budget"), total.paid_planned_rub, *planned))
    outlook = (total.outlook_rub, total.outlook_contract_usd, total.outlook_usd, total.outlook_reporting_usd)
    return [*rows, BasisRow(_("Outlook"), *outlook, payment_note=own)]


def _selection(request: HttpRequest, found: Money) -> Selection:
    """What the address picks; DomainError for values that mean nothing, NotFound for months outside of the calendar."""
    month = request.GET.get("month", "").strip()
    year = request.GET.get("year", "").strip()
    if month and month != NONE and not re.fullmatch(r"(19|20)\d\d-(0[1-9]|1[0-2])", month, re.ASCII):
        raise DomainError("“{text}” is not a month: write 2025-06, or none.", field="month", code="month", text=month[:40])
    if year and not re.fullmatch(r"(19|20)\d\d", year, re.ASCII):
        raise DomainError("“{text}” is not a year: write 2025.", field="year", code="year", text=year[:40])
    return Selection(
        factory=found.factory,
        category=_detail(chosen(request, "category", [*CostCategory.values, NONE])),
        funding=_detail(chosen(request, "funding", [*FundingSource.values, NONE])),
        month=date(int(month[:4]), int(month[5:]), 1) if month and month != NONE else None,
        year=int(year) if year else None,
        undated=month == NONE,
        factories=found.unbudgeted if chosen(request, "budget", [NONE]) else None,
    )


def _detail(value: str) -> str | None:
    return "" if value == NONE else value or None


def _parts(selection: Selection) -> list[str]:
    """The chosen part in words."""
    vague = _("not published in that detail")
    found = [f"{selection.factory.code} {selection.factory.name}"] if selection.factory else []
    if selection.category is not None:
        found.append(str(CostCategory(selection.category).label) if selection.category else _("category: {what}").format(what=vague))
    if selection.funding is not None:
        found.append(str(FundingSource(selection.funding).label) if selection.funding else _("funding source: {what}").format(what=vague))
    if selection.month:
        found.append(month_words(selection.month))
    if selection.year:
        found.append(str(selection.year))
    if selection.undated:
        found.append(_("no month named"))
    if selection.factories is not None:
        found.append(_("factories without a published budget"))
    return found


def _steps(figure: str, found: Money, total: Total, cells: list[Cell]) -> list[Step]:
    """The formula, where there is anything to reckon with."""
    return [] if amounts(figure, total) == Amounts(None, None) else formula(figure, found, total, cells)


@dataclass(frozen=True, slots=True)
class CellRow:
    """One cell behind a figure, with its own rates, and the way to the budget lines and payments it was made of.

    Of the rates those are given that its dollars stand on: `contract` (`effective` in words, where the lines of the factory
    differ), `own` where payments stand at rates of their own, which their rows tell, `rest` for what remains.
    """

    factory: Factory
    category: str
    funding: str
    month: date | None
    cell: Cell
    amounts: Amounts
    contract: ExchangeRate | None
    effective: str
    own: bool
    rest: ExchangeRate | None
    links: dict[str, str]


def _rows(request: HttpRequest, figure: str, found: Money, selection: Selection, cells: list[Cell]) -> dict[str, Any]:
    """The rows of one page: budget lines, ledger entries, or cells."""
    if figure == "budget":
        rows = lines_behind(found, selection) if found.baseline else []
        return {"lines": paged(request, rows, ROWS_ON_A_PAGE)}
    if figure in ("paid", "committed"):
        kind = "payment" if figure == "paid" else "commitment"
        return {"entries": paged(request, entries_behind(found, selection, kind), ROWS_ON_A_PAGE)}
    frame = Frame(request)
    page_of_cells = paged(request, [cell for cell in cells if not amounts(figure, cell).is_empty], ROWS_ON_A_PAGE)
    page_of_cells.object_list = [_cell_row(found, cell, figure, frame) for cell in page_of_cells.object_list]
    return {"cells": page_of_cells}


def _cell_row(found: Money, cell: Cell, figure: str, frame: Frame) -> CellRow:
    factory = found.factories[cell.factory]
    part = {
        "factory": factory.code,
        "category": cell.category or NONE,
        "funding": cell.funding or NONE,
        "month": f"{cell.month:%Y-%m}" if cell.month else NONE,
    }
    rate = cell.contract if figure in ("real", "fx") else None
    whole = figure in ("outlook", "fx")
    return CellRow(
        factory=factory,
        category=str(CostCategory(cell.category).label) if cell.category else "",
        funding=str(FundingSource(cell.funding).label) if cell.funding else "",
        month=cell.month,
        cell=cell,
        amounts=amounts(figure, cell),
        contract=found.rate_of(rate.quote) if rate else None,
        effective=contract_words(found, rate) if rate and not rate.quote else "",
        own=whole and cell.payments > 0,
        rest=found.reporting if (whole or figure == "remaining") and cell.remaining_rub else None,
        links={name: rows_url(found.contract.code, frame, name, **part) for name in ("budget", "paid")},
    )
