"""Asking the Bank of Russia for new rates, and storing what it says."""

from datetime import date, timedelta
from typing import Any

from cluster.domain.calendars import expected_rate_date
from cluster.domain.progress import Progress
from cluster.gateways import bank_of_russia
from cluster.gateways.bank_of_russia import BadReply
from cluster.gateways.rate_files import Row, read_xml
from cluster.queries.rates import newest_rate
from cluster.services.rates import Origin, store_rates

ORIGIN = Origin("Банк России (cbr.ru)", "Bank of Russia (cbr.ru)")
# The longest time that one rate was ever in force is the January holidays; an older date is another day's page.
LONGEST_IN_FORCE = timedelta(days=15)
# Corrections of the last days come with the new rates; a first start takes a month.
LOOK_BACK = timedelta(days=7)
FIRST_LOOK_BACK = timedelta(days=31)
_ONE_DAY = timedelta(days=1)


def fetch_rates(*, as_of: date, progress: Progress) -> tuple[dict[str, Any], bool]:
    """Fetch what is new up to the day after `as_of`; returns figures, and whether rates in force may have changed.

    The day's page tells the newest rate; where rates between it and the last known one are missing, the range does.
    Raises NoConnection, BadReply, or BadRates; then nothing is stored.
    """
    progress(0, 3)
    tomorrow = as_of + _ONE_DAY
    newest = _dated(read_xml(bank_of_russia.daily(tomorrow), file="XML_daily", latest=tomorrow)[0], tomorrow)
    progress(1, 3)
    known = newest_rate()
    rates = {newest.rate.date: newest.rate}
    requests = 1
    if known is None or expected_rate_date(newest.rate.date - _ONE_DAY) > known.date:
        first = known.date - LOOK_BACK if known else newest.rate.date - FIRST_LOOK_BACK
        rows = read_xml(bank_of_russia.dynamic(first, newest.rate.date), file="XML_dynamic", latest=newest.rate.date)
        requests += 1
        # Where the two disagree about the same day, the day's page wins: it is what the bank shows as in force.
        rates = {row.rate.date: row.rate for row in rows} | rates
    progress(2, 3)
    stored = store_rates(rates.values(), origin=ORIGIN)
    progress(3, 3)
    figures: dict[str, Any] = {"requests": requests, "received": len(rates), **stored.figures(), "newest": newest.rate.date.isoformat()}
    if stored.quarantined:
        figures["quarantined_dates"] = [day.isoformat() for day in stored.quarantined]
    return figures, stored.changed


def _dated(row: Row, asked: date) -> Row:
    """The date on the page counts, not the one asked for; but it must be a date whose rate can be in force then."""
    if not asked - LONGEST_IN_FORCE <= row.rate.date <= asked:
        raise BadReply("The Bank of Russia answered with the rate of {date} when asked for {asked}.", date=row.rate.date, asked=asked)
    return row
