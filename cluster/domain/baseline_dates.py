"""The dates and weights of a proposed baseline: what they may be, and what rows of a table would change of them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from cluster.domain.budgets import LONGEST_REASON, Change, Term, refuse_reason, same_reason
from cluster.domain.dates import DateWindow, parse_window, refuse_far
from cluster.domain.errors import DomainError
from cluster.domain.tables import LONGEST_QUOTED, Codes, Layout, Problem, Sheet, bad_cell, read_sheet
from cluster.domain.texts import printable

MOST_ROWS = 10_000
_PLACES = 6
COLUMNS = ("due", "weight", "note")
_LAYOUT = Layout(
    headings={
        "code": ("code", "milestone", "milestone code", "код", "код вехи", "веха"),
        "due": ("due", "due date", "срок", "плановая дата"),
        "weight": ("weight", "вес"),
        "note": ("why this date", "why", "reason", "почему такой срок", "почему", "причина", "обоснование"),
    },
    required=("code", "due"),
    most_rows=MOST_ROWS,
)
_WEIGHT = re.compile(r"(?P<whole>[0-9]{1,3})(?:[.,](?P<part>[0-9]{1,12}))?(?P<percent> ?%)?")


@dataclass(frozen=True, slots=True)
class DueDate:
    """The date of a milestone under a baseline, its weight (None: none was given), and why this date."""

    due: DateWindow | None = None
    weight: Decimal | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class DateRow:
    """What a row says of a milestone (its id): values of COLUMNS; one that is not there stays, a `due` of None takes the date out."""

    number: int
    milestone: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DateChange:
    """A milestone's date before and after (None: the baseline has none), and the row that says so (None: no row names it)."""

    milestone: int
    old: DueDate | None
    new: DueDate | None
    row: DateRow | None = None

    @property
    def change(self) -> Change:
        """What becomes of the date; one that never was there stays so."""
        if self.old is None:
            return Change.ADDED if self.new is not None else Change.UNCHANGED
        if self.new is None:
            return Change.REMOVED
        same = (self.old.due, self.old.weight) == (self.new.due, self.new.weight) and same_reason(self.old.note, self.new.note)
        return Change.UNCHANGED if same else Change.CHANGED


@dataclass(slots=True)
class DatesTable:
    """Pasted dates: the table as it was read, with its problems, and its rows."""

    sheet: Sheet
    rows: list[DateRow] = field(default_factory=list)


def parse_dates(text: str, milestones: Mapping[str, int], term: Term) -> DatesTable:
    """Read dates as `read_sheet` reads rows; `milestones` are codes to ids. Raises DomainError when the text is no table."""
    codes = Codes(milestones)
    readers = {
        "code": lambda cell: milestones[_read_code(cell, codes)],
        "due": lambda cell: read_due(cell, term),
        "weight": read_weight,
        "note": _read_note,
    }
    sheet = read_sheet(text, _LAYOUT, readers)
    rows = []
    for row in sheet.rows:
        values = dict(row.values)
        key: Any = values.pop("code")
        rows.append(DateRow(row.number, key, values))
    sheet.problems += duplicate_rows(rows)
    sheet.sort()
    return DatesTable(sheet, rows)


def lay_over(rows: Iterable[DateRow], stored: Mapping[int, DueDate], *, replace: bool) -> list[DateChange]:
    """What rows would change of the stored dates (by milestone); `replace`: the dates that no row names go."""
    found = []
    named = set()
    for row in rows:
        old = stored.get(row.milestone)
        values = {"due": old.due, "weight": old.weight, "note": old.note} if old else {}
        new = DueDate(**values | dict(row.values))
        found.append(DateChange(row.milestone, old, new if new.due is not None else None, row))
        named.add(row.milestone)
    if replace:
        found += [DateChange(key, old, None) for key, old in stored.items() if key not in named]
    return found


def date_problems(rows: Sequence[DateRow], known: Mapping[int, int | None], stored: Mapping[int, DueDate], term: Term) -> list[Problem]:
    """What is wrong with rows, in their order; `known` are the contract's milestones with their factories (ids)."""
    found = [
        Problem(row.number, error.field, printable(str(row.values.get(error.field) or "")), error)
        for row in rows
        for error in _errors_of(row, known, stored, term)
    ]
    return sorted([*found, *duplicate_rows(rows)], key=lambda problem: problem.row)


def duplicate_rows(rows: Iterable[DateRow]) -> list[Problem]:
    """A problem for each row that is about the same milestone as an earlier one."""
    first: dict[int, int] = {}
    found = []
    for row in rows:
        before = first.setdefault(row.milestone, row.number)
        if before != row.number:
            error = DomainError(
                "Rows {first} and {row} are about the same milestone: keep one of them.", code="duplicate", first=before, row=row.number
            )
            found.append(Problem(row.number, "", "", error))
    return found


def read_due(text: str, term: Term) -> DateWindow | None:
    """Read a due date as WindowField does; None for an empty text. Raises DomainError (field `due`)."""
    if not text:
        return None
    try:
        window = parse_window(text)
    except DomainError as error:
        raise bad_cell(
            text, "“{text}” is not a date: write 15.04.2024, 2024-04, 2024-Q1, 2024-H1 or 2024.", field="due", code="window"
        ) from error
    refuse_due(window, term)
    return window


def refuse_due(window: DateWindow, term: Term) -> None:
    """Raise DomainError (field `due`) for a date that lies wholly before the contract's signing or after its end."""
    refuse_far(window, field="due")
    if term.first is not None and window.latest < term.first:
        raise DomainError(
            "{due} lies before the signing of the contract ({signed}): choose a later date.",
            field="due",
            code="before_contract",
            due=str(window),
            signed=term.first,
        )
    if term.last is not None and window.earliest > term.last:
        raise DomainError(
            "{due} lies after the end of the contract ({end}): choose an earlier date.",
            field="due",
            code="after_contract",
            due=str(window),
            end=term.last,
        )


def read_weight(text: str) -> Decimal | None:
    """Read a weight: `0.25`, `0,25` or `25 %`; None for an empty text. Raises DomainError (field `weight`)."""
    if not text:
        return None
    match = _WEIGHT.fullmatch(text) if len(text) <= LONGEST_QUOTED else None
    if match is None:
        raise bad_cell(text, "“{text}” is not a weight: write 0.25 or 25 %.", field="weight", code="weight")
    weight = Decimal(f"{match['whole']}.{match['part'] or '0'}")
    weight = weight.scaleb(-2) if match["percent"] else weight
    refuse_weight(weight)
    return weight


def refuse_weight(weight: Decimal | None, *, earns: bool = True) -> None:
    """Raise DomainError (field `weight`) for one that does not lie between 0 and 1 or has more than six decimals.

    A milestone of no factory does not earn, and so has no weight.
    """
    if weight is None:
        return
    if not weight.is_finite() or not 0 <= weight <= 1:
        raise DomainError("A weight lies between 0 and 1, which is 100 %.", field="weight", code="range")
    if weight != round(weight, _PLACES):
        raise DomainError("A weight has at most six decimals.", field="weight", code="decimals")
    if not earns:
        raise DomainError("A milestone of no factory earns no budget: leave its weight empty.", field="weight", code="no_factory")


def refuse_weights(sums: Mapping[str, Decimal]) -> None:
    """Raise DomainError (field `weight`) for the first factory (its code) whose weights do not make 1; one without any is left out."""
    for factory, total in sums.items():
        if total != 1:
            raise weight_warning(factory, total)


def weight_warning(factory: str, total: Decimal) -> DomainError:
    """That the weights of a factory do not make 1."""
    return DomainError(
        "The weights of {factory} make {total}, not 1: correct them, or leave all of them empty.",
        field="weight",
        code="weights",
        factory=factory,
        total=f"{total.normalize():f}",
    )


def _errors_of(row: DateRow, known: Mapping[int, int | None], stored: Mapping[int, DueDate], term: Term) -> Iterable[DomainError]:
    if row.milestone not in known:
        yield DomainError("There is no such milestone in this contract.", field="milestone", code="choice")
        return
    due, weight = row.values.get("due"), row.values.get("weight")
    if "due" not in row.values and row.milestone not in stored:
        yield DomainError("Write the due date: the baseline has none of this milestone.", field="due", code="required")
    if "due" in row.values and due is None and (weight is not None or row.values.get("note")):
        yield DomainError("Write the due date that this is about, or empty the row.", field="due", code="required")
    checks = (
        lambda: refuse_due(due, term) if due is not None else None,
        lambda: refuse_weight(weight, earns=known[row.milestone] is not None),
        lambda: _read_note(row.values.get("note") or ""),
    )
    for check in checks:
        try:
            check()
        except DomainError as error:
            yield error


def _read_code(text: str, codes: Codes) -> str:
    if not text:
        raise DomainError("Write the milestone's code: it says which one is meant.", field="code", code="required")
    if code := codes.found(text):
        return code
    if meant := codes.alike(text):
        raise bad_cell(
            text, "There is no milestone “{text}”, though it looks like {meant}: some letters are of another alphabet.",
            field="code", code="choice", meant=meant,
        )  # fmt: skip
    raise bad_cell(text, "There is no milestone “{text}” in this contract.", field="code", code="choice")


def _read_note(text: str) -> str:
    if len(text) > LONGEST_REASON:
        raise DomainError("This text is longer than {limit} characters.", field="note", code="too_long", limit=LONGEST_REASON)
    try:
        refuse_reason(text)
    except DomainError as error:
        error.field = "note"
        raise
    return text
