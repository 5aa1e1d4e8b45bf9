"""The strict reader of a table pasted from a spreadsheet: separators, headings in two languages, rows, every cell that is wrong."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from cluster.domain.errors import DomainError
from cluster.domain.texts import is_plain, needs_guard, printable, without_twins

LONGEST_QUOTED = 60
# Our own tables of an example say in this column that the figures are not real; it is not read.
EXAMPLE = "example"
_EXAMPLE_HEADINGS = ("example", "пример", "note", "примечание")


@dataclass(frozen=True, slots=True)
class Problem:
    """One cell that was refused: its row, its column (empty: the row as a whole), what stood there, and why."""

    row: int
    field: str
    text: str
    error: DomainError


class BadRows(DomainError):
    """Rows that were refused, each with its problem; nothing of the batch is stored."""

    code = "bad_rows"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("Nothing is saved: {n} cells are to be corrected, the first in row {row}.", n=len(problems), row=problems[0].row)
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class Layout:
    """What a kind of table holds: its columns in their usual order with their headings, those that no table lacks, the most rows."""

    headings: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    most_rows: int

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a table without a heading."""
        return tuple(self.headings)

    def named(self, cell: str) -> str:
        """The column that a cell is the heading of; empty for none."""
        wanted = folded(cell)
        if wanted in _EXAMPLE_HEADINGS:
            return EXAMPLE
        return next((name for name, headings in self.headings.items() if wanted in headings), "")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row: its number as a spreadsheet counts, its cells as they were typed, and what they say by column."""

    number: int
    cells: list[str]
    values: dict[str, object]


@dataclass(slots=True)
class Sheet:
    """A pasted table as it was understood: its columns, the good rows, the problems, and the cells of the rows that have one."""

    columns: tuple[str, ...]
    rows: list[SheetRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    cells: dict[int, list[str]] = field(default_factory=dict)

    def refuse(self, row: SheetRow, name: str, text: str, error: DomainError) -> None:
        """Note what is wrong with a cell of a row that could be read."""
        self.problems.append(Problem(row.number, name, printable(text, LONGEST_QUOTED), error))
        self.cells[row.number] = _shown(row.cells, self.columns)

    def sort(self) -> None:
        """The problems in the order of the rows."""
        self.problems.sort(key=lambda problem: problem.row)


class Codes:
    """The codes that a table may name: found without regard to case, and by what they look like in another alphabet."""

    def __init__(self, codes: Iterable[str]) -> None:
        self.known = frozenset(codes)

    @cached_property
    def _by_label(self) -> dict[str, str]:
        return {folded(code): code for code in self.known}

    @cached_property
    def _by_look(self) -> dict[str, str]:
        return {without_twins(folded(code)): code for code in self.known}

    def found(self, text: str) -> str:
        """The code that is meant; empty for none."""
        return text if text in self.known else self._by_label.get(folded(text), "")

    def alike(self, text: str) -> str:
        """The code that looks like this text; empty for none."""
        return self._by_look.get(without_twins(folded(text)), "")


def folded(text: str) -> str:
    """A label without regard to case, spacing and the two dots of ё."""
    return " ".join(text.casefold().replace("ё", "е").split())


def twin(text: str, choices: Iterable[str]) -> str:
    """The one of the `folded` choices that looks like `text` but is typed with letters of another alphabet, in capitals; else empty."""
    wanted = without_twins(folded(text))
    return next((choice.upper() for choice in choices if without_twins(choice) == wanted), "")


def read_sheet(text: str, layout: Layout, readers: Mapping[str, Callable[[str], object]]) -> Sheet:
    """Read rows as a spreadsheet copies them: cells between tabs, else semicolons; a heading in either language may come first.

    Where the heading stands between commas, so do the cells: that is the text of a file of ours. Without a heading the
    columns are those of the layout in that order. Every cell of a column is read by its reader; what it refuses becomes a
    problem of the row. Raises DomainError when the text is no table or has too many rows.
    """
    sheet, first = Sheet(layout.columns), True
    for number, cells in enumerate(_records(text, layout), 1):
        if not any(cells):
            continue
        if number > layout.most_rows:
            limit = layout.most_rows
            raise DomainError("At most {limit} rows can be pasted at once: paste them in parts.", code="too_many_rows", limit=limit)
        if first and _is_heading(cells, layout):
            sheet.columns = _columns(cells, layout)
        else:
            _read_row(sheet, number, cells, readers)
        first = False
    if not sheet.rows and not sheet.problems:
        raise DomainError("There is no row here: copy the cells of the table and paste them.", code="required")
    return sheet


def bad_cell(text: str, template: str, *, field: str, code: str, **params: object) -> DomainError:
    """The refusal of a cell, which it quotes as `{text}` so far as it can be shown."""
    return DomainError(template, field=field, code=code, text=printable(text, LONGEST_QUOTED), **params)


def _records(text: str, layout: Layout) -> Iterator[list[str]]:
    # The mark that a file begins with says how its bytes are to be read; it is no part of its first cell.
    text = text.removeprefix("\ufeff")
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, layout)):
            yield [_unguarded(cell.strip()) for cell in cells]
    except csv.Error as error:
        raise DomainError("The table cannot be read: a cell begins with a quotation mark that never ends.", code="table") from error


def _delimiter(text: str, layout: Layout) -> str:
    """What stands between the cells: what makes a heading of the first line, else tabs, else semicolons."""
    first = text.lstrip().partition("\n")[0]
    for mark in ("\t", ";", ","):
        if _is_heading(next(csv.reader([first], delimiter=mark), []), layout):
            return mark
    return "\t" if "\t" in text else ";"


def _is_heading(cells: Sequence[str], layout: Layout) -> bool:
    return sum(bool(layout.named(cell)) for cell in cells) > 1


def _unguarded(cell: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from running it as a formula (see `needs_guard`)."""
    return cell[1:] if cell.startswith("'") and needs_guard(cell) else cell


def _columns(cells: Sequence[str], layout: Layout) -> tuple[str, ...]:
    """The columns by their headings; DomainError for one that is not known, stands twice, or is missing."""
    found = []
    for cell in cells:
        name = layout.named(cell)
        if not name and cell:
            raise DomainError("There is no column “{heading}”.", code="heading", heading=printable(cell, LONGEST_QUOTED))
        if name and name in found:
            raise DomainError("The column “{heading}” stands there twice.", code="heading", heading=printable(cell, LONGEST_QUOTED))
        found.append(name)
    for name in layout.required:
        if name not in found:
            raise DomainError("The heading has no column “{heading}”.", code="heading", heading=name)
    return tuple(found)


def _read_row(sheet: Sheet, number: int, cells: list[str], readers: Mapping[str, Callable[[str], object]]) -> None:
    given = dict(zip(sheet.columns, [*cells, *([""] * len(sheet.columns))], strict=False))
    values: dict[str, object] = {}
    problems = []
    if any(cells[len(sheet.columns) :]) or any(cell and not name for name, cell in zip(sheet.columns, cells, strict=False)):
        error = DomainError("This row has more cells than the table has columns: look for a stray tab or semicolon.", code="cells")
        problems.append(Problem(number, "", "", error))
    for name, read in readers.items():
        if name not in given:
            continue
        text = given[name]
        try:
            if not is_plain(text):
                raise DomainError("This text has control characters.", field=name, code="control_characters")
            values[name] = read(text)
        except DomainError as error:
            problems.append(Problem(number, name, printable(text, LONGEST_QUOTED), error))
    if problems:
        sheet.problems += problems
        sheet.cells[number] = _shown(cells, sheet.columns)
    else:
        sheet.rows.append(SheetRow(number, cells, values))


def _shown(cells: Sequence[str], columns: Sequence[str]) -> list[str]:
    return [printable(cell, LONGEST_QUOTED) for cell in cells[: len(columns)]]
