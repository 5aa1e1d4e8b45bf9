"""A plan that somebody wrote past the rules, so that it cannot be placed: pages show what is known and say what is wrong."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import localdate

from cluster.models import Dependency, Milestone
from cluster.services.delays import flag_delays
from tests.cluster.web.place import Place, make_place, words
from tests.factories import make_milestone, promise

FAR = "The dates of F01-OPEN leave the years 1990 to 2100"
CIRCLE = "The milestones would wait for one another in a circle"


@pytest.fixture(params=[FAR, CIRCLE])
def broken(db: None, request: pytest.FixtureRequest) -> tuple[Place, str]:
    """A late milestone whose plan was placed and flagged, then broken."""
    place = make_place()
    work = make_milestone(place.other, code="F02-BUILT", kind="construction_end", duration_days=20)
    promise(work, (localdate() + timedelta(days=365)).isoformat(), announced="2025-01-01")
    Dependency.objects.create(predecessor=work, successor=place.milestone)
    flag_delays(as_of=localdate(), progress=lambda _done, _total: None)
    if request.param == FAR:
        Milestone.objects.filter(pk=place.milestone.pk).update(duration_days=100_000)
    else:
        Dependency.objects.create(predecessor=place.milestone, successor=work)
    return place, request.param


@pytest.mark.parametrize("path", ["schedule/", "schedule/?view=table", "delays/", "milestones/F01-OPEN/", "schedule/quality/"])
def test_pages_say_what_is_wrong_and_show_the_rest(broken: tuple[Place, str], path: str) -> None:
    place, sentence = broken
    for query in ("", "as_of=" + (localdate() - timedelta(days=1)).isoformat()):
        response = place.client().get(f"{place.base}{path}{'&' if '?' in path else '?'}{query}")
        assert response.status_code == 200, (path, query)
        assert sentence in words(response)


def test_late_milestones_stay_in_the_list(broken: tuple[Place, str]) -> None:
    place, _ = broken
    assert "F01-OPEN" in words(place.client().get(place.base + "delays/"))
    assert "F01-OPEN" in place.client().get(place.base + "delays.csv").content.decode()
    assert "F01-OPEN" in words(place.client().get(place.base + "schedule/?view=table"))


@pytest.mark.parametrize("path", ["", "factories/F01/", "risk/", "money/"])
def test_other_pages_stand(broken: tuple[Place, str], path: str) -> None:
    place, _ = broken
    assert place.client().get(place.base + path).status_code == 200


@pytest.mark.parametrize("part", ["schedule", "schedule-quality"])
def test_the_api_answers_a_conflict(broken: tuple[Place, str], part: str) -> None:
    place, sentence = broken
    response: Any = place.client().get(f"/api/v1/contracts/{place.contract.pk}/{part}/")
    assert (response.status_code, response.headers["Content-Type"]) == (409, "application/problem+json")
    assert sentence in response.json()["detail"]
