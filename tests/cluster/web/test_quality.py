"""The page of schedule quality: checks with their limits, the milestones that fail them, what is hidden, what cannot be checked."""

from typing import Any

import pytest

from cluster.models import Dependency
from tests.cluster.web.place import WHO_ASKS, Place, make_place, words
from tests.factories import make_contract, make_factory, make_milestone

PAGE = "schedule/quality/"
STATEMENTS = 11 + WHO_ASKS


@pytest.fixture
def place(db: None) -> Place:
    """The place, whose promise is missed; F02 has two works, the second of which begins before the first one ends."""
    place = make_place()
    before = make_milestone(place.other, code="F02-A", name_en="Frame", duration_days=60)
    after = make_milestone(place.other, code="F02-B", name_en="Roof", duration_days=10)
    Dependency.objects.create(predecessor=before, successor=after, lag_days=-3)
    return place


def read(place: Place, who: str = "editor", path: str = PAGE) -> str:
    response = place.client(who).get(place.base + path)
    assert response.status_code == 200
    return words(response)


def test_each_check_stands_with_its_value_its_limit_and_its_source(place: Place) -> None:
    text = read(place)
    assert (
        "Leads Links with a negative lag, of those whose later milestone is not reached. failed 100% 1 of 1 at most 0% DCMA, check 2"
        in text
    )
    assert "High duration Milestones not reached whose work takes more than 44 working days. failed 33.33% 1 of 3 at most 5%" in text
    assert "No duration Milestones not reached whose duration is not known: it counts as 0. failed 33.33% 1 of 3 at most 0% our own" in text
    assert "Negative float Milestones not reached whose constraints can no longer be kept. passed 0% 0 of 3" in text


def test_the_milestones_that_fail_are_named_linked_and_told_how(place: Place) -> None:
    response = place.client().get(place.base + PAGE)
    assert f'href="{place.base}factories/F02/#F02-B"' in response.content.decode()
    text = words(response)
    assert "F02-B Roof waits for F02-A, FS −3" in text
    assert "F02-A Frame 60 working days" in text
    assert "F01-OPEN Press plant opens waits for nothing" in text


def test_a_manager_sees_the_whole_count_and_the_own_milestones(place: Place) -> None:
    text = read(place, "own")
    assert "failed 100% 1 of 1 at most 0% DCMA, check 2" in text
    assert "1 more is of factories that your role does not show." in text
    assert "F02" not in text
    assert place.status("outsider", PAGE) == 404


def test_what_cannot_be_checked_says_why(place: Place) -> None:
    assert "No baseline was in force on Jan 1, 2019: the first one is in force from Jul 3, 2019." in read(
        place, path=f"{PAGE}?as_of=2019-01-01"
    )
    empty = make_place_without_milestones(place)
    assert "There is no milestone to schedule." in empty


def make_place_without_milestones(place: Place) -> str:
    Dependency.objects.all().delete()
    place.contract.milestones.all().delete()
    return read(place)


def test_the_number_of_statements_is_fixed(place: Place, django_assert_max_num_queries: Any) -> None:
    client = place.client()
    factory = make_factory(place.contract, code="F09")
    for _ in range(5):
        make_milestone(factory)
    make_contract()
    with django_assert_max_num_queries(STATEMENTS):
        assert client.get(place.base + PAGE).status_code == 200
