"""Monte Carlo over a network: means, order statistics, correlation, criticality, and inputs that make no sense."""

from typing import Any

import numpy as np
import pytest

from cluster.domain.axes import Axes
from cluster.domain.errors import DomainError
from cluster.domain.network import Link, LinkType, Network
from cluster.domain.risk import Counts, Shape, ThreePoints, Together, simulate

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


def test_each_factor_that_two_durations_share_adds_its_part_to_their_correlation() -> None:
    groups, causes = [n // 3 for n in range(11)] + [-1], [0, 0, -1, 0, -1, -1, -1, -1, -1, -1, -1, -1]
    together = Together(groups, in_group=0.3, causes=causes, in_cause=0.25, overall=0.2)
    risk = simulate(Network([0] * 12, []), TWELVE, iterations=100_000, seed=7, together=together)
    shared = np.corrcoef(risk.finishes.astype(float))
    assert shared[0, 1] == pytest.approx(0.75, abs=0.02)
    assert shared[0, 2] == pytest.approx(0.5, abs=0.02)
    assert shared[0, 3] == pytest.approx(0.45, abs=0.02)
    assert shared[0, 4] == pytest.approx(0.2, abs=0.02)
    assert shared[0, 11] == pytest.approx(0.2, abs=0.02)
    assert risk.finishes[11].std() == pytest.approx(risk.finishes[0].std(), rel=0.02)
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
    assert (risk.sensitivity == 0).all()


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
    assert risk.sensitivity[0] > 0.9
    assert risk.sensitivity[1] < 0.3


def test_an_uplift_stretches_what_is_still_to_come() -> None:
    plain = simulate(Network([0], []), ThreePoints([500], [1000], [2500]), iterations=1000, seed=1)
    longer = simulate(Network([0], []), ThreePoints([500], [1000], [2500]), iterations=1000, seed=1, uplift=1.4)
    assert longer.quantile(0.5) == pytest.approx(1.4 * plain.quantile(0.5), abs=2)


def test_progress_is_told_and_a_cancel_stops_the_run() -> None:
    told: list[tuple[int, int]] = []
    inputs: dict[str, Any] = {"network": Network([0], []), "durations": ThreePoints([1], [2], [5]), "iterations": 25_000, "seed": 1}
    simulate(**inputs, progress=lambda done, total: told.append((done, total)))
    assert told == [(10_240, 25_000), (20_480, 25_000), (25_000, 25_000)]

    def cancel(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(**inputs, progress=cancel)


def test_finishes_are_counted_over_all_iterations_whether_or_not_they_are_kept() -> None:
    network = Network([0, 0, 0], [Link(0, 1), Link(1, 2)])
    durations = ThreePoints([5, 5, 5], [10, 20, 10], [40, 40, 11])
    every = simulate(network, durations, iterations=25_000, seed=3)
    lean = simulate(network, durations, iterations=25_000, seed=3, keep=[2])
    assert lean.finishes.shape == (1, 25_000)
    for activity in range(3):
        whole = np.sort(every.finishes[activity])
        assert lean.counts[activity].by_day.sum() == 25_000
        assert lean.of(activity).quantiles(0.1, 0.8) == [whole[2499], whole[19_999]]
        assert lean.chance(30, activity) == np.mean(whole <= 30)
    assert (lean.finishes[0] == every.finishes[2]).all()
    assert lean.quantile(0.5) == every.quantile(0.5, 2)
    assert (lean.chance(0), lean.chance(1000)) == (0, 1)


def test_a_quantile_is_the_first_day_by_which_no_less_than_its_share_is_finished() -> None:
    assert Counts(10, np.array([1, 1, 1])).quantiles(0.3, 0.5, 0.7, 1.0) == [10, 11, 12, 12]
    # 0.55 * 100 is a little more than 55 in binary fractions: the share is reached all the same.
    assert Counts(10, np.array([55, 0, 45])).quantiles(0.55, 0.56) == [10, 12]


def test_rows_that_are_given_back_change_nothing() -> None:
    """A random network of all four types against the same walk with every row kept, one iteration after another."""
    chance = np.random.default_rng(5)
    pairs = {(int(a), int(b)) for a, b in chance.integers(0, 60, (150, 2)) if a < b}
    links = [Link(a, b, chance.choice(list(LinkType)), int(chance.integers(-3, 6))) for a, b in sorted(pairs)]
    days, bounds = chance.integers(1, 30, 60), chance.integers(0, 40, 60)
    network = Network(days, links)
    risk = simulate(network, ThreePoints(days, days, days), iterations=7, seed=1, earliest=bounds)
    times = network.times(earliest=bounds)
    assert (risk.finishes == times.early_finish[:, np.newaxis]).all()
    assert risk.quantile(1.0) == times.finish
    spread = simulate(network, ThreePoints(days, days + 1, days + 9), iterations=400, seed=1, earliest=bounds)
    assert (spread.finishes >= times.early_finish[:, np.newaxis]).mean() > 0.9


def test_links_between_calendars_read_the_day_and_not_the_number() -> None:
    week = np.array([day for day in range(400) if day % 7 < 5])
    every = np.arange(400)
    axes = Axes([week, every], np.array([0, 1, 0]))
    expected = {LinkType.FS: [1, 1, 1], LinkType.SS: [1, 1, 0], LinkType.FF: [0, 1, 1], LinkType.SF: [0, 1, 0]}
    for kind, critical in expected.items():
        links = [Link(0, 1, kind, 1), Link(1, 2, kind, 1)]
        network = Network([7, 12, 4], links, axes=axes)
        risk = simulate(network, ThreePoints([7, 12, 4], [7, 12, 4], [7, 12, 4]), iterations=5, seed=1)
        times = network.times()
        assert (risk.finishes == times.early_finish[:, np.newaxis]).all(), kind
        assert risk.quantile(0.5) == times.finish
        assert risk.criticality.tolist() == critical, kind


def test_a_part_of_a_day_is_the_same_part_where_both_calendars_work_it() -> None:
    week = np.array([day for day in range(4000) if day % 7 < 5])
    axes = Axes([week, np.arange(4000)], np.array([0, 1]))
    network = Network([5, 0], [Link(0, 1)], axes=axes)
    risk = simulate(network, ThreePoints([3, 0], [4, 0], [14, 0]), iterations=2000, seed=1)
    days = np.array([int(week[instant - 1]) for instant in risk.finishes[0]])
    assert (risk.finishes[1] - 1 == days).all()


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
        ({"iterations": -5}, "range"),
        ({"seed": -1}, "range"),
        ({"seed": 2**31}, "range"),
        ({"uplift": float("nan")}, "range"),
        ({"together": Together([0], -0.1, overall=0.4)}, "range"),
        ({"together": Together([0], 0.5, [0], 0.4, 0.2)}, "range"),
        ({"together": Together([0], overall=float("nan"))}, "range"),
        ({"together": Together([0, 1], 0.2)}, "choice"),
        ({"together": Together(causes=[-2], in_cause=0.2)}, "choice"),
        ({"durations": ThreePoints([1], [float("nan")], [3])}, "three_points"),
        ({"durations": ThreePoints([70_000], [70_000], [70_000])}, "range"),
    ],
)
def test_inputs_that_make_no_sense_are_refused(changed: dict[str, Any], code: str) -> None:
    inputs: dict[str, Any] = {"durations": ThreePoints([1], [2], [3]), "iterations": 10, "seed": 1} | changed
    with pytest.raises(DomainError) as told:
        simulate(Network([2], []), **inputs)
    assert told.value.code == code
