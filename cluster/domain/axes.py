"""Working time of several calendars: each an axis of its own, and the tables that carry instants from one to another.

Instant k of an axis is the start of its working day k and the end of the one before it. What ends with a day of one calendar stands at
the first instant of another one that does not start before that day is over; what starts with a day, at the first one that does not start
before that day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Axes:
    """The working days of several calendars, and the calendar that each activity follows.

    `days` holds by calendar the numbers of its working days in order, counted by any clock that all share. Beyond the ends of the tables
    the calendars are taken to agree.
    """

    days: Sequence[Ints]
    of: Ints

    def crossing(self, before: int, after: int, *, finish: bool) -> Ints:
        """By instant of the calendar `before`, read as a finish or as a start, the instant of `after` that waits for it."""
        read, waits = self.days[before], self.days[after]
        if finish:
            return np.concatenate(([0], np.searchsorted(waits, read, side="right")))
        return np.append(np.searchsorted(waits, read, side="left"), len(waits))

    def ends(self, finishes: Ints) -> Ints:
        """By activity, the latest finish on its axis that is not after the last of these, each on the axis of its activity."""
        followed = np.unique(self.of).tolist()
        last = max(_day(self.days[one], int(finishes[self.of == one].max())) for one in followed)
        return np.array([_finish(days, last) for days in self.days])[self.of]


class Crossings:
    """What carries instants along links: from the axis of the predecessor to that of the successor, and back.

    `table` says by link which table it reads, -1 where both ends follow one calendar. `finish` says whether the link reads the finish.
    """

    def __init__(self, axes: Axes, pred: Ints, succ: Ints, finish: Flags) -> None:
        before, after = axes.of[pred], axes.of[succ]
        self.table = np.full(len(pred), -1, dtype=np.int64)
        kinds: dict[tuple[int, int, bool], int] = {}
        across = np.flatnonzero(before != after)
        for link, *kind in zip(across.tolist(), before[across].tolist(), after[across].tolist(), finish[across].tolist(), strict=True):
            one, other, reads_finish = kind
            self.table[link] = kinds.setdefault((one, other, reads_finish), len(kinds))
        ahead = [axes.crossing(one, other, finish=reads_finish) for one, other, reads_finish in kinds]
        # The latest instant that is carried to none after the one asked for: the way back of a table that never falls.
        back = [np.cumsum(np.bincount(table)) - 1 for table in ahead]
        self._ahead, self._behind = _Tables(ahead), _Tables(back)

    def forward(self, instants: Ints, links: Ints | None = None) -> Ints:
        """What links (None: all of them) read of their predecessors, on the axes of their successors."""
        return self._ahead.read(self.table if links is None else self.table[links], instants)

    def backward(self, instants: Ints, links: Ints | None = None) -> Ints:
        """By link, the latest instant on the predecessor's axis that is carried to none after this one on the successor's."""
        return self._behind.read(self.table if links is None else self.table[links], instants)


class _Tables:
    """Tables of instants one after another; beyond its ends a table goes on day by day."""

    def __init__(self, tables: list[Ints]) -> None:
        self._values = np.concatenate([*tables, np.zeros(1, dtype=np.int64)])
        lengths = np.array([len(table) for table in tables] or [1])
        self._first, self._last = np.cumsum(lengths) - lengths, lengths - 1

    def read(self, table: Ints, instants: Ints) -> Ints:
        """By place the value of its table at its instant; the instant itself where the table is -1."""
        inside = np.clip(instants, 0, self._last[table])
        return np.where(table < 0, instants, self._values[self._first[table] + inside] + instants - inside)


def _day(days: Ints, finish: int) -> int:
    """The day with which a finish ends."""
    inside = min(max(finish - 1, 0), len(days) - 1)
    return int(days[inside]) + finish - 1 - inside


def _finish(days: Ints, day: int) -> int:
    """The latest finish on these days that is not after the end of `day`."""
    return int(np.searchsorted(days, day, side="right")) + max(0, day - int(days[-1]))
