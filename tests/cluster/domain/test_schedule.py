"""The schedule of a plan: dates by both bases, knock-on, cause chains; against a reference that counts days one by one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.domain.calendars import WorkingDays, is_working_day
from cluster.domain.dependencies import CircularDependency
from cluster.domain.errors import DomainError
from cluster.domain.network import LinkType
from cluster.domain.schedule import Basis, Cause, Placed, Schedule, Wait, Work

RUSSIA = WorkingDays()
# A Monday; that week and the next one have no holidays.
MONDAY = date(2026, 3, 16)
ONE_DAY = timedelta(days=1)
# Milestones, links, and the exceptions of each calendar.
World = tuple[list[Work], list[Wait], list[dict[date, bool]]]


def work(key: int, duration: int | None = 0, **fields: Any) -> Work:
    """A milestone that is neither started nor promised."""
    blank: dict[str, Any] = dict.fromkeys(("started", "actual", "forecast", "due", "constraint_on")) | {"calendar": 0, "constraint": ""}
    return Work(key=key, code=f"M{key}", duration=duration, **blank | fields)


def wait(before: int, after: int, kind: str = "FS", lag: int = 0) -> Wait:
    return Wait(100 * before + after, before, after, LinkType(kind), lag)


def plan(works: Sequence[Work], *waits: Wait, on: date = MONDAY, calendars: Sequence[WorkingDays] = (RUSSIA,)) -> Schedule:
    return Schedule(works, waits, calendars, data_date=on)


def march(day: int) -> date:
    return date(2026, 3, day)


def test_work_starts_on_its_first_day_and_is_finished_on_its_last_one() -> None:
    placed = plan([work(1, 5), work(2, 3), work(3)], wait(1, 2), wait(2, 3)).placed(Basis.LOGIC)
    assert (placed[1].early_start, placed[1].early_finish) == (march(16), march(20))
    assert (placed[2].early_start, placed[2].early_finish) == (march(23), march(25))
    # A mere date stands on the day its predecessor is finished on.
    assert (placed[3].early_start, placed[3].early_finish) == (march(25), march(25))
    assert all(one.critical and one.total_float == one.free_float == 0 for one in placed.values())


def test_float_is_told_in_working_days() -> None:
    placed = plan([work(1, 10), work(2, 2), work(3, 1)], wait(1, 3), wait(2, 3)).placed(Basis.LOGIC)
    assert placed[2] == Placed(march(16), march(17), march(26), march(27), 8, 8, critical=False)


def test_what_is_reached_stays_on_its_day_without_float_and_is_not_critical() -> None:
    actual = date(2026, 3, 8)
    placed = plan([work(1, 3, actual=actual), work(2, 1)], wait(1, 2)).placed(Basis.LOGIC)
    assert placed[1] == Placed(date(2026, 3, 4), actual, date(2026, 3, 4), actual, 0, 0, critical=False)
    assert placed[2].early_start == MONDAY


def test_what_is_reached_starts_when_it_was_begun() -> None:
    placed = plan([work(1, 3, started=march(2), actual=march(13))]).placed(Basis.LOGIC)
    assert (placed[1].early_start, placed[1].early_finish) == (march(2), march(13))


def test_of_work_in_progress_what_remains_goes_on_from_the_data_date() -> None:
    # 2-6 March are five working days; of ten, five remain.
    begun = work(1, 10, started=march(2))
    placed = plan([begun, work(2, 1)], wait(1, 2), on=date(2026, 3, 10)).placed(Basis.LOGIC)
    assert (placed[1].early_start, placed[1].early_finish) == (march(2), march(16))
    assert placed[2].early_start == march(17)


def test_links_bind_what_remains_of_work_that_began_too_early() -> None:
    placed = plan([work(1, 5), work(2, 10, started=march(12))], wait(1, 2)).placed(Basis.LOGIC)
    assert placed[1].early_finish == march(20)
    # Two of ten days were worked; the eight that remain wait for the first work.
    assert (placed[2].early_start, placed[2].early_finish) == (march(12), date(2026, 4, 1))


def test_what_has_overrun_its_duration_is_finished_on_the_data_date_at_the_earliest() -> None:
    assert plan([work(1, 2, started=march(2))]).placed(Basis.LOGIC)[1].early_finish == MONDAY


def test_a_start_after_the_data_date_is_not_known_yet() -> None:
    assert plan([work(1, 2, started=march(20))]).placed(Basis.LOGIC)[1].early_start == MONDAY


def test_a_data_date_on_a_day_of_rest_is_the_day_of_a_mere_date_and_the_eve_of_work() -> None:
    sunday = march(15)
    placed = plan([work(1), work(2, 1)], on=sunday).placed(Basis.LOGIC)
    assert placed[1].early_finish == sunday
    assert placed[2].early_start == MONDAY


@pytest.mark.parametrize(
    ("constraint", "on", "start", "finish", "total_float"),
    [
        ("SNET", march(18), march(18), march(20), 0),
        ("SNET", march(1), march(16), march(18), 0),
        ("FNET", march(20), march(18), march(20), 0),
        ("SNLT", march(16), march(16), march(18), 0),
        ("SNLT", march(12), march(16), march(18), -2),
        ("FNLT", march(16), march(16), march(18), -2),
        ("FNLT", march(18), march(16), march(18), 0),
        ("MSO", march(19), march(19), march(23), 0),
        ("MSO", march(12), march(16), march(18), -2),
        ("MFO", march(24), march(20), march(24), 0),
        ("MFO", march(17), march(16), march(18), -1),
    ],
)
def test_a_constraint_bounds_and_gives_negative_float_where_it_cannot_hold(
    constraint: str, on: date, start: date, finish: date, total_float: int
) -> None:
    placed = plan([work(1, 3, constraint=constraint, constraint_on=on)]).placed(Basis.LOGIC)[1]
    assert (placed.early_start, placed.early_finish, placed.total_float) == (start, finish, total_float)
    assert placed.critical


def test_an_upper_bound_takes_float_where_there_is_some() -> None:
    placed = plan([work(1, 20), work(2, 3, constraint="FNLT", constraint_on=march(20))]).placed(Basis.LOGIC)
    assert (placed[2].total_float, placed[2].late_finish, placed[2].critical) == (2, march(20), False)


def test_a_constraint_on_the_start_of_work_that_has_begun_says_nothing_any_more() -> None:
    begun = work(1, 5, started=march(12), constraint="SNLT", constraint_on=march(2))
    assert plan([begun]).placed(Basis.LOGIC)[1].total_float == 0


def test_what_is_expected_holds_a_forecast_else_the_due_date_and_pushes_on() -> None:
    works = [work(1, 5, forecast=march(27), due=march(20)), work(2, 3, due=march(24)), work(3, 2, due=date(2026, 4, 30))]
    schedule = plan(works, wait(1, 2), wait(2, 3))
    expected, logic = schedule.placed(Basis.EXPECTED), schedule.placed(Basis.LOGIC)
    assert [expected[key].early_finish for key in (1, 2, 3)] == [march(27), date(2026, 4, 1), date(2026, 4, 30)]
    assert [logic[key].early_finish for key in (1, 2, 3)] == [march(20), march(25), march(27)]
    assert schedule.knock_on() == {2: date(2026, 4, 1)}


def test_a_date_on_a_day_of_rest_is_neither_rounded_nor_late_by_rounding() -> None:
    """The year ends on a holiday: what is due by then and expected by then is not late."""
    year_end = date(2026, 12, 31)
    assert not is_working_day(year_end)
    schedule = plan([work(1, 5, due=year_end), work(2, due=year_end)], wait(1, 2))
    assert [placed.early_finish for placed in schedule.placed(Basis.EXPECTED).values()] == [year_end, year_end]
    assert schedule.knock_on() == {}
    assert list(schedule.chain(2)) == []


def test_what_is_overdue_is_expected_on_the_data_date() -> None:
    schedule = plan([work(1, due=march(2)), work(2, 5, due=march(13))])
    assert [placed.early_finish for placed in schedule.placed(Basis.EXPECTED).values()] == [MONDAY, MONDAY]
    assert list(schedule.chain(1)) == [Cause(1, 14, 0, 0, 14)]


def test_what_is_reached_is_pushed_nowhere() -> None:
    assert plan([work(1, 5, due=march(2)), work(2, actual=march(12), due=march(2))], wait(1, 2)).knock_on() == {}


def test_links_that_no_longer_hold_a_milestone_up_push_it_nowhere() -> None:
    """What came before was reached in February; the work after it is late by itself."""
    works = [work(1, 5, due=date(2026, 1, 30), actual=date(2026, 2, 13)), work(2, 5, due=date(2026, 2, 6))]
    assert plan(works, wait(1, 2)).knock_on() == {}
    assert plan(works, wait(1, 2), on=date(2026, 2, 16)).knock_on() == {2: date(2026, 2, 20)}


def test_a_chain_goes_back_to_the_root_and_says_what_float_took_up() -> None:
    """The opening is 43 days late because the delivery is 50 days late, of which 7 are taken up by float."""
    works = [
        work(1, 20, due=date(2026, 6, 1), forecast=date(2026, 7, 21)),
        work(2, 25, due=date(2026, 7, 13)),
    ]
    schedule = plan(works, wait(1, 2))
    assert schedule.placed(Basis.EXPECTED)[2].early_finish == date(2026, 8, 25)
    assert list(schedule.chain(2)) == [Cause(2, 43, 0, 0, 0), Cause(1, 50, 43, 7, 50)]
    assert schedule.pushed_by(2) == 1
    assert schedule.pushed_by(1) is None


def test_days_that_a_predecessor_does_not_explain_are_the_own_ones() -> None:
    works = [work(1, 5, due=march(20), forecast=march(27)), work(2, 5, due=march(27), forecast=date(2026, 4, 17))]
    # By the link the second would be finished on 3 April: seven days of its 21.
    assert list(plan(works, wait(1, 2)).chain(2)) == [Cause(2, 21, 0, 0, 14), Cause(1, 7, 7, 0, 7)]


def test_a_due_date_that_never_fitted_its_links_is_not_laid_to_the_predecessor() -> None:
    works = [work(1, 5, due=march(20), forecast=march(27)), work(2, 10, due=march(23))]
    # Even in time, the first work would have let the second one end on 3 April only.
    assert list(plan(works, wait(1, 2)).chain(2)) == [Cause(2, 18, 0, 0, 11), Cause(1, 7, 7, 0, 7)]


def test_of_several_predecessors_the_one_that_demands_the_latest_date_is_the_cause() -> None:
    works = [
        work(1, 5, due=march(20), forecast=date(2026, 4, 3)),
        work(2, 5, due=march(20), forecast=date(2026, 4, 24)),
        work(3, 5, due=march(20), forecast=date(2026, 5, 29)),
        work(4, 1, due=march(23)),
    ]
    schedule = plan(works, wait(1, 4), wait(2, 4), wait(3, 4, "SS"))
    assert [cause.key for cause in schedule.chain(4)] == [4, 3]
    assert [cause.key for cause in plan(works, wait(1, 4), wait(2, 4)).chain(4)] == [4, 2]


def test_a_chain_ends_with_a_predecessor_that_is_not_late() -> None:
    works = [work(1, 5, due=date(2026, 5, 29)), work(2, 5, due=march(20), forecast=march(27))]
    assert list(plan(works, wait(1, 2, "SF", -60)).chain(2)) == [Cause(2, 7, 0, 0, 7)]


def test_what_was_reached_late_explains_what_follows() -> None:
    works = [work(1, 5, due=march(2), actual=march(13)), work(2, 5, due=march(10))]
    assert list(plan(works, wait(1, 2)).chain(2)) == [Cause(2, 10, 0, 0, 0), Cause(1, 11, 10, 1, 11)]


def test_the_critical_path_runs_from_the_first_to_the_last_milestone_that_drive_the_end() -> None:
    schedule = plan([work(1, 5), work(2, 9), work(3, 2), work(4, 1)], wait(1, 3), wait(2, 3), wait(3, 4, "SS", 1))
    assert schedule.critical_path() == [2, 3, 4]


def test_a_factory_follows_its_own_calendar_and_links_carry_dates_across() -> None:
    closed = WorkingDays({march(day): False for day in range(16, 21)})
    works = [work(1, 2), work(2, 1, calendar=1), work(3, 1)]
    placed = plan(works, wait(1, 2), wait(2, 3), calendars=[RUSSIA, closed]).placed(Basis.LOGIC)
    # The second factory rests until the 23rd.
    assert [placed[key].early_start for key in (1, 2, 3)] == [march(16), march(23), march(24)]
    # The first work may slip until the second factory works again: five of its own working days less two.
    assert (placed[1].total_float, placed[1].free_float, placed[1].late_finish) == (3, 3, march(20))


def test_a_mere_date_starts_in_the_evening_whenever_its_factory_works_again() -> None:
    closed = WorkingDays({march(day): False for day in range(16, 21)})
    works = [work(1, actual=march(13), calendar=1), work(2, 1)]
    placed = plan(works, wait(1, 2, "SS"), on=march(11), calendars=[RUSSIA, closed]).placed(Basis.LOGIC)
    assert placed[2].early_start == march(16)


def test_work_in_progress_that_should_have_ended_before_it_began_does_not_end_before_its_late_start() -> None:
    placed = plan([work(1, 5, started=march(12), constraint="FNLT", constraint_on=march(10))]).placed(Basis.LOGIC)[1]
    assert (placed.late_start, placed.late_finish, placed.total_float) == (march(10), march(10), -6)


def test_a_working_saturday_of_one_factory_ends_before_the_monday_of_another() -> None:
    busy = WorkingDays({march(21): True})
    placed = plan([work(1, 6, calendar=1), work(2, 1)], wait(1, 2), calendars=[RUSSIA, busy]).placed(Basis.LOGIC)
    assert (placed[1].early_finish, placed[2].early_start) == (march(21), march(23))
    assert (placed[1].total_float, placed[1].critical) == (0, True)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A small plan in two or three calendars, with forecasts, due dates and what is reached."""
    exceptions = draw(st.lists(st.dictionaries(st.dates(march(10), date(2026, 4, 30)), st.booleans(), max_size=12), min_size=2, max_size=3))
    n = draw(st.integers(1, 6))
    dates = st.none() | st.dates(march(1), date(2026, 4, 20))
    works = [
        work(
            key,
            draw(st.integers(0, 6)),
            calendar=draw(st.integers(0, len(exceptions) - 1)),
            forecast=draw(dates),
            due=draw(dates),
            actual=draw(st.none() | st.dates(march(1), MONDAY)) if draw(st.integers(0, 3)) == 0 else None,
        )
        for key in range(n)
    ]
    pairs = [(a, b) for a in range(n) for b in range(a + 1, n)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    return works, [wait(a, b, draw(st.sampled_from(["FS", "SS", "FF", "SF"])), draw(st.integers(-2, 3))) for a, b in chosen], exceptions


class Slow:
    """Days counted one by one: a moment is the evening of a day, written as that day."""

    def __init__(self, exceptions: dict[date, bool]) -> None:
        self.exceptions = exceptions

    def works(self, on: date) -> bool:
        return self.exceptions.get(on, is_working_day(on))

    def evening(self, on: date) -> date:
        """The last working day not after `on`: the same evening of work."""
        while not self.works(on):
            on -= ONE_DAY
        return on

    def add(self, evening: date, days: int) -> date:
        """The evening so many working days later (or earlier)."""
        evening = self.evening(evening)
        step = ONE_DAY if days > 0 else -ONE_DAY
        for _ in range(abs(days)):
            evening += step
            while not self.works(evening):
                evening += step
        return evening

    def morning(self, evening: date) -> date:
        """The first working day after an evening."""
        return self.add(evening, 1)


def slow_finishes(world: World, basis: Basis) -> tuple[list[date], dict[int, date]]:
    """Evenings of finishes in the order of the works, and what links push beyond the own date."""
    works, waits, exceptions = world
    finishes: list[date] = []
    pushed: dict[int, date] = {}
    for one in works:
        days, duration = Slow(exceptions[one.calendar]), one.duration or 0
        eve = days.evening(MONDAY - ONE_DAY)
        own = one.forecast or one.due
        if one.actual is not None:
            finishes.append(days.evening(one.actual))
            continue
        held = days.evening(own) if basis is Basis.EXPECTED and own is not None else days.add(eve, duration)
        demands = []
        for link in waits:
            if link.successor != one.key:
                continue
            before = works[link.predecessor]
            theirs, read = Slow(exceptions[before.calendar]), finishes[link.predecessor]
            if link.type in (LinkType.SS, LinkType.SF) and before.duration:
                # The morning of the first day, seen from here: the evening before it.
                read = theirs.morning(theirs.add(read, -before.duration)) - ONE_DAY
            at = days.add(days.evening(read), link.lag)
            demands.append(days.add(at, 0 if link.type in (LinkType.FF, LinkType.SF) else duration))
        if demands and own is not None and max(demands) > max(days.evening(own), days.evening(MONDAY)):
            pushed[one.key] = max(demands)
        finishes.append(max([days.evening(MONDAY), held, *demands]))
    return finishes, pushed


@given(worlds())
def test_finishes_and_knock_on_are_those_of_days_counted_one_by_one(world: World) -> None:
    works, waits, exceptions = world
    schedule = plan(works, *waits, calendars=[WorkingDays(each) for each in exceptions])
    for basis in Basis:
        placed = schedule.placed(basis)
        slow, pushed = slow_finishes(world, basis)
        assert [Slow(exceptions[one.calendar]).evening(placed[one.key].early_finish) for one in works] == slow
        if basis is Basis.EXPECTED:
            assert schedule.knock_on() == pushed


@given(worlds())
def test_knock_on_lies_within_what_is_expected_and_after_the_own_date(world: World) -> None:
    works, waits, exceptions = world
    schedule = plan(works, *waits, calendars=[WorkingDays(each) for each in exceptions])
    expected = schedule.placed(Basis.EXPECTED)
    for key, day in schedule.knock_on().items():
        own = works[key].forecast or works[key].due
        assert own is not None
        assert own < day <= expected[key].early_finish


@given(worlds())
def test_calendars_that_are_the_same_make_the_dates_of_one(world: World) -> None:
    works, waits, exceptions = world
    several = plan(works, *waits, calendars=[WorkingDays(exceptions[0]) for _ in exceptions])
    one = plan([replace(each, calendar=0) for each in works], *waits, calendars=[WorkingDays(exceptions[0])])
    assert all(several.placed(basis) == one.placed(basis) for basis in Basis)
    assert several.knock_on() == one.knock_on()
    assert several.critical_path() == one.critical_path()
    assert all(list(several.chain(each.key)) == list(one.chain(each.key)) for each in works)


@given(worlds())
def test_no_days_of_a_chain_are_lost_on_the_way(world: World) -> None:
    works, waits, exceptions = world
    schedule = plan(works, *waits, calendars=[WorkingDays(each) for each in exceptions])
    for one in works:
        chain = list(schedule.chain(one.key))
        for here, behind in pairwise(chain):
            assert here.own + behind.passed_on == here.late
            assert behind.absorbed == max(0, behind.late - behind.passed_on)
        assert not chain or chain[-1].own == chain[-1].late


def test_ten_thousand_in_a_line_are_placed() -> None:
    works = [work(key, 1, due=MONDAY) for key in range(10_000)]
    schedule = plan(works, *(wait(key, key + 1) for key in range(9_999)))
    assert schedule.placed(Basis.LOGIC)[9_999].early_finish.year == 2066
    assert len(schedule.critical_path()) == 10_000
    # The first one is done on the data date, when it is due.
    assert len(list(schedule.chain(9_999))) == 9_999


def test_nothing_to_place_is_no_error() -> None:
    schedule = plan([])
    assert (schedule.placed(Basis.LOGIC), schedule.knock_on(), schedule.critical_path()) == ({}, {}, [])


@pytest.mark.parametrize(
    ("works", "waits", "code"),
    [
        ([work(1, -1)], [], "negative"),
        ([work(1)], [wait(1, 2)], "choice"),
        ([work(1, due=date(2101, 1, 1))], [], "date_range"),
    ],
)
def test_what_is_no_plan_is_refused(works: list[Work], waits: list[Wait], code: str) -> None:
    with pytest.raises(DomainError) as told:
        plan(works, *waits).placed(Basis.LOGIC)
    assert told.value.code == code


def test_a_circle_is_refused_with_its_members_in_order() -> None:
    with pytest.raises(CircularDependency, match=r"M(1 → M2 → M3 → M1|2 → M3 → M1 → M2|3 → M1 → M2 → M3)"):
        plan([work(1), work(2), work(3)], wait(1, 2), wait(2, 3), wait(3, 1))
    with pytest.raises(CircularDependency, match="M1 → M1"):
        plan([work(1)], wait(1, 1))


def test_dates_beyond_2100_are_refused_with_the_milestone_that_leaves_it() -> None:
    with pytest.raises(DomainError) as told:
        plan([work(1, 10), work(2, 100_000)], wait(1, 2)).placed(Basis.LOGIC)
    assert told.value.code == "date_range"
    assert "M2" in str(told.value)
