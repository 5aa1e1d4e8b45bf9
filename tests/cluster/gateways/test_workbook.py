"""The workbook as a spreadsheet reads it: types, formats, sums, what is escaped and what is cut."""

from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.utils import translation
from openpyxl import load_workbook

from cluster.domain.dates import DateWindow
from cluster.domain.errors import DomainError
from cluster.gateways import workbook as module
from cluster.gateways.workbook import About, Column, Kind, Sheet, workbook

MADE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def _opened(sheets: list[Sheet], *, values: bool = False, **about: Any) -> Any:
    with translation.override("en"):
        return load_workbook(BytesIO(workbook(sheets, About("Ledger", MADE, **about))), data_only=values)


COLUMNS = [
    Column("Date", Kind.DATE),
    Column("Document"),
    Column("Amount", Kind.MONEY, total=True),
    Column("Days", Kind.INTEGER),
    Column("Share", Kind.PERCENT),
]
ROWS: list[list[object]] = [
    [date(2024, 4, 13), "=cmd|'/c calc'!A1", Decimal("70000000000.25"), 12, Decimal("0.125")],
    [DateWindow.parse("2024-Q2"), "http://a.example", Decimal("-0.25"), None, ""],
]


def test_cells_have_the_types_of_their_columns_and_nothing_becomes_a_formula() -> None:
    page = _opened([Sheet("Ledger", COLUMNS, ROWS)])["Ledger"]
    assert [cell.value for cell in page[1]] == ["Date", "Document", "Amount", "Days", "Share"]
    assert page["A2"].value.date() == date(2024, 4, 13)
    assert page["A2"].is_date
    assert page["A2"].number_format == "d mmm yyyy"
    assert page["A3"].value == "2024-Q2"
    assert (page["B2"].data_type, page["B2"].value) == ("s", "=cmd|'/c calc'!A1")
    assert page["B3"].hyperlink is None
    assert page["C2"].value == 70000000000.25
    assert page["C2"].number_format == "#,##0.00"
    assert (page["D2"].value, page["D3"].value) == (12, None)
    assert page["E2"].value == 0.125
    assert page["E2"].number_format == "0.0%"
    assert (page.freeze_panes, page.auto_filter.ref) == ("A2", "A1:E3")


def test_a_total_is_a_formula_over_the_rows_with_its_value_for_those_who_only_look() -> None:
    sheets = [Sheet("Ledger", COLUMNS, ROWS)]
    assert _opened(sheets)["Ledger"]["C4"].value == "=SUBTOTAL(109,C2:C3)"
    shown = _opened(sheets, values=True)["Ledger"]
    assert (shown["A4"].value, shown["C4"].value, shown["D4"].value) == ("Total", 70000000000.00, None)


def test_a_table_without_rows_has_its_head_and_adds_up_nothing() -> None:
    page = _opened([Sheet("Ledger", COLUMNS, [])])["Ledger"]
    assert (page.max_row, page.auto_filter.ref) == (1, "A1:E1")


def test_texts_lose_what_a_sheet_cannot_hold_and_are_cut_to_what_fits() -> None:
    rows: list[list[object]] = [["a\x00\x07\ud800\uffffb\nc"], ["🏭" * 20_000], [float("nan")], [True]]
    page = _opened([Sheet("T", [Column("Text")], rows[:2]), Sheet("N", [Column("N", Kind.NUMBER)], rows[2:])])
    assert page["T"]["A2"].value == "ab\nc"
    assert page["T"]["A3"].value == "🏭" * 16_383
    assert [page["N"][at].data_type for at in ("A2", "A3")] == ["s", "s"]


def test_names_of_sheets_are_made_allowed_and_different() -> None:
    names = ["Plan: 2024/25 [draft]", "a" * 40, "A" * 40, "'", "About the table"]
    sheets = [Sheet(name, [Column("X")], []) for name in names]
    assert _opened(sheets).sheetnames == ["Plan  2024 25  draft", "a" * 31, "A" * 29 + " 2", "-", "About the table", "About the table 2"]


def test_the_last_sheet_says_what_the_workbook_is() -> None:
    facts = [("As of", date(2025, 6, 30)), ("Filters", "factory: F01")]
    book = _opened([Sheet("L", COLUMNS, ROWS)], link="https://t.example/c/a/?q=1", facts=facts, mark="Example: not real figures.")
    page = book[book.sheetnames[-1]]
    told = {row[0].value: row[1] for row in page.iter_rows(min_row=1) if row[0].value}
    assert "Example: not real figures." in told
    assert book["L"].oddHeader.center.text == "Example: not real figures."
    assert told["As of"].value.date() == date(2025, 6, 30)
    assert told["Filters"].value == "factory: F01"
    assert told["Page"].hyperlink.target == "https://t.example/c/a/?q=1"
    assert told["Made"].value.isoformat() == "2026-11-23T11:30:00"
    assert book.active.title == "L"


def test_a_table_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 2)
    with pytest.raises(DomainError, match="most") as refused:
        workbook([Sheet("L", [Column("X")], [["a"]] * 3)], About("L", MADE))
    assert refused.value.code == "too_long"
