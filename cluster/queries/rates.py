"""Official rates: the one in force on a day, the series and its gaps, what waits for a person, what was corrected."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from cluster.domain.calendars import Gap, expected_rate_date, gaps
from cluster.domain.errors import DomainError, NotFound
from cluster.domain.exchange import Rate, change
from cluster.models import ExchangeRate
from cluster.models.scope import Reader
from cluster.queries.together import together

SERIES = "USD"
Status = ExchangeRate.Status


@dataclass(frozen=True, slots=True)
class RateStatus:
    """The rate in force on a day, the date that the calendar expects it to bear, and whether it is older than that."""

    rate: ExchangeRate | None
    expected: date

    @property
    def stale(self) -> bool:
        """Whether the rate that ought to be in force is missing; true also when there is no rate at all."""
        return self.rate is None or self.rate.date < self.expected


@dataclass(frozen=True, slots=True)
class Step:
    """An accepted rate with the accepted one before it (None for the first that is known)."""

    row: ExchangeRate
    before: ExchangeRate | None

    @property
    def percent(self) -> Decimal | None:
        """By how many per cent it differs from the one before."""
        return None if self.before is None else change(self.row.rate, self.before.rate) * 100


@dataclass(frozen=True, slots=True)
class Waiting(Step):
    """A rate in quarantine, with the accepted rate that judges it, and the accepted one of its own date that it contradicts."""

    contradicts: ExchangeRate | None


@dataclass(frozen=True, slots=True)
class Revision:
    """A correction: the rate that was superseded, and the one that took its place."""

    old: ExchangeRate
    new: ExchangeRate


def rate_in_force(on: date, currency: str = SERIES, *, known: date | None = None) -> ExchangeRate | None:
    """The newest accepted rate dated on or before `on`; None when no such rate is known.

    `known`: as of that day, before the corrections recorded later (models/rate.py).
    """
    return newest_rate_on(on, currency, known=known).first()


def newest_rate_on(on: date, currency: str = SERIES, *, known: date | None = None) -> QuerySet[ExchangeRate]:
    """The same as a query of one row at most."""
    if known is not None and known < timezone.localdate():
        return ExchangeRate.objects.known_by(known, currency).filter(date__lte=on)[:1]
    return ExchangeRate.objects.accepted(currency).filter(date__lte=on).order_by("-date")[:1]


def newest_rate(currency: str = SERIES) -> ExchangeRate | None:
    """The accepted rate with the latest date, tomorrow's included."""
    return ExchangeRate.objects.accepted(currency).order_by("-date").first()


def rate_status(as_of: date, currency: str = SERIES) -> RateStatus:
    """The rate in force on `as_of` and whether it is stale, as known on that day."""
    return RateStatus(rate_in_force(as_of, currency, known=as_of), expected_rate_date(as_of))


def rate_statuses(*days: date) -> list[RateStatus]:
    """The same of the dollar on each of these days: one statement."""
    found = together(*(newest_rate_on(day, known=day) for day in days))
    return [RateStatus(next(iter(rates), None), expected_rate_date(day)) for day, rates in zip(days, found, strict=True)]


def waiting_count(reader: Reader) -> int:
    """How many rates of all currencies wait for a person."""
    return ExchangeRate.objects.for_reader(reader).filter(status=Status.QUARANTINED).count()


def followed(currency: str) -> str:
    """The currency itself; DomainError where its rates are not followed here."""
    if currency not in settings.RATE_CURRENCIES:
        known = ", ".join(settings.RATE_CURRENCIES)
        raise DomainError(
            "Rates of “{currency}” are not followed here: {known} are.",
            field="currency",
            code="choice",
            currency=currency[:10],
            known=known,
        )
    return currency


def rate_for(reader: Reader, rate_id: int) -> ExchangeRate:
    """One revision of a rate, or NotFound."""
    row = ExchangeRate.objects.for_reader(reader).select_related("recorded_by").filter(pk=rate_id).first()
    if row is None:
        raise NotFound("There is no such rate.")
    return row


def revisions_of(row: ExchangeRate) -> list[ExchangeRate]:
    """Every revision of the same currency and date, the newest first."""
    rows = ExchangeRate.objects.filter(currency=row.currency, date=row.date).select_related("recorded_by")
    return list(rows.order_by("-revision"))


def in_force_until(row: ExchangeRate) -> date | None:
    """The date of the accepted rate that ends this one's time in force; None while there is none."""
    after = ExchangeRate.objects.accepted(row.currency).filter(date__gt=row.date).order_by("date")
    return after.values_list("date", flat=True).first()


def accepted_between(reader: Reader, currency: str, first: date, last: date) -> "QuerySet[ExchangeRate]":
    """The accepted rates dated from `first` to `last`, the newest first."""
    rows = ExchangeRate.objects.for_reader(reader).filter(currency=currency, status=Status.ACCEPTED, date__gte=first, date__lte=last)
    return rows.select_related("recorded_by").order_by("-date")


def steps(rows: Sequence[ExchangeRate]) -> list[Step]:
    """Accepted rates, the newest first and none left out between them, each with the one before it. One statement."""
    if not rows:
        return []
    oldest = rows[-1]
    before = ExchangeRate.objects.accepted(oldest.currency).filter(date__lt=oldest.date).order_by("-date").first()
    return [Step(row, earlier) for row, earlier in zip(rows, [*rows[1:], before], strict=True)]


def series(currency: str, first: date, last: date) -> list[Rate]:
    """The accepted rates in force from `first` to `last`, by date: the one in force on the first day leads. One statement."""
    accepted = ExchangeRate.objects.accepted(currency)
    lead = accepted.filter(date__lte=first).order_by("-date").values("date")[:1]
    rows = (
        accepted.filter(date__gte=Coalesce(Subquery(lead), first), date__lte=last).order_by("date").values_list("date", "value", "nominal")
    )
    return [Rate(on, value, nominal, currency) for on, value, nominal in rows]


def missing_rates(currency: str, first: date, last: date, *, known: Sequence[Rate] | None = None) -> list[Gap]:
    """The gaps from `first` to `last`: dates on which a rate ought to exist by the working calendar and none is accepted.

    One statement, or none where the `series` of these days is `known`.
    """
    return gaps(first, last, {rate.date for rate in (series(currency, first, last) if known is None else known)})


def quarantined(reader: Reader, currency: str) -> "QuerySet[Any]":
    """The rates in quarantine, the oldest first, for `waiting_among`."""
    accepted = ExchangeRate.objects.filter(currency=OuterRef("currency"), status=Status.ACCEPTED)
    return (
        ExchangeRate.objects.for_reader(reader)
        .filter(currency=currency, status=Status.QUARANTINED)
        .select_related("recorded_by")
        .annotate(
            before_id=Subquery(accepted.filter(date__lt=OuterRef("date")).order_by("-date").values("pk")[:1]),
            same_id=Subquery(accepted.filter(date=OuterRef("date")).values("pk")[:1]),
        )
        .order_by("date", "revision")
    )


def waiting_among(rows: Iterable[Any]) -> list[Waiting]:
    """These rates in quarantine, each with what it is judged by: one statement, without rates none."""
    found = [(row, row.before_id, row.same_id) for row in rows]
    if not found:
        return []
    judges = ExchangeRate.objects.in_bulk({key for _row, *keys in found for key in keys if key})
    return [Waiting(row, judges.get(before) or judges.get(same), judges.get(same)) for row, before, same in found]


def neighbours(currency: str, on: date) -> tuple[ExchangeRate | None, ExchangeRate | None, ExchangeRate | None]:
    """The accepted rates before, of, and after a date: one statement."""
    accepted = ExchangeRate.objects.accepted(currency)
    before, same, after = together(
        accepted.filter(date__lt=on).order_by("-date")[:1], accepted.filter(date=on), accepted.filter(date__gt=on).order_by("date")[:1]
    )
    return next(iter(before), None), next(iter(same), None), next(iter(after), None)


def superseded(reader: Reader, currency: str, first: date, last: date, *, limit: int) -> "QuerySet[ExchangeRate]":
    """The newest of the rates dated from `first` to `last` that were corrected, for `corrections_of`."""
    rows = ExchangeRate.objects.for_reader(reader).filter(currency=currency, date__gte=first, date__lte=last)
    return rows.filter(status=Status.SUPERSEDED).order_by("-date", "-revision")[:limit]


def corrections_of(reader: Reader, old: Sequence[ExchangeRate]) -> list[Revision]:
    """Superseded rates of one currency with what took their place: one statement, without rates none."""
    if not old:
        return []
    rows = ExchangeRate.objects.for_reader(reader).filter(currency=old[0].currency, status__in=(Status.ACCEPTED, Status.SUPERSEDED))
    counted = rows.filter(date__in={row.date for row in old}).order_by("revision")
    later: dict[date, list[ExchangeRate]] = {}
    for row in counted.select_related("recorded_by"):
        later.setdefault(row.date, []).append(row)
    found = [(row, next((new for new in later[row.date] if new.revision > row.revision), None)) for row in old]
    return [Revision(row, new) for row, new in found if new is not None]
