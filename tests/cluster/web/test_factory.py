"""The page of one factory, and who changed what at it."""

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cluster.domain.dates import DateWindow
from cluster.models import BudgetLine, LedgerEntry
from cluster.queries.contracts import overview
from cluster.services.forecasts import revise_forecast
from cluster.services.ledger import record_entry, reverse_entry
from tests.cluster.web.place import BUDGET, Place, make_claim, make_place, words
from tests.factories import make_milestone, make_source

TODAY = date(2026, 3, 2)


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def page(place: Place, who: str = "editor", language: str = "en", query: str = "") -> str:
    response = place.client(who, language).get(f"{place.base}factories/F01/{query}")
    assert response.status_code == 200
    return words(response)


def pay(place: Place, **changes: Any) -> LedgerEntry:
    usual: dict[str, Any] = {
        "factory_id": place.factory.pk, "kind": "payment", "date": date(2026, 2, 27), "amount_rub": Decimal("1250000.50"),
        "document": "PO 17", "counterparty": "Press Works", "by": place.person("editor"), "today": TODAY,
    }  # fmt: skip
    return record_entry(**usual | changes)


def slip(place: Place, window: str, announced: str, **changes: Any) -> None:
    place.milestone.refresh_from_db()
    usual: dict[str, Any] = {
        "milestone_id": place.milestone.pk, "window": DateWindow.parse(window), "reason": "contractor", "by": place.person("editor"),
        "version": place.milestone.version, "today": date(2023, 1, 1), "announced": DateWindow.parse(announced),
    }  # fmt: skip
    revise_forecast(**usual | changes)


class TestMilestones:
    def test_a_promise_names_who_made_it_and_where(self, place: Place) -> None:
        text = page(place)
        assert "Promised at first 2023 Where from?" in text
        assert "The first promise, Gazette" in text
        assert "Who said so V. Ivanov Announced July 1, 2022" in text

    def test_the_chain_of_slips_is_told_from_the_first_promise_on(self, place: Place) -> None:
        slip(place, "2024", "2022-11-01", note="the press is late")
        slip(place, "2024-H1", "2022-12-01", reason="earlier")
        text = page(place)
        chain = text[text.index("How the date moved") :]
        assert chain.index("2023 first promise") < chain.index("2024 November 1, 2022") < chain.index("H1 2024 184 days earlier")
        assert "the press is late" in chain

    def test_a_milestone_without_any_date_says_so(self, place: Place) -> None:
        make_milestone(place.factory, code="F01-DESIGN", kind="design")
        assert "No date was ever published." in page(place)

    def test_on_a_past_day_it_says_that_none_was_published_by_then(self, place: Place) -> None:
        make_milestone(place.factory, code="F01-DESIGN", kind="design")
        assert "No date was published by this day." in words(place.client().get(place.base + "factories/F01/?as_of=2024-01-01"))

    def test_of_hundreds_the_first_are_told_with_the_way_to_all_of_them(self, place: Place) -> None:
        for number in range(70):
            make_milestone(place.factory, code=f"N{number:02}")
        response = place.client().get(place.base + "factories/F01/")
        assert "The first 30 of 70 are shown." in words(response)
        assert f'href="{place.base}schedule/?factory=F01&amp;view=table"' in response.content.decode()

    def test_a_milestone_that_is_not_judged_says_why(self, place: Place) -> None:
        make_milestone(place.factory, code="F01-B", scored=False, not_scored_ru="слишком расплывчато", not_scored_en="too vague")
        assert "Not judged: too vague" in page(place)

    def test_a_past_day_knows_only_what_was_announced(self, place: Place) -> None:
        slip(place, "2024", "2022-11-01")
        assert "How the date moved" not in page(place, query="?as_of=2022-10-31")
        assert "How the date moved" in page(place, query="?as_of=2022-11-01")


class TestFacts:
    def test_a_figure_shows_its_rivals_and_why_one_is_in_use(self, place: Place) -> None:
        make_claim(place, "capacity", "60000", unit="motors_per_year", reason_ru="новее", reason_en="it is newer")
        rival = make_source(key="rival", title_ru="Другое", title_en="Another paper")
        make_claim(place, "capacity", "150000", unit="motors_per_year", in_use=False, source=rival, confidence="low")
        text = page(place)
        assert "Capacity per year 60,000 motors a year Where from? capacity per year sources disagree" in text
        assert "Why this one: it is newer" in text
        assert "150,000 motors a year: Another paper" in text

    def test_figures_that_agree_are_no_dispute(self, place: Place) -> None:
        make_claim(place, "capacity", "60000", unit="motors_per_year")
        make_claim(place, "capacity", "60000", unit="motors_per_year", in_use=False, source=make_source())
        assert "sources disagree" not in page(place)

    def test_a_figure_without_a_decision_says_so(self, place: Place) -> None:
        make_claim(place, "jobs", "100", unit="jobs", in_use=False)
        make_claim(place, "jobs", "140", unit="jobs", in_use=False, source=make_source())
        assert "undecided: the sources disagree" in page(place)

    def test_nothing_published_is_told_as_that(self, place: Place) -> None:
        assert "No source says anything about this factory yet." in page(place)


class TestMoney:
    def test_budget_lines_and_their_sum(self, place: Place) -> None:
        for category, amount in (("design", "100.10"), ("equipment", "200.20")):
            BudgetLine.objects.create(
                baseline=place.promised.baseline, factory=place.factory, category=category, amount_rub=Decimal(amount)
            )
        text = page(place)
        assert "Design not published not published ₽100.10" in text
        assert "Total ₽300.30" in text

    def test_a_reversed_entry_and_its_reversal_both_stand(self, place: Place) -> None:
        entry = pay(place)
        reverse_entry(entry_id=entry.pk, date=TODAY, note="typed twice", by=place.person("editor"), today=TODAY)
        text = page(place)
        assert "Payment reversed PO 17 Press Works ₽1,250,000.50" in text
        assert "reversal PO 17 typed twice Press Works −₽1,250,000.50" in text
        assert f"ledger/{entry.pk}/reverse/" not in place.client().get(place.base + "factories/F01/").content.decode()

    def test_before_the_day_of_the_reversal_the_entry_stands(self, place: Place) -> None:
        entry = pay(place)
        reverse_entry(entry_id=entry.pk, date=TODAY, note="typed twice", by=place.person("editor"), today=TODAY)
        text = page(place, query=f"?as_of={TODAY - timedelta(days=1)}")
        assert "PO 17" in text
        assert "reversed" not in text

    def test_an_entry_not_converted_yet_says_so(self, place: Place) -> None:
        pay(place)
        assert "₽1,250,000.50 not converted yet" in page(place)

    def test_amounts_follow_the_language(self, place: Place) -> None:
        pay(place)
        assert "1 250 000,50 ₽" in page(place, language="ru")


class TestWhatTheReaderMayDo:
    @pytest.mark.parametrize(
        ("who", "forecast", "payment", "output"),
        [
            ("editor", True, True, True),
            ("own", True, False, True),
            ("controller", False, False, False),
            ("auditor", False, False, False),
            ("admin", False, False, False),
        ],
    )
    def test_only_the_forms_open_to_the_reader_are_linked(
        self, place: Place, who: str, forecast: bool, payment: bool, output: bool
    ) -> None:
        content = place.client(who).get(place.base + "factories/F01/").content.decode()
        assert ("milestones/F01-OPEN/forecast/" in content, "F01/payment/" in content, "/output/?factory=F01" in content) == (
            forecast,
            payment,
            output,
        )

    def test_the_past_is_read_only(self, place: Place) -> None:
        content = place.client().get(place.base + "factories/F01/?as_of=2025-06-30").content.decode()
        assert "F01-OPEN/forecast/" not in content
        assert "F01/payment/" not in content

    @pytest.mark.parametrize(
        ("who", "sentence"),
        [("editor", "Record the first one"), ("controller", "The PMO records payments"), ("own", "The PMO records payments")],
    )
    def test_an_empty_ledger_says_what_to_do_by_role(self, place: Place, who: str, sentence: str) -> None:
        assert sentence in page(place, who)


class TestWhoSees:
    @pytest.mark.parametrize(
        ("who", "status"), [("own", 200), ("controller", 200), ("foreign", 404), ("outsider", 404), ("nobody", 404), ("anonymous", 302)]
    )
    def test_strangers_cannot_tell_that_it_exists(self, place: Place, who: str, status: int) -> None:
        assert place.status(who, "factories/F01/") == status
        assert place.status(who, "factories/F01/changes/") == status

    @pytest.mark.parametrize("path", ["factories/F99/", "factories/F99/changes/", "factories/F%0001/", "factories/..%2F/"])
    def test_what_is_not_there_is_not_found(self, place: Place, path: str) -> None:
        assert place.status("editor", path) == 404

    def test_names_of_people_are_for_those_who_answer_for_the_record(self, place: Place) -> None:
        editor = place.person("editor")
        slip(place, "2024", "2022-11-01")
        assert editor.username in page(place, "auditor")
        assert editor.username not in page(place, "controller")
        assert "a member of staff" in page(place, "own")


class TestChanges:
    def changes(self, place: Place, who: str = "editor", query: str = "") -> str:
        return words(place.client(who).get(f"{place.base}factories/F01/changes/{query}"))

    def test_a_form_leaves_who_and_what(self, place: Place) -> None:
        client = place.client("editor")
        client.post(
            place.base + "factories/F01/payment/",
            {
                "kind": "payment",
                "amount": "100",
                "date": "01.03.2026",
                "document": "PO 18",
                "counterparty": "X",
                "request_key": str(uuid.uuid4()),
            },
        )
        text = self.changes(place)
        assert "Ledger entry PO 18 added" in text
        assert place.person("editor").username in text
        assert place.person("editor").username not in self.changes(place, "controller")
        assert "a member of staff" in self.changes(place, "controller")

    def test_an_edit_tells_before_and_after(self, place: Place) -> None:
        place.factory.name_en = "Press works"
        place.factory.save()
        assert "name (English): Press plant → Press works" in self.changes(place)

    def test_grants_of_roles_are_not_told(self, place: Place) -> None:
        place.person("own")
        assert "Membership added" not in self.changes(place)

    @pytest.mark.parametrize("query", ["?page=0", "?page=-1", "?page=x", "?page=1" + "0" * 30, "?page=%C2%B2"])
    def test_a_page_that_does_not_exist_is_no_error(self, place: Place, query: str) -> None:
        assert place.status("editor", "factories/F01/changes/" + query) == 200

    def test_htmx_gets_only_the_list(self, place: Place) -> None:
        answer = place.client().get(place.base + "factories/F01/changes/", headers={"HX-Request": "true"})
        assert b"<html" not in answer.content
        assert b'id="changes"' in answer.content


def test_the_number_of_statements_is_bounded(place: Place, django_assert_max_num_queries: Any) -> None:
    for number in range(5):
        pay(place, document=f"PO {number}")
        make_claim(place, "other", in_use=False, text_ru=f"факт {number}")
        promised = make_milestone(place.factory, code=f"M-{number}")
        assert promised.pk
    client = place.client()
    with django_assert_max_num_queries(BUDGET + 11):  # and what waits for what, the earned value, why it is late, what is said and shown
        client.get(place.base + "factories/F01/")
    with django_assert_max_num_queries(BUDGET):
        client.get(place.base + "factories/F01/changes/")


def test_before_the_day_of_a_decision_the_factory_goes_its_way(place: Place) -> None:
    place.factory.decision, place.factory.decision_on, place.factory.decision_reason = "suspended", date(2025, 3, 2), "no orders"
    place.factory.save()
    assert "suspended" not in page(place, query="?as_of=2025-03-01").lower()
    told = page(place, query="?as_of=2025-03-02")
    assert "no orders" in told
    assert overview(reader=place.person("editor"), contract_code="alpha", as_of=date(2025, 3, 2)).rows[0].stage == "suspended"
    assert overview(reader=place.person("editor"), contract_code="alpha", as_of=date(2025, 3, 1)).rows[0].stage == "planned"


def test_its_milestones_are_taken_away_and_sorted_in_the_list_of_the_schedule(place: Place) -> None:
    page = place.client().get(f"{place.base}factories/F01/").content.decode()
    for form in ("csv", "xlsx"):
        assert f'href="{place.base}schedule/rows.{form}?factory=F01"' in page
    assert f'href="{place.base}schedule/?factory=F01&amp;view=table"' in page
    rows = place.client().get(f"{place.base}schedule/rows.csv?factory=F01").content.decode().splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == ["F01-OPEN"]
