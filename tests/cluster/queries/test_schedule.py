"""The schedule of a contract as it was known on a day: dates, links, calendars, what if; in a fixed number of statements."""

from datetime import date
from typing import Any

import pytest

from cluster.domain.dates import DateWindow
from cluster.domain.errors import DomainError
from cluster.domain.schedule import Basis
from cluster.models import CalendarException, Contract, Dependency, Factory, ForecastRevision, Milestone
from cluster.queries.schedule import ContractSchedule, refuse_before_baseline, schedule_of
from tests.factories import make_contract, make_factory, make_milestone, promise

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]

MONDAY = date(2026, 3, 16)
STATEMENTS = 6


@pytest.fixture
def factory() -> Factory:
    """F1, which waits for nobody else."""
    return make_factory(code="F1")


@pytest.fixture
def row(factory: Factory) -> list[Milestone]:
    """Three milestones, each of a week of work, each waiting for the one before it; due at the ends of three weeks."""
    milestones = [make_milestone(factory, code=f"M{n}", duration_days=5) for n in range(3)]
    for before, after in ((0, 1), (1, 2)):
        Dependency.objects.create(predecessor=milestones[before], successor=milestones[after])
    for milestone, due in zip(milestones, ("2026-03-20", "2026-03-27", "2026-04-03"), strict=True):
        promise(milestone, due, announced="2026-01-15")
    return milestones


def tell(milestone: Milestone, new: str, announced: str) -> None:
    """A revision of a forecast."""
    revision = ForecastRevision(milestone=milestone, reason="other")
    revision.new, revision.announced = DateWindow.parse(new), DateWindow.parse(announced)
    revision.save()


def finishes(found: ContractSchedule, basis: Basis = Basis.LOGIC) -> list[date]:
    placed = found.schedule.placed(basis)
    return [placed[dated.milestone.pk].early_finish for dated in found.milestones]


def april(day: int) -> date:
    return date(2026, 4, day)


def test_links_place_the_milestones_of_a_contract(row: list[Milestone]) -> None:
    found = schedule_of(row[0].contract, as_of=MONDAY)
    assert finishes(found) == [date(2026, 3, 20), date(2026, 3, 27), april(3)]
    assert [found.by_key[wait.successor].milestone.code for wait in found.waits] == ["M1", "M2"]
    assert found.schedule.critical_path() == [milestone.pk for milestone in row]


def test_only_what_was_announced_by_the_day_is_known(row: list[Milestone]) -> None:
    tell(row[0], "2026-04-03", announced="2026-03-16")
    tell(row[0], "2026-06-30", announced="2026-03-17")
    found = schedule_of(row[0].contract, as_of=MONDAY)
    assert finishes(found, Basis.EXPECTED) == [april(3), april(10), april(17)]
    assert found.schedule.knock_on() == {row[1].pk: april(10), row[2].pk: april(17)}


def test_an_actual_date_counts_from_its_announcement(row: list[Milestone]) -> None:
    row[0].actual = DateWindow.parse("2026-03-04")
    row[0].actual_announced_on = date(2026, 3, 6)
    row[0].save()
    assert finishes(schedule_of(row[0].contract, as_of=date(2026, 3, 5)))[0] == date(2026, 3, 12)
    assert finishes(schedule_of(row[0].contract, as_of=date(2026, 3, 6)))[0] == date(2026, 3, 4)


def test_a_window_counts_by_its_end(row: list[Milestone]) -> None:
    tell(row[0], "2026-Q2", announced="2026-03-16")
    assert finishes(schedule_of(row[0].contract, as_of=MONDAY), Basis.EXPECTED)[0] == date(2026, 6, 30)


def test_what_if_a_forecast_were_told(row: list[Milestone]) -> None:
    tell(row[0], "2026-04-03", announced="2026-03-16")
    found = schedule_of(row[0].contract, as_of=MONDAY, forecasts={row[0].pk: april(10)})
    assert finishes(found, Basis.EXPECTED) == [april(10), april(17), april(24)]
    assert ForecastRevision.objects.count() == 1


def test_exceptions_of_the_contract_hold_for_all_and_those_of_a_factory_go_before(row: list[Milestone], factory: Factory) -> None:
    contract, other = factory.contract, make_factory(factory.contract, code="F2")
    theirs, common = make_milestone(other, duration_days=5), make_milestone(contract=contract, duration_days=5)
    days = CalendarException.objects
    days.create(contract=contract, day=MONDAY, works=False, reason="Strike")
    days.create(contract=contract, day=date(2026, 3, 17), works=False, reason="Strike")
    days.create(contract=contract, factory=factory, day=date(2026, 3, 17), works=True, reason="No strike here")
    days.create(contract=make_contract(), day=date(2026, 3, 18), works=False, reason="Elsewhere")
    found = schedule_of(contract, as_of=MONDAY)
    placed = found.schedule.placed(Basis.LOGIC)
    assert placed[row[0].pk].early_start == date(2026, 3, 17)
    assert {placed[milestone.pk].early_start for milestone in (theirs, common)} == {date(2026, 3, 18)}


def test_milestones_of_another_contract_stay_out(row: list[Milestone]) -> None:
    make_milestone()
    assert len(schedule_of(row[0].contract, as_of=MONDAY).milestones) == 3


def test_a_contract_without_milestones_has_an_empty_schedule() -> None:
    found = schedule_of(make_contract(), as_of=MONDAY)
    assert (found.milestones, found.schedule.placed(Basis.EXPECTED)) == ([], {})


def test_the_number_of_statements_does_not_grow_with_the_plan(row: list[Milestone], django_assert_max_num_queries: Any) -> None:
    contract: Contract = row[0].contract
    for number in range(20):
        milestone = make_milestone(make_factory(contract, code=f"G{number}"), duration_days=2)
        Dependency.objects.create(predecessor=row[0], successor=milestone)
        CalendarException.objects.create(contract=contract, factory=milestone.factory, day=MONDAY, works=False, reason="Holiday")
        promise(milestone, "2026-03-20", announced="2026-01-15")
    with django_assert_max_num_queries(STATEMENTS):
        found = schedule_of(contract, as_of=MONDAY)
        found.schedule.placed(Basis.EXPECTED)
        found.schedule.knock_on()
        [list(found.schedule.chain(key)) for key in found.by_key]


def test_a_data_date_before_the_first_baseline_is_refused(row: list[Milestone]) -> None:
    contract = row[0].contract
    first = contract.baselines.get().in_force_from
    assert first is not None
    refuse_before_baseline(contract, first)
    with pytest.raises(DomainError, match="the first one is in force from "):
        refuse_before_baseline(contract, first.replace(day=1))
    refuse_before_baseline(make_contract(), MONDAY)
