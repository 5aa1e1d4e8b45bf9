"""The schedule of a contract as a Gantt chart or as a table: filtered, sorted, folded and zoomed by the address."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cluster.models import MilestoneKind
from cluster.models.form_fields import message_of
from cluster.queries.schedule_board import ScheduleBoard, ScheduleRow, schedule_board
from cluster.web.door import as_of_from, page, reader_of
from cluster.web.filters import Option, chosen, columns, link, options, ordered, paged, typed
from cluster.web.gantt import Zoom, gantt
from cluster.web.gantt.bars import arrows_of, groups_of
from cluster.web.gantt.view import axis_from, shifted
from cluster.web.gantt.words import summary_of

VIEWS = ("chart", "table")
# Rows of the table on a page, and those that a chart draws.
PAGE, MOST_DRAWN = 200, 1000
# What stands for "the contract as a whole" among the factories of a filter.
WHOLE = "-"
_ORDER: dict[str, Callable[[ScheduleRow], Any]] = {
    "code": lambda row: row.code,
    "start": lambda row: row.start,
    "finish": lambda row: row.finish,
    "due": lambda row: row.due.latest if row.due else None,
    "float": lambda row: row.total_float,
    "late": lambda row: row.late or None,
    "late_original": lambda row: row.late_original or None,
}
_HEADS = [
    ("code", _("Milestone"), False),
    ("start", _("Start"), False),
    ("finish", _("Reached or expected"), False),
    ("due", _("Due"), False),
    ("float", _("Total float, working days"), True),
    ("late", _("Late, days"), True),
    ("late_original", _("Late against the first promise, days"), True),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of the address."""

    factory: str
    kind: str
    critical: bool
    late: bool
    text: str
    sort: str

    @property
    def narrows(self) -> bool:
        """Whether anything is left out."""
        return bool(self.factory or self.kind or self.critical or self.late or self.text)

    @property
    def narrows_further(self) -> bool:
        """Whether one of the filters that are usually folded is in use."""
        return bool(self.kind or self.critical or self.late or self.sort != "start")

    def lets_through(self, row: ScheduleRow) -> bool:
        """Whether a milestone is shown."""
        return (
            (not self.factory or row.factory_code == ("" if self.factory == WHOLE else self.factory))
            and (not self.kind or row.kind == self.kind)
            and (not self.critical or row.critical)
            and (not self.late or bool(row.late))
            and (not self.text or _mentions(row, self.text))
        )


def _mentions(row: ScheduleRow, text: str) -> bool:
    words = f"{row.code} {row.name_ru} {row.name_en}".casefold()
    return all(word in words for word in text.casefold().split())


def _asked(request: HttpRequest) -> Asked:
    return Asked(
        factory=request.GET.get("factory", "").strip()[:20],
        kind=chosen(request, "kind", list(MilestoneKind.values)),
        critical=bool(chosen(request, "critical", ["1"])),
        late=bool(chosen(request, "late", ["1"])),
        text=typed(request),
        sort=chosen(request, "sort", [sign + key for key in _ORDER for sign in ("", "-")], "start"),
    )


@page
@require_safe
def schedule(request: HttpRequest, code: str) -> HttpResponse:
    """The milestones that the filters leave, as a chart, or as a table (`?view=table`) with the same figures; for htmx only the chart."""
    asked, view = _asked(request), chosen(request, "view", VIEWS, "chart")
    zoom = Zoom(chosen(request, "zoom", list(Zoom), Zoom.QUARTER))
    as_of, today = as_of_from(request), timezone.localdate()
    board = schedule_board(reader=reader_of(request), contract_code=code, as_of=as_of)
    rows = ordered([row for row in board.rows if asked.lets_through(row)], asked.sort, _ORDER)
    context: dict[str, Any] = {
        "contract": board.contract,
        "rows": rows,
        "all_rows": len(board.rows),
        "asked": asked,
        "zoom": zoom.value,
        "view": view,
        "views": options(request, "view", [("chart", gettext("chart")), ("table", gettext("table"))], view),
        "factories": _factories(request, board, asked),
        "kinds": options(request, "kind", [("", gettext("any")), *MilestoneKind.choices], asked.kind),
        "sorts": options(request, "sort", _sorts(), asked.sort),
        "reset": link(request, factory=None, kind=None, critical=None, late=None, q=None),
        "summary": summary_of(board, rows),
        "problem": message_of(board.problem) if board.problem else "",
    }
    if view == "table":
        context |= {"columns": columns(request, _HEADS, asked.sort), "rows": paged(request, rows, PAGE)}
    elif rows:
        context |= {"undrawn": len(rows) - MOST_DRAWN, "most_drawn": MOST_DRAWN}
        rows = rows[:MOST_DRAWN]
        axis = axis_from(request, rows, zoom, as_of=as_of)
        groups = groups_of(request, rows, code)
        context |= {
            "chart": gantt(groups, arrows_of(board), axis=axis, as_of=as_of, today=today),
            "zooms": options(request, "zoom", _zooms(), zoom.value),
            "earlier": shifted(request, axis, -1),
            "later": shifted(request, axis, 1),
            "whole": link(request, **{"from": None, "to": None}),
            "fold": link(request, fold="all") if any(not group.folded for group in groups) else "",
            "unfold": link(request, fold=None) if any(group.folded for group in groups) else "",
        }
    part = getattr(request, "htmx", False) and "chart" in context
    return render(request, "cluster/partials/gantt.html" if part else "cluster/schedule.html", context)


def _factories(request: HttpRequest, board: ScheduleBoard, asked: Asked) -> list[Option]:
    found: dict[str, str] = {}
    for row in board.rows:
        key = row.factory_code or WHOLE
        if key not in found:
            found[key] = str(row.factory or gettext("the contract as a whole"))
    found.setdefault(asked.factory, asked.factory)
    found.pop("", None)
    return options(request, "factory", [("", gettext("all")), *found.items()], asked.factory)


def _sorts() -> Sequence[tuple[str, str]]:
    return [
        ("start", gettext("by start")),
        ("code", gettext("by code")),
        ("finish", gettext("by expected date")),
        ("-late", gettext("the latest first")),
        ("float", gettext("by float")),
    ]


def _zooms() -> Sequence[tuple[str, str]]:
    return [(Zoom.WEEK.value, gettext("weeks")), (Zoom.MONTH.value, gettext("months")), (Zoom.QUARTER.value, gettext("quarters"))]
