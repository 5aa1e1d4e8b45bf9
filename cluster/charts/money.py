"""The money bar: one commitment, what of it is allocated to factories, what was paid and what is said to be invested."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cluster.charts.chart import Cell, Chart
from cluster.charts.scale import ValueScale
from cluster.charts.svg import drawing, el, line, rect, text
from cluster.templatetags.format import money_range, money_short, percent


@dataclass(frozen=True, slots=True)
class MoneyBar:
    """Roubles; None where nothing was published. `invested_low` and `invested_high` span the claims."""

    committed: Decimal
    allocated: Decimal
    paid: Decimal
    invested_low: Decimal | None = None
    invested_high: Decimal | None = None


def money_bar(key: str, money: MoneyBar) -> Chart:
    """Shares of the commitment, to one scale."""
    title = _("Of what was committed")
    share = percent(money.allocated / money.committed * 100)
    summary = _("{allocated} of {committed} ({share}) is allocated to named factories.").format(
        allocated=money_short(money.allocated), committed=money_short(money.committed), share=share
    )
    rows = [
        (_("committed"), money_short(money.committed)),
        (_("allocated to factories"), money_short(money.allocated)),
        (_("paid, by the ledger"), money_short(money.paid)),
    ]
    if money.invested_low is not None:
        rows.append((_("invested, as published"), money_range(money.invested_low, money.invested_high)))
    return Chart(
        key=key,
        title=title,
        summary=summary,
        wide=_draw(key, "wide", 1040, money, title, summary),
        narrow=_draw(key, "narrow", 358, money, title, summary),
        columns=[Cell(_("What")), Cell(_("Amount"), numeric=True)],
        rows=[[Cell(what), Cell(amount, numeric=True)] for what, amount in rows],
    )


def _draw(key: str, layout: str, width: float, money: MoneyBar, title: str, summary: str) -> SafeString:
    top = max(money.committed, money.allocated, money.paid, money.invested_high or Decimal(0))
    scale = ValueScale(top, 0, width)
    marks: list[str] = [
        rect(0, 26, scale.at(money.committed), 30, "seg2", radius=6),
        rect(0, 26, scale.at(money.allocated), 30, "seg1", radius=6),
    ]
    if money.paid > 0:
        marks.append(rect(0, 48, scale.at(money.paid), 8, "seg3", radius=3))
    if money.invested_low is not None:
        low, high = scale.at(money.invested_low), scale.at(money.invested_high or money.invested_low)
        middle = (low + high) / 2
        marks += [
            line(low, 20, high, 20, "claim-range"),
            line(middle, 20, middle, 62, "tick"),
            text(middle, 12, _("invested {amount}").format(amount=money_range(money.invested_low, money.invested_high)), anchor="middle"),
        ]
    marks += [
        text(0, 76, _("allocated {amount}").format(amount=money_short(money.allocated)), class_="sub"),
        text(width, 76, money_short(money.committed), class_="sub", anchor="end"),
    ]
    return drawing(key, layout, width, 82, title, summary, [el("g", *marks)])
