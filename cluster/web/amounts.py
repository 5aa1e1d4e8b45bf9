"""Amounts as pages show them: roubles, dollars beside them, and on which basis and rate the dollars stand."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from cluster.domain.exchange import Basis, convert_rub
from cluster.models import Claim, ExchangeRate
from cluster.queries.dollars import Dollars


@dataclass(frozen=True, slots=True)
class InDollars:
    """A dollar figure with its basis; `rate` is None where many rates went into it."""

    usd: Decimal
    basis: Basis
    rate: ExchangeRate | None = None
    stale: bool = False
    short_by: int = 0


def reporting(amount_rub: Decimal | None, rate: ExchangeRate | None, *, stale: bool) -> InDollars | None:
    """Roubles at the rate of the day shown."""
    if amount_rub is None or rate is None:
        return None
    return InDollars(convert_rub(amount_rub, rate.rate), Basis.REPORTING, rate, stale)


def agreed(claim: Claim | None, *, as_of: date) -> InDollars | None:
    """A claim at the rate of the day it was announced, from its stored conversion; None where that was not made yet."""
    conversion = getattr(claim, "conversion", None) if claim else None
    if conversion is None or conversion.rate.date > as_of:
        return None
    return InDollars(conversion.usd, Basis.CONTRACT, conversion.rate, conversion.stale)


def less(whole: InDollars | None, part: InDollars | None) -> InDollars | None:
    """What is left of a sum at one basis, so that the parts make the whole to the cent; None where one of the two is not known."""
    if whole is None or part is None or whole.basis is not part.basis:
        return None
    rate = whole.rate if whole.rate == part.rate else None
    return InDollars(whole.usd - part.usd, whole.basis, rate, whole.stale or part.stale, part.short_by)


def summed(parts: Iterable[Dollars], basis: Basis) -> InDollars | None:
    """The sum of converted rows; None while none of them is converted."""
    parts = list(parts)
    known = [part.usd for part in parts if part.usd is not None]
    if not known:
        return None
    return InDollars(sum(known, Decimal(0)), basis, None, any(p.stale for p in parts), sum(p.missing for p in parts))
