"""What a filled contract looks like: the mark of the example, many milestones, many budget lines, many entries."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate

from cluster.charts import TimelineRow, timeline
from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import Baseline, BudgetLine, Dependency, LedgerEntry, Milestone
from cluster.services.delays import flag_delays
from tests.cluster.web.place import Place, make_place, words
from tests.factories import make_contract, make_milestone, make_source, make_user, promise

EXAMPLE = "Example: not real figures."


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def _page(place: Place, who: str = "editor", path: str = "factories/F01/") -> str:
    response = place.client(who).get(place.base + path)
    assert response.status_code == 200
    return response.content.decode()


def _many(place: Place, count: int = 20) -> list[Milestone]:
    rows = []
    for number in range(count):
        row = make_milestone(place.factory, code=f"F01-{number:02}", kind="design", name_en=f"Step {number:02}")
        promise(row, "2024" if number % 4 == 0 else "2030", announced="2023-01-10")
        if number % 4 == 1:
            row.actual, row.actual_announced_on = DateWindow.parse("2024-05-01"), date(2024, 5, 2)
            row.save()
        rows.append(row)
    return rows


@pytest.mark.parametrize(
    "path", ["", "factories/", "factories/F01/", "delays/", "record/", "money/", "ledger/", "budgets/", "earned-value/"]
)
def test_every_page_of_an_example_says_so_above_its_figures(place: Place, path: str) -> None:
    assert EXAMPLE not in _page(place, path=path)
    place.contract.is_example = True
    place.contract.save()
    text = _page(place, path=path)
    assert text.index(EXAMPLE) < text.index('<main id="main"')


@pytest.mark.parametrize("path", ["delays.csv", "ledger.csv", "earned-value.csv"])
def test_every_row_of_a_file_of_an_example_says_so(place: Place, path: str) -> None:
    LedgerEntry.objects.create(
        factory=place.factory, kind="payment", date=date(2024, 4, 1), amount_rub=Decimal("5.00"), document="1", counterparty="C"
    )
    flag_delays(as_of=localdate(), progress=lambda done, total: None)
    for is_example in (False, True):
        place.contract.is_example = is_example
        place.contract.save()
        text = place.client().get(place.base + path).content.decode("utf-8-sig")
        head, *rows = csv.reader(io.StringIO(text))
        assert rows
        assert all((row[-1] == EXAMPLE) is is_example and len(row) == len(head) for row in rows)


def test_many_milestones_are_folded_by_what_they_need(place: Place) -> None:
    _many(place)
    text = _page(place)
    assert text.count('<details class="milestones"') == 3
    assert text.count('<details class="milestones" open') == 1  # what is late
    late, still, reached = (text.index(words_) for words_ in ("Late, or expected to be", "Still to come, on plan", "Reached"))
    assert late < still < reached
    assert late < text.index('id="F01-00"') < still < text.index('id="F01-02"') < reached < text.index('id="F01-01"')


def test_few_milestones_stand_open(place: Place) -> None:
    assert '<details class="milestones"' not in _page(place)


def test_a_milestone_names_what_it_waits_for_and_links_it(place: Place) -> None:
    first = make_milestone(place.factory, code="F01-PERMIT")
    sister = make_milestone(place.other, code="F02-OPEN")
    Dependency.objects.create(predecessor=first, successor=place.milestone)
    Dependency.objects.create(predecessor=sister, successor=place.milestone, type="SS", lag_days=-5)
    text = " ".join(_page(place).split())
    assert '<a href="#F01-PERMIT"' in text
    assert '<a href="/c/alpha/factories/F02/#F02-OPEN"' in text
    assert "start to start −5 working days" in words(place.client().get(f"{place.base}factories/F01/"))


def test_a_manager_is_not_sent_to_a_factory_that_is_not_there_for_them(place: Place) -> None:
    Dependency.objects.create(predecessor=make_milestone(place.other, code="F02-OPEN"), successor=place.milestone)
    text = _page(place, "own")
    assert "F02-OPEN" in text
    assert "/factories/F02/" not in text


def test_more_milestones_links_and_lines_take_no_more_statements(place: Place, django_assert_max_num_queries: Any) -> None:
    from django.db import connection

    client = place.client()
    client.get(f"{place.base}factories/F01/")
    with CaptureQueriesContext(connection) as few:
        client.get(f"{place.base}factories/F01/")
    rows = _many(place, 40)
    for first, waiting in pairwise(rows):
        Dependency.objects.create(predecessor=first, successor=waiting)
    with CaptureQueriesContext(connection) as many:
        client.get(f"{place.base}factories/F01/")
    assert len(many) <= len(few)


def test_a_long_budget_is_summed_by_category_and_funding_source(place: Place) -> None:
    baseline = Baseline.objects.get(contract=place.contract)
    for number in range(30):
        BudgetLine.objects.create(
            baseline=baseline, factory=place.factory, category="equipment", funding="bank",
            month=date(2024 + number // 12, number % 12 + 1, 1), amount_rub=Decimal("1000000.10"),
        )  # fmt: skip
    text = words(place.client().get(f"{place.base}factories/F01/"))
    assert "Equipment Bank loan January 2024 – June 2026" in text
    assert text.count("Bank loan") == 1
    assert "30,000,003.00" in text


def test_of_many_entries_the_newest_are_shown_and_the_ledger_is_linked(place: Place) -> None:
    for number in range(18):
        LedgerEntry.objects.create(
            factory=place.factory, kind="payment", date=date(2024, 4, 1) + timedelta(days=number), amount_rub=Decimal("5.00"),
            document=f"PO {number:02}", counterparty="C",
        )  # fmt: skip
    text = words(place.client().get(f"{place.base}factories/F01/"))
    assert "PO 17" in text
    assert "PO 02" not in text
    assert "The ledger of this factory: 18 entries" in text


def _row(number: int, *, is_main: bool = False, owner: str = "X01", name: str = "") -> TimelineRow:
    return TimelineRow(
        name or f"Step {number}",
        owner,
        DateWindow.parse("2024"),
        actual=DateWindow.parse("2025-01-30"),
        late=1000 - number,
        is_main=is_main,
    )


@pytest.mark.usefixtures("in_english")
def test_of_many_promises_the_main_ones_and_the_worst_are_drawn_and_the_sentence_counts_all() -> None:
    rows = [*(_row(n) for n in range(60)), _row(900, is_main=True, name="Plant opened")]
    chart = timeline("t", rows, as_of=date(2026, 11, 23))
    assert len(chart.rows) == 24
    assert chart.rows[0][0].text == "Step 0"
    assert chart.rows[-1][0].text == "Plant opened"
    assert chart.summary == (
        "61 of 61 promises are late; the worst by 1,000 days: Step 0. Drawn are 24 of 61: the openings and the worst delays."
    ).replace("1,000 days", chart.summary.partition("worst by ")[2].partition(":")[0])


@pytest.mark.usefixtures("in_english")
def test_promises_of_one_name_are_told_apart_by_their_factory() -> None:
    rows = [_row(1, owner="X01", name="Plant opened"), _row(2, owner="X02", name="Plant opened")]
    assert [row[0].text for row in timeline("t", rows, as_of=date(2026, 11, 23)).rows] == ["X01 · Plant opened", "X02 · Plant opened"]


def test_a_reader_of_all_contracts_finds_the_example_after_the_real_ones(place: Place) -> None:
    place.contract.is_example = True
    place.contract.save()
    make_contract(code="zeta", name_en="Contract Zeta")
    client = place.client()
    client.force_login(make_user(Role.EDITOR))
    assert client.get("/").headers["Location"].endswith("/c/zeta/")


def test_many_delays_come_page_by_page_what_is_late_now_first(place: Place) -> None:
    for number in range(45):
        row = make_milestone(place.factory, code=f"F01-{number:02}", name_en=f"Step {number:02}")
        promise(row, "2024", announced="2023-01-10")
        if number < 5:
            row.actual, row.actual_announced_on = DateWindow.parse("2025-05-01"), date(2025, 5, 2)
            row.save()
    flag_delays(as_of=localdate(), progress=lambda done, total: None)
    first, second = (words(place.client().get(f"{place.base}delays/?page={number}")) for number in (1, 2))
    assert "1–25 of 46" in first
    assert "Late, and over" not in first
    assert "Late, and over" in second
    assert "Step 00" in second


def test_every_printed_sheet_of_an_example_is_marked(place: Place) -> None:
    assert 'class="is-example"' not in _page(place)
    place.contract.is_example = True
    place.contract.save()
    assert '<body class="is-example"' in _page(place)


def test_the_documents_of_an_example_stay_with_it_and_publications_tell_nothing_of_it(place: Place) -> None:
    example = make_contract(code="example", is_example=True)
    make_source(key="plan", title_en="An invented plan", contract=example)
    client = place.client()
    client.force_login(make_user(Role.EDITOR))
    real, invented = (words(client.get(f"/c/{code}/record/")) for code in ("alpha", "example"))
    assert "The first promise" in real
    assert "An invented plan" not in real
    assert "An invented plan" in invented
    assert "The first promise" not in invented


def test_a_document_that_a_whole_plan_rests_on_lists_the_first_rows_of_each_kind(place: Place) -> None:
    baseline = Baseline.objects.get(contract=place.contract)
    BudgetLine.objects.bulk_create(
        BudgetLine(
            baseline=baseline, factory=place.factory, category="equipment", funding="bank", source=place.source,
            month=date(2020 + number // 12, number % 12 + 1, 1), amount_rub=Decimal("1000000.10"),
        )
        for number in range(80)
    )  # fmt: skip
    text = _page(place, path=f"record/sources/{place.source.key}/")
    assert text.count("1,000,000.10") == 60
    assert "of each kind only the first rows are listed" in text
