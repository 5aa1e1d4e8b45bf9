"""The strict reader of a budget pasted from a spreadsheet."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from cluster.domain.budgets import Line, Row, Term, duplicate_rows, month_notation, refuse_month, refuse_reason
from cluster.domain.dates import refuse_far
from cluster.domain.errors import DomainError
from cluster.domain.money import parse_amount
from cluster.domain.tables import LONGEST_QUOTED, Layout, Problem, folded, read_sheet, twin
from cluster.domain.texts import printable

# Rows of one paste: a contract of ten years has fewer lines by an order of magnitude.
MOST_ROWS = 10_000
_LAYOUT = Layout(
    headings={
        "factory": ("factory", "factory code", "plant", "завод", "код завода", "код"),
        "category": ("category", "cost category", "категория", "категория затрат", "статья", "статья затрат"),
        "funding": ("funding", "funding source", "источник", "источник средств", "источник финансирования", "финансирование"),
        "month": ("month", "месяц"),
        "amount": ("amount", "amount, rub", "amount, ₽", "rub", "сумма", "сумма, ₽", "сумма, руб", "сумма, руб."),
        "reason": ("reason", "why", "why this amount", "причина", "почему", "обоснование", "почему такая сумма"),
    },
    required=("factory", "amount"),
    most_rows=MOST_ROWS,
)
COLUMNS = _LAYOUT.columns
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


def parse_table(text: str, vocabulary: Vocabulary, term: Term) -> Table:
    """Read budget lines as `read_sheet` reads rows. Raises DomainError when the text is no table or has more than MOST_ROWS rows."""
    readers: dict[str, Callable[[str], object]] = {
        "factory": lambda text: _chosen(text, vocabulary.factories, "factory"),
        "category": lambda text: _chosen(text, vocabulary.categories, "category") if text else "",
        "funding": lambda text: _chosen(text, vocabulary.funding, "funding") if text else "",
        "month": lambda text: _read_month(text, term),
        "amount": _read_amount,
        "reason": _read_reason,
    }
    sheet = read_sheet(text, _LAYOUT, readers)
    rows = [Row(row.number, _line(row.values)) for row in sheet.rows]
    problems = sorted([*sheet.problems, *duplicate_rows(rows)], key=lambda problem: problem.row)
    return Table(sheet.columns, rows, problems, sheet.cells)


def _line(values: Mapping[str, Any]) -> Line:
    # Without a column of reasons those that are there stay.
    category, funding, reason = values.get("category", ""), values.get("funding", ""), values.get("reason")
    return Line(values["factory"], category, funding, values.get("month"), values["amount"], reason)


def _chosen(text: str, choices: Mapping[str, int | str], name: str) -> int | str:
    if not text:
        raise DomainError("Say which factory this row is about.", field=name, code="required")
    value = choices.get(folded(text))
    if value is None:
        shown = printable(text, LONGEST_QUOTED)
        if name == "factory" and (meant := twin(text, choices)):
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


def _read_amount(text: str) -> Decimal:
    if not text:
        raise DomainError("The amount is missing: write roubles, 0 where there are none.", field="amount", code="required")
    if len(text) > LONGEST_QUOTED:
        shown = printable(text, LONGEST_QUOTED)
        raise DomainError("“{text}” is not an amount: write 1 234 567,89.", field="amount", code="not_a_number", text=shown)
    amount = parse_amount(text)
    if amount < 0:
        raise DomainError("“{text}” is negative: a budget is 0 or more.", field="amount", code="negative", text=text)
    return amount


def parse_month(text: str) -> date:
    """Read a month: `2025-03`, `03.2025`, `01.03.2025`, `март 2025`, `March 2025`; its first day. Raises DomainError (field `month`)."""
    shown = printable(text, LONGEST_QUOTED)
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
