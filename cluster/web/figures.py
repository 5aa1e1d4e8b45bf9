"""The figures of the money pages: their names, what each is of a total or a cell, its dollars' basis, and its formula."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cluster.domain.outlook import Amounts, Cell, Total, amounts, converted_anew
from cluster.queries.money import Money
from cluster.templatetags.bases import basis_words, rate_words
from cluster.templatetags.format import money_rub, money_usd
from cluster.web.context import Frame

# How the address names what was not published: a detail, or a budget.
NONE = "none"
# In the order of the tables; the names are those of the address `?figure=`.
FIGURES: dict[str, Any] = {
    "budget": gettext_lazy("Budget"),
    "committed": gettext_lazy("Contracted"),
    "paid": gettext_lazy("Paid"),
    "remaining": gettext_lazy("Remaining"),
    "outlook": gettext_lazy("Outlook"),
    "real": gettext_lazy("Real effect"),
    "fx": gettext_lazy("FX effect"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One figure as a page shows it: where its rows are, and on which basis its dollars stand.

    `apart` is what factories without a published budget have paid beside it (None: nothing), `apart_url` leads to these rows;
    `anew` counts the lines and payments converted again because a rate came late or was corrected.
    """

    key: str
    label: str
    amounts: Amounts
    url: str
    basis: str
    note: str
    stale: bool
    missing: int
    apart: Decimal | None
    apart_url: str
    anew: int


def shown(name: str, money: Money, total: Total, frame: Frame, *, basis: str = "", **part: str) -> Shown:
    """A figure of a total; `part` is what its rows are filtered by."""
    found = amounts(name, total)
    note = _("The roubles are even; the cents are from rounding each row.") if name == "real" and found.rub == 0 and found.usd else ""
    return Shown(
        key=name,
        label=str(FIGURES[name]),
        amounts=found,
        url=rows_url(money.contract.code, frame, name, **part),
        basis=basis,
        note=note,
        stale=name in total.stale,
        missing=total.missing if found.usd is None and (found.rub is not None or name == "fx") else 0,
        apart=total.paid_apart_rub if name == "outlook" and total.payments_apart and found.rub is not None else None,
        apart_url=rows_url(money.contract.code, frame, "paid", **part | {"budget": NONE}),
        anew=converted_anew(name, total) if found.usd is not None else 0,
    )


def rows_url(code: str, frame: Frame, figure: str, **part: str) -> str:
    """The address of the rows behind a figure, on the day shown."""
    query = {"figure": figure, **part} | ({"as_of": frame.as_of.isoformat()} if frame.is_past else {})
    return f"{reverse('cluster:money_rows', args=[code])}?{urlencode(query)}"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a formula: in words, and with the numbers put in."""

    words: str
    numbers: str


def formula(figure: str, money: Money, total: Total, cells: list[Cell]) -> list[Step]:
    """How a figure was reckoned: roubles, then dollars."""
    made: dict[str, Callable[[Money, Total, list[Cell]], list[Step]]] = {
        "budget": _budget,
        "committed": _committed,
        "paid": _paid,
        "remaining": _remaining,
        "outlook": _outlook,
        "real": _real,
        "fx": _fx,
    }
    return made[figure](money, total, cells)


def _rub(value: Decimal | None) -> str:
    return money_rub(value) if value is not None else _("not known")


def _usd(value: Decimal | None) -> str:
    return money_usd(value) if value is not None else _("not known")


def _budget(money: Money, total: Total, cells: list[Cell]) -> list[Step]:
    rows = ngettext("%(n)s budget line", "%(n)s budget lines", total.lines) % {"n": total.lines}
    return [
        Step(_("The sum of the budget lines under the baseline in force."), f"{rows} = {_rub(amounts('budget', total).rub)}"),
        Step(
            _("Dollars: each line at the rate in force when it was announced, else when its baseline came into force."),
            f"{basis_words('budget', money, cells)} → {_usd(amounts('budget', total).usd)}",
        ),
    ]


def _entries(figure: str, count: int, total: Total, words: str) -> list[Step]:
    rows = ngettext("%(n)s ledger entry", "%(n)s ledger entries", count) % {"n": count}
    found = amounts(figure, total)
    return [
        Step(words, f"{rows} = {_rub(found.rub)}"),
        Step(
            _("Dollars: each entry at the rate in force on its date; a reversal at that of the entry it takes back."),
            f"= {_usd(found.usd)}",
        ),
    ]


def _paid(money: Money, total: Total, cells: list[Cell]) -> list[Step]:
    return _entries("paid", total.payments, total, _("The sum of the payments less what was reversed."))


def _committed(money: Money, total: Total, cells: list[Cell]) -> list[Step]:
    return _entries(
        "committed", total.commitments, total, _("The sum of the commitments (contracts with suppliers) less what was reversed.")
    )


def _remaining(money: Money, total: Total, cells: list[Cell]) -> list[Step]:
    now = rate_words(money.reporting) if money.reporting else _("no rate is known")
    return [
        Step(
            _("Estimate at completion less paid. The estimate: the largest of budget, commitments and payments by category and factory."),
            f"{_rub(total.outlook_rub)} − {_rub(total.paid_planned_rub)} = {_rub(total.remaining_rub)}",
        ),
        Step(
            _("Dollars: each row at the rate in force on the day shown, rounded to the cent."),
            f"{_rub(total.remaining_rub)} / {now} → {_usd(total.remaining_usd)}",
        ),
    ]


def _outlook(money: Money, total: Total, cells: list[Cell]) -> list[Step]:
    apart = Step(
        _("Factories without a published budget have no outlook: what they paid is left out."),
        f"{_rub(total.paid_rub)} − {_rub(total.paid_apart_rub)} = {_rub(total.paid_planned_rub)}",
    )
    return [
        *([apart] if total.payments_apart else []),
        Step(
            _("Paid and remaining: the estimate at completion."),
            f"{_rub(total.paid_planned_rub)} + {_rub(total.remaining_rub)} = {_rub(total.outlook_rub)}",
        ),
        Step(
            _("Dollars: payments at their own rates, what remains at the reporting rate."),
            f"{_usd(total.paid_planned_usd)} + {_usd(total.remaining_usd)} = {_usd(total.outlook_usd)}",
        ),
    ]


def _real(money: Money, total: Total, cells: list[Cell]) -> list[Step]:
    return [
        Step(_("Outlook less budget."), f"{_rub(total.outlook_rub)} − {_rub(total.budget_rub)} = {_rub(total.real_rub)}"),
        Step(
            _("Dollars: the difference of each row at the contract rate of its factory, rounded to the cent."),
            f"{basis_words('real', money, cells)} → {_usd(total.real_usd)}",
        ),
    ]


def _fx(money: Money, total: Total, cells: list[Cell]) -> list[Step]:
    return [
        Step(
            _("Outlook in dollars less budget in dollars less real effect: what rates changed."),
            f"{_usd(total.outlook_usd)} − {_usd(total.budget_usd)} − ({_usd(total.real_usd)}) = {_usd(total.fx_usd)}",
        )
    ]
