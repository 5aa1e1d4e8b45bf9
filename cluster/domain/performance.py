"""How factories perform over time: earned value and earned schedule as of a day, and the sums by month from which they follow.

A period of the earned schedule is a calendar month; time 0 is the beginning of the month in which the first weighted milestone is due.
"""

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from math import ceil

from cluster.domain.dates import LAST_DAY, months
from cluster.domain.earned_value import EarnedSchedule, EarnedValue, WeightedMilestone, earned_schedule, earned_value
from cluster.domain.errors import DomainError
from cluster.domain.money import round_money

_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Account:
    """What earned value needs of one factory as known on a day: its budget, its weighted milestones, its payments by month (net)."""

    bac: Decimal
    milestones: Sequence[WeightedMilestone]
    paid: Mapping[date, Decimal]


@dataclass(frozen=True, slots=True)
class Point:
    """Roubles added up to the end of a month; what is earned and paid, only up to the day asked for, and None in the months after."""

    month: date
    pv: Decimal
    ev: Decimal | None
    ac: Decimal | None


@dataclass(frozen=True, slots=True)
class Performance:
    """Earned value of one factory or the sum of several. `start` is time 0, `planned_end` the last due date that earns something.

    `completed_on` is the day on which the last of it was earned: time stands still from then on. `ieac_on` is the day on which
    IEAC(t) months are over, None where that is not defined or lies beyond the year 2100.
    """

    value: EarnedValue
    schedule: EarnedSchedule
    start: date
    planned_end: date
    completed_on: date | None
    points: tuple[Point, ...]

    @property
    def ieac_on(self) -> date | None:
        """The independent estimate of the end as a day."""
        return None if self.schedule.ieac is None else day_after(self.start, self.schedule.ieac)


def performance(accounts: Iterable[Account], *, as_of: date) -> Performance:
    """Earned value of the accounts together: every rouble is rounded for each factory, so that sums add up.

    Raises DomainError where there is no account, or the weights of one do not sum to 1.
    """
    found = list(accounts)
    if not found:
        raise DomainError("No factory has both a budget and weighted milestones.", code="no_weights")
    values = [earned_value(bac=one.bac, ac=_paid_by(one, as_of), milestones=one.milestones, as_of=as_of) for one in found]
    weighted = [milestone for one in found for milestone in one.milestones if milestone.weight]
    start = min(milestone.due for milestone in weighted).replace(day=1)
    planned_end = max(milestone.due for milestone in weighted)
    reached = [milestone.reached for milestone in weighted if milestone.reached is not None and milestone.reached <= as_of]
    completed_on = max(reached) if len(reached) == len(weighted) else None
    whole = EarnedValue(
        bac=sum((value.bac for value in values), _ZERO),
        pv=sum((value.pv for value in values), _ZERO),
        ev=sum((value.ev for value in values), _ZERO),
        ac=sum((value.ac for value in values), _ZERO),
    )
    spent = [month for one in found for month in one.paid if month <= as_of]
    axis = list(months(min([start, *reached, *spent]), max(planned_end, as_of)))
    planned = _sums(axis, [(one.bac, [(m.due, m.weight) for m in one.milestones]) for one in found])
    earned = _sums(axis, [(one.bac, [(m.reached, m.weight) for m in one.milestones if m.reached and m.reached <= as_of]) for one in found])
    paid = list(accumulate(sum((one.paid.get(month, _ZERO) for one in found if month <= as_of), _ZERO) for month in axis))
    schedule = earned_schedule(
        planned_values=[_ZERO, *(value for month, value in zip(axis, planned, strict=True) if start <= month <= planned_end)],
        ev=whole.ev,
        at=months_between(start, completed_on or as_of),
    )
    points = tuple(
        Point(month, pv, ev if month <= as_of else None, ac if month <= as_of else None)
        for month, pv, ev, ac in zip(axis, planned, earned, paid, strict=True)
    )
    return Performance(whole, schedule, start, planned_end, completed_on, points)


def months_between(start: date, end: date) -> Decimal:
    """Months from the beginning of `start`, the first day of a month, to the end of the day `end`; 0 where that lies before it.

    A part of a month counts by its days: the end of 15 June is half of June.
    """
    if end < start:
        return Decimal(0)
    whole = (end.year - start.year) * 12 + end.month - start.month
    return whole + Decimal(end.day) / monthrange(end.year, end.month)[1]


def day_after(start: date, months: Decimal) -> date | None:
    """The day at whose end so many months have passed since the beginning of `start`; None beyond the year 2100."""
    whole = int(months)
    number = start.year * 12 + start.month - 1 + whole
    if number > LAST_DAY.year * 12 + LAST_DAY.month - 1:
        return None
    month = date(number // 12, number % 12 + 1, 1)
    # The day that is only partly needed counts: who is ready in it is ready at its end.
    days = ceil(round((months - whole) * monthrange(month.year, month.month)[1], 6))
    return month + timedelta(days=days - 1)


def _paid_by(account: Account, as_of: date) -> Decimal:
    return sum((amount for month, amount in account.paid.items() if month <= as_of), _ZERO)


def _sums(axis: Sequence[date], accounts: Iterable[tuple[Decimal, Iterable[tuple[date, Decimal]]]]) -> list[Decimal]:
    """By the end of each month of the axis, what weights on days up to then are worth of budgets; rounded for each budget."""
    found = [_ZERO] * len(axis)
    for bac, weights in accounts:
        shares = [Decimal(0)] * len(axis)
        for on, weight in weights:
            if weight:
                shares[bisect_right(axis, on) - 1] += weight
        found = [total + round_money(bac * share) for total, share in zip(found, accumulate(shares), strict=True)]
    return found
