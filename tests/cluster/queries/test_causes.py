"""Why milestones are late, in words: whose days they are, what was said of them, and how little is told of other factories."""

from datetime import date
from typing import Any

import pytest
from django.utils.timezone import localdate
from django.utils.translation import override

from cluster.domain.access import Role
from cluster.models import Milestone, User
from cluster.queries.causes import LateBecause, late_because
from cluster.queries.milestones import with_dates
from cluster.templatetags.story import cause_text
from tests.cluster.queries.plan import Plan, make_plan, slip
from tests.factories import make_milestone, make_user


@pytest.fixture
def plan(db: None) -> Plan:
    return make_plan()


def why(plan: Plan, of: Milestone, reader: User | None = None, as_of: date | None = None) -> LateBecause | None:
    today = localdate()
    late = with_dates(Milestone.objects.filter(pk=of.pk), as_of=as_of or today)
    reader = reader or make_user(Role.EDITOR, contract=plan.contract)
    return late_because(late, plan.contract, reader=reader, today=today).get(of.pk)


def text(cause: LateBecause | None) -> str:
    assert cause is not None
    with override("en"):
        return cause_text(cause).replace("\u00a0", " ")


def test_the_sentence_names_whose_days_they_are_and_what_float_absorbed(plan: Plan) -> None:
    revision = slip(plan.equipment, document="letter 5")
    cause = why(plan, plan.opening)
    assert text(cause) == "39 days because F08-EQ Equipment delivery +49 days, 10 days absorbed by float"
    assert cause is not None
    assert cause.said == revision


def test_days_that_nothing_before_explains_are_its_own(plan: Plan) -> None:
    slip(plan.equipment)
    assert text(why(plan, plan.equipment)) == "49 days of its own: nothing that it waits for explains them"
    slip(plan.opening, date(2030, 4, 26))
    assert text(why(plan, plan.opening)).endswith("F08-EQ Equipment delivery +49 days, +7 days of its own, 10 days absorbed by float")


def test_that_a_forecast_still_holds_is_no_reason(plan: Plan) -> None:
    told = slip(plan.equipment)
    slip(plan.equipment, reason="confirmed")
    cause = why(plan, plan.opening)
    assert cause is not None
    assert cause.said == told


def test_what_is_not_late_has_no_cause(plan: Plan) -> None:
    slip(plan.equipment)
    assert why(plan, plan.series) is None


def test_a_past_day_knows_only_what_was_told_by_then(plan: Plan) -> None:
    slip(plan.equipment)
    assert why(plan, plan.opening, as_of=date(2024, 12, 31)) is None
    assert text(why(plan, plan.opening, as_of=date(2025, 1, 1))).startswith("39 days because F08-EQ")


def test_of_another_factory_only_the_code_and_what_arrives_are_told(plan: Plan) -> None:
    slip(plan.equipment, document="secret 7")
    cause = why(plan, plan.seats, make_user(Role.MANAGER, factory=plan.other))
    assert text(cause) == "35 days because F08-OPEN of another factory +35 days"
    assert cause is not None
    assert cause.said is None


def test_a_name_with_markup_stays_text(plan: Plan) -> None:
    Milestone.objects.filter(pk=plan.equipment.pk).update(name_en="<b>=1</b> & co")
    slip(plan.equipment)
    assert "F08-EQ <b>=1</b> & co +49 days" in text(why(plan, plan.opening))


def test_the_number_of_statements_does_not_grow(plan: Plan, django_assert_max_num_queries: Any) -> None:
    slip(plan.equipment)
    for number in range(10):
        promised = make_milestone(plan.factory, code=f"M-{number}")
        slip(promised)
    late = with_dates(Milestone.objects.filter(contract=plan.contract), as_of=localdate())
    reader = make_user(Role.EDITOR, contract=plan.contract)
    assert not reader.scope.is_empty
    with django_assert_max_num_queries(5):
        late_because(late, plan.contract, reader=reader, today=localdate())
    with django_assert_max_num_queries(0):
        late_because([], plan.contract, reader=reader, today=localdate())
