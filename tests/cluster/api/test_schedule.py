"""GET /contracts/{code}/schedule/: where the milestones stand by the network, for programs."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from cluster.api import schedule
from cluster.api.examples import examples_in
from cluster.domain.access import Role
from cluster.models import Dependency
from cluster.services.access import ensure_roles
from tests.cluster.api.test_money import without_ids
from tests.cluster.api.world import BASE, token_client
from tests.cluster.web.place import Place, make_place
from tests.factories import make_factory, make_milestone, make_user, promise

AS_OF = "2026-03-16"
STATEMENTS = 14


@pytest.fixture
def place(db: None) -> Place:
    """The place with two more milestones: equipment of F01 for which the opening of F02 waits, which it pushes past its due date."""
    found = make_place()
    equipment = make_milestone(found.factory, code="F01-LINE", duration_days=10)
    opening = make_milestone(found.other, code="F02-OPEN", duration_days=5)
    Dependency.objects.create(predecessor=equipment, successor=opening)
    promise(equipment, "2026-03-27", announced="2026-01-15")
    promise(opening, "2026-03-30", announced="2026-01-15")
    return found


def get(place: Place, who: str = "editor", contract: str = "alpha", **query: str) -> Any:
    return token_client(place.person(who)).get(f"{BASE}contracts/{contract}/schedule/", {"as_of": AS_OF} | query)


def rows(answer: Any) -> dict[str, Any]:
    return {row["code"]: row for row in answer.json()["milestones"]}


def test_every_milestone_has_its_dates_floats_and_knock_on(place: Place) -> None:
    answer = get(place)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["as_of"], found["basis"], found["contract"]["code"]) == (AS_OF, "logic", "alpha")
    assert found["critical_path"] == ["F01-LINE", "F02-OPEN"]
    opening = rows(answer)["F02-OPEN"]
    assert opening | {"id": 0, "factory": opening["factory"]["code"]} == {
        "id": 0, "code": "F02-OPEN", "factory": "F02", "early_start": "2026-03-30", "early_finish": "2026-04-03",
        "late_start": "2026-03-30", "late_finish": "2026-04-03", "total_float": 0, "free_float": 0, "critical": True,
        "knock_on": "2026-04-03",
    }  # fmt: skip
    assert rows(answer)["F01-LINE"]["knock_on"] is None


def test_what_is_expected_differs_from_what_logic_gives(place: Place) -> None:
    promise(make_milestone(place.factory, code="F01-LATER"), "2026-09-30", announced="2026-01-15")
    assert rows(get(place))["F01-LATER"]["early_finish"] == AS_OF
    assert rows(get(place, basis="expected"))["F01-LATER"]["early_finish"] == "2026-09-30"


def test_the_milestones_of_one_factory_can_be_asked_for(place: Place) -> None:
    answer = get(place, factory="F02")
    assert (set(rows(answer)), answer.json()["critical_path"]) == ({"F02-OPEN"}, ["F02-OPEN"])


@pytest.mark.parametrize("part", ["schedule", "slips", "earned-value"])
@pytest.mark.parametrize(("who", "code"), [("editor", "F99"), ("own", "F02")])
def test_a_factory_that_is_not_there_for_the_reader_is_refused_by_name(place: Place, part: str, who: str, code: str) -> None:
    answer = token_client(place.person(who)).get(f"{BASE}contracts/alpha/{part}/", {"factory": code})
    assert answer.status_code == 400
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [("factory", "not_found")]
    assert code in answer.json()["detail"]


def test_a_manager_gets_of_milestones_and_critical_path_those_of_the_own_plant(place: Place) -> None:
    make_milestone(make_factory(place.contract, code="F03"), code="F03-OPEN")
    for query in ({}, {"factory": "F01"}):
        answer = get(place, "own", **query)
        assert set(rows(answer)) == {"F01-OPEN", "F01-LINE"}
        assert answer.json()["critical_path"] == ["F01-LINE"]
        assert b"F02" not in answer.content


def test_outsiders_do_not_find_it(place: Place) -> None:
    for who in ("outsider", "nobody"):
        assert get(place, who).status_code == 404
    assert get(place, contract="beta").status_code == 404
    assert APIClient().get(f"{BASE}contracts/alpha/schedule/").status_code == 401


@pytest.mark.parametrize(
    ("query", "field"), [({"basis": "hope"}, "basis"), ({"as_of": "2001-01-01"}, "as_of"), ({"as_of": "soon"}, "as_of"), ({"x": "1"}, "x")]
)
def test_what_cannot_be_answered_is_named(place: Place, query: dict[str, str], field: str) -> None:
    answer = get(place, **query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_a_circle_is_told_and_no_fault_of_the_site(place: Place) -> None:
    link = Dependency.objects.get()
    Dependency.objects.create(predecessor=link.successor, successor=link.predecessor)
    answer = get(place)
    assert answer.status_code == 409
    assert "F01-LINE → F02-OPEN" in answer.json()["detail"] or "F02-OPEN → F01-LINE" in answer.json()["detail"]


@pytest.mark.django_db
def test_the_example_is_what_the_api_gives_for_the_public_record() -> None:
    ensure_roles()
    call_command("load_public_record", verbosity=0)
    example = examples_in(Path(schedule.__file__).parent)["ScheduleSerializer"]
    client = token_client(make_user(Role.AUDITOR))
    given = client.get(f"{BASE}contracts/avtotor/schedule/", {"as_of": example["as_of"], "factory": "F02"}).json()
    assert without_ids(given) == without_ids(example)


def test_the_number_of_statements_is_bounded(place: Place, django_assert_max_num_queries: Any) -> None:
    client = token_client(place.person("editor"))
    with django_assert_max_num_queries(STATEMENTS):
        assert client.get(f"{BASE}contracts/alpha/schedule/", {"as_of": AS_OF}).status_code == 200
