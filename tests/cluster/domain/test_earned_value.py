"""Earned value and earned schedule by hand."""

from datetime import date
from decimal import Decimal

import pytest

from cluster.domain.earned_value import EarnedValue, Method, WeightedMilestone, earned_schedule, earned_value
from cluster.domain.errors import DomainError

D = Decimal
DUE, LATER = date(2025, 3, 31), date(2025, 6, 30)


def test_planned_counts_what_is_due_and_earned_what_is_reached() -> None:
    milestones = [
        WeightedMilestone(D("0.5"), DUE, reached=date(2025, 3, 1)),
        WeightedMilestone(D("0.3"), DUE),
        WeightedMilestone(D("0.2"), LATER, reached=LATER),
    ]
    value = earned_value(bac=D(1000), ac=D(600), milestones=milestones, as_of=DUE)
    assert (value.pv, value.ev) == (D(800), D(500))
    assert (value.cv, value.sv) == (D(-100), D(-300))
    assert earned_value(bac=D(1000), ac=D(600), milestones=milestones, as_of=date(2025, 3, 30)).pv == 0
    assert earned_value(bac=D(1000), ac=D(600), milestones=milestones, as_of=LATER).ev == D(700)


def test_the_three_estimates_and_what_follows_from_them() -> None:
    value = EarnedValue(bac=D(100_000), pv=D(40_000), ev=D(30_000), ac=D(35_000))
    assert value.eac(Method.PLAN) == D(105_000)
    assert value.eac(Method.CPI) == D("116666.67")
    assert value.eac(Method.CPI_SPI) == D("143888.89")
    assert value.etc(Method.PLAN) == D(70_000)
    assert value.vac(Method.PLAN) == D(-5_000)
    assert value.tcpi is not None
    assert round(value.tcpi, 4) == D("1.0769")
    assert value.tcpi_of(Method.PLAN) == D(1)


def test_a_zero_denominator_leaves_the_figure_undefined() -> None:
    nothing = EarnedValue(bac=D(100), pv=D(0), ev=D(0), ac=D(0))
    assert nothing.cpi is None
    assert nothing.spi is None
    assert nothing.eac(Method.CPI) is None
    assert nothing.eac(Method.CPI_SPI) is None
    assert nothing.etc(Method.CPI) is None
    assert nothing.vac(Method.CPI) is None
    assert nothing.tcpi_of(Method.CPI) is None
    assert EarnedValue(bac=D(100), pv=D(0), ev=D(0), ac=D(100)).tcpi is None


def test_weights_that_do_not_sum_to_one_are_refused() -> None:
    for weights in ([D("0.5"), D("0.4")], [D("1.5"), D("-0.5")], []):
        with pytest.raises(DomainError) as told:
            earned_value(bac=D(1), ac=D(0), milestones=[WeightedMilestone(w, DUE) for w in weights], as_of=DUE)
        assert told.value.field == "weight"


def test_earned_schedule_lies_between_the_periods_that_bracket_the_value() -> None:
    plan = [D(10_000 * n) for n in range(11)]
    late = earned_schedule(planned_values=plan, ev=D(34_000), at=D(5))
    assert late.es == D("3.4")
    assert late.sv == D("-1.6")
    assert late.spi == D("0.68")
    assert late.ieac is not None
    assert round(late.ieac, 4) == D("14.7059")


def test_complete_work_has_earned_the_whole_plan_and_no_more() -> None:
    plan = [D(0), D(50), D(100), D(100)]
    assert earned_schedule(planned_values=plan, ev=D(100), at=D(3)).es == D(2)
    assert earned_schedule(planned_values=plan, ev=D(100), at=D(3)).planned == D(2)


def test_nothing_earned_or_no_time_passed_is_undefined_and_no_error() -> None:
    plan = [D(0), D(50), D(100)]
    assert earned_schedule(planned_values=plan, ev=D(0), at=D(1)).ieac is None
    assert earned_schedule(planned_values=plan, ev=D(0), at=D(0)).spi is None


@pytest.mark.parametrize("plan", [[D(0)], [], [D(0), D(5), D(4)]])
def test_a_plan_without_periods_or_one_that_falls_is_refused(plan: list[Decimal]) -> None:
    with pytest.raises(DomainError):
        earned_schedule(planned_values=plan, ev=D(1), at=D(1))
