"""On which basis and rate dollars stand, in words."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster.domain.outlook import Cell, ContractRate
from cluster.models import ExchangeRate
from cluster.queries.money import Money
from cluster.templatetags.format import date_short, rate


def basis_words(figure: str, money: Money, cells: Sequence[Cell]) -> str:
    """On which basis and rate the dollars of a figure stand; empty where the figure has none."""
    if figure == "budget":
        rates = {cell.line_quote.id for cell in cells if cell.line_quote}
        if len(rates) == 1:
            return _("contract basis: {rate}").format(rate=rate_words(money.rates[rates.pop()]))
        return _("contract basis: each line at the rate of its day")
    if figure == "real":
        agreed = {cell.contract for cell in cells if cell.contract}
        if len(agreed) == 1:
            return _("contract basis: {rate}").format(rate=contract_words(money, agreed.pop()))
        used = {money.rate_of(contract.quote) for contract in agreed}
        one = used.pop() if len(used) == 1 else None
        if one:
            return _("contract basis: {rate}").format(rate=rate_words(one))
        return _("contract basis: each factory at the rate of its budget, the effective one where its lines differ")
    if figure in ("paid", "committed"):
        return _("payment basis: each entry at the rate of its day")
    now = rate_words(money.reporting) if money.reporting else _("no rate is known")
    if figure == "remaining":
        return _("reporting basis: {rate}").format(rate=now)
    if figure == "outlook":
        return _("payments at their own rates, the rest at the reporting rate {rate}").format(rate=now)
    return _("what rates changed: no roubles")


def rate_words(used: ExchangeRate) -> str:
    """A rate with its date: `93,4419 ₽ от 13.04.2024`."""
    value = rate(used.value) if used.nominal == 1 else f"{rate(used.value)} / {used.nominal}"
    return _("{value} ₽ of {day}").format(value=value, day=date_short(used.date))


def contract_words(money: Money, contract: ContractRate) -> str:
    """The contract rate of a factory: that of its lines, or the effective one: `effective rate of 3 lines, 85.1234 ₽`."""
    used = money.rate_of(contract.quote)
    if used:
        return rate_words(used)
    words = ngettext("effective rate of %(n)s budget line, %(rate)s ₽", "effective rate of %(n)s budget lines, %(rate)s ₽", contract.lines)
    return words % {"n": contract.lines, "rate": rate(contract.effective)}
