"""The record: contradictions, sources, and the page of one source."""

from datetime import date
from typing import Any

import pytest

from cluster.domain.dates import DateWindow
from cluster.models import BudgetLine, Source
from cluster.services.forecasts import revise_forecast
from production.models import Output, PlanRevision
from tests.cluster.web.place import BUDGET, Place, make_claim, make_place, words
from tests.factories import make_source


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def record(place: Place, query: str = "", who: str = "editor", language: str = "en") -> str:
    response = place.client(who, language).get(place.base + "record/" + query)
    assert response.status_code == 200
    return words(response)


def dispute(place: Place) -> None:
    """12 by two sources and in use, 14 by a third."""
    contract: dict[str, Any] = {"factory": None, "unit": "factories"}
    make_claim(place, "planned_factories", "12", **contract, reason_ru="так сказал министр", reason_en="the minister said so")
    make_claim(place, "planned_factories", "12", **contract, in_use=False, source=make_source(key="agrees", title_en="It agrees"))
    make_claim(place, "planned_factories", "14", **contract, in_use=False, source=make_source(key="rival", title_en="It differs"))


class TestContradictions:
    def test_each_version_stands_with_all_of_its_sources_the_one_in_use_first(self, place: Place) -> None:
        dispute(place)
        text = record(place)
        assert "Planned factories the contract as a whole 12 factories in use the minister said so 2 sources" in text
        assert "14 factories 1 source" in text
        assert text.index("12 factories") < text.index("It agrees") < text.index("14 factories") < text.index("It differs")

    def test_sources_that_agree_are_no_contradiction(self, place: Place) -> None:
        make_claim(place, "jobs", "140", unit="jobs")
        make_claim(place, "jobs", "140", unit="jobs", in_use=False, source=make_source())
        assert "No two sources contradict one another." in record(place)

    def test_what_nobody_decided_is_counted_and_comes_first(self, place: Place) -> None:
        dispute(place)
        make_claim(place, "jobs", "100", unit="jobs", in_use=False)
        make_claim(place, "jobs", "140", unit="jobs", in_use=False, source=make_source())
        text = record(place)
        assert "1 waits for a decision." in text
        assert text.index("Jobs F01") < text.index("Planned factories")

    def test_a_past_day_does_not_know_later_claims(self, place: Place) -> None:
        dispute(place)
        assert "No two sources contradict one another." in record(place, "?as_of=2023-06-27")


class TestSources:
    def test_text_is_looked_for_in_both_languages_publisher_address_and_note(self, place: Place) -> None:
        make_source(key="other", title_en="Something else", note_ru="про завод")
        for query, found, missing in (
            ("promise", "The first promise", "Something else"),
            ("обещание", "The first promise", "Something else"),
            ("gazette.example", "The first promise", "Something else"),
            ("Gazette first", "The first promise", "Something else"),
            ("ПРО ЗАВОД", "Something else", "The first promise"),
        ):
            text = record(place, f"?q={query}")
            assert found in text, query
            assert missing not in text, query

    def test_the_weight_of_a_claim_filters_its_source(self, place: Place) -> None:
        make_claim(place, "jobs", "140", unit="jobs", confidence="high")
        make_source(title_en="Something else")
        text = record(place, "?confidence=high")
        assert "The first promise" in text
        assert "Something else" not in text

    def test_nothing_found_offers_the_way_back(self, place: Place) -> None:
        assert "No source fits" in record(place, "?q=zzz")

    def test_the_list_is_paged_and_any_page_number_is_answered(self, place: Place) -> None:
        Source.objects.bulk_create(Source(key=f"k{n}", title_ru=f"Источник {n:02}") for n in range(60))
        assert "1–40 of 61" in record(place)
        for number in ("2", "999", "1" + "0" * 30):
            assert "41–61 of 61" in record(place, f"?page={number}")
        for number in ("0", "-1"):
            assert "41–61 of 61" in record(place, f"?page={number}")
        assert "1–40 of 61" in record(place, "?page=abc")

    @pytest.mark.parametrize("query", ["?confidence=x", "?q=%00", "?as_of=foo", "?page=%00"])
    def test_nonsense_is_answered_with_a_sentence(self, place: Place, query: str) -> None:
        assert place.status("editor", "record/" + query) == 400

    @pytest.mark.parametrize("query", ["?q=%25_", "?q=%E2%80%AE", "?q='--", "?q=" + "(" * 500])
    def test_hostile_text_only_finds_nothing(self, place: Place, query: str) -> None:
        assert "No source fits" in record(place, query)


class TestOneSource:
    def page(self, place: Place, who: str = "editor", query: str = "", language: str = "en") -> str:
        response = place.client(who, language).get(f"{place.base}record/sources/gazette/{query}")
        assert response.status_code == 200
        return words(response)

    def test_everything_it_says_is_there(self, place: Place) -> None:
        make_claim(place, "jobs", "140", unit="jobs", reason_ru="сказано прямо", reason_en="said outright")
        revise_forecast(
            milestone_id=place.milestone.pk, window=DateWindow.parse("2024"), reason="design", by=place.person("editor"), version=1,
            today=date(2023, 1, 1), announced=DateWindow.parse("2022-12-01"), source_id=place.source.pk,
        )  # fmt: skip
        BudgetLine.objects.create(baseline=place.promised.baseline, factory=place.factory, amount_rub=5, source=place.source)
        PlanRevision.objects.create(contract=place.contract, year=2024, low=100, high=130, source=place.source, in_use=True)
        Output.objects.create(contract=place.contract, year=2023, quantity=90, source=place.source, in_use=True)
        text = self.page(place)
        assert "Jobs F01 Press plant 140 jobs not stated unknown in use said outright" in text
        assert "2023 promised Press plant opens F01-OPEN V. Ivanov" in text
        assert "2024 new forecast Press plant opens" in text
        assert "₽5.00 Budget · F01 Press plant" in text
        assert "100–130 vehicles plan 2024" in text
        assert "90 vehicles output 2023" in text

    def test_a_manager_reads_only_what_it_says_about_the_own_factory(self, place: Place) -> None:
        make_claim(place, "jobs", "140", unit="jobs")
        assert "140 jobs" in self.page(place, "own")
        foreign = self.page(place, "foreign")
        assert "140 jobs" not in foreign
        assert "Press plant opens" not in foreign
        assert "Nothing of this contract rests on it" in foreign

    def test_both_languages(self, place: Place) -> None:
        assert "The first promise" in self.page(place)
        assert "Первое обещание" in self.page(place, language="ru")

    @pytest.mark.parametrize(("who", "status"), [("controller", 200), ("outsider", 404), ("nobody", 404), ("anonymous", 302)])
    def test_strangers_see_nothing(self, place: Place, who: str, status: int) -> None:
        assert place.status(who, "record/") == status
        assert place.status(who, "record/sources/gazette/") == status

    def test_an_unknown_source_is_not_found(self, place: Place) -> None:
        assert place.status("editor", "record/sources/nothing/") == 404

    def test_an_address_that_runs_code_is_never_linked(self, place: Place) -> None:
        Source.objects.filter(pk=place.source.pk).update(url="javascript:alert(1)")
        assert b'href="javascript:' not in place.client().get(f"{place.base}record/sources/gazette/").content


def test_the_number_of_statements_is_bounded(place: Place, django_assert_max_num_queries: Any) -> None:
    dispute(place)
    for number in range(10):
        make_claim(place, "other", in_use=False, text_ru=f"факт {number}")
    client = place.client()
    for path in ("record/", "record/sources/gazette/"):
        with django_assert_max_num_queries(BUDGET):
            client.get(place.base + path)
