"""Asking the Bank of Russia for rates, the new ones or those of a past time, and storing what it says."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from cluster.domain.calendars import FIRST_RATE, expected_rate_date
from cluster.domain.dates import parse_day
from cluster.domain.errors import DomainError
from cluster.domain.exchange import Rate
from cluster.domain.progress import Progress
from cluster.gateways import bank_of_russia
from cluster.gateways.bank_of_russia import BadReply
from cluster.gateways.rate_files import DOLLAR, Row, read_xml
from cluster.queries.rates import followed, newest_rate
from cluster.services.follow_up import Name, after_write
from cluster.services.rates import Origin, Stored, store_rates

ORIGIN = Origin("Банк России (cbr.ru)", "Bank of Russia (cbr.ru)")
# The longest time that one rate was ever in force is the January holidays; an older date is another day's page.
LONGEST_IN_FORCE = timedelta(days=15)
# A range of a past time stands in a series of its own: what lies further back than this is no neighbour of it.
PAST = Origin(ORIGIN.source_ru, ORIGIN.source_en, neighbour_within=timedelta(days=31))
# Corrections of the last days come with the new rates; a first start takes a month.
LOOK_BACK = timedelta(days=7)
FIRST_LOOK_BACK = timedelta(days=31)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """The rates of one currency dated from `first` to `last`."""

    first: date
    last: date
    currency: str = DOLLAR

    @classmethod
    def read(cls, params: dict[str, Any], *, today: date) -> "Span":
        """What a run was asked for: {"first", "last", "currency"}, days in ISO. Raises DomainError naming what is wrong."""
        for name in params:
            if name not in ("first", "last", "currency"):
                raise DomainError("There is no “{name}” to say here: first, last and currency.", field=str(name)[:40], name=str(name)[:40])
        first, last = (_day(params.get(name), name) for name in ("first", "last"))
        return cls(first, last, str(params.get("currency") or DOLLAR)).checked(today=today)

    def checked(self, *, today: date) -> "Span":
        """The span itself; DomainError where no rates can be asked for."""
        followed(self.currency)
        if self.first < FIRST_RATE:
            raise DomainError("The bank has set official rates since {first}.", field="first", code="too_early", first=FIRST_RATE)
        latest = today + _ONE_DAY
        for name, day in (("first", self.first), ("last", self.last)):
            if day > latest:
                raise DomainError(
                    "No rate can be known yet for {date}: the newest may be of {latest}.",
                    field=name,
                    code="future",
                    date=day,
                    latest=latest,
                )
        if self.first > self.last:
            raise DomainError(
                "The first day ({first}) lies after the last ({last}).", field="first", code="order", first=self.first, last=self.last
            )
        return self

    def years(self) -> list["Span"]:
        """Parts of one calendar year each: one answer of the bank holds them."""
        return [
            Span(max(self.first, date(year, 1, 1)), min(self.last, date(year, 12, 31)), self.currency)
            for year in range(self.first.year, self.last.year + 1)
        ]

    def params(self) -> dict[str, str]:
        """As a run keeps it."""
        return {"first": self.first.isoformat(), "last": self.last.isoformat(), "currency": self.currency}


def _day(value: object, name: str) -> date:
    if not value:
        raise DomainError("Say the first and the last day of the rates.", field=name, code="required")
    try:
        return parse_day(str(value))
    except DomainError as error:
        error.field = name
        raise


def backfill_rates(first: date, last: date, currency: str = DOLLAR, *, today: date, progress: Progress) -> dict[str, Any]:
    """Fetch the rates dated from `first` to `last`, a calendar year at a time; returns figures.

    Each year is stored by itself: what was fetched before the connection broke stays, and asking again changes nothing that
    is right already. Raises DomainError for a span that cannot be, NoConnection, BadReply, or BadRates.
    """
    parts = Span(first, last, currency).checked(today=today).years()
    total, received = Stored(), 0
    for done, part in enumerate(parts):
        progress(done, len(parts))
        rates = _range(part, latest=today + _ONE_DAY)
        received += len(rates)
        with transaction.atomic():
            stored = store_rates(rates, origin=PAST)
            if stored.changed:
                after_write(Name.CONVERT)
        total.add(stored)
    progress(len(parts), len(parts))
    figures: dict[str, Any] = {"requests": len(parts), "received": received, **total.figures()}
    return figures | _waiting(total)


def fetch_rates(*, as_of: date, progress: Progress) -> tuple[dict[str, Any], bool]:
    """Fetch what is new up to the day after `as_of`; returns figures, and whether rates in force may have changed.

    The day's page tells the newest rate of every currency that is followed; where rates between it and the last known one
    are missing, the range does. Raises NoConnection, BadReply, or BadRates; then nothing is stored.
    """
    steps = len(settings.RATE_CURRENCIES) + 2
    progress(0, steps)
    page = _page(as_of + _ONE_DAY)
    progress(1, steps)
    rates: dict[str, list[Rate]] = {}
    requests = 1
    for done, (currency, newest) in enumerate(page.items(), start=2):
        missing = _missing(newest)
        requests += missing is not None
        found = _range(missing, latest=newest.date) if missing else []
        # Where the two disagree about the same day, the day's page wins: it is what the bank shows as in force.
        rates[currency] = list(({rate.date: rate for rate in found} | {newest.date: newest}).values())
        progress(done, steps)
    total, each = Stored(), {}
    with transaction.atomic():
        for currency, those in rates.items():
            stored = store_rates(those, origin=ORIGIN)
            each[currency] = {"received": len(those), **stored.figures()}
            total.add(stored)
    progress(steps, steps)
    figures: dict[str, Any] = {"requests": requests, "received": sum(map(len, rates.values())), **total.figures()}
    figures["newest"] = page[DOLLAR].date.isoformat()
    if len(settings.RATE_CURRENCIES) > 1:
        figures["currencies"] = each
    if absent := [currency for currency in settings.RATE_CURRENCIES if currency not in page]:
        figures["absent"] = ", ".join(absent)
    return figures | _waiting(total), total.changed


def _page(tomorrow: date) -> dict[str, Rate]:
    """The newest rate of each currency on the day's page; the dollar is always there, others may be absent."""
    rows = read_xml(bank_of_russia.daily(tomorrow), file="XML_daily", latest=tomorrow, currencies=settings.RATE_CURRENCIES)
    found = {row.rate.currency: _dated(row, tomorrow).rate for row in rows}
    if DOLLAR not in found:
        raise BadReply("The Bank of Russia's page of the day lacks the dollar.")
    return {currency: found[currency] for currency in settings.RATE_CURRENCIES if currency in found}


def _missing(newest: Rate) -> Span | None:
    """The range to ask for besides the day's page; None when the page is enough."""
    known = newest_rate(newest.currency)
    if known is not None and expected_rate_date(newest.date - _ONE_DAY) <= known.date:
        return None
    first = known.date - LOOK_BACK if known else newest.date - FIRST_LOOK_BACK
    return Span(first, newest.date, newest.currency)


def _range(span: Span, *, latest: date) -> list[Rate]:
    """What the bank says of a range; a rate of another time or currency makes the whole answer another one's."""
    content = bank_of_russia.dynamic(span.first, span.last, span.currency)
    rows = read_xml(content, file="XML_dynamic", latest=latest, currencies={span.currency: settings.RATE_CURRENCIES[span.currency]})
    rates = [row.rate for row in rows]
    for rate in rates:
        if not span.first <= rate.date <= span.last:
            raise BadReply(
                "The Bank of Russia answered with the rate of {date} when asked for {first} to {last}.",
                date=rate.date,
                first=span.first,
                last=span.last,
            )
    return rates


def _waiting(stored: Stored) -> dict[str, list[str]]:
    return {"quarantined_dates": [day.isoformat() for day in stored.quarantined]} if stored.quarantined else {}


def _dated(row: Row, asked: date) -> Row:
    """The date on the page counts, not the one asked for; but it must be a date whose rate can be in force then."""
    if not asked - LONGEST_IN_FORCE <= row.rate.date <= asked:
        raise BadReply("The Bank of Russia answered with the rate of {date} when asked for {asked}.", date=row.rate.date, asked=asked)
    return row
