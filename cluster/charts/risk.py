"""What a simulation of a schedule gave: the days on which the contract ends, and the durations that move its end most."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cluster.charts.chart import Cell, Chart
from cluster.charts.svg import drawing, el, fit, line, rect, text
from cluster.templatetags.format import date as day_words
from cluster.templatetags.format import date_short, month, number, percent
from cluster.templatetags.quantities import share

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Mark:
    """A day that is drawn through the chart of ends: a P-date, or the due date (`is_due`)."""

    label: str
    on: date
    is_due: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """A milestone of the tornado: both figures lie between -1 and 1."""

    code: str
    name: str
    sensitivity: float
    criticality: float
    url: str = ""


@dataclass(frozen=True, slots=True)
class _Layout:
    name: str
    width: float
    height: float
    left: float
    right: float
    bins: int


_WIDE = _Layout("wide", 1040, 360, 20, 56, 52)
_NARROW = _Layout("narrow", 358, 300, 6, 44, 26)


def risk_ends(key: str, counts: Sequence[tuple[date, int]], marks: Sequence[Mark]) -> Chart:
    """The histogram of the ends and the share of them by each day. `counts` are the iterations by day, in order, at least one."""
    title = _("When the contract ends: iterations by day, and their share so far")
    total = sum(count for _day, count in counts)
    told = [mark for mark in marks if not mark.is_due]
    summary = _("Of {n} iterations the contract ends between {first} and {last}: {marks}.").format(
        n=number(total),
        first=day_words(counts[0][0]),
        last=day_words(counts[-1][0]),
        marks=", ".join(f"{mark.label} {date_short(mark.on)}" for mark in told),
    )
    return Chart(
        key=key,
        title=title,
        summary=summary,
        wide=_draw_ends(key, _WIDE, counts, marks, title, summary),
        narrow=_draw_ends(key, _NARROW, counts, marks, title, summary),
        columns=[Cell(_("Month")), Cell(_("Iterations"), numeric=True), Cell(_("Ended by its end"), numeric=True)],
        rows=_by_month(counts, total),
        legend=[
            (_swatch(rect(1, 2, 20, 9, "bar-main")), _("iterations")),
            (_swatch(line(1, 6, 21, 6, "curve outlook")), _("share ended by the day")),
            (_swatch(line(11, 0, 11, 12, "now")), _("due")),
        ],
    )


def _by_month(counts: Sequence[tuple[date, int]], total: int) -> list[list[Cell]]:
    months: dict[date, int] = {}
    for day, count in counts:
        first = day.replace(day=1)
        months[first] = months.get(first, 0) + count
    rows, so_far = [], 0
    for first, count in months.items():
        so_far += count
        rows.append([Cell(month(first)), Cell(number(count), numeric=True), Cell(share(so_far / total, 1), numeric=True)])
    return rows


def _draw_ends(
    key: str, layout: _Layout, counts: Sequence[tuple[date, int]], marks: Sequence[Mark], title: str, summary: str
) -> SafeString:
    first = min(counts[0][0], *(mark.on for mark in marks)) - _ONE_DAY
    last = max(counts[-1][0], *(mark.on for mark in marks)) + _ONE_DAY
    top, bottom, right = 22.0 + 18 * len(marks), layout.height - 28, layout.width - layout.right
    per_day = (right - layout.left) / ((last - first).days + 1)

    def x(on: date) -> float:
        return layout.left + (on - first).days * per_day

    span = max(1, math.ceil(((last - first).days + 1) / layout.bins))
    bins: dict[int, int] = {}
    for day, count in counts:
        place = (day - first).days // span
        bins[place] = bins.get(place, 0) + count
    highest, total = max(bins.values()), sum(bins.values())
    drawn: list[str] = []
    for part in (0, 0.5, 1):
        y = bottom - part * (bottom - top)
        drawn += [line(layout.left, y, right, y, "gridline"), text(right + 6, y + 5, percent(part * 100, 0), class_="axis")]
    drawn += _month_ticks(layout, first, last, bottom, x)
    for place, count in bins.items():
        height = (bottom - top) * count / highest
        drawn.append(rect(layout.left + place * span * per_day, bottom - height, max(1.0, span * per_day - 1), height, "bar-main"))
    points, so_far = [f"{x(counts[0][0]):.1f} {bottom:.1f}"], 0
    for place, count in bins.items():
        so_far += count
        points.append(f"{min(right, layout.left + (place + 1) * span * per_day):.1f} {bottom - (bottom - top) * so_far / total:.1f}")
    drawn.append(el("path", d="M" + " L".join(points), class_="curve outlook"))
    for step, mark in enumerate(sorted(marks, key=lambda each: each.on)):
        y, at = 14.0 + 18 * step, x(mark.on) + per_day / 2
        near_edge = at > right - 130
        drawn.append(line(at, y + 3, at, bottom, "now" if mark.is_due else "tick"))
        words = f"{mark.label} {date_short(mark.on)}"
        drawn.append(
            text(at - 5 if near_edge else at + 5, y, words, class_="today" if mark.is_due else "", anchor="end" if near_edge else None)
        )
    return drawing(key, layout.name, layout.width, layout.height, title, summary, drawn)


def _month_ticks(layout: _Layout, first: date, last: date, bottom: float, x: Callable[[date], float]) -> list[str]:
    starts = (date(year, of_year, 1) for year in range(first.year, last.year + 1) for of_year in range(1, 13))
    months = [day for day in starts if first <= day <= last]
    room = (x(last) - x(first)) / max(1, len(months))
    step = next(n for n in (1, 2, 3, 6, 12, 24, 60, 1200) if n * room >= 112 or n == 1200)
    marks: list[str] = []
    for day in months[::step]:
        marks += [line(x(day), bottom, x(day), bottom + 5, "tick"), text(x(day) + 3, layout.height - 8, month(day), class_="axis")]
    return marks


def tornado(key: str, bars: Sequence[Bar]) -> Chart:
    """The milestones whose durations move the end most, the strongest first; at least one."""
    title = _("Which durations move the end")
    first = bars[0]
    summary = _("{name} moves the end most: its duration and the end correlate with {value} (rank correlation).").format(
        name=f"{first.code} {first.name}", value=number(first.sensitivity, 2)
    )
    return Chart(
        key=key,
        title=title,
        summary=summary,
        wide=_draw_tornado(key, "wide", 1040, 380, bars, title, summary),
        narrow=_draw_tornado(key, "narrow", 358, 0, bars, title, summary),
        columns=[Cell(_("Milestone")), Cell(_("Sensitivity"), numeric=True), Cell(_("Criticality"), numeric=True)],
        rows=[
            [
                Cell(f"{bar.code} {bar.name}", url=bar.url),
                Cell(number(bar.sensitivity, 2), numeric=True),
                Cell(share(bar.criticality), numeric=True),
            ]
            for bar in bars
        ],
        legend=[(_swatch(rect(1, 2, 20, 9, "bar-main")), _("sensitivity")), (_swatch(rect(1, 2, 20, 9, "seg2")), _("criticality"))],
    )


def _draw_tornado(key: str, name: str, width: float, labels: float, bars: Sequence[Bar], title: str, summary: str) -> SafeString:
    """Names stand beside the bars where there is room, else above them."""
    above = 0 if labels else 20
    step = 34 + above
    zero, end = labels + 8, width - 56
    drawn: list[str] = [line(zero, 0, zero, step * len(bars), "rule")]
    for place, bar in enumerate(bars):
        y = place * step + above
        words = fit(f"{bar.code} {bar.name}", labels or width)[0]
        drawn.append(text(labels, y + 20, words, anchor="end") if labels else text(0, y, words))
        drawn.append(rect(zero, y + 6, abs(bar.sensitivity) * (end - zero), 12, "bar-main" if bar.sensitivity >= 0 else "bar-less"))
        drawn.append(rect(zero, y + 20, bar.criticality * (end - zero), 6, "seg2"))
        drawn.append(text(zero + abs(bar.sensitivity) * (end - zero) + 6, y + 18, number(bar.sensitivity, 2), class_="axis"))
    return drawing(key, name, width, step * len(bars) + 4, title, summary, drawn)


def _swatch(*marks: str) -> SafeString:
    return el("svg", *marks, viewBox="0 0 22 12", aria_hidden="true")
