"""Slips: by how many calendar days a forecast moved, and sums of them."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def slip_days(before: date | None, after: date) -> int | None:
    """Calendar days from the end of the old window to the end of the new one: lost when positive, won when negative.

    None where nothing was promised before: there is nothing to count from.
    """
    return None if before is None else (after - before).days


@dataclass(frozen=True, slots=True)
class SlipSum:
    """Days lost and days won by `count` revisions, both not negative; those that count from nothing add no days."""

    count: int = 0
    lost: int = 0
    won: int = 0

    @property
    def net(self) -> int:
        """Days lost less days won."""
        return self.lost - self.won

    def __add__(self, other: "SlipSum") -> "SlipSum":
        return SlipSum(self.count + other.count, self.lost + other.lost, self.won + other.won)

    @classmethod
    def of(cls, days: int | None) -> "SlipSum":
        """One revision."""
        return cls(1, max(days or 0, 0), max(-(days or 0), 0))


def sums_by(slips: Iterable[tuple[K, int | None]]) -> dict[K, SlipSum]:
    """The sums by key, those that lost most first; the sum of them is that of all rows."""
    found: dict[K, SlipSum] = {}
    for key, days in slips:
        found[key] = found.get(key, SlipSum()) + SlipSum.of(days)
    return dict(sorted(found.items(), key=lambda item: -item[1].net))
