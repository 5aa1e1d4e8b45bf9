"""The Russian working calendar, transferred days included, and the days on which a rate can exist."""

from datetime import date, timedelta
from functools import cache

import holidays

_RUSSIA = holidays.country_holidays("RU")
_ONE_DAY = timedelta(days=1)
# The Bank of Russia has published the dollar's rate since then.
_FIRST_RATE = date(1992, 7, 1)
# 30 March - 3 April 2020 were declared non-working days: no rate is dated 31 March - 4 April, whatever the calendar says.
_NO_RATE_AGAINST_THE_CALENDAR = frozenset(date(2020, 3, 31) + timedelta(days=n) for n in range(5))


@cache
def is_working_day(on: date) -> bool:
    """Whether `on` is worked in Russia (moved Saturdays are; holidays and the days moved for them are not)."""
    return bool(_RUSSIA.is_working_day(on))


def has_rate(on: date) -> bool:
    """Whether an official rate dated `on` is to exist: if and only if the day before is worked."""
    return on not in _NO_RATE_AGAINST_THE_CALENDAR and is_working_day(on - _ONE_DAY)


def expected_rate_date(on: date) -> date:
    """The date of the rate that ought to be in force on `on`: the newest date not after it on which one is to exist.

    Before the first official rate (1 July 1992) there is none to look for: the answer is `on` itself.
    """
    while on >= _FIRST_RATE and not has_rate(on):
        on -= _ONE_DAY
    return on
