"""The schedule as pages show it: the milestones that a reader may see, where each is placed, what is critical, what waits for what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from cluster.domain.schedule import Basis, Placed, Wait
from cluster.models import Contract
from cluster.models.scope import Reader, scope_of
from cluster.queries.contracts import contract_for, is_partial
from cluster.queries.milestones import DatedMilestone
from cluster.queries.schedule import ContractSchedule, schedule_of


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """One milestone: the work before it from `start` to `finish`, the day on which it was reached or is expected.

    Both are None where nothing says when: no date, no duration, no link. `total_float` (working days) and `critical` rest on links and
    durations alone; what is reached has no float. `waits_for` are codes.
    """

    dated: DatedMilestone
    start: date | None
    finish: date | None
    total_float: int | None
    critical: bool
    waits_for: list[str] = field(default_factory=list)

    @property
    def factory_code(self) -> str:
        """The factory's code; empty for the contract as a whole."""
        factory = self.dated.milestone.factory
        return factory.code if factory else ""

    @property
    def pushed_days(self) -> int:
        """Calendar days after the due date by what the schedule expects; 0 for what is reached, not judged or without a due date."""
        if self.finish is None or self.dated.due is None or self.dated.is_reached or not self.dated.milestone.scored:
            return 0
        return max(0, (self.finish - self.dated.due.window.latest).days)


@dataclass(frozen=True, slots=True)
class ScheduleBoard:
    """What one reader sees of a schedule, in the order of contract and factory.

    `waits` have at least one end among the rows. `path` holds the keys of the critical path, those of others included: links between
    neighbours of it are critical.
    """

    contract: Contract
    as_of: date
    rows: list[ScheduleRow]
    waits: list[Wait]
    path: list[int]

    @property
    def driving(self) -> set[tuple[int, int]]:
        """The pairs of milestones that follow each other on the critical path."""
        return set(zip(self.path, self.path[1:], strict=False))


def schedule_board(*, reader: Reader, contract_code: str, as_of: date) -> ScheduleBoard:
    """The schedule of a contract as `reader` may see it: five statements, whatever its size."""
    return board_of(schedule_of(contract_for(reader, contract_code), as_of=as_of), reader)


def board_of(found: ContractSchedule, reader: Reader) -> ScheduleBoard:
    """What `reader` may see of a schedule; of milestones of other factories only the codes that others wait for."""
    partial, own = is_partial(reader, found.contract), scope_of(reader).factories
    placed = {basis: found.schedule.placed(basis) for basis in Basis}
    before: dict[int, list[str]] = {}
    for wait in found.waits:
        before.setdefault(wait.successor, []).append(found.by_key[wait.predecessor].milestone.code)
    linked = {key for wait in found.waits for key in (wait.predecessor, wait.successor)}
    rows = [
        _row(dated, placed, before.get(dated.milestone.pk, []), linked=dated.milestone.pk in linked)
        for dated in found.milestones
        if not partial or dated.milestone.factory_id in own
    ]
    shown = {row.dated.milestone.pk for row in rows}
    waits = [wait for wait in found.waits if wait.predecessor in shown or wait.successor in shown]
    return ScheduleBoard(found.contract, found.as_of, rows, waits, found.schedule.critical_path())


def _row(dated: DatedMilestone, placed: Mapping[Basis, Mapping[int, Placed]], waits_for: list[str], *, linked: bool) -> ScheduleRow:
    milestone = dated.milestone
    if not (linked or milestone.duration_days or milestone.started_on or dated.actual or dated.forecast or dated.due):
        return ScheduleRow(dated, None, None, None, critical=False)
    logic, expected = placed[Basis.LOGIC][milestone.pk], placed[Basis.EXPECTED][milestone.pk]
    total = None if dated.is_reached else logic.total_float
    return ScheduleRow(dated, expected.early_start, expected.early_finish, total, logic.critical, sorted(waits_for))
