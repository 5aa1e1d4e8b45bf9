"""Earned value over time: planned, earned and paid, added up month by month, and where the pace so far leads."""

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from cluster.charts.chart import Cell, Chart
from cluster.charts.lines import Line, draw_lines, end_of
from cluster.domain.performance import Performance
from cluster.templatetags.format import date_short, money_rub, money_short, month


def earned_curve(key: str, found: Performance, *, as_of: date) -> Chart:
    """The S-curve of a performance as of a day."""
    title = _("Planned, earned and paid, added up by month")
    summary = _summary(found, as_of)
    lines = _lines(found, as_of)
    wide, narrow = draw_lines(key, lines, as_of=as_of, title=title, summary=summary)
    return Chart(
        key=key,
        title=title,
        summary=summary,
        wide=wide,
        narrow=narrow,
        columns=[Cell(_("Month")), *(Cell(words, numeric=True) for words in (_("Planned (PV)"), _("Earned (EV)"), _("Paid (AC)")))],
        rows=[[Cell(month(p.month)), *(Cell(money_rub(value), numeric=True) for value in (p.pv, p.ev, p.ac))] for p in found.points],
        legend=[one.swatch for one in lines if one.points],
    )


def _lines(found: Performance, as_of: date) -> list[Line]:
    start = (found.points[0].month, Decimal(0))
    ends = found.ieac_on if found.ieac_on and found.ieac_on > as_of else None
    return [
        Line("budget", _("by plan"), [start, *((end_of(p.month), p.pv) for p in found.points if p.month <= found.planned_end)]),
        Line("cost", _("paid"), [start, *((end_of(p.month, as_of), p.ac) for p in found.points if p.ac is not None)]),
        Line("earned", _("earned"), [start, *((end_of(p.month, as_of), p.ev) for p in found.points if p.ev is not None)]),
        Line(
            "expected",
            _("earned at the pace so far"),
            [(as_of, found.value.ev), (ends, found.value.bac)] if ends else [],
            end=f"{date_short(ends)}:" if ends else "",
        ),
    ]


def _summary(found: Performance, as_of: date) -> str:
    value = found.value
    told = _("By {day}, {ev} of {bac} was earned; {pv} was planned and {ac} paid.").format(
        day=date_short(as_of), ev=money_short(value.ev), bac=money_short(value.bac), pv=money_short(value.pv), ac=money_short(value.ac)
    )
    if found.completed_on:
        ends = _("Everything was earned on {day}; the plan had ended on {planned}.")
        return f"{told} " + ends.format(day=date_short(found.completed_on), planned=date_short(found.planned_end))
    if found.ieac_on:
        ends = _("At the pace so far the end comes on {day}; the plan ends on {planned}.")
        return f"{told} " + ends.format(day=date_short(found.ieac_on), planned=date_short(found.planned_end))
    return told
