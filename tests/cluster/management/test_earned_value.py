"""`manage.py earned_value` and `schedule check`: figures as JSON, checks as lines, and a sentence instead of a traceback."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from cluster.models import Factory
from tests.cluster.earnings import fill, plan, reach
from tests.factories import make_contract, make_factory, make_milestone

pytestmark = pytest.mark.django_db


@pytest.fixture
def factory() -> Factory:
    """F1 of the contract `alpha` with its two halves."""
    factory = make_factory(make_contract(code="alpha"), code="F1", order=1)
    fill(factory)
    return factory


def told(*arguments: str) -> Any:
    out = StringIO()
    call_command("earned_value", "--contract", "alpha", "--format", "json", *arguments, stdout=out)
    return json.loads(out.getvalue())


def refused(command: str, *arguments: str, status: int = 2) -> str:
    said = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command(command, *arguments, stdout=StringIO(), stderr=said)
    assert ended.value.code == status
    return said.getvalue().strip()


@pytest.mark.usefixtures("factory")
def test_one_factory_is_told_with_its_figures_and_its_months() -> None:
    found = told("--factory", "F1", "--as-of", "2025-03-31")
    assert {name: found[name] for name in ("bac", "pv", "ev", "ac", "cpi", "spi", "es", "at", "spi_t", "ieac_t", "ieac_on", "outlook")} == {
        "bac": "1000.00", "pv": "1000.00", "ev": "500.00", "ac": "500.00", "cpi": "1.0000", "spi": "0.5000", "es": "2.0000",
        "at": "3.0000", "spi_t": "0.6667", "ieac_t": "4.5000", "ieac_on": "2025-05-16", "outlook": "1000.00",
    }  # fmt: skip
    assert found["eac"] == {"cpi": "1000.00", "plan": "1000.00", "cpi_spi": "1500.00"}
    assert found["months"][1] == {"month": "2025-02", "pv": "500.00", "ev": "500.00", "ac": "500.00"}
    assert "factories" not in found


def test_a_contract_is_told_with_each_factory_and_what_is_not_defined_is_null(factory: Factory) -> None:
    make_factory(factory.contract, code="F2", order=2)
    found = told("--as-of", "2024-12-15")
    assert (found["bac"], found["cpi"], found["eac"]["cpi"], found["spi_t"], found["complete"]) == ("1000.00", None, None, None, False)
    assert [(row["code"], row["problem"]) for row in found["factories"]] == [
        ("F1", None),
        ("F2", "It has no budget under the baseline in force."),
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--contract", "nowhere"], "There is no contract “nowhere”."),
        (["--contract", "alpha", "--factory", "F9"], "There is no factory “F9”."),
        (["--contract", "alpha", "--as-of", "2099-01-01"], "2099-01-01 lies in the future: nothing is known of it yet."),
        (
            ["--contract", "alpha", "--as-of", "2024-11-30"],
            "No baseline was in force on 2024-11-30: the first one is in force from 2024-12-01. Ask for that day or a later one.",
        ),
        (["--contract", "empty"], "No baseline of this contract was ever in force: approve one."),
        (["--contract", "alpha", "--factory", "F2"], "The weights of the milestones must sum to 1; they sum to 0.700000."),
    ],
)
def test_what_cannot_be_told_is_said_in_a_sentence(factory: Factory, arguments: list[str], sentence: str) -> None:
    make_contract(code="empty")
    other = make_factory(factory.contract, code="F2", order=2)
    plan(factory.contract, {make_milestone(other): ("2025-05-01", "0.7")}, {other: 10}, "2025-03-01")
    assert refused("earned_value", *arguments) == sentence


def test_checks_are_a_line_each_and_a_failed_one_ends_with_status_1(factory: Factory) -> None:
    out, said = StringIO(), StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("schedule", "check", "--contract", "alpha", "--as-of", "2025-03-31", stdout=out, stderr=said)
    assert ended.value.code == 1
    lines = out.getvalue().splitlines()
    assert len(lines) == 14
    assert lines[0] == "logic: failed 100.000 (1 of 1), at most 5: B"
    assert lines[1] == "leads: nothing to check, at most 0"
    assert said.getvalue().strip() == "4 of 14 checks fail"


def test_a_plan_of_which_everything_is_reached_in_time_ends_with_status_0() -> None:
    factory = make_factory(make_contract(code="sound"))
    done = make_milestone(factory, code="A", duration_days=5)
    plan(factory.contract, {done: ("2025-05-01", None)}, {}, "2025-01-01")
    reach(done, "2025-02-10", told="2025-02-11")
    out = StringIO()
    call_command("schedule", "check", "--contract", "sound", "--as-of", "2025-06-03", stdout=out)
    assert "bei: passed 1.000 (1 of 1), at least 0.95" in out.getvalue()


def test_a_schedule_that_cannot_be_checked_is_refused() -> None:
    make_contract(code="empty")
    assert refused("schedule", "check", "--contract", "empty") == "There is no milestone to schedule."
