"""The slip chart: what was promised as a bar, what came of it as a mark, the days between as a line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster.charts.chart import Cell, Chart
from cluster.charts.scale import TimeScale
from cluster.charts.svg import diamond, drawing, el, fit, line, rect, text
from cluster.domain.dates import DateWindow
from cluster.templatetags.format import days, days_late, window, window_short

# More rows than these are a wall, not a chart.
MOST_ROWS = 24


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One promise: `late` days against `promised`; reached when `actual` is there. `owner` is a factory's code or empty.

    `url` is where the table links to; the drawing is a picture and holds no links. `is_main` stays in the chart however many
    promises there are: an opening, a promise about the contract as a whole.
    """

    name: str
    owner: str
    promised: DateWindow
    forecast: DateWindow | None = None
    actual: DateWindow | None = None
    late: int = 0
    url: str = ""
    is_main: bool = False

    @property
    def group(self) -> int:
        """Late first, then what is still open, then what was kept."""
        return 0 if self.late else 2 if self.actual else 1


@dataclass(frozen=True, slots=True)
class _Layout:
    name: str
    width: float
    start: float
    end: float
    row: float
    label: float
    label_lines: int
    bar_y: float


_WIDE = _Layout("wide", 1040, 344, 928, 50, 326, 2, 20)
_NARROW = _Layout("narrow", 358, 6, 352, 86, 346, 2, 48)


def timeline(key: str, rows: Iterable[TimelineRow], *, as_of: date, title: str = "", most: int = MOST_ROWS) -> Chart:
    """The promises of `rows` as known on `as_of`, in three groups, the worst first; of more than `most` the most telling ones."""
    every = sorted(rows, key=lambda row: (row.group, -row.late, row.promised.latest))
    rows = _told_apart(most_telling(every, most))
    title = title or _("Promises and what came of them")
    summary = _summary(every, shown=len(rows))
    years = _years(rows, as_of)
    return Chart(
        key=key,
        title=title,
        summary=summary,
        wide=_draw(key, _WIDE, rows, years, as_of, title, summary),
        narrow=_draw(key, _NARROW, rows, years, as_of, title, summary),
        columns=[
            Cell(_("Promise")),
            Cell(_("Factory")),
            Cell(_("Promised for")),
            Cell(_("Forecast")),
            Cell(_("Actual")),
            Cell(_("Late"), numeric=True),
        ],
        rows=[
            [
                Cell(row.name, url=row.url),
                Cell(row.owner),
                Cell(window(row.promised)),
                Cell(window(row.forecast)),
                Cell(window(row.actual)),
                Cell(days_late(row.late), numeric=True, late=bool(row.late)),
            ]
            for row in rows
        ],
        legend=_legend(),
    )


def most_telling(rows: Sequence[TimelineRow], most: int = MOST_ROWS) -> list[TimelineRow]:
    """As many of the rows as a person can read, in their order: the main ones, then the first of the others."""
    chosen = sorted(range(len(rows)), key=lambda n: (not rows[n].is_main, n))[:most]
    return [rows[n] for n in sorted(chosen)]


def _told_apart(rows: list[TimelineRow]) -> list[TimelineRow]:
    """The rows; where names repeat, each is told by its factory too."""
    if len({row.name for row in rows}) == len(rows):
        return rows
    return [replace(row, name=f"{row.owner} · {row.name}") if row.owner else row for row in rows]


def _summary(rows: Sequence[TimelineRow], *, shown: int) -> str:
    late = [row for row in rows if row.late]
    told = _("None of the promises is late.")
    if late:
        counted = ngettext("%(late)s of %(all)s promise is late", "%(late)s of %(all)s promises are late", len(rows)) % {
            "late": len(late),
            "all": len(rows),
        }
        told = _("{counted}; the worst by {days}: {name}.").format(counted=counted, days=days(late[0].late), name=late[0].name)
    if shown == len(rows):
        return told
    return _("{told} Drawn are {shown} of {all}: the openings and the worst delays.").format(told=told, shown=shown, all=len(rows))


def _years(rows: Sequence[TimelineRow], as_of: date) -> tuple[int, int]:
    windows = [w for row in rows for w in (row.promised, row.forecast, row.actual) if w is not None]
    return (
        min([as_of.year, *(w.earliest.year for w in windows)]),
        max([as_of.year, *(w.latest.year for w in windows)]),
    )


def _draw(
    key: str, layout: _Layout, rows: Sequence[TimelineRow], years: tuple[int, int], as_of: date, title: str, summary: str
) -> SafeString:
    scale = TimeScale(*years, layout.start, layout.end)
    headings = {0: _("Late"), 1: _("Still open"), 2: _("Kept")}
    marks: list[str] = []
    y = 30.0
    group = -1
    for row in rows:
        if row.group != group:
            group = row.group
            marks.append(text(0, y + 18, headings[group], class_="head late" if group == 0 else "head"))
            y += 28
        marks += _row(row, layout, scale, y, as_of)
        y += layout.row
    frame: list[str] = []
    for year in scale.years(46 if layout is _WIDE else 40):
        x = scale.x(date(year, 1, 1))
        frame += [line(x, 24, x, y, "gridline"), text(x + 4, 16, str(year), class_="axis")]
    now = scale.x(as_of)
    frame.append(line(now, 24, now, y, "now"))
    near_edge = now > layout.end - 90
    label = text(
        now - 5 if near_edge else now + 5, y + 14, window_short(DateWindow.day(as_of)), class_="today", anchor="end" if near_edge else None
    )
    return drawing(key, layout.name, layout.width, y + 22, title, summary, [*frame, *marks, label])


def _row(row: TimelineRow, layout: _Layout, scale: TimeScale, y: float, as_of: date) -> list[str]:
    middle = y + layout.bar_y
    marks = [_label(row, layout, y), line(0, y + layout.row - 4, layout.width, y + layout.row - 4, "rule")]
    start, end = scale.x(row.promised.earliest), scale.x(row.promised.latest + timedelta(days=1))
    marks.append(rect(start, middle - 7, max(end - start, 4), 14, "window", radius=3))
    reached = row.actual.latest if row.actual else None
    right = end
    if row.late:
        until = reached or max(row.forecast.latest if row.forecast else as_of, as_of)
        right = max(right, scale.x(until))
        marks.append(line(end, middle, scale.x(until), middle, "slip" if reached else "slip running"))
    if row.forecast and not reached:
        marks.append(diamond(scale.x(row.forecast.latest), middle, 6.5, "mark forecast"))
        right = max(right, scale.x(row.forecast.latest) + 7)
    if row.late and not reached:
        marks.append(diamond(scale.x(as_of), middle, 7, "mark open"))
    if reached:
        marks.append(diamond(scale.x(reached), middle, 7.5, "mark late" if row.late else "mark well"))
        right = max(right, scale.x(reached) + 8)
    return [*marks, *_verdict(row, layout, y, middle)]


def _label(row: TimelineRow, layout: _Layout, y: float) -> SafeString:
    lines = fit(row.name, layout.label, layout.label_lines)
    first = y + layout.bar_y + 5 - 8.5 * (len(lines) - 1) if layout is _WIDE else y + 15
    written = [text(0, first + 17 * n, words) for n, words in enumerate(lines)]
    return el("g", el("title", row.name), *written)


def _verdict(row: TimelineRow, layout: _Layout, y: float, middle: float) -> list[str]:
    """The days late at the right edge; on a phone below the bar, beside what was promised."""
    words = days_late(row.late) if row.late else _("in time") if row.actual else ""
    class_ = "late" if row.late else "well"
    if layout is _NARROW:
        outcome = f"{window_short(row.promised)} → {window_short(row.actual)}" if row.actual else window_short(row.promised)
        return [text(0, y + 74, outcome, class_="sub"), text(layout.width, y + 74, words, class_=class_, anchor="end")]
    return [text(layout.width, middle + 5, words, class_=class_, anchor="end")]


def _legend() -> list[tuple[SafeString, str]]:
    def swatch(*marks: str) -> SafeString:
        return el("svg", *marks, viewBox="0 0 22 12", aria_hidden="true")

    return [
        (swatch(rect(1, 1, 20, 10, "window", radius=3)), _("promised")),
        (swatch(diamond(11, 6, 5.5, "mark well")), _("reached in time")),
        (swatch(line(0, 6, 12, 6, "slip"), diamond(15, 6, 5.5, "mark late")), _("reached late")),
        (swatch(line(0, 6, 12, 6, "slip running"), diamond(15, 6, 5, "mark open")), _("not reached")),
        (swatch(diamond(11, 6, 5, "mark forecast")), _("forecast")),
    ]
