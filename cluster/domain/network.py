"""The critical path method on arrays: early and late instants, float and drivers of a network of activities.

An activity takes `duration` working days and runs from the instant `start` to the instant `start + duration`. Instants are whole
numbers on an axis of working days: instant k is the end of working day k-1 and the start of working day k, which are the same moment of
work. An activity of duration 0 is a mere date.

The network is sorted once into levels (an activity lies one level above its deepest predecessor); a pass then handles a level at a time
with a handful of NumPy operations. Formulas: Kelley and Walker (1959) for finish-to-start links, the precedence diagramming method for
the other types.

Activities may follow different calendars: each lives on the axis of its own one, and only what a link between two calendars reads is
carried from one axis to the other, by a table. What ends with a day of one calendar stands at the first instant of the other one that
does not start before that day is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cluster.domain.dependencies import CircularDependency
from cluster.domain.errors import DomainError

Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

# Far enough for any plan, and no sum of instants overflows.
NEVER = 1 << 40


class LinkType(StrEnum):
    """What of the successor waits for what of the predecessor."""

    FS = "FS"
    SS = "SS"
    FF = "FF"
    SF = "SF"


@dataclass(frozen=True, slots=True)
class Link:
    """`successor` waits for `predecessor` (numbers of activities), with a lag in working days; negative is a lead."""

    predecessor: int
    successor: int
    type: LinkType = LinkType.FS
    lag: int = 0


@dataclass(frozen=True, slots=True)
class Axes:
    """The working days of several calendars, and the calendar that each activity follows.

    `days` holds by calendar the numbers of its working days in order, counted by any clock that all share; instant k of an axis is the
    start of its day k. Beyond the ends of the tables the calendars are taken to agree.
    """

    days: Sequence[Ints]
    of: Ints

    def crossing(self, before: int, after: int, *, finish: bool) -> Ints:
        """By instant of the calendar `before`, read as a finish or as a start, the instant of `after` that waits for it."""
        read, waits = self.days[before], self.days[after]
        if finish:
            return np.concatenate(([0], np.searchsorted(waits, read, side="right")))
        return np.append(np.searchsorted(waits, read, side="left"), len(waits))


class Circular(CircularDependency):
    """Activities wait for one another in a circle; `members` are their numbers in order, the first one not repeated."""

    def __init__(self, members: Sequence[int], names: Sequence[str]) -> None:
        super().__init__(names)
        self.members = list(members)


@dataclass(frozen=True, slots=True)
class Times:
    """Instants and floats by activity, in working days; arrays of the length of the network.

    `late_*` are the latest instants that neither move the end of the network nor break an upper bound; `total_float` is negative
    where a bound cannot hold. `free_float` is what an activity can slip without moving any other one. `driver` is the number of the
    link that sets the early start, -1 where none does (the data date, a bound or an actual date does). Each is told on the axis of the
    activity's own calendar, `finish` on that of activity 0's.
    """

    early_start: Ints
    early_finish: Ints
    late_start: Ints
    late_finish: Ints
    free_float: Ints
    driver: Ints
    finish: int

    @property
    def total_float(self) -> Ints:
        """Late start less early start."""
        return self.late_start - self.early_start

    @property
    def critical(self) -> Flags:
        """Activities without float: those whose slip moves the end, or breaks a bound."""
        return self.total_float <= 0


class Network:
    """Activities 0..n-1 with durations, and links among them. Raises Circular, or DomainError for what is no network."""

    def __init__(
        self, durations: Sequence[int] | Ints, links: Sequence[Link], *, names: Sequence[str] | None = None, axes: Axes | None = None
    ) -> None:
        pairs = np.array([(link.predecessor, link.successor, link.lag) for link in links], dtype=np.int64).reshape(-1, 3)
        from_finish = np.array([link.type in (LinkType.FS, LinkType.FF) for link in links], dtype=bool)
        to_finish = np.array([link.type in (LinkType.FF, LinkType.SF) for link in links], dtype=bool)
        self._arrange(np.asarray(durations, dtype=np.int64), pairs[:, 0], pairs[:, 1], pairs[:, 2], from_finish, to_finish, names, axes)

    @classmethod
    def of_arrays(
        cls,
        durations: Ints,
        predecessors: Ints,
        successors: Ints,
        lags: Ints,
        from_finish: Flags,
        to_finish: Flags,
        *,
        names: Sequence[str] | None = None,
        axes: Axes | None = None,
    ) -> "Network":
        """The same from arrays, for large networks: link i leads from the finish (else the start) to the finish (else the start)."""
        network = cls.__new__(cls)
        network._arrange(durations, predecessors, successors, lags, from_finish, to_finish, names, axes)
        return network

    def _arrange(
        self,
        durations: Ints,
        pred: Ints,
        succ: Ints,
        lags: Ints,
        from_finish: Flags,
        to_finish: Flags,
        names: Sequence[str] | None,
        axes: Axes | None,
    ) -> None:
        n = self.size = len(durations)
        self._names = names
        if n == 0:
            raise DomainError("There is no milestone to schedule.", code="empty")
        if (durations < 0).any():
            raise DomainError("A duration is not negative.", field="duration_days", code="negative")
        if any(len(ends) and (ends.min() < 0 or ends.max() >= n) for ends in (pred, succ)):
            raise DomainError("A link names a milestone that is not there.", field="predecessor", code="choice")
        level = _levels(n, pred, succ)
        if (level < 0).any():
            members = _circle(level, pred, succ)
            raise Circular(members, [self.name(member) for member in members])
        # Place p in the order of levels holds activity order[p]; a level is a slice.
        self._order = np.argsort(level, kind="stable")
        place = np.empty(n, dtype=np.int64)
        place[self._order] = np.arange(n)
        self.durations = durations
        self._durations = durations[self._order]
        bounds = np.searchsorted(level[self._order], np.arange(level.max() + 2))
        levels = list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))
        self._place = place
        at_pred, at_succ = place[pred], place[succ]
        # None where all follow one calendar.
        self.axes = axes if axes is not None and (axes.of != axes.of[0]).any() else None
        # A mere date has no day of its own that could start: links read the day with which it is reached.
        self._crossings = None if self.axes is None else _Crossings(self.axes, pred, succ, from_finish | (durations[pred] == 0))
        crosses = None if self._crossings is None else self._crossings.table >= 0
        # Links into a level stand together, sorted by the activity they lead to; those out of it likewise for the way back.
        self._in = _Side(np.lexsort((at_pred, at_succ)), at_succ, levels, crosses)
        self._out = _Side(np.lexsort((at_succ, at_pred)), at_pred, levels, crosses)
        self._pred, self._succ, self._lags, self._from_finish, self._to_finish = at_pred, at_succ, lags, from_finish, to_finish

    def name(self, activity: int) -> str:
        """What messages call an activity."""
        return self._names[activity] if self._names else str(activity)

    def walk(self) -> list[tuple[int, list[tuple[int, bool, bool, int]]]]:
        """Activities, none before those that it waits for, each with its links: predecessor, from its finish, to the own finish, lag."""
        links: list[list[tuple[int, bool, bool, int]]] = [[] for _ in range(self.size)]
        before = self._order[self._pred].tolist()
        rows = zip(self._succ.tolist(), before, self._from_finish.tolist(), self._to_finish.tolist(), self._lags.tolist(), strict=True)
        for place, predecessor, from_finish, to_finish, lag in rows:
            links[place].append((predecessor, from_finish, to_finish, lag))
        return list(zip(self._order.tolist(), links, strict=True))

    def times(self, *, earliest: Ints | None = None, latest: Ints | None = None, happened: Flags | None = None) -> Times:
        """Forward and backward pass.

        `earliest` bounds the starts from below, `latest` the finishes from above (instants by activity; None: 0, and no bound).
        What has `happened` starts at its `earliest` whatever comes before it, binds none of its predecessors and has no float.
        """
        n, duration = self.size, self._durations
        bound = np.zeros(n, dtype=np.int64) if earliest is None else np.asarray(earliest, dtype=np.int64)[self._order]
        held = np.zeros(n, dtype=bool) if happened is None else np.asarray(happened, dtype=bool)[self._order]
        # What a link demands of its successor's start, beyond the instant that it reads of its predecessor.
        beyond = self._beyond()
        free = held[self._succ]
        beyond[free] = -NEVER
        # Both instants in one array: starts, then finishes.
        early = np.concatenate((bound, bound + duration))
        links = self._in.links
        source, offset = (self._pred + n * self._from_finish)[links], beyond[links]
        for low, high, nodes, heads, crossing in self._in.steps:
            read = early[source[low:high]]
            if crossing is not None:
                read[crossing] = self._carried(read[crossing], links[low:high][crossing])
            starts = np.maximum(early[nodes], np.maximum.reduceat(read + offset[low:high], heads))
            early[nodes] = starts
            early[self._finishes(nodes)] = starts + duration[nodes]
        start, finish = early[:n], early[n:]
        last, ends = self._ends(finish)
        read = early[self._pred + n * self._from_finish]
        # How far what a link reads can move before it moves the successor, and whether it sets the successor's start.
        slack = self._back(start[self._succ] - beyond) - read
        driven = self._carried(read) + beyond == start[self._succ]
        late = np.where(held, finish, self._late_finish(ends, latest, beyond))
        driver = np.full(n, -1, dtype=np.int64)
        binding = np.flatnonzero(driven & ~free)
        driver[self._succ[binding]] = binding
        back = self._place
        return Times(
            early_start=start[back],
            early_finish=finish[back],
            late_start=(late - duration)[back],
            late_finish=late[back],
            free_float=np.where(held, 0, self._free_float(ends - finish, slack))[back],
            driver=driver[back],
            finish=last,
        )

    def pushed(self, times: Times) -> tuple[Ints, Ints]:
        """By activity, the start that its links alone demand, and the number of the link that demands most; `-NEVER` and -1 without links.

        What has happened is told of as well: its links say when it could have begun.
        """
        start, link = np.full(self.size, -NEVER, dtype=np.int64), np.full(self.size, -1, dtype=np.int64)
        links = self._in.links
        if not len(links):
            return start, link
        demand = self.demanded(np.arange(len(links)), times.early_finish[self._order[self._pred]])
        ends = self._order[self._succ[links]]
        heads = np.flatnonzero(np.diff(ends, prepend=-1))
        start[ends[heads]] = np.maximum.reduceat(demand[links], heads)
        most = links[demand[links] == start[ends]]
        # Of links that demand the same the first one in the order of levels counts: it is written last.
        link[self._order[self._succ[most[::-1]]]] = most[::-1]
        return start, link

    def demanded(self, links: Ints, finishes: Ints) -> Ints:
        """The starts that links demand of their successors if their predecessors are finished at these instants."""
        read = finishes - self._durations[self._pred[links]] * ~self._from_finish[links]
        return self._carried(read, links) + self._beyond()[links]

    def _beyond(self) -> Ints:
        """What a link demands of its successor's start, beyond the instant that it reads of its predecessor."""
        demand: Ints = self._lags - self._durations[self._succ] * self._to_finish
        return demand

    def _carried(self, instants: Ints, links: Ints | None = None) -> Ints:
        """What links (None: all of them) read of their predecessors, on the axes of their successors."""
        return instants if self._crossings is None else self._crossings.forward(instants, links)

    def _back(self, instants: Ints, links: Ints | None = None) -> Ints:
        """By link, the latest instant on the predecessor's axis that is carried to none after these on the successor's."""
        return instants if self._crossings is None else self._crossings.backward(instants, links)

    def _ends(self, finish: Ints) -> tuple[int, "int | Ints"]:
        """The end of the network: on the axis of activity 0, and on that of each."""
        if self.axes is None:
            last = int(finish.max())
            return last, last
        of = self.axes.of[self._order]
        last = max(_day(days, int(finish[of == n].max())) for n, days in enumerate(self.axes.days) if (of == n).any())
        ends = np.array([_finish(days, last) for days in self.axes.days])[of]
        return int(ends[self._place[0]]), ends

    def _finishes(self, nodes: "slice | Ints") -> "slice | Ints":
        return slice(nodes.start + self.size, nodes.stop + self.size) if isinstance(nodes, slice) else nodes + self.size

    def _late_finish(self, end: "int | Ints", latest: Ints | None, beyond: Ints) -> Ints:
        n, duration, links = self.size, self._durations, self._out.links
        finish = np.full(n, end, dtype=np.int64)
        if latest is not None:
            finish = np.minimum(finish, np.asarray(latest, dtype=np.int64)[self._order])
        # The successor's start less what the link demands is the predecessor's start or finish, whichever the link reads.
        reach, to_finish = beyond[links], (duration[self._pred] * ~self._from_finish)[links]
        target = self._succ[links]
        start = finish - duration
        for low, high, nodes, heads, crossing in reversed(self._out.steps):
            read = start[target[low:high]] - reach[low:high]
            if crossing is not None:
                read[crossing] = self._back(read[crossing], links[low:high][crossing])
            allowed = np.minimum(finish[nodes], np.minimum.reduceat(read + to_finish[low:high], heads))
            finish[nodes] = allowed
            start[nodes] = allowed - duration[nodes]
        return finish

    def _free_float(self, to_the_end: Ints, slack: Ints) -> Ints:
        links = self._out.links
        if not len(links):
            return to_the_end
        heads = np.flatnonzero(np.diff(self._pred[links], prepend=-1))
        free = to_the_end.copy()
        nodes = self._pred[links][heads]
        free[nodes] = np.minimum(free[nodes], np.minimum.reduceat(slack[links], heads))
        return free


class _Side:
    """Links grouped by the activity at one of their ends, level by level: slices of `links`, activities, where each group begins."""

    def __init__(self, links: Ints, ends: Ints, levels: list[tuple[int, int]], crosses: Flags | None) -> None:
        self.links = links
        crossing = None if crosses is None else crosses[links]
        sorted_ends = ends[links]
        heads = np.flatnonzero(np.diff(sorted_ends, prepend=-1))
        nodes = sorted_ends[heads]
        # Of the links of a step those that lead from one calendar to another are named, where there are any.
        self.steps: list[tuple[int, int, slice | Ints, Ints, Ints | None]] = []
        for first, last in levels:
            a, b = np.searchsorted(nodes, (first, last))
            if a == b:
                continue
            low, high = int(heads[a]), int(heads[b]) if b < len(heads) else len(links)
            # A slice costs less than a list of places, and where every activity of the level has links it says the same.
            chosen = slice(first, last) if b - a == last - first else nodes[a:b]
            across = None if crossing is None or not crossing[low:high].any() else np.flatnonzero(crossing[low:high])
            self.steps.append((low, high, chosen, heads[a:b] - low, across))


class _Crossings:
    """Tables that carry instants from the axis of a link's predecessor to that of its successor, and back."""

    def __init__(self, axes: Axes, pred: Ints, succ: Ints, finish: Flags) -> None:
        before, after = axes.of[pred], axes.of[succ]
        self.table = np.full(len(pred), -1, dtype=np.int64)
        kinds: dict[tuple[int, int, bool], int] = {}
        for link in np.flatnonzero(before != after).tolist():
            kind = (int(before[link]), int(after[link]), bool(finish[link]))
            self.table[link] = kinds.setdefault(kind, len(kinds))
        ahead = [axes.crossing(one, other, finish=reads_finish) for one, other, reads_finish in kinds]
        # The latest instant that is carried to none after the one asked for: the way back of a table that never falls.
        back = [np.searchsorted(table, np.arange(table[-1] + 1), side="right") - 1 for table in ahead]
        self._ahead, self._behind = _Tables(ahead), _Tables(back)

    def forward(self, instants: Ints, links: Ints | None) -> Ints:
        """Instants of the predecessors on the axes of the successors."""
        return self._ahead.read(self.table if links is None else self.table[links], instants)

    def backward(self, instants: Ints, links: Ints | None) -> Ints:
        """Instants of the successors on the axes of the predecessors."""
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


def _levels(n: int, pred: Ints, succ: Ints) -> Ints:
    """The level of each activity, -1 for those on or behind a circle."""
    level = np.full(n, -1, dtype=np.int64)
    by_pred = np.argsort(pred, kind="stable")
    first = np.searchsorted(pred[by_pred], np.arange(n + 1))
    waits_for = np.bincount(succ, minlength=n)
    frontier = np.flatnonzero(waits_for == 0)
    depth = 0
    while frontier.size:
        level[frontier] = depth
        depth += 1
        counts = first[frontier + 1] - first[frontier]
        ends = np.cumsum(counts)
        places = np.arange(ends[-1]) + np.repeat(first[frontier] - ends + counts, counts)
        reached, times = np.unique(succ[by_pred[places]], return_counts=True)
        waits_for[reached] -= times
        frontier = reached[waits_for[reached] == 0]
    return level


def _circle(level: Ints, pred: Ints, succ: Ints) -> list[int]:
    """One circle among the activities that got no level: each of them waits for another one, so that going back ends in a circle."""
    open_links = (level[pred] < 0) & (level[succ] < 0)
    before = dict(zip(succ[open_links].tolist(), pred[open_links].tolist(), strict=True))
    seen: dict[int, int] = {}
    here = next(iter(before))
    while here not in seen:
        seen[here] = len(seen)
        here = before[here]
    return list(seen)[seen[here] :][::-1]
