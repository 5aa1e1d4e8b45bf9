"""How durations vary, and what makes them go wrong together.

A duration lies between its optimistic and its pessimistic value and is most often the likely one: beta-PERT (Malcolm et al. 1959, mean
(o + 4m + p) / 6) or triangular. What durations share (a group, such as a factory; a common cause, such as one supplier; everything) makes
them go wrong together: a Gaussian copula with one factor each, whose shares of the variance add up.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cluster.domain.axes import Flags, Ints
from cluster.domain.errors import DomainError
from cluster.domain.network import Network

Floats: TypeAlias = NDArray[np.float32]
Shares: TypeAlias = NDArray[np.float64]
Factors: TypeAlias = NDArray[np.int16]

# Durations are read from tables by their factor, a standard normal in steps from 0, with the median in the middle: where 16 bits of
# noise and a few shared factors end is within reach.
_PER_SIGMA, MIDDLE = 256, 9 * 256
_STEPS = np.arange(-MIDDLE, MIDDLE + 1)
# Steps of the likely value between the two ends.
_MODES = 200


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
    """What durations share: by activity the number of its group and of its common cause (-1: none), and how much that correlates them.

    Two durations of one group have the correlation `overall` + `in_group`, two of one cause `overall` + `in_cause`, two of both all three,
    any others `overall`. None is negative; they make at most 1 together.
    """

    groups: Sequence[int] = ()
    in_group: float = 0.0
    causes: Sequence[int] = ()
    in_cause: float = 0.0
    overall: float = 0.0


INDEPENDENT = Together()


class Spread:
    """How each activity's duration varies: `low` + `span` x its quantile, read at its own factor plus those that it shares."""

    def __init__(self, network: Network, durations: ThreePoints, together: Together, uplift: float, happened: Flags | None) -> None:
        n = network.size
        low, mode, high = _checked_points(network, durations)
        if not (math.isfinite(uplift) and uplift > 0):
            raise DomainError("The uplift is a number above 0.", field="uplift", code="range")
        shares = (together.in_group, together.in_cause, together.overall)
        if min(shares) < 0 or not sum(shares) <= 1 + 1e-9:
            raise DomainError("The three correlations are not negative and make at most 1 together.", field="correlation", code="range")
        self.groups, self.causes = _numbers(n, together.groups, "groups"), _numbers(n, together.causes, "causes")
        self._shares = shares
        held = np.zeros(n, dtype=bool) if happened is None else np.asarray(happened, dtype=bool)
        self.low = np.where(held, network.durations, low * uplift).astype(np.float32)
        self.span = np.where(held, 0, (high - low) * uplift).astype(np.float32)
        likely = np.rint(np.divide(mode - low, high - low, out=np.zeros(n), where=high > low) * _MODES).astype(int)
        self._tables = [_quantiles(durations.shape, one) for one in likely.tolist()]
        own = 1 - together.overall - together.in_group * (self.groups >= 0) - together.in_cause * (self.causes >= 0)
        self.own = [_own_factor(one) for one in np.sqrt(own.round(6).clip(0)).tolist()]

    def table(self, activity: int) -> Floats:
        """The durations of an activity by the place of its factor."""
        found: Floats = self._tables[activity] * self.span[activity] + self.low[activity]
        return found

    def durations(self, activity: int, factors: Factors) -> Floats:
        """The durations of an activity whose factors are these."""
        found: Floats = self.table(activity).take(factors, mode="clip")
        return found

    def shared(self, bits: np.random.SFC64, width: int) -> tuple[Factors, Factors]:
        """The factors of a block, in steps: by group its own with that of all (the last row is for none), and by cause."""
        chance = np.random.Generator(bits)

        def factor(share: float, rows: int) -> Floats:
            sigma = np.float32(math.sqrt(share) * _PER_SIGMA)
            return sigma * chance.standard_normal((rows, width), dtype=np.float32)

        in_group, in_cause, overall = self._shares
        of_all, of_group = factor(overall, 1) + MIDDLE, factor(in_group, int(self.groups.max()) + 1)
        of_cause = factor(in_cause, int(self.causes.max()) + 1)
        return (
            np.rint(np.concatenate((of_group + of_all, of_all))).astype(np.int16),
            np.rint(of_cause).astype(np.int16),
        )


def _checked_points(network: Network, durations: ThreePoints) -> list[NDArray[np.float64]]:
    points = [np.asarray(row, dtype=np.float64) for row in (durations.optimistic, durations.likely, durations.pessimistic)]
    low, mode, high = points
    if not len(low) == len(mode) == len(high) == network.size:
        raise DomainError("Give three durations for each milestone.", field="optimistic", code="three_points")
    wrong = np.flatnonzero(~((low >= 0) & (low <= mode) & (mode <= high) & (high < np.inf)))
    if len(wrong):
        name = network.name(int(wrong[0]))
        raise DomainError(
            "{name}: the optimistic duration is the shortest, the pessimistic one the longest.",
            field="optimistic",
            code="three_points",
            name=name,
        )
    return points


def _numbers(n: int, given: Sequence[int], field: str) -> Ints:
    numbers = np.asarray(given, dtype=np.int64) if len(given) else np.full(n, -1, dtype=np.int64)
    if len(numbers) != n or numbers.min() < -1:
        raise DomainError("Name the group of each milestone.", field=field, code="choice")
    return numbers


@cache
def _own_factor(weight: float) -> Factors:
    """What an activity shares with none, in steps, by a number of 16 bits: the standard normal at the middle of each of its shares."""
    shares = (np.arange(1 << 16) + 0.5) / (1 << 16)
    normal = np.interp(shares, normal_shares(), _STEPS)
    return np.rint(weight * normal).astype(np.int16)


@cache
def _quantiles(shape: Shape, mode: int) -> Floats:
    """Durations between 0 and 1 by the place of their factor; the likely one lies at `mode` of the `_MODES` steps between the ends."""
    share, likely = normal_shares(), mode / _MODES
    if shape is Shape.TRIANGULAR:
        rising = np.sqrt(share * likely)
        falling = 1 - np.sqrt((1 - share) * (1 - likely))
        return np.where(share < likely, rising, falling).astype(np.float32)
    grid = np.linspace(0, 1, 4097)
    density = grid ** (4 * likely) * (1 - grid) ** (4 * (1 - likely))
    below = np.concatenate(([0.0], np.cumsum((density[1:] + density[:-1]) / 2)))
    return np.interp(share, below / below[-1], grid).astype(np.float32)


@cache
def normal_shares() -> Shares:
    """The share of a standard normal below each step."""
    return np.array([0.5 * math.erfc(-step / _PER_SIGMA / math.sqrt(2)) for step in _STEPS.tolist()])
