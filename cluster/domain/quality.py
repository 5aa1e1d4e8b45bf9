"""How sound a schedule is: the checks of the DCMA 14-point assessment that apply to milestones, each with what fails it.

Source: Defense Contract Management Agency, DCMA-EA PAM 200.1 (October 2012), section 4. Check 10 (resources) does not apply: milestones
carry none. "No duration" is a check of our own: what has none counts as 0 days in every figure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

import numpy as np

from cluster.domain.errors import DomainError
from cluster.domain.network import LinkType
from cluster.domain.schedule import Basis, Placed, Schedule, Wait, Work

# Working days: two months, beyond which a float or a duration hides something.
LONG = 44
# Working days by which the critical path test lengthens a milestone.
STRETCH = 600
HARD = ("SNLT", "FNLT", "MSO", "MFO")
_INDEX = Decimal("0.95")


class Rule(StrEnum):
    """What is checked."""

    LOGIC = "logic"
    LEADS = "leads"
    LAGS = "lags"
    TYPES = "types"
    CONSTRAINTS = "constraints"
    HIGH_FLOAT = "high_float"
    NEGATIVE_FLOAT = "negative_float"
    HIGH_DURATION = "high_duration"
    INVALID_DATES = "invalid_dates"
    MISSED = "missed"
    PATH_TEST = "path_test"
    CPLI = "cpli"
    BEI = "bei"
    NO_DURATION = "no_duration"

    @property
    def number(self) -> int | None:
        """Its number in the assessment; None for our own."""
        return _NUMBERS.get(self)


_NUMBERS: dict[Rule, int] = {rule: n if n < 10 else n + 1 for n, rule in enumerate(Rule, start=1) if rule is not Rule.NO_DURATION}


@dataclass(frozen=True, slots=True)
class Fault:
    """What fails a check: a milestone, `other` the one that it waits for where a link is meant, `days` how far, `what` in which way.

    `what` is predecessor or successor (that is missing), a link type, a constraint, forecast or actual; else empty.
    """

    key: int
    other: int | None = None
    days: int | None = None
    what: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one rule. `count` of `relevant` fail it (for types: are finish to start; for BEI: reached, of those due).

    `value` is their share in per cent, or an index, or the working days by which the end moved; None with `passed` None: there was
    nothing to check. `at_least` tells whether `threshold` is the least or the most that passes.
    """

    rule: Rule
    value: Decimal | None
    threshold: Decimal
    passed: bool | None
    count: int
    relevant: int
    faults: tuple[Fault, ...] = ()
    at_least: bool = False

    @property
    def is_share(self) -> bool:
        """Whether the value is in per cent."""
        return self.rule not in (Rule.PATH_TEST, Rule.CPLI, Rule.BEI)


def checks(schedule: Schedule) -> list[Check]:
    """Every check, in the order of the rules. Raises DomainError where there is no milestone."""
    if not schedule.works:
        raise DomainError("There is no milestone to schedule.", code="empty")
    open_works = [work for work in schedule.works if work.actual is None]
    still_open = {work.key for work in open_works}
    waits = [wait for wait in schedule.waits if wait.successor in still_open]
    placed = schedule.placed(Basis.LOGIC)
    return [
        _share(Rule.LOGIC, _loose_ends(open_works, schedule.waits), open_works, 5),
        _share(Rule.LEADS, [_of(wait) for wait in waits if wait.lag < 0], waits, 0),
        _share(Rule.LAGS, [_of(wait) for wait in waits if wait.lag > 0], waits, 5),
        _types(waits),
        _share(Rule.CONSTRAINTS, [Fault(work.key, what=work.constraint) for work in open_works if work.constraint in HARD], open_works, 5),
        _share(Rule.HIGH_FLOAT, _floats(open_works, placed, LONG + 1, None), open_works, 5),
        _share(Rule.NEGATIVE_FLOAT, _floats(open_works, placed, None, -1), open_works, 0),
        _share(
            Rule.HIGH_DURATION,
            [Fault(work.key, days=work.duration) for work in open_works if work.duration is not None and work.duration > LONG],
            open_works,
            5,
        ),
        _share(Rule.INVALID_DATES, list(_invalid(schedule)), schedule.works, 0),
        _missed(schedule),
        _path_test(schedule, placed),
        _cpli(schedule, placed),
        _bei(schedule),
        _share(Rule.NO_DURATION, [Fault(work.key) for work in open_works if work.duration is None], open_works, 0),
    ]


def _share(rule: Rule, faults: Sequence[Fault], relevant: Sequence[Work] | Sequence[Wait], most: int) -> Check:
    """A check that passes while no more than `most` per cent fail it. A milestone that fails it twice counts once."""
    count = len({(fault.key, fault.other) for fault in faults})
    value = _percent(count, len(relevant))
    return Check(rule, value, Decimal(most), None if value is None else value <= most, count, len(relevant), tuple(faults))


def _percent(count: int, relevant: int) -> Decimal | None:
    return Decimal(count * 100) / relevant if relevant else None


def _of(wait: Wait) -> Fault:
    return Fault(wait.successor, wait.predecessor, wait.lag, wait.type.name)


def _loose_ends(works: Iterable[Work], waits: Iterable[Wait]) -> list[Fault]:
    wait_for, waited_for = set(), set()
    for wait in waits:
        wait_for.add(wait.successor)
        waited_for.add(wait.predecessor)
    return [
        Fault(work.key, what=what)
        for work in works
        for what, linked in (("predecessor", wait_for), ("successor", waited_for))
        if work.key not in linked
    ]


def _types(waits: Sequence[Wait]) -> Check:
    others = [_of(wait) for wait in waits if wait.type is not LinkType.FS]
    count = len(waits) - len(others)
    value = _percent(count, len(waits))
    return Check(Rule.TYPES, value, Decimal(90), None if value is None else value >= 90, count, len(waits), tuple(others), at_least=True)


def _floats(works: Iterable[Work], placed: dict[int, Placed], least: int | None, most: int | None) -> list[Fault]:
    found = ((work.key, placed[work.key].total_float) for work in works)
    return [Fault(key, days=days) for key, days in found if (least is None or days >= least) and (most is None or days <= most)]


def _invalid(schedule: Schedule) -> Iterable[Fault]:
    """Forecasts of what is not reached that lie before the data date, and actual dates after it; days are calendar days."""
    for work in schedule.works:
        if work.actual is not None:
            if work.actual > schedule.data_date:
                yield Fault(work.key, days=(work.actual - schedule.data_date).days, what="actual")
        elif work.forecast is not None and work.forecast < schedule.data_date:
            yield Fault(work.key, days=(schedule.data_date - work.forecast).days, what="forecast")


def _due(schedule: Schedule) -> list[tuple[Work, date]]:
    """The milestones that were due by the data date."""
    return [(work, work.due) for work in schedule.works if work.due is not None and work.due <= schedule.data_date]


def _missed(schedule: Schedule) -> Check:
    """Due by the data date, and reached late or not at all; days are calendar days late."""
    due = _due(schedule)
    faults = [
        Fault(work.key, days=((work.actual or schedule.data_date) - on).days) for work, on in due if work.actual is None or work.actual > on
    ]
    return _share(Rule.MISSED, faults, [work for work, _on in due], 5)


def _path_test(schedule: Schedule, placed: dict[int, Placed]) -> Check:
    """Lengthen the first milestone of the critical path whose finish drives the next one: the last one has to move."""
    path = [key for key in schedule.critical_path() if schedule.work(key).actual is None]
    if not path:
        return Check(Rule.PATH_TEST, None, Decimal(1), None, 0, 0, at_least=True)
    by_finish = {(wait.predecessor, wait.successor) for wait in schedule.waits if wait.type in (LinkType.FS, LinkType.FF)}
    last = path[-1]
    first = next((key for key, following in pairwise(path) if (key, following) in by_finish), last)
    works = [replace(work, duration=(work.duration or 0) + STRETCH) if work.key == first else work for work in schedule.works]
    stretched = Schedule(works, schedule.waits, schedule.calendars, data_date=schedule.data_date).placed(Basis.LOGIC)
    moved = _working_days(schedule, last, placed[last].early_finish, stretched[last].early_finish)
    passed = moved > 0
    return Check(
        Rule.PATH_TEST, Decimal(moved), Decimal(1), passed, 0 if passed else 1, 1, () if passed else (Fault(first, last),), at_least=True
    )


def _cpli(schedule: Schedule, placed: dict[int, Placed]) -> Check:
    """(CPL + TF) / CPL: the critical path's length from the data date, and its float to the due date of the end, in working days."""
    end = schedule.critical_path()[-1]
    work, finish = schedule.work(end), placed[end].early_finish
    length = _working_days(schedule, end, schedule.data_date, finish)
    if work.due is None or work.actual is not None or length <= 0:
        return Check(Rule.CPLI, None, _INDEX, None, 0, 0, at_least=True)
    spare = _working_days(schedule, end, finish, work.due)
    value = Decimal(length + spare) / length
    passed = value >= _INDEX
    return Check(Rule.CPLI, value, _INDEX, passed, 0 if passed else 1, 1, () if passed else (Fault(end, days=spare),), at_least=True)


def _bei(schedule: Schedule) -> Check:
    """Milestones with a due date that are reached, for each that was due by the data date. Those that were not reached fail it."""
    due = _due(schedule)
    if not due:
        return Check(Rule.BEI, None, _INDEX, None, 0, 0, at_least=True)
    reached = sum(work.due is not None and work.actual is not None and work.actual <= schedule.data_date for work in schedule.works)
    value = Decimal(reached) / len(due)
    open_due = tuple(Fault(work.key, days=(schedule.data_date - on).days) for work, on in due if work.actual is None)
    passed = value >= _INDEX
    return Check(Rule.BEI, value, _INDEX, passed, reached, len(due), () if passed else open_due, at_least=True)


def _working_days(schedule: Schedule, key: int, first: date, last: date) -> int:
    """Working days of a milestone's calendar from the evening of `first` to that of `last`; negative where it lies before."""
    calendar = schedule.calendars[schedule.work(key).calendar]
    start, end = calendar.end(np.array([first.toordinal(), last.toordinal()]))
    return int(end - start)
