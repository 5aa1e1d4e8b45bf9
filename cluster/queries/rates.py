"""Official rates: the one in force on a day, the newest, and whether the one that ought to exist is missing."""

from dataclasses import dataclass
from datetime import date

from cluster.domain.calendars import expected_rate_date
from cluster.models import ExchangeRate

SERIES = "USD"


@dataclass(frozen=True, slots=True)
class RateStatus:
    """The rate in force on a day, the date that the calendar expects it to bear, and whether it is older than that."""

    rate: ExchangeRate | None
    expected: date

    @property
    def stale(self) -> bool:
        """Whether the rate that ought to be in force is missing; true also when there is no rate at all."""
        return self.rate is None or self.rate.date < self.expected


def rate_in_force(on: date, currency: str = SERIES) -> ExchangeRate | None:
    """The newest accepted rate dated on or before `on`; None when no such rate is known."""
    return ExchangeRate.objects.accepted(currency).filter(date__lte=on).order_by("-date").first()


def newest_rate(currency: str = SERIES) -> ExchangeRate | None:
    """The accepted rate with the latest date, tomorrow's included."""
    return ExchangeRate.objects.accepted(currency).order_by("-date").first()


def rate_status(as_of: date, currency: str = SERIES) -> RateStatus:
    """The rate in force on `as_of` and whether it is stale."""
    return RateStatus(rate_in_force(as_of, currency), expected_rate_date(as_of))


def quarantined_rates(currency: str = SERIES) -> list[ExchangeRate]:
    """Rates that wait for a person, the oldest first."""
    waiting = ExchangeRate.objects.filter(currency=currency, status=ExchangeRate.Status.QUARANTINED)
    return list(waiting.order_by("date", "revision"))
