"""The forms of the ledger: a payment with its echo, and a reversal."""

import re
import uuid
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.utils.timezone import localdate

from cluster.domain.dates import DateWindow
from cluster.models import Claim, LedgerEntry
from tests.cluster.web.place import BUDGET, Place, hidden, make_place, title, words
from tests.factories import make_factory, make_rate, make_source

PATH = "factories/F01/payment/"


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def filled(**changes: Any) -> dict[str, Any]:
    return {
        "request_key": str(uuid.uuid4()), "kind": "payment", "amount": "1 234 567,89", "date": "15.04.2024", "document": "PO 17",
        "counterparty": "Press Works", "category": "", "funding": "", "source": "", "note": "",
    } | changes  # fmt: skip


def post(place: Place, data: dict[str, Any], who: str = "editor", language: str = "en") -> Any:
    return place.client(who, language).post(place.base + PATH, data)


class TestSaving:
    def test_the_entry_is_recorded_to_the_kopeck(self, place: Place) -> None:
        source = make_source()
        answer = post(place, filled(category="equipment", funding="bank", note="second half", source=source.pk))
        assert answer["Location"] == "/c/alpha/factories/F01/"
        entry = LedgerEntry.objects.get()
        assert (entry.amount_rub, entry.date, entry.kind) == (Decimal("1234567.89"), date(2024, 4, 15), "payment")
        assert (entry.category, entry.funding, entry.note, entry.source) == ("equipment", "bank", "second half", source)
        assert entry.recorded_by == place.person("editor")

    @pytest.mark.parametrize(
        ("typed", "amount"),
        [
            ("1234567.89", "1234567.89"),
            ("1\u00a0234\u202f567,89", None),
            ("1\u202f234\u202f567,89", "1234567.89"),
            ("1,2 млрд", "1200000000.00"),
            ("12", "12.00"),
        ],
    )
    def test_amounts_are_read_strictly(self, place: Place, typed: str, amount: str | None) -> None:
        answer = post(place, filled(amount=typed))
        assert answer.status_code == (302 if amount else 422)
        assert [str(entry.amount_rub) for entry in LedgerEntry.objects.all()] == ([amount] if amount else [])

    @pytest.mark.parametrize("odd", ["PO\u202e17", "PO\u206717", "PO\x0717", "PO\x0017"])
    @pytest.mark.parametrize("box", ["document", "counterparty", "note"])
    def test_a_text_with_control_characters_is_refused_at_its_field(self, place: Place, box: str, odd: str) -> None:
        answer = post(place, filled(**{box: odd}))
        assert answer.status_code == 422
        said = "Null characters are not allowed." if "\x00" in odd else "This text has control characters."
        assert said in words(answer)
        assert not LedgerEntry.objects.exists()

    def test_a_double_submit_records_one_entry(self, place: Place) -> None:
        data = filled()
        assert [post(place, data).status_code, post(place, data).status_code] == [302, 302]
        assert LedgerEntry.objects.count() == 1

    def test_an_old_form_sent_again_with_another_amount_is_refused(self, place: Place) -> None:
        data = filled()
        post(place, data)
        answer = post(place, data | {"amount": "5"})
        assert answer.status_code == 422
        assert "This request was already used for another entry." in words(answer)

    def test_each_fresh_form_has_a_key_of_its_own_and_today(self, place: Place) -> None:
        first, second = (place.client().get(place.base + PATH) for _ in range(2))
        assert hidden(first, "request_key") != hidden(second, "request_key")
        assert hidden(first, "date") == f"{localdate():%d.%m.%Y}"

    def test_what_was_recorded_last_stands_beside_the_form(self, place: Place) -> None:
        post(place, filled(document="PO 99"))
        assert "Recorded last ₽1,234,567.89 Payment, Apr 15, 2024 · PO 99 · Press Works" in words(place.client().get(place.base + PATH))


class TestRefusing:
    @pytest.mark.parametrize(
        ("changes", "box", "sentence"),
        [
            ({"amount": ""}, "id_amount", "Fill in “"),
            ({"amount": "1,234"}, "id_amount", "can mean thousands or decimals: write 1 234"),
            ({"amount": "1e400"}, "id_amount", "is not an amount"),
            ({"amount": "NaN"}, "id_amount", "is not an amount"),
            ({"amount": "0"}, "id_amount", "The amount must be more than 0"),
            ({"amount": "-5"}, "id_amount", "The amount is not negative."),
            ({"amount": "0,001"}, "id_amount", "more than two decimals"),
            ({"amount": "2 трлн"}, "id_amount", "is not an amount"),
            ({"amount": "9" * 400}, "id_amount", "more than a trillion"),
            ({"date": ""}, "id_date", "Fill in “"),
            ({"date": "04/15/2024"}, "id_date", "Write the date as 15.04.2024 or 2024-04-15."),
            ({"date": "31.02.2024"}, "id_date", "Write the date as"),
            ({"date": "01.01.2019"}, "id_date", "an entry cannot be older"),
            ({"date": "01.01.0001"}, "id_date", "an entry cannot be older"),
            ({"date": "2999-01-01"}, "id_date", "A payment cannot lie in the future"),
            ({"date": "2099-01-01"}, "id_date", "A payment cannot lie in the future"),
            ({"document": "   "}, "id_document", "Fill in “"),
            ({"document": "x" * 201}, "id_document", "at most 200 characters"),
            ({"counterparty": "a\x00b"}, "id_counterparty", "Null characters are not allowed."),
            ({"kind": "gift"}, "id_kind", "Select a valid choice."),
            ({"category": "gift"}, "id_category", "Select a valid choice."),
            ({"source": "0"}, "id_source", "Select a valid choice."),
            ({"amount": "12,34.5"}, "id_amount", "is not an amount"),
            ({"amount": "1234.567"}, "id_amount", "more than two decimals"),
            ({"amount": "1 234,567"}, "id_amount", "more than two decimals"),
            ({"amount": "1 000 000 000 001"}, "id_amount", "more than a trillion"),
            ({"date": "2034-01-01", "kind": "commitment"}, "id_date", "The contract ends on Dec 31, 2033"),
        ],
    )
    def test_the_error_stands_above_and_at_the_box_and_what_was_typed_stays(
        self, place: Place, changes: dict[str, str], box: str, sentence: str
    ) -> None:
        end = Claim(contract=place.contract, figure="term_end", source=place.source, in_use=True)
        end.date = DateWindow.parse("2033")
        end.save()
        answer = post(place, filled(note="typed with care") | changes)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert title(answer).startswith("Error: ")
        assert re.search(rf'href="#{box}', page)
        assert words(answer).count(sentence) >= 2
        assert "typed with care" in page
        assert not LedgerEntry.objects.exists()

    def test_the_refused_amount_stays_as_it_was_typed(self, place: Place) -> None:
        assert hidden(post(place, filled(amount="1,234")), "amount") == "1,234"

    def test_errors_are_told_in_the_language_of_the_reader(self, place: Place) -> None:
        assert title(post(place, filled(amount=""), language="ru")).startswith("Ошибка: ")


class TestEcho:
    def echo(self, place: Place, who: str = "editor", **query: str) -> str:
        answer = place.client(who).get(place.base + PATH + "echo/", query)
        assert answer.status_code == 200
        return words(answer)

    def test_it_says_what_was_understood_and_the_dollars_at_which_rate(self, place: Place) -> None:
        make_rate("2024-04-13", "93.4419")
        text = self.echo(place, amount="70 млрд", date="15.04.2024")
        assert "₽70,000,000,000.00 = $749,128,602.91" in text
        assert "at the official rate 93.4419 of April 13, 2024, in force on April 15, 2024" in text

    def test_an_old_rate_is_called_old(self, place: Place) -> None:
        make_rate("2024-01-10", "90")
        assert "a newer rate ought to be known" in self.echo(place, amount="100", date="15.04.2024")

    def test_without_any_rate_only_roubles_are_promised(self, place: Place) -> None:
        assert "No official rate is known on or before April 15, 2024" in self.echo(place, amount="100", date="15.04.2024")

    @pytest.mark.parametrize(
        "query",
        [
            {"amount": "1,234"},
            {"amount": "x", "date": "y"},
            {"amount": "1e400"},
            {},
            {"amount": "5", "date": "01.01.0001"},
            {"date": "\ud7ff"},
        ],
    )
    def test_nonsense_is_told_or_ignored(self, place: Place, query: dict[str, str]) -> None:
        assert self.echo(place, **query)

    def test_without_javascript_a_button_shows_it_and_saves_nothing(self, place: Place) -> None:
        make_rate("2024-04-13", "93.4419")
        answer = post(place, filled(preview="1"))
        assert answer.status_code == 200
        assert "₽1,234,567.89 = $13,212.14" in words(answer)
        assert "Nothing is saved yet." in words(answer)
        assert not LedgerEntry.objects.exists()

    def test_it_is_for_those_who_may_record(self, place: Place) -> None:
        assert place.status("own", PATH + "echo/") == 403
        assert place.status("outsider", PATH + "echo/") == 404


class TestDuplicates:
    def test_the_first_one_is_named_and_linked_and_what_was_typed_stays(self, place: Place) -> None:
        post(place, filled(document="PO № 17"))
        first = LedgerEntry.objects.get()
        answer = post(place, filled(document="po N17", note="typed with care"))
        page = answer.content.decode()
        assert answer.status_code == 422
        assert f"Entry {first.pk} of Apr 15, 2024 has the same document, counterparty and amount: “PO № 17”, factory F01" in words(answer)
        assert f'href="/c/alpha/ledger/{first.pk}/"' in page
        assert 'href="#id_despite_duplicate"' in page
        assert 'id="id_despite_duplicate"' in page
        assert "typed with care" in page
        assert (hidden(answer, "document"), hidden(answer, "amount")) == ("po N17", "1 234 567,89")
        assert LedgerEntry.objects.count() == 1

    def test_who_insists_records_it(self, place: Place) -> None:
        post(place, filled())
        assert post(place, filled(despite_duplicate="on")).status_code == 302
        assert LedgerEntry.objects.count() == 2

    def test_who_insists_and_errs_elsewhere_need_not_insist_again(self, place: Place) -> None:
        post(place, filled())
        answer = post(place, filled(despite_duplicate="on", preview="1"))
        assert re.search(r'id="id_despite_duplicate"[^>]*checked', answer.content.decode())

    @pytest.mark.parametrize("path", [PATH + "echo/", "ledger/new/echo/"])
    def test_it_is_told_while_one_types(self, place: Place, path: str) -> None:
        post(place, filled())
        typed = {"kind": "payment", "amount": "1234567,89", "document": "po 17", "counterparty": "press works", "date": "15.04.2024"}
        assert "This looks like an entry that is there already: entry" in words(place.client().get(place.base + path, typed))
        for change in ({"amount": "5"}, {"document": ""}, {"kind": "commitment"}, {"amount": "1,234"}, {"kind": "gift"}):
            assert "looks like" not in words(place.client().get(place.base + path, typed | change))

    def test_without_javascript_the_check_tells_it(self, place: Place) -> None:
        post(place, filled())
        answer = post(place, filled(preview="1"))
        assert answer.status_code == 200
        assert "This looks like an entry that is there already: entry" in words(answer)


class TestFromTheContract:
    NEW = "ledger/new/"

    def test_the_factory_is_chosen_there(self, place: Place) -> None:
        answer = place.client().post(place.base + self.NEW, filled(factory="F02"))
        entry = LedgerEntry.objects.get()
        assert (entry.factory, answer["Location"]) == (place.other, f"/c/alpha/ledger/{entry.pk}/")

    @pytest.mark.parametrize(("code", "sentence"), [("", "Fill in “Factory”."), ("F77", "There is no such factory in this contract")])
    def test_a_factory_of_another_contract_or_none_is_refused_at_its_box(self, place: Place, code: str, sentence: str) -> None:
        make_factory(code="F77")
        answer = place.client().post(place.base + self.NEW, filled(factory=code, note="typed with care"))
        assert answer.status_code == 422
        assert sentence in words(answer)
        assert 'href="#id_factory"' in answer.content.decode()
        assert "typed with care" in answer.content.decode()
        assert not LedgerEntry.objects.exists()

    def test_known_documents_and_counterparties_are_offered(self, place: Place) -> None:
        post(place, filled(document="PO 99", counterparty="Seat Works"))
        LedgerEntry.objects.create(
            factory=make_factory(), kind="payment", date=date(2024, 1, 1), amount_rub=1, document="theirs", counterparty="Their supplier"
        )
        for path in (self.NEW, PATH):
            page = place.client().get(place.base + path).content.decode()
            assert '<option value="Seat Works">' in page
            assert '<option value="PO 99">' in page
            assert "Their supplier" not in page

    def test_another_one_like_it_begins_with_what_they_share(self, place: Place) -> None:
        post(place, filled(kind="commitment", category="equipment", funding="bank", source=place.source.pk))
        entry = LedgerEntry.objects.get()
        answer = place.client().get(f"{place.base}{self.NEW}?like={entry.pk}")
        page = answer.content.decode()
        assert (hidden(answer, "counterparty"), hidden(answer, "document"), hidden(answer, "amount")) == ("Press Works", "", "")
        assert hidden(answer, "date") == f"{localdate():%d.%m.%Y}"
        for chosen in ("F01", "equipment", "bank", str(place.source.pk)):
            assert f'<option value="{chosen}" selected>' in page

    @pytest.mark.parametrize("query", ["?like=x", "?like=0", "?like=" + "9" * 30, "?factory=F99", "?like=%D9%A3"])
    def test_nonsense_in_the_address_is_no_reason_to_refuse_the_form(self, place: Place, query: str) -> None:
        assert place.status("editor", self.NEW + query) == 200

    @pytest.mark.parametrize(
        ("who", "status"),
        [("editor", 200), ("own", 403), ("auditor", 403), ("admin", 403), ("outsider", 404), ("nobody", 404), ("anonymous", 302)],
    )
    def test_it_opens_only_to_those_who_may_save_it(self, place: Place, who: str, status: int) -> None:
        assert place.status(who, self.NEW) == status
        assert place.status(who, self.NEW + "echo/") == status
        assert place.status(who, self.NEW, filled(factory="F01")) == (302 if status == 200 else status)

    def test_the_number_of_statements_is_bounded(self, place: Place, django_assert_max_num_queries: Any) -> None:
        client = place.client()
        with django_assert_max_num_queries(BUDGET):
            client.get(place.base + self.NEW)


def test_after_saving_one_may_look_at_it_go_on_or_take_it_back(place: Place) -> None:
    client = place.client()
    page = client.post(place.base + PATH, filled(), follow=True).content.decode()
    entry = LedgerEntry.objects.get()
    for address in (f"ledger/{entry.pk}/", f"ledger/new/?like={entry.pk}", f"factories/F01/ledger/{entry.pk}/reverse/"):
        assert f'href="{place.base}{address}"' in page


class TestReversing:
    def entry(self, place: Place) -> LedgerEntry:
        post(place, filled())
        return LedgerEntry.objects.get(reverses=None)

    def reverse(self, place: Place, entry: LedgerEntry, who: str = "editor", **changes: str) -> Any:
        data = {"request_key": str(uuid.uuid4()), "date": f"{localdate():%d.%m.%Y}", "note": "typed twice"} | changes
        return place.client(who).post(f"{place.base}factories/F01/ledger/{entry.pk}/reverse/", data)

    def test_the_entry_is_taken_back_and_both_stay(self, place: Place) -> None:
        entry = self.entry(place)
        asked = words(place.client().get(f"{place.base}factories/F01/ledger/{entry.pk}/reverse/"))
        for told in ("₽1,234,567.89", "PO 17", "Press Works", "April 15, 2024", "Not converted to dollars yet"):
            assert told in asked
        assert self.reverse(place, entry)["Location"] == "/c/alpha/factories/F01/"
        assert LedgerEntry.objects.get(reverses=entry).amount_rub == Decimal("-1234567.89")

    def test_a_double_submit_reverses_once(self, place: Place) -> None:
        entry, key = self.entry(place), str(uuid.uuid4())
        assert [self.reverse(place, entry, request_key=key).status_code for _ in range(2)] == [302, 302]
        assert LedgerEntry.objects.count() == 2

    def test_a_second_reversal_is_refused_with_a_sentence(self, place: Place) -> None:
        entry = self.entry(place)
        self.reverse(place, entry)
        answer = self.reverse(place, entry)
        assert answer.status_code == 422
        assert "has already reversed this one: there is nothing left to take back." in words(answer)
        opened = place.client().get(f"{place.base}factories/F01/ledger/{entry.pk}/reverse/")
        assert opened["Location"] == f"{place.base}ledger/{entry.pk}/"

    def test_a_reversal_of_a_reversal_is_refused_with_the_remedy(self, place: Place) -> None:
        self.reverse(place, self.entry(place))
        reversal = LedgerEntry.objects.get(reverses__isnull=False)
        answer = self.reverse(place, reversal, note="typed with care")
        assert answer.status_code == 422
        assert "A reversal cannot be reversed: record the entry again instead." in words(answer)
        assert "typed with care" in words(answer)
        assert LedgerEntry.objects.count() == 2

    @pytest.mark.parametrize(
        ("changes", "box"), [({"note": ""}, "id_note"), ({"date": "01.01.2020"}, "id_date"), ({"date": "2999-01-01"}, "id_date")]
    )
    def test_a_wrong_input_is_refused_at_its_box(self, place: Place, changes: dict[str, str], box: str) -> None:
        answer = self.reverse(place, self.entry(place), **changes)
        assert answer.status_code == 422
        assert re.search(rf'href="#{box}"', answer.content.decode())
        assert LedgerEntry.objects.count() == 1

    def test_an_entry_of_another_factory_or_none_is_not_found(self, place: Place) -> None:
        entry = self.entry(place)
        assert place.status("editor", f"factories/F02/ledger/{entry.pk}/reverse/") == 404
        assert place.status("editor", f"factories/F01/ledger/{10**30}/reverse/") == 404

    @pytest.mark.parametrize(
        ("who", "status"),
        [("own", 403), ("controller", 403), ("auditor", 403), ("admin", 403), ("foreign", 404), ("outsider", 404), ("anonymous", 302)],
    )
    def test_only_those_who_may_pay_may_reverse(self, place: Place, who: str, status: int) -> None:
        entry = self.entry(place)
        assert place.status(who, f"factories/F01/ledger/{entry.pk}/reverse/") == status
        assert self.reverse(place, entry, who).status_code == status
        assert LedgerEntry.objects.count() == 1


class TestWhoMay:
    @pytest.mark.parametrize(
        ("who", "status"),
        [
            ("editor", 200), ("own", 403), ("controller", 403), ("auditor", 403), ("admin", 403),
            ("foreign", 404), ("outsider", 404), ("nobody", 404), ("anonymous", 302),
        ],
    )  # fmt: skip
    def test_the_form_opens_only_to_those_who_may_save_it(self, place: Place, who: str, status: int) -> None:
        assert place.status(who, PATH) == status
        assert place.status(who, PATH, filled()) == (302 if status == 200 else status)
        assert LedgerEntry.objects.exists() == (status == 200)

    def test_a_past_day_is_read_only(self, place: Place) -> None:
        assert place.status("editor", PATH + "?as_of=2025-06-30", filled()) == 403


def test_the_number_of_statements_is_bounded(place: Place, django_assert_max_num_queries: Any) -> None:
    client = place.client()
    with django_assert_max_num_queries(BUDGET):
        client.get(place.base + PATH)
