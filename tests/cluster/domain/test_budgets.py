"""What differs between two budgets, and how a pasted table is read."""

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.domain.budget_table import COLUMNS, Table, Vocabulary, parse_month, parse_table
from cluster.domain.budgets import Change, Line, Sums, Term, compare, grouped
from cluster.domain.errors import DomainError
from cluster.domain.tables import folded

FACTORIES = {1: "F01", 2: "F02", 3: "F03"}
WORDS = Vocabulary(
    factories={"f01": 1, "f02": 2, "f03": 3, "завод прессов": 1, "press plant": 1},
    categories={"equipment": "equipment", "оборудование": "equipment", "rnd": "rnd", "r&d": "rnd", "ниокр": "rnd", "other": "other"},
    funding={"own": "own", "own funds": "own", folded("Собственные средства"): "own", "bank": "bank", "кредит банка": "bank"},
)
TERM = Term(date(2019, 7, 3), date(2033, 12, 31))
MARCH = date(2025, 3, 1)

amounts = st.decimals(0, 10**12, places=2)
months = st.none() | st.dates(date(2019, 7, 1), date(2033, 12, 1)).map(lambda day: day.replace(day=1))
keys = st.tuples(
    st.sampled_from([1, 2, 3]), st.sampled_from(["", "equipment", "rnd", "other"]), st.sampled_from(["", "own", "bank"]), months
)
texts = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Cf", "Zl", "Zp"))) | st.sampled_from(['a "b"', "a;b", "a\tb", "a\nb"])
reasons = texts.map(str.strip).filter(lambda text: len(text) <= 1000)
budgets = st.dictionaries(keys, st.tuples(amounts, reasons), max_size=12).map(
    lambda found: [Line(*key, amount, reason) for key, (amount, reason) in found.items()]
)


def read(text: str, term: Term = TERM) -> Table:
    return parse_table(text, WORDS, term)


def written(lines: list[Line]) -> str:
    """The lines as a spreadsheet copies them."""
    text = io.StringIO()
    rows = csv.writer(text, delimiter="\t", lineterminator="\n")
    rows.writerow(COLUMNS)
    for line in lines:
        month = f"{line.month:%Y-%m}" if line.month else ""
        rows.writerow([FACTORIES[line.factory], line.category, line.funding, month, f"{line.amount:.2f}", line.reason])
    return text.getvalue()


def refusals(table: Table) -> list[tuple[int, str, str]]:
    return [(problem.row, problem.field, problem.error.code) for problem in table.problems]


@given(budgets, budgets)
def test_what_differs_applied_to_the_old_gives_the_new(old: list[Line], new: list[Line]) -> None:
    moved = [one for one in compare(old, new) if one.change is not Change.UNCHANGED]
    amounts = {line.key: line.amount for line in old} | {one.key: one.new for one in moved}
    assert {key: amount for key, amount in amounts.items() if amount is not None} == {line.key: line.amount for line in new}


@given(budgets, budgets)
def test_every_line_of_both_is_told_once(old: list[Line], new: list[Line]) -> None:
    found = [one.key for one in compare(old, new)]
    assert len(found) == len(set(found))
    assert set(found) == {line.key for line in [*old, *new]}


@given(budgets, budgets, st.integers(0, 3))
def test_the_sums_of_every_grouping_are_the_sum_of_the_lines(old: list[Line], new: list[Line], column: int) -> None:
    differences = compare(old, new)
    groups = grouped(differences, lambda key: key[column]).values()
    assert sum(group.old for group in groups) == sum(line.amount for line in old)
    assert sum(group.new for group in groups) == sum(line.amount for line in new)
    assert sum(group.amount for group in groups) == sum(one.amount for one in differences)


@given(budgets)
def test_nothing_differs_from_itself(lines: list[Line]) -> None:
    assert all(one.change is Change.UNCHANGED and one.amount == 0 for one in compare(lines, lines))


def test_each_difference_says_what_became_of_the_line_and_why() -> None:
    stays, gone, moved = (Line(1, "equipment", "own", month, Decimal(5), "old") for month in (None, MARCH, date(2025, 4, 1)))
    dearer, fresh = Line(*moved.key, Decimal(8), "dearer"), Line(2, "", "", None, Decimal(3), "another plant")
    found = compare([stays, gone, moved], [stays, dearer, fresh], {gone.key: "no longer needed", stays.key: "not told"})
    told: list[Any] = [(one.change, one.old, one.new, one.amount, one.reason) for one in found]
    assert told == [
        (Change.UNCHANGED, 5, 5, 0, ""), (Change.REMOVED, 5, None, -5, "no longer needed"), (Change.CHANGED, 5, 8, 3, "dearer"),
        (Change.ADDED, None, 3, 3, "another plant"),
    ]  # fmt: skip
    assert grouped(found, lambda key: key[0]) == {1: Sums(Decimal(15), Decimal(13)), 2: Sums(Decimal(0), Decimal(3))}


@given(budgets.filter(bool))
def test_a_table_that_was_written_is_read_back_as_it_was(lines: list[Line]) -> None:
    table = read(written(lines))
    assert table.problems == []
    assert [row.line for row in table.rows] == [Line(*line.key, line.amount, line.reason) for line in lines]
    assert [row.number for row in table.rows] == list(range(2, len(lines) + 2))


@pytest.mark.parametrize(
    "text",
    [
        "2025-03",
        "2025-3",
        "03.2025",
        "3.2025",
        "01.03.2025",
        "2025-03-01",
        "март 2025",
        "Марта 2025 г.",
        "March 2025",
        "MAR 2025",
        " март  2025 ",
    ],
)
def test_a_month_as_people_write_it(text: str) -> None:
    assert parse_month(text) == MARCH


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "month"), ("2025", "month"), ("2025-13", "month"), ("13.2025", "month"), ("мар.25", "month"), ("Smarch 2025", "month"),
        ("15.03.2025", "month_day"), ("2025-03-31", "month_day"), ("03.1089", "date_range"), ("0000-01", "month"), ("٠٣.٢٠٢٥", "month"),
        ("март ２０２５", "month"),
    ],
)  # fmt: skip
def test_what_is_no_month_is_refused(text: str, code: str) -> None:
    with pytest.raises(DomainError) as refusal:
        parse_month(text)
    assert (refusal.value.code, refusal.value.field) == (code, "month")


@pytest.mark.parametrize("mark", ["\t", ";"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_rows_between_tabs_or_semicolons_without_a_heading(mark: str, ends: str) -> None:
    rows = ["F01|Оборудование|Кредит банка|март 2025|1 234 567,89|по смете", "", "press plant|R&D||2025-04|1,2 млрд"]
    table = read(ends.join(rows).replace("|", mark))
    assert refusals(table) == []
    assert [(row.number, row.line) for row in table.rows] == [
        (1, Line(1, "equipment", "bank", MARCH, Decimal("1234567.89"), "по смете")),
        (3, Line(1, "rnd", "", date(2025, 4, 1), Decimal(1200000000), "")),
    ]


@pytest.mark.parametrize("heading", ["Сумма, руб.|Завод|Месяц|Категория затрат", "AMOUNT|plant|Month|cost category"])
def test_a_heading_in_either_language_gives_the_order(heading: str) -> None:
    table = read(f"{heading}\n5|F02|03.2025|НИОКР".replace("|", "\t"))
    assert [(row.number, row.line) for row in table.rows] == [(2, Line(2, "rnd", "", MARCH, Decimal(5), None))]


@pytest.mark.parametrize(
    ("text", "code"),
    [("завод;сумма;погода\nF01;5;", "heading"), ("завод;сумма;amount\n", "heading"), ("завод;месяц\n", "heading"), (" \n;;\n", "required"),
     ("завод;сумма\n", "required"), ('F01;"never ends' + "x" * 140_000, "table")],
)  # fmt: skip
def test_what_is_no_table_is_refused_as_a_whole(text: str, code: str) -> None:
    with pytest.raises(DomainError) as refusal:
        read(text)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("cell", "code", "said"),
    [
        ("1,234", "ambiguous", "write 1 234 if you mean thousands, 1,23 if you mean decimals (kopecks at most)."),
        ("12,34.5", "not_a_number", "“12,34.5” is not an amount: write 1 234 567,89."),
        ("1e400", "not_a_number", "“1e400” is not an amount"),
        ("NaN", "not_a_number", "“NaN” is not an amount"),
        ("-5", "negative", "“-5” is negative: a budget is 0 or more."),
        ("−5 000", "negative", "is negative"),
        ("1000000000000,01", "too_large", "is more than a trillion: check the amount."),
        ("1 234,567", "precision", "has more than two decimals"),
        ("", "required", "The amount is missing"),
        ("9" * 5000, "not_a_number", "is not an amount"),
        ("１２３", "not_a_number", "“１２３” is not an amount"),
        ("1_000", "not_a_number", "is not an amount"),
    ],
)
def test_amounts_are_read_strictly_and_the_reading_is_named(cell: str, code: str, said: str) -> None:
    (problem,) = read(f"F01;;;2025-03;{cell};x").problems
    assert (problem.row, problem.field, problem.error.code) == (1, "amount", code)
    assert said in str(problem.error)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("F99;;;;5", ("factory", "choice")),
        (";;;;5", ("factory", "required")),
        ("F01;gifts;;;5", ("category", "choice")),
        ("F01;;gifts;;5", ("funding", "choice")),
        ("F01;;;2019-06;5", ("month", "before_contract")),
        ("F01;;;2034-01;5", ("month", "after_contract")),
        ("F01;;;;5;why;stray", ("", "cells")),
        ("F01;;;;5;a\u202eb", ("reason", "control_characters")),
        ("F01;;;;5;" + "x" * 1001, ("reason", "too_long")),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column(row: str, expected: tuple[str, str]) -> None:
    table = read(f"F02;;;;7\n{row}")
    assert refusals(table) == [(2, *expected)]
    assert len(table.rows) == 1
    assert list(table.cells) == [2]


def test_a_factory_code_in_letters_of_another_alphabet_is_told_what_it_looks_like() -> None:
    known = Vocabulary({"x01": 1, "f02": 2}, {}, {})
    said = [str(problem.error) for problem in parse_table("Х01;;;;5\nФ02;;;;5", known, Term()).problems]
    assert said == [
        "“Х01” is no factory of this contract, though it looks like X01: some letters are of another alphabet.",
        "“Ф02” is no factory of this contract: write its code.",
    ]


def test_every_bad_cell_is_told_at_once_in_the_order_of_the_rows() -> None:
    table = read("F99;gifts;;2025-03;1,234\nF01;;;2025-03;5\nF01;;;01.03.2025;6")
    assert refusals(table) == [(1, "factory", "choice"), (1, "category", "choice"), (1, "amount", "ambiguous"), (3, "", "duplicate")]
    assert str(table.problems[-1].error) == "Rows 2 and 3 are about the same factory, category, funding source and month: keep one of them."


def test_a_wrong_category_in_row_4012_of_five_thousand_is_found() -> None:
    months = [f"{year}-{month:02}" for year in range(2020, 2033) for month in range(1, 13)]
    rows = [f"{f};{c};{s};{m};7,50" for f in FACTORIES.values() for c in ("", "rnd", "other", "equipment") for s in ("", "own", "bank")
            for m in months][:5000]  # fmt: skip
    rows[4011] = "F01;gifts;own;2025-03;5"
    table = read("\n".join(rows))
    assert refusals(table) == [(4012, "category", "choice")]
    assert len(table.rows) == 4999


def test_too_many_rows_are_refused_as_a_whole() -> None:
    with pytest.raises(DomainError) as refusal:
        read("\n".join(["F01;;;;5"] * 10_001))
    assert (refusal.value.code, refusal.value.params) == ("too_many_rows", {"limit": 10_000})


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        table: Any = read(text)
    except DomainError:
        return
    assert table.rows or table.problems


def test_without_a_known_term_any_month_will_do() -> None:
    assert refusals(read("F01;;;2019-06;5\nF01;;;2050-01;5", Term())) == []
