"""Roubles to dollars: the rate in force, its staleness, jumps that a person must accept, and the conversion itself."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from cluster.domain.calendars import expected_rate_date
from cluster.domain.money import round_money

JUMP_LIMIT = Decimal("0.10")
# No official dollar rate ever moved so far between neighbours; a lost decimal point or nominal does at once.
ABSURD_FACTOR = 5


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


def convert_rub(amount_rub: Decimal, rate: Rate) -> Decimal:
    """RUB * nominal / value, computed in full precision and rounded once to cents."""
    return round_money(amount_rub * rate.nominal / rate.value)


def is_stale(rate_date: date, *, on: date) -> bool:
    """Whether the rate that ought to be in force on `on` by the working calendar is newer than `rate_date`."""
    return rate_date < expected_rate_date(on)


def is_jump(rate: Rate, before: Rate) -> bool:
    """Whether `rate` lies more than 10 % from the rate before it, so that a person must accept it first."""
    return abs(rate.per_unit / before.per_unit - 1) > JUMP_LIMIT


def is_absurd(per_unit: Decimal, neighbour: Decimal) -> bool:
    """Whether a rate is five times its neighbour or more, or a fifth or less: an error of writing, not a movement."""
    return per_unit >= neighbour * ABSURD_FACTOR or per_unit * ABSURD_FACTOR <= neighbour
