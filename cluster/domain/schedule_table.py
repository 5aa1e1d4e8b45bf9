"""The schedule as a table: what a pasted row says of a milestone and of what it waits for, and what it would change."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any

from cluster.domain.errors import DomainError
from cluster.domain.estimates import LONGEST_CAUSE, Estimate, estimate_errors, read_days
from cluster.domain.milestones import refuse_code, refuse_lag
from cluster.domain.network import Circular, Link, LinkType, Network
from cluster.domain.tables import Codes, Layout, Sheet, SheetRow, bad_cell, folded, read_sheet, twin

# Rows of one paste: a contract of twelve factories has some hundreds of milestones.
MOST_ROWS = 10_000
LONGEST_CODE, LONGEST_NAME, LONGEST_LINK = 40, 300, 80
_LAYOUT = Layout(
    headings={
        "code": ("code", "milestone", "milestone code", "id", "код", "код вехи", "веха"),
        "factory": ("factory", "factory code", "plant", "завод", "код завода"),
        "kind": ("kind", "type", "вид", "вид вехи", "тип"),
        "name_ru": ("name (russian)", "name_ru", "name", "task name", "название по-русски", "название", "название задачи"),
        "name_en": ("name (english)", "name_en", "название по-английски"),
        "duration_days": ("duration", "duration, days", "likely", "most likely", "длительность", "длительность, дни", "наиболее вероятная"),
        "optimistic_days": ("optimistic", "optimistic duration", "оптимистичная", "оптимистичная длительность"),
        "pessimistic_days": ("pessimistic", "pessimistic duration", "пессимистичная", "пессимистичная длительность"),
        "risk_cause": ("common cause", "cause", "risk cause", "общая причина"),
        "responsible": ("responsible", "ответственный"),
        "predecessors": ("predecessors", "waits for", "предшественники", "ждёт", "ждет"),
    },
    required=("code",),
    most_rows=MOST_ROWS,
)
COLUMNS = _LAYOUT.columns
# MS Project's names of the types in Russian: окончание-начало, начало-начало, окончание-окончание, начало-окончание.
_TYPES = {t.value.casefold(): t for t in LinkType} | {"он": LinkType.FS, "нн": LinkType.SS, "оо": LinkType.FF, "но": LinkType.SF}
_LAG = "[+−-] ?[0-9]{1,6}"
_UNIT = r"(?:d|days?|д|дн|день|дня|дней)\.?"
# A type and a lag, or a lag with its unit alone: without both the hyphen of a code would be a lead.
_LINK = re.compile(
    rf"(?P<code>.+?) ?(?:(?P<type>fs|ss|ff|sf|он|нн|оо|но) ?(?:(?P<lag>{_LAG}) ?(?:{_UNIT})?)?|(?P<only>{_LAG}) ?{_UNIT})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, order=True)
class PlannedLink:
    """What a milestone waits for: the code of the predecessor, how, and with which lag in working days (negative: a lead)."""

    predecessor: str
    type: LinkType = LinkType.FS
    lag: int = 0

    def __str__(self) -> str:
        if not self.lag:
            return self.predecessor if self.type is LinkType.FS else f"{self.predecessor}{self.type}"
        return f"{self.predecessor}{self.type}{self.lag:+d}d"


@dataclass(frozen=True, slots=True)
class PlannedMilestone:
    """What the table says of a milestone: factory and responsible person by their ids (None: none), links in their order."""

    code: str
    factory: int | None = None
    kind: str = ""
    name_ru: str = ""
    name_en: str = ""
    duration_days: int | None = None
    optimistic_days: int | None = None
    pessimistic_days: int | None = None
    risk_cause: str = ""
    responsible: int | None = None
    predecessors: tuple[PlannedLink, ...] = ()

    @property
    def estimate(self) -> Estimate:
        """Its durations and their common cause."""
        return Estimate(self.duration_days, self.optimistic_days, self.pessimistic_days, self.risk_cause)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How the cells may name things, `folded`: factories (to ids), kinds (to codes), people by user name (to ids)."""

    factories: Mapping[str, int]
    kinds: Mapping[str, str]
    people: Mapping[str, int]


class Change(StrEnum):
    """What a row does."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row beside what stands there: the milestone before (None: it is new) and after, and the columns that differ."""

    row: SheetRow
    old: PlannedMilestone | None
    new: PlannedMilestone
    columns: tuple[str, ...]

    @property
    def change(self) -> Change:
        """What the row does."""
        if self.old is None:
            return Change.ADDED
        return Change.CHANGED if self.columns else Change.UNCHANGED


@dataclass(slots=True)
class ScheduleTable:
    """A pasted schedule: the table as it was read, with its problems, and what its rows would change."""

    sheet: Sheet
    changes: list[RowChange] = field(default_factory=list)

    def count(self, change: Change) -> int:
        """How many rows do that."""
        return sum(one.change is change for one in self.changes)


def parse_schedule(text: str, vocabulary: Vocabulary, stored: Mapping[str, PlannedMilestone]) -> ScheduleTable:
    """Read milestones as `read_sheet` reads rows and lay them beside those `stored` by code.

    A column that the table has not leaves what is there; an empty cell empties it. A row of a new code is a new milestone.
    Predecessors are written as in MS Project: `X01-D01FS+5d; X01-D02`. Raises DomainError when the text is no table.
    """
    readers: dict[str, Callable[[str], object]] = {
        "code": _read_code,
        "factory": lambda text: _chosen(text, vocabulary.factories, "factory") if text else None,
        "kind": lambda text: _chosen(text, vocabulary.kinds, "kind"),
        "name_ru": lambda text: _read_text(text, "name_ru", LONGEST_NAME),
        "name_en": lambda text: _read_text(text, "name_en", LONGEST_NAME),
        "duration_days": lambda text: read_days(text, field="duration_days"),
        "optimistic_days": lambda text: read_days(text, field="optimistic_days"),
        "pessimistic_days": lambda text: read_days(text, field="pessimistic_days"),
        "risk_cause": lambda text: _read_text(text, "risk_cause", LONGEST_CAUSE),
        "responsible": lambda text: _chosen(text, vocabulary.people, "responsible") if text else None,
        "predecessors": str,
    }
    table = ScheduleTable(read_sheet(text, _LAYOUT, readers))
    sheet = table.sheet
    _refuse_twice(sheet)
    there = Codes(stored)
    codes = Codes([*stored, *(str(row.values["code"]) for row in sheet.rows)])
    for row in sheet.rows:
        old = stored.get(str(row.values["code"]))
        values = dict(row.values)
        try:
            if "predecessors" in values:
                values["predecessors"] = read_links(str(values["predecessors"]), codes, waiting=str(values["code"]))
        except DomainError as error:
            sheet.refuse(row, "predecessors", str(row.values["predecessors"]), error)
            continue
        new = _laid_over(old, values)
        if refused := _errors_of(old, new, there):
            for one in refused:
                sheet.refuse(row, one.field, str(getattr(new, one.field, "") or ""), one)
            continue
        differs = tuple(name for name in COLUMNS if name in values and (old is None or getattr(old, name) != getattr(new, name)))
        table.changes.append(RowChange(row, old, new, differs))
    if not sheet.problems:
        _refuse_circle(table, stored)
    sheet.sort()
    return table


def read_links(text: str, codes: Codes, *, waiting: str) -> tuple[PlannedLink, ...]:
    """Read what `waiting` waits for, in MS Project's notation, between semicolons or commas: sorted. `codes` are all there are.

    Raises DomainError (field `predecessors`) for an unknown code, a type or lag that is none, a milestone named twice, itself.
    """
    found: dict[str, PlannedLink] = {}
    for part in re.split(r"[;,]", text):
        if not (token := part.strip()):
            continue
        link = _read_link(token, codes)
        if link.predecessor == waiting:
            raise DomainError("A milestone cannot wait for itself.", field="predecessors", code="itself")
        if link.predecessor in found:
            raise DomainError(
                "{milestone} is named twice: a milestone waits for another one in one way.",
                field="predecessors", code="duplicate", milestone=link.predecessor,
            )  # fmt: skip
        found[link.predecessor] = link
    return tuple(sorted(found.values()))


def written_links(links: Iterable[PlannedLink]) -> str:
    """The same in one cell."""
    return "; ".join(map(str, links))


def fingerprint(stored: Mapping[str, PlannedMilestone]) -> str:
    """A short text that differs when anything of a schedule does: what a preview was made of."""
    return sha256(repr(sorted(stored.items())).encode()).hexdigest()[:24]


def _read_link(token: str, codes: Codes) -> PlannedLink:
    if code := codes.found(token):
        return PlannedLink(code)
    match = _LINK.fullmatch(token) if len(token) <= LONGEST_LINK else None
    text = match["code"] if match else token
    if match is None or not (code := codes.found(text)):
        if meant := codes.alike(text):
            raise bad_cell(
                text, "There is no milestone “{text}”, though it looks like {meant}: some letters are of another alphabet.",
                field="predecessors", code="choice", meant=meant,
            )  # fmt: skip
        raise bad_cell(
            text, "There is no milestone “{text}”: write codes, with type and lag in working days, such as X01-D01FS+5d; X01-D02.",
            field="predecessors", code="choice",
        )  # fmt: skip
    lag = int((match["lag"] or match["only"] or "0").replace("−", "-").replace(" ", ""))
    try:
        refuse_lag(lag)
    except DomainError as error:
        error.field = "predecessors"
        raise
    return PlannedLink(code, _TYPES[(match["type"] or "fs").casefold()], lag)


def _read_code(text: str) -> str:
    if not text:
        raise DomainError("Write the milestone's code: it says which one is meant.", field="code", code="required")
    return _read_text(text, "code", LONGEST_CODE)


def _read_text(text: str, name: str, longest: int) -> str:
    if len(text) > longest:
        raise DomainError("This text is longer than {limit} characters.", field=name, code="too_long", limit=longest)
    return text


def _chosen(text: str, choices: Mapping[str, int | str], name: str) -> int | str:
    if name == "kind" and not text:
        raise DomainError("Say of which kind this milestone is.", field=name, code="required")
    value = choices.get(folded(text))
    if value is not None:
        return value
    if name == "factory" and (meant := twin(text, choices)):
        raise bad_cell(
            text, "“{text}” is no factory of this contract, though it looks like {meant}: some letters are of another alphabet.",
            field=name, code="choice", meant=meant,
        )  # fmt: skip
    if name == "factory":
        raise bad_cell(text, "“{text}” is no factory of this contract: write its code.", field=name, code="choice")
    if name == "kind":
        raise bad_cell(text, "“{text}” is not a kind of milestone: write one of those in the list.", field=name, code="choice")
    raise bad_cell(text, "“{text}” is nobody with a role in this contract: write a user name.", field=name, code="choice")


def _refuse_twice(sheet: Sheet) -> None:
    first: dict[str, int] = {}
    for row in sheet.rows:
        code = str(row.values["code"])
        before = first.setdefault(code, row.number)
        if before != row.number:
            error = DomainError(
                "Rows {first} and {row} are about the same milestone: keep one of them.", code="duplicate", first=before, row=row.number
            )
            sheet.refuse(row, "code", code, error)


def _laid_over(old: PlannedMilestone | None, values: Mapping[str, Any]) -> PlannedMilestone:
    return replace(old or PlannedMilestone(str(values["code"])), **values)


def _errors_of(old: PlannedMilestone | None, new: PlannedMilestone, there: Codes) -> list[DomainError]:
    """What the row as a whole may not be: a new milestone without kind or name, a code that no address can hold, durations out of order."""
    errors = estimate_errors(new.estimate)
    if not new.name_ru:
        errors.append(DomainError("Write the milestone's name in Russian.", field="name_ru", code="required"))
    if old is None:
        try:
            refuse_code(new.code)
        except DomainError as error:
            errors.append(error)
        if meant := there.alike(new.code):
            errors.append(
                bad_cell(
                    new.code, "“{text}” would be a new milestone, though it looks like {meant}: write the code as it stands there.",
                    field="code", code="choice", meant=meant,
                )
            )  # fmt: skip
        if not new.kind:
            errors.append(DomainError("Say of which kind this milestone is.", field="kind", code="required"))
    return errors


def _refuse_circle(table: ScheduleTable, stored: Mapping[str, PlannedMilestone]) -> None:
    """Put the circle that the table would close at the first of its rows that is a member; what is not in the table stays as it is."""
    after = dict(stored) | {one.new.code: one.new for one in table.changes}
    codes = list(after)
    places = {code: number for number, code in enumerate(codes)}
    links = [
        Link(places[link.predecessor], place, link.type, link.lag) for code, place in places.items() for link in after[code].predecessors
    ]
    try:
        Network([0] * len(codes), links, names=codes)
    except Circular as error:
        error.field = "predecessors"
        members = {codes[member] for member in error.members}
        concerned = [one for one in table.changes if one.new.code in members and "predecessors" in one.columns]
        for one in concerned[:1] or table.changes[:1]:
            table.sheet.refuse(one.row, "predecessors", written_links(one.new.predecessors), error)
