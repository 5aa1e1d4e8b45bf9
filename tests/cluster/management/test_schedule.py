"""`manage.py schedule export`: the dates of a contract as CSV, and a sentence instead of a traceback."""

import csv
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from cluster.models import Dependency, Milestone
from tests.factories import make_contract, make_factory, make_milestone, promise

pytestmark = pytest.mark.django_db


@pytest.fixture
def milestones() -> list[Milestone]:
    """Two milestones of the contract `alpha`, the second one with a name that a spreadsheet would take for a formula."""
    factory = make_factory(make_contract(code="alpha"))
    made = [
        make_milestone(factory, code="A", duration_days=5, name_ru="Цех, первый"),
        make_milestone(factory, code="B", duration_days=3, name_ru="=1+1"),
    ]
    Dependency.objects.create(predecessor=made[0], successor=made[1])
    promise(made[0], "2026-03-20", announced="2026-01-15")
    return made


def export(*arguments: str) -> list[dict[str, str]]:
    out = StringIO()
    call_command("schedule", "export", *arguments, stdout=out)
    return list(csv.DictReader(StringIO(out.getvalue())))


@pytest.mark.usefixtures("milestones")
def test_every_milestone_is_a_line_with_its_dates_and_floats() -> None:
    rows = export("--contract", "alpha", "--format", "csv", "--as-of", "2026-03-16")
    assert rows == [
        {
            "code": "A", "name": "Цех, первый", "early_start": "2026-03-16", "early_finish": "2026-03-20", "late_start": "2026-03-16",
            "late_finish": "2026-03-20", "total_float": "0", "free_float": "0", "critical": "true",
        },
        {
            "code": "B", "name": "'=1+1", "early_start": "2026-03-23", "early_finish": "2026-03-25", "late_start": "2026-03-23",
            "late_finish": "2026-03-25", "total_float": "0", "free_float": "0", "critical": "true",
        },
    ]  # fmt: skip


@pytest.mark.usefixtures("milestones")
def test_today_is_the_data_date_unless_one_is_given() -> None:
    assert date.fromisoformat(export("--contract", "alpha")[0]["early_start"]) >= timezone.localdate()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--contract", "nowhere"], "There is no contract “nowhere”."),
        (
            ["--contract", "alpha", "--as-of", "2001-01-01"],
            "No baseline was in force on 2001-01-01: the first one is in force from 2019-07-03. Ask for that day or a later one.",
        ),
        (["--contract", "alpha", "--as-of", "2099-01-01"], "2099-01-01 lies in the future: nothing is known of it yet."),
        (["--contract", "alpha", "--as-of", "soon"], "“soon” is not a date: write 2024-04-15."),
        (["--contract", "empty"], "There is no milestone to schedule."),
        (["--contract", "circle"], "The milestones would wait for one another in a circle: A → B → A."),
        (["--contract", "endless"], "The dates of LONG leave the years 1990 to 2100: check its duration and its links."),
    ],
)
@pytest.mark.usefixtures("milestones")
def test_what_cannot_be_exported_is_said_in_a_sentence(arguments: list[str], sentence: str, capsys: Any) -> None:
    make_contract(code="empty")
    circle = make_factory(make_contract(code="circle"))
    ends = [make_milestone(circle, code=code) for code in "AB"]
    for before, after in (ends, reversed(ends)):
        Dependency.objects.create(predecessor=before, successor=after)
    make_milestone(contract=make_contract(code="endless"), code="LONG", duration_days=1_000_000)
    said = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("schedule", "export", *arguments, stderr=said)
    assert ended.value.code == 2
    assert said.getvalue().strip() == sentence
    assert capsys.readouterr().out == ""
