"""Chains of causes summed up for a sentence."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cluster.domain.calendars import WorkingDays
from cluster.domain.causes import MOST_STEPS, MOST_TOLD, Explanation, Share, Way, explanations, ways
from cluster.domain.schedule import Basis, Cause, Schedule
from tests.cluster.domain.test_schedule import MONDAY, World, plan, wait, work, worlds

OPENING, EQUIPMENT, BUILDING, DESIGN = 1, 2, 3, 4


def everything(key: int) -> bool:
    return True


def explain(chain: Sequence[Cause], *, visible: Callable[[int], bool]) -> Explanation | None:
    return explanations([OPENING], lambda key: chain, visible=visible).get(OPENING)


def test_what_is_not_late_has_no_explanation() -> None:
    assert explain([], visible=everything) is None


def test_the_example_of_the_design() -> None:
    chain = [Cause(OPENING, 43, 0, 0, 0), Cause(EQUIPMENT, 50, 43, 7, 50)]
    assert explain(chain, visible=everything) == Explanation(late=43, others=(Share(EQUIPMENT, 50),), own=0, absorbed=7, added=0)


def test_what_nothing_before_explains_is_its_own() -> None:
    assert explain([Cause(OPENING, 5, 0, 0, 5)], visible=everything) == Explanation(late=5, others=(), own=5, absorbed=0, added=0)


def test_only_those_that_lost_days_are_named_the_most_first_and_the_sum_holds() -> None:
    chain = [Cause(OPENING, 60, 0, 0, 8), Cause(EQUIPMENT, 50, 52, 0, 30), Cause(BUILDING, 25, 20, 5, 0), Cause(DESIGN, 27, 25, 2, 27)]
    why = explain(chain, visible=everything)
    assert why == Explanation(late=60, others=(Share(EQUIPMENT, 30), Share(DESIGN, 27)), own=8, absorbed=7, added=2)
    assert why.late == sum(share.days for share in why.others) + why.own - why.absorbed + why.added


def test_the_chain_ends_at_what_the_reader_may_not_see_and_tells_only_what_arrives_from_it() -> None:
    chain = [Cause(OPENING, 43, 0, 0, 3), Cause(EQUIPMENT, 45, 40, 5, 0), Cause(BUILDING, 60, 45, 15, 20), Cause(DESIGN, 40, 40, 0, 40)]
    why = explain(chain, visible=lambda key: key != BUILDING)
    assert why == Explanation(late=43, others=(Share(BUILDING, 45),), own=3, absorbed=5, added=0)
    assert why.late == sum(share.days for share in why.others) + why.own - why.absorbed + why.added


def slow_chain(schedule: Schedule, key: int) -> list[Cause]:
    """The definition of a chain, a link at a time."""
    bounds, network = schedule.bounds(Basis.EXPECTED), schedule.network
    start, by = network.times(earliest=bounds.earliest, latest=bounds.latest, happened=bounds.happened).pushed
    spans, number = schedule.spans(Basis.EXPECTED), {one.key: n for n, one in enumerate(schedule.works)}

    def late(n: int) -> int:
        due = schedule.works[n].due
        return max(0, (spans[schedule.works[n].key][1] - due).days) if due else 0

    def explained(n: int, before: int, link: int) -> int:
        due, due_before = schedule.works[n].due, schedule.works[before].due
        assert due is not None
        assert due_before is not None
        theirs, ours = schedule.calendars[schedule.works[before].calendar], schedule.calendars[schedule.works[n].calendar]
        in_time = theirs.end(np.array([due_before.toordinal()]))
        planned = ours.day(int(network.demanded(np.array([link]), in_time)[0] + network.durations[n]) - 1)
        return max(0, (ours.day(int(start[n] + network.durations[n]) - 1) - max(due, planned)).days)

    n, passed_on, absorbed, causes = number[key], 0, 0, []
    while late(n):
        link = int(by[n])
        before = number[schedule.waits[link].predecessor] if link >= 0 else n
        behind = late(before) if link >= 0 else 0
        days = min(late(n), explained(n, before, link)) if behind else 0
        causes.append(Cause(schedule.works[n].key, late(n), passed_on, absorbed, late(n) - days))
        if not days:
            break
        n, passed_on, absorbed = before, days, max(0, behind - days)
    return causes


def slow_explanation(chain: Sequence[Cause], visible: Callable[[int], bool]) -> Explanation:
    """The definition of an explanation, from a whole chain."""
    first, *before = chain
    hidden = next((n for n, step in enumerate(before) if not visible(step.key)), None)
    known = before[:hidden]
    shares = [Share(step.key, step.own) for step in known if step.own]
    if hidden is not None:
        shares.append(Share(before[hidden].key, before[hidden].passed_on))
    shares.sort(key=lambda share: -share.days)
    return Explanation(
        late=first.late,
        others=tuple(shares[:MOST_TOLD]),
        own=first.own,
        absorbed=sum(step.absorbed for step in known),
        added=sum(max(0, step.passed_on - step.late) for step in known),
        rest=len(shares[MOST_TOLD:]),
        rest_days=sum(share.days for share in shares[MOST_TOLD:]),
    )


@given(worlds(), st.sets(st.integers(0, 5)))
def test_chains_that_share_their_ends_are_those_told_one_by_one(world: World, hidden: set[int]) -> None:
    works, waits, exceptions = world
    schedule = plan(works, *waits, calendars=[WorkingDays(each) for each in exceptions])
    chains = {one.key: slow_chain(schedule, one.key) for one in works}
    assert {key: list(schedule.chain(key)) for key in chains} == chains
    asked = [key for key in chains if key not in hidden]
    told = explanations(asked, schedule.chain, visible=lambda key: key not in hidden)
    assert told == {key: slow_explanation(chains[key], lambda key: key not in hidden) for key in asked if chains[key]}


def test_of_a_long_chain_the_gravest_are_told_and_the_others_are_summed_up() -> None:
    chain = [Cause(OPENING, 120, 0, 0, 0), *(Cause(10 + n, 120 - 8 * n, 120 - 8 * n, 0, 8) for n in range(15))]
    why = explain(chain, visible=everything)
    assert why == slow_explanation(chain, everything)
    assert (len(why.others), why.rest, why.rest_days) == (MOST_TOLD, 5, 40)


def test_ten_thousand_in_a_line_are_explained_in_two_steps_each() -> None:
    count, taken = 10_000, [0]
    schedule = plan(
        [work(key, 1, due=MONDAY) for key in range(count)],
        *(wait(key, key + 1) for key in range(count - 1)),
    )

    def chain(key: int) -> Iterator[Cause]:
        for step in schedule.chain(key):
            taken[0] += 1
            yield step

    why = explanations(range(count), chain, visible=everything)
    assert len(why) == count - 1
    last = why[count - 1]
    assert last.late == sum(share.days for share in last.others) + last.rest_days + last.own - last.absorbed + last.added
    assert taken[0] <= 2 * count
    taken[0] = 0
    assert explanations([count - 1], chain, visible=everything)[count - 1] == last
    assert taken[0] <= count


def slow_way(schedule: Schedule, key: int, origin: int) -> list[int]:
    """The definition of a way: back along what pushes."""
    way: list[int] = []
    before = schedule.pushed_by(key)
    while before is not None and before != origin:
        way.append(before)
        before = schedule.pushed_by(before)
    return way[::-1] if before is not None else []


@given(worlds())
def test_ways_that_share_their_beginnings_are_those_walked_one_by_one(world: World) -> None:
    works, waits, exceptions = world
    schedule = plan(works, *waits, calendars=[WorkingDays(each) for each in exceptions])
    for origin in range(len(works)):
        others = [one.key for one in works if one.key != origin]
        told = ways(others, origin, schedule.pushed_by)
        assert {key: (list(way.steps), way.left_out) for key, way in told.items()} == {
            key: (slow_way(schedule, key, origin), 0) for key in others
        }


def test_ways_along_ten_thousand_in_a_line_are_walked_once_and_told_by_their_ends() -> None:
    count, taken = 10_000, [0]

    def pushed_by(key: int) -> int | None:
        taken[0] += 1
        return key - 1 if key else None

    for keys in (range(1, count), range(count - 1, 0, -1)):
        taken[0] = 0
        led = ways(keys, 0, pushed_by)
        assert taken[0] < count
        assert (led[1], led[MOST_STEPS + 1]) == (Way(), Way((1, 2, 3, 4, 5)))
        assert led[count - 1] == Way((1, 2, 3, 4, count - 2), count - 2 - MOST_STEPS)
