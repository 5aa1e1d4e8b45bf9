"""The S-curve: budget, payments and outlook added up month by month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cluster.domain.dates import DateWindow
from cluster.templatetags.format import money_rub, money_short, month, window_short
from cluster.web.charts.chart import Cell, Chart
from cluster.web.charts.scale import TimeScale, ValueScale, round_steps
from cluster.web.charts.svg import drawing, el, line, text


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Roubles from the beginning to the end of a month; None where a line does not reach."""

    month: date
    budget: Decimal | None
    paid: Decimal | None
    outlook: Decimal | None


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


def curve(key: str, points: Sequence[CurvePoint], *, as_of: date) -> Chart:
    """The points in the order of their months."""
    title = _("Budget, paid and outlook, added up by month")
    summary = _summary(points, as_of)
    return Chart(
        key=key,
        title=title,
        summary=summary,
        wide=_draw(key, _WIDE, points, as_of, title, summary),
        narrow=_draw(key, _NARROW, points, as_of, title, summary),
        columns=[
            Cell(_("Month")),
            Cell(_("Budget"), numeric=True),
            Cell(_("Paid"), numeric=True),
            Cell(_("Outlook"), numeric=True),
        ],
        rows=[[Cell(month(p.month)), *(Cell(money_rub(value), numeric=True) for value in (p.budget, p.paid, p.outlook))] for p in points],
        legend=[(_swatch(line(1, 6, 21, 6, f"curve {name}")), words) for name, words in _lines()],
    )


def _lines() -> list[tuple[str, str]]:
    return [("budget", _("budget")), ("outlook", _("outlook")), ("paid", _("paid"))]


def _summary(points: Sequence[CurvePoint], as_of: date) -> str:
    known = [p for p in points if p.month <= as_of]
    planned = next((p.budget for p in reversed(known) if p.budget is not None), None)
    paid = next((p.paid for p in reversed(known) if p.paid is not None), Decimal(0))
    day = window_short(DateWindow.day(as_of))
    if planned is None:
        return _("By {day}, {paid} was paid.").format(day=day, paid=money_short(paid))
    told = _("By {day}, {paid} was paid; the budget had planned {planned} by the end of that month.")
    found = told.format(day=day, paid=money_short(paid), planned=money_short(planned))
    last = points[-1]
    if last.budget is None or last.outlook is None:
        return found
    ends = _("In the end the budget comes to {budget}, the outlook to {outlook}.")
    return f"{found} " + ends.format(budget=money_short(last.budget), outlook=money_short(last.outlook))


def _draw(key: str, layout: _Layout, points: Sequence[CurvePoint], as_of: date, title: str, summary: str) -> SafeString:
    largest = max((value for p in points for value in (p.budget, p.paid, p.outlook) if value is not None), default=Decimal(1))
    ticks = round_steps(largest)
    bottom, top, right = layout.height - 28, 16.0, layout.width - layout.right
    years = TimeScale(points[0].month.year, max(points[-1].month.year, as_of.year), layout.left, right)
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
    for name, words in _lines():
        found = [
            (years.x(_end_of(p.month, as_of if name == "paid" else None)), value) for p in points if (value := getattr(p, name)) is not None
        ]
        if not found:
            continue
        placed = [(years.x(points[0].month), amounts.at(0)), *((x, amounts.at(value)) for x, value in found)]
        path = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in placed)
        marks.append(el("path", d=path, class_=f"curve {name}"))
        marks.append(el("circle", cx=placed[-1][0], cy=placed[-1][1], r=4, class_=f"curve-end {name}"))
        ends.append((placed[-1][1], f"{words} {money_short(found[-1][1])}"))
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


def _end_of(first: date, limit: date | None) -> date:
    """The end of a month, but no later than `limit`."""
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return min(following, limit) if limit else following


def _swatch(*marks: str) -> SafeString:
    return el("svg", *marks, viewBox="0 0 22 12", aria_hidden="true")
