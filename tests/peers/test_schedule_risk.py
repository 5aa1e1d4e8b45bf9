"""Monte Carlo against exact order statistics."""

import csv

import numpy as np
import pytest

from cluster.domain.network import Link, Network
from cluster.domain.risk import Shape, ThreePoints, simulate
from tests.peers.oracles import oracle


def test_milestones_that_are_independent_hold_together_as_rarely_as_order_statistics_say() -> None:
    rows = list(csv.DictReader(oracle("risk/merge_bias_exact.csv").read_text(encoding="utf-8").splitlines()))
    joint = [row for row in rows if row["quantity"].startswith("P(")]
    assert len(joint) == 4
    risk = simulate(Network([0] * 12, []), ThreePoints([500] * 12, [1000] * 12, [2500] * 12), iterations=400_000, seed=20241123)
    for row in joint:
        factories, share = int(row["benchmark"].split("_")[1]), 0.8 if "P80" in row["quantity"] else 0.5
        due = {one: risk.quantile(share, one) for one in range(factories)}
        assert risk.chance_of_all(due) == pytest.approx(float(row["value"]), abs=0.002)


def test_paths_that_merge_end_later_than_each_of_them_by_the_exact_bias() -> None:
    """The sum of twelve symmetric durations is close to normal, so that the mean end of n such paths is that of n normal variables."""
    rows = list(csv.DictReader(oracle("risk/merge_bias_exact.csv").read_text(encoding="utf-8").splitlines()))
    biases = {int(row["benchmark"].split("_")[1]): float(row["value"]) for row in rows if row["quantity"].startswith("E[max]")}
    assert sorted(biases) == [2, 3, 5, 10, 12]
    length = 12
    for paths, bias in biases.items():
        activities = paths * length
        links = [Link(n, n + 1) for n in range(activities - 1) if (n + 1) % length]
        durations = ThreePoints([100] * activities, [200] * activities, [300] * activities, Shape.TRIANGULAR)
        risk = simulate(Network([0] * activities, links), durations, iterations=40_000, seed=20241123, keep=[length - 1])
        one = risk.finishes[0].astype(float)
        ends = risk.ends.first + np.arange(len(risk.ends.by_day))
        mean_end = float(np.average(ends, weights=risk.ends.by_day))
        assert (mean_end - one.mean()) / one.std() == pytest.approx(bias, abs=0.02), f"{paths} paths"
