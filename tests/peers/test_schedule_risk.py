"""Monte Carlo against exact order statistics."""

import csv

import pytest

from cluster.domain.network import Network
from cluster.domain.risk import ThreePoints, simulate
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
