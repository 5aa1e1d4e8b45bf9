"""The S-curve: budget, payments and outlook added up month by month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from cluster.charts.chart import Cell, Chart
from cluster.charts.lines import Line, draw_lines, end_of
from cluster.domain.dates import DateWindow
from cluster.templatetags.format import money_rub, money_short, month, window_short


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Roubles from the beginning to the end of a month; None where a line does not reach."""

    month: date
    budget: Decimal | None
    paid: Decimal | None
    outlook: Decimal | None


def curve(key: str, points: Sequence[CurvePoint], *, as_of: date) -> Chart:
    """The points in the order of their months."""
    title = _("Budget, paid and outlook, added up by month")
    summary = _summary(points, as_of)
    lines = _lines(points, as_of)
    wide, narrow = draw_lines(key, lines, as_of=as_of, title=title, summary=summary)
    return Chart(
        key=key,
        title=title,
        summary=summary,
        wide=wide,
        narrow=narrow,
        columns=[
            Cell(_("Month")),
            Cell(_("Budget"), numeric=True),
            Cell(_("Paid"), numeric=True),
            Cell(_("Outlook"), numeric=True),
        ],
        rows=[[Cell(month(p.month)), *(Cell(money_rub(value), numeric=True) for value in (p.budget, p.paid, p.outlook))] for p in points],
        legend=[one.swatch for one in lines],
    )


def _lines(points: Sequence[CurvePoint], as_of: date) -> list[Line]:
    """Each from the beginning of the first month; payments reach no further than the day."""
    start = (points[0].month, Decimal(0))
    found = []
    for name, words in (("budget", _("budget")), ("outlook", _("outlook")), ("paid", _("paid"))):
        limit = as_of if name == "paid" else None
        known = [(end_of(p.month, limit), value) for p in points if (value := getattr(p, name)) is not None]
        found.append(Line(name, words, [start, *known] if known else []))
    return found


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
