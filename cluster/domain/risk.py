"""Schedule risk: Monte Carlo over three-point durations of a network, with durations that go wrong together.

A block of iterations walks through the network activity by activity; the row of an activity is given to another one once its last reader
has read it, and finishes are counted by working day, so that memory grows neither with the iterations nor with the whole network. The same
inputs and the same seed give the same figures.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cluster.domain.axes import Axes, Flags, Ints
from cluster.domain.errors import DomainError
from cluster.domain.network import Network
from cluster.domain.progress import Progress
from cluster.domain.spread import INDEPENDENT, MIDDLE, Factors, Floats, Shape, Shares, Spread, ThreePoints, Together, normal_shares

__all__ = ["LARGEST_SEED", "MOST_ITERATIONS", "Counts", "Risk", "Shape", "ThreePoints", "Together", "simulate"]


MOST_ITERATIONS = 1_000_000
LARGEST_SEED = 2**31 - 1
# Iterations of a block, so that its rows stay in the processor's cache, and of the sample, so that its shares are within 2 %; and numbers
# in the rows of a block and in the sample, so that they stay well below the memory that a worker may use.
_NARROWEST, _WIDEST, _MOST_KEPT, _IN_ROWS, _IN_SAMPLE = 256, 10_240, 1000, 20_000_000, 4_000_000
# Activities whose ranks are taken at once.
_AT_ONCE = 64
_LONGEST = np.iinfo(np.uint16).max
# A day that is begun counts, but not one begun by less than a hundredth: that is how sums of fractions are rounded.
_UP = np.float32(0.99)


@dataclass(frozen=True, slots=True)
class Counts:
    """How often something was finished by working day: `by_day[n]` times by the instant `first` + n."""

    first: int
    by_day: Ints

    def quantiles(self, *shares: float) -> list[int]:
        """The first instants by which it is finished in these shares of the iterations."""
        below = self.by_day.cumsum()
        wanted = [max(1, math.ceil(share * int(below[-1]) - 1e-9)) for share in shares]
        return [self.first + place for place in below.searchsorted(wanted).tolist()]

    def chance(self, due: int) -> float:
        """The share of iterations in which it is finished by the instant `due`."""
        return float(self.by_day[: max(0, due - self.first + 1)].sum() / self.by_day.sum())

    def plus(self, other: "Counts") -> "Counts":
        """Both together."""
        if not len(self.by_day):
            return other
        first = min(self.first, other.first)
        by_day = np.zeros(max(each.first + len(each.by_day) for each in (self, other)) - first, dtype=np.int64)
        for each in (self, other):
            by_day[each.first - first :][: len(each.by_day)] += each.by_day
        return Counts(first, by_day)


_NOTHING = Counts(0, np.empty(0, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Risk:
    """What the iterations gave, in whole working days, rounded up: finishes of each activity and of the network, counted by day.

    `finishes` are those of the activities in `kept`, by iteration. By activity, `criticality` is the share of iterations in which it lies
    on a path that sets the end, `sensitivity` the rank correlation (Spearman) of its duration with the end, 0 where the duration never
    varies; both of a sample of the iterations, which is enough for figures whose third digit says nothing. Ends stand on the axis of the
    first calendar, finishes on that of their activity.
    """

    counts: list[Counts]
    ends: Counts
    kept: list[int]
    finishes: NDArray[np.uint16]
    criticality: Shares
    sensitivity: Shares

    def quantile(self, share: float, activity: int | None = None) -> int:
        """The instant by which the activity (None: the network) is finished in `share` of the iterations: 0.8 gives P80."""
        return self.of(activity).quantiles(share)[0]

    def chance(self, due: int, activity: int | None = None) -> float:
        """The share of iterations in which the activity (None: the network) is finished by the instant `due`."""
        return self.of(activity).chance(due)

    def chance_of_all(self, due: Mapping[int, int]) -> float:
        """The share of iterations in which every activity named is finished by its instant. They must be among those `kept`."""
        rows = [self.kept.index(activity) for activity in due]
        limits = np.array(list(due.values()), dtype=np.int64)[:, np.newaxis]
        return float(np.mean((self.finishes[rows] <= limits).all(axis=0)))

    def of(self, activity: int | None) -> Counts:
        """The finishes of an activity (None: of the network)."""
        return self.ends if activity is None else self.counts[activity]


def simulate(
    network: Network,
    durations: ThreePoints,
    *,
    iterations: int,
    seed: int,
    together: Together = INDEPENDENT,
    uplift: float = 1.0,
    earliest: Ints | None = None,
    happened: Flags | None = None,
    keep: Sequence[int] | None = None,
    progress: Progress | None = None,
) -> Risk:
    """Run the network `iterations` times. `earliest` and `happened` are those of `Network.times`.

    `uplift` multiplies every duration still to come: what plans of this class took longer in the past, an assumption that a person sets.
    `keep` names the activities whose finishes are kept by iteration (None: all), two bytes each. `progress(done, total)` may raise to
    cancel. Raises DomainError for durations out of order and other inputs that make no sense.
    """
    if not 1 <= iterations <= MOST_ITERATIONS:
        raise DomainError("Iterations lie between 1 and {most}.", field="iterations", code="range", most=MOST_ITERATIONS)
    if not 0 <= seed <= LARGEST_SEED:
        raise DomainError("A seed lies between 0 and {most}.", field="seed", code="range", most=LARGEST_SEED)
    kept = list(range(network.size)) if keep is None else list(keep)
    walk = _Walk(network, Spread(network, durations, together, uplift, happened), earliest, happened)
    tally = _Tally(network.size, kept, iterations, walk.width)
    sample = _Sample(walk, min(iterations, walk.width, _MOST_KEPT, max(_NARROWEST, _IN_SAMPLE // network.size)))
    bits = np.random.SFC64(seed)
    for low in range(0, iterations, walk.width):
        width = min(walk.width, iterations - low)
        walk.run(bits, low, width, tally, None if low else sample)
        if progress is not None:
            progress(low + width, iterations)
    return Risk(tally.counts, tally.ends, kept, tally.finishes, sample.criticality(), sample.sensitivity())


class _Crossing:
    """Carries rows of instants, fractions of a day included, from the axis of one calendar to that of another one."""

    def __init__(self, axes: Axes, before: int, after: int, *, finish: bool) -> None:
        self._table, self._finish = axes.crossing(before, after, finish=finish).astype(np.float32), finish

    def __call__(self, row: Floats) -> Floats:
        """A day that both calendars work is the same day to its fraction, any other one the day that the table says."""
        whole = np.floor(row + (1 - _UP))
        part, at = row - whole, whole.astype(np.intp)
        part[part <= 1 - _UP] = 0
        here, following = np.take(self._table, at, mode="clip"), np.take(self._table, at + 1, mode="clip")
        finish = np.where(part > 0, np.maximum(here, following - (1 - part)), here)
        carried: Floats = finish if self._finish else np.minimum(following, here + part)
        return carried


# Thousands of the two are made for a run: frozen ones would take as long as a tenth of it.
@dataclass(slots=True)
class _Read:
    """What an activity reads of a predecessor: the start or the finish, kept in a row, and what the link makes of it."""

    row: int
    predecessor: int
    from_finish: bool
    to_finish: bool
    lag: Any
    crossing: _Crossing | None

    def demand(self, instants: Floats, duration: Floats, out: Floats) -> Floats:
        """The start that the link demands; in `out`, unless it is what is read."""
        if self.crossing is not None:
            instants = self.crossing(instants)
        if self.lag:
            instants = np.add(instants, self.lag, out=out)
        return np.subtract(instants, duration, out=out) if self.to_finish else instants


@dataclass(slots=True)
class _Step:
    """One activity of the walk: what it reads, the earliest start where no predecessor sees to it, the rows in which its start and its
    finish are kept (0: nobody reads them), whether it may be the last one, and its axis if that is not the first one.
    """

    activity: int
    reads: list[_Read]
    bound: Any
    start_row: int
    finish_row: int
    may_be_last: bool
    to_first_axis: _Crossing | None


class _Walk:
    """The way through the network, with as few rows as are read at the same time."""

    def __init__(self, network: Network, spread: Spread, earliest: Ints | None, happened: Flags | None) -> None:
        self.spread, self.size = spread, network.size
        self.held = np.zeros(network.size, dtype=bool) if happened is None else np.asarray(happened, dtype=bool)
        self._bound = np.zeros(network.size) if earliest is None else np.asarray(earliest, dtype=np.float64)
        self.steps, rows = self._plan(network)
        self.width = max(_NARROWEST, min(_WIDEST, _IN_ROWS // rows))
        self._rows = np.empty((rows, self.width), dtype=np.float32)

    def _plan(self, network: Network) -> tuple[list[_Step], int]:
        walk = [(activity, [] if self.held[activity] else links) for activity, links in network.walk()]
        last_reader: dict[tuple[int, bool], int] = {}
        outlasted: set[int] = set()
        for activity, links in walk:
            for predecessor, from_finish, _to_finish, lag in links:
                last_reader[predecessor, from_finish] = activity
                if from_finish and lag >= 0:
                    outlasted.add(predecessor)
        crossings = _Crossings(network)
        # Row 0 is for what nobody reads.
        rows: dict[tuple[int, bool], int] = {}
        fresh, free, steps = count(1), list[int](), list[_Step]()
        for activity, links in walk:
            reads = [
                _Read(
                    rows[predecessor, from_finish], predecessor, from_finish, to_finish, np.float32(lag),
                    crossings.between(predecessor, activity, finish=from_finish or not network.durations[predecessor]),
                )
                for predecessor, from_finish, to_finish, lag in links
            ]  # fmt: skip
            for instant in ((activity, False), (activity, True)):
                if instant in last_reader:
                    rows[instant] = free.pop() if free else next(fresh)
            bound = self._bound[activity]
            seen_to = any(
                one.from_finish and not one.to_finish and one.lag >= 0 and one.crossing is None and self._bound[one.predecessor] >= bound
                for one in reads
            )
            steps.append(
                _Step(
                    activity, reads, None if seen_to else np.float32(bound), rows.get((activity, False), 0), rows.get((activity, True), 0),
                    activity not in outlasted, crossings.between(activity, None, finish=True),
                )
            )  # fmt: skip
            done = {(one.predecessor, one.from_finish) for one in reads}
            free += [rows.pop(instant) for instant in done if last_reader[instant] == activity]
        return steps, next(fresh)

    def run(self, bits: np.random.SFC64, low: int, width: int, tally: "_Tally", sample: "_Sample | None") -> None:
        """Walk through one block of iterations, of which `low` came before."""
        spread, rows = self.spread, self._rows[:, :width]
        of_groups, of_causes = spread.shared(bits, width)
        factor, place = np.empty(width, dtype=np.int16), np.empty(width, dtype=np.intp)
        duration, start, read, ends = (np.empty(width, dtype=np.float32) for _ in range(4))
        ends.fill(0)
        draws = -(-width // 4)
        for step in self.steps:
            activity = step.activity
            if spread.span[activity] > 0:
                # Four numbers of 16 bits from each of 64: as fine as the steps of the tables.
                spread.own[activity].take(bits.random_raw(draws).view(np.uint16)[:width], out=factor, mode="wrap")
                factor += of_groups[spread.groups[activity]]
                if spread.causes[activity] >= 0:
                    factor += of_causes[spread.causes[activity]]
                place[:] = factor
                spread.table(activity).take(place, out=duration, mode="clip")
            else:
                factor.fill(MIDDLE)
                duration.fill(spread.low[activity])
            finish = rows[step.finish_row]
            begins = self._start(step, rows, duration, start, read)
            np.add(begins, duration, out=finish)
            if step.start_row:
                rows[step.start_row] = begins
            if step.may_be_last:
                np.maximum(ends, step.to_first_axis(finish) if step.to_first_axis else finish, out=ends)
            tally.note(activity, low, finish)
            if sample is not None:
                sample.note(activity, begins, finish, factor)
        tally.note_ends(ends)
        if sample is not None:
            sample.ends[:] = ends[: sample.size]

    @staticmethod
    def _start(step: _Step, rows: Floats, duration: Floats, start: Floats, read: Floats) -> Any:
        """When an activity starts: a row of instants, or one for all iterations."""
        found = step.bound
        for one in step.reads:
            demanded = one.demand(rows[one.row], duration, start if found is None else read)
            found = demanded if found is None else np.maximum(found, demanded, out=start)
        return found


class _Crossings:
    """The ways between the calendars of a network, each made once."""

    def __init__(self, network: Network) -> None:
        self._axes = network.axes
        self._made: dict[tuple[int, int, bool], _Crossing] = {}

    def between(self, before: int, after: int | None, *, finish: bool) -> _Crossing | None:
        """From the calendar of one activity to that of another one (None: to the first calendar); None where they are the same."""
        axes = self._axes
        if axes is None:
            return None
        way = int(axes.of[before]), 0 if after is None else int(axes.of[after]), finish
        if way[0] == way[1]:
            return None
        if way not in self._made:
            self._made[way] = _Crossing(axes, way[0], way[1], finish=finish)
        return self._made[way]


class _Sample:
    """The first iterations, kept as a whole for what is asked backwards: which path sets the end, and which durations move it."""

    def __init__(self, walk: _Walk, size: int) -> None:
        self._walk, self.size = walk, size
        self._starts, self._finishes = (np.empty((walk.size, size), dtype=np.float32) for _ in range(2))
        self._factors = np.empty((walk.size, size), dtype=np.int16)
        self.ends = np.empty(size, dtype=np.float32)

    def note(self, activity: int, start: Any, finish: Floats, factor: Factors) -> None:
        """Keep one activity: what it started and finished by, and the place of its duration in its table."""
        self._starts[activity] = start[: self.size] if np.ndim(start) else start
        self._finishes[activity] = finish[: self.size]
        self._factors[activity] = factor[: self.size]

    def criticality(self) -> Shares:
        """By activity, the share of iterations in which its finish sets the end, by itself or through what waits for it."""
        spread, out, sets = self._walk.spread, np.empty(self.size, dtype=np.float32), np.empty(self.size, dtype=bool)
        found = np.zeros((self._walk.size, self.size), dtype=bool)
        for step in reversed(self._walk.steps):
            activity = step.activity
            finish = self._finishes[activity]
            if step.may_be_last:
                found[activity] |= self.ends == (step.to_first_axis(finish) if step.to_first_axis else finish)
            for one in step.reads:
                instants = (self._finishes if one.from_finish else self._starts)[one.predecessor]
                # The same operations as on the way there, so that what is equal is equal to the last bit.
                duration = spread.durations(activity, self._factors[activity]) if one.to_finish else out
                np.equal(one.demand(instants, duration, out), self._starts[activity], out=sets)
                sets &= found[activity]
                found[one.predecessor] |= sets
        found[self._walk.held] = False
        shares: Shares = found.mean(axis=1)
        return shares

    def sensitivity(self) -> Shares:
        """By activity, the rank correlation of its duration, which ranks by the share of all that lies below its factor, with the end."""
        ends = _ranks(self.ends)
        ends -= ends.mean()
        spread = math.sqrt(float(ends @ ends))
        found = np.zeros(self._walk.size)
        if spread == 0:
            return found
        ranks_of = normal_shares().astype(np.float32)
        for low in range(0, self._walk.size, _AT_ONCE):
            ranks = ranks_of.take(self._factors[low : low + _AT_ONCE].astype(np.intp), mode="clip")
            ranks -= ranks.mean(axis=1, keepdims=True)
            spreads = np.sqrt(np.einsum("ij,ij->i", ranks, ranks))
            np.divide(ranks @ ends.astype(np.float32), spreads * spread, out=found[low : low + _AT_ONCE], where=spreads > 1e-6)
        return found


class _Tally:
    """Finishes counted by day, and kept by iteration where that is asked for."""

    def __init__(self, size: int, kept: list[int], iterations: int, width: int) -> None:
        self.finishes = np.empty((len(kept), iterations), dtype=np.uint16)
        self.counts: list[Counts] = [_NOTHING] * size
        self.ends = _NOTHING
        self._places = {activity: place for place, activity in enumerate(kept)}
        self._raised, self._whole = np.empty(width, dtype=np.float32), np.empty(width, dtype=np.intp)

    def note(self, activity: int, low: int, finish: Floats) -> None:
        """Count the finishes of an activity in a block of iterations, of which `low` came before."""
        counted = self._counted(finish)
        self.counts[activity] = self.counts[activity].plus(counted)
        if activity in self._places:
            self.finishes[self._places[activity], low : low + len(finish)] = self._whole[: len(finish)] + counted.first

    def note_ends(self, ends: Floats) -> None:
        """Count the ends of the network in a block."""
        self.ends = self.ends.plus(self._counted(ends))

    def _counted(self, finish: Floats) -> Counts:
        raised, whole = self._raised[: len(finish)], self._whole[: len(finish)]
        first = int(finish.min() + _UP)
        np.subtract(finish, np.float32(first) - _UP, out=raised)
        whole[:] = raised
        by_day = np.bincount(whole)
        if first + len(by_day) > _LONGEST:
            raise DomainError("The plan is longer than {most} working days.", code="range", most=int(_LONGEST))
        return Counts(first, by_day)


def _ranks(values: Floats) -> Shares:
    """Ranks from 1; equal values share their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Shares = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return ranks
