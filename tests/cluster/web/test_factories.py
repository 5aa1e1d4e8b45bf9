"""The table of factories."""

from datetime import date
from typing import Any

import pytest
from django.utils.timezone import localdate

from cluster.domain.dates import DateWindow
from cluster.models import Factory
from tests.cluster.web.place import BUDGET, Place, make_claim, make_place, words
from tests.factories import make_factory


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def names(place: Place, query: str = "", who: str = "editor") -> list[str]:
    """The codes of the rows, in the order of the page."""
    response = place.client(who).get(place.base + "factories/" + query)
    assert response.status_code == 200, query
    return [entry.row.factory.code for entry in response.context["rows"]]


class TestWhatItSays:
    def test_a_missed_promise_stands_beside_its_factory(self, place: Place) -> None:
        late = (localdate() - date(2023, 12, 31)).days
        text = words(place.client().get(place.base + "factories/"))
        assert "2 factories in the record: 0 opened, 1 with a date missed." in text
        assert f"F01 Press plant planned 2023 promised +{late:,}" in text

    def test_what_is_not_published_is_never_zero(self, place: Place) -> None:
        text = words(place.client().get(place.base + "factories/"))
        assert "F02 Seat plant planned no date published not published none recorded not published" in text

    def test_an_unnamed_factory_is_called_exactly_that(self, place: Place) -> None:
        make_factory(
            place.contract,
            code="F11",
            name_ru="Не названо публично",
            name_en="Not publicly named",
            membership=Factory.Membership.PLACEHOLDER,
        )
        assert "F11 Not publicly named" in words(place.client().get(place.base + "factories/"))
        assert "F11 Не названо публично" in words(place.client(language="ru").get(place.base + "factories/"))

    def test_a_candidate_is_marked(self, place: Place) -> None:
        Factory.objects.filter(pk=place.other.pk).update(membership=Factory.Membership.CANDIDATE)
        assert "candidate, never stated" in words(place.client().get(place.base + "factories/"))

    def test_capacity_comes_from_the_claim_in_use(self, place: Place) -> None:
        make_claim(place, "capacity", "60000", unit="motors_per_year")
        assert "60,000 motors a year" in words(place.client().get(place.base + "factories/"))

    def test_both_languages_name_the_factories(self, place: Place) -> None:
        assert "Завод прессов" in words(place.client(language="ru").get(place.base + "factories/"))
        assert "Press plant" in words(place.client(language="en").get(place.base + "factories/"))


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", ["F01", "F02"]),
            ("?sort=-code", ["F02", "F01"]),
            ("?sort=-late", ["F01", "F02"]),
            ("?sort=late", ["F01", "F02"]),
            ("?late=1", ["F01"]),
            ("?q=SEAT", ["F02"]),
            ("?q=сидений", ["F02"]),
            ("?q=nothing", []),
            ("?stage=planned", ["F01", "F02"]),
            ("?stage=opened", []),
            ("?stage=&late=&q=&sort=", ["F01", "F02"]),
        ],
    )
    def test_the_address_filters_and_sorts(self, place: Place, query: str, expected: list[str]) -> None:
        assert names(place, query) == expected

    def test_what_is_opened_is_found_by_its_stage(self, place: Place) -> None:
        place.milestone.actual, place.milestone.actual_announced_on = DateWindow.parse("2024-08-28"), date(2024, 8, 28)
        place.milestone.save()
        assert names(place, "?stage=opened") == ["F01"]
        assert names(place, "?stage=opened&as_of=2024-08-27") == []

    def test_the_head_of_a_column_turns_the_order_round(self, place: Place) -> None:
        page = place.client().get(place.base + "factories/?sort=-late&stage=planned").content.decode()
        assert 'aria-sort="descending"' in page
        assert "stage=planned&amp;sort=late" in page or "sort=late&amp;stage=planned" in page

    @pytest.mark.parametrize(
        "query", ["?stage=x", "?sort=password", "?late=yes", "?as_of=foo", "?as_of=9999-12-31", "?as_of=0001-01-01", "?q=%00"]
    )
    def test_nonsense_is_answered_with_a_sentence(self, place: Place, query: str) -> None:
        assert place.status("editor", "factories/" + query) == 400

    @pytest.mark.parametrize("query", ["?q=" + "я" * 5000, "?q=%E2%80%AE%22%3Cscript%3E", "?unknown=1", "?q=%FF%FE"])
    def test_hostile_text_only_finds_nothing(self, place: Place, query: str) -> None:
        response = place.client().get(place.base + "factories/" + query)
        assert response.status_code == 200
        assert b"<script>" not in response.content


class TestWhoSees:
    @pytest.mark.parametrize(
        ("who", "expected"),
        [
            ("editor", ["F01", "F02"]),
            ("controller", ["F01", "F02"]),
            ("auditor", ["F01", "F02"]),
            ("admin", ["F01", "F02"]),
            ("own", ["F01"]),
            ("foreign", ["F02"]),
        ],
    )
    def test_everybody_sees_the_own_part(self, place: Place, who: str, expected: list[str]) -> None:
        assert names(place, who=who) == expected

    @pytest.mark.parametrize(("who", "status"), [("outsider", 404), ("nobody", 404), ("anonymous", 302)])
    def test_strangers_see_nothing(self, place: Place, who: str, status: int) -> None:
        assert place.status(who, "factories/") == status


def test_the_number_of_statements_does_not_depend_on_the_number_of_factories(place: Place, django_assert_max_num_queries: Any) -> None:
    for number in range(3, 15):
        make_factory(place.contract, code=f"F{number:02}")
    client = place.client()
    with django_assert_max_num_queries(BUDGET + 2):  # and the earned value
        client.get(place.base + "factories/")
