"""The dates of a plan: what its links, durations and actual dates give, what is expected, what pushes what, and why a date is late.

Dates are read as working time: work starts in the morning of its first day and is finished in the evening of its last one; a milestone
of duration 0 stands on the evening of its day, which is that of the day its predecessor is finished on. A day of rest counts as the
evening of the working day before it. Lags are working days of the calendar of what waits.

- Reached: finished on the actual date, whatever comes before it; begun on the day it was, else the duration before.
- In progress: what remains is the duration less the working days from its start to the data date; it goes on from the data date, and
  links still bind it (retained logic).
- Not started: starts no earlier than the data date. A duration that is not known counts as 0.
- Constraints bound starts and finishes; one that cannot hold gives negative float.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

import numpy as np

from cluster.domain.axes import Axes, Flags, Ints
from cluster.domain.calendars import WorkingDays
from cluster.domain.errors import DomainError
from cluster.domain.network import NEVER, LinkType, Network, Times


class Basis(StrEnum):
    """What a schedule rests on."""

    # Links, durations, actual starts and dates, constraints and the data date alone.
    LOGIC = "logic"
    # The same, and a person's forecast (where there is none, the due date) holds as "finished no earlier than".
    EXPECTED = "expected"


@dataclass(frozen=True, slots=True)
class Work:
    """What the schedule needs of a milestone; dates are the ends of windows, `calendar` the place in the list of calendars."""

    key: int
    code: str
    calendar: int
    duration: int | None
    started: date | None
    actual: date | None
    forecast: date | None
    due: date | None
    constraint: str
    constraint_on: date | None


@dataclass(frozen=True, slots=True)
class Wait:
    """A dependency: keys of two milestones, and a lag in working days (negative: a lead)."""

    key: int
    predecessor: int
    successor: int
    type: LinkType
    lag: int


@dataclass(frozen=True, slots=True)
class Placed:
    """One milestone in one basis: first and last working days, floats in working days of its own calendar.

    What is reached has no float and is not critical; its late dates are its own.
    """

    early_start: date
    early_finish: date
    late_start: date
    late_finish: date
    total_float: int
    free_float: int
    critical: bool


@dataclass(frozen=True, slots=True)
class Cause:
    """One step of the chain behind a late date, from the milestone asked about back to the root.

    `late` is how many calendar days after its due date the milestone is expected (or was reached). Of these `passed_on` make the one
    before it in the list late, `absorbed` were taken up by float on the way there; `own` are those that nothing before it explains.
    """

    key: int
    late: int
    passed_on: int
    absorbed: int
    own: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """Instants by milestone on the axis of its calendar: the earliest start, the latest finish, and what has happened."""

    earliest: Ints
    latest: Ints
    happened: Flags


_START_BOUNDS = ("SNET", "SNLT", "MSO")
_LOWER = ("SNET", "FNET", "MSO", "MFO")
_UPPER = ("SNLT", "FNLT", "MSO", "MFO")


class Schedule:
    """The network of a plan on a data date. Raises DomainError (CircularDependency with its members) for what is no network.

    `network` holds the milestones in their given order with what remains of their durations; `bounds` are those of a basis.
    """

    def __init__(self, works: Sequence[Work], waits: Sequence[Wait], calendars: Sequence[WorkingDays], *, data_date: date) -> None:
        self.works, self.waits, self.calendars, self.data_date = list(works), list(waits), list(calendars), data_date
        self._number = {work.key: n for n, work in enumerate(self.works)}
        self._calendar = np.array([work.calendar for work in self.works], dtype=np.int64)
        self._check()
        if self.works:
            self._read()

    def placed(self, basis: Basis) -> dict[int, Placed]:
        """By key, where each milestone stands."""
        if not self.works:
            return {}
        times, open_ = self._times[basis], ~self._happened
        first, last = self._first_and_last(basis)
        late_last = last.copy()
        moves = np.flatnonzero(open_ & (times.late_finish != times.early_finish))
        late_last[moves] = self._days(moves, times.late_finish[moves] - 1)
        # What has begun cannot start later, and it should have ended sooner where its float is negative.
        late_first = np.where(self._started, np.minimum(first, late_last), late_last)
        begins = np.flatnonzero(open_ & ~self._started & (times.late_finish > times.late_start))
        late_first[begins] = self._days(begins, times.late_start[begins])
        late_first = np.where(open_, late_first, first)
        days = [[date.fromordinal(day) for day in column.tolist()] for column in (first, last, late_first, late_last)]
        total, free = np.where(open_, times.total_float, 0), np.where(open_, times.free_float, 0)
        rows = zip(*days, total.tolist(), free.tolist(), (open_ & (total <= 0)).tolist(), strict=True)
        return {work.key: Placed(*row) for work, row in zip(self.works, rows, strict=True)}

    def spans(self, basis: Basis) -> dict[int, tuple[date, date]]:
        """By key, the first and the last working day of each milestone: the early ones of `placed`, at a fraction of its cost."""
        if not self.works:
            return {}
        first, last = ([date.fromordinal(day) for day in days.tolist()] for days in self._first_and_last(basis))
        return {work.key: (start, finish) for work, start, finish in zip(self.works, first, last, strict=True)}

    def floats(self) -> dict[int, int]:
        """By key, the total float by links, durations and the data date of what is not reached."""
        if not self.works:
            return {}
        floats = self._times[Basis.LOGIC].total_float.tolist()
        return {work.key: total for work, total in zip(self.works, floats, strict=True) if work.actual is None}

    def knock_on(self) -> dict[int, date]:
        """By key, the day to which what precedes a milestone pushes it.

        Only where that is after the data date and its own forecast (else its due date): what links no longer hold up is late by itself.
        """
        if not self.works:
            return {}
        start, _ = self._pushed
        finish = start + self.network.durations
        moved = np.flatnonzero(self._has_own & ~self._happened & (finish > np.maximum(self._own, self._ends(self.data_date))))
        days = self._days(moved, finish[moved] - 1)
        return {self.works[n].key: date.fromordinal(day) for n, day in zip(moved.tolist(), days.tolist(), strict=True)}

    def chain(self, key: int) -> Iterator[Cause]:
        """The milestones behind the expected date of one, back to the root, step by step; none when it is not late.

        Its pushing predecessor is the one that demands the latest date of it. It explains the days from its due date, or from what the
        predecessor would demand on its own due date where that is later, to that demand: the days that would not be lost without it.
        """
        n = self._number[key]
        passed_on = absorbed = 0
        while (late := self._lateness[n]) > 0:
            explained = self._explained[n]
            yield Cause(self.works[n].key, late, passed_on, absorbed, late - explained)
            if not explained:
                break
            n = self._pusher[n]
            passed_on, absorbed = explained, max(0, self._lateness[n] - explained)

    def work(self, key: int) -> Work:
        """What was given of a milestone."""
        return self.works[self._number[key]]

    def pushed_by(self, key: int) -> int | None:
        """The predecessor that demands the latest expected date of a milestone; None where nothing comes before it."""
        before = self._pusher[self._number[key]]
        return None if before < 0 else self.works[before].key

    def critical_path(self) -> list[int]:
        """Keys of the milestones that drive the end by links, durations and the data date, from the first to the last."""
        if not self.works:
            return []
        times = self._times[Basis.LOGIC]
        ends = self._days(np.arange(len(self.works)), times.early_finish - 1).tolist()
        # Of those that end together, one that nothing waits for.
        waited_for = {wait.predecessor for wait in self.waits}
        path = [max(range(len(ends)), key=lambda n: (ends[n], self.works[n].key not in waited_for, -n))]
        while (link := int(times.driver[path[-1]])) >= 0:
            path.append(self._number[self.waits[link].predecessor])
        return [self.works[n].key for n in reversed(path)]

    def bounds(self, basis: Basis) -> Bounds:
        """What dates say of the network's starts and finishes."""
        lower, upper = self._constraints
        today = self._ends(self.data_date) - self._remaining
        planned = np.maximum(np.where(self._remaining > 0, self._starts(self.data_date), today), today)
        if basis is Basis.EXPECTED:
            planned = np.where(self._has_own, np.maximum(self._own - self._remaining, today), planned)
        earliest = np.where(self._happened, self._done - self._remaining, np.maximum(planned, lower))
        return Bounds(earliest, upper, self._happened)

    def _check(self) -> None:
        for work in self.works:
            if work.duration is not None and work.duration < 0:
                raise DomainError("{name}: a duration is not negative.", field="duration_days", code="negative", name=work.code)
        for wait in self.waits:
            if wait.predecessor not in self._number or wait.successor not in self._number:
                raise DomainError("A link names a milestone that is not there.", field="predecessor", code="choice")

    def _read(self) -> None:
        """Dates become instants; what remains of each duration; the network."""
        works = self.works
        duration = np.array([work.duration or 0 for work in works], dtype=np.int64)
        self._happened = np.array([work.actual is not None for work in works], dtype=bool)
        started = np.array([work.started is not None and work.started <= self.data_date for work in works], dtype=bool)
        self._begun_on = np.where(started, _ordinals([work.started for work in works]), 0)
        self._done_on = _ordinals([work.actual for work in works])
        self._own_on = _ordinals([work.forecast or work.due for work in works])
        begun = self._instants(self._begun_on, start=True)
        self._done = self._instants(self._done_on)
        self._has_own = self._own_on > 0
        self._own = self._instants(self._own_on)
        worked = self._starts(self.data_date) - begun
        remaining = np.where(started, np.maximum(duration - worked, 0), duration)
        known = started & self._happened
        remaining = np.where(known, np.maximum(self._done - begun, 0), remaining)
        self._remaining, self._started = remaining, started
        number = self._number
        pairs = np.array([(number[w.predecessor], number[w.successor], w.lag) for w in self.waits], dtype=np.int64).reshape(-1, 3)
        self.network = Network.of_arrays(
            remaining,
            pairs[:, 0],
            pairs[:, 1],
            pairs[:, 2],
            np.array([w.type in (LinkType.FS, LinkType.FF) for w in self.waits], dtype=bool),
            np.array([w.type in (LinkType.FF, LinkType.SF) for w in self.waits], dtype=bool),
            names=[work.code for work in works],
            axes=Axes([calendar.days for calendar in self.calendars], self._calendar),
        )

    @cached_property
    def _constraints(self) -> tuple[Ints, Ints]:
        """The earliest starts and the latest finishes that constraints allow. What has begun needs none on its start."""
        kinds = np.array([work.constraint for work in self.works])
        of_start = np.isin(kinds, _START_BOUNDS)
        kinds[of_start & self._started] = ""
        dates = _ordinals([work.constraint_on for work in self.works])
        start, end = self._instants(dates, start=True), self._instants(dates)
        # A mere date starts and ends in the evening of its day.
        on_start = of_start & (self._remaining > 0)
        lower = np.where(on_start, start, end - self._remaining)
        upper = np.where(on_start, end - 1 + self._remaining, end)
        return np.where(np.isin(kinds, _LOWER), lower, -NEVER), np.where(np.isin(kinds, _UPPER), upper, NEVER)

    @cached_property
    def _times(self) -> Mapping[Basis, Times]:
        return _Lazily(self)

    @cached_property
    def _pushed(self) -> tuple[Ints, Ints]:
        return self._times[Basis.EXPECTED].pushed

    @cached_property
    def _due_on(self) -> Ints:
        return _ordinals([work.due for work in self.works])

    @cached_property
    def _lateness(self) -> list[int]:
        """By milestone, calendar days from its due date to the day that is expected; 0 without a due date."""
        promised, late = np.flatnonzero(self._due_on), np.zeros(len(self.works), dtype=np.int64)
        late[promised] = np.maximum(0, self._last(Basis.EXPECTED, promised) - self._due_on[promised])
        days: list[int] = late.tolist()
        return days

    @cached_property
    def _pusher(self) -> list[int]:
        """By milestone, the number of the predecessor that demands the latest date of it; -1 where nothing comes before it."""
        before = np.array([*(self._number[wait.predecessor] for wait in self.waits), -1], dtype=np.int64)
        numbers: list[int] = before[self._pushed[1]].tolist()
        return numbers

    @cached_property
    def _explained(self) -> list[int]:
        """By milestone, calendar days of its lateness that the lateness of its pusher makes; 0 where either is in time."""
        late, before, links = np.array(self._lateness), np.array(self._pusher), self._pushed[1]
        explained = np.zeros(len(late), dtype=np.int64)
        which = np.flatnonzero((late > 0) & (before >= 0) & (late[before] > 0))
        due, duration = self._due_on[which], self.network.durations[which]
        in_time = self._instants(self._due_on)[before[which]]
        planned, demanded = (
            self._days_within(which, starts + duration - 1)
            for starts in (self.network.demanded(links[which], in_time), self._pushed[0][which])
        )
        explained[which] = np.clip(demanded - np.maximum(due, planned), 0, late[which])
        days: list[int] = explained.tolist()
        return days

    def _days_within(self, which: Ints, instants: Ints) -> Ints:
        """The same as `_days`, with the first or the last day of the years for instants outside of them."""
        lengths = np.array([len(calendar.days) for calendar in self.calendars])[self._calendar[which]]
        return self._days(which, np.clip(instants, 0, lengths - 1))

    def _first_and_last(self, basis: Basis) -> tuple[Ints, Ints]:
        """By milestone the numbers of its first and last working days."""
        times = self._times[basis]
        last = self._last(basis, np.arange(len(self.works)))
        first = np.where(self._started, self._begun_on, last)
        begins = np.flatnonzero(~self._started & (times.early_finish > times.early_start))
        first[begins] = self._days(begins, times.early_start[begins])
        return first, last

    def _last(self, basis: Basis, which: Ints) -> Ints:
        """The numbers of the days on which these milestones are finished: where a date that holds one lies on a day of rest, that day."""
        finish, held = self._times[basis].early_finish[which], self._happened[which]
        last = self._done_on[which]
        last[~held] = self._days(which[~held], finish[~held] - 1)
        working = last
        holding = [(np.full(len(which), self.data_date.toordinal()), self._ends(self.data_date)[which])]
        if basis is Basis.EXPECTED:
            holding.append((self._own_on[which], self._own[which]))
        for on, end in holding:
            last = np.where(~held & (on > working) & (end == finish), np.maximum(last, on), last)
        return last

    def _days(self, which: Ints, instants: Ints) -> Ints:
        """The numbers of the working days that start at instants, each on the axis of one of these milestones."""
        found, followed = np.zeros(len(which), dtype=np.int64), self._calendar[which]
        for number, calendar in enumerate(self.calendars):
            here = np.flatnonzero(followed == number)
            outside = (instants[here] < 0) | (instants[here] >= len(calendar.days))
            if outside.any():
                raise self._beyond(int(which[here[outside]][0]))
            found[here] = calendar.days[instants[here]]
        return found

    def _beyond(self, n: int) -> DomainError:
        return DomainError(
            "The dates of {name} leave the years 1990 to 2100: check its duration and its links.",
            code="date_range",
            name=self.works[n].code,
        )

    def _instants(self, ordinals: Ints, *, start: bool = False) -> Ints:
        """By milestone the instant of its day, in the morning or in the evening; 0 without one."""
        found = np.zeros(len(ordinals), dtype=np.int64)
        for number, calendar in enumerate(self.calendars):
            here = (self._calendar == number) & (ordinals > 0)
            found[here] = calendar.start(ordinals[here]) if start else calendar.end(ordinals[here])
        return found

    def _starts(self, on: date) -> Ints:
        """The morning of one day by milestone."""
        day = np.array([on.toordinal()])
        return np.array([calendar.start(day)[0] for calendar in self.calendars])[self._calendar]

    def _ends(self, on: date) -> Ints:
        """The evening of one day by milestone."""
        day = np.array([on.toordinal()])
        return np.array([calendar.end(day)[0] for calendar in self.calendars])[self._calendar]


def _ordinals(dates: Sequence[date | None]) -> Ints:
    """The numbers of days; 0 without one."""
    return np.array([on.toordinal() if on else 0 for on in dates], dtype=np.int64)


class _Lazily(dict[Basis, Times]):
    """The passes of a schedule by basis, each made when it is first asked for."""

    def __init__(self, schedule: Schedule) -> None:
        super().__init__()
        self._schedule = schedule

    def __missing__(self, basis: Basis) -> Times:
        bounds = self._schedule.bounds(basis)
        self[basis] = self._schedule.network.times(earliest=bounds.earliest, latest=bounds.latest, happened=bounds.happened)
        return self[basis]
