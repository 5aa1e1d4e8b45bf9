"""Plan bands against output, year by year: the first plan dashed, the plan in force filled, what was built as a bar."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cluster.charts.chart import Cell, Chart
from cluster.charts.scale import ValueScale, round_steps
from cluster.charts.svg import drawing, el, line, rect, text
from cluster.templatetags.format import number, percent

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class BandYear:
    """One year: plans as (low, high), output with its months, and what other sources say of it. None: not published."""

    year: int
    first_plan: Range | None = None
    plan: Range | None = None
    output: int | None = None
    rivals: tuple[int, ...] = ()
    months: int = 12

    @property
    def whole(self) -> int | None:
        """The output where all of the year is known: some months are not compared with the plan of a year."""
        return self.output if self.months == 12 else None

    @property
    def short(self) -> bool:
        """Whether output fell below the plan's low bound."""
        return self.whole is not None and self.plan is not None and self.whole < self.plan[0]

    @property
    def fulfilment(self) -> Decimal | None:
        """Output in per cent of the low bound of the plan in force."""
        return Decimal(self.whole) / self.plan[0] * 100 if self.whole is not None and self.plan and self.plan[0] else None

    @property
    def largest(self) -> int:
        """The highest figure to draw."""
        return max([self.output or 0, *self.rivals, *(plan[1] for plan in (self.first_plan, self.plan) if plan)])


def bands(key: str, years: Sequence[BandYear]) -> Chart:
    """The years in their order; gaps between them are left out and named in the table."""
    years = sorted(years, key=lambda y: y.year)
    title = _("Plan and output by year")
    summary = _summary(years)
    return Chart(
        key=key,
        title=title,
        summary=summary,
        wide=_columns(key, years, title, summary),
        narrow=_bars(key, years, title, summary),
        columns=[
            Cell(_("Year")),
            Cell(_("First plan"), numeric=True),
            Cell(_("Plan in force"), numeric=True),
            Cell(_("Output"), numeric=True),
            Cell(_("Of the low bound"), numeric=True),
            Cell(_("Other claims"), numeric=True),
        ],
        rows=[
            [
                Cell(str(y.year)),
                Cell(span(y.first_plan), numeric=True),
                Cell(span(y.plan), numeric=True),
                Cell(number(y.output), numeric=True),
                Cell(percent(y.fulfilment, 0), numeric=True, late=y.short),
                Cell(", ".join(number(n) for n in y.rivals), numeric=True),
            ]
            for y in reversed(years)
        ],
        legend=[
            (_swatch(rect(3, 1, 16, 10, "band first", radius=2)), _("first plan")),
            (_swatch(rect(3, 1, 16, 10, "band", radius=2)), _("plan in force")),
            (_swatch(rect(5, 1, 12, 10, "bar-main", radius=2)), _("output")),
            (_swatch(rect(5, 1, 12, 10, "bar-short", radius=2)), _("output below the plan")),
            (_swatch(line(3, 6, 19, 6, "claim-range")), _("another claim")),
        ],
    )


def span(plan: Range | None) -> str:
    """`80 000–100 000`, one number, or nothing."""
    if plan is None:
        return ""
    return number(plan[0]) if plan[0] == plan[1] else f"{number(plan[0])}–{number(plan[1])}"


def _summary(years: Sequence[BandYear]) -> str:
    short = [y.year for y in years if y.short]
    known = [y for y in years if y.output is not None]
    if not known:
        return _("No output was published.")
    last = known[-1]
    if last.months == 12:
        built = _("In {year} {output} vehicles were built.").format(year=last.year, output=number(last.output))
    else:
        so_far = _("In {year} so far, {months} of 12 months: {output} vehicles were built.")
        built = so_far.format(year=last.year, months=last.months, output=number(last.output))
    if not short:
        return built
    return f"{built} " + _("Output fell below the plan in force in {years}.").format(years=", ".join(map(str, short)))


def _columns(key: str, years: Sequence[BandYear], title: str, summary: str) -> SafeString:
    width, height, left, top = 1040.0, 340.0, 70.0, 24.0
    bottom = height - 30
    ticks = round_steps(max((y.largest for y in years), default=1))
    scale = ValueScale(ticks[-1], bottom, top)
    marks: list[str] = []
    for tick in ticks:
        y = scale.at(tick)
        marks += [line(left, y, width, y, "gridline"), text(left - 10, y + 4, number(tick), class_="axis", anchor="end")]
    room = (width - left) / max(len(years), 1)
    thick = min(34.0, room * 0.46)
    for n, year in enumerate(years):
        middle = left + room * (n + 0.5)
        marks.append(text(middle, height - 8, str(year.year), class_="axis", anchor="middle"))
        for plan, class_ in ((year.plan, "band"), (year.first_plan if year.first_plan != year.plan else None, "band first")):
            if plan:
                y_high, y_low = scale.at(plan[1]), scale.at(plan[0])
                marks.append(rect(middle - thick * 0.8, y_high - 1, thick * 1.6, max(y_low - y_high, 3), class_, radius=3))
        if year.output is not None:
            y = scale.at(year.output)
            bar = "bar-short" if year.short else "bar-main"
            marks.append(rect(middle - thick / 2, y, thick, bottom - y, bar, radius=3))
            marks.append(text(middle, y - 6, number(year.output), class_="late" if year.short else "", anchor="middle"))
        wing = thick * 0.7
        marks += [line(middle - wing, scale.at(rival), middle + wing, scale.at(rival), "claim-range") for rival in year.rivals]
    return drawing(key, "wide", width, height, title, summary, marks)


def _bars(key: str, years: Sequence[BandYear], title: str, summary: str) -> SafeString:
    width, left, step = 358.0, 44.0, 40.0
    scale = ValueScale(round_steps(max((y.largest for y in years), default=1))[-1], left, width - 62)
    marks: list[str] = []
    for n, year in enumerate(reversed(years)):
        y = n * step + 6
        marks.append(text(0, y + 21, str(year.year), class_="axis"))
        marks.append(rect(left, y + 8, scale.end - left, 18, "track", radius=3))
        for plan, class_ in ((year.plan, "band"), (year.first_plan if year.first_plan != year.plan else None, "band first")):
            if plan:
                x_low, x_high = scale.at(plan[0]), scale.at(plan[1])
                marks.append(rect(x_low - 1, y + 3, max(x_high - x_low, 3), 28, class_, radius=3))
        if year.output is not None:
            bar = "bar-short" if year.short else "bar-main"
            marks.append(rect(left, y + 10, scale.at(year.output) - left, 14, bar, radius=3))
            marks.append(text(width, y + 22, number(year.output), class_="late" if year.short else "", anchor="end"))
        marks += [line(scale.at(rival), y + 6, scale.at(rival), y + 28, "claim-range") for rival in year.rivals]
    return drawing(key, "narrow", width, len(years) * step + 8, title, summary, marks)


def _swatch(*marks: str) -> SafeString:
    return el("svg", *marks, viewBox="0 0 22 12", aria_hidden="true")
