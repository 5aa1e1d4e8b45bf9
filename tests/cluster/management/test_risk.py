"""`manage.py risk run`: figures as JSON, the same for the same seed, nothing stored, and sentences for bad input."""

import json
from typing import Any

import pytest
from django.utils import timezone

from cluster.models import JobRun, Milestone, RiskRun
from tests.cluster.management.test_rates import run
from tests.factories import make_contract
from tests.plan import Plan, make_plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan() -> Plan:
    return make_plan()


def figures(*arguments: str) -> Any:
    status, said, complaints = run("risk", "run", *arguments)
    assert (status, complaints) == (0, [])
    return json.loads("\n".join(said))


def test_it_tells_of_the_contract_and_of_each_milestone_and_stores_nothing(plan: Plan) -> None:
    found = figures("--contract", plan.contract.code, "--iterations", "2000", "--seed", "3", "--format", "json")
    assert (found["contract"], found["as_of"], found["assumptions"]["seed"]) == (plan.contract.code, str(timezone.localdate()), 3)
    assert found["p10"] < found["p50"] < found["p80"] < found["p95"]
    assert (found["due"], found["chance"], found["chance_of_all"]) == ("2030-12-31", 1, 1)
    assert (found["milestones_to_come"], found["milestones_with_three_durations"]) == (6, 2)
    assert [one["code"] for one in found["milestones"]] == list(
        Milestone.objects.order_by("factory__order", "code").values_list("code", flat=True)
    )
    assert max(one["sensitivity"] for one in found["milestones"]) > 0.3
    assert not RiskRun.objects.exists()
    assert not JobRun.objects.exists()


def test_the_same_seed_gives_the_same_and_another_one_something_else(plan: Plan) -> None:
    asked = ("--contract", plan.contract.code, "--iterations", "700")
    assert figures(*asked, "--seed", "3") == figures(*asked, "--seed", "3")
    assert figures(*asked, "--seed", "3")["milestones"] != figures(*asked, "--seed", "4")["milestones"]


def test_an_uplift_is_told_with_its_reason_and_makes_everything_later(plan: Plan) -> None:
    asked = ("--contract", plan.contract.code, "--iterations", "700")
    longer = figures(*asked, "--uplift", "20.5", "--uplift-reason", "Ours, 2015-2024")
    assert longer["assumptions"]["uplift_percent"] == "20.5"
    assert longer["assumptions"]["uplift_reason"] == "Ours, 2015-2024"
    assert longer["p50"] > figures(*asked)["p50"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--iterations", "0"], "Iterations lie between 1 and 1000000."),
        (["--iterations", "many"], "--iterations: “many” is not a number."),
        (["--iterations", "1.5"], "--iterations: “1.5” is not a whole number."),
        (["--seed", "-1"], "A seed lies between 0 and 2147483647."),
        (["--overall", "0.9"], "The three correlations make at most 1 together."),
        (["--uplift", "10"], "Say where the uplift comes from."),
        (["--as-of", "2999-01-01"], "Give a date from 1990 to 2100."),
        (["--as-of", "yesterday"], "“yesterday” is not a date: write 2024-04-15."),
    ],
)
def test_bad_input_is_a_sentence_and_status_2(arguments: list[str], sentence: str, plan: Plan) -> None:
    status, said, complaints = run("risk", "run", "--contract", plan.contract.code, *arguments)
    assert (status, said) == (2, [])
    assert complaints == [sentence]


def test_a_contract_that_is_not_there_and_one_without_milestones_are_told_apart() -> None:
    assert run("risk", "run", "--contract", "nowhere") == (2, [], ["There is no contract “nowhere”."])
    assert run("risk", "run", "--contract", make_contract().code) == (2, [], ["There is no milestone to schedule."])
