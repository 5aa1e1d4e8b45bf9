"""The page of the ledger: filters, order, pages, sums, the file, one entry; and who sees what."""

import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.utils import timezone
from django.utils.timezone import localdate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.models import ExchangeRate, LedgerConversion, LedgerEntry
from cluster.queries.ledger import Chosen, entries_of, for_table, sums_of
from tests.cluster.web.place import BUDGET, Place, make_place, title, words
from tests.factories import make_factory, make_rate

Make = Callable[..., LedgerEntry]


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


@pytest.fixture
def rate(db: None) -> ExchangeRate:
    return make_rate("2024-04-13", "93.4419")


@pytest.fixture
def make(place: Place) -> Make:
    """Makes an entry of F01, converted where a rate is given."""

    def made(rate: ExchangeRate | None = None, *, stale: bool = False, **fields: Any) -> LedgerEntry:
        usual = {
            "factory": place.factory, "kind": "payment", "date": date(2024, 4, 15), "amount_rub": Decimal("1000.00"), "document": "PO 1",
            "counterparty": "Press Works", "recorded_by": place.person("editor"),
        }  # fmt: skip
        entry = LedgerEntry.objects.create(**usual | fields)
        if rate is not None:
            usd = (entry.amount_rub / rate.value).quantize(Decimal("0.01"))
            LedgerConversion.objects.create(entry=entry, usd=usd, rate=rate, stale=stale, converted_at=timezone.now())
        return entry

    return made


def get(place: Place, query: str = "", who: str = "editor") -> Any:
    return place.client(who).get(f"{place.base}ledger/{query}")


def shown(answer: Any) -> list[str]:
    """The documents of the rows, in their order."""
    return re.findall(r'<th scope="row"[^>]*><a [^>]*>([^<]*)</a>', answer.content.decode())


def reverse(make: Make, entry: LedgerEntry, on: date | None = None) -> LedgerEntry:
    return make(
        factory=entry.factory, kind=entry.kind, date=on or localdate(), amount_rub=-entry.amount_rub, document=entry.document,
        counterparty=entry.counterparty, reverses=entry, note="typed twice",
    )  # fmt: skip


class TestFiltering:
    @pytest.fixture(autouse=True)
    def _entries(self, place: Place, make: Make) -> None:
        make(document="A 1", category="equipment", funding="own")
        make(document="B 2", kind="commitment", date=date(2025, 1, 31), amount_rub=Decimal("50.50"))
        make(document="C 3", factory=place.other, counterparty="Seat Works", date=date(2025, 2, 1), amount_rub=Decimal("5000000.00"))

    @pytest.mark.parametrize(
        ("query", "documents"),
        [
            ("", ["C 3", "B 2", "A 1"]),
            ("?factory=F02", ["C 3"]),
            ("?kind=commitment", ["B 2"]),
            ("?category=equipment", ["A 1"]),
            ("?category=-", ["C 3", "B 2"]),
            ("?funding=own", ["A 1"]),
            ("?funding=-", ["C 3", "B 2"]),
            ("?counterparty=seat", ["C 3"]),
            ("?document=b", ["B 2"]),
            ("?month=2025-01", ["B 2"]),
            ("?month=1.2025", ["B 2"]),
            ("?date_from=2025-01-31", ["C 3", "B 2"]),
            ("?date_to=31.01.2025", ["B 2", "A 1"]),
            ("?month=2025-01&date_from=2025-02-01", []),
            ("?amount_from=1000", ["C 3", "A 1"]),
            ("?amount_to=50,50", ["B 2"]),
            ("?amount_from=1+млн", ["C 3"]),
            ("?sort=amount", ["B 2", "A 1", "C 3"]),
            ("?sort=-factory", ["C 3", "B 2", "A 1"]),
            ("?sort=document", ["A 1", "B 2", "C 3"]),
            ("?as_of=2025-01-31", ["B 2", "A 1"]),
        ],
    )
    def test_the_address_says_what_is_shown(self, place: Place, query: str, documents: list[str]) -> None:
        answer = get(place, query)
        assert answer.status_code == 200
        assert shown(answer) == documents

    @pytest.mark.parametrize(
        ("query", "sentence"),
        [
            ("amount_from=1,234", "can mean thousands or decimals: write 1 234"),
            ("amount_to=1e400", "is not an amount"),
            ("amount_from=NaN", "is not an amount"),
            ("month=2024-13", "is not a date in the calendar"),
            ("month=2024", "Write a month as 2024-03."),
            ("month=2024-01..2024-02", "Write a month as 2024-03."),
            ("date_from=31.02.2024", "Write the date as"),
            ("date_from=2024-02-02&date_to=2024-02-01", "The end lies before the start."),
            ("amount_from=2&amount_to=1", "The upper bound lies below the lower one."),
            ("factory=F99", "Select a valid choice."),
            ("only=odd", "Select a valid choice."),
            ("document=a%07b", "This text has control characters."),
        ],
    )
    def test_a_wrong_filter_is_told_at_its_box_and_no_sum_misleads(self, place: Place, query: str, sentence: str) -> None:
        for path in ("", ".csv"):
            answer = place.client().get(f"{place.base}ledger{path or '/'}?{query}")
            assert answer.status_code == 400
            assert sentence in words(answer)
            assert not shown(answer)
            assert title(answer).startswith("Error: ")

    def test_an_order_that_is_not_on_the_list_is_refused(self, place: Place) -> None:
        assert get(place, "?sort=recorded_by__password").status_code == 400

    def test_what_fits_nothing_says_so(self, place: Place) -> None:
        assert "No entry fits" in words(get(place, "?document=zzz"))


class TestSums:
    def test_they_stand_over_the_whole_filtered_set_net_of_reversals(self, place: Place, make: Make, rate: ExchangeRate) -> None:
        for number in range(60):
            make(rate, document=f"PO {number}", amount_rub=Decimal("93.44"))
        reverse(make, make(document="wrong", amount_rub=Decimal(7)))
        make(kind="commitment", document="contract", amount_rub=Decimal("12.34"))
        answer = get(place)
        text = words(answer)
        assert len(shown(answer)) == 50
        assert "Payments, net of reversals ₽5,606.40 $60.00 payment basis" in text
        assert "2 rows are not converted yet" in text
        assert "Commitments, net of reversals ₽12.34 not converted to dollars yet sum of 1 entry" in text
        assert "page 1 of 2" in text
        assert len(shown(get(place, "?page=2"))) == 13
        assert "₽5,606.40" in words(get(place, "?page=2"))

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_they_equal_the_sum_of_the_rows_whatever_is_chosen(self, place: Place, make: Make, rate: ExchangeRate, data: Any) -> None:
        if not LedgerEntry.objects.exists():
            for n in range(24):
                entry = make(
                    rate if n % 3 else None,
                    factory=place.other if n % 2 else place.factory,
                    kind="commitment" if n % 5 == 0 else "payment",
                    category=["", "equipment"][n % 2],
                    date=date(2024, 1 + n % 12, 1),
                    amount_rub=Decimal(100 * n + 1) / 4 + Decimal("0.25"),
                    document=f"PO {n % 4}",
                )
                if n % 7 == 0:
                    reverse(make, entry)
        chosen = Chosen(
            factory=data.draw(st.sampled_from(["", "F01", "F02"])),
            kind=data.draw(st.sampled_from(["", "payment", "commitment"])),
            category=data.draw(st.sampled_from(["", "-", "equipment"])),
            document=data.draw(st.sampled_from(["", "1", "po"])),
            first=data.draw(st.none() | st.dates(date(2024, 1, 1), date(2025, 1, 1))),
            amount_to=data.draw(st.none() | st.decimals(0, 700, places=2)),
            only=data.draw(st.sampled_from(["", "reversed", "alike"])),
        )
        rows = entries_of(place.person("editor"), contract_id=place.contract.pk, chosen=chosen, until=None)
        found = list(rows.select_related("conversion"))
        for one in sums_of(rows):
            own = [entry for entry in found if entry.kind == one.kind]
            dollars = [entry.conversion.usd for entry in own if hasattr(entry, "conversion")]
            assert (one.rows, one.rub, one.missing) == (len(own), sum(e.amount_rub for e in own), len(own) - len(dollars))
            assert one.usd == (sum(dollars) if dollars else None)

    def test_an_old_rate_is_told(self, place: Place, make: Make, rate: ExchangeRate) -> None:
        make(rate, stale=True)
        assert "1 at an old rate" in words(get(place))
        assert "at 93.4419 of Apr 13, 2024" in words(get(place))


class TestMarks:
    def test_entries_that_look_alike_are_marked_and_can_be_asked_for(self, place: Place, make: Make) -> None:
        make(document="ПП № 17", counterparty="ООО «Ёлка»")
        make(document="пп N17", counterparty='ооо "елка"', factory=place.other)
        make(document="other")
        assert words(get(place)).count("looks like another") == 2
        assert sorted(shown(get(place, "?only=alike"))) == ["ПП № 17", "пп N17"]

    def test_what_was_reversed_looks_like_nothing(self, place: Place, make: Make) -> None:
        reverse(make, make())
        make()
        assert "looks like another" not in words(get(place))
        assert not shown(get(place, "?only=alike"))

    def test_what_was_reversed_is_marked_from_that_day_on(self, place: Place, make: Make) -> None:
        reverse(make, make(document="wrong"), localdate())
        make(document="right")
        today, before = get(place, "?only=reversed"), get(place, f"?only=reversed&as_of={localdate() - timedelta(days=1)}")
        assert shown(today) == ["wrong", "wrong"]
        assert "reversed" in words(today)
        assert shown(before) == []

    def test_a_commitment_that_lies_ahead_is_shown_today_and_says_so(self, place: Place, make: Make) -> None:
        make(kind="commitment", date=localdate() + timedelta(days=30), document="ahead")
        assert "lies ahead" in words(get(place))
        assert not shown(get(place, f"?as_of={localdate() - timedelta(days=1)}"))


class TestSumsOfASelection:
    def test_a_filter_on_a_kind_leaves_only_the_sum_of_that_kind(self, place: Place, make: Make) -> None:
        make(kind="payment")
        make(kind="commitment")
        only = words(get(place, "?kind=payment"))
        assert "Payments, net of reversals" in only
        assert "Commitments, net of reversals" not in only

    def test_another_filter_says_that_nothing_of_a_kind_is_in_the_selection(self, place: Place, make: Make) -> None:
        make(kind="payment", document="PO 1")
        assert "Commitments, net of reversals none recorded" in words(get(place))
        make(kind="commitment", document="order 2")
        assert "Commitments, net of reversals none in this selection" in words(get(place, "?document=PO"))

    def test_paper_names_the_filters_instead_of_their_boxes(self, place: Place, make: Make) -> None:
        make()
        page = get(place, "?kind=payment&month=2024-04").content.decode()
        assert re.search(r'<p class="paper-only">\s*Only:\s*Kind: payment; Month: 2024-04\s*</p>', page)
        assert 'class="card ledger-filters noprint"' in page
        assert "paper-only" not in get(place).content.decode()


class TestTheFile:
    def read(self, place: Place, query: str = "", language: str = "en") -> list[dict[str, str]]:
        answer = place.client(language=language).get(f"{place.base}ledger.csv{query}")
        assert answer["Content-Disposition"].startswith('attachment; filename="alpha-ledger-')
        text = answer.content.decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text), delimiter="," if language == "en" else ";"))

    def test_it_holds_every_page_of_what_is_shown_to_the_kopeck(self, place: Place, make: Make, rate: ExchangeRate) -> None:
        for number in range(60):
            make(rate, document=f"PO {number}", amount_rub=Decimal(number) + Decimal("0.25"))
        rows = self.read(place, "?amount_from=10")
        assert len(rows) == 50
        total = LedgerEntry.objects.filter(amount_rub__gte=10).aggregate(rub=Sum("amount_rub"), usd=Sum("conversion__usd"))
        assert sum(Decimal(row["Amount, RUB"]) for row in rows) == total["rub"]
        assert sum(Decimal(row["Amount, USD"]) for row in rows) == total["usd"]
        assert (rows[0]["Basis"], rows[0]["Rate"], rows[0]["Rate date"]) == ("payment basis", "93.4419", "2024-04-13")

    def test_no_cell_is_run_as_a_formula_and_negative_sums_stay_numbers(self, place: Place, make: Make) -> None:
        reverse(make, make(document="=1+1", counterparty="@cmd", note="-2"))
        rows = self.read(place, "?sort=amount")
        assert [row["Amount, RUB"] for row in rows] == ["-1000.00", "1000.00"]
        assert {row["Document"] for row in rows} == {"'=1+1"}
        assert {row["Counterparty"] for row in rows} == {"'@cmd"}
        assert (rows[0]["Reverses"], rows[1]["Reversed by"]) == (rows[1]["Number"], rows[0]["Number"])

    def test_every_column_has_a_name_of_its_own_also_in_an_example(self, place: Place, make: Make) -> None:
        make(note="paid in part")
        place.contract.is_example = True
        place.contract.save()
        (heads, _row) = csv.reader(io.StringIO(place.client().get(f"{place.base}ledger.csv").content.decode("utf-8-sig")))
        assert len(heads) == len(set(heads))
        (row,) = self.read(place)
        assert (row["Note of the entry"], row["Note"]) == ("paid in part", "Example: not real figures.")

    def test_russian_readers_get_a_decimal_comma(self, place: Place, make: Make) -> None:
        make(amount_rub=Decimal("1234.50"))
        text = place.client(language="ru").get(f"{place.base}ledger.csv").content.decode()
        assert ";1234,50;" in text

    def test_a_look_alike_names_the_first(self, place: Place, make: Make) -> None:
        first, second = make(), make()
        by_number = {row["Number"]: row["Looks like"] for row in self.read(place)}
        assert by_number == {str(first.pk): "", str(second.pk): str(first.pk)}


class TestOneEntry:
    def text(self, place: Place, entry: LedgerEntry, who: str = "editor", query: str = "") -> str:
        answer = place.client(who).get(f"{place.base}ledger/{entry.pk}/{query}")
        assert answer.status_code == 200
        return words(answer)

    def test_it_tells_where_each_figure_comes_from(self, place: Place, make: Make, rate: ExchangeRate) -> None:
        entry = make(rate, stale=True, category="equipment", note="second half", source=place.source)
        old = make_rate("2024-04-12", "90")
        LedgerConversion.objects.update(replaced=old)
        text = self.text(place, entry)
        for told in (
            "Payment ₽1,000.00", "PO 1", "Press Works", "F01 Press plant", "equipment", "second half", "The first promise",
            place.person("editor").username, "$10.70", "₽1,000.00 ÷ 93.4419", "payment: the official rate in force on April 15, 2024",
            "93.4419 ₽ of April 13, 2024", "a newer rate ought to be known", "converted at 90.0000 ₽ of April 12, 2024",
            "Reporting basis, for comparison", "Ledger entry PO 1 added",
        ):  # fmt: skip
            assert told in text, told

    def test_an_entry_and_its_reversal_name_each_other(self, place: Place, make: Make) -> None:
        entry = make()
        reversal = reverse(make, entry)
        page = place.client().get(f"{place.base}ledger/{entry.pk}/").content.decode()
        assert f"/ledger/{reversal.pk}/" in page
        assert "typed twice" in page
        assert "Reverse the entry" not in page
        assert f"/ledger/{entry.pk}/" in place.client().get(f"{place.base}ledger/{reversal.pk}/").content.decode()

    def test_before_its_reversal_it_still_stood(self, place: Place, make: Make) -> None:
        entry = make()
        reversal = reverse(make, entry)
        yesterday = f"?as_of={localdate() - timedelta(days=1)}"
        assert "Taken back" not in self.text(place, entry, query=yesterday)
        assert place.status("editor", f"ledger/{reversal.pk}/{yesterday}") == 404

    def test_a_look_alike_leads_to_the_first_and_the_first_to_all(self, place: Place, make: Make) -> None:
        first, second = make(), make()
        assert f"Entry {first.pk} has the same document" in self.text(place, second)
        assert "A later entry has the same document" in self.text(place, first)

    def test_names_are_masked_for_plant_managers(self, place: Place, make: Make) -> None:
        place.person("editor").first_name = "Zinaida"
        place.person("editor").save()
        entry = make()
        assert "Zinaida" in self.text(place, entry)
        own = self.text(place, entry, "own")
        assert "Zinaida" not in own
        assert "a member of staff" in own

    @pytest.mark.parametrize(("who", "buttons"), [("editor", True), ("own", False), ("auditor", False)])
    def test_only_who_may_pay_is_offered_to_reverse(self, place: Place, make: Make, who: str, buttons: bool) -> None:
        text = self.text(place, make(), who)
        assert ("Reverse the entry" in text) == buttons
        assert ("Record another like this" in text) == buttons


class TestWhoSees:
    @pytest.mark.parametrize(
        ("who", "documents"),
        [("editor", ["here", "there"]), ("auditor", ["here", "there"]), ("own", ["here"]), ("foreign", ["there"])],
    )
    def test_a_manager_sees_the_own_plant_only(self, place: Place, make: Make, who: str, documents: list[str]) -> None:
        entries = {"here": make(document="here"), "there": make(document="there", factory=place.other)}
        make(document="elsewhere", factory=make_factory())
        assert sorted(shown(get(place, who=who))) == documents
        for name, entry in entries.items():
            assert place.status(who, f"ledger/{entry.pk}/") == (200 if name in documents else 404)

    @pytest.mark.parametrize(("who", "status"), [("outsider", 404), ("nobody", 404), ("anonymous", 302)])
    def test_to_others_there_is_no_ledger(self, place: Place, make: Make, who: str, status: int) -> None:
        for path in ("ledger/", "ledger.csv", f"ledger/{make().pk}/"):
            assert place.status(who, path) == status

    def test_an_entry_of_another_contract_is_not_here(self, place: Place, make: Make) -> None:
        assert place.status("editor", f"ledger/{make(factory=make_factory()).pk}/") == 404
        assert place.status("editor", f"ledger/{10**17}/") == 404


@pytest.mark.parametrize("path", ["ledger/", "ledger/?only=alike", "ledger.csv", "ledger/{entry}/"])
def test_the_number_of_statements_does_not_depend_on_the_number_of_entries(
    place: Place, make: Make, rate: ExchangeRate, path: str, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    entry = make(rate, document="PO 0")
    make(rate, document="PO 0")
    path = place.base + path.format(entry=entry.pk)
    client = place.client()
    client.get(path)
    with django_assert_max_num_queries(BUDGET) as counted:
        client.get(path)
    for number in range(60):
        made = make(rate, document=f"PO {number % 20}", factory=place.other)
        if number % 9 == 0:
            reverse(make, made)
    with django_assert_num_queries(len(counted)):
        client.get(path)


@pytest.mark.parametrize("sort", ["date", "-date", "amount", "-amount"])
def test_no_order_walks_an_index_over_the_entries_of_all_contracts(place: Place, make: Make, sort: str) -> None:
    """With a page's limit the planner would walk a million entries to spare the sort of a thousand."""
    make()
    rows = entries_of(place.person("editor"), contract_id=place.contract.pk, chosen=Chosen(), until=localdate())
    with connection.cursor() as cursor:
        for setting in ("enable_sort", "enable_seqscan"):
            cursor.execute(f"SET LOCAL {setting} = off")
    plan = for_table(rows, sort=sort, until=None)[:50].explain()
    assert "Sort Key" in plan
    assert "Presorted" not in plan
