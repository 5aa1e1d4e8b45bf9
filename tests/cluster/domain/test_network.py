"""The critical path method: against hand-worked tables, against relaxation to a fixed point, and against networkx."""

import random
from collections.abc import Sequence
from itertools import pairwise

import networkx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.domain.axes import Axes
from cluster.domain.errors import DomainError
from cluster.domain.network import NEVER, Circular, Link, LinkType, Network, Times

Plan = tuple[list[int], list[Link], list[int], list[int], list[bool]]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A small plan without circles: durations, links of all types, lower and upper bounds, what has happened."""
    n = draw(st.integers(1, 10))
    order = draw(st.permutations(range(n)))
    days = st.integers(0, 6)
    pairs = [(a, b) for a in range(n) for b in range(a + 1, n)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    types, lags = st.sampled_from(list(LinkType)), st.integers(-3, 4)
    links = [Link(order[a], order[b], draw(types), draw(lags)) for a, b in chosen]

    def each(what: st.SearchStrategy[int]) -> list[int]:
        return draw(st.lists(what, min_size=n, max_size=n))

    happened = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    return each(days), links, each(st.integers(0, 9)), each(st.integers(0, 30)), happened


def relaxed(plan: Plan) -> tuple[list[int], list[int]]:
    """Early starts and late finishes by repeating every link's demand until nothing moves."""
    durations, links, earliest, latest, happened = plan
    bound = [link for link in links if not happened[link.successor]]
    start = list(earliest)
    for _ in durations:
        for link in bound:
            read = start[link.predecessor] + (durations[link.predecessor] if link.type in ("FS", "FF") else 0) + link.lag
            start[link.successor] = max(start[link.successor], read - (durations[link.successor] if link.type in ("FF", "SF") else 0))
    end = max(one + days for one, days in zip(start, durations, strict=True))
    finish = [min(end, bound) for bound in latest]
    for _ in durations:
        for link in bound:
            target = finish[link.successor] - (0 if link.type in ("FF", "SF") else durations[link.successor]) - link.lag
            allowed = target + (0 if link.type in ("FS", "FF") else durations[link.predecessor])
            finish[link.predecessor] = min(finish[link.predecessor], allowed)
    done = [one + days for one, days in zip(start, durations, strict=True)]
    return start, [done[n] if happened[n] else finish[n] for n in range(len(durations))]


@given(plans())
def test_early_and_late_instants_are_the_fixed_point_of_all_demands(plan: Plan) -> None:
    durations, links, earliest, latest, happened = plan
    times = Network(durations, links).times(earliest=np.array(earliest), latest=np.array(latest), happened=np.array(happened))
    start, finish = relaxed(plan)
    assert times.early_start.tolist() == start
    assert times.late_finish.tolist() == finish
    assert times.early_finish.tolist() == [one + days for one, days in zip(start, durations, strict=True)]
    assert times.late_start.tolist() == [one - days for one, days in zip(finish, durations, strict=True)]


@given(plans())
def test_free_float_moves_nobody_and_a_day_more_moves_somebody(plan: Plan) -> None:
    durations, links, earliest, _latest, happened = plan
    network = Network(durations, links)
    times = network.times(earliest=np.array(earliest), happened=np.array(happened))
    for n, free in enumerate(times.free_float.tolist()):
        if happened[n]:
            assert free == 0
            continue
        for slip, moves in ((free, False), (free + 1, True)):
            later = times.early_start.copy()
            later[n] += slip
            moved = network.times(earliest=later, happened=np.array(happened))
            others = np.arange(len(durations)) != n
            assert bool((moved.early_start != times.early_start)[others].any() or moved.finish != times.finish) is moves


@st.composite
def crossing_plans(draw: st.DrawFn) -> tuple[Plan, Axes]:
    """A small plan whose activities follow two or three calendars, each with days of its own."""
    plan = draw(plans())
    days = st.lists(st.integers(0, 60), min_size=20, max_size=40, unique=True).map(lambda chosen: np.array(sorted(chosen)))
    calendars = draw(st.lists(days, min_size=2, max_size=3))
    n = len(plan[0])
    of = draw(st.lists(st.integers(0, len(calendars) - 1), min_size=n, max_size=n))
    return plan, Axes(calendars, np.array(of))


def last_day(times: Times, axes: Axes) -> int:
    """The day with which the network ends; beyond its known days every day is worked."""
    known = [np.append(days, days[-1] + 1 + np.arange(1000)) for days in axes.days]
    return max(int(known[of][max(finish - 1, 0)]) for finish, of in zip(times.early_finish.tolist(), axes.of.tolist(), strict=True))


@given(crossing_plans())
def test_across_calendars_float_moves_nobody_and_a_day_more_moves_somebody(world: tuple[Plan, Axes]) -> None:
    (durations, links, earliest, _latest, happened), axes = world
    network = Network(durations, links, axes=axes)
    # Far enough from the first instant that no end is read before it.
    bounds = np.array(earliest) + 3
    times = network.times(earliest=bounds, happened=np.array(happened))
    for n in (n for n in range(len(durations)) if not happened[n]):
        for slip, moves in ((int(times.total_float[n]), False), (int(times.total_float[n]) + 1, True)):
            later = bounds.copy()
            later[n] = times.early_start[n] + slip
            moved = network.times(earliest=later, happened=np.array(happened))
            assert (last_day(moved, axes) > last_day(times, axes)) is moves
        for slip, moves in ((int(times.free_float[n]), False), (int(times.free_float[n]) + 1, True)):
            later = times.early_start.copy()
            later[n] += slip
            moved = network.times(earliest=later, happened=np.array(happened))
            others = np.arange(len(durations)) != n
            changed = bool((moved.early_start != times.early_start)[others].any()) or last_day(moved, axes) > last_day(times, axes)
            assert changed is moves


@given(plans())
def test_calendars_that_are_the_same_change_nothing(plan: Plan) -> None:
    durations, links, earliest, latest, happened = plan
    bounds = {"earliest": np.array(earliest), "latest": np.array(latest), "happened": np.array(happened)}
    axes = Axes([np.arange(100, 400)] * 2, np.arange(len(durations)) % 2)
    several, one = Network(durations, links, axes=axes), Network(durations, links)
    for name in ("early_start", "early_finish", "late_start", "late_finish", "free_float", "driver", "finish"):
        assert np.array_equal(getattr(several.times(**bounds), name), getattr(one.times(**bounds), name))
    for theirs, ours in zip(several.times(**bounds).pushed, one.times(**bounds).pushed, strict=True):
        assert theirs.tolist() == ours.tolist()


@given(plans())
def test_links_alone_push_to_the_largest_of_their_demands(plan: Plan) -> None:
    durations, links, earliest, _latest, happened = plan
    network = Network(durations, links)
    times = network.times(earliest=np.array(earliest), happened=np.array(happened))
    start, by = times.pushed
    finishes = times.early_finish[[link.predecessor for link in links]]
    demanded = network.demanded(np.arange(len(links)), finishes).tolist()
    for n in range(len(durations)):
        own = [number for number, link in enumerate(links) if link.successor == n]
        if not own:
            assert (start[n], by[n]) == (-NEVER, -1)
            continue
        assert links[by[n]].successor == n
        assert start[n] == demanded[by[n]] == max(demanded[number] for number in own)
        if not happened[n]:
            assert times.early_start[n] == max(start[n], earliest[n])


@given(plans())
def test_a_driver_is_a_link_that_leads_to_the_activity_and_sets_its_start(plan: Plan) -> None:
    durations, links, earliest, _latest, happened = plan
    times = Network(durations, links).times(earliest=np.array(earliest), happened=np.array(happened))
    for n, driver in enumerate(times.driver.tolist()):
        if driver < 0:
            assert times.early_start[n] == earliest[n]
            continue
        link = links[driver]
        assert link.successor == n
        assert not happened[n]
        read = times.early_finish if link.type in ("FS", "FF") else times.early_start
        set_ = times.early_finish if link.type in ("FF", "SF") else times.early_start
        assert set_[n] == read[link.predecessor] + link.lag


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_links_that_demand_the_same_the_first_one_given_counts(order: tuple[int, int]) -> None:
    times = Network([5, 5, 1], [Link(before, 2) for before in order]).times()
    assert times.pushed[1].tolist() == [-1, -1, 0]
    assert times.driver.tolist() == [-1, -1, 0]


def test_ten_thousand_random_networks_agree_with_networkx() -> None:
    chance = random.Random(20241123)
    for _ in range(10_000):
        n = chance.randint(1, 9)
        durations = [chance.randint(0, 9) for _ in range(n)]
        links = [Link(a, b) for a in range(n) for b in range(a + 1, n) if chance.random() < 0.3]
        graph: networkx.DiGraph[int] = networkx.DiGraph()
        graph.add_nodes_from(range(n))
        graph.add_weighted_edges_from((link.predecessor, link.successor, durations[link.predecessor]) for link in links)
        times = Network(durations, links).times()
        before = dict.fromkeys(range(n), 0)
        for one in networkx.topological_sort(graph):
            before[one] = max((before[p] + durations[p] for p in graph.predecessors(one)), default=0)
        assert times.early_start.tolist() == [before[one] for one in range(n)]
        graph.add_weighted_edges_from((one, n, durations[one]) for one in range(n))
        assert times.finish == networkx.dag_longest_path_length(graph)
        critical = networkx.dag_longest_path(graph)[:-1]
        assert times.critical[critical].all()


def test_a_bound_that_cannot_hold_gives_negative_float_and_no_error() -> None:
    times = Network([5, 5], [Link(0, 1)]).times(latest=np.array([100, 8]))
    assert times.total_float.tolist() == [-2, -2]
    assert times.critical.all()


def test_what_has_happened_stays_whatever_comes_before_it_and_has_no_float() -> None:
    times = Network([5, 3, 2], [Link(0, 1), Link(1, 2)]).times(earliest=np.array([0, 1, 0]), happened=np.array([False, True, False]))
    assert times.early_start.tolist() == [0, 1, 4]
    assert times.total_float.tolist() == [1, 0, 0]


@pytest.mark.parametrize("circle", [[0, 0], [0, 1, 0], [2, 3, 4, 2]])
def test_a_circle_is_refused_with_its_members_in_order(circle: list[int]) -> None:
    links = [Link(a, b) for a, b in pairwise(circle)] + [Link(5, circle[0]), Link(circle[0], 6)]
    with pytest.raises(Circular) as told:
        Network([1] * 7, links, names="ABCDEFG")
    members = told.value.members
    assert sorted(members) == sorted(circle[:-1])
    follows = dict(pairwise(circle))
    assert all(follows[a] == b for a, b in zip(members, members[1:] + members[:1], strict=True))
    assert " → ".join("ABCDEFG"[m] for m in members) in str(told.value)


@pytest.mark.parametrize(
    ("durations", "links", "code"),
    [([], [], "empty"), ([1, -1], [], "negative"), ([1], [Link(0, 1)], "choice"), ([1], [Link(-1, 0)], "choice")],
)
def test_what_is_no_network_is_refused(durations: Sequence[int], links: list[Link], code: str) -> None:
    with pytest.raises(DomainError) as told:
        Network(durations, links)
    assert told.value.code == code


def test_one_activity_and_ten_thousand_in_a_line_are_scheduled() -> None:
    assert Network([3], []).times().finish == 3
    times = Network([1] * 10_000, [Link(n, n + 1) for n in range(9_999)]).times()
    assert times.finish == 10_000
    assert times.critical.all()


def test_arrays_and_links_make_the_same_network() -> None:
    links = [Link(0, 1), Link(0, 2, LinkType.SS, 2), Link(1, 3, LinkType.FF, -1), Link(2, 3, LinkType.SF, 4)]
    durations = np.array([4, 2, 7, 1])
    arrays = Network.of_arrays(
        durations,
        np.array([0, 0, 1, 2]),
        np.array([1, 2, 3, 3]),
        np.array([0, 2, -1, 4]),
        np.array([True, False, True, False]),
        np.array([False, False, True, True]),
    ).times()
    objects = Network(durations, links).times()
    for name in ("early_start", "early_finish", "late_start", "late_finish", "free_float", "driver"):
        assert (getattr(arrays, name) == getattr(objects, name)).all()
