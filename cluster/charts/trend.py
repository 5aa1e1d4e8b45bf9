"""The milestone trend chart: the day of each report against the day that was expected in it.

A level line keeps its promise, a rising one slips, and where a line meets the diagonal (expected on the day of the report) the milestone
is reached.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster.charts.chart import Cell, Chart
from cluster.charts.scale import TimeScale
from cluster.charts.svg import diamond, drawing, el, line, rect, text
from cluster.queries.trend import Told, TrendLine, TrendPoint
from cluster.templatetags.format import date_short
from cluster.templatetags.quantities import signed_days

# More lines than these cross too often to be told apart.
MOST_LINES = 16
_LABEL = 16.0


@dataclass(frozen=True, slots=True)
class _Layout:
    name: str
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    year: float


_WIDE = _Layout("wide", 1040, 470, 48, 930, 26, 430, 46)
_NARROW = _Layout("narrow", 358, 420, 40, 280, 26, 382, 42)


@dataclass(frozen=True, slots=True)
class _Scales:
    x: TimeScale
    y: TimeScale

    def at(self, point: TrendPoint) -> tuple[float, float]:
        return self.x.x(point.reported), self.y.x(point.expected)


def trend(key: str, lines: Sequence[TrendLine], baselines: Sequence[date], *, as_of: date, title: str = "") -> Chart:
    """The lines that moved most, at most `MOST_LINES`, as reported by `as_of`; `baselines` are the days from which one was in force."""
    drawn = sorted(lines, key=lambda one: -abs(one.moved_days))[:MOST_LINES]
    title = title or _("Milestone trend")
    summary = _summary(lines, shown=len(drawn))
    words = words_told()
    return Chart(
        key=key,
        title=title,
        summary=summary,
        wide=_draw(key, _WIDE, drawn, baselines, as_of, title, summary),
        narrow=_draw(key, _NARROW, drawn, baselines, as_of, title, summary),
        columns=[
            Cell(_("Milestone")),
            Cell(_("Report of")),
            Cell(_("What was told")),
            Cell(_("Expected")),
            Cell(_("Moved since the first promise"), numeric=True),
        ],
        rows=[
            [
                Cell(f"{one.dated.milestone.code} {one.dated.milestone.name}"),
                Cell(date_short(point.reported)),
                Cell(words[point.told]),
                Cell(date_short(point.expected)),
                Cell(signed_days(moved), numeric=True, late=moved > 0),
            ]
            for one in drawn
            for point in one.points
            for moved in [(point.expected - one.points[0].expected).days]
        ],
        legend=_legend(),
        size="full",
    )


def words_told() -> dict[Told, str]:
    """What each kind of report is called."""
    return {
        Told.PROMISED: _("first promise"),
        Told.REVISED: _("forecast"),
        Told.CONFIRMED: _("confirmed"),
        Told.REACHED: _("reached"),
    }


def _summary(lines: Sequence[TrendLine], *, shown: int) -> str:
    rising = sorted((one for one in lines if one.moved_days > 0), key=lambda one: -one.moved_days)
    counted = ngettext("%(rising)s of %(count)s line rises", "%(rising)s of %(count)s lines rise", len(lines)) % {
        "rising": len(rising),
        "count": len(lines),
    }
    told = _("{counted}: the date moved away.").format(counted=counted)
    if rising:
        worst = rising[0]
        told += " " + _("Most of all {code} {name}, by {days}.").format(
            code=worst.dated.milestone.code, name=worst.dated.milestone.name, days=signed_days(worst.moved_days)
        )
        if len(rising) > 1:
            told += " " + _("Rising: {codes}.").format(codes=", ".join(one.dated.milestone.code for one in rising[:MOST_LINES]))
    if shown < len(lines):
        told += " " + _("Drawn are the {shown} that moved most.").format(shown=shown)
    return told


def _scales(layout: _Layout, lines: Sequence[TrendLine], as_of: date) -> _Scales:
    reported = [as_of, *(point.reported for one in lines for point in one.points)]
    expected = [point.expected for one in lines for point in one.points] or [as_of]
    return _Scales(
        TimeScale(min(reported).year, max(reported).year, layout.left, layout.right),
        TimeScale(min(expected).year, max(expected).year, layout.bottom, layout.top),
    )


def _draw(
    key: str, layout: _Layout, lines: Sequence[TrendLine], baselines: Sequence[date], as_of: date, title: str, summary: str
) -> SafeString:
    scales = _scales(layout, lines, as_of)
    marks: list[str] = []
    for year in scales.x.years(layout.year):
        x = scales.x.x(date(year, 1, 1))
        marks += [line(x, layout.top, x, layout.bottom, "gridline"), text(x + 4, layout.bottom + 18, str(year), class_="axis")]
    for year in range(scales.y.first, scales.y.last + 1):
        y = scales.y.x(date(year, 1, 1))
        marks += [line(layout.left, y, layout.right, y, "gridline"), text(layout.left - 6, y - 4, str(year), class_="axis", anchor="end")]
    marks += _diagonal(scales)
    for number, on in enumerate(baselines, start=1):
        x = scales.x.x(on)
        marks += [line(x, layout.top, x, layout.bottom, "baseline"), text(x + 4, layout.top - 8, f"B{number}", class_="sub")]
    now = scales.x.x(as_of)
    marks.append(line(now, layout.top, now, layout.bottom, "now"))
    for one in lines:
        marks += _line(one, scales, as_of)
    marks += _labels(lines, scales, layout)
    return drawing(key, layout.name, layout.width, layout.height, title, summary, marks)


def _diagonal(scales: _Scales) -> list[str]:
    """Where a report expects its own day; nothing where no such day lies on both axes."""
    first = date(max(scales.x.first, scales.y.first), 1, 1)
    last = date(min(scales.x.last, scales.y.last) + 1, 1, 1)
    if first >= last:
        return []
    return [line(scales.x.x(first), scales.y.x(first), scales.x.x(last), scales.y.x(last), "diagonal")]


def _line(one: TrendLine, scales: _Scales, as_of: date) -> list[str]:
    class_ = "rises" if one.moved_days > 0 else "holds"
    places = [scales.at(point) for point in one.points]
    if one.points[-1].told is not Told.REACHED:
        # What was told last still stands.
        places.append((scales.x.x(as_of), places[-1][1]))
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    marks: list[str] = [el("polyline", points=path, class_=f"trend {class_}")]
    for point, (x, y) in zip(one.points, places, strict=False):
        match point.told:
            case Told.PROMISED:
                marks.append(rect(x - 4, y - 4, 8, 8, f"point {class_}"))
            case Told.REACHED:
                marks.append(diamond(x, y, 7, "mark late" if class_ == "rises" else "mark well"))
            case _:
                marks.append(el("circle", cx=x, cy=y, r=4, class_=f"point {class_}{' same' if point.told is Told.CONFIRMED else ''}"))
    return marks


def _labels(lines: Sequence[TrendLine], scales: _Scales, layout: _Layout) -> list[str]:
    """The codes at the right edge, moved apart where lines end close to one another, each tied to the end of its line."""
    ends = sorted((scales.y.x(one.points[-1].expected), scales.at(one.points[-1])[0], n) for n, one in enumerate(lines))
    marks: list[str] = []
    free = layout.top
    below = len(ends)
    for y, x, n in ends:
        below -= 1
        # High enough for those that follow, low enough to clear those before.
        place = max(min(y, layout.bottom - below * _LABEL), free)
        free = place + _LABEL
        one = lines[n]
        right = layout.right + 8
        start = x if one.points[-1].told is Told.REACHED else layout.right
        marks.append(el("polyline", points=f"{start:.1f},{y:.1f} {layout.right:.1f},{y:.1f} {right:.1f},{place:.1f}", class_="leader"))
        marks.append(text(right + 3, place + 5, one.dated.milestone.code, class_="late" if one.moved_days > 0 else ""))
    return marks


def _legend() -> list[tuple[SafeString, str]]:
    def swatch(*marks: str) -> SafeString:
        return el("svg", *marks, viewBox="0 0 22 12", aria_hidden="true")

    words = words_told()
    return [
        (swatch(el("polyline", points="1,11 21,1", class_="trend rises")), _("the date moved away")),
        (swatch(line(0, 6, 22, 6, "trend holds")), _("kept, or earlier")),
        (swatch(rect(7, 2, 8, 8, "point holds")), words[Told.PROMISED]),
        (swatch(el("circle", cx=11, cy=6, r=4, class_="point holds")), words[Told.REVISED]),
        (swatch(el("circle", cx=11, cy=6, r=4, class_="point holds same")), words[Told.CONFIRMED]),
        (swatch(diamond(11, 6, 5.5, "mark well")), words[Told.REACHED]),
        (swatch(line(1, 11, 21, 1, "diagonal")), _("expected on the day of the report")),
        (swatch(line(11, 0, 11, 12, "baseline")), _("B1, B2: a baseline comes into force")),
    ]
