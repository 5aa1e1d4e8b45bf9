"""Budgets: what differs between two sets of lines, the months a contract allows, and the strict reader of a pasted table."""

import csv
import io
import re
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from cluster.domain.dates import refuse_far
from cluster.domain.errors import DomainError
from cluster.domain.money import LARGEST_AMOUNT, parse_amount, round_money
from cluster.domain.texts import is_plain, needs_guard, printable, without_twins

# Rows of one paste: a contract of ten years has fewer lines by an order of magnitude.
MOST_ROWS = 10_000
LONGEST_REASON = 1000
_LONGEST_QUOTED = 60

Key: TypeAlias = tuple[int, str, str, date | None]


@dataclass(frozen=True, slots=True)
class Line:
    """Planned roubles of a factory (its id); an empty category, funding or month was not given in that detail.

    `reason` says what changed against the baseline before; None in an import leaves the reason that is there.
    """

    factory: int
    category: str
    funding: str
    month: date | None
    amount: Decimal
    reason: str | None = ""

    @property
    def key(self) -> Key:
        """What there is one amount for under a baseline."""
        return (self.factory, self.category, self.funding, self.month)


def same_reason(one: str, other: str) -> bool:
    """Whether two reasons say the same: a form sends other ends of lines than a program."""
    return one.splitlines() == other.splitlines()


class Change(StrEnum):
    """What became of a line."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Difference:
    """One line under two baselines: the amount before (None: there was none), the amount after, and why."""

    key: Key
    old: Decimal | None
    new: Decimal | None
    reason: str = ""

    @property
    def change(self) -> Change:
        """What became of the line."""
        if self.old is None:
            return Change.ADDED
        if self.new is None:
            return Change.REMOVED
        return Change.UNCHANGED if self.old == self.new else Change.CHANGED

    @property
    def amount(self) -> Decimal:
        """Roubles more, or (negative) less."""
        return (self.new or Decimal(0)) - (self.old or Decimal(0))


@dataclass(frozen=True, slots=True)
class Sums:
    """Roubles before and after."""

    old: Decimal = Decimal(0)
    new: Decimal = Decimal(0)

    @property
    def amount(self) -> Decimal:
        """Roubles more, or (negative) less."""
        return self.new - self.old


def compare(old: Iterable[Line], new: Iterable[Line], why_gone: Mapping[Key, str] = MappingProxyType({})) -> list[Difference]:
    """Every line of both sets once: those of `old` in their order, then what `new` adds. A line that did not move has no reason.

    A line that is gone cannot carry its own reason: `why_gone` has it by key.
    """
    before, after = {line.key: line for line in old}, {line.key: line for line in new}
    found = []
    for key, line in before.items():
        other = after.get(key)
        if other is None:
            found.append(Difference(key, line.amount, None, why_gone.get(key, "")))
        else:
            found.append(Difference(key, line.amount, other.amount, (other.reason or "") if other.amount != line.amount else ""))
    found += [Difference(key, None, line.amount, line.reason or "") for key, line in after.items() if key not in before]
    return found


def grouped(differences: Iterable[Difference], by: Callable[[Key], Hashable]) -> dict[Hashable, Sums]:
    """Sums before and after for each group of lines."""
    found: dict[Hashable, list[Decimal]] = {}
    for one in differences:
        sums = found.setdefault(by(one.key), [Decimal(0), Decimal(0)])
        sums[0] += one.old or 0
        sums[1] += one.new or 0
    return {group: Sums(*sums) for group, sums in found.items()}


@dataclass(frozen=True, slots=True)
class Term:
    """The days between which a contract runs, as far as they are known: its signing and its end."""

    first: date | None = None
    last: date | None = None


def refuse_month(month: date | None, term: Term) -> None:
    """Raise DomainError (field `month`) for a month before the contract's signing or after its end; None is no month."""
    if month is None:
        return
    refuse_far(month, field="month")
    if month.day != 1:
        raise DomainError(
            "{day} is not the first day of a month: write {first}.", field="month", code="month_day", day=month, first=month.replace(day=1)
        )
    if term.first is not None and month < term.first.replace(day=1):
        raise DomainError(
            "{month} lies before the signing of the contract ({signed}): choose a later month.",
            field="month",
            code="before_contract",
            month=_notation(month),
            signed=term.first,
        )
    if term.last is not None and month > term.last:
        raise DomainError(
            "{month} lies after the end of the contract ({end}): choose an earlier month.",
            field="month",
            code="after_contract",
            month=_notation(month),
            end=term.last,
        )


def refuse_amount(amount: Decimal) -> None:
    """Raise DomainError (field `amount`) unless it is 0 or more, has kopecks at most and is no more than a trillion."""
    if not amount.is_finite() or amount < 0 or amount > LARGEST_AMOUNT or amount != round_money(amount):
        raise DomainError("The amount must be 0 or more, with kopecks at most, and no more than a trillion.", field="amount", code="amount")


def refuse_factory(factory: int, known: Mapping[int, str]) -> None:
    """Raise DomainError (field `factory`) unless the id is one of the contract's factories, ids to codes."""
    if factory not in known:
        raise DomainError(
            "Factory {factory} is not one of this contract: choose one of {possible}.",
            field="factory",
            code="choice",
            factory=factory,
            possible=", ".join(f"{key} ({code})" for key, code in known.items()) or "—",
        )


def refuse_reason(text: str) -> None:
    """Raise DomainError (field `reason`) for a reason with control characters or longer than LONGEST_REASON."""
    if not is_plain(text):
        raise DomainError("This text has control characters.", field="reason", code="control_characters")
    if len(text) > LONGEST_REASON:
        raise DomainError("A reason has at most {limit} characters.", field="reason", code="too_long", limit=LONGEST_REASON)


@dataclass(frozen=True, slots=True)
class Row:
    """A line and its place in what was sent: the row of the pasted table, counted as a spreadsheet does."""

    number: int
    line: Line


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
class Known:
    """What rows may name: the contract's factories (ids to codes), the codes of categories and of funding sources."""

    factories: Mapping[int, str]
    categories: Collection[str]
    funding: Collection[str]


def row_problems(rows: Sequence[Row], known: Known, term: Term) -> list[Problem]:
    """What is wrong with rows that a program sent, in their order; a key that stands twice is told at its second row."""
    found = [problem for row in rows for problem in _problems_of(row, known, term)]
    return sorted([*found, *_duplicates(rows)], key=lambda problem: problem.row)


def _problems_of(row: Row, known: Known, term: Term) -> Iterator[Problem]:
    line = row.line
    for name, value, choices in (("category", line.category, known.categories), ("funding", line.funding, known.funding)):
        if value and value not in choices:
            text, possible = printable(value), ", ".join(choices)
            error = DomainError(
                "“{text}” is not one of the choices: write one of {possible}.", field=name, code="choice", text=text, possible=possible
            )
            yield Problem(row.number, name, text, error)
    checks: tuple[tuple[str, str, Callable[[], None]], ...] = (
        ("factory", str(line.factory), lambda: refuse_factory(line.factory, known.factories)),
        ("month", str(line.month), lambda: refuse_month(line.month, term)),
        ("amount", str(line.amount), lambda: refuse_amount(line.amount)),
        ("reason", line.reason or "", lambda: refuse_reason(line.reason or "")),
    )
    for name, text, check in checks:
        try:
            check()
        except DomainError as error:
            yield Problem(row.number, name, printable(text), error)


def _duplicates(rows: Iterable[Row]) -> Iterator[Problem]:
    first: dict[Key, int] = {}
    for row in rows:
        before = first.setdefault(row.line.key, row.number)
        if before != row.number:
            error = DomainError(
                "Rows {first} and {row} are about the same factory, category, funding source and month: keep one of them.",
                code="duplicate",
                first=before,
                row=row.number,
            )
            yield Problem(row.number, "", "", error)


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
    table.problems += _duplicates(table.rows)
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
            "“{text}” is a day inside a month: write {month}.", field="month", code="month_day", text=shown, month=_notation(found)
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


def _notation(month: date | None) -> str:
    return f"{month:%Y-%m}" if month else ""
