"""What the example plan consists of: plain rows, amounts in kopecks, dates as windows."""

from dataclasses import dataclass
from datetime import date

from cluster.domain.dates import DateWindow


@dataclass(frozen=True, slots=True)
class Bound:
    """A constraint of a work, by its code, and the day that it names."""

    constraint: str
    on: date


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """A day on which a factory works although others rest, or rests although others work."""

    factory: str
    day: date
    works: bool
    reason: str


@dataclass(frozen=True, slots=True)
class MilestoneRow:
    """A milestone; `factory` is a code, or empty for the contract as a whole; `days` are working days, `range` at best and at worst."""

    code: str
    factory: str
    kind: str
    name_ru: str
    name_en: str
    days: int
    range: tuple[int, int] | None
    cause: str
    started: date | None
    bound: Bound | None
    actual: date | None
    told: date | None


@dataclass(frozen=True, slots=True)
class DateRow:
    """The date of a milestone under a baseline, with the reason where it differs from the baseline before."""

    milestone: str
    due: DateWindow
    note_ru: str = ""
    note_en: str = ""


@dataclass(frozen=True, slots=True)
class LineRow:
    """A budget line: kopecks of a factory, category and funding source in a month."""

    factory: str
    category: str
    funding: str
    month: date
    kopecks: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BaselineRow:
    """A baseline: in force from a day, or proposed where that is None. `told` is the day on which its rows were known."""

    name_ru: str
    name_en: str
    reason: str
    told: date
    in_force_from: date | None
    amended: bool
    dates: tuple[DateRow, ...]
    lines: tuple[LineRow, ...]


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """A change of a forecast, told on a day."""

    milestone: str
    old: DateWindow
    new: DateWindow
    told: date
    reason: str
    note_ru: str
    note_en: str


@dataclass(frozen=True, slots=True)
class EntryRow:
    """A ledger entry; `reverses` is the place in the ledger of the entry that it takes back."""

    factory: str
    kind: str
    on: date
    kopecks: int
    category: str
    funding: str
    document: str
    counterparty: str
    note: str = ""
    reverses: int | None = None


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A claim about the contract (no factory) or a factory: a number with its unit, a text or a date."""

    factory: str
    figure: str
    valid: str
    told: str
    value: int | None = None
    unit: str = ""
    text_ru: str = ""
    text_en: str = ""
    on: str = ""
    qualifier: str = "exact"
    in_use: bool = True
    from_report: bool = False
    reason_ru: str = ""
    reason_en: str = ""
