"""The strict reader of a budget pasted from a spreadsheet: columns, rows, and every cell that cannot be understood."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from cluster.domain.budgets import Line, Problem, Row, Term, duplicate_rows, month_notation, refuse_month, refuse_reason
from cluster.domain.dates import refuse_far
from cluster.domain.errors import DomainError
from cluster.domain.money import parse_amount
from cluster.domain.texts import is_plain, needs_guard, printable, without_twins

# Rows of one paste: a contract of ten years has fewer lines by an order of magnitude.
MOST_ROWS = 10_000
_LONGEST_QUOTED = 60
COLUMNS = ("factory", "category", "funding", "month", "amount", "reason")
NOTE = "note"
_HEADINGS = {
    "factory": ("factory", "factory code", "plant", "завод", "код завода", "код"),
    "category": ("category", "cost category", "категория", "категория затрат", "статья", "статья затрат"),
    "funding": ("funding", "funding source", "источник", "источник средств", "источник финансирования", "финансирование"),
    "month": ("month", "месяц"),
    "amount": ("amount", "amount, rub", "amount, ₽", "rub", "сумма", "сумма, ₽", "сумма, руб", "сумма, руб."),
    "reason": ("reason", "why", "why this amount", "причина", "почему", "обоснование", "почему такая сумма"),
    # Our own tables of an example say in it that the figures are not real; it is not read.
    NOTE: ("example", "пример", "note", "примечание"),
}
_HEADING = {heading: name for name, headings in _HEADINGS.items() for heading in headings}
_MONTHS = (
    ("january", "jan", "январь", "января"), ("february", "feb", "февраль", "февраля"), ("march", "mar", "март", "марта"),
    ("april", "apr", "апрель", "апреля"), ("may", "май", "мая"), ("june", "jun", "июнь", "июня"), ("july", "jul", "июль", "июля"),
    ("august", "aug", "август", "августа"), ("september", "sep", "sept", "сентябрь", "сентября"),
    ("october", "oct", "октябрь", "октября"), ("november", "nov", "ноябрь", "ноября"), ("december", "dec", "декабрь", "декабря"),
)  # fmt: skip
_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_MONTH_NUMERIC = re.compile(r"(?P<y1>\d{4})-(?P<m1>\d\d?)(?:-(?P<d1>\d\d?))?|(?:(?P<d2>\d\d?)\.)?(?P<m2>\d\d?)\.(?P<y2>\d{4})", re.ASCII)
_MONTH_WORDS = re.compile(r"(?P<name>[a-zа-я]+)\.?[ ,]*(?P<year>[0-9]{4})(?: ?г\.?)?")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How the cells of a table may name things, `folded`: codes and names of the factories (to ids), labels of the choices (to codes)."""

    factories: Mapping[str, int]
    categories: Mapping[str, str]
    funding: Mapping[str, str]


@dataclass(slots=True)
class Table:
    """A pasted table as it was understood: its columns, the good rows, the problems, and the cells of the rows that have one."""

    columns: tuple[str, ...] = COLUMNS
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    cells: dict[int, list[str]] = field(default_factory=dict)


def folded(text: str) -> str:
    """A label without regard to case, spacing and the two dots of ё."""
    return " ".join(text.casefold().replace("ё", "е").split())


def parse_table(text: str, vocabulary: Vocabulary, term: Term) -> Table:
    """Read rows as a spreadsheet copies them: cells between tabs, else semicolons; a heading in either language may come first.

    Where the heading stands between commas, so do the cells: that is the text of a file of ours. Without a heading the
    columns are those of COLUMNS in that order. Every cell is read; what is wrong becomes a problem
    of its row. Raises DomainError when the text is no table or has more than MOST_ROWS rows.
    """
    table, first = Table(), True
    for number, cells in enumerate(_records(text), 1):
        if not any(cells):
            continue
        if number > MOST_ROWS:
            raise DomainError("At most {limit} rows can be pasted at once: paste them in parts.", code="too_many_rows", limit=MOST_ROWS)
        if first and _is_heading(cells):
            table.columns = _columns(cells)
        else:
            _read_row(table, number, cells, vocabulary, term)
        first = False
    table.problems += duplicate_rows(table.rows)
    table.problems.sort(key=lambda problem: problem.row)
    if not table.rows and not table.problems:
        raise DomainError("There is no row here: copy the cells of the table and paste them.", code="required")
    return table


def _records(text: str) -> Iterator[list[str]]:
    # The mark that a file begins with says how its bytes are to be read; it is no part of its first cell.
    text = text.removeprefix("\ufeff")
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)):
            yield [_unguarded(cell.strip()) for cell in cells]
    except csv.Error as error:
        raise DomainError("The table cannot be read: a cell begins with a quotation mark that never ends.", code="table") from error


def _delimiter(text: str) -> str:
    """What stands between the cells: what makes a heading of the first line, else tabs, else semicolons."""
    first = text.lstrip().partition("\n")[0]
    for mark in ("\t", ";", ","):
        if _is_heading(next(csv.reader([first], delimiter=mark), [])):
            return mark
    return "\t" if "\t" in text else ";"


def _is_heading(cells: Sequence[str]) -> bool:
    return sum(folded(cell) in _HEADING for cell in cells) > 1


def _unguarded(cell: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from running it as a formula (see `needs_guard`)."""
    return cell[1:] if cell.startswith("'") and needs_guard(cell) else cell


def _columns(cells: Sequence[str]) -> tuple[str, ...]:
    """The columns by their headings; DomainError for one that is not known, stands twice, or is missing."""
    found = []
    for cell in cells:
        name = _HEADING.get(folded(cell), "")
        if not name and cell:
            raise DomainError("There is no column “{heading}”.", code="heading", heading=printable(cell, _LONGEST_QUOTED))
        if name and name in found:
            raise DomainError("The column “{heading}” stands there twice.", code="heading", heading=printable(cell, _LONGEST_QUOTED))
        found.append(name)
    for name in ("factory", "amount"):
        if name not in found:
            raise DomainError("The heading has no column “{heading}”.", code="heading", heading=name)
    return tuple(found)


def _read_row(table: Table, number: int, cells: list[str], vocabulary: Vocabulary, term: Term) -> None:
    given = dict(zip(table.columns, cells, strict=False))
    values: dict[str, object] = {}
    problems = []
    if any(cells[len(table.columns) :]) or any(cell and not name for name, cell in zip(table.columns, cells, strict=False)):
        error = DomainError("This row has more cells than the table has columns: look for a stray tab or semicolon.", code="cells")
        problems.append(Problem(number, "", "", error))
    readers: dict[str, Callable[[str], object]] = {
        "factory": lambda text: _chosen(text, vocabulary.factories, "factory"),
        "category": lambda text: _chosen(text, vocabulary.categories, "category") if text else "",
        "funding": lambda text: _chosen(text, vocabulary.funding, "funding") if text else "",
        "month": lambda text: _read_month(text, term),
        "amount": _read_amount,
        "reason": _read_reason,
    }
    for name in COLUMNS:
        text = given.get(name, "")
        try:
            if not is_plain(text):
                raise DomainError("This text has control characters.", field=name, code="control_characters")
            values[name] = readers[name](text)
        except DomainError as error:
            problems.append(Problem(number, name, printable(text, _LONGEST_QUOTED), error))
    if problems:
        table.problems += problems
        table.cells[number] = [printable(cell, _LONGEST_QUOTED) for cell in cells[: len(table.columns)]]
        return
    reason = values["reason"] if "reason" in table.columns else None
    line = Line(values["factory"], values["category"], values["funding"], values["month"], values["amount"], reason)  # type: ignore[arg-type]
    table.rows.append(Row(number, line))


def _chosen(text: str, choices: Mapping[str, int | str], name: str) -> int | str:
    if not text:
        raise DomainError("Say which factory this row is about.", field=name, code="required")
    value = choices.get(folded(text))
    if value is None:
        shown = printable(text, _LONGEST_QUOTED)
        if name == "factory" and (meant := _twin(text, choices)):
            raise DomainError(
                "“{text}” is no factory of this contract, though it looks like {meant}: some letters are of another alphabet.",
                field=name,
                code="choice",
                text=shown,
                meant=meant,
            )
        if name == "factory":
            raise DomainError("“{text}” is no factory of this contract: write its code.", field=name, code="choice", text=shown)
        if name == "category":
            raise DomainError("“{text}” is not a category: write one of those in the list.", field=name, code="choice", text=shown)
        raise DomainError("“{text}” is not a funding source: write one of those in the list.", field=name, code="choice", text=shown)
    return value


def _twin(text: str, choices: Iterable[str]) -> str:
    """The one of `choices` that looks like `text` but is typed with letters of another alphabet, in capitals; empty when none does."""
    wanted = without_twins(folded(text))
    return next((choice.upper() for choice in choices if without_twins(choice) == wanted), "")


def _read_amount(text: str) -> Decimal:
    if not text:
        raise DomainError("The amount is missing: write roubles, 0 where there are none.", field="amount", code="required")
    if len(text) > _LONGEST_QUOTED:
        shown = printable(text, _LONGEST_QUOTED)
        raise DomainError("“{text}” is not an amount: write 1 234 567,89.", field="amount", code="not_a_number", text=shown)
    amount = parse_amount(text)
    if amount < 0:
        raise DomainError("“{text}” is negative: a budget is 0 or more.", field="amount", code="negative", text=text)
    return amount


def parse_month(text: str) -> date:
    """Read a month: `2025-03`, `03.2025`, `01.03.2025`, `март 2025`, `March 2025`; its first day. Raises DomainError (field `month`)."""
    shown = printable(text, _LONGEST_QUOTED)
    year, month, day = _month_parts(folded(text))
    try:
        found = date(year, month, day)
    except ValueError as error:
        raise DomainError("“{text}” is not a month: write 2025-03 or 03.2025.", field="month", code="month", text=shown) from error
    if found.day != 1:
        raise DomainError(
            "“{text}” is a day inside a month: write {month}.", field="month", code="month_day", text=shown, month=month_notation(found)
        )
    refuse_far(found, field="month")
    return found


def _month_parts(text: str) -> tuple[int, int, int]:
    """Year, month and day (1 where none was written); zeros when the text is no month."""
    if numeric := _MONTH_NUMERIC.fullmatch(text):
        year, month = numeric["y1"] or numeric["y2"], numeric["m1"] or numeric["m2"]
        return int(year), int(month), int(numeric["d1"] or numeric["d2"] or 1)
    words = _MONTH_WORDS.fullmatch(text)
    if words and (named := _MONTH.get(words["name"])):
        return int(words["year"]), named, 1
    return 0, 0, 0


def _read_month(text: str, term: Term) -> date | None:
    month = parse_month(text) if text else None
    refuse_month(month, term)
    return month


def _read_reason(text: str) -> str:
    refuse_reason(text)
    return text
