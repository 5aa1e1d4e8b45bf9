"""What a board report tells of a contract as of a day: the same for everybody and at any time later.

It is read as one who sees this contract as a whole and nothing else. What is wrong is found by the rules from what had been announced by
the day, today as well; who took note, and what was flagged beside milestones, by the events that had been recorded by its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from cluster.domain.access import Grant, Role, Scope
from cluster.domain.outlook import Total, total_of
from cluster.models import Baseline, BoardReport, Contract, DelayEvent, ExchangeRate, Milestone, MilestoneKind, Source, User
from cluster.models.scope import Reader, scope_of
from cluster.queries.contracts import Overview, overview
from cluster.queries.delay_board import DelayBoard, Delayed, delay_board, worst_first
from cluster.queries.flag_kinds import Measure, flag_rules, subjects_of
from cluster.queries.milestones import DatedMilestone, with_dates
from cluster.queries.money import Money, money_in
from cluster.queries.rates import RateStatus, rate_status
from cluster.queries.record import Record, record
from cluster.queries.schedule_board import ScheduleBoard, schedule_board
from cluster.queries.slips import Slip, slip_ledger
from cluster.queries.trend import TrendLine, trend_lines

_STILL_OPEN = (DelayEvent.Kind.OPENED, DelayEvent.Kind.WORSE, DelayEvent.Kind.BETTER)


@dataclass(frozen=True, slots=True)
class Flagged:
    """Something wrong that is not a date of a milestone, as last recorded: what it is about, of which kind, by how much."""

    event: DelayEvent
    name: str
    label: Any
    measure: str


@dataclass(frozen=True, slots=True)
class Before:
    """Where the contract stood at the end of the month before."""

    on: date
    milestones: dict[int, DatedMilestone]
    total: Total
    rate: ExchangeRate | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the chapters tell of; each may read more for its own, as `reader`."""

    contract: Contract
    as_of: date
    reader: Reader
    state: Overview
    money: Money
    total: Total
    rate: RateStatus
    before: Before
    delays: DelayBoard
    late: list[Delayed]
    notes: dict[int, DelayEvent]
    flagged: list[Flagged]
    schedule: ScheduleBoard
    slips: list[Slip]
    trend: list[TrendLine]
    baselines: list[date]
    record: Record
    sources: list[Source]

    @property
    def milestones(self) -> list[DatedMilestone]:
        """All milestones as known on the day."""
        return self.state.milestones


def facts_of(contract: Contract, *, as_of: date) -> Facts:
    """The facts of a contract: at most fifty statements, however many milestones, lines and entries there are."""
    reader = reader_of_the_whole(contract)
    state = overview(reader=reader, contract_code=contract.code, as_of=as_of)
    factories = [row.factory for row in state.rows]
    money = money_in(reader=reader, contract=contract, factories=factories, commitment=state.commitment, as_of=as_of)
    since = as_of.replace(day=1) - timedelta(days=1)
    past = money_in(reader=reader, contract=contract, factories=factories, as_of=since)
    then = with_dates(Milestone.objects.for_reader(reader).filter(contract=contract), as_of=since)
    # By the rules, also for the day on which it is made: the flags as they stand change with every look of the nightly job.
    delays = delay_board(reader=reader, contract_code=contract.code, as_of=as_of, today=as_of + timedelta(days=1))
    notes, flagged = _events(contract, as_of)
    lasting = [one for one in delays.subjects if any(row.is_open for row in one.rows)]
    found = record(reader=reader, contract_code=contract.code, as_of=as_of)
    baselines = Baseline.objects.filter(contract=contract, in_force_from__lte=as_of).order_by("in_force_from", "id")
    openings = [one for one in state.milestones if one.milestone.kind == MilestoneKind.OPENING]
    return Facts(
        contract=contract,
        as_of=as_of,
        reader=reader,
        state=state,
        money=money,
        total=total_of(money.cells),
        rate=rate_status(as_of),
        before=Before(since, {one.milestone.pk: one for one in then}, total_of(past.cells), past.reporting),
        delays=delays,
        late=sorted(lasting, key=lambda one: worst_first(one, as_of)),
        notes=notes,
        flagged=flagged,
        schedule=schedule_board(reader=reader, contract_code=contract.code, as_of=as_of),
        slips=[slip for slip in slip_ledger(reader=reader, contract_code=contract.code, as_of=as_of).rows if slip.on > since],
        trend=trend_lines(openings, as_of=as_of),
        baselines=[on for on in baselines.values_list("in_force_from", flat=True) if on],
        record=found,
        # Of all that was ever published, what figures or the plan of this contract rest on.
        sources=[source for source in found.sources if getattr(source, "claims", 0) or source.contract_id == contract.pk],
    )


def reader_of_the_whole(contract: Contract) -> User:
    """Nobody: one who sees this contract as a whole and nothing else, so that a report is the same whoever asks for it."""
    nobody = User(username="")
    nobody.__dict__["scope"] = Scope((Grant(Role.CONTROLLER, contract.pk),))
    return nobody


def may_read(reader: Reader, contract: Contract) -> bool:
    """Whether reports of the contract are for `reader`: they tell of all of it."""
    scope = scope_of(reader)
    return scope.sees_everything or contract.pk in scope.contracts


def reports_of(reader: Reader, contract: Contract) -> QuerySet[BoardReport]:
    """The reports of a contract that are kept, the newest first."""
    return BoardReport.objects.for_reader(reader).filter(contract=contract).select_related("made_by", "contract").order_by("-as_of", "-id")


def _events(contract: Contract, as_of: date) -> tuple[dict[int, DelayEvent], list[Flagged]]:
    """By milestone, that somebody took note until the day or later; and what was open beside the milestones: two statements and theirs."""
    end = timezone.make_aware(datetime.combine(as_of + timedelta(days=1), time.min))
    events = DelayEvent.objects.filter(flag__contract=contract, recorded_at__lt=end)
    noted = events.filter(kind=DelayEvent.Kind.ACKNOWLEDGED, until__gte=as_of, flag__milestone__isnull=False)
    notes = {event.flag.milestone_id: event for event in noted.select_related("flag").order_by("recorded_at", "id")}
    other = events.filter(flag__milestone=None).exclude(kind=DelayEvent.Kind.ACKNOWLEDGED).select_related("flag__factory", "flag__contract")
    newest = other.order_by("flag_id", "-recorded_at", "-id").distinct("flag_id")
    return {key: event for key, event in notes.items() if key}, _flagged([one for one in newest if one.kind in _STILL_OPEN])


def _flagged(events: Sequence[DelayEvent]) -> list[Flagged]:
    subjects = subjects_of([event.flag for event in events])
    found = []
    for event in events:
        rule, subject = flag_rules().get(event.flag.kind), subjects.get(event.flag.pk)
        if rule is not None and subject is not None:
            found.append(Flagged(event, str(subject), rule.label, Measure(rule.measure).value))
    return sorted(found, key=lambda one: (-(one.event.amount or 0), one.name, one.event.flag_id))
