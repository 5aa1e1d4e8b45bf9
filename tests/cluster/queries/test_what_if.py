"""What a change of work or of a link would move, as far as a reader may see it."""

from datetime import date

import pytest
from django.utils.timezone import localdate

from cluster.domain.access import Role
from cluster.models import Dependency
from cluster.queries.what_if import Consequences, with_link, with_work
from tests.cluster.queries.plan import DUE, LATE, Plan, make_plan
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan() -> Plan:
    return make_plan()


def told(found: Consequences) -> tuple[list[str], int]:
    return [one.milestone.code for one in found.moved], found.elsewhere


def test_work_that_ends_later_moves_what_waits_for_it_the_most_days_first(plan: Plan) -> None:
    editor = make_user(Role.EDITOR, contract=plan.contract)
    found = with_work(plan.equipment, {"forecast": LATE}, reader=editor, today=localdate())
    assert told(found) == (["F08-EQ", "F08-OPEN", "F09-SEATS"], 0)
    assert [(one.before, one.after, one.days) for one in found.moved[:2]] == [(DUE, LATE, 49), (date(2030, 3, 11), LATE, 39)]


def test_a_reader_of_one_factory_is_told_of_others_their_number_alone(plan: Plan) -> None:
    own, other = make_user(Role.MANAGER, factory=plan.factory), make_user(Role.MANAGER, factory=plan.other)
    changes = {"forecast": LATE}
    assert told(with_work(plan.equipment, changes, reader=own, today=localdate())) == (["F08-EQ", "F08-OPEN"], 1)
    assert told(with_work(plan.equipment, changes, reader=other, today=localdate())) == (["F09-SEATS"], 2)
    link = Dependency(predecessor=plan.series, successor=plan.seats)
    assert told(with_link(link, reader=own, today=localdate())) == ([], 1)
    assert told(with_link(link, reader=other, today=localdate())) == (["F09-SEATS"], 0)


def test_nothing_is_stored_and_a_change_that_moves_nothing_says_so(plan: Plan) -> None:
    editor = make_user(Role.EDITOR, contract=plan.contract)
    assert told(with_work(plan.equipment, {"forecast": DUE}, reader=editor, today=localdate())) == ([], 0)
    with_link(Dependency(predecessor=plan.series, successor=plan.seats), reader=editor, today=localdate())
    assert Dependency.objects.count() == 3
