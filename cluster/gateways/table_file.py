"""Tables that people upload: CSV as spreadsheets of both languages save it, and XLSX, read without trust."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence

import openpyxl

from cluster.domain.errors import DomainError

MOST_ROWS = 500
MOST_COLUMNS = 100
LARGEST_FILE = 1024 * 1024
# A workbook is a packed folder: one that unpacks to more than this is none that a person made of so few rows.
_LARGEST_UNPACKED = 32 * 1024 * 1024
# Each tag costs its reader a hundred times what it takes in the file. A cell has four, and its text four more.
_MOST_TAGS = 10 * MOST_ROWS * MOST_COLUMNS
# Rows are counted with the empty ones between and below them; a sheet may have a million of these.
_LAST_ROW = 10_000
_WIDEST_ROW = 1_000
_ENCODINGS = ("utf-8-sig", "cp1251")

Row = tuple[int, list[object]]


def read_table(data: bytes) -> tuple[list[str], list[Row]]:
    """The headings, and each row that is not empty with its number as a spreadsheet counts. What it is shows in its first bytes.

    Cells of a workbook keep their type; a formula is the text that was typed, and is never reckoned. Raises DomainError for what is
    no table, or too large.
    """
    if len(data) > LARGEST_FILE:
        raise DomainError("The file is larger than {most} MB: import it in parts.", code="too_large", most=LARGEST_FILE // 2**20)
    rows = _filled(_sheet(data) if data.startswith(b"PK") else _lines(data))
    head = next(rows, None)
    if head is None:
        raise DomainError("The file is empty: the first row names the columns, each row below it is a record.", code="empty")
    names = ["" if cell is None else str(cell).strip() for cell in head[1]]
    found: list[Row] = []
    for number, cells in rows:
        if len(found) == MOST_ROWS:
            raise DomainError("The file has more than {most} rows: import it in parts.", code="too_many_rows", most=MOST_ROWS)
        if len(cells) > len(names):
            raise DomainError("Row {row} has more cells than there are headings.", code="cells", row=number)
        found.append((number, [*cells, *([None] * (len(names) - len(cells)))]))
    if not found:
        raise DomainError("There is no row below the headings: each row below them is a record.", code="empty")
    return names, found


def _filled(rows: Iterable[Sequence[object]]) -> Iterator[Row]:
    """The rows that hold anything, without the empty cells at their end."""
    for number, row in enumerate(rows, start=1):
        if number > _LAST_ROW or len(row) > _WIDEST_ROW:
            raise DomainError(
                "The sheet goes on beyond row {rows} or column {columns}: delete what is empty below and beside the table.",
                code="too_large",
                rows=_LAST_ROW,
                columns=_WIDEST_ROW,
            )
        cells = [None if cell is None or (isinstance(cell, str) and not cell.strip()) else cell for cell in row]
        while cells and cells[-1] is None:
            cells.pop()
        if len(cells) > MOST_COLUMNS:
            raise DomainError("The table has more than {most} columns.", code="too_large", most=MOST_COLUMNS)
        if cells:
            yield number, cells


def _lines(data: bytes) -> Iterator[list[str]]:
    """The rows of a text: between tabs, semicolons or commas, whichever its first line has most of; commas where there are none."""
    text = _decoded(data)
    first = text.partition("\n")[0]
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    except csv.Error as error:
        raise DomainError("The file cannot be read as a table: save it as CSV or XLSX.", code="table") from error


def _decoded(data: bytes) -> str:
    for encoding in _ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise DomainError("The file cannot be read as a table: save it as CSV or XLSX.", code="table")


def _sheet(data: bytes) -> Iterator[list[object]]:
    """The rows of the first sheet."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            parts = packed.infolist()
            if sum(part.file_size for part in parts) > _LARGEST_UNPACKED:
                raise DomainError(
                    "The workbook unpacks to more than {most} MB: save the table alone, as CSV.",
                    code="too_large",
                    most=_LARGEST_UNPACKED // 2**20,
                )
            if sum(packed.read(part).count(b"<") for part in parts) > _MOST_TAGS:
                raise DomainError("The workbook holds more than such a table: save the table alone, as CSV.", code="too_large")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
        for row in book.worksheets[0].iter_rows(values_only=True):
            yield [_typed(cell) for cell in row]
    except DomainError:
        raise
    except Exception as error:  # the parts of a broken workbook fail in every way there is
        raise DomainError("The file cannot be read as a table: save it as CSV or XLSX.", code="table") from error


def _typed(cell: object) -> object:
    """The cell; of a formula over several cells its text."""
    return getattr(cell, "text", cell)
