"""Workbooks (XLSX): sheets of typed columns that a spreadsheet opens, sums and filters at once, and that run nothing in it."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from io import BytesIO
from typing import Any

import xlsxwriter
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from cluster.domain.dates import DateWindow, Precision
from cluster.domain.errors import DomainError

MOST_ROWS = 100_000
_LONGEST_TEXT = 32_767
_LONGEST_LINK = 2_000
_LONGEST_SHEET_NAME = 31
# A spreadsheet counts its days from here; what lies before is written as a text.
_FIRST_DAY = date(1900, 1, 1)
# The sum of the rows that a filter leaves in sight.
_SUM_OF_VISIBLE = 109


class Kind(StrEnum):
    """What stands in a column; it decides on type, format, side and width. The marks of numbers are those of the reader's spreadsheet."""

    TEXT = "text"
    INTEGER = "integer"
    # Any number, as exact as it is.
    NUMBER = "number"
    # An amount in whole units of a currency, shown with two places.
    MONEY = "money"
    # A share of 1, shown as per cent.
    PERCENT = "percent"
    # A rate or an index, shown with four places.
    RATE = "rate"
    # A date; a `DateWindow` coarser than a day is written in its own notation.
    DATE = "date"
    MOMENT = "moment"

    @property
    def is_number(self) -> bool:
        """Whether its cells stand at the right and can be added up."""
        return self in _NUMBERS


_NUMBERS = frozenset((Kind.INTEGER, Kind.NUMBER, Kind.MONEY, Kind.PERCENT, Kind.RATE))
_FORMATS = {
    Kind.TEXT: "@",
    Kind.INTEGER: "#,##0",
    Kind.NUMBER: "General",
    Kind.MONEY: "#,##0.00",
    Kind.PERCENT: "0.0%",
    Kind.RATE: "#,##0.0000",
}
_WIDTHS = {Kind.TEXT: 24, Kind.MONEY: 20, Kind.MOMENT: 17}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet. With `total` the last row adds up the rows in sight; `width` is in characters, 0 follows from the kind."""

    head: str
    kind: Kind = Kind.TEXT
    total: bool = False
    width: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: each row has a cell for each column. A cell of another type than its column's is written as a text, None is empty."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[object]]


@dataclass(frozen=True, slots=True)
class About:
    """The sheet that says what the workbook is: `facts` are pairs of a word and what it stands for, `link` the page it was made of.

    `made` is when it was made, or the day of which it tells, where it is the same whenever it is made.

    `mark` says that its figures are not real; empty where they are.
    """

    title: str
    made: date
    link: str = ""
    facts: Sequence[tuple[str, object]] = field(default_factory=tuple)
    mark: str = ""


def workbook(sheets: Sequence[Sheet], about: About) -> bytes:
    """The file: the sheets in their order, the sheet about them last. DomainError (code `too_long`) for more than `MOST_ROWS` rows."""
    file = BytesIO()
    # Rows go to a file of their own as they come, so that long tables need no memory; what looks like a formula or a link stays a text.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(file, options)
    book.set_properties({"title": _clean(about.title), "comments": _clean(about.mark), "created": _created(about.made)})
    taken: set[str] = set()
    writer = _Writer(book, _clean(about.mark))
    try:
        for sheet in sheets:
            writer.add(sheet, _sheet_name(sheet.name, taken))
        writer.add_about(about, _sheet_name(gettext("About the table"), taken))
    finally:
        book.close()
    return file.getvalue()


class _Writer:
    """Writes sheets into one workbook; formats are made once."""

    def __init__(self, book: Any, mark: str) -> None:
        self._book, self._mark = book, mark
        english = (get_language() or "ru").startswith("en")
        day = "d mmm yyyy" if english else "dd.mm.yyyy"
        written = {**_FORMATS, Kind.DATE: day, Kind.MOMENT: f"{day} hh:mm"}
        self._cells: dict[Kind, Format] = {kind: self._format(num_format=code, valign="top") for kind, code in written.items()}
        self._totals: dict[Kind, Format] = {kind: self._format(num_format=code, bold=True, top=1) for kind, code in written.items()}
        self._head = self._format(bold=True, text_wrap=True, valign="top", bottom=1, bg_color="#EEF1F4")
        self._number_head = self._format(bold=True, text_wrap=True, valign="top", bottom=1, bg_color="#EEF1F4", align="right")
        self._wrapped = self._format(text_wrap=True, valign="top")
        self._title = self._format(bold=True, font_size=14)
        self._alarm = self._format(bold=True, font_color="#B00020")

    def _format(self, **properties: Any) -> Format:
        found: Format = self._book.add_format(properties)
        return found

    def add(self, sheet: Sheet, name: str) -> None:
        """A table: its head frozen and with filters, its rows, and below them what is added up."""
        page: Worksheet = self._book.add_worksheet(name)
        self._lay_out(page)
        page.repeat_rows(0)
        page.freeze_panes(1, 0)
        for at, column in enumerate(sheet.columns):
            page.set_column(at, at, column.width or max(_WIDTHS.get(column.kind, 13), min(len(column.head) + 4, 24)))
            page.write_string(0, at, _clean(column.head), self._number_head if column.kind.is_number else self._head)
        sums = [Decimal(0)] * len(sheet.columns)
        last = 0
        for last, row in enumerate(sheet.rows, start=1):
            if last > MOST_ROWS:
                raise DomainError(
                    "A workbook holds at most {most} rows here: narrow the filters, or take the CSV file.", code="too_long", most=MOST_ROWS
                )
            for at, (column, value) in enumerate(zip(sheet.columns, row, strict=True)):
                self._write(page, last, at, column.kind, value)
                if column.total and isinstance(value, int | Decimal):
                    sums[at] += value
        if sheet.columns:
            page.autofilter(0, 0, last, len(sheet.columns) - 1)
        if last and any(column.total for column in sheet.columns):
            self._add_totals(page, sheet.columns, last, sums)

    def _add_totals(self, page: Worksheet, columns: Sequence[Column], last: int, sums: Sequence[Decimal]) -> None:
        """The row of sums: formulas, with the values they have now for those who only look at the file."""
        for at, column in enumerate(columns):
            if column.total:
                cells = f"{xl_rowcol_to_cell(1, at)}:{xl_rowcol_to_cell(last, at)}"
                value = float(sums[at])
                page.write_formula(last + 1, at, f"=SUBTOTAL({_SUM_OF_VISIBLE},{cells})", self._totals[column.kind], value)
            elif at == 0:
                page.write_string(last + 1, at, gettext("Total"), self._totals[Kind.TEXT])
            else:
                page.write_blank(last + 1, at, None, self._totals[Kind.TEXT])

    def _write(self, page: Worksheet, row: int, at: int, kind: Kind, value: object) -> None:
        shown = self._cells[kind]
        if isinstance(value, DateWindow) and value.precision is Precision.DAY and value.earliest == value.latest:
            value = value.earliest
        if value is None or value == "":
            return
        if kind.is_number and isinstance(value, int | float | Decimal) and not isinstance(value, bool) and Decimal(value).is_finite():
            page.write_number(row, at, value, shown)
        elif kind is Kind.MOMENT and isinstance(value, datetime):
            page.write_datetime(row, at, localtime(value).replace(tzinfo=None), shown)
        elif kind is Kind.DATE and isinstance(value, date) and value >= _FIRST_DAY:
            page.write_datetime(row, at, value, shown)
        else:
            page.write_string(row, at, _clean(value), self._cells[Kind.TEXT])

    def add_about(self, about: About, name: str) -> None:
        """What the workbook is, when it was made and of which page."""
        page: Worksheet = self._book.add_worksheet(name)
        self._lay_out(page)
        page.set_column(0, 0, 24)
        page.set_column(1, 1, 90)
        page.write_string(0, 0, _clean(about.title), self._title)
        row = 1
        if self._mark:
            page.write_string(row, 0, self._mark, self._alarm)
            row += 1
        made = [(gettext("Made"), about.made)] if isinstance(about.made, datetime) else []
        for word, value in [*about.facts, *made]:
            row += 1
            page.write_string(row, 0, _clean(word), self._head)
            if isinstance(value, date):
                self._write(page, row, 1, Kind.MOMENT if isinstance(value, datetime) else Kind.DATE, value)
            else:
                page.write_string(row, 1, _clean(value), self._wrapped)
        if about.link:
            page.write_string(row + 1, 0, gettext("Page"), self._head)
            if len(about.link) <= _LONGEST_LINK:
                page.write_url(row + 1, 1, about.link)
            else:
                page.write_string(row + 1, 1, _clean(about.link), self._wrapped)

    def _lay_out(self, page: Worksheet) -> None:
        """For print: A4, on its side, as wide as the sheet, with the mark on every page."""
        page.set_paper(9)
        page.set_landscape()
        page.fit_to_pages(1, 0)
        page.set_header(f"&L&A&C{self._mark.replace('&', '&&')}")
        page.set_footer("&R&P / &N")


def _created(made: date) -> datetime:
    """The moment that the properties of the file name."""
    return localtime(made).replace(tzinfo=None) if isinstance(made, datetime) else datetime.combine(made, time.min)


def _clean(value: object) -> str:
    """The text of a cell: without characters that a sheet cannot hold, cut to what fits."""
    text = "".join(c for c in str(value) if c in "\t\n" or (unicodedata.category(c) not in ("Cc", "Cs") and ord(c) & 0xFFFE != 0xFFFE))
    # A spreadsheet counts in units of sixteen bits.
    return text if len(text) * 2 <= _LONGEST_TEXT else text.encode("utf-16-le")[: _LONGEST_TEXT * 2].decode("utf-16-le", "ignore")


def _sheet_name(wanted: str, taken: set[str]) -> str:
    """A name that a sheet may have and no other one has: names of sheets differ in more than their case."""
    name = "".join(" " if c in "[]:*?/\\" else c for c in _clean(wanted)).strip(" '")[:_LONGEST_SHEET_NAME].strip(" '") or "-"
    found, number = name, 2
    while found.casefold() in taken:
        found, number = f"{name[: _LONGEST_SHEET_NAME - len(str(number)) - 1]} {number}", number + 1
    taken.add(found.casefold())
    return found
