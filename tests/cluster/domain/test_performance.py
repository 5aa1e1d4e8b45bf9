"""Earned value by month and in time, by hand; sums over factories; what is not defined."""

from datetime import date
from decimal import Decimal

import pytest

from cluster.domain.earned_value import Method, WeightedMilestone
from cluster.domain.errors import DomainError
from cluster.domain.performance import Account, day_after, months_between, performance

D = Decimal
JAN, FEB, MAR, APR = (date(2025, month, 1) for month in range(1, 5))


def account(bac: int = 100, paid: dict[date, Decimal] | None = None, reached: tuple[date | None, ...] = (None,) * 4) -> Account:
    """A quarter of the budget is due at the middle of each month from January to April."""
    milestones = [WeightedMilestone(D("0.25"), date(2025, month, 15), on) for month, on in zip(range(1, 5), reached, strict=True)]
    return Account(D(bac), milestones, paid or {})


def test_sums_by_month_are_planned_to_the_end_and_earned_and_paid_up_to_the_day() -> None:
    late = account(paid={JAN: D(20), FEB: D(15), MAR: D(10)}, reached=(date(2025, 1, 20), date(2025, 3, 10), None, None))
    found = performance([late], as_of=date(2025, 3, 31))
    assert [(p.month, p.pv, p.ev, p.ac) for p in found.points] == [
        (JAN, D(25), D(25), D(20)),
        (FEB, D(50), D(25), D(35)),
        (MAR, D(75), D(50), D(45)),
        (APR, D(100), None, None),
    ]
    assert (found.value.pv, found.value.ev, found.value.ac) == (D(75), D(50), D(45))
    assert (found.schedule.es, found.schedule.at, found.schedule.planned) == (D(2), D(3), D(4))
    assert found.schedule.sv == -1
    assert found.schedule.ieac == 6
    assert found.ieac_on == date(2025, 6, 30)


def test_what_is_reached_after_the_day_is_not_earned_on_it() -> None:
    one = account(reached=(date(2025, 1, 20), date(2025, 3, 10), None, None))
    found = performance([one], as_of=date(2025, 2, 14))
    assert (found.value.pv, found.value.ev) == (D(25), D(25))
    assert found.points[1].ev == D(25)
    assert found.points[2].ev is None


def test_the_sum_of_factories_is_the_sum_of_their_rounded_figures() -> None:
    thirds = [WeightedMilestone(D("0.333333"), date(2025, 1, 15)), WeightedMilestone(D("0.666667"), date(2025, 2, 15))]
    one, other = Account(D("100.01"), thirds, {JAN: D(1)}), Account(D("10.05"), thirds, {FEB: D(2)})
    both = performance([one, other], as_of=date(2025, 1, 31))
    parts = [performance([part], as_of=date(2025, 1, 31)) for part in (one, other)]
    assert both.value.pv == sum(part.value.pv for part in parts)
    assert both.value.bac == D("110.06")
    assert both.points[-1].pv == D("110.06")
    assert both.value.ac == D(1)


def test_time_stands_still_once_everything_is_earned() -> None:
    done = account(reached=(JAN, FEB, MAR, date(2025, 5, 31)))
    found = performance([done], as_of=date(2026, 12, 31))
    assert found.completed_on == date(2025, 5, 31)
    assert (found.schedule.es, found.schedule.at) == (D(4), D(5))
    assert found.ieac_on == date(2025, 5, 31)


def test_before_the_plan_begins_indices_of_time_are_not_defined() -> None:
    found = performance([account()], as_of=date(2024, 12, 31))
    assert found.schedule.at == 0
    assert found.schedule.spi is None
    assert found.schedule.ieac is None
    assert found.ieac_on is None
    assert found.value.cpi is None
    assert found.value.eac(Method.CPI) is None


def test_payments_before_the_plan_begins_have_months_of_their_own() -> None:
    found = performance([account(paid={date(2024, 11, 1): D(5)})], as_of=date(2025, 1, 1))
    assert [(p.month, p.ac) for p in found.points[:3]] == [(date(2024, 11, 1), D(5)), (date(2024, 12, 1), D(5)), (JAN, D(5))]
    assert found.start == JAN


def test_one_milestone_makes_a_plan_of_one_month() -> None:
    one = Account(D(50), [WeightedMilestone(D(1), date(2025, 1, 10), date(2025, 2, 14))], {})
    assert performance([one], as_of=date(2025, 1, 31)).schedule.es == 0
    found = performance([one], as_of=date(2025, 2, 28))
    assert (found.schedule.es, found.schedule.planned, found.schedule.at) == (D(1), D(1), D("1.5"))


def test_weights_that_do_not_sum_to_one_and_no_account_at_all_are_refused() -> None:
    with pytest.raises(DomainError) as told:
        performance([Account(D(1), [WeightedMilestone(D("0.9"), JAN)], {})], as_of=JAN)
    assert (told.value.field, told.value.params["total"]) == ("weight", D("0.9"))
    with pytest.raises(DomainError) as told:
        performance([], as_of=JAN)
    assert told.value.code == "no_weights"


@pytest.mark.parametrize(
    ("end", "months"),
    [
        (date(2025, 1, 31), D(1)),
        (date(2025, 6, 15), D("5.5")),
        (date(2026, 1, 31), D(13)),
        (date(2024, 12, 31), D(0)),
    ],
)
def test_months_between_counts_days_of_a_part_of_a_month(end: date, months: Decimal) -> None:
    assert months_between(JAN, end) == months


def test_a_number_of_months_leads_back_to_its_day() -> None:
    for on in (date(2025, 1, 31), date(2025, 6, 15), date(2028, 2, 29)):
        assert day_after(JAN, months_between(JAN, on)) == on
    assert day_after(JAN, D("1.001")) == date(2025, 2, 1)
    assert day_after(JAN, D(10**9)) is None
