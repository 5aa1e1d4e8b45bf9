"""Schedule risk: Monte Carlo over three-point durations of a network, with durations that go wrong together.

A duration lies between its optimistic and its pessimistic value and is most often the likely one: beta-PERT (Malcolm et al. 1959, mean
(o + 4m + p) / 6) or triangular. Durations of one group (a factory) share one cause, all of them another: a Gaussian copula with one
factor each. The same inputs and the same seed give the same figures.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cluster.domain.errors import DomainError
from cluster.domain.network import Flags, Ints, Network

Floats: TypeAlias = NDArray[np.float32]
Progress: TypeAlias = Callable[[int, int], None]

MOST_ITERATIONS = 1_000_000
# Quantile tables: steps over the standard normal within +-4.5, and steps of the likely value between the two ends.
_STEPS, _REACH, _MODES = 4096, 4.5, 1000
# About this many numbers of a block stay in the processor's cache and well below the memory that a worker may use.
_BLOCK = 4_000_000
_LONGEST = np.iinfo(np.uint16).max


class Shape(StrEnum):
    """How a duration is spread between its ends."""

    PERT = "pert"
    TRIANGULAR = "triangular"


@dataclass(frozen=True, slots=True)
class ThreePoints:
    """Optimistic, likely and pessimistic durations by activity, in working days."""

    optimistic: Sequence[float] | Ints
    likely: Sequence[float] | Ints
    pessimistic: Sequence[float] | Ints
    shape: Shape = Shape.PERT


@dataclass(frozen=True, slots=True)
class Together:
    """What durations have in common: the group of each activity, and the correlation of two durations of one group and of any two.

    `in_group` is never less than `overall`: two of one group share the overall cause as well.
    """

    groups: Sequence[int] = ()
    in_group: float = 0.0
    overall: float = 0.0


@dataclass(frozen=True, slots=True)
class Risk:
    """What the iterations gave: finishes by activity and iteration, whole working days, rounded up; and the network's end.

    `_durations` and `_critical` are those of the first block of iterations, enough for indices whose third digit says nothing.
    """

    finishes: NDArray[np.uint16]
    ends: NDArray[np.uint16]
    _durations: Floats
    _critical: Flags

    def quantile(self, share: float, activity: int | None = None) -> int:
        """The instant by which the activity (None: the network) is finished in `share` of the iterations: 0.8 gives P80."""
        samples = np.sort(self.ends if activity is None else self.finishes[activity])
        return int(samples[max(0, math.ceil(share * len(samples)) - 1)])

    def chance(self, due: int, activity: int | None = None) -> float:
        """The share of iterations in which the activity (None: the network) is finished by the instant `due`."""
        return float(np.mean((self.ends if activity is None else self.finishes[activity]) <= due))

    def chance_of_all(self, due: dict[int, int]) -> float:
        """The share of iterations in which every activity named is finished by its instant."""
        activities = list(due)
        limits = np.array([due[one] for one in activities], dtype=np.int64)[:, np.newaxis]
        return float(np.mean((self.finishes[activities] <= limits).all(axis=0)))

    @property
    def criticality(self) -> NDArray[np.float64]:
        """By activity, the share of iterations in which it lies on a path that sets the end."""
        shares: NDArray[np.float64] = self._critical.mean(axis=1)
        return shares

    def sensitivity(self) -> NDArray[np.float64]:
        """By activity, the rank correlation (Spearman) of its duration with the end of the network; 0 for one that never varies."""
        ends = _ranks(self.ends[: self._durations.shape[1]].astype(np.float32))
        found = np.zeros(len(self._durations))
        for activity, row in enumerate(self._durations):
            if row.min() < row.max() and ends.min() < ends.max():
                found[activity] = np.corrcoef(_ranks(row), ends)[0, 1]
        return found


def simulate(
    network: Network,
    durations: ThreePoints,
    *,
    iterations: int,
    seed: int,
    together: Together = Together(),
    uplift: float = 1.0,
    earliest: Ints | None = None,
    happened: Flags | None = None,
    progress: Progress | None = None,
) -> Risk:
    """Run the network `iterations` times. `earliest` and `happened` are those of `Network.times`.

    `uplift` multiplies every duration still to come: what plans of this class took longer in the past, an assumption that a person sets.
    `progress(done, total)` may raise to cancel. Raises DomainError for durations out of order and other inputs that make no sense.
    """
    run = _Run(network, durations, together, uplift, earliest, happened)
    if not 1 <= iterations <= MOST_ITERATIONS:
        raise DomainError("Iterations lie between 1 and {most}.", field="iterations", code="range", most=MOST_ITERATIONS)
    chance = np.random.default_rng(seed)
    size = min(iterations, max(256, _BLOCK // network.size))
    finishes = np.empty((network.size, iterations), dtype=np.uint16)
    first: tuple[Any, Any] | None = None
    for low in range(0, iterations, size):
        width = min(size, iterations - low)
        block = run.block(chance, width)
        if block.finish.max() > _LONGEST:
            raise DomainError("The plan is longer than {most} working days.", code="range", most=int(_LONGEST))
        np.ceil(block.finish - 1e-3, out=block.scratch)
        finishes[:, low : low + width] = block.scratch
        if first is None:
            first = block.durations, block.critical()
        if progress is not None:
            progress(low + width, iterations)
    assert first is not None
    return Risk(finishes, finishes.max(axis=0), *first)


class _Run:
    """What all blocks share: the walk through the network, the quantile table of each activity, the weights of the causes."""

    def __init__(
        self,
        network: Network,
        durations: ThreePoints,
        together: Together,
        uplift: float,
        earliest: Ints | None,
        happened: Flags | None,
    ) -> None:
        n = network.size
        low, mode, high = (np.asarray(row, dtype=np.float64) for row in (durations.optimistic, durations.likely, durations.pessimistic))
        if not len(low) == len(mode) == len(high) == n:
            raise DomainError("Give three durations for each milestone.", field="optimistic", code="three_points")
        wrong = np.flatnonzero(~((low >= 0) & (low <= mode) & (mode <= high) & np.isfinite(high)))
        if len(wrong):
            name = network.name(int(wrong[0]))
            raise DomainError(
                "{name}: the optimistic duration is the shortest, the pessimistic one the longest.",
                field="optimistic",
                code="three_points",
                name=name,
            )
        if not (math.isfinite(uplift) and uplift > 0):
            raise DomainError("The uplift is a number above 0.", field="uplift", code="range")
        if not 0 <= together.overall <= together.in_group <= 1:
            raise DomainError("Correlations lie between 0 and 1, that of a group not below that of all.", field="correlation", code="range")
        self.size = n
        self.bound = np.zeros(n, dtype=np.float32) if earliest is None else np.asarray(earliest, dtype=np.float32)
        self.held = np.zeros(n, dtype=bool) if happened is None else np.asarray(happened, dtype=bool)
        self.low, self.span = low * uplift, (high - low) * uplift
        self.low[self.held], self.span[self.held] = network.durations[self.held], 0.0
        share = np.divide(mode - low, high - low, out=np.zeros(n), where=high > low)
        self.tables = [_quantiles(durations.shape, round(one * _MODES)) for one in share]
        groups = np.asarray(together.groups, dtype=np.int64) if len(together.groups) else np.full(n, -1)
        if len(groups) != n:
            raise DomainError("Name the group of each milestone.", field="groups", code="choice")
        self.groups, self.group_count = groups, int(groups.max(initial=-1)) + 1
        self.own = np.where(groups >= 0, math.sqrt(1 - together.in_group), math.sqrt(1 - together.overall)).astype(np.float32)
        self.of_group, self.of_all = np.float32(math.sqrt(together.in_group - together.overall)), np.float32(math.sqrt(together.overall))
        self.walk = [(activity, [] if self.held[activity] else links) for activity, links in network.walk()]

    def block(self, chance: np.random.Generator, width: int) -> "_Block":
        """One block of iterations, walked."""
        return _Block(self, chance, width)


class _Block:
    """Starts, durations and finishes of all activities in a block of iterations."""

    def __init__(self, run: _Run, chance: np.random.Generator, width: int) -> None:
        self._run = run
        shared = run.of_all * chance.standard_normal(width, dtype=np.float32)
        of_groups = shared + run.of_group * chance.standard_normal((run.group_count, width), dtype=np.float32)
        normal = chance.standard_normal((run.size, width), dtype=np.float32)
        self.durations, self.start, self.finish = (np.empty((run.size, width), dtype=np.float32) for _ in range(3))
        self.scratch = normal
        place = np.empty(width, dtype=np.intp)
        read = np.empty(width, dtype=np.float32)
        scale = np.float32((_STEPS - 1) / (2 * _REACH))
        for activity, links in run.walk:
            duration, start = self.durations[activity], self.start[activity]
            if run.span[activity] > 0:
                row = normal[activity]
                row *= run.own[activity]
                row += of_groups[run.groups[activity]] if run.groups[activity] >= 0 else shared
                row += np.float32(_REACH)
                row *= scale
                np.clip(row, 0, _STEPS - 1, out=row)
                place[:] = row
                table = (run.low[activity] + run.span[activity] * run.tables[activity]).astype(np.float32)
                np.take(table, place, out=duration)
            else:
                duration.fill(run.low[activity])
            start.fill(run.bound[activity])
            for predecessor, from_finish, to_finish, lag in links:
                np.add((self.finish if from_finish else self.start)[predecessor], np.float32(lag), out=read)
                if to_finish:
                    read -= duration
                np.maximum(start, read, out=start)
            np.add(start, duration, out=self.finish[activity])

    def critical(self) -> Flags:
        """By activity and iteration, whether its finish sets the end of the network, by itself or through what waits for it."""
        run = self._run
        found: Flags = self.finish == self.finish.max(axis=0)
        for activity, links in reversed(run.walk):
            for predecessor, from_finish, to_finish, lag in links:
                read = (self.finish if from_finish else self.start)[predecessor] + np.float32(lag)
                if to_finish:
                    read -= self.durations[activity]
                found[predecessor] |= found[activity] & (read == self.start[activity])
        found[run.held] = False
        return found


@cache
def _quantiles(shape: Shape, mode: int) -> Floats:
    """Quantiles of a duration between 0 and 1 whose likely value is `mode` thousandths, over steps of the standard normal."""
    share, likely = _normal_shares(), mode / _MODES
    if shape is Shape.TRIANGULAR:
        rising = np.sqrt(share * likely)
        falling = 1 - np.sqrt((1 - share) * (1 - likely))
        return np.where(share < likely, rising, falling).astype(np.float32)
    grid = np.linspace(0, 1, 4097)
    density = grid ** (4 * likely) * (1 - grid) ** (4 * (1 - likely))
    below = np.concatenate(([0.0], np.cumsum((density[1:] + density[:-1]) / 2)))
    return np.interp(share, below / below[-1], grid).astype(np.float32)


@cache
def _normal_shares() -> NDArray[np.float64]:
    """The share of a standard normal below each step."""
    return np.array([0.5 * math.erfc(-step / math.sqrt(2)) for step in np.linspace(-_REACH, _REACH, _STEPS).tolist()])


def _ranks(values: Floats) -> NDArray[np.float64]:
    """Ranks from 1; equal values share their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return ranks
