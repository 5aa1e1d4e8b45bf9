"""Lists: order by clickable heads, files of exactly what is shown, empty states; one mechanism, so each rule is tried on every list."""

import csv
import html
import io
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils.timezone import localdate
from openpyxl import load_workbook

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import Baseline, BudgetLine, LedgerEntry, User
from cluster.web.lists import PAGES
from production.models import Output, PlanRevision
from tests.cluster.web.place import Place, make_claim, make_place, words
from tests.factories import hold_role, make_factory, make_milestone, make_rate, make_user, promise

# Each list with the end of its address, and that of its file.
LISTS = {
    "cluster:factories": ("factories/", "factories"),
    "cluster:ledger": ("ledger/", "ledger"),
    "cluster:delays": ("delays/", "delays"),
    "cluster:slips": ("schedule/slips/", "schedule/slips"),
    "cluster:schedule": ("schedule/", "schedule/rows"),
    "cluster:trend": ("schedule/trend/", "schedule/trend"),
    "cluster:quality": ("schedule/quality/", "schedule/quality"),
    "cluster:risk": ("risk/", "risk"),
    "cluster:earned_value": ("earned-value/", "earned-value"),
    "cluster:estimates": ("estimates/", "estimates"),
    "cluster:baseline": ("budgets/{baseline}/", "budgets/{baseline}/lines"),
    "cluster:record": ("record/", "record"),
    "cluster:reporting": ("reporting/", "reporting"),
    "production:overview": ("", "brands"),
    "production:output": ("output/rows/", "output/rows"),
    "production:plans": ("plans/", "plans"),
    "cluster:contracts": ("/contracts/", "/contracts"),
    "cluster:my_work": ("/my/", "/my"),
    "cluster:jobs": ("/jobs/", "/jobs"),
    "cluster:money": ("money/", "money"),
    "cluster:factory_money": ("factories/F01/money/", "factories/F01/money"),
    "cluster:rates": ("/rates/", "/rates"),
    "cluster:people": ("/people/", "/people"),
    "cluster:outbox": ("/mail/outbox/", "/mail/outbox"),
}
# How a list is asked for whose page shows something else first.
AS_TABLES = {"cluster:schedule": {"view": "table"}, "cluster:my_work": {"view": "list"}}
OF_A_CONTRACT = [name for name, (page, _file) in LISTS.items() if not page.startswith("/")]


@pytest.fixture
def place(db: None) -> Place:
    """Three factories: one late with payments, one with a budget, one of which nothing is known."""
    found = make_place()
    make_factory(found.contract, code="F03", name_ru="=ФОРМУЛА()", name_en="=cmd()", order=3)
    late = make_milestone(found.other, code="F02-OPEN", name_ru="Открытие завода сидений", name_en="Seat plant opens")
    promise(late, "2022-06-30", announced="2022-01-01")
    make_rate("2019-01-01", "60")
    baseline = Baseline.objects.create(contract=found.contract, name_ru="План", name_en="Plan")
    for factory, category, amount in ((found.factory, "", "10.00"), (found.other, "", "30.00"), (found.factory, "equipment", "20.50")):
        BudgetLine.objects.create(baseline=baseline, factory=factory, category=category, amount_rub=Decimal(amount), reason="=1+1")
    for number, (kind, rub) in enumerate((("payment", "5.25"), ("commitment", "700.00"), ("payment", "40.00"))):
        LedgerEntry.objects.create(
            factory=found.factory if number else found.other, kind=kind, date=date(2024, 4, 15 - number), amount_rub=Decimal(rub),
            document=f"-{number}", counterparty="@who", recorded_by=found.person("editor"),
        )  # fmt: skip
    make_claim(found, "commitment", "1000.00")
    make_output(found, 2024, 500)
    make_output(found, 2023, 900)
    for low in (10, 20):
        plan = PlanRevision(contract=found.contract, year=2025, low=low, source=found.source, in_use=low == 20)
        plan.announced = DateWindow.day(date(2023, 1, low))
        plan.save()
    return found


def make_output(place: Place, year: int, quantity: int) -> None:
    row = Output(contract=place.contract, year=year, quantity=quantity, source=place.source, in_use=True)
    row.announced = DateWindow.day(date(2024, 6, 1))
    row.save()


def at(place: Place, address: str) -> str:
    """The address of a list or, with an ending, of its file."""
    if address.startswith("/"):
        return address
    base = f"/production{place.base}" if not address or address.startswith(("output", "plans", "brands")) else place.base
    return base + address.format(baseline=Baseline.objects.values_list("pk", flat=True).last())


def client(place: Place, name: str, language: str = "en") -> Any:
    """A browser that may open the list: jobs belong to those whose role is over everything."""
    found = place.client(language=language)
    if not LISTS[name][0].startswith("/") or name == "cluster:contracts":
        return found
    editor = place.person("editor")
    editor.memberships.update(contract=None)
    if name in ("cluster:people", "cluster:outbox"):
        hold_role(editor, Role.ADMIN)
    return found


def heads(answer: Any) -> dict[str, tuple[str, str]]:
    """The heads that sort, by their words: where each leads and what it says of the order."""
    found = re.findall(r'<th scope="col"[^>]*?aria-sort="(\w+)"[^>]*>\s*<a href="([^"]*)">([^<]*)', answer.content.decode(), flags=re.S)
    return {html.unescape(text): (html.unescape(url), order) for order, url, text in found}


def table(answer: Any, language: str = "en") -> list[dict[str, str]]:
    text = answer.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter="," if language == "en" else ";"))


def test_every_page_with_saved_views_is_tried_here() -> None:
    assert set(LISTS) == PAGES


@pytest.mark.parametrize("name", LISTS)
def test_each_head_sorts_both_ways_and_an_unknown_order_is_refused(place: Place, name: str) -> None:
    browser, page = client(place, name), at(place, LISTS[name][0])
    sorted_by = heads(browser.get(page, AS_TABLES.get(name, {})))
    for label, (url, _order) in sorted_by.items():
        first = browser.get(url)
        assert first.status_code == 200, label
        again, order = heads(first)[label]
        assert order in ("ascending", "descending")
        assert heads(browser.get(again))[label][1] == {"ascending": "descending", "descending": "ascending"}[order]
    for wrong in ("nonsense", "--code", "-", "pk", "factory__contract__code"):
        for address in (page, at(place, LISTS[name][1]) + ".csv", at(place, LISTS[name][1]) + ".xlsx"):
            answer = browser.get(address, {"sort": wrong})
            assert answer.status_code == 400, (address, wrong)
            assert "is not one of the choices" in words(answer)


@pytest.mark.parametrize(
    ("name", "sort", "column", "expected"),
    [
        ("cluster:factories", "code", "Code", ["F01", "F02", "F03"]),
        # What has no value comes last either way.
        ("cluster:factories", "late", "Code", ["F01", "F02", "F03"]),
        ("cluster:factories", "-late", "Code", ["F02", "F01", "F03"]),
        ("cluster:factories", "-paid", "Code", ["F01", "F02", "F03"]),
        ("cluster:factories", "paid", "Code", ["F02", "F01", "F03"]),
        ("cluster:ledger", "amount", "Amount, RUB", ["5.25", "40.00", "700.00"]),
        ("cluster:ledger", "-date", "Date", ["2024-04-15", "2024-04-14", "2024-04-13"]),
        ("cluster:ledger", "usd", "Amount, RUB", ["5.25", "700.00", "40.00"]),
        ("cluster:schedule", "-due", "Code", ["F01-OPEN", "F02-OPEN"]),
        ("cluster:schedule", "due", "Code", ["F02-OPEN", "F01-OPEN"]),
        ("cluster:baseline", "-amount", "Amount, ₽", ["30.00", "20.50", "10.00"]),
        ("cluster:money", "-paid", "Factory", ["F01 Press plant", "F02 Seat plant"]),
        ("cluster:money", "-group", "Factory", ["F02 Seat plant", "F01 Press plant"]),
        ("cluster:money", "paid", "Factory", ["F02 Seat plant", "F01 Press plant"]),
        ("cluster:money", "group", "Factory", ["F01 Press plant", "F02 Seat plant"]),
        ("cluster:estimates", "-code", "Code", ["F02-OPEN", "F01-OPEN"]),
        ("production:output", "quantity", "Quantity", ["500", "900"]),
        ("production:output", "-year", "Year", ["2024", "2023"]),
        ("production:plans", "-low", "Low bound", ["20", "10"]),
    ],
)
def test_rows_stand_in_the_order_asked_for(place: Place, name: str, sort: str, column: str, expected: list[str]) -> None:
    rows = table(client(place, name).get(at(place, LISTS[name][1]) + ".csv", {"sort": sort}))
    assert [row[column] for row in rows] == expected


def test_what_was_never_comes_last_both_ways_and_equal_rows_stand_by_their_ids(place: Place) -> None:
    browser = client(place, "cluster:people")
    early, late, *never = (make_user(username=name) for name in ("early", "late", "never-a", "never-b", "never-c"))
    User.objects.exclude(pk__in=[early.pk, late.pk]).update(last_login=None)
    for person, day in ((early, 1), (late, 2)):
        User.objects.filter(pk=person.pk).update(last_login=datetime(2026, 1, day, tzinfo=UTC))
    for sort, first in (("login", ["early", "late"]), ("-login", ["late", "early"])):
        names = [row["User name"] for row in table(browser.get("/people.csv", {"sort": sort, "state": "all"}))]
        assert names[:2] == first
        assert names[-3:] == [one.username for one in never]


@pytest.mark.parametrize(("name", "language"), [*((name, "en") for name in LISTS), ("cluster:ledger", "ru")])
def test_both_files_hold_the_same_rows_and_columns(place: Place, name: str, language: str) -> None:
    browser, address = client(place, name, language), at(place, LISTS[name][1])
    as_text = table(browser.get(address + ".csv"), language)
    book = load_workbook(io.BytesIO(browser.get(address + ".xlsx").content))
    rows = list(book.worksheets[0].iter_rows())
    if as_text:
        assert [cell.value for cell in rows[0]] == list(as_text[0])
    assert len(rows) - 1 - len(as_text) in (0, 1), "only a row of sums may follow"
    for cells, told in zip(rows[1:], as_text, strict=False):
        assert [cell.value is None for cell in cells] == [value == "" for value in told.values()]
        assert all(cell.data_type != "f" for cell in cells)
    assert book.worksheets[0].auto_filter.ref


def test_a_file_has_what_the_page_shows(place: Place) -> None:
    query = {"kind": "payment", "sort": "amount"}
    page = place.client().get(place.base + "ledger/", query)
    shown = re.findall(r'<th scope="row"[^>]*>\s*<a [^>]*>([^<]*)</a>', page.content.decode())
    (address,) = re.findall(r'href="([^"]*ledger\.xlsx[^"]*)"', page.content.decode())
    sheet = load_workbook(io.BytesIO(place.client().get(html.unescape(address)).content)).worksheets[0]
    (column,) = [cell.column for cell in sheet[1] if cell.value == "Document"]
    assert [sheet.cell(row, column).value for row in (2, 3)] == shown == ["-0", "-2"]


def test_a_workbook_has_types_sums_and_says_where_it_is_from(place: Place) -> None:
    answer = place.client().get(place.base + "ledger.xlsx", {"kind": "payment", "sort": "amount"})
    assert answer["Content-Disposition"] == f'attachment; filename="alpha-ledger-{localdate()}.xlsx"'
    assert answer["Content-Security-Policy"].endswith("sandbox")
    book = load_workbook(io.BytesIO(answer.content))
    sheet, about = book.worksheets
    heads_at = {cell.value: cell.column for cell in sheet[1]}
    assert sheet.cell(2, heads_at["Date"]).value.date() == date(2024, 4, 15)
    assert sheet.cell(2, heads_at["Amount, RUB"]).value == 5.25
    assert sheet.cell(4, heads_at["Amount, RUB"]).value.startswith("=SUBTOTAL(109,")
    seen = load_workbook(io.BytesIO(answer.content), data_only=True).worksheets[0]
    assert seen.cell(4, heads_at["Amount, RUB"]).value == 45.25
    told = {row[0].value: row[1] for row in about.iter_rows() if row[0].value}
    assert told["Filters"].value == "Kind: payment"
    assert told["As of"].value.date() == localdate()
    assert told["Page"].hyperlink.target.endswith(f"/c/alpha/ledger/?kind=payment&sort=amount&as_of={localdate()}")


def test_nothing_in_a_file_runs(place: Place) -> None:
    rows = table(place.client().get(place.base + "factories.csv"))
    assert rows[2]["Factory"] == "'=cmd()"
    ledger = table(place.client().get(place.base + "ledger.csv"))
    assert {(row["Document"][0], row["Counterparty"]) for row in ledger} == {("'", "'@who")}
    sheet = load_workbook(io.BytesIO(place.client().get(place.base + "factories.xlsx").content)).worksheets[0]
    assert (sheet["B4"].data_type, sheet["B4"].value) == ("s", "=cmd()")


def test_an_example_says_so_in_each_row_and_on_the_sheet_about_it(place: Place) -> None:
    place.contract.is_example = True
    place.contract.save()
    assert {row["Note"] for row in table(place.client().get(place.base + "factories.csv"))} == {"Example: not real figures."}
    book = load_workbook(io.BytesIO(place.client().get(place.base + "factories.xlsx").content))
    assert "Example: not real figures." in [row[0].value for row in book.worksheets[1].iter_rows()]
    assert book.worksheets[0].oddHeader.center.text == "Example: not real figures."


def test_files_are_out_of_sight_for_outsiders(place: Place) -> None:
    for who, status in (("outsider", 404), ("anonymous", 302)):
        browser = place.client(who)
        for name in OF_A_CONTRACT:
            for form in ("csv", "xlsx"):
                assert browser.get(f"{at(place, LISTS[name][1])}.{form}").status_code == status, (who, name)


def test_a_manager_exports_the_own_factory_only(place: Place) -> None:
    assert [row["Code"] for row in table(place.client("own").get(place.base + "factories.csv"))] == ["F01"]


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("cluster:factories", "q=nothing+like+it"),
        ("cluster:ledger", "document=nothing+like+it"),
        ("cluster:record", "q=nothing+like+it"),
        ("production:output", "factory=F02"),
        ("cluster:contracts", "q=nothing+like+it"),
    ],
)
def test_filters_that_leave_nothing_offer_all_rows(place: Place, name: str, query: str) -> None:
    page = at(place, LISTS[name][0])
    text = place.client().get(f"{page}?{query}").content.decode()
    empty = text[text.index('class="empty') :]
    (reset, *_rest) = re.findall(r'<a class="btn" href="([^"]*)"', empty)
    assert html.unescape(reset) == f"{page}?saved=none"
    assert 'class="empty' not in place.client().get(html.unescape(reset)).content.decode()


def test_a_manager_is_told_that_figures_of_the_whole_contract_are_hidden(place: Place) -> None:
    hidden = "Figures of the contract as a whole are not shown to your role"
    for address in ("plans/", "output/rows/"):
        assert hidden in words(place.client("own").get(at(place, address)))
        assert hidden not in words(place.client().get(at(place, address)))


def test_a_contract_without_rows_says_who_does_what_next(db: None) -> None:
    found = make_place()
    expected = {"editor": "Record the first one", "controller": "The PMO records payments"}
    for who, sentence in expected.items():
        said = words(found.client(who).get(found.base + "ledger/"))
        assert "Nothing is recorded" in said
        assert sentence in said
        assert "Show all" not in said


def test_files_say_units_in_words_and_the_wording_of_the_source(place: Place) -> None:
    Output.objects.update(qualifier="more_than")
    make_claim(place, "floor_area", "5", unit="m2", milestone=place.milestone)
    client = place.client(language="ru")
    rows = client.get(at(place, "output/rows.csv")).content.decode()
    assert ";900;автомобилей;" in rows
    assert ";более;" in rows
    assert "более 900 автомобилей" in words(client.get(at(place, "output/rows/"))).replace("\xa0", " ")
    claims = b"".join(client.get(at(place, "record/claims.csv"))).decode()
    assert ";F01;F01-OPEN;" in claims
    assert ";м²;" in claims
