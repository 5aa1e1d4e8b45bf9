"""The critical path method on random networks, against a bare pass in NumPy and against networkx, in the same run.

`make bench-schedule` calls `cpm()`; `python benchmarks/schedule_cpm.py` measures this alone.
"""

import gc
import sys
from collections.abc import Callable
from typing import Any

import networkx
import numpy as np
from money import say, timed

from cluster.domain.axes import Axes
from cluster.domain.calendars import WorkingDays
from cluster.domain.network import Network

SIZES = [1_000, 10_000, 100_000]
LEVELS = 100
# Beside a predecessor on the level before, every second milestone has another one, every fifth a third: 1.7 on the average.
MORE_PREDECESSORS = (0.5, 0.2)
ROUNDS = 15
SEED = 20241123


class Plan:
    """A layered random network, its milestones in the order of levels; `number` is what each is called where they are shuffled."""

    def __init__(self, size: int) -> None:
        chance = np.random.default_rng(SEED)
        levels = min(LEVELS, size // 100)
        self.level = np.sort(np.concatenate((np.arange(levels), chance.integers(0, levels, size - levels))))
        self.bounds = np.searchsorted(self.level, np.arange(levels + 1))
        later = np.flatnonzero(self.level > 0)
        succ = [later, *(later[chance.random(len(later)) < share] for share in MORE_PREDECESSORS)]
        pred = [
            chance.integers(self.bounds[self.level[some] - 1] if first else 0, self.bounds[self.level[some]])
            for first, some in zip((True, False, False), succ, strict=True)
        ]
        self.size, self.pred, self.succ = size, np.concatenate(pred), np.concatenate(succ)
        self.durations = chance.integers(1, 60, size)
        self.number = chance.permutation(size)

    def network(self, axes: Axes | None = None) -> Network:
        """The same, to be scheduled: nothing is said of its levels."""
        durations = np.empty_like(self.durations)
        durations[self.number] = self.durations
        finish_to_start, lags = np.ones(len(self.pred), dtype=bool), np.zeros(len(self.pred), dtype=np.int64)
        return Network.of_arrays(
            durations, self.number[self.pred], self.number[self.succ], lags, finish_to_start, ~finish_to_start, axes=axes
        )


class Bare:
    """What somebody would write who needs finish-to-start links alone: sorted once, then a level at a time."""

    def __init__(self, plan: Plan) -> None:
        self.durations = plan.durations
        self.bounds = plan.bounds.tolist()
        into, out_of = np.argsort(plan.succ, kind="stable"), np.argsort(plan.pred, kind="stable")
        self.before, self.after = plan.pred[into], plan.succ[out_of]
        heads = np.searchsorted(plan.succ[into], np.arange(plan.size + 1))
        tails = np.searchsorted(plan.pred[out_of], np.arange(plan.size + 1))
        self.forward = [(low, high, heads[low], heads[high], heads[low:high] - heads[low]) for low, high in self.levels()[1:]]
        self.backward = []
        for low, high in reversed(self.levels()):
            # A milestone that nothing waits for has no group of links.
            waited_for = low + np.flatnonzero(tails[low + 1 : high + 1] > tails[low:high])
            if len(waited_for):
                self.backward.append((waited_for, tails[low], tails[high], tails[waited_for] - tails[low]))

    def levels(self) -> list[tuple[int, int]]:
        """First place and end of each level."""
        return list(zip(self.bounds[:-1], self.bounds[1:], strict=True))

    def times(self) -> tuple[Any, Any]:
        """Early finishes and late finishes."""
        durations = self.durations
        early = durations.copy()
        for low, high, first, last, heads in self.forward:
            early[low:high] = np.maximum.reduceat(early[self.before[first:last]], heads) + durations[low:high]
        late = np.full(len(durations), early.max())
        start = late - durations
        for places, first, last, heads in self.backward:
            late[places] = np.minimum.reduceat(start[self.after[first:last]], heads)
            start[places] = late[places] - durations[places]
        return early, late


def cpm(sizes: list[int] | None = None) -> None:
    """A pass, sorting and a pass, and a pass in which every second milestone follows another calendar, for each size."""
    say(f"\nCritical path method: up to {LEVELS} levels, the best of {ROUNDS} turns, milliseconds")
    say("  milestones    links  bare pass     pass      x  sort+pass  networkx      x  its graph too      x  two calendars")
    for size in sizes or SIZES:
        plan = Plan(size)
        network, bare, graph = plan.network(), Bare(plan), _graph(plan)
        _agree(plan, network, bare, graph)
        pass_, plain = _together(lambda: _both(network), bare.times)  # noqa: B023
        (whole,) = _together(lambda: _both(plan.network()))  # noqa: B023
        longest, theirs = _together(
            lambda: networkx.dag_longest_path_length(graph),  # noqa: B023
            lambda: networkx.dag_longest_path_length(_graph(plan)),  # noqa: B023
            rounds=2,
        )
        days = WorkingDays().days
        two = plan.network(Axes([days, days], np.arange(size) % 2))
        (across,) = _together(lambda: _both(two))  # noqa: B023
        say(
            f"  {size:>10,} {len(plan.pred):>8,} {plain:>10.2f} {pass_:>8.2f} {pass_ / plain:>6.2f} {whole:>10.1f} {longest:>9.0f}"
            f" {longest / pass_:>6.0f} {theirs:>14.0f} {theirs / whole:>6.0f} {across:>14.1f}"
        )
    say("  x: pass to bare pass (at most 2); networkx to pass (at least 20), and with its graph to sort and pass")


def _both(network: Network) -> tuple[Any, Any]:
    """Early and late finishes."""
    times = network.times()
    return times.early_finish, times.late_finish


def _agree(plan: Plan, network: Network, bare: "Bare", graph: Any) -> None:
    """Stop where the three do not say the same."""
    times, (early, late) = network.times(), bare.times()
    same = (times.early_finish[plan.number] == early).all() and (times.late_finish[plan.number] == late).all()
    if not same or networkx.dag_longest_path_length(graph) != times.finish:
        raise SystemExit("The passes do not agree.")


def _together(*works: Callable[[], Any], rounds: int = ROUNDS) -> list[float]:
    """The least milliseconds of each, done in turns: what the machine does beside it only adds."""
    gc.collect()
    spent: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for times, work in zip(spent, works, strict=True):
            times.append(timed(work)[0] * 1000)
    return [min(times) for times in spent]


def _graph(plan: Plan) -> Any:
    """For networkx: links as long as their predecessor, and an end that everything leads to."""
    graph: networkx.DiGraph[int] = networkx.DiGraph()
    graph.add_nodes_from(range(plan.size + 1))
    graph.add_weighted_edges_from(zip(plan.pred.tolist(), plan.succ.tolist(), plan.durations[plan.pred].tolist(), strict=True))
    graph.add_weighted_edges_from((one, plan.size, days) for one, days in enumerate(plan.durations.tolist()))
    return graph


if __name__ == "__main__":
    cpm([int(size) for size in sys.argv[1:]])
