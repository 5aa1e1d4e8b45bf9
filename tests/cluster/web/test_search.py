"""The page of the search, which is the palette's part too: records, pages and actions by rights, in both languages."""

import re
from typing import Any

import pytest
from django.test import Client

from tests.cluster.web.place import Place, make_place
from tests.cluster.web.reading import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Place:
    return make_place()


def links(response: Any) -> list[str]:
    """Where the results lead."""
    page = response.content.decode()
    return re.findall(r'href="([^"]+)"', page[page.index("<main") :] if "<main" in page else page)


def test_records_are_grouped_and_lead_to_their_pages(place: Place) -> None:
    answer = place.client("controller").get("/search/", {"q": "press"})
    assert {"/c/alpha/factories/F01/", "/c/alpha/milestones/F01-OPEN/"} <= set(links(answer))
    assert words(answer).index("Factories F01 Press plant") < words(answer).index("F01-OPEN Press plant opens")


def test_what_was_corrected_is_told(place: Place) -> None:
    answer = place.client("controller").get("/search/", {"q": "завдо ghtccjd"})
    assert "Shown for “завод прессов”" in words(answer)
    assert "Shown for “прессов”" in words(place.client("controller").get("/search/", {"q": "ghtccjd"}))


@pytest.mark.parametrize("text", ["delays", "lelays", "вудфны", "dela"])
def test_pages_are_found_by_their_words_with_slips_and_on_the_other_layout(place: Place, text: str) -> None:
    assert "/c/alpha/delays/" in links(place.client("controller").get("/search/", {"q": text}))


def test_a_page_is_found_by_its_name_in_the_language_of_the_site(place: Place) -> None:
    answer = place.client("controller", "ru").get("/search/", {"q": "просрочки"})
    assert "/c/alpha/delays/" in links(answer)
    assert "/c/alpha/delays/" in links(place.client("controller", "ru").get("/search/", {"q": "delays"}))


def test_actions_are_told_to_those_alone_who_may_do_them(place: Place) -> None:
    entry, forecast = "/c/alpha/factories/F01/payment/", "/c/alpha/milestones/F01-OPEN/forecast/"
    assert entry in links(place.client("editor").get("/search/", {"q": "record a payment F01"}))
    assert "/c/alpha/ledger/new/" in links(place.client("editor").get("/search/", {"q": "record payment"}))
    assert forecast in links(place.client("own").get("/search/", {"q": "revise forecast of pres"}))
    assert "/c/alpha/delays/?factory=F01" in links(place.client("controller").get("/search/", {"q": "delays of press"}))
    for who, text in (("controller", "record payment F01"), ("own", "record payment F01"), ("foreign", "revise forecast F01-OPEN")):
        assert not {entry, forecast, "/c/alpha/ledger/new/"} & set(links(place.client(who).get("/search/", {"q": text}))), who


def test_an_empty_search_shows_where_one_can_go_and_a_stranger_nothing(place: Place) -> None:
    assert "/c/alpha/delays/" in links(place.client("auditor").get("/search/"))
    assert Client().get("/search/?q=a").status_code == 302
    assert "Press" not in words(place.client("nobody").get("/search/", {"q": "press"}))


@pytest.mark.parametrize("text", ["' & | ! ( ) :*", "x" * 5000, "\u202e", "1e400", "%", "<script>"])
def test_no_text_breaks_the_page_and_a_nul_is_refused(place: Place, text: str) -> None:
    client = place.client("editor")
    assert client.get("/search/", {"q": text}).status_code == 200
    assert client.get("/search/", {"q": "a\x00"}).status_code == 400


def test_the_palette_gets_options_alone_with_their_count(place: Place, django_assert_max_num_queries: Any) -> None:
    client = place.client("editor")
    with django_assert_max_num_queries(7):
        answer = client.get("/search/", {"q": "wldng"}, headers={"HX-Request": "true"})
    assert 'data-announce="0 results"' in answer.content.decode()
    assert "<html" not in answer.content.decode()
    found = client.get("/search/", {"q": "press"}, headers={"HX-Request": "true"}).content.decode()
    assert found.count('role="option"') == 2
    assert "HX-Request" in answer["Vary"]


def test_every_shortcut_that_is_told_has_keys_of_its_own(place: Place) -> None:
    page = place.client("editor").get("/c/alpha/").content.decode()
    keys = re.findall(r'data-shortcut="([^"]+)"', page)
    assert {"KeyG KeyF", "Slash", "Control+KeyK", "KeyJ"} <= set(keys)
    assert len(keys) == len(set(keys))
