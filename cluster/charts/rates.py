"""The rate chart: roubles for a unit of currency as a step line, with the days that lack their rate and what waits in quarantine.

Ten years are 2,500 rates and a screen is some hundred points wide: of each narrow column the first, the lowest, the highest and
the last rate are drawn, so that no peak is lost and the drawing stays small.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster.charts.chart import Cell, Chart
from cluster.charts.svg import diamond, drawing, el, line, rect, text
from cluster.domain.calendars import Gap
from cluster.templatetags.format import date_short, month, number, rate

# Units of the drawing that one column of rates takes.
_COLUMN = 2.0
# A longer time is told month by month in the table.
_DAY_BY_DAY = 62
_LABEL = 48.0


@dataclass(frozen=True, slots=True)
class Point:
    """Roubles for one unit, from a day on."""

    on: date
    value: Decimal


@dataclass(frozen=True, slots=True)
class RateSeries:
    """What is drawn: the accepted rates in force from `first` to `last`, the gaps among them, and the rates that wait."""

    currency: str
    first: date
    last: date
    points: Sequence[Point]
    gaps: Sequence[Gap] = ()
    waiting: Sequence[Point] = ()


@dataclass(frozen=True, slots=True)
class _Layout:
    name: str
    width: float
    height: float
    left: float
    right: float


_WIDE = _Layout("wide", 1040, 300, 58, 12)
_NARROW = _Layout("narrow", 358, 240, 52, 6)


class _Scale:
    """Days from left to right, roubles from the bottom up, between round values that hold everything drawn."""

    def __init__(self, layout: _Layout, series: RateSeries) -> None:
        self.start, self.end = layout.left, layout.width - layout.right
        self.top, self.bottom = 14.0, layout.height - 28
        self.first = series.first.toordinal()
        self.days = max(series.last.toordinal() - self.first, 1)
        values = [point.value for point in (*series.points, *series.waiting)] or [Decimal(0), Decimal(1)]
        self.ticks = ticks(min(values), max(values))

    def x(self, on: date) -> float:
        """Where a day lies; one before the first is moved to the edge."""
        return self.start + max(on.toordinal() - self.first, 0) / self.days * (self.end - self.start)

    def y(self, value: Decimal) -> float:
        """Where a rate lies."""
        low, high = self.ticks[0], self.ticks[-1]
        return self.bottom - float((value - low) / (high - low)) * (self.bottom - self.top)


def ticks(low: Decimal, high: Decimal, about: int = 4) -> list[Decimal]:
    """Round values in equal steps, the first not above `low`, the last not below `high`: 60, 70, 80, 90, 100 for 62 to 97."""
    room = max(high - low, high / 50, Decimal("0.0001"))
    power = Decimal(10) ** (room / about).adjusted()
    step = next(power * n for n in (1, 2, Decimal("2.5"), 5, 10) if power * n * about >= room)
    found = [(low / step).to_integral_value(rounding="ROUND_FLOOR") * step]
    while found[-1] < high or len(found) < 2:
        found.append(found[-1] + step)
    return found


def rate_steps(key: str, series: RateSeries) -> Chart:
    """The series as a step line; a table twin by day, or by month for a longer time."""
    title = _("{currency}: roubles for one unit").format(currency=series.currency)
    summary = _summary(series)
    shown = [point for point in series.points if point.on >= series.first]
    by_day = len(shown) <= _DAY_BY_DAY
    if by_day:
        columns = [Cell(_("Date")), Cell(_("Roubles"), numeric=True)]
        rows = [[Cell(date_short(point.on)), Cell(rate(point.value), numeric=True)] for point in shown]
    else:
        columns = [Cell(_("Month")), *(Cell(word, numeric=True) for word in (_("lowest"), _("highest"), _("last")))]
        rows = [
            [Cell(month(first)), *(Cell(rate(value), numeric=True) for value in (min(values), max(values), values[-1]))]
            for first, values in _months(shown)
        ]
    legend = [(_swatch(line(1, 6, 21, 6, "rate-line")), _("rate in force"))]
    if series.gaps:
        legend.append((_swatch(rect(1, 0, 20, 12, "gap"), line(1, 6, 21, 6, "rate-old")), _("old rate: newer ones ought to exist")))
    if series.waiting:
        legend.append((_swatch(diamond(11, 6, 5, "mark open")), _("waits in quarantine")))
    wide, narrow = (_draw(key, layout, series, title, summary) for layout in (_WIDE, _NARROW))
    return Chart(key=key, title=title, summary=summary, wide=wide, narrow=narrow, columns=columns, rows=rows, legend=legend)


def _months(points: Sequence[Point]) -> list[tuple[date, list[Decimal]]]:
    return [(first, [point.value for point in group]) for first, group in groupby(points, key=lambda point: point.on.replace(day=1))]


def _summary(series: RateSeries) -> str:
    if not series.points:
        return _("No rate of this time is known.")
    low, high = min(series.points, key=lambda p: p.value), max(series.points, key=lambda p: p.value)
    newest = series.points[-1]
    said = _("The lowest rate is {low} of {low_day}, the highest {high} of {high_day}, the newest {newest} of {day}.").format(
        low=rate(low.value),
        low_day=date_short(low.on),
        high=rate(high.value),
        high_day=date_short(high.on),
        newest=rate(newest.value),
        day=date_short(newest.on),
    )
    missing = sum(gap.count for gap in series.gaps)
    if missing:
        said += " " + ngettext(
            "{n} rate that ought to exist is not known.", "{n} rates that ought to exist are not known.", missing
        ).format(n=number(missing))
    if series.waiting:
        count = len(series.waiting)
        said += " " + ngettext("{n} waits in quarantine.", "{n} wait in quarantine.", count).format(n=number(count))
    return said


def _draw(key: str, layout: _Layout, series: RateSeries, title: str, summary: str) -> SafeString:
    scale = _Scale(layout, series)
    marks: list[str] = [rect(x, scale.top, width, scale.bottom - scale.top, "gap") for x, width in _gap_boxes(scale, series.gaps)]
    decimals = max(
        0, -int(scale.ticks[1].normalize().as_tuple().exponent), -int((scale.ticks[1] - scale.ticks[0]).normalize().as_tuple().exponent)
    )
    for tick in scale.ticks:
        y = scale.y(tick)
        marks.append(line(scale.start, y, scale.end, y, "gridline"))
        marks.append(text(scale.start - 6, y + 4, number(tick, decimals), class_="axis", anchor="end"))
    for x, label in _days(scale, series):
        marks.append(line(x, scale.bottom, x, scale.bottom + 5, "tick"))
        marks.append(text(x, layout.height - 8, label, class_="axis", anchor="middle"))
    solid, old = _paths(scale, series)
    if old:
        marks.append(el("path", d=old, class_="rate-old"))
    if solid:
        marks.append(el("path", d=solid, class_="rate-line"))
    marks += [diamond(scale.x(point.on), scale.y(point.value), 6, "mark open") for point in series.waiting]
    return drawing(key, layout.name, layout.width, layout.height, title, summary, marks)


def _gap_boxes(scale: _Scale, gaps: Iterable[Gap]) -> list[tuple[float, float]]:
    """Left edge and width of each stretch of gaps; what lies closer than a column is one stretch."""
    boxes: list[list[float]] = []
    for gap in gaps:
        left, right = scale.x(gap.first), min(scale.x(gap.last + timedelta(days=1)), scale.end)
        if boxes and left - boxes[-1][1] < _COLUMN:
            boxes[-1][1] = max(right, boxes[-1][1])
        else:
            boxes.append([left, right])
    return [(round(left, 1), round(max(right - left, 1), 1)) for left, right in boxes]


def _paths(scale: _Scale, series: RateSeries) -> tuple[str, str]:
    """The line where the rate in force is the one of its day, and where it is an old one."""
    points = _thinned(scale, series.points)
    starts = sorted(gap.first for gap in series.gaps)
    solid, old = _Path(), _Path()
    place = 0
    for index, point in enumerate(points):
        x, y = scale.x(point.on), scale.y(point.value)
        until = points[index + 1].on if index + 1 < len(points) else series.last
        while place < len(starts) and starts[place] <= point.on:
            place += 1
        stale_from = starts[place] if place < len(starts) and starts[place] < until else None
        solid.step(x, y, scale.x(stale_from or until))
        if stale_from is not None:
            old.step(scale.x(stale_from), y, scale.x(until))
    return str(solid), str(old)


class _Path:
    """A step line as SVG writes it: level, jump, level; it begins anew where it does not join on."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.x = self.y = ""

    def step(self, x: float, y: float, until: float) -> None:
        """A level from `x` to `until`."""
        here, height, end = (f"{value:.1f}".removesuffix(".0") for value in (x, y, until))
        if here != self.x:
            self.words.append(f"M{here} {height}")
        elif height != self.y:
            self.words.append(f"V{height}")
        if end != here:
            self.words.append(f"H{end}")
        self.x, self.y = end, height

    def __str__(self) -> str:
        return "".join(self.words)


def _thinned(scale: _Scale, points: Sequence[Point]) -> list[Point]:
    """Of each column of the drawing the first, the lowest, the highest and the last rate, by date."""
    kept: list[Point] = []
    for _column, group in groupby(points, key=lambda point: int(scale.x(point.on) / _COLUMN)):
        here = list(group)
        chosen = {here[0], here[-1], min(here, key=lambda p: p.value), max(here, key=lambda p: p.value)}
        kept += sorted(chosen, key=lambda point: point.on)
    return kept


def _days(scale: _Scale, series: RateSeries) -> list[tuple[float, str]]:
    """Where the axis is labelled: years, or months where the time is short, as many as there is room for."""
    firsts = [date(year, 1, 1) for year in range(series.first.year, series.last.year + 2)]
    years = [day for day in firsts if series.first <= day <= series.last]
    if len(years) >= 3:
        return _spaced([(scale.x(day), str(day.year)) for day in years], _LABEL, scale)
    months = [date(year, n, 1) for year in range(series.first.year, series.last.year + 1) for n in range(1, 13)]
    inside = [day for day in months if series.first <= day <= series.last] or [series.first]
    return _spaced([(scale.x(day), f"{day:%m.%Y}") for day in inside], _LABEL * 1.5, scale)


def _spaced(labels: list[tuple[float, str]], least: float, scale: _Scale) -> list[tuple[float, str]]:
    kept: list[tuple[float, str]] = []
    for x, label in labels:
        half = least / 2
        if (not kept or x - kept[-1][0] >= least) and scale.start - 10 <= x - half / 2 and x + half / 2 <= scale.end + 10:
            kept.append((x, label))
    return kept


def _swatch(*marks: str) -> SafeString:
    return el("svg", *marks, viewBox="0 0 22 12", aria_hidden="true")
