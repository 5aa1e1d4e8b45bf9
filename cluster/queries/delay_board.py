"""The page of delays: stored flags today, and what the rules find for a past day; the flags of one subject tell one story."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db.models import Count

from cluster.domain.delays import FlagKind, Severity
from cluster.domain.errors import DomainError, NotFound
from cluster.domain.schedule import Basis, Schedule
from cluster.models import BaselineMilestone, Contract, DelayEvent, DelayFlag, Factory, ForecastRevision, Milestone, SlipReason
from cluster.models.scope import Reader
from cluster.queries.causes import LateBecause, causes_of, seen
from cluster.queries.contracts import contract_for
from cluster.queries.delays import Late, found_late
from cluster.queries.flag_kinds import Measure, flag_rules, subjects_of
from cluster.queries.milestones import DatedMilestone, with_dates
from cluster.queries.schedule import schedule_of, standing_schedule
from cluster.queries.together import together

_GRAVITY = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class DelayRow:
    """One thing that is wrong: of which kind, since when, by how many days or, where its kind is not measured in days, by which `amount`.

    `flag` is the stored one; a past day has none.
    """

    kind: str
    severity: Severity
    since: date
    days: int
    closed_on: date | None
    amount: Decimal | None = None
    flag: DelayFlag | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still lasts; what was completed late is closed."""
        return self.closed_on is None

    @property
    def measure(self) -> str:
        """In what it is measured: `days`, `roubles`, `units`."""
        rule = flag_rules().get(self.kind)
        return (rule.measure if rule else Measure.DAYS).value

    @property
    def unit(self) -> str:
        """What its amount counts, where that is units."""
        rule = flag_rules().get(self.kind)
        return rule.unit if rule else ""

    def is_noted(self, today: date) -> bool:
        """Whether somebody took note of it until a day that has not passed."""
        return self.flag is not None and self.flag.is_acknowledged(today)


@dataclass(frozen=True, slots=True)
class Delayed:
    """What is late or otherwise wrong, with all that is wrong with it, the gravest first: one story, not several.

    A milestone is `dated`, with the first `promise` of it, how often its forecast `moved`, and, while it is late by the schedule, its
    `cause`. `subject` names what is neither a milestone nor a factory; `page` is the name of the address on which it is read.
    """

    rows: list[DelayRow]
    factory: Factory | None
    dated: DatedMilestone | None = None
    promise: BaselineMilestone | None = None
    moved: int = 0
    cause: LateBecause | None = None
    subject: str = ""
    page: str = ""

    @property
    def factory_code(self) -> str:
        """The factory's code; empty for what is about the contract as a whole."""
        return self.factory.code if self.factory else ""

    @property
    def code(self) -> str:
        """The milestone's code, else the factory's."""
        return self.dated.milestone.code if self.dated else self.factory_code

    @property
    def name(self) -> str:
        """What it is called."""
        named = self.dated.milestone if self.dated else self.factory
        return self.subject or (str(named.name) if named else "")

    @property
    def worst(self) -> DelayRow:
        """What it is known by in a list."""
        return self.rows[0]

    def only(self, fits: Callable[[DelayRow], bool]) -> "Delayed | None":
        """The same with the rows that fit; None where none does."""
        rows = [row for row in self.rows if fits(row)]
        return replace(self, rows=rows) if rows else None


@dataclass(frozen=True, slots=True)
class DelayBoard:
    """Everything that is wrong as far as a reader may see it, as of a day, by subject.

    Of a plan that cannot be placed `problem` says why: nothing is known then of what its links make late.
    """

    contract: Contract
    as_of: date
    subjects: list[Delayed]
    computed: bool
    problem: DomainError | None


def delay_board(*, reader: Reader, contract_code: str, as_of: date, today: date) -> DelayBoard:
    """What is wrong in a contract, by subject: thirteen statements, and one for each type of subject beside milestones and factories.

    A past day is computed from the dates announced by then and never stored: kinds that judge something else are told of today alone.
    """
    contract = contract_for(reader, contract_code)
    others: list[Delayed] = []
    schedule: Schedule | None = None
    problem: DomainError | None = None
    if as_of < today:
        try:
            plan = schedule_of(contract, as_of=as_of)
            schedule, milestones = _reckoned(plan.schedule), [m for m in plan.milestones if seen(reader, m.milestone)]
        except DomainError as error:
            problem, milestones = error, with_dates(Milestone.objects.for_reader(reader).filter(contract=contract), as_of=as_of)
        late = _computed(found_late(milestones, contract, as_of=as_of, pushed=schedule.knock_on() if schedule else {}))
    else:
        late, others = _stored(reader, contract, as_of)
        try:
            schedule = _reckoned(standing_schedule(contract.pk, as_of=as_of))
        except DomainError as error:
            problem = error
        milestones = with_dates(Milestone.objects.for_reader(reader).filter(pk__in=late), as_of=as_of)
    told = [one for one in milestones if one.milestone.pk in late]
    promises, moves = _promises_and_moves(late, as_of)
    lasting = [one.milestone.pk for one in told if not one.is_reached]
    causes = causes_of(lasting, schedule, reader=reader, as_of=as_of, known=milestones) if schedule else {}
    for dated in told:
        key = dated.milestone.pk
        rows = sorted(late[key], key=_gravest_first)
        others.append(Delayed(rows, dated.milestone.factory, dated, promises.get(key), moves.get(key, 0), causes.get(key)))
    return DelayBoard(contract, as_of, others, computed=as_of < today, problem=problem)


def _reckoned(schedule: Schedule) -> Schedule:
    """The same schedule; DomainError where its plan cannot be placed, which only what was written past the rules can be."""
    schedule.spans(Basis.EXPECTED)
    schedule.knock_on()
    return schedule


def worst_first(subject: Delayed, today: date) -> tuple[bool, int, bool, int, str]:
    """The order of a list of subjects: those that somebody took note of come last, among the others the gravest and longest first.

    Of the same gravity milestones stand before the rest, whose days are not days late.
    """
    worst = subject.worst
    noted = all(row.is_noted(today) for row in subject.rows)
    return noted, -_GRAVITY[worst.severity], subject.dated is None, -worst.days, subject.code


def flag_for(reader: Reader, *, contract_code: str, flag_id: int) -> DelayFlag:
    """One stored flag with what it belongs to, or NotFound when it is not there for this reader."""
    flags = DelayFlag.objects.for_reader(reader).select_related("contract", "factory", "milestone__factory", "acknowledged_by")
    flag = flags.filter(pk=flag_id, contract__code=contract_code).first()
    if flag is None:
        raise NotFound("There is no such delay.")
    return flag


def life_of(flag: DelayFlag) -> list[DelayEvent]:
    """What happened to a flag (the caller may read it), the oldest first: one statement."""
    return list(flag.events.select_related("by").order_by("recorded_at", "id"))


def _promises_and_moves(milestones: Collection[int], as_of: date) -> tuple[dict[int, BaselineMilestone], dict[int, int]]:
    """By milestone the first promise of it, and how often its forecast moved, as announced by the day: one statement."""
    promises = BaselineMilestone.objects.filter(milestone__in=milestones, baseline__in_force_from__lte=as_of).announced_by(as_of)
    first = promises.select_related("source").order_by("milestone_id", "baseline__in_force_from", "id").distinct("milestone_id")
    revisions = ForecastRevision.objects.filter(milestone__in=milestones).exclude(reason=SlipReason.CONFIRMED).announced_by(as_of)
    promised, moved = together(first, revisions.order_by().values_list("milestone").annotate(Count("pk")))
    return {promise.milestone_id: promise for promise in promised}, dict(moved)


def _gravest_first(row: DelayRow) -> tuple[bool, int, int, str]:
    return not row.is_open, -_GRAVITY[row.severity], -row.days, row.kind


def _stored(reader: Reader, contract: Contract, as_of: date) -> tuple[dict[int, list[DelayRow]], list[Delayed]]:
    """The flags that were not withdrawn: by milestone, and what is about something else."""
    flags = DelayFlag.objects.for_reader(reader).filter(contract=contract, withdrawn_on__isnull=True)
    late: dict[int, list[DelayRow]] = {}
    others: dict[tuple[str, int], list[DelayRow]] = {}
    for flag in flags.select_related("factory", "acknowledged_by"):
        row = DelayRow(flag.kind, Severity(flag.severity), flag.since, flag.days_on(as_of), flag.closed_on, flag.amount, flag)
        if flag.milestone_id is not None:
            late.setdefault(flag.milestone_id, []).append(row)
        else:
            rule = flag_rules().get(flag.kind)
            others.setdefault((rule.subject.__name__ if rule else flag.kind, flag.subject_id), []).append(row)
    return late, list(_beside_milestones(others.values()))


def _beside_milestones(found: Collection[list[DelayRow]]) -> Iterator[Delayed]:
    """Factories, and subjects of other apps by what they call themselves."""
    flags = [row.flag for rows in found for row in rows if row.flag]
    subjects = subjects_of(flags)
    for each in found:
        rows = sorted(each, key=_gravest_first)
        flag = rows[0].flag
        assert flag is not None
        subject, rule = subjects.get(flag.pk), flag_rules().get(flag.kind)
        name = str(subject) if subject is not None and not isinstance(subject, Factory) else ""
        yield Delayed(rows, flag.factory, subject=name, page=rule.page if rule and subject is not None else "")


def _computed(found: Iterable[Late]) -> dict[int, list[DelayRow]]:
    """By milestone, what the rules find on a past day."""
    rows: dict[int, list[DelayRow]] = {}
    for late in found:
        closed = late.finding.until if late.finding.kind is FlagKind.COMPLETED_LATE else None
        row = DelayRow(late.finding.kind, late.severity, late.finding.since, late.days, closed)
        rows.setdefault(late.milestone.pk, []).append(row)
    return rows
