"""Earned value as it was known on a day: which plan, which dates, which payments; what is not defined and why."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cluster.domain.access import Role
from cluster.domain.earned_value import Method
from cluster.domain.errors import DomainError, NotFound
from cluster.models import Contract, Factory, Milestone, User
from cluster.queries.earned_value import Earned, earned_value_of
from tests.cluster.earnings import fill, pay, plan
from tests.factories import make_contract, make_factory, make_milestone, make_user

pytestmark = pytest.mark.django_db

D = Decimal
STATEMENTS = 4


@pytest.fixture
def contract() -> Contract:
    return make_contract(code="alpha")


@pytest.fixture
def boss() -> User:
    return make_user(is_superuser=True)


@pytest.fixture
def factory(contract: Contract) -> Factory:
    """F1 with its two halves."""
    factory = make_factory(contract, code="F1", order=1)
    fill(factory)
    return factory


def ask(reader: User, day: str, factory: str = "") -> Earned:
    return earned_value_of(reader=reader, contract_code="alpha", factory_code=factory, as_of=date.fromisoformat(day))


@pytest.mark.usefixtures("factory")
def test_a_day_knows_what_was_announced_and_paid_by_it(boss: User) -> None:
    told = {}
    for day in ("2025-01-30", "2025-01-31", "2025-02-14", "2025-02-20", "2025-03-31"):
        whole = ask(boss, day).whole
        assert whole is not None
        told[day] = [int(amount) for amount in (whole.value.pv, whole.value.ev, whole.value.ac)]
    assert told == {
        "2025-01-30": [0, 0, 200],
        "2025-01-31": [500, 0, 200],
        # Reached on the 10th, but nobody had said so.
        "2025-02-14": [500, 0, 200],
        "2025-02-20": [500, 500, 500],
        "2025-03-31": [1000, 500, 500],
    }


@pytest.mark.usefixtures("factory")
def test_the_schedule_earned_and_the_estimates_follow(boss: User) -> None:
    whole = ask(boss, "2025-03-31").whole
    assert whole is not None
    assert (whole.schedule.es, whole.schedule.at, whole.schedule.planned) == (D(2), D(3), D(3))
    # Four months and a half: 15.5 days of May.
    assert whole.ieac_on == date(2025, 5, 16)
    assert whole.value.cpi == 1
    assert whole.value.eac(Method.CPI_SPI) == 1500


def test_a_new_baseline_counts_from_its_day_and_not_before(contract: Contract, factory: Factory, boss: User) -> None:
    first, second = Milestone.objects.order_by("code")
    plan(contract, {first: ("2025-01-31", "0.2"), second: ("2025-06-30", "0.8")}, {factory: 2000}, "2025-03-01")
    before, after = ask(boss, "2025-02-28").whole, ask(boss, "2025-03-01").whole
    assert before is not None
    assert after is not None
    assert (before.value.bac, before.value.ev) == (D(1000), D(500))
    assert (after.value.bac, after.value.ev, after.planned_end) == (D(2000), D(400), date(2025, 6, 30))


def test_the_outlook_is_the_bottom_up_estimate_of_the_money_pages(factory: Factory, boss: User) -> None:
    pay(factory, "2025-02-01", 1400, kind="commitment")
    pay(factory, "2025-02-01", 30, category="design")
    assert ask(boss, "2025-03-31").outlook == 1430


def test_a_contract_is_the_sum_of_the_factories_whose_figures_are_defined(contract: Contract, boss: User) -> None:
    dates: dict[Milestone, tuple[str, str | None]] = {}
    budget: dict[Factory, int] = {}
    for code, weights, amount in (
        ("F1", ("0.5", "0.5"), 100),
        ("F2", ("0.25", "0.75"), 300),
        ("F3", (None, None), 50),
        ("F4", ("1", None), 0),
        ("F5", ("0.5", "0.4"), 70),
    ):
        factory = make_factory(contract, code=code, order=int(code[1]))
        for n, weight in enumerate(weights):
            dates[make_milestone(factory, code=f"{code}{n}")] = (f"2025-0{n + 1}-10", weight)
        if amount:
            budget[factory] = amount
        pay(factory, "2025-01-20", 10)
    plan(contract, dates, budget, "2024-12-01")
    found = ask(boss, "2025-01-31")
    assert found.whole is not None
    assert (found.whole.value.bac, found.whole.value.pv, found.whole.value.ac) == (D(400), D(125), D(20))
    assert [(row.factory.code, row.problem.code if row.problem else "") for row in found.rows] == [
        ("F1", ""),
        ("F2", ""),
        ("F3", "no_weights"),
        ("F4", "no_budget"),
        ("F5", "weights"),
    ]
    assert str(found.rows[4].problem) == "The weights of the milestones must sum to 1; they sum to 0.900000."
    assert found.outlook == 400


def test_nothing_weighted_leaves_everything_undefined(contract: Contract, boss: User) -> None:
    factory = make_factory(contract, code="F1")
    plan(contract, {make_milestone(factory): ("2025-01-31", None)}, {factory: 100}, "2024-12-01")
    found = ask(boss, "2025-02-01")
    assert (found.whole, found.outlook, len(found.undefined)) == (None, None, 1)


@pytest.mark.usefixtures("factory")
def test_a_day_before_the_first_baseline_is_refused_with_the_day_to_ask_for(boss: User) -> None:
    with pytest.raises(DomainError) as told:
        ask(boss, "2024-11-30")
    assert (told.value.field, told.value.code, told.value.params["first"]) == ("as_of", "no_baseline", date(2024, 12, 1))
    make_contract(code="beta")
    with pytest.raises(DomainError, match="No baseline of this contract was ever in force"):
        earned_value_of(reader=boss, contract_code="beta", as_of=date(2025, 1, 1))


def test_each_sees_the_factories_of_the_own_role(contract: Contract, factory: Factory) -> None:
    other = make_factory(contract, code="F2", order=2)
    assert [row.factory.code for row in ask(make_user(Role.MANAGER, factory=other), "2025-03-31").rows] == ["F2"]
    own = ask(make_user(Role.MANAGER, factory=factory), "2025-03-31")
    assert own.is_partial
    assert own.whole is not None
    with pytest.raises(NotFound):
        ask(make_user(Role.MANAGER, factory=other), "2025-03-31", factory="F1")
    with pytest.raises(NotFound):
        ask(make_user(Role.EDITOR, contract=make_contract()), "2025-03-31")


def test_the_number_of_statements_is_fixed(contract: Contract, factory: Factory, boss: User, django_assert_num_queries: Any) -> None:
    assert boss.scope.sees_everything
    with django_assert_num_queries(STATEMENTS):
        assert ask(boss, "2025-03-31").whole
    for n in range(3):
        pay(make_factory(contract, code=f"G{n}"), "2025-01-01", 1)
    with django_assert_num_queries(STATEMENTS):
        assert ask(boss, "2025-03-31").whole
    with django_assert_num_queries(STATEMENTS):
        assert ask(boss, "2025-03-31", factory="F1").whole
