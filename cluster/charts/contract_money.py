"""The money of a contract on its way to charts: its groups in order with their names, the S-curve, the bridges from budget to outlook."""

from collections.abc import Hashable, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from cluster.charts.bridge import Span, bridge
from cluster.charts.chart import Chart
from cluster.charts.curve import CurvePoint, curve
from cluster.domain.outlook import ZERO, Grouping, Total, totals_by
from cluster.models import CostCategory, FundingSource
from cluster.queries.money import Money
from cluster.templatetags.format import month as month_words

# The effects that a bridge has room for; the rest stand together.
WIDEST_BRIDGE = 6


def grouped(found: Money, by: Grouping) -> list[tuple[Hashable, str, Total]]:
    """The groups with their names, in the order in which people expect them; what has no detail comes last."""
    groups = {key[0]: total for key, total in totals_by(found.cells, by).items()}
    return [(key, _label(found, by, key), groups[key]) for key in sorted(groups, key=lambda one: _place(found, by, one))]


def money_curve(found: Money) -> Chart | None:
    """Sums by month, all three of the factories with a published budget, or of the payments alone where there is none.

    None where fewer than two months are known.
    """
    by_month = {key[0]: total for key, total in totals_by(found.cells, Grouping.MONTH).items() if isinstance(key[0], date)}
    if len(by_month) < 2:
        return None
    planned = any(total.lines for total in by_month.values())
    points, budget, paid, outlook = [], ZERO, ZERO, ZERO
    for month, total in sorted(by_month.items()):
        budget += total.budget_rub or ZERO
        paid += total.paid_planned_rub if planned else total.paid_rub
        outlook += total.outlook_rub or ZERO
        points.append(CurvePoint(month, budget if planned else None, paid if month <= found.as_of else None, outlook if planned else None))
    return curve("money-curve", points, as_of=found.as_of)


def dollar_bridge(total: Total) -> Chart | None:
    """From the budget at the contract rate over real and FX effect to the outlook; None where one of them is not known."""
    if total.budget_usd is None or total.real_usd is None or total.fx_usd is None or total.outlook_usd is None or not total.lines:
        return None
    spans = [
        Span(_("Budget at the contract rate"), total.budget_usd, is_total=True),
        Span(_("Real effect"), total.real_usd),
        Span(_("FX effect"), total.fx_usd),
        Span(_("Outlook"), total.outlook_usd, is_total=True),
    ]
    return bridge("bridge-usd", spans, title=_("From budget to outlook in dollars"), currency="USD")


def rouble_bridge(total: Total, rows: Sequence[tuple[str, Total]], by: Grouping) -> Chart | None:
    """By the largest effects of the groups shown; by month nothing but moved payments would be seen, so that it is one step."""
    if total.budget_rub is None or total.outlook_rub is None or total.real_rub is None or not total.lines:
        return None
    effects = [(label, group.real_rub) for label, group in rows if group.real_rub]
    if by in (Grouping.MONTH, Grouping.YEAR) or not effects:
        effects = [(_("Real effect"), total.real_rub)]
    largest = sorted(effects, key=lambda one: -abs(one[1] or ZERO))[:WIDEST_BRIDGE]
    spans = [Span(label, amount or ZERO) for label, amount in effects if (label, amount) in largest]
    rest = total.real_rub - sum((span.amount for span in spans), ZERO)
    if rest:
        spans.append(Span(_("others"), rest))
    first, last = Span(_("Budget"), total.budget_rub, is_total=True), Span(_("Outlook"), total.outlook_rub, is_total=True)
    return bridge("bridge-rub", [first, *spans, last], title=_("From budget to outlook in roubles"), currency="RUB")


def _place(found: Money, by: Grouping, key: Hashable) -> tuple[Any, ...]:
    if by is Grouping.FACTORY and isinstance(key, int):
        return (found.factories[key].order, found.factories[key].code)
    if by in (Grouping.CATEGORY, Grouping.FUNDING):
        values = CostCategory.values if by is Grouping.CATEGORY else FundingSource.values
        return (values.index(str(key)) if key else len(values),)
    return (key is None, key or 0)


def _label(found: Money, by: Grouping, key: Hashable) -> str:
    if by is Grouping.FACTORY and isinstance(key, int):
        return f"{found.factories[key].code} {found.factories[key].name}"
    if not key:
        return _("no month named") if by in (Grouping.MONTH, Grouping.YEAR) else _("not published in that detail")
    if by is Grouping.CATEGORY:
        return str(CostCategory(str(key)).label)
    if by is Grouping.FUNDING:
        return str(FundingSource(str(key)).label)
    return month_words(key) if isinstance(key, date) else str(key)
