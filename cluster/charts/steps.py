"""The step chart: how a commitment grew, and what was said to be spent of it, with the claims that disagree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cluster.charts.chart import Cell, Chart
from cluster.charts.scale import TimeScale, ValueScale, round_steps
from cluster.charts.svg import LETTER, drawing, el, line, text
from cluster.templatetags.format import date_short, money_range, money_short, qualified


@dataclass(frozen=True, slots=True)
class Level:
    """An amount from a day on; `low` and `high` span what other sources say for the same time."""

    on: date
    amount: Decimal
    qualifier: str = "exact"
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def words(self) -> str:
        """The amount as its source words it."""
        return qualified(money_short(self.amount), self.qualifier)

    @property
    def disputed(self) -> bool:
        """Whether sources disagree."""
        return self.low is not None and self.high is not None and self.low != self.high


@dataclass(frozen=True, slots=True)
class _Layout:
    name: str
    width: float
    height: float
    left: float
    right: float


_WIDE = _Layout("wide", 720, 320, 84, 18)
_NARROW = _Layout("narrow", 358, 270, 78, 10)


def steps(key: str, committed: Sequence[Level], invested: Sequence[Level], *, as_of: date) -> Chart:
    """Commitment as a step line up to `as_of`, investment as marks with the span of the claims."""
    committed, invested = sorted(committed, key=lambda level: level.on), sorted(invested, key=lambda level: level.on)
    title = _("How the commitment grew")
    summary = _summary(committed, invested)
    return Chart(
        key=key,
        title=title,
        summary=summary,
        wide=_draw(key, _WIDE, committed, invested, as_of, title, summary),
        narrow=_draw(key, _NARROW, committed, invested, as_of, title, summary),
        columns=[Cell(_("Date")), Cell(_("What")), Cell(_("Amount"), numeric=True), Cell(_("Span of the claims"), numeric=True)],
        rows=[
            [
                Cell(date_short(level.on)),
                Cell(what),
                Cell(level.words, numeric=True),
                Cell(money_range(level.low, level.high) if level.disputed else "", numeric=True),
            ]
            for what, levels in ((_("committed"), committed), (_("invested"), invested))
            for level in levels
        ],
        size="half",
        legend=[
            (_swatch(line(1, 6, 21, 6, "step")), _("committed")),
            (_swatch(el("circle", cx=11, cy=6, r=5, class_="claim")), _("invested, as published")),
            (_swatch(line(4, 6, 18, 6, "claim-range")), _("span of claims that disagree")),
        ],
    )


def _summary(committed: Sequence[Level], invested: Sequence[Level]) -> str:
    if not committed:
        return _("No commitment was published.")
    first, last = committed[0], committed[-1]
    grown = _("The commitment grew from {first} ({first_year}) to {last} ({last_year}).").format(
        first=first.words, first_year=first.on.year, last=last.words, last_year=last.on.year
    )
    if first is last:
        grown = _("The commitment is {last}.").format(last=last.words)
    if not invested:
        return grown
    newest = invested[-1]
    amount = money_range(newest.low, newest.high) if newest.disputed else newest.words
    return f"{grown} " + _("Invested by the end of {year}: {amount}.").format(year=newest.on.year, amount=amount)


def _draw(
    key: str, layout: _Layout, committed: Sequence[Level], invested: Sequence[Level], as_of: date, title: str, summary: str
) -> SafeString:
    levels = [*committed, *invested]
    ticks = round_steps(max((level.high or level.amount for level in levels), default=Decimal(1)))
    bottom, top = layout.height - 28, 22.0
    right = layout.width - layout.right
    years = TimeScale(min([as_of.year, *(level.on.year for level in levels)]), as_of.year, layout.left, right)
    amounts = ValueScale(ticks[-1], bottom, top)
    marks: list[str] = []
    for tick in ticks:
        y = amounts.at(tick)
        marks += [
            line(layout.left, y, right, y, "gridline"),
            text(layout.left - 8, y + 4, money_short(tick) or "0", class_="axis", anchor="end"),
        ]
    for year in years.years(44):
        marks.append(text(years.x(date(year, 1, 1)), layout.height - 8, str(year), class_="axis"))
    marks += _step_line(committed, years, amounts, years.x(as_of), bottom)
    # A phone has room for the newest figure in words; the table has them all.
    marks += _invested(invested, years, amounts, labelled=invested if layout is _WIDE else invested[-1:])
    marks.append(line(years.x(as_of), top, years.x(as_of), bottom, "now"))
    return drawing(key, layout.name, layout.width, layout.height, title, summary, marks)


def _step_line(committed: Sequence[Level], years: TimeScale, amounts: ValueScale, until: float, bottom: float) -> list[str]:
    if not committed:
        return []
    points: list[tuple[float, float]] = []
    for level in committed:
        x, y = years.x(level.on), amounts.at(level.amount)
        if points:
            points.append((x, points[-1][1]))
        points.append((x, y))
    points.append((until, points[-1][1]))
    path = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    area = f"{path} L{until:.1f} {bottom:.1f} L{points[0][0]:.1f} {bottom:.1f} Z"
    marks: list[str] = [el("path", d=area, class_="area"), el("path", d=path, class_="step")]
    for level in committed:
        x, y = years.x(level.on), amounts.at(level.amount)
        end = x + len(level.words) * LETTER * 1.15 > years.end  # these words are bold
        marks.append(el("circle", cx=x, cy=y, r=5, class_="dot"))
        marks.append(text(x - 2 if end else x + 2, y - 10, level.words, class_="head", anchor="end" if end else None))
    return marks


def _invested(invested: Sequence[Level], years: TimeScale, amounts: ValueScale, *, labelled: Sequence[Level]) -> list[str]:
    marks: list[str] = []
    for level in invested:
        x = years.x(level.on)
        if level.low is not None and level.high is not None and level.disputed:
            marks.append(line(x, amounts.at(level.low), x, amounts.at(level.high), "claim-range"))
        marks.append(el("circle", cx=x, cy=amounts.at(level.amount), r=5, class_="claim"))
        if level not in labelled:
            continue
        words = money_range(level.low, level.high) if level.disputed else level.words
        end = x + 9 + len(words) * LETTER > years.end
        marks.append(text(x - 9 if end else x + 9, amounts.at(level.amount) + 5, words, anchor="end" if end else None))
    return marks


def _swatch(*marks: str) -> SafeString:
    return el("svg", *marks, viewBox="0 0 22 12", aria_hidden="true")
