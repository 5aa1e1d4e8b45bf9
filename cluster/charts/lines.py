"""Lines of roubles over years, drawn with a mark for the day shown and a label at the end of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.safestring import SafeString

from cluster.charts.scale import TimeScale, ValueScale, round_steps
from cluster.charts.svg import drawing, el, line, text
from cluster.domain.dates import DateWindow
from cluster.templatetags.format import money_short, window_short


@dataclass(frozen=True, slots=True)
class Line:
    """Days and roubles in order; `name` is the class that colours it, `words` stand before its last amount, unless `end` does."""

    name: str
    words: str
    points: Sequence[tuple[date, Decimal]]
    end: str = ""

    @property
    def swatch(self) -> tuple[SafeString, str]:
        """Its entry in a legend."""
        return el("svg", line(1, 6, 21, 6, f"curve {self.name}"), viewBox="0 0 22 12", aria_hidden="true"), self.words


@dataclass(frozen=True, slots=True)
class _Layout:
    name: str
    width: float
    height: float
    left: float
    right: float


_WIDE = _Layout("wide", 1040, 380, 92, 232)
_NARROW = _Layout("narrow", 358, 300, 78, 10)
_LABEL_STEP = 18.0


def draw_lines(key: str, lines: Sequence[Line], *, as_of: date, title: str, summary: str) -> tuple[SafeString, SafeString]:
    """The wide and the narrow drawing; lines without a point are left out."""
    shown = [one for one in lines if one.points]
    return _draw(key, _WIDE, shown, as_of, title, summary), _draw(key, _NARROW, shown, as_of, title, summary)


def end_of(first: date, limit: date | None = None) -> date:
    """Where the sum of a month stands: at its end, but no later than `limit`."""
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return min(following, limit) if limit else following


def _draw(key: str, layout: _Layout, lines: Sequence[Line], as_of: date, title: str, summary: str) -> SafeString:
    days = [day for one in lines for day, _value in one.points]
    ticks = round_steps(max((value for one in lines for _day, value in one.points), default=Decimal(1)))
    bottom, top, right = layout.height - 28, 16.0, layout.width - layout.right
    # The end of December is drawn at the turn of the year, which needs no year of its own.
    last = max((day for day in days if (day.month, day.day) != (1, 1)), default=as_of)
    years = TimeScale(min(days, default=as_of).year, max(last.year, as_of.year), layout.left, right)
    amounts = ValueScale(ticks[-1], bottom, top)
    marks: list[str] = []
    for tick in ticks:
        y = amounts.at(tick)
        marks += [line(layout.left, y, right, y, "gridline"), text(layout.left - 8, y + 5, money_short(tick), class_="axis", anchor="end")]
    for year in years.years(46):
        x = years.x(date(year, 1, 1))
        marks += [line(x, bottom, x, bottom + 5, "tick"), text(x + 3, layout.height - 6, str(year), class_="axis")]
    now = years.x(as_of)
    marks.append(line(now, top, now, bottom, "now"))
    ends: list[tuple[float, str]] = []
    for one in lines:
        placed = [(years.x(day), amounts.at(value)) for day, value in one.points]
        path = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in placed)
        marks.append(el("path", d=path, class_=f"curve {one.name}"))
        marks.append(el("circle", cx=placed[-1][0], cy=placed[-1][1], r=4, class_=f"curve-end {one.name}"))
        ends.append((placed[-1][1], f"{one.end or one.words} {money_short(one.points[-1][1])}"))
    if layout is _WIDE:
        marks += [text(right + 10, y, words) for y, words in _apart(ends)]
    near_edge = now > right - 90
    marks.append(
        text(
            now - 5 if near_edge else now + 5,
            top + 10,
            window_short(DateWindow.day(as_of)),
            class_="today",
            anchor="end" if near_edge else None,
        )
    )
    return drawing(key, layout.name, layout.width, layout.height, title, summary, marks)


def _apart(labels: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """The labels at their heights, moved so far that none lies on another."""
    placed: list[tuple[float, str]] = []
    for y, words in sorted(labels, reverse=True):
        least = placed[-1][0] - _LABEL_STEP if placed else y + 5
        placed.append((min(y + 5, least), words))
    above = max(0.0, _LABEL_STEP - placed[-1][0]) if placed else 0.0
    return [(y + above, words) for y, words in placed]
