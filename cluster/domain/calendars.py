"""The Russian working calendar, transferred days and own exceptions included, and the days on which a rate can exist."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import holidays
import numpy as np
from numpy.typing import NDArray

from cluster.domain.dates import FIRST_DAY, LAST_DAY
from cluster.domain.errors import DomainError

_RUSSIA = holidays.country_holidays("RU")
_ONE_DAY = timedelta(days=1)
# The Bank of Russia has published the dollar's rate since then.
FIRST_RATE = date(1992, 7, 1)
# 30 March - 3 April 2020 were declared non-working days: no rate is dated 31 March - 4 April, whatever the calendar says.
_NO_RATE_AGAINST_THE_CALENDAR = frozenset(date(2020, 3, 31) + timedelta(days=n) for n in range(5))


@cache
def is_working_day(on: date) -> bool:
    """Whether `on` is worked in Russia (moved Saturdays are; holidays and the days moved for them are not)."""
    return bool(_RUSSIA.is_working_day(on))


def has_rate(on: date) -> bool:
    """Whether an official rate dated `on` is to exist: if and only if the day before is worked."""
    return on not in _NO_RATE_AGAINST_THE_CALENDAR and is_working_day(on - _ONE_DAY)


def next_rate_date(after: date) -> date:
    """The first date after `after` on which a rate is to exist: from then on the rate dated `after` is stale.

    It says the same as `expected_rate_date`: the rate dated D is older than expected on a day if and only if that day is not before
    the answer for D. Before the first official rate that is the next day.
    """
    on = after + _ONE_DAY
    while on >= FIRST_RATE and not has_rate(on):
        on += _ONE_DAY
    return on


def expected_rate_date(on: date) -> date:
    """The date of the rate that ought to be in force on `on`: the newest date not after it on which one is to exist.

    Before the first official rate (1 July 1992) there is none to look for: the answer is `on` itself.
    """
    while on >= FIRST_RATE and not has_rate(on):
        on -= _ONE_DAY
    return on


@dataclass(frozen=True, slots=True)
class Gap:
    """Dates on which rates ought to exist and none is known: `count` of them in a row, from `first` to `last`."""

    first: date
    last: date
    count: int

    @property
    def until(self) -> date:
        """The day after the last one on which a rate of this gap ought to be in force."""
        return next_rate_date(self.last)


def rate_days(first: date, last: date) -> list[date]:
    """The days from `first` to `last` on which a rate is to exist; each day is looked up once for the whole process."""
    days = (date.fromordinal(n) for n in range(max(first, FIRST_RATE).toordinal(), last.toordinal() + 1))
    return [day for day in days if has_rate(day)]


def gaps(first: date, last: date, known: Collection[date]) -> list[Gap]:
    """The runs of days from `first` to `last` whose rate ought to exist but is not among `known`, the oldest first."""
    found: list[Gap] = []
    run: list[date] = []
    for day in rate_days(first, last):
        if day not in known:
            run.append(day)
        elif run:
            found.append(Gap(run[0], run[-1], len(run)))
            run = []
    return [*found, Gap(run[0], run[-1], len(run))] if run else found


class WorkingDays:
    """The working days of a plan as an axis: instant k is the start of working day k and the end of the one before it.

    The Russian calendar from 1990 to 2100 with `exceptions`: whether a day is worked against it. A day outside of these years raises
    DomainError (code `date_range`).
    """

    def __init__(self, exceptions: Mapping[date, bool] | None = None) -> None:
        worked = np.frombuffer(bytearray(_worked_in_russia()), dtype=bool)
        for day, works in (exceptions or {}).items():
            if FIRST_DAY <= day <= LAST_DAY:
                worked[day.toordinal() - _FIRST] = works
        # The numbers of the working days (proleptic Gregorian ordinals), and how many of them lie before each day.
        self.days: NDArray[np.int64] = np.flatnonzero(worked) + _FIRST
        self._before = np.concatenate(([0], np.cumsum(worked)))

    def start(self, ordinals: NDArray[np.int64]) -> NDArray[np.int64]:
        """The instants at which days begin: on a day of rest, at which the next working day does."""
        return self._before[_inside(ordinals)]

    def end(self, ordinals: NDArray[np.int64]) -> NDArray[np.int64]:
        """The instants at which days end: on a day of rest, at which the last working day did."""
        return self._before[_inside(ordinals) + 1]

    def day(self, instant: int) -> date:
        """The working day that starts at an instant, which lies on the axis."""
        return date.fromordinal(int(self.days[instant]))


_FIRST = FIRST_DAY.toordinal()


def _inside(ordinals: NDArray[np.int64]) -> NDArray[np.int64]:
    if len(ordinals) and (ordinals.min() < _FIRST or ordinals.max() > LAST_DAY.toordinal()):
        raise DomainError("Give a date from 1990 to 2100.", code="date_range")
    return ordinals - _FIRST


@cache
def _worked_in_russia() -> bytes:
    """One byte by day from 1990 to 2100: whether it is worked."""
    return bytes(_RUSSIA.is_working_day(date.fromordinal(day)) for day in range(_FIRST, LAST_DAY.toordinal() + 1))
