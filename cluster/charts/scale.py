"""Scales of charts: days to positions, amounts to positions, round steps of an axis."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class TimeScale:
    """Whole years from `first` to `last`, laid out from x `start` to x `end`."""

    first: int
    last: int
    start: float
    end: float

    def x(self, on: date) -> float:
        """Where a day lies; days outside the years are moved to the edge."""
        origin, limit = date(self.first, 1, 1).toordinal(), date(self.last + 1, 1, 1).toordinal()
        share = (min(max(on.toordinal(), origin), limit) - origin) / (limit - origin)
        return self.start + share * (self.end - self.start)

    def years(self, least: float) -> list[int]:
        """The years to label, so that labels stand at least `least` apart."""
        room = (self.end - self.start) / (self.last + 1 - self.first)
        step = next(n for n in (1, 2, 5, 10, 20, 50, 100) if n * room >= least or n == 100)
        return [year for year in range(self.first, self.last + 1) if (year - self.first) % step == 0]


@dataclass(frozen=True, slots=True)
class ValueScale:
    """Amounts from 0 to `top`, laid out from position `zero` to position `end`."""

    top: Decimal
    zero: float
    end: float

    def at(self, value: Decimal | int) -> float:
        """Where an amount lies."""
        return self.zero + float(Decimal(value) / self.top) * (self.end - self.zero)


def round_steps(largest: Decimal | int, about: int = 4) -> list[Decimal]:
    """0 and round steps up to the first that reaches `largest`: 0, 20, 40, 60, 80 for 70."""
    largest = max(Decimal(largest), Decimal(1))
    power = Decimal(10) ** ((largest / about).adjusted())
    step = next(power * n for n in (1, 2, Decimal("2.5"), 5, 10) if power * n * about >= largest)
    steps = [Decimal(0)]
    while steps[-1] < largest:
        steps.append(steps[-1] + step)
    return steps
