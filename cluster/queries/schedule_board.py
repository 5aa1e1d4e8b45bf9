"""The schedule as pages show it: the milestones that a reader may see, where each is placed, what is critical, what waits for what.

Of hundreds of milestones only that is read which a chart or a table shows, without an object of the model for each.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import F

from cluster.domain.calendars import WorkingDays
from cluster.domain.dates import DateWindow
from cluster.domain.delays import late_days
from cluster.domain.errors import DomainError
from cluster.domain.schedule import Basis, Schedule, Wait, Work
from cluster.models import Contract, Milestone
from cluster.models.names import in_language
from cluster.models.scope import Reader, scope_of
from cluster.models.windows import window_of
from cluster.queries.announced import Announced, Told, announced_dates
from cluster.queries.contracts import contract_for, is_partial
from cluster.queries.schedule import network_of


@dataclass(frozen=True, slots=True)
class RowFactory:
    """The factory of rows: what they are grouped by."""

    code: str
    order: int
    name_ru: str
    name_en: str

    @property
    def name(self) -> str:
        """The name in the active language."""
        return in_language(self.name_ru, self.name_en)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ScheduleRow(NamedTuple):
    """One milestone as it was known: its dates, and the work before it from `start` to `finish`, the day it was reached or is expected.

    Both are None where nothing says when: no date, no duration, no link. `total_float` (working days) and `critical` rest on links and
    durations alone; what is reached has no float. `late` and `late_original` are calendar days after the due and the first window (None:
    not judged, or no such date), `pushed` those after the due date by what the schedule expects. `waits_for` are codes.
    """

    key: int
    code: str
    kind: str
    name_ru: str
    name_en: str
    factory: RowFactory | None
    original: DateWindow | None
    due: DateWindow | None
    forecast: DateWindow | None
    actual: DateWindow | None
    start: date | None
    finish: date | None
    total_float: int | None
    critical: bool
    late: int | None
    late_original: int | None
    pushed: int
    waits_for: list[str]

    @property
    def name(self) -> str:
        """The name in the active language."""
        return in_language(self.name_ru, self.name_en)

    @property
    def factory_code(self) -> str:
        """The factory's code; empty for the contract as a whole."""
        return self.factory.code if self.factory else ""

    @property
    def is_reached(self) -> bool:
        """Whether an actual date was known."""
        return self.actual is not None


@dataclass(frozen=True, slots=True)
class ScheduleBoard:
    """What one reader sees of a schedule, in the order of contract and factory.

    `waits` have at least one end among the rows. `path` holds the keys of the critical path, those of others included: links between
    neighbours of it are critical. Of a plan that cannot be placed `problem` says why: its rows stand on the dates that were told.
    """

    contract: Contract
    as_of: date
    rows: list[ScheduleRow]
    waits: list[Wait]
    path: list[int]
    problem: DomainError | None

    @property
    def driving(self) -> set[tuple[int, int]]:
        """The pairs of milestones that follow each other on the critical path."""
        return set(zip(self.path, self.path[1:], strict=False))


class _Places(NamedTuple):
    """Where a schedule places milestones, by key: first and last day, float; the critical path; and why it places none."""

    spans: Mapping[int, tuple[date, date]]
    floats: Mapping[int, int]
    path: list[int]
    problem: DomainError | None


class _Planned(NamedTuple):
    """A milestone as stored, with its factory."""

    key: int
    code: str
    kind: str
    name_ru: str
    name_en: str
    scored: bool
    duration: int | None
    started: date | None
    constraint: str
    constraint_on: date | None
    actual_earliest: date | None
    actual_latest: date | None
    actual_precision: str
    actual_announced: date | None
    factory_id: int | None
    factory_code: str
    factory_order: int
    factory_name_ru: str
    factory_name_en: str

    def actual(self, as_of: date) -> DateWindow | None:
        """The actual date as announced by `as_of`."""
        if self.actual_earliest is None or self.actual_latest is None or self.actual_announced is None or self.actual_announced > as_of:
            return None
        return window_of(self.actual_earliest, self.actual_latest, self.actual_precision)


_DATES = ("actual_earliest", "actual_latest", "actual_precision", "actual_announced_on")
_PLAN = ("pk", "code", "kind", "name_ru", "name_en", "scored", "duration_days", "started_on", "constraint", "constraint_on", *_DATES)
_FACTORY = ("factory_id", "factory__code", "factory__order", "factory__name_ru", "factory__name_en")


def schedule_board(*, reader: Reader, contract_code: str, as_of: date) -> ScheduleBoard:
    """The schedule of a contract as `reader` may see it: four statements, whatever its size.

    All of the contract is placed; of milestones of other factories only the codes are told that others wait for.
    """
    contract = contract_for(reader, contract_code)
    plan = _read(contract)
    told = announced_dates([one.key for one in plan], as_of=as_of)
    actual = {one.key: window for one in plan if (window := one.actual(as_of))}
    waits, (calendars, place) = network_of(contract.pk)
    works = [
        Work(
            one.key,
            one.code,
            place(contract.pk, one.factory_id),
            one.duration,
            one.started,
            _end(actual.get(one.key)),
            _end(_window(told.forecast.get(one.key))),
            _end(_window(told.due.get(one.key))),
            one.constraint,
            one.constraint_on,
        )
        for one in plan
    ]
    places = _placed(works, waits, calendars, as_of)
    partial, own = is_partial(reader, contract), scope_of(reader).factories
    shown = [one for one in plan if not partial or one.factory_id in own]
    keys = {one.key for one in shown}
    return ScheduleBoard(
        contract,
        as_of,
        _rows(shown, {one.key: one.code for one in plan}, told, actual, waits, places, as_of),
        [wait for wait in waits if wait.predecessor in keys or wait.successor in keys],
        places.path,
        places.problem,
    )


def _placed(works: list[Work], waits: list[Wait], calendars: list[WorkingDays], as_of: date) -> _Places:
    try:
        schedule = Schedule(works, waits, calendars, data_date=as_of)
        return _Places(schedule.spans(Basis.EXPECTED), schedule.floats(), schedule.critical_path(), None)
    except DomainError as error:
        # Written past the rules: what was told is shown, without what would follow from it.
        told = {work.key: end for work in works if (end := work.actual or work.forecast or work.due)}
        return _Places({key: (end, end) for key, end in told.items()}, {}, [], error)


def _read(contract: Contract) -> list[_Planned]:
    """The milestones of a contract, those of the contract as a whole first, then by factory: one statement."""
    rows = Milestone.objects.filter(contract=contract).order_by(F("factory__order").asc(nulls_first=True), "code")
    return [_Planned._make(row) for row in rows.values_list(*_PLAN, *_FACTORY)]


def _rows(
    shown: Iterable[_Planned],
    codes: Mapping[int, str],
    told: Announced,
    actual: Mapping[int, DateWindow],
    waits: Iterable[Wait],
    places: _Places,
    as_of: date,
) -> list[ScheduleRow]:
    before: dict[int, list[str]] = {}
    linked: set[int] = set()
    for wait in waits:
        before.setdefault(wait.successor, []).append(codes[wait.predecessor])
        linked.update((wait.predecessor, wait.successor))
    factories: dict[int, RowFactory] = {}
    rows = []
    for one in shown:
        key, factory = one.key, None
        if one.factory_id is not None:
            factory = factories.get(one.factory_id)
            if factory is None:
                factory = RowFactory(one.factory_code, one.factory_order, one.factory_name_ru, one.factory_name_en)
                factories[one.factory_id] = factory
        original, due, forecast = _window(told.original.get(key)), _window(told.due.get(key)), _window(told.forecast.get(key))
        reached = actual.get(key)
        placed = key in linked or one.duration or one.started or reached or forecast or due
        start, finish = places.spans.get(key, (None, None)) if placed else (None, None)
        total = places.floats.get(key) if placed else None
        reached_on = _end(reached)
        late = late_days(due=due, forecast=forecast, actual=reached_on, as_of=as_of) if due and one.scored else None
        late_original = late
        if original and original != due:
            late_original = late_days(due=original, forecast=forecast, actual=reached_on, as_of=as_of) if one.scored else None
        pushed = max(0, (finish - due.latest).days) if finish and due and one.scored and not reached else 0
        rows.append(
            ScheduleRow(
                key=key,
                code=one.code,
                kind=one.kind,
                name_ru=one.name_ru,
                name_en=one.name_en,
                factory=factory,
                original=original,
                due=due,
                forecast=forecast,
                actual=reached,
                start=start,
                finish=finish,
                total_float=total,
                critical=total is not None and total <= 0,
                late=late,
                late_original=late_original,
                pushed=pushed,
                waits_for=sorted(before.get(key, ())),
            )
        )
    return rows


def _window(told: Told | None) -> DateWindow | None:
    return told.window if told else None


def _end(window: DateWindow | None) -> date | None:
    return window.latest if window else None
