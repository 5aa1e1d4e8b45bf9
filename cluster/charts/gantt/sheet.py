"""The Gantt chart on sheets of paper: one drawing a sheet, with names, axis, bars and arrows, and the head on each of them."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cluster.charts.gantt.arrows import ROW, Arrow, Place, pieces
from cluster.charts.gantt.axis import Axis, Zoom
from cluster.charts.gantt.chart import Bar, Group, arrows_in, work_of
from cluster.charts.svg import drawing, el, fit, line, rect, text
from cluster.templatetags.format import date_short

WIDTH, _NAMES, _HEAD, _DELAY = 1560, 430, 54, 48
_MARGIN = timedelta(days=20)
# Longer than this, months would be written over one another.
_MONTHS_FIT = 900


def sheet_axis(bars: Sequence[Bar], *, as_of: date) -> Axis:
    """The axis of all days that the bars show, and the day itself, as wide as the sheet leaves room."""
    known = [on for bar in bars for on in (bar.start, bar.finish, bar.due, bar.original, bar.forecast) if on] or [as_of]
    first, last = min(*known, as_of) - _MARGIN, max(*known, as_of) + _MARGIN
    zoom = Zoom.MONTH if (last - first).days < _MONTHS_FIT else Zoom.QUARTER
    return Axis.around(first, last, zoom, fit=WIDTH - _NAMES)


def sheets(
    key: str, groups: Sequence[Group], arrows: Sequence[Arrow], *, as_of: date, first: int, others: int, title: str, summary: str
) -> list[SafeString]:
    """The chart cut into sheets: `first` rows on the first one, `others` on each of the rest. The name of a group stands over its bars."""
    axis = sheet_axis([bar for group in groups for bar in group.bars], as_of=as_of)
    rows: list[Group | Bar] = []
    for group in groups:
        rows += [group, *group.bars]
    places = {
        row.key: Place(at, axis.x(row.start or row.finish), axis.end(row.finish))
        for at, row in enumerate(rows)
        if isinstance(row, Bar) and row.finish
    }
    drawn = pieces([one for one in arrows if one.predecessor in places and one.successor in places], places, len(rows))
    found: list[SafeString] = []
    start = 0
    while start < len(rows):
        end = min(start + (others if found else first), len(rows))
        # A name alone at the foot of a sheet belongs on the next one.
        while start < end - 1 < len(rows) - 1 and isinstance(rows[end - 1], Group):
            end -= 1
        marks = _head(axis, as_of, end - start)
        for at in range(start, end):
            row, y = rows[at], _HEAD + (at - start) * ROW
            marks += _group(row, y) if isinstance(row, Group) else _bar(row, y, places.get(row.key), axis, arrows_in(drawn[at]))
        found.append(drawing(f"{key}-{len(found) + 1}", "sheet", WIDTH, _HEAD + (end - start) * ROW + 2, title, summary, marks))
        start = end
    return found


def _head(axis: Axis, as_of: date, rows: int) -> list[str]:
    """Both lines of the axis, and the lines down through all rows."""
    height = rows * ROW
    written: list[str] = [el("g", SafeString(axis.grid(height, [as_of])), transform=f"translate({_NAMES} {_HEAD})")]
    ends = [axis.x(on) for on, _name in list(axis.upper())[1:]] + [axis.width]
    for (on, name), end in zip(axis.upper(), ends, strict=True):
        if end - axis.x(on) > 40:
            written.append(text(_NAMES + axis.x(on) + 4, 30, name, class_="head"))
    room = axis.width / max(1, len(list(axis.lower())))
    if room > 26:
        written += [text(_NAMES + axis.x(on) + 4, 47, name if room > 40 else name.split(".")[0], class_="sub") for on, name in axis.lower()]
    x = _NAMES + axis.x(as_of)
    right = axis.x(as_of) > axis.width - 120
    written.append(text(x - 5 if right else x + 5, 12, date_short(as_of), class_="today", anchor="end" if right else None))
    written.append(line(0, _HEAD, WIDTH, _HEAD, "baseline"))
    return written


def _group(group: Group, y: int) -> list[str]:
    late = sum(1 for bar in group.bars if bar.late)
    told = [text(_NAMES - 6, y + 18, f"{late}/{len(group.bars)}", class_="sub", anchor="end")] if late else []
    return [rect(0, y, WIDTH, ROW, "track"), text(6, y + 18, fit(group.name, _NAMES - 60)[0], class_="head"), *told]


def _bar(bar: Bar, y: int, place: Place | None, axis: Axis, arrows: str) -> list[str]:
    delay = f"+{bar.late}" if bar.late else f"(+{bar.pushed})" if bar.pushed else ""
    written: list[str] = [text(16, y + 18, fit(f"{bar.code} {bar.name}", _NAMES - 16 - _DELAY)[0])]
    if delay:
        written.append(text(_NAMES - 6, y + 18, delay, class_="late", anchor="end"))
    if place is None:
        return [*written, text(_NAMES + 8, y + 18, _("no date published"), class_="sub")]
    marks = SafeString(arrows + "".join(work_of(bar, axis, place.start, place.end)))
    return [*written, el("g", marks, transform=f"translate({_NAMES} {y})"), line(0, y + ROW, _NAMES, y + ROW, "rule")]


def legend_marks() -> list[tuple[SafeString, str]]:
    """What the marks mean, as a legend shows them."""

    def swatch(marks: str) -> SafeString:
        return el("svg", SafeString(marks), class_="sheet", viewBox="0 0 22 26", aria_hidden="true")

    return [
        (swatch('<rect class="bar open" x="0" y="8" width="22" height="10"/>'), _("work, as expected")),
        (
            swatch('<rect class="bar done" x="0" y="8" width="16" height="10"/><path class="mark reached" d="M16 7l6 6l-6 6l-6-6z"/>'),
            _("reached"),
        ),
        (swatch('<path class="due" d="M11 3v20m-3-20h6"/>'), _("due")),
        (swatch('<path class="first" d="M5 6h12l-6 11z"/>'), _("first promise")),
        (swatch('<path class="mark forecast" d="M11 7l6 6l-6 6l-6-6z"/>'), _("forecast")),
        (swatch('<rect class="over" x="2" y="6" width="18" height="14"/>'), _("late part")),
        (swatch('<rect class="over pushed" x="1" y="6" width="20" height="14"/>'), _("late by knock-on")),
        (swatch('<path class="crit" d="M0 22.5H22"/>'), _("critical: underlined")),
    ]
