"""The factories of a contract in one table: filtered and sorted by the address."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cluster.domain.errors import DomainError
from cluster.domain.stages import Stage
from cluster.queries.earned_value import earned_in
from cluster.queries.factories import Board, BoardRow, factory_board
from cluster.templatetags.format import claim_value
from cluster.templatetags.page import stage_word
from cluster.web.door import as_of_from, page, reader_of
from cluster.web.filters import chosen, options, typed
from cluster.web.lists import Column, Filter, Kind, Listed, Listing, opens_saved

_STAGE_ORDER = {stage: n for n, stage in enumerate(Stage)}


def _opening(entry: BoardRow) -> Any:
    opening = entry.row.opening
    dated = opening and (opening.actual or opening.forecast or opening.due)
    return dated.window.latest if dated else None


def _dated(entry: BoardRow) -> Any:
    """The opening as the table tells it: the word for what it is, and its window; None where nothing was published."""
    opening = entry.row.opening
    if opening is None:
        return None
    found = [(gettext("reached"), opening.actual), (gettext("forecast"), opening.forecast), (gettext("promised"), opening.due)]
    return next(((word, dated.window) for word, dated in found if dated), None)


FACTORIES = Listing(
    page="cluster:factories",
    title=_("Factories"),
    order="code",
    columns=(
        Column(
            "code",
            _("Code"),
            value=lambda entry: entry.row.factory.code,
            by=lambda entry: (entry.row.factory.order, entry.row.factory.code),
        ),
        Column("name", _("Factory"), value=lambda entry: entry.row.factory.name, by=lambda entry: str(entry.row.factory.name).casefold()),
        Column(
            "membership",
            _("Membership"),
            value=lambda entry: entry.row.factory.get_membership_display(),
            on_page=False,
        ),
        Column("stage", _("Stage"), value=lambda entry: stage_word(entry.row.stage), by=lambda entry: _STAGE_ORDER[entry.row.stage]),
        Column("opening", _("Opening"), Kind.DATE, value=lambda entry: (_dated(entry) or ("", None))[1], by=_opening),
        Column("opening_is", _("Opening is"), value=lambda entry: (_dated(entry) or ("", None))[0], on_page=False),
        Column(
            "late", _("Late, days"), Kind.INTEGER, value=lambda entry: entry.row.late_days or None, by=lambda e: e.row.late_days or None
        ),
        Column("cpi", "CPI", Kind.RATE, value=lambda entry: _index(entry, "value", "cpi"), by=lambda e: _index(e, "value", "cpi")),
        Column(
            "spi_t", "SPI(t)", Kind.RATE, value=lambda entry: _index(entry, "schedule", "spi"), by=lambda e: _index(e, "schedule", "spi")
        ),
        Column(
            "budget",
            _("Budget"),
            Kind.MONEY,
            value=lambda entry: entry.row.budget_rub,
            by=lambda entry: entry.row.budget_rub,
            total=True,
            in_file=_("Budget, RUB"),
        ),
        Column(
            "budget_usd",
            _("Budget, USD at the contract rate"),
            Kind.MONEY,
            value=lambda entry: entry.dollars.budget.usd,
            total=True,
            on_page=False,
        ),
        Column(
            "paid",
            _("Paid"),
            Kind.MONEY,
            value=lambda entry: entry.row.paid_rub or None,
            by=lambda entry: entry.row.paid_rub or None,
            total=True,
            in_file=_("Paid, RUB"),
        ),
        Column(
            "paid_usd",
            _("Paid, USD at rates of payment"),
            Kind.MONEY,
            value=lambda entry: entry.dollars.paid.usd,
            total=True,
            on_page=False,
        ),
        Column(
            "capacity",
            _("Capacity per year"),
            value=lambda entry: claim_value(entry.row.capacity) if entry.row.capacity else None,
            by=lambda entry: entry.row.capacity.value if entry.row.capacity else None,
        ),
    ),
    filters=(
        Filter("q", _("Name or product")),
        Filter("stage", _("Stage"), lambda: [(stage.value, stage_word(stage.value)) for stage in Stage]),
        Filter("late", _("Only what is late or opened late"), lambda: [("1", _("yes"))]),
    ),
)


def _index(entry: BoardRow, part: str, name: str) -> Any:
    value = getattr(getattr(entry.earned, part), name) if entry.earned else None
    return None if value is None else value.quantize(Decimal("0.0001"))


@page
@require_safe
@opens_saved(FACTORIES)
def factories(request: HttpRequest, code: str) -> HttpResponse:
    """The table; `?stage=`, `?late=1`, `?q=` filter it, `?sort=` orders it."""
    listed, board, rows = _asked(request, code)
    stage = request.GET.get("stage", "").strip()
    stages = sorted({entry.row.stage for entry in board.rows} | ({Stage(stage)} if stage else set()), key=_STAGE_ORDER.__getitem__)
    context = {
        "board": board,
        "rows": rows,
        "listed": listed,
        "stages": options(request, "stage", [("", gettext("all")), *((s.value, stage_word(s.value)) for s in stages)], stage),
        "filters": {"stage": stage, "late": request.GET.get("late", ""), "q": typed(request)},
        "late_count": sum(bool(entry.row.late_days) for entry in board.rows),
        "opened_count": sum(entry.row.stage is Stage.OPENED for entry in board.rows),
    }
    return render(request, "cluster/factories.html", context)


@page
@require_safe
def factories_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """The factories that the filters leave, as a file."""
    listed, board, rows = _asked(request, code)
    return listed.file(form, rows, name=f"{code}-factories-{board.as_of:%Y-%m-%d}", contract=board.contract, as_of=board.as_of)


def _asked(request: HttpRequest, code: str) -> tuple[Listed, Board, list[BoardRow]]:
    stage = chosen(request, "stage", [s.value for s in Stage])
    late, text = bool(chosen(request, "late", ["1"])), typed(request)
    listed = FACTORIES.asked(request)
    board = factory_board(reader=reader_of(request), contract_code=code, as_of=as_of_from(request))
    return listed, board, listed.ordered([entry for entry in _with_earned(board) if _matches(entry, stage, late, text)])


def _with_earned(board: Board) -> list[BoardRow]:
    """The rows with their earned value: four statements. Before the first baseline there is none."""
    try:
        found = earned_in(contract=board.contract, factories=[entry.row.factory for entry in board.rows], as_of=board.as_of)
    except DomainError:
        return board.rows
    earned = {one.factory.pk: one.performance for one in found.rows}
    return [replace(entry, earned=earned[entry.row.factory.pk]) for entry in board.rows]


def _matches(entry: BoardRow, stage: str, late: bool, text: str) -> bool:
    row = entry.row
    product = row.product.text if row.product else ""
    words = f"{row.factory.code} {row.factory.name_ru} {row.factory.name_en} {product}".casefold()
    return (not stage or row.stage == stage) and (not late or row.late_days > 0) and all(w in words for w in text.casefold().split())
