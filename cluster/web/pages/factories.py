"""The factories of a contract in one table: filtered and sorted by the address."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cluster.domain.errors import DomainError
from cluster.domain.stages import Stage
from cluster.queries.earned_value import earned_in
from cluster.queries.factories import Board, BoardRow, factory_board
from cluster.templatetags.page import stage_word
from cluster.web.door import as_of_from, page, reader_of
from cluster.web.filters import chosen, columns, link, options, ordered, typed

_STAGE_ORDER = {stage: n for n, stage in enumerate(Stage)}


def _opening(entry: BoardRow) -> Any:
    opening = entry.row.opening
    dated = opening and (opening.actual or opening.forecast or opening.due)
    return dated.window.latest if dated else None


_KEYS: dict[str, Callable[[BoardRow], Any]] = {
    "code": lambda entry: (entry.row.factory.order, entry.row.factory.code),
    "name": lambda entry: str(entry.row.factory.name).casefold(),
    "stage": lambda entry: _STAGE_ORDER[entry.row.stage],
    "opening": _opening,
    "late": lambda entry: entry.row.late_days or None,
    "cpi": lambda entry: entry.earned.value.cpi if entry.earned else None,
    "spi_t": lambda entry: entry.earned.schedule.spi if entry.earned else None,
    "budget": lambda entry: entry.row.budget_rub,
    "paid": lambda entry: entry.row.paid_rub or None,
    "capacity": lambda entry: entry.row.capacity.value if entry.row.capacity else None,
}
_HEADS = [
    ("code", _("Code"), False),
    ("name", _("Factory"), False),
    ("stage", _("Stage"), False),
    ("opening", _("Opening"), False),
    ("late", _("Late, days"), True),
    ("cpi", "CPI", True),
    ("spi_t", "SPI(t)", True),
    ("budget", _("Budget"), True),
    ("paid", _("Paid"), True),
    ("capacity", _("Capacity per year"), False),
]


@page
def factories(request: HttpRequest, code: str) -> HttpResponse:
    """The table; `?stage=`, `?late=1`, `?q=` filter it, `?sort=` orders it."""
    as_of = as_of_from(request)
    stage = chosen(request, "stage", [s.value for s in Stage])
    late = chosen(request, "late", ["1"])
    sort = chosen(request, "sort", [sign + key for key in _KEYS for sign in ("", "-")], "code")
    text = typed(request)
    board = factory_board(reader=reader_of(request), contract_code=code, as_of=as_of)
    rows = [entry for entry in _with_earned(board) if _matches(entry, stage, bool(late), text)]
    stages = sorted({entry.row.stage for entry in board.rows} | ({Stage(stage)} if stage else set()), key=_STAGE_ORDER.__getitem__)
    context = {
        "board": board,
        "rows": ordered(rows, sort, _KEYS),
        "columns": columns(request, _HEADS, sort),
        "stages": options(request, "stage", [("", gettext("all")), *((s.value, stage_word(s.value)) for s in stages)], stage),
        "filters": {"stage": stage, "late": late, "q": text, "sort": sort},
        "filtered": bool(stage or late or text),
        "reset": link(request, stage=None, late=None, q=None, sort=None),
        "late_count": sum(bool(entry.row.late_days) for entry in board.rows),
        "opened_count": sum(entry.row.stage is Stage.OPENED for entry in board.rows),
    }
    return render(request, "cluster/factories.html", context)


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
