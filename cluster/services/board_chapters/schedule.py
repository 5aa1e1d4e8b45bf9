"""The schedule: factories with their openings, the Gantt chart on sheets that lie on their side, and how promises moved."""

from collections.abc import Iterable
from itertools import groupby

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster.charts.gantt.bars import arrows_of, bars_of
from cluster.charts.gantt.chart import Group
from cluster.charts.gantt.sheet import legend_marks, sheets
from cluster.charts.gantt.words import Teller, summary_of
from cluster.charts.trend import trend
from cluster.gateways.workbook import Column, Kind, Sheet
from cluster.models import MilestoneKind
from cluster.queries.board_report import Facts
from cluster.queries.schedule_board import ScheduleRow
from cluster.services.board_chapters import Chapter
from cluster.templatetags.page import stage_word

# A board reads two sheets, not twenty: of more milestones those are drawn that decide, the others are in the workbook.
MOST_DRAWN = 48
_FIRST_SHEET, _OTHER_SHEETS = 27, 34
_MAIN = (MilestoneKind.OPENING, MilestoneKind.CONTRACT_PROMISE)


def schedule(facts: Facts) -> Chapter | None:
    """Nothing where no milestone is known."""
    board = facts.schedule
    if not board.rows:
        return None
    drawn = _deciding(board.rows)
    summary = summary_of(board, board.rows)
    if len(drawn) < len(board.rows):
        counted = ngettext("The chart shows %(n)s of them", "The chart shows %(n)s of them", len(drawn)) % {"n": len(drawn)}
        summary += " " + _("{counted}: openings, promises of the contract, the critical path, and the latest of the rest.").format(
            counted=counted
        )
    data = {
        "summary": summary,
        "rows": facts.state.rows,
        "sheets": _sheets(facts, drawn, summary),
        "legend": legend_marks(),
        "trend": trend("report-trend", facts.trend, facts.baselines, as_of=facts.as_of) if facts.trend else None,
        "problem": board.problem,
    }
    return Chapter("schedule", _("Schedule"), "reports/chapters/schedule.html", data, [_factories(facts), _milestones(board.rows)])


def _deciding(rows: list[ScheduleRow]) -> list[ScheduleRow]:
    """At most `MOST_DRAWN` rows, those that decide most."""
    ranked = sorted(rows, key=lambda row: (row.kind not in _MAIN, not row.critical or row.is_reached, -(row.late or 0), row.code))
    return ranked[:MOST_DRAWN]


def _sheets(facts: Facts, drawn: Iterable[ScheduleRow], summary: str) -> list[SafeString]:
    teller = Teller()
    in_order = sorted(drawn, key=lambda row: (row.factory.order if row.factory else -1, row.factory_code))
    groups = [
        Group(
            f"{factory.code} {factory.name}" if factory else _("The contract as a whole"),
            bars_of(sorted(rows, key=lambda row: (row.finish or facts.as_of, row.code)), teller=teller),
        )
        for factory, rows in groupby(in_order, key=lambda row: row.factory)
    ]
    return sheets(
        "report-gantt",
        groups,
        arrows_of(facts.schedule),
        as_of=facts.as_of,
        first=_FIRST_SHEET,
        others=_OTHER_SHEETS,
        title=_("Gantt chart"),
        summary=summary,
    )


def _factories(facts: Facts) -> Sheet:
    columns = [
        Column(_("Code"), width=8),
        Column(_("Factory"), width=40),
        Column(_("Stage")),
        Column(_("Opening due"), Kind.DATE),
        Column(_("First promise"), Kind.DATE),
        Column(_("Forecast"), Kind.DATE),
        Column(_("Opened"), Kind.DATE),
        Column(_("Late, days"), Kind.INTEGER),
        Column(_("Budget, ₽"), Kind.MONEY, total=True),
        Column(_("Paid, ₽"), Kind.MONEY, total=True),
    ]
    rows: list[list[object]] = []
    for row in facts.state.rows:
        opening = row.opening
        dates = [one.window if one else None for one in (opening.due, opening.original, opening.forecast)] if opening else [None] * 3
        name = str(row.factory.name)
        rows.append(
            [row.factory.code, name, stage_word(row.stage), *dates, row.opened, row.late_days or None, row.budget_rub, row.paid_rub or None]
        )
    return Sheet(_("Factories"), columns, rows)


def _milestones(rows: Iterable[ScheduleRow]) -> Sheet:
    columns = [
        Column(_("Code"), width=14),
        Column(_("Milestone"), width=50),
        Column(_("Factory"), width=10),
        Column(_("First promise"), Kind.DATE),
        Column(_("Due"), Kind.DATE),
        Column(_("Forecast"), Kind.DATE),
        Column(_("Reached"), Kind.DATE),
        Column(_("Late, days"), Kind.INTEGER),
        Column(_("Late by knock-on, days"), Kind.INTEGER),
        Column(_("Total float, working days"), Kind.INTEGER),
        Column(_("Critical")),
    ]
    return Sheet(
        _("Milestones"),
        columns,
        [
            [
                row.code,
                row.name,
                row.factory_code,
                row.original,
                row.due,
                row.forecast,
                row.actual,
                row.late or None,
                row.pushed or None,
                row.total_float,
                _("yes") if row.critical else "",
            ]
            for row in rows
        ],
    )
