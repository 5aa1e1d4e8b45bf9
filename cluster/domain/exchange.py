"""Roubles to dollars: the rate in force, its staleness, jumps that a person must accept, and the conversion itself."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from cluster.domain.calendars import expected_rate_date
from cluster.domain.errors import DomainError
from cluster.domain.money import plain_number, round_money
from cluster.domain.texts import printable

JUMP_LIMIT = Decimal("0.10")
# No official dollar rate ever moved so far between neighbours; a lost decimal point or nominal does at once.
ABSURD_FACTOR = 5
# A rouble since then is a thousand roubles of before.
_REDENOMINATION = date(1998, 1, 1)
_OLD_ROUBLES = 1000
_FOUR_DECIMALS = Decimal("0.0001")
NOMINALS = (1, 10, 100, 1_000, 10_000, 100_000)
# No rate was ever printed above this; the column holds more.
LARGEST_RATE = Decimal(1_000_000)
_RATE = re.compile(
    r"(?P<sign>[+\-\u2212]?)(?P<whole>\d{1,10}|\d{1,3}(?:[\u0020\u00a0\u2009\u202f]\d{3})+)(?:[.,](?P<decimals>\d+))?", re.ASCII
)


class Basis(StrEnum):
    """Which rate a dollar figure stands on; always named beside the figure."""

    CONTRACT = "contract"
    PAYMENT = "payment"
    REPORTING = "reporting"


@dataclass(frozen=True, slots=True)
class Rate:
    """An official rate: `value` roubles for `nominal` units of `currency`, dated `date`."""

    date: date
    value: Decimal
    nominal: int = 1
    currency: str = "USD"

    @property
    def per_unit(self) -> Decimal:
        """Roubles for one unit, in full precision."""
        return self.value / self.nominal

    @property
    def comparable(self) -> Decimal:
        """Today's roubles for one unit: what rates of different times are compared by."""
        return self.per_unit if self.date >= _REDENOMINATION else self.per_unit / _OLD_ROUBLES


def convert_rub(amount_rub: Decimal, rate: Rate) -> Decimal:
    """RUB * nominal / value, computed in full precision and rounded once to cents."""
    return round_money(amount_rub * rate.nominal / rate.value)


def convert_usd(amount_usd: Decimal, rate: Rate) -> Decimal:
    """USD * value / nominal, computed in full precision and rounded once to kopecks."""
    return round_money(amount_usd * rate.per_unit)


def is_stale(rate_date: date, *, on: date) -> bool:
    """Whether the rate that ought to be in force on `on` by the working calendar is newer than `rate_date`."""
    return rate_date < expected_rate_date(on)


def is_jump(rate: Rate, before: Rate) -> bool:
    """Whether `rate` lies more than 10 % from the rate before it, so that a person must accept it first."""
    return abs(change(rate, before)) > JUMP_LIMIT


def change(rate: Rate, before: Rate) -> Decimal:
    """By how much `rate` differs from the one before it, as a share of that one: 0.1 is ten per cent more roubles."""
    return rate.comparable / before.comparable - 1


def is_absurd(rate: Rate, neighbour: Rate) -> bool:
    """Whether a rate is five times its neighbour or more, or a fifth or less: an error of writing, not a movement."""
    return rate.comparable >= neighbour.comparable * ABSURD_FACTOR or rate.comparable * ABSURD_FACTOR <= neighbour.comparable


def parse_rate(text: str, *, field: str = "value") -> Decimal:
    """Read a rate as a person types it: `93,4419` or `93.4419`, four decimals at most, above zero.

    Raises DomainError naming `field`: code `ambiguous` for three digits after a mark, which could be thousands, `precision`
    for more than four decimals, `not_positive`, `too_large`, and `not_a_number` for everything else.
    """
    match = _RATE.fullmatch(text.strip())
    if match is None:
        raise DomainError("“{text}” is not a rate: write 93,4419.", field=field, code="not_a_number", text=text.strip()[:40])
    whole, decimals = re.sub(r"\s", "", match["whole"]), match["decimals"] or ""
    if len(decimals) == 3 and whole == match["whole"] and 1 <= len(whole) <= 3 and whole != "0":
        raise DomainError(
            "“{text}” can be read as {thousands} or as {decimal}: write all four decimals, {decimal}.",
            field=field,
            code="ambiguous",
            text=text.strip(),
            thousands=whole + decimals,
            decimal=f"{whole},{decimals}0",
        )
    value = Decimal(f"{whole}.{decimals or 0}")
    return check_rate(-value if match["sign"] in ("-", "\u2212") and match["sign"] else value, field=field)


def read_rate(given: object, *, field: str = "value") -> Decimal:
    """Read a rate as a program sends it: `"93.4419"`, or the same as a number. Raises DomainError naming `field`: see parse_rate."""
    number = plain_number(given)
    if number is None:
        raise DomainError(
            "“{text}” is not a rate: write digits, and four decimals at most after a point, such as 93.4419.",
            field=field,
            code="not_a_number",
            text=printable(str(given), 40),
        )
    return check_rate(number, field=field)


def check_rate(value: Decimal, *, field: str = "value") -> Decimal:
    """The value of a rate with its four decimals, or a DomainError naming `field`: see parse_rate."""
    if not value.is_finite():
        raise DomainError("“{text}” is not a rate: write 93,4419.", field=field, code="not_a_number", text=value)
    if value <= 0:
        raise DomainError("A rate is above zero: write the roubles that the bank printed.", field=field, code="not_positive")
    if value > LARGEST_RATE:
        raise DomainError("No rate was ever above a million roubles: check the value and the nominal.", field=field, code="too_large")
    if value != value.quantize(_FOUR_DECIMALS):
        raise DomainError(
            "A rate has four decimals at most: write it as the bank prints it, such as 93.4419.", field=field, code="precision"
        )
    return value.quantize(_FOUR_DECIMALS)
