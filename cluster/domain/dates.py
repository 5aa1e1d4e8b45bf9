"""Dates with a precision: a window from its earliest to its latest day, and the notation for it."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cluster.domain.errors import DomainError

# What lies outside is a slip of the hand, and days near the ends of the calendar cannot be counted from.
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)


class Precision(StrEnum):
    """How exactly a date was given; ordered from fine to coarse."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class DateWindow:
    """A date known to a precision: any day from `earliest` to `latest`. A promise for it is late only after `latest`."""

    earliest: date
    latest: date
    precision: Precision

    def __post_init__(self) -> None:
        if self.earliest > self.latest:
            raise DomainError(
                "The window ends ({latest}) before it starts ({earliest}).",
                code="window_order",
                earliest=self.earliest,
                latest=self.latest,
            )

    @classmethod
    def day(cls, on: date) -> "DateWindow":
        """The window of one exact day."""
        return cls(on, on, Precision.DAY)

    @classmethod
    def containing(cls, on: date, precision: Precision) -> "DateWindow":
        """The whole day, month, quarter, half-year or year that `on` lies in."""
        if precision is Precision.DAY:
            return cls.day(on)
        months = {Precision.MONTH: 1, Precision.QUARTER: 3, Precision.HALF_YEAR: 6, Precision.YEAR: 12}[precision]
        first = (on.month - 1) // months * months + 1
        last = first + months - 1
        return cls(date(on.year, first, 1), date(on.year, last, monthrange(on.year, last)[1]), precision)

    @classmethod
    def parse(cls, text: str) -> "DateWindow":
        """Read `2024-04-15`, `2024-06`, `2024-Q1`, `2024-H1`, `2024`, or a range `A..B` with the precision of B.

        Raises DomainError (code `window`) when the text is none of these.
        """
        first, separator, last = text.partition("..")
        if not separator:
            return cls._parse_one(text)
        start, end = cls._parse_one(first), cls._parse_one(last)
        return cls(start.earliest, end.latest, end.precision)

    @classmethod
    def _parse_one(cls, text: str) -> "DateWindow":
        match = re.fullmatch(r"([0-9]{4})(?:-(?:Q([1-4])|H([12])|([0-9]{2})(?:-([0-9]{2}))?))?", text.strip())
        if match is None:
            raise DomainError("“{text}” is not a date: write 2024-04-15, 2024-06, 2024-Q1, 2024-H1 or 2024.", code="window", text=text)
        year, quarter, half, month, day = (int(part) if part else None for part in match.groups())
        assert year is not None
        try:
            if quarter:
                return cls.containing(date(year, quarter * 3, 1), Precision.QUARTER)
            if half:
                return cls.containing(date(year, half * 6, 1), Precision.HALF_YEAR)
            if day is not None and month is not None:
                return cls.day(date(year, month, day))
            if month is not None:
                return cls.containing(date(year, month, 1), Precision.MONTH)
            return cls.containing(date(year, 1, 1), Precision.YEAR)
        except ValueError as error:
            raise DomainError("“{text}” is not a date in the calendar.", code="window", text=text) from error

    def __str__(self) -> str:
        start, end = (_notation(on, self.precision) for on in (self.earliest, self.latest))
        return start if start == end else f"{start}..{end}"


def refuse_far(given: "date | DateWindow | None", *, field: str) -> None:
    """Raise DomainError (code `date_range`) for a date outside of 1990 to 2100."""
    if given is None:
        return
    first, last = (given.earliest, given.latest) if isinstance(given, DateWindow) else (given, given)
    if first < FIRST_DAY or last > LAST_DAY:
        raise DomainError("Give a date from 1990 to 2100.", field=field, code="date_range")


def _notation(on: date, precision: Precision) -> str:
    match precision:
        case Precision.DAY:
            return on.isoformat()
        case Precision.MONTH:
            return f"{on:%Y-%m}"
        case Precision.QUARTER:
            return f"{on.year}-Q{(on.month + 2) // 3}"
        case Precision.HALF_YEAR:
            return f"{on.year}-H{1 if on.month <= 6 else 2}"
        case Precision.YEAR:
            return f"{on.year}"


def parse_day(text: str) -> date:
    """Read one day, `2025-06-30` or `30.06.2025`. Raises DomainError (code `date`) when the text is neither."""
    match = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)|(\d\d?)\.(\d\d?)\.(\d{4})", text.strip(), re.ASCII)
    try:
        if match:
            return date(*(int(part) for part in match.group(*((1, 2, 3) if match[1] else (6, 5, 4)))))
    except ValueError:
        pass
    raise DomainError("“{text}” is not a date: write 2025-06-30 or 30.06.2025.", code="date", text=text[:40])


def parse_window(text: str) -> DateWindow:
    """Read what `DateWindow.parse` reads, days and months also as `15.04.2024` and `04.2024`. Raises DomainError (code `window`)."""
    try:
        return DateWindow.parse("..".join(_iso(part) for part in text.split("..")))
    except DomainError as error:
        if "text" in error.params:
            error.params["text"] = text[:40]
        raise


def _iso(text: str) -> str:
    """`15.04.2024` and `04.2024` in the order of ISO; everything else as it is."""
    parts = text.strip().split(".")
    if len(parts) in (2, 3) and all(part.isdigit() for part in parts) and len(parts[-1]) == 4:
        return "-".join(part.zfill(2) for part in reversed(parts))
    return text


def months(first: date, last: date) -> Iterator[date]:
    """The first day of each month from `first`'s to `last`'s, both included."""
    year, month = first.year, first.month
    while (year, month) <= (last.year, last.month):
        yield date(year, month, 1)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
