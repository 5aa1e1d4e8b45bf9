"""Simulation of 600 and of 10,000 milestones, 10,000 iterations, against a bare walk in NumPy; and its memory.

Bare is the least that gives the same number of durations and finishes: of each milestone a row of uniform numbers, looked up in a
table of quantiles, added to the maximum of the rows before it; rows of a block of iterations, in single precision. It knows neither
correlations nor bounds, and keeps no figures. The simulation is measured whole: sampling with three kinds of correlation, the plan of
the walk, P10, P50, P80 and P95 of every milestone, criticality and sensitivity. They run in turns; the best of each counts.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from money import say

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
ITERATIONS, SIZES, TARGET, MOST_MB = 10_000, {600: 9, 10_000: 3}, 1.5, 300
_IN_BLOCK = 4_000_000


def plan(size: int) -> tuple[Any, Any, Any]:
    """A layered random network with 1.7 predecessors for each milestone, three durations, factories and common causes."""
    from cluster.domain.network import Network
    from cluster.domain.risk import ThreePoints, Together

    chance = np.random.default_rng(1)
    levels = max(5, int(size**0.5 / 1.5))
    level = np.sort(chance.integers(0, levels, size))
    first = np.searchsorted(level, np.arange(levels + 1))
    after = chance.integers(first[1], size, int(1.7 * size))
    above = level[after] - 1 - np.minimum(chance.geometric(0.6, len(after)) - 1, level[after] - 1)
    before = first[above] + (chance.random(len(after)) * (first[above + 1] - first[above])).astype(int)
    here = first[above + 1] > first[above]
    days, links = chance.integers(5, 60, size), int(here.sum())
    network = Network.of_arrays(
        days, before[here], after[here], np.zeros(links, dtype=np.int64), np.ones(links, dtype=bool), np.zeros(links, dtype=bool)
    )
    points = ThreePoints((days * 0.8).astype(int), days, (days * 1.8).astype(int))
    together = Together(chance.integers(0, 12, size).tolist(), 0.3, chance.integers(-1, 6, size).tolist(), 0.2, 0.1)
    return network, points, together


def bare(network: Any, points: Any) -> None:
    """The bare walk."""
    chance, walk = np.random.Generator(np.random.SFC64(1)), network.walk()
    quantiles = np.sqrt(np.linspace(0, 1, 4096)).astype(np.float32)
    low, span = points.optimistic.astype(np.float32), (points.pessimistic - points.optimistic).astype(np.float32)
    width = min(ITERATIONS, max(256, _IN_BLOCK // network.size))
    finishes = np.empty((network.size, width), dtype=np.float32)
    uniform, duration, place = (np.empty(width, dtype=kind) for kind in (np.float32, np.float32, np.intp))
    for done in range(0, ITERATIONS, width):
        part = slice(0, min(width, ITERATIONS - done))
        for milestone, links in walk:
            chance.random(out=uniform, dtype=np.float32)
            np.multiply(uniform, 4095, out=uniform)
            place[:] = uniform
            quantiles.take(place, out=duration, mode="clip")
            np.multiply(duration, span[milestone], out=duration)
            np.add(duration, low[milestone], out=duration)
            finish = finishes[milestone, part]
            if not links:
                finish[:] = duration[part]
                continue
            start = finishes[links[0][0], part]
            for link in links[1:]:
                start = np.maximum(start, finishes[link[0], part], out=finish)
            np.add(start, duration[part], out=finish)


def simulated(network: Any, points: Any, together: Any) -> None:
    """The whole simulation, with the openings of twelve factories kept by iteration."""
    from cluster.domain.risk import simulate

    found = simulate(network, points, iterations=ITERATIONS, seed=1, together=together, keep=range(12))
    for milestone in range(network.size):
        found.of(milestone).quantiles(0.1, 0.5, 0.8, 0.95)


def risk() -> None:
    """Measure and print."""
    say(f"\nSimulation, {ITERATIONS:,} iterations")
    for size, times in SIZES.items():
        network, points, together = plan(size)
        both: list[tuple[float, float]] = [
            (_seconds(bare, network, points), _seconds(simulated, network, points, together)) for _time in range(times)
        ]
        least, ours = (min(column) for column in zip(*both, strict=True))
        alone = _megabytes(size)
        say(
            f"  {size:>6,} milestones: {ours:.3f} s, bare {least:.3f} s, ratio {ours / least:.2f} (at most {TARGET});"
            f" peak memory of the process {alone:.0f} MB (at most {MOST_MB})"
        )


def _seconds(work: Callable[..., None], *given: Any) -> float:
    begun = time.perf_counter()
    work(*given)
    return time.perf_counter() - begun


def _megabytes(size: int) -> float:
    """The peak of a process that does nothing but simulate."""
    code = (
        f"import sys, resource; sys.path[:0] = [{str(HERE)!r}, {str(HERE.parent)!r}]; import schedule_risk as b;"
        f"b.simulated(*b.plan({size})); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    risk()
