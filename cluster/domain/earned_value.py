"""Earned value and earned schedule of weighted milestones, in roubles.

Earned value: ANSI/EIA-748; earned schedule: Lipke (2003), "Schedule is Different". The budget of a factory is spread over its
milestones by weight; a milestone is earned when it is reached and not before: level of effort and per cent complete are not used.
What a zero denominator leaves undefined is None, never 0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from cluster.domain.errors import DomainError
from cluster.domain.money import round_money

_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class WeightedMilestone:
    """A share of the budget: due by the end of `due`, earned on `reached` (None: not yet)."""

    weight: Decimal
    due: date
    reached: date | None = None


class Method(StrEnum):
    """How the estimate at completion is made: the cost so far goes on; the rest goes as planned; cost and schedule both go on."""

    CPI = "cpi"
    PLAN = "plan"
    CPI_SPI = "cpi_spi"


@dataclass(frozen=True, slots=True)
class EarnedValue:
    """Budget at completion, planned value, earned value, actual cost, all in roubles as of one day."""

    bac: Decimal
    pv: Decimal
    ev: Decimal
    ac: Decimal

    @property
    def cv(self) -> Decimal:
        """Cost variance: EV - AC."""
        return self.ev - self.ac

    @property
    def sv(self) -> Decimal:
        """Schedule variance in money: EV - PV."""
        return self.ev - self.pv

    @property
    def cpi(self) -> Decimal | None:
        """Cost performance: EV / AC."""
        return _ratio(self.ev, self.ac)

    @property
    def spi(self) -> Decimal | None:
        """Schedule performance in money: EV / PV. It drifts to 1 on late work: prefer SPI(t)."""
        return _ratio(self.ev, self.pv)

    def eac(self, method: Method) -> Decimal | None:
        """Estimate at completion: BAC / CPI; AC + BAC - EV; AC + (BAC - EV) / (CPI x SPI)."""
        if method is Method.PLAN:
            return round_money(self.ac + self.bac - self.ev)
        if method is Method.CPI:
            return _rounded(_ratio(self.bac * self.ac, self.ev))
        # 1 / (CPI x SPI) as one quotient, so that nothing is rounded on the way.
        rest = _ratio((self.bac - self.ev) * self.ac * self.pv, self.ev * self.ev)
        return None if rest is None else round_money(self.ac + rest)

    def etc(self, method: Method) -> Decimal | None:
        """Estimate to complete: EAC - AC."""
        eac = self.eac(method)
        return None if eac is None else eac - self.ac

    def vac(self, method: Method) -> Decimal | None:
        """Variance at completion: BAC - EAC."""
        eac = self.eac(method)
        return None if eac is None else self.bac - eac

    @property
    def tcpi(self) -> Decimal | None:
        """Performance that the rest needs to keep the budget: (BAC - EV) / (BAC - AC)."""
        return _ratio(self.bac - self.ev, self.bac - self.ac)

    def tcpi_of(self, method: Method) -> Decimal | None:
        """Performance that the rest needs to keep the estimate: (BAC - EV) / (EAC - AC)."""
        etc = self.etc(method)
        return None if etc is None else _ratio(self.bac - self.ev, etc)


@dataclass(frozen=True, slots=True)
class EarnedSchedule:
    """Earned schedule `es` and actual time `at`, in periods of the plan, of a plan that lasts `planned` periods."""

    es: Decimal
    at: Decimal
    planned: Decimal

    @property
    def sv(self) -> Decimal:
        """Schedule variance in time: ES - AT."""
        return self.es - self.at

    @property
    def spi(self) -> Decimal | None:
        """Schedule performance in time: ES / AT."""
        return _ratio(self.es, self.at)

    @property
    def ieac(self) -> Decimal | None:
        """Independent estimate of the duration: PD / SPI(t)."""
        return _ratio(self.planned * self.at, self.es)


def earned_value(*, bac: Decimal, ac: Decimal, milestones: Iterable[WeightedMilestone], as_of: date) -> EarnedValue:
    """PV: weights whose due date has passed; EV: weights reached. Raises DomainError unless the weights sum to 1."""
    known = list(milestones)
    total = sum((milestone.weight for milestone in known), Decimal(0))
    if total != _ONE or any(milestone.weight < 0 for milestone in known):
        raise DomainError("The weights of the milestones must sum to 1; they sum to {total}.", field="weight", code="weights", total=total)
    due = sum((m.weight for m in known if m.due <= as_of), Decimal(0))
    reached = sum((m.weight for m in known if m.reached is not None and m.reached <= as_of), Decimal(0))
    return EarnedValue(bac=bac, pv=round_money(bac * due), ev=round_money(bac * reached), ac=ac)


def earned_schedule(*, planned_values: Sequence[Decimal], ev: Decimal, at: Decimal) -> EarnedSchedule:
    """ES = C + (EV - PV_C) / (PV_{C+1} - PV_C), C the last whole period whose cumulative planned value is earned.

    `planned_values` are cumulative, the first one (usually 0) at time 0. Raises DomainError where they fall or there is no period.
    """
    if len(planned_values) < 2:
        raise DomainError("A plan needs at least one period.", code="empty")
    if any(later < earlier for earlier, later in pairwise(planned_values)):
        raise DomainError("Cumulative planned values never fall.", code="order")
    last = len(planned_values) - 1
    whole = max((n for n, value in enumerate(planned_values) if value <= ev), default=0)
    es = Decimal(whole)
    if whole < last and ev > planned_values[whole]:
        es += (ev - planned_values[whole]) / (planned_values[whole + 1] - planned_values[whole])
    # What is planned late but worth nothing more does not make work that is complete early late: the plan ends where its value does.
    end = next(n for n, value in enumerate(planned_values) if value == planned_values[-1])
    return EarnedSchedule(es=min(es, Decimal(end)), at=at, planned=Decimal(end))


def _ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    # Nothing divided by something negative is 0, not -0.
    return part / whole + 0 if whole else None


def _rounded(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else round_money(amount)
