"""The critical path method on arrays: early and late instants, float and drivers of a network of activities.

An activity takes `duration` working days and runs from the instant `start` to the instant `start + duration`. Instants are whole
numbers on an axis of working days: instant k is the end of working day k-1 and the start of working day k, which are the same moment of
work. An activity of duration 0 is a mere date.

The network is sorted once into levels (an activity lies one level above its deepest predecessor); a pass then handles a level at a time
with a handful of NumPy operations. Formulas: Kelley and Walker (1959) for finish-to-start links, the precedence diagramming method for
the other types.

Activities may follow different calendars: each lives on the axis of its own one, and only what a link between two calendars reads is
carried from one axis to the other (axes.py). A lag counts on the axis of the successor.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from cluster.domain.axes import Axes, Crossings, Flags, Ints
from cluster.domain.dependencies import CircularDependency
from cluster.domain.errors import DomainError

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


class Circular(CircularDependency):
    """Activities wait for one another in a circle; `members` are their numbers in order, the first one not repeated."""

    def __init__(self, members: Sequence[int], names: Sequence[str]) -> None:
        super().__init__(names)
        self.members = list(members)


class Times:
    """Instants and floats by activity, in working days on the axis of its calendar; arrays of the length of the network.

    `late_*` are the latest instants that neither move the end of the network nor break an upper bound. What is asked for less often than
    these is computed when it is.
    """

    def __init__(self, network: "Network", early: Ints, late: Ints, ends: "int | Ints", held: Flags | None) -> None:
        """`early` holds starts, then finishes, in the order of levels, as `late` (finishes), `ends` and `held` (what has happened)."""
        self._network, self._early, self._late, self._ends, self._held = network, early, late, ends, held

    @cached_property
    def early_start(self) -> Ints:
        """The earliest starts."""
        return self._early[: self._network.size][self._network.place]

    @cached_property
    def early_finish(self) -> Ints:
        """The earliest finishes."""
        return self._early[self._network.size :][self._network.place]

    @cached_property
    def late_start(self) -> Ints:
        """The latest starts."""
        return self.late_finish - self._network.durations

    @cached_property
    def late_finish(self) -> Ints:
        """The latest finishes."""
        return self._late[self._network.place]

    @property
    def finish(self) -> int:
        """The end of the network, on the axis of activity 0."""
        return self._ends if isinstance(self._ends, int) else int(self._ends[self._network.place[0]])

    @property
    def total_float(self) -> Ints:
        """Late start less early start; negative where a bound cannot hold."""
        return self.late_start - self.early_start

    @property
    def critical(self) -> Flags:
        """Activities without float: those whose slip moves the end, or breaks a bound."""
        return self.total_float <= 0

    @cached_property
    def free_float(self) -> Ints:
        """What an activity can slip without moving any other one."""
        network, size = self._network, self._network.size
        free = np.asarray(self._ends - self._early[size:])
        slack = network.slack(self._early, None if self._held is None else self._held[network.succ])
        heads = np.flatnonzero(np.diff(network.pred[network.out], prepend=-1))
        if len(heads):
            nodes = network.pred[network.out][heads]
            free[nodes] = np.minimum(free[nodes], np.minimum.reduceat(slack[network.out], heads))
        if self._held is not None:
            free[self._held] = 0
        return free[network.place]

    @cached_property
    def driver(self) -> Ints:
        """The number of the link that sets the early start; -1 where none does (the data date, a bound or an actual date does)."""
        start, by = self.pushed
        driven = start == self.early_start
        if self._held is not None:
            driven &= ~self._held[self._network.place]
        return np.where(driven, by, -1)

    @cached_property
    def pushed(self) -> tuple[Ints, Ints]:
        """The start that its links alone demand, and the number of the link that demands most; `-NEVER` and -1 without links.

        What has happened is told of as well: its links say when it could have begun. Of links that demand the same the first one counts.
        """
        network = self._network
        start, by = np.full(network.size, -NEVER, dtype=np.int64), np.full(network.size, -1, dtype=np.int64)
        heads = np.flatnonzero(np.diff(network.succ, prepend=-1))
        if len(heads):
            demand = network.demands(self._early)
            start[network.succ[heads]] = np.maximum.reduceat(demand, heads)
            most = np.flatnonzero(demand == start[network.succ])[::-1]
            by[network.succ[most]] = network.link[most]
        return start[network.place], by[network.place]


class Network:
    """Activities 0..n-1 with durations, and links among them. Raises Circular, or DomainError for what is no network.

    Inside, activities stand in the order of levels, a level being a slice: activity a at `place[a]`. Links stand by the activity they
    lead to: `link` has their given numbers, `pred` and `succ` the places of their ends, `out` their order by the activity they start from.
    """

    def __init__(
        self, durations: Sequence[int] | Ints, links: Sequence[Link], *, names: Sequence[str] | None = None, axes: Axes | None = None
    ) -> None:
        pairs = np.array([(link.predecessor, link.successor, link.lag) for link in links], dtype=np.int64).reshape(-1, 3)
        from_finish = np.array([link.type in (LinkType.FS, LinkType.FF) for link in links], dtype=bool)
        to_finish = np.array([link.type in (LinkType.FF, LinkType.SF) for link in links], dtype=bool)
        given = (pairs[:, 0], pairs[:, 1], pairs[:, 2], from_finish, to_finish)
        self._arrange(np.asarray(durations, dtype=np.int64), *given, names, axes)

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
        self.durations = durations
        self._order = _sorted_by(level, n)
        self.place = np.empty(n, dtype=np.int64)
        self.place[self._order] = np.arange(n)
        self._durations = durations[self._order]
        bounds = np.searchsorted(level[self._order], np.arange(level.max() + 2))
        self.link = _sorted_by(self.place[succ], n)
        self.pred, self.succ = self.place[pred[self.link]], self.place[succ[self.link]]
        self.out = _sorted_by(self.pred, n)
        self._lags, self._from_finish, self._to_finish = lags[self.link], from_finish[self.link], to_finish[self.link]
        # Both instants of all activities stand in one array: starts, then finishes.
        self._source = self.pred + n * self._from_finish
        # What a link demands of its successor's start, beyond the instant that it reads of its predecessor.
        self._beyond = self._lags - self._durations[self.succ] * self._to_finish
        # For the way back, in the order of predecessors: what is to be added to the instant that a link reads to get the predecessor's
        # finish, and how far that lies before the successor's start.
        self._to_end = (self._durations[self.pred] * ~self._from_finish)[self.out]
        self._target, self._reach = self.succ[self.out], self._beyond[self.out] - self._to_end
        # None where all follow one calendar.
        self.axes = axes if axes is not None and (axes.of != axes.of[0]).any() else None
        self._crossings, across = None, None
        if self.axes is not None:
            # A mere date has no day of its own that could start: links read the day with which it is reached.
            reads_finish = self._from_finish | (self._durations[self.pred] == 0)
            self._crossings = Crossings(self.axes, self._order[self.pred], self._order[self.succ], reads_finish)
            across = self._crossings.table >= 0
        self._forward = _steps(self.succ, bounds, across)
        self._backward = _steps(self.pred[self.out], bounds, None if across is None else across[self.out])[::-1]

    def name(self, activity: int) -> str:
        """What messages call an activity."""
        return self._names[activity] if self._names else str(activity)

    def walk(self) -> list[tuple[int, list[tuple[int, bool, bool, int]]]]:
        """Activities, none before those that it waits for, each with its links: predecessor, from its finish, to the own finish, lag."""
        links: list[list[tuple[int, bool, bool, int]]] = [[] for _ in range(self.size)]
        before = self._order[self.pred].tolist()
        rows = zip(self.succ.tolist(), before, self._from_finish.tolist(), self._to_finish.tolist(), self._lags.tolist(), strict=True)
        for place, predecessor, from_finish, to_finish, lag in rows:
            links[place].append((predecessor, from_finish, to_finish, lag))
        return list(zip(self._order.tolist(), links, strict=True))

    def times(self, *, earliest: Ints | None = None, latest: Ints | None = None, happened: Flags | None = None) -> Times:
        """Forward and backward pass.

        `earliest` bounds the starts from below, `latest` the finishes from above (instants by activity; None: 0, and no bound).
        What has `happened` starts at its `earliest` whatever comes before it, binds none of its predecessors and has no float.
        """
        bound = np.zeros(self.size, dtype=np.int64) if earliest is None else np.asarray(earliest, dtype=np.int64)[self._order]
        held = None if happened is None or not happened.any() else np.asarray(happened, dtype=bool)[self._order]
        beyond, reach = self._beyond, self._reach
        if held is not None:
            beyond, reach = np.where(held[self.succ], -NEVER, beyond), np.where(held[self._target], -NEVER, reach)
        early = self._early(bound, beyond)
        finish = early[self.size :]
        ends: int | Ints = int(finish.max())
        if self.axes is not None:
            ends = self.axes.ends(finish[self.place])[self._order]
        bounded = np.full(self.size, ends) if latest is None else np.minimum(np.asarray(latest, dtype=np.int64)[self._order], ends)
        late = self._late(bounded, reach)
        return Times(self, early, late if held is None else np.where(held, finish, late), ends, held)

    def _early(self, bound: Ints, beyond: Ints) -> Ints:
        """Starts, then finishes, from lower bounds of the starts and what links demand beyond what they read."""
        n, duration = self.size, self._durations
        early = np.concatenate((bound, bound + duration))
        source = self._source
        for low, high, nodes, heads, across in self._forward:
            read = early.take(source[low:high])
            if across is not None and self._crossings is not None:
                read[across] = self._crossings.forward(read[across], low + across)
            read += beyond[low:high]
            starts = np.maximum(np.maximum.reduceat(read, heads), early[nodes])
            early[nodes] = starts
            early[n + nodes if isinstance(nodes, np.ndarray) else slice(n + nodes.start, n + nodes.stop)] = starts + duration[nodes]
        return early

    def _late(self, finish: Ints, reach: Ints) -> Ints:
        """Finishes from upper bounds of them, which become the result, and how far links reach back from the successors' starts."""
        duration, target, to_end = self._durations, self._target, self._to_end
        start = finish - duration
        for low, high, nodes, heads, across in self._backward:
            # The successor's start less what the link demands is the predecessor's start or finish, whichever the link reads.
            allowed = start.take(target[low:high])
            allowed -= reach[low:high]
            if across is not None and self._crossings is not None:
                own = to_end[low + across]
                allowed[across] = self._crossings.backward(allowed[across] - own, self.out[low + across]) + own
            finishes = np.minimum(np.minimum.reduceat(allowed, heads), finish[nodes])
            finish[nodes] = finishes
            start[nodes] = finishes - duration[nodes]
        return finish

    def demands(self, early: Ints) -> Ints:
        """By link in the inner order, the start that it demands of its successor, from starts and finishes in one array."""
        read = early[self._source]
        return (read if self._crossings is None else self._crossings.forward(read)) + self._beyond

    def slack(self, early: Ints, free: Flags | None) -> Ints:
        """By link in the inner order, how far what it reads can move before it moves the successor; `free` ones bind nothing."""
        latest = early[self.succ] - self._beyond
        slack = (latest if self._crossings is None else self._crossings.backward(latest)) - early[self._source]
        return slack if free is None else np.where(free, NEVER, slack)

    def demanded(self, links: Ints, finishes: Ints) -> Ints:
        """By link (given numbers), the start that it demands of its successor if its predecessor is finished at an instant."""
        places = np.empty(len(self.link), dtype=np.int64)
        places[self.link] = np.arange(len(self.link))
        place = places[links]
        read = finishes - self._durations[self.pred[place]] * ~self._from_finish[place]
        return (read if self._crossings is None else self._crossings.forward(read, place)) + self._beyond[place]


# Links from one place to another, the activities that they lead to (or start from), where the group of each begins, and which of them
# lead from one calendar to another, where any does.
_Step = tuple[int, int, "slice | Ints", Ints, Ints | None]


def _steps(ends: Ints, bounds: Ints, across: Flags | None) -> list[_Step]:
    """The links by level of the activity at one of their ends, by which they are sorted; `bounds` are those of the levels."""
    heads = np.flatnonzero(np.diff(ends, prepend=-1))
    nodes = ends[heads]
    marks = np.searchsorted(nodes, bounds).tolist()
    starts = [*heads.tolist(), len(ends)]
    steps: list[_Step] = []
    for a, b, first, last in zip(marks[:-1], marks[1:], bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        if a == b:
            continue
        low, high = starts[a], starts[b]
        # A slice costs less than a list of places, and where every activity of the level has links it says the same.
        chosen = slice(first, last) if b - a == last - first else nodes[a:b]
        crossing = None if across is None or not across[low:high].any() else np.flatnonzero(across[low:high])
        steps.append((low, high, chosen, heads[a:b] - low, crossing))
    return steps


def _sorted_by(keys: Ints, count: int) -> Ints:
    """The order by keys from 0 to count - 1, equal ones as they were: sixteen bits at a time, which are sorted without comparing."""
    low = keys.astype(np.uint16)
    order: Ints = np.argsort(low, kind="stable") if count <= 1 << 16 else np.lexsort((low, (keys >> 16).astype(np.uint16)))
    return order


def _levels(n: int, pred: Ints, succ: Ints) -> Ints:
    """The level of each activity, -1 for those on or behind a circle."""
    level = np.full(n, -1, dtype=np.int64)
    by_pred = _sorted_by(pred, n)
    first = np.concatenate(([0], np.cumsum(np.bincount(pred, minlength=n))))
    after = succ[by_pred]
    waits_for = np.bincount(succ, minlength=n)
    seen = np.empty(n, dtype=np.int64)
    frontier = np.flatnonzero(waits_for == 0)
    depth = 0
    while frontier.size:
        level[frontier] = depth
        depth += 1
        counts = first[frontier + 1] - first[frontier]
        ends = np.cumsum(counts)
        reached = after[np.arange(ends[-1]) + np.repeat(first[frontier] - ends + counts, counts)]
        np.subtract.at(waits_for, reached, 1)
        ready = reached[waits_for[reached] == 0]
        # Each of them once, however many links reached it.
        seen[ready] = np.arange(len(ready))
        frontier = ready[seen[ready] == np.arange(len(ready))]
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
