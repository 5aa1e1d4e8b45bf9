"""The checks of a schedule by hand: what fails each of them, by which limit they pass, and when there is nothing to check."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cluster.domain.calendars import WorkingDays
from cluster.domain.errors import DomainError
from cluster.domain.network import LinkType
from cluster.domain.quality import Check, Fault, Rule, checks
from cluster.domain.schedule import Schedule, Wait, Work

D = Decimal
# A Monday; that week and the next one have no holidays.
MONDAY = date(2026, 3, 16)


def work(key: int, duration: int | None = 5, **fields: Any) -> Work:
    blank: dict[str, Any] = dict.fromkeys(("started", "actual", "forecast", "due", "constraint_on"))
    return Work(**blank | {"key": key, "code": f"M{key}", "calendar": 0, "duration": duration, "constraint": ""} | fields)


def wait(before: int, after: int, kind: str = "FS", lag: int = 0) -> Wait:
    return Wait(100 * before + after, before, after, LinkType(kind), lag)


def checked(works: list[Work], *waits: Wait) -> dict[Rule, Check]:
    return {check.rule: check for check in checks(Schedule(works, waits, [WorkingDays()], data_date=MONDAY))}


def chain(*waits: Wait, **fields: Any) -> dict[Rule, Check]:
    """Three works, one after the other; the fields are those of the second one."""
    return checked([work(1), work(2, **fields), work(3)], *(waits or (wait(1, 2), wait(2, 3))))


def faults(check: Check) -> list[tuple[int, int | None, int | None, str]]:
    return [(fault.key, fault.other, fault.days, fault.what) for fault in check.faults]


def test_the_checks_are_numbered_as_in_the_assessment_which_has_resources_as_the_tenth() -> None:
    assert [rule.number for rule in Rule] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, None]
    assert list(chain()) == list(Rule)


def test_a_milestone_without_predecessor_or_successor_is_a_loose_end_and_counts_once() -> None:
    check = checked([work(1), work(2), work(3)], wait(1, 2))[Rule.LOGIC]
    assert faults(check) == [
        (1, None, None, "predecessor"),
        (2, None, None, "successor"),
        (3, None, None, "predecessor"),
        (3, None, None, "successor"),
    ]
    assert (check.count, check.relevant, check.value, check.passed) == (3, 3, D(100), False)


def test_five_per_cent_of_loose_ends_pass_and_more_do_not() -> None:
    def tied(count: int) -> Check:
        return checked([work(n) for n in range(count)], *(wait(n, n + 1) for n in range(count - 1)))[Rule.LOGIC]

    assert tied(40).value == 5
    assert tied(40).passed
    assert not tied(39).passed


def test_leads_and_lags_are_told_with_their_days_and_a_link_to_what_is_reached_is_none() -> None:
    found = chain(wait(1, 2, lag=-2), wait(2, 3, lag=3))
    assert faults(found[Rule.LEADS]) == [(2, 1, -2, "FS")]
    assert faults(found[Rule.LAGS]) == [(3, 2, 3, "FS")]
    assert (found[Rule.LEADS].value, found[Rule.LEADS].passed) == (D(50), False)
    one_day = chain(wait(1, 2, lag=-1), wait(2, 3, lag=1))
    assert faults(one_day[Rule.LEADS]) == [(2, 1, -1, "FS")]
    assert faults(one_day[Rule.LAGS]) == [(3, 2, 1, "FS")]
    done = chain(wait(1, 2, lag=-2), wait(2, 3), actual=date(2026, 3, 10))
    assert done[Rule.LEADS].count == 0
    assert done[Rule.LEADS].relevant == 1


def test_nine_of_ten_links_from_finish_to_start_pass() -> None:
    works = [work(n) for n in range(11)]
    links = [wait(n, n + 1) for n in range(10)]
    assert checked(works, *links)[Rule.TYPES].value == 100
    nine = checked(works, *links[:9], wait(9, 10, "FF"))[Rule.TYPES]
    assert (nine.value, nine.passed, faults(nine)) == (D(90), True, [(10, 9, 0, "FF")])
    assert not checked(works, *links[:8], wait(8, 9, "SS"), wait(9, 10, "FF"))[Rule.TYPES].passed


@pytest.mark.parametrize(
    ("constraint", "hard"), [("MSO", True), ("MFO", True), ("SNLT", True), ("FNLT", True), ("SNET", False), ("FNET", False)]
)
def test_constraints_that_hold_a_latest_day_are_hard(constraint: str, hard: bool) -> None:
    check = chain(constraint=constraint, constraint_on=date(2027, 1, 11))[Rule.CONSTRAINTS]
    assert faults(check) == ([(2, None, None, constraint)] if hard else [])
    assert check.passed is not hard


def test_a_float_of_more_than_44_working_days_is_high_and_one_below_0_is_negative() -> None:
    def beside(duration: int) -> Check:
        return checked([work(1, duration), work(2, 5), work(3, 1)], wait(1, 3), wait(2, 3))[Rule.HIGH_FLOAT]

    assert not beside(49).faults
    assert faults(beside(50)) == [(2, None, 45, "")]
    late = chain(constraint="FNLT", constraint_on=date(2026, 3, 20))[Rule.NEGATIVE_FLOAT]
    assert faults(late) == [(1, None, -5, ""), (2, None, -5, "")]
    assert not late.passed


def test_a_duration_of_more_than_44_working_days_is_high_and_none_at_all_is_a_check_of_its_own() -> None:
    assert not chain(duration=44)[Rule.HIGH_DURATION].faults
    assert faults(chain(duration=45)[Rule.HIGH_DURATION]) == [(2, None, 45, "")]
    assert faults(chain(duration=None)[Rule.NO_DURATION]) == [(2, None, None, "")]
    assert chain(duration=None, actual=date(2026, 3, 10))[Rule.NO_DURATION].passed


def test_a_forecast_in_the_past_and_an_actual_date_in_the_future_are_invalid() -> None:
    assert faults(chain(forecast=date(2026, 3, 13))[Rule.INVALID_DATES]) == [(2, None, 3, "forecast")]
    assert chain(forecast=MONDAY)[Rule.INVALID_DATES].passed
    assert faults(chain(actual=date(2026, 3, 18))[Rule.INVALID_DATES]) == [(2, None, 2, "actual")]
    assert chain(forecast=date(2026, 3, 13), actual=date(2026, 3, 13))[Rule.INVALID_DATES].passed


def test_missed_is_what_was_due_and_is_reached_late_or_not_at_all() -> None:
    due = date(2026, 3, 10)
    works = [
        work(1, due=due),
        work(2, due=due, actual=date(2026, 3, 12)),
        work(3, due=due, actual=date(2026, 3, 10)),
        work(4, due=date(2026, 3, 17)),
    ]
    found = checked(works)
    assert faults(found[Rule.MISSED]) == [(1, None, 6, ""), (2, None, 2, "")]
    assert (found[Rule.MISSED].count, found[Rule.MISSED].relevant, found[Rule.MISSED].passed) == (2, 3, False)
    assert found[Rule.BEI].value == D(2) / 3
    assert faults(found[Rule.BEI]) == [(1, None, 6, "")]


def test_what_is_due_on_the_data_date_itself_was_due_by_it() -> None:
    found = checked([work(1, due=MONDAY), work(2, due=date(2026, 3, 17))])
    assert faults(found[Rule.MISSED]) == [(1, None, 0, "")]
    assert found[Rule.BEI].relevant == 1


def test_the_execution_index_counts_nothing_that_is_said_to_be_reached_after_the_data_date() -> None:
    check = checked([work(1, due=date(2026, 3, 10), actual=date(2026, 3, 17))])[Rule.BEI]
    assert (check.value, check.passed, check.count) == (D(0), False, 0)


def test_the_execution_index_counts_what_is_reached_ahead_of_its_date() -> None:
    works = [work(1, due=date(2026, 3, 10)), work(2, due=date(2026, 4, 10), actual=date(2026, 3, 12))]
    check = checked(works)[Rule.BEI]
    assert (check.value, check.passed, check.faults) == (D(1), True, ())


def test_the_end_moves_with_what_is_critical() -> None:
    check = chain()[Rule.PATH_TEST]
    assert (check.value, check.passed, check.faults) == (D(600), True, ())
    # By the start alone: the works whose finish drives the next one are taken, so that the end moves here as well.
    assert chain(wait(1, 2, "SS", 1), wait(2, 3))[Rule.PATH_TEST].passed


def test_an_end_that_a_constraint_holds_does_not_move_with_what_is_critical_and_fails() -> None:
    held = work(3, constraint="MFO", constraint_on=date(2030, 1, 15))
    check = checked([work(1), work(2), held], wait(1, 2), wait(2, 3))[Rule.PATH_TEST]
    assert (check.value, check.passed, check.count) == (D(0), False, 1)
    assert faults(check) == [(3, 3, None, "")]


def test_an_end_that_is_held_by_what_has_happened_cannot_be_tested() -> None:
    done = checked([work(1, actual=date(2026, 3, 10))])
    assert done[Rule.PATH_TEST].passed is None
    assert done[Rule.CPLI].passed is None
    assert done[Rule.CPLI].value is None


def test_the_length_index_adds_the_float_to_the_due_date_to_the_length_of_the_path() -> None:
    # The end is 15 working days away, on 3 April; 14 of them (16 March is the first) lie after the data date.
    on_time = checked([work(1), work(2), work(3, due=date(2026, 4, 3))], wait(1, 2), wait(2, 3))[Rule.CPLI]
    assert (on_time.value, on_time.passed) == (D(1), True)
    late = checked([work(1), work(2), work(3, due=date(2026, 3, 27))], wait(1, 2), wait(2, 3))[Rule.CPLI]
    assert (late.value, late.passed) == (D(14 - 5) / 14, False)
    assert late.faults == (Fault(3, days=-5),)
    assert chain()[Rule.CPLI].value is None


def test_one_milestone_is_checked_and_none_is_refused() -> None:
    found = checked([work(1)])
    assert found[Rule.TYPES].passed is None
    assert found[Rule.TYPES].value is None
    assert found[Rule.PATH_TEST].passed
    with pytest.raises(DomainError) as told:
        checked([])
    assert told.value.code == "empty"
