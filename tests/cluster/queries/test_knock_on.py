"""What would follow from a new forecast: what else moves, which flags change, and how little is told of other factories."""

from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from django.utils.timezone import localdate

from cluster.domain.access import Role
from cluster.models import DelayFlag, Dependency, ForecastRevision, Milestone, User
from cluster.queries.knock_on import Change, KnockOn, knock_on
from tests.cluster.queries.plan import DUE, LATE, Plan, make_plan, slip
from tests.factories import make_milestone, make_user


@pytest.fixture
def plan(db: None) -> Plan:
    return make_plan()


def ask(plan: Plan, forecast: date = LATE, *, of: Milestone | None = None, reader: User | None = None) -> KnockOn:
    return knock_on(of or plan.equipment, forecast, reader=reader or make_user(Role.EDITOR, contract=plan.contract), today=localdate())


def test_what_waits_moves_with_its_chain_the_most_days_first(plan: Plan) -> None:
    moved = [(each.milestone.code, each.before, each.after, [step.code for step in each.through]) for each in ask(plan).moved]
    assert moved == [
        ("F08-OPEN", date(2030, 3, 11), LATE, []),
        ("F09-SEATS", date(2030, 3, 15), LATE, ["F08-OPEN"]),
    ]


def test_flags_open_where_the_dates_leave_the_promise(plan: Plan) -> None:
    found = ask(plan)
    assert [(flag.kind.value, flag.change, flag.before, flag.after, flag.severity) for flag in found.own] == [
        ("forecast_late", Change.OPENS, 0, 49, "moderate")
    ]
    assert [[(flag.kind.value, flag.after) for flag in each.flags] for each in found.moved] == [
        [("knock_on_late", 39)],
        [("knock_on_late", 35)],
    ]
    assert found.counts == {Change.OPENS: 3, Change.WORSE: 0, Change.BETTER: 0, Change.CLOSES: 0}
    assert found.is_grave


def test_a_later_forecast_of_what_is_late_makes_flags_worse_and_an_earlier_one_closes_them(plan: Plan) -> None:
    slip(plan.equipment)
    assert ask(plan, date(2030, 4, 26)).counts == {Change.OPENS: 0, Change.WORSE: 3, Change.BETTER: 0, Change.CLOSES: 0}
    better = ask(plan, DUE)
    assert better.counts == {Change.OPENS: 0, Change.WORSE: 0, Change.BETTER: 0, Change.CLOSES: 3}
    assert [each.days for each in better.moved] == [-39, -35]
    assert better.moved[1].through == [plan.opening]


def test_float_takes_a_small_slip_up(plan: Plan) -> None:
    found = ask(plan, date(2030, 3, 7))
    assert (found.moved, found.elsewhere) == ([], [])
    assert [flag.change for flag in found.own] == [Change.OPENS]


def test_the_openings_and_the_end_are_told(plan: Plan) -> None:
    assert [each.milestone.code for each in ask(plan).openings] == ["F08-OPEN"]
    assert ask(plan).end == (date(2030, 12, 20), date(2030, 12, 20))
    found = ask(plan, date(2031, 2, 3))
    assert found.end == (date(2030, 12, 20), date(2031, 2, 3))
    assert found.end_days == 45


def test_of_other_factories_a_manager_learns_the_code_alone(plan: Plan) -> None:
    found = ask(plan, reader=make_user(Role.MANAGER, factory=plan.factory))
    assert [each.milestone.code for each in found.moved] == ["F08-OPEN"]
    assert found.elsewhere == ["F09-SEATS"]
    assert found.end is None
    assert found.counts[Change.OPENS] == 2


def test_a_milestone_without_links_moves_nothing(plan: Plan) -> None:
    alone = make_milestone(plan.factory, code="ALONE")
    found = ask(plan, of=alone)
    assert (found.own, found.moved, found.elsewhere, found.is_grave) == ([], [], [], False)


def test_of_a_long_way_the_first_steps_and_the_last_are_told(plan: Plan, django_assert_num_queries: Any) -> None:
    line = [plan.equipment, *(make_milestone(plan.factory, code=f"L-{n}", duration_days=0) for n in range(9))]
    for before, after in pairwise(line):
        Dependency.objects.create(predecessor=before, successor=after)
    reader = make_user(Role.EDITOR, contract=plan.contract)
    assert not reader.scope.is_empty
    with django_assert_num_queries(2):
        found = {each.milestone.code: each for each in ask(plan, reader=reader).moved}
    assert ([step.code for step in found["L-8"].through], found["L-8"].left_out) == (["L-0", "L-1", "L-2", "L-3", "L-7"], 3)
    assert ([step.code for step in found["L-5"].through], found["L-5"].left_out) == (["L-0", "L-1", "L-2", "L-3", "L-4"], 0)


def test_nothing_is_stored_and_two_statements_are_enough(plan: Plan, django_assert_num_queries: Any) -> None:
    reader = make_user(Role.EDITOR, contract=plan.contract)
    assert not reader.scope.is_empty
    with django_assert_num_queries(2):
        ask(plan, reader=reader)
    assert not DelayFlag.objects.exists()
    assert not ForecastRevision.objects.exists()
