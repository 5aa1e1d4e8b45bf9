"""Budgets: what differs between two sets of lines, and what a row of a budget may be."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from cluster.domain.dates import refuse_far
from cluster.domain.errors import DomainError
from cluster.domain.money import LARGEST_AMOUNT, round_money
from cluster.domain.tables import Problem
from cluster.domain.texts import is_plain, printable

LONGEST_REASON = 1000

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
            month=month_notation(month),
            signed=term.first,
        )
    if term.last is not None and month > term.last:
        raise DomainError(
            "{month} lies after the end of the contract ({end}): choose an earlier month.",
            field="month",
            code="after_contract",
            month=month_notation(month),
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
class Known:
    """What rows may name: the contract's factories (ids to codes), the codes of categories and of funding sources."""

    factories: Mapping[int, str]
    categories: Collection[str]
    funding: Collection[str]


def row_problems(rows: Sequence[Row], known: Known, term: Term) -> list[Problem]:
    """What is wrong with rows that a program sent, in their order; a key that stands twice is told at its second row."""
    found = [problem for row in rows for problem in _problems_of(row, known, term)]
    return sorted([*found, *duplicate_rows(rows)], key=lambda problem: problem.row)


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


def duplicate_rows(rows: Iterable[Row]) -> Iterator[Problem]:
    """A problem for each row that is about the same line as an earlier one; both are named."""
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


def month_notation(month: date | None) -> str:
    """A month as a table writes it, 2025-03; nothing for money without one."""
    return f"{month:%Y-%m}" if month else ""
