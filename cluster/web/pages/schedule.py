"""The schedule of a contract as a Gantt chart or as a table: filtered, sorted, folded and zoomed by the address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cluster.charts.gantt import Zoom, gantt
from cluster.charts.gantt.bars import arrows_of
from cluster.charts.gantt.words import summary_of
from cluster.models import MilestoneKind
from cluster.models.form_fields import message_of
from cluster.queries.schedule_board import ScheduleBoard, ScheduleRow, schedule_board
from cluster.web.door import as_of_from, page, reader_of
from cluster.web.filters import Option, chosen, link, options, paged, typed
from cluster.web.gantt_groups import groups_of
from cluster.web.gantt_view import axis_from, shifted
from cluster.web.lists import AS_OF, Column, Filter, Kind, Listed, Listing, opens_saved

VIEWS = ("chart", "table")
# Rows of the table on a page, and those that a chart draws.
PAGE, MOST_DRAWN = 100, 1000
# What stands for "the contract as a whole" among the factories of a filter.
WHOLE = "-"
SCHEDULE = Listing(
    page="cluster:schedule",
    file="cluster:schedule_rows_file",
    title=_("Schedule"),
    order="start",
    columns=(
        Column("code", _("Milestone"), value=lambda row: row.code, by=lambda row: row.code, in_file=_("Code")),
        Column("name", _("Name"), value=lambda row: row.name, on_page=False),
        Column("factory", _("Factory"), value=lambda row: row.factory_code, on_page=False),
        Column("kind", _("Kind"), value=lambda row: dict(MilestoneKind.choices).get(row.kind, row.kind), on_page=False),
        Column("critical", _("Critical"), value=lambda row: gettext("yes") if row.critical else None, on_page=False),
        Column("start", _("Start"), Kind.DATE, lambda row: row.start, by=lambda row: row.start),
        Column("finish", _("Reached or expected"), Kind.DATE, lambda row: row.actual or row.finish, by=lambda row: row.finish),
        Column("due", _("Due"), Kind.DATE, lambda row: row.due, by=lambda row: row.due.latest if row.due else None),
        Column("float", _("Total float, working days"), Kind.INTEGER, lambda row: row.total_float, by=lambda row: row.total_float),
        Column("late", _("Late, days"), Kind.INTEGER, lambda row: row.late or None, by=lambda row: row.late or None),
        Column(
            "late_original",
            _("Late against the first promise, days"),
            Kind.INTEGER,
            lambda row: row.late_original or None,
            by=lambda row: row.late_original or None,
        ),
        Column(
            "original",
            _("Promised at first"),
            Kind.DATE,
            lambda row: row.original,
            by=lambda row: row.original.latest if row.original else None,
        ),
        Column(
            "forecast", _("Forecast"), Kind.DATE, lambda row: row.forecast, by=lambda row: row.forecast.latest if row.forecast else None
        ),
        Column("waits_for", _("Waits for"), value=lambda row: ", ".join(row.waits_for)),
        AS_OF,
    ),
    filters=(
        Filter("q", _("Code or name")),
        Filter("factory", _("Factory"), lambda: [(WHOLE, _("the contract as a whole"))]),
        Filter("kind", _("Kind"), lambda: MilestoneKind.choices),
        Filter("critical", _("Only what is critical"), lambda: [("1", _("yes"))]),
        Filter("late", _("Only what is late"), lambda: [("1", _("yes"))]),
    ),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of the address."""

    factory: str
    kind: str
    critical: bool
    late: bool
    text: str
    listed: Listed

    @property
    def sort(self) -> str:
        """The order of the rows."""
        return self.listed.sort

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
        listed=SCHEDULE.asked(request),
    )


@page
@require_safe
@opens_saved(SCHEDULE)
def schedule(request: HttpRequest, code: str) -> HttpResponse:
    """The milestones that the filters leave, as a chart, or as a table (`?view=table`) with the same figures; for htmx only the chart."""
    asked, view = _asked(request), chosen(request, "view", VIEWS, "chart")
    zoom = Zoom(chosen(request, "zoom", list(Zoom), Zoom.QUARTER))
    as_of, today = as_of_from(request), timezone.localdate()
    board = schedule_board(reader=reader_of(request), contract_code=code, as_of=as_of)
    rows = asked.listed.ordered([row for row in board.rows if asked.lets_through(row)])
    context: dict[str, Any] = {
        "contract": board.contract,
        "rows": rows,
        "all_rows": len(board.rows),
        "asked": asked,
        "listed": asked.listed,
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
        context["rows"] = paged(request, rows, PAGE)
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


@page
@require_safe
def schedule_rows_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """The milestones that the filters leave with the figures of the table, as a file."""
    asked, as_of = _asked(request), as_of_from(request)
    board = schedule_board(reader=reader_of(request), contract_code=code, as_of=as_of)
    rows = asked.listed.ordered([row for row in board.rows if asked.lets_through(row)])
    return asked.listed.file(form, rows, name=f"{code}-milestones-{as_of:%Y-%m-%d}", contract=board.contract, as_of=as_of)


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
