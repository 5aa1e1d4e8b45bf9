"""Promises in a letter: what was promised, what is expected now or came, and the days between. One drawing, and its words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster.charts.scale import TimeScale
from cluster.charts.svg import diamond, el, fit, line, text
from cluster.models import MilestoneKind
from cluster.queries.milestones import DatedMilestone
from cluster.templatetags.format import date_short, days_late, number, window_short

# More make the picture larger than a letter should be.
MOST_ROWS = 10
WIDTH = 584
_TOP, _ROW, _FOOT, _EDGE = 28, 31, 26, 10
_LABEL, _START, _END = 190, 210, 478
_LINE = 14
# Its colours do not follow the reader's theme: it is a picture on a ground of its own.
COLOURS = """
text { font-family: "DejaVu Sans"; font-size: 12px; fill: #13202d }
.axis { fill: #4a5a6a; font-size: 11px }
.late { fill: #b0142c }
.well { fill: #14693b }
.gridline { stroke: #e3e9ee }
.now { stroke: #075f8f; stroke-dasharray: 4 3 }
.today { fill: #075f8f; font-size: 11px }
.slip { stroke: #d2465a; stroke-width: 3 }
.promised { fill: #ffffff; stroke: #4a5a6a; stroke-width: 2 }
.expected { fill: #075f8f }
.missed { fill: #b0142c }
.reached { fill: #14693b }
"""


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing, how large it is shown, what it says in a sentence (its alt text), and row by row for a letter without pictures."""

    svg: SafeString
    width: int
    height: int
    summary: str
    lines: list[str]


def promises(found: Sequence[DatedMilestone], *, as_of: date) -> Picture:
    """The milestones with a promise, the longest late first; of many the latest ones."""
    every = sorted(
        (one for one in found if one.due), key=lambda one: (-(one.late_days or 0), one.is_reached, _expected(one), one.milestone.code)
    )
    rows = every[:MOST_ROWS]
    height = _TOP + _ROW * len(rows) + _FOOT
    days = [day for one in rows for day in (_promised(one), _expected(one))]
    years = TimeScale(min([*days, as_of]).year, max([*days, as_of]).year, _START, _END)
    marks: list[str] = []
    for year in years.years(46):
        x = years.x(date(year, 1, 1))
        marks += [line(x, _TOP - 8, x, height - _FOOT, "gridline"), text(x + 3, 18, str(year), class_="axis")]
    now = years.x(as_of)
    marks.append(line(now, _TOP - 8, now, height - _FOOT, "now"))
    marks += [mark for n, one in enumerate(rows) for mark in _row(one, _TOP + _ROW * n + _ROW / 2, years)]
    marks += _legend(height - 11, as_of)
    return Picture(
        svg=el("svg", *marks, xmlns="http://www.w3.org/2000/svg", width=WIDTH, height=height, viewBox=f"0 0 {WIDTH} {height}"),
        width=WIDTH,
        height=height,
        summary=_summary(every),
        lines=[_words(one) for one in rows],
    )


def _row(one: DatedMilestone, y: float, years: TimeScale) -> list[str]:
    promised, expected = years.x(_promised(one)), years.x(_expected(one))
    mark = "reached" if one.is_reached else "missed" if one.late_days else "expected"
    said = days_late(one.late_days) or ("✓" if one.is_reached else "")
    # Letters of 12 units are narrower than those that `fit` reckons with.
    words = fit(_name(one), _LABEL * 1.2, 2)
    return [
        *(text(_EDGE, y + 4 + _LINE * (n - (len(words) - 1) / 2), part) for n, part in enumerate(words)),
        line(promised, y, expected, y, "slip") if one.late_days else "",
        diamond(promised, y, 6, "promised"),
        diamond(expected, y, 6, mark),
        text(WIDTH - _EDGE, y + 4, said, class_="late" if one.late_days else "well", anchor="end"),
    ]


def _legend(y: float, as_of: date) -> list[str]:
    entries = [("promised", _("promised")), ("missed", _("expected, late")), ("expected", _("expected")), ("reached", _("reached"))]
    marks: list[str] = []
    x = _EDGE + 5.0
    for name, words in entries:
        marks += [diamond(x, y - 4, 5, name), text(x + 10, y, words, class_="axis")]
        x += 24 + 7.2 * len(words)
    return [*marks, text(WIDTH - _EDGE, y, _("dashed: {day}").format(day=date_short(as_of)), class_="today", anchor="end")]


def _summary(every: Sequence[DatedMilestone]) -> str:
    """`7 of 12 promises are reached. 5 are still late, the longest: Axle plant, +761 days.`"""
    reached = sum(one.is_reached for one in every)
    said = [_("{reached} of {all} promises shown are reached.").format(reached=number(reached), all=number(len(every)))]
    late = [one for one in every if one.late_days and not one.is_reached]
    if late:
        many = ngettext("{n} is still late: {name}, {days}.", "{n} are still late, the longest: {name}, {days}.", len(late))
        said.append(many.format(n=number(len(late)), name=_name(late[0]), days=days_late(late[0].late_days)))
    return " ".join(said)


def _words(one: DatedMilestone) -> str:
    assert one.due is not None
    promised = _("promised {date}").format(date=window_short(one.due.window))
    if one.actual:
        came = _("reached {date}").format(date=window_short(one.actual.window))
    elif one.forecast:
        came = _("expected {date}").format(date=window_short(one.forecast.window))
    else:
        came = _("no forecast")
    return ", ".join(part for part in (f"{_name(one)}: {promised}", came, days_late(one.late_days)) if part)


def _name(one: DatedMilestone) -> str:
    """An opening is known by its factory."""
    milestone = one.milestone
    named = milestone.factory if milestone.kind == MilestoneKind.OPENING and milestone.factory else milestone
    return str(named.name)


def _promised(one: DatedMilestone) -> date:
    assert one.due is not None
    return one.due.window.latest


def _expected(one: DatedMilestone) -> date:
    """The actual day, else what is expected, but not before the day shown."""
    if one.reached_on:
        return one.reached_on
    forecast = one.forecast.window.latest if one.forecast else _promised(one)
    return max(forecast, one.as_of)
