"""Ranges, worded quantities and periods: for whatever carries `low` and `high`, `quantity`, `year` and `month`."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import template

from cluster.models import Claim
from cluster.templatetags.format import MINUS, claim_value, days, money_short, month, number, percent, qualified

register = template.Library()


@register.filter
def span(pair: tuple[int, int] | None) -> str:
    """`80 000–100 000`, or one number where both ends are the same."""
    if pair is None:
        return ""
    return number(pair[0]) if pair[0] == pair[1] else f"{number(pair[0])}–{number(pair[1])}"


@register.filter
def range_words(fact: Any) -> str:
    """The range of a plan or a capacity as its source words it: `около 70 000`, `до 300 000`."""
    ends = [end for end in (fact.low, fact.high) if end is not None]
    return qualified(span((ends[0], ends[-1])), fact.qualifier) if ends else ""


@register.filter
def quantity_words(fact: Any) -> str:
    """A quantity as its source words it: `более 33 400`."""
    return qualified(number(fact.quantity), fact.qualifier)


@register.filter
def said(fact: Any) -> str:
    """What a source says: the value of a claim, a quantity, or a range."""
    if isinstance(fact, Claim):
        return claim_value(fact)
    return quantity_words(fact) if hasattr(fact, "quantity") else range_words(fact)


@register.filter
def percent_span(pair: tuple[Decimal, Decimal]) -> str:
    """`9,5–11,1 %`, or one share where both ends look the same."""
    low, high = percent(pair[0]), percent(pair[1])
    return high if low == high else f"{low.rstrip('%').strip()}–{high}"


@register.filter
def share(value: float | None, decimals: int = 0) -> str:
    """A share of 1 in per cent: 0.314 -> `31 %`. What is not quite none or all is never written as such: `< 1 %`, `> 99 %`."""
    if value is None:
        return ""
    least = Decimal(1).scaleb(-decimals)
    exact = Decimal(value) * 100
    if 0 < exact < least:
        return f"< {percent(least, decimals)}"
    if 100 - least < exact < 100:
        return f"> {percent(100 - least, decimals)}"
    return percent(exact, decimals)


@register.filter
def signed_percent(value: Decimal | None, decimals: int = 1) -> str:
    """A change in per cent with its sign: `+9,9 %`, `−30 %`; at most `decimals` decimals."""
    if value is None:
        return ""
    written = percent(value, decimals)
    return written if written.startswith(MINUS) else f"+{written}"


@register.filter
def signed_days(value: int) -> str:
    """Days with their sign, lost or won: `+43 дня`, `−7 дней`, `0 дней`."""
    return _sign(value) + days(abs(value))


@register.filter
def signed_number(value: int) -> str:
    """A whole number with its sign: `+43`, `−7`, `0`."""
    return _sign(value) + number(abs(value))


@register.filter
def money_signed(value: Decimal | None) -> str:
    """Roubles in short with their sign: `+1,9 млрд ₽`, `−1,9 млрд ₽`."""
    return "" if value is None else f"+{money_short(value)}" if value > 0 else money_short(value)


def _sign(value: int) -> str:
    return "+" if value > 0 else MINUS if value < 0 else ""


@register.filter
def period(fact: Any) -> str:
    """A year, or a month of it."""
    return month(date(fact.year, fact.month, 1)) if fact.month else str(fact.year)
