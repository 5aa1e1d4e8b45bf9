"""Monte Carlo over a network: means, order statistics, correlation, criticality, and inputs that make no sense."""

from typing import Any

import numpy as np
import pytest

from cluster.domain.errors import DomainError
from cluster.domain.network import Link, LinkType, Network
from cluster.domain.risk import Shape, ThreePoints, Together, simulate

# Long durations, so that whole days say enough.
TWELVE = ThreePoints([500] * 12, [1000] * 12, [2500] * 12)


def test_the_mean_of_a_pert_duration_is_its_formula_and_of_a_triangular_one_too() -> None:
    for shape, mean in ((Shape.PERT, (500 + 4 * 1000 + 2500) / 6), (Shape.TRIANGULAR, (500 + 1000 + 2500) / 3)):
        risk = simulate(Network([0], []), ThreePoints([500], [1000], [2500], shape), iterations=200_000, seed=1)
        assert risk.finishes.mean() - 0.5 == pytest.approx(mean, rel=0.002)
        assert risk.finishes.min() >= 500
        assert risk.finishes.max() <= 2500


def test_twelve_independent_factories_at_p80_each_hold_together_as_the_order_statistics_say() -> None:
    risk = simulate(Network([0] * 12, []), TWELVE, iterations=200_000, seed=7)
    due = {one: risk.quantile(0.8, one) for one in range(12)}
    assert risk.chance(due[3], 3) == pytest.approx(0.8, abs=0.002)
    assert risk.chance_of_all(due) == pytest.approx(0.8**12, abs=0.003)
    half = {one: risk.quantile(0.5, one) for one in range(5)}
    assert risk.chance_of_all(half) == pytest.approx(0.5**5, abs=0.003)


def test_durations_of_a_group_go_wrong_together_more_than_others_and_all_a_little() -> None:
    together = Together([n // 3 for n in range(12)], in_group=0.6, overall=0.3)
    risk = simulate(Network([0] * 12, []), TWELVE, iterations=100_000, seed=7, together=together)
    shared = np.corrcoef(risk.finishes[[0, 1, 3]].astype(float))
    assert shared[0, 1] == pytest.approx(0.6, abs=0.02)
    assert shared[0, 2] == pytest.approx(0.3, abs=0.02)
    due = {one: risk.quantile(0.8, one) for one in range(12)}
    assert risk.chance_of_all(due) > 3 * 0.8**12


def test_the_same_seed_gives_the_same_figures_and_another_one_others() -> None:
    def finishes(seed: int) -> Any:
        return simulate(Network([0] * 12, []), TWELVE, iterations=1000, seed=seed).finishes

    assert (finishes(5) == finishes(5)).all()
    assert (finishes(5) != finishes(6)).any()


def test_durations_that_do_not_vary_give_the_critical_path_itself() -> None:
    links = [Link(0, 1, LinkType.SS, 2), Link(0, 2), Link(1, 3, LinkType.FF, 1), Link(2, 3, LinkType.SF, 30), Link(2, 4, LinkType.FS, -3)]
    network = Network([5, 9, 4, 6, 20], links)
    days = network.durations
    risk = simulate(network, ThreePoints(days, days, days), iterations=300, seed=1, earliest=np.array([3, 0, 0, 0, 0]))
    times = network.times(earliest=np.array([3, 0, 0, 0, 0]))
    assert (risk.finishes == times.early_finish[:, np.newaxis]).all()
    assert (risk.criticality == times.critical).all()
    assert (risk.sensitivity() == 0).all()


def test_what_has_happened_neither_varies_nor_waits_and_is_not_critical() -> None:
    network = Network([10, 10], [Link(0, 1)])
    spread = ThreePoints([5, 5], [10, 10], [40, 40])
    risk = simulate(network, spread, iterations=500, seed=1, earliest=np.array([0, 2]), happened=np.array([False, True]))
    assert set(risk.finishes[1]) == {12}
    assert risk.criticality[1] == 0
    assert len(set(risk.finishes[0])) > 5


def test_the_path_that_decides_is_critical_more_often_and_moves_the_end_more() -> None:
    network = Network([0, 0, 0], [Link(0, 2), Link(1, 2)])
    risk = simulate(network, ThreePoints([80, 50, 0], [100, 60, 0], [150, 90, 0]), iterations=5000, seed=1)
    assert risk.criticality[0] > 0.9 > 0.2 > risk.criticality[1]
    assert risk.criticality[2] == 1
    sensitivity = risk.sensitivity()
    assert sensitivity[0] > 0.9
    assert sensitivity[1] < 0.3


def test_an_uplift_stretches_what_is_still_to_come() -> None:
    plain = simulate(Network([0], []), ThreePoints([500], [1000], [2500]), iterations=1000, seed=1)
    longer = simulate(Network([0], []), ThreePoints([500], [1000], [2500]), iterations=1000, seed=1, uplift=1.4)
    assert longer.quantile(0.5) == pytest.approx(1.4 * plain.quantile(0.5), abs=2)


def test_progress_is_told_and_a_cancel_stops_the_run() -> None:
    told: list[tuple[int, int]] = []
    network = Network([0] * 4000, [])
    days = [10] * 4000
    simulate(network, ThreePoints(days, days, days), iterations=2500, seed=1, progress=lambda done, total: told.append((done, total)))
    assert told == [(1000, 2500), (2000, 2500), (2500, 2500)]

    def cancel(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(network, ThreePoints(days, days, days), iterations=2500, seed=1, progress=cancel)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"durations": ThreePoints([2], [1], [3])}, "three_points"),
        ({"durations": ThreePoints([1], [4], [3])}, "three_points"),
        ({"durations": ThreePoints([-1], [1], [3])}, "three_points"),
        ({"durations": ThreePoints([1], [1], [float("inf")])}, "three_points"),
        ({"durations": ThreePoints([], [], [])}, "three_points"),
        ({"iterations": 0}, "range"),
        ({"iterations": 1_000_001}, "range"),
        ({"uplift": 0.0}, "range"),
        ({"together": Together([0], 0.2, 0.4)}, "range"),
        ({"together": Together([0], 1.2, 0.4)}, "range"),
        ({"together": Together([0, 1], 0.2, 0.1)}, "choice"),
        ({"durations": ThreePoints([70_000], [70_000], [70_000])}, "range"),
    ],
)
def test_inputs_that_make_no_sense_are_refused(changed: dict[str, Any], code: str) -> None:
    inputs: dict[str, Any] = {"durations": ThreePoints([1], [2], [3]), "iterations": 10, "seed": 1} | changed
    with pytest.raises(DomainError) as told:
        simulate(Network([2], []), **inputs)
    assert told.value.code == code
