"""What happened in a time in the contracts of several readers, and how these stand: read once, each row with its contract and factory."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar, cast

from django.db.models import Count, Exists, F, Model, OuterRef, Q, QuerySet, Sum, Window
from django.db.models.functions import Greatest, RowNumber

from cluster.domain.delays import FlagKind, Severity
from cluster.domain.digest import Event, Topic, topics
from cluster.domain.stages import Stage, decided_by, stage_of
from cluster.models import (
    Baseline,
    BudgetLine,
    Claim,
    Contract,
    DelayEvent,
    DelayFlag,
    ExchangeRate,
    Factory,
    Figure,
    ForecastRevision,
    LedgerEntry,
    Milestone,
    MilestoneKind,
    SlipReason,
)
from cluster.queries.digest_brief import OF_DATES, Brief
from cluster.queries.figures import Figures, claims_known
from cluster.queries.flag_kinds import flag_rules, subjects_of
from cluster.queries.milestones import DatedMilestone, with_dates
from cluster.queries.rates import rate_in_force

T = TypeVar("T")
Place: TypeAlias = tuple[int, int | None]
# Values by contract and factory.
ByPlace: TypeAlias = Mapping[int, Mapping[int | None, T]]
AHEAD = timedelta(days=14)
# Something entered today that was announced years ago is the record being filled in, not news.
STILL_NEWS = timedelta(days=92)
LONGEST_STANDING = 5
_HEADLINE = (Figure.COMMITMENT, Figure.INVESTED_TO_DATE, Figure.PLANNED_FACTORIES)


@dataclass(frozen=True, slots=True)
class Flagged:
    """What else a flag was opened for in the period, or closed: what it is about, its kind in words, and by how much, in its `measure`."""

    flag: DelayFlag
    subject: Model
    label: Any
    measure: str
    unit: str
    days: int
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened in the real `contracts`: by contract the milestones with their topics, and what else was flagged, the gravest first;
    what was paid. `factory_of` these milestones; `every` milestone is there for a past day.
    """

    contracts: list[Contract]
    topics: Mapping[int, Mapping[int, Topic]]
    factory_of: Mapping[int, int | None]
    revisions: Mapping[int, ForecastRevision]
    flagged: Mapping[int, list[Flagged]]
    paid: ByPlace[Decimal]
    every: list[DatedMilestone] | None = None


@dataclass(frozen=True, slots=True)
class State:
    """How some contracts stand at the end of the time: milestones that a digest may tell, how many are late, claims about the contract as
    a whole, factories that opened, what was paid, also by the first of the month, what the budgets in force had planned by then.
    """

    milestones: Mapping[int, list[DatedMilestone]]
    late: ByPlace[int]
    figures: Mapping[int, Figures]
    opened: ByPlace[int]
    paid: ByPlace[tuple[Decimal, Decimal]]
    planned: ByPlace[Decimal]
    rate: ExchangeRate | None


def recorded(brief: Brief) -> Happened:
    """What was recorded here in the period: flags by their events, actual dates by the history."""
    revisions = _moved(brief, brief.recorded & (Q(announced_latest__isnull=True) | Q(announced_latest__gte=brief.as_of - STILL_NEWS)))
    about: Any = DelayEvent.objects.filter(brief.recorded, flag__kind__in=OF_DATES).order_by("recorded_at", "id")
    if brief.kinds:
        about = about.filter(flag__kind__in=brief.kinds)
    about = brief.of(about, contract="flag__contract", factory="flag__factory")
    rows = list(about.values_list("flag__milestone_id", "flag__kind", "kind", "flag__contract_id", "flag__factory_id"))
    reached = _reached(brief)
    places: dict[int, Place] = {key: (contract, factory) for key, _kind, _change, contract, factory in rows}
    places |= reached | {key: _place(revision.milestone) for key, revision in revisions.items()}
    found = topics(
        [Event(key, kind, change) for key, kind, change, *_place in rows],
        late_before=_late_before(brief, places),
        late_now=set(_late(Milestone.objects.filter(pk__in=places), brief).order_by().values_list("pk", flat=True)),
        reached=reached.keys(),
        moved=revisions.keys(),
    )
    flagged: dict[int, list[Flagged]] = defaultdict(list)
    for one in _other_flags(brief):
        if one.flag.milestone_id not in found:
            flagged[one.flag.contract_id].append(one)
    paid = _by_place(_paid(brief).filter(brief.recorded))
    return Happened(_contracts(brief), *_by_contract(found, places), revisions, flagged, paid)


def announced(brief: Brief) -> Happened:
    """What was announced in the period: the state at its end beside the state before it. What a ledger or a schedule gave is not kept."""
    since = brief.days_ago
    rows = brief.of(Milestone.objects.all())
    before = {m.milestone.pk: m for m in with_dates(rows, as_of=since)}
    now = with_dates(rows, as_of=brief.as_of)
    revisions = _moved(brief, Q(announced_latest__gt=since, announced_latest__lte=brief.as_of))
    events = [event for m in now if (event := _step(before[m.milestone.pk], m)) is not None] if brief.tells_dates else []
    found = topics(
        events,
        late_before={key for key, m in before.items() if standing_days(m)},
        late_now={m.milestone.pk for m in now if standing_days(m)},
        reached={m.milestone.pk for m in now if m.actual and m.actual.announced and since < m.actual.announced <= brief.as_of},
        moved=revisions.keys(),
    )
    places = {m.milestone.pk: _place(m.milestone) for m in now}
    paid = _by_place(_paid(brief).filter(date__gt=since, date__lte=brief.as_of))
    return Happened(_contracts(brief), *_by_contract(found, places), revisions, {}, paid, now)


def state_of(brief: Brief, contracts: Collection[int], happened: Happened) -> State:
    """How these contracts stand at the end of the time."""
    rows = brief.of(Milestone.objects.filter(contract__in=contracts))
    late: ByPlace[int]
    if happened.every is None:
        told = [key for contract in contracts for key in happened.topics.get(contract, ())]
        every = with_dates(rows.filter(_worth_telling(rows, brief, told)), as_of=brief.as_of)
        late = _by_place(_late(rows, brief).order_by().values_list("contract_id", "factory_id").annotate(n=Count("pk")))
    else:
        every = happened.every
        counted = Counter(_place(m.milestone) for m in every if standing_days(m))
        late = _by_place((*place, n) for place, n in counted.items())
    milestones: dict[int, list[DatedMilestone]] = defaultdict(list)
    for dated in every:
        milestones[dated.milestone.contract_id].append(dated)
    claims: dict[int, list[Claim]] = defaultdict(list)
    for claim in claims_known(brief.reader, brief.as_of, Q(figure__in=_HEADLINE, factory__isnull=True, contract__in=contracts)):
        claims[claim.contract_id].append(claim)
    first = brief.as_of.replace(day=1)
    by_first = Sum("amount_rub", filter=Q(date__lt=first), default=Decimal(0))
    paid = _paid(brief).filter(factory__contract__in=contracts).annotate(by_first=by_first)
    return State(
        milestones=milestones,
        late=late,
        figures={key: Figures(these) for key, these in claims.items()},
        opened=_by_place(_opened(brief, contracts)),
        paid=_by_place((contract, factory, (rub, by)) for contract, factory, rub, by in paid),
        planned=_by_place(_planned(brief, contracts, first)),
        rate=rate_in_force(brief.as_of, known=brief.as_of),
    )


def contracts_of(factories: Collection[int]) -> dict[int, int]:
    """The contract of each of these factories: one statement, none for no factory."""
    return dict(Factory.objects.filter(pk__in=factories).values_list("pk", "contract_id")) if factories else {}


def standing_days(dated: DatedMilestone) -> int:
    """Days late of what is not reached."""
    return 0 if dated.is_reached else dated.late_days or 0


def _contracts(brief: Brief) -> list[Contract]:
    return list(Contract.objects.for_reader(brief.reader).filter(is_example=False))


def _place(milestone: Milestone) -> Place:
    return milestone.contract_id, milestone.factory_id


def _by_contract(found: Mapping[int, Topic], places: Mapping[int, Place]) -> tuple[dict[int, dict[int, Topic]], dict[int, int | None]]:
    by_contract: dict[int, dict[int, Topic]] = defaultdict(dict)
    for key, topic in found.items():
        by_contract[places[key][0]][key] = topic
    return by_contract, {key: factory for key, (_contract, factory) in places.items()}


def _by_place(rows: Iterable[tuple[int, int | None, T]]) -> ByPlace[T]:
    """Rows of contract, factory and value."""
    found: dict[int, dict[int | None, T]] = defaultdict(dict)
    for contract, factory, value in rows:
        found[contract][factory] = value
    return found


def _step(before: DatedMilestone, now: DatedMilestone) -> Event | None:
    """What the two states say a flag would have done between them."""
    was, is_ = standing_days(before), standing_days(now)
    scale = now.milestone.contract.severity_scale
    if is_ and not was:
        change = DelayEvent.Kind.OPENED
    elif was and not is_:
        change = DelayEvent.Kind.CLOSED
    elif was and is_ and scale.of(was) != scale.of(is_):
        change = DelayEvent.Kind.WORSE if is_ > was else DelayEvent.Kind.BETTER
    else:
        return None
    return Event(now.milestone.pk, FlagKind.OVERDUE, change)


def _moved(brief: Brief, when: Q) -> dict[int, ForecastRevision]:
    """The newest forecast of each milestone that moved. That a forecast still holds is no change."""
    moves = brief.of(
        ForecastRevision.objects.exclude(reason=SlipReason.CONFIRMED), contract="milestone__contract", factory="milestone__factory"
    )
    rows = moves.filter(when).select_related("milestone").order_by("announced_latest", "id")
    return {revision.milestone_id: revision for revision in rows}


def _reached(brief: Brief) -> dict[int, Place]:
    """The milestones whose actual date became known, with where they belong today."""
    history: Any = cast(Any, Milestone)._meta.get_field("history").related_model
    before = history.objects.filter(pgh_obj=OuterRef("pgh_obj"), pgh_created_at__lte=brief.since, actual_latest__isnull=False)
    rows = history.objects.filter(
        ~Exists(before),
        pgh_created_at__gt=brief.since,
        pgh_created_at__lte=brief.until,
        actual_latest__isnull=False,
        actual_announced_on__gte=brief.as_of - STILL_NEWS,
        pgh_obj__in=brief.of(Milestone.objects.filter(actual_latest__isnull=False)),
    )
    found = rows.order_by().values_list("pgh_obj_id", "pgh_obj__contract_id", "pgh_obj__factory_id")
    return {key: (contract, factory) for key, contract, factory in found}


def _late_before(brief: Brief, places: Mapping[int, Place]) -> set[int]:
    """Those milestones that were late before the period: flags opened and not closed by then, whatever became of them since."""
    told = DelayEvent.objects.filter(flag=OuterRef("pk"), recorded_at__lte=brief.since)
    before = DelayFlag.objects.filter(
        Exists(told.filter(kind=DelayEvent.Kind.OPENED)),
        ~Exists(told.filter(kind=DelayEvent.Kind.CLOSED)),
        kind__in=OF_DATES,
        # By the contracts' index.
        contract__in={contract for contract, _factory in places.values()},
        milestone__in=places,
    )
    return set(before.order_by().values_list("milestone_id", flat=True))


def _late(rows: "QuerySet[Milestone]", brief: Brief) -> "QuerySet[Milestone]":
    """Those of the milestones that stand late today."""
    expected = Greatest(F("standing__forecast_latest"), brief.as_of)
    return rows.filter(standing__judged=True, standing__actual_latest__isnull=True, standing__due_latest__lt=expected)


def _other_flags(brief: Brief) -> Iterable[Flagged]:
    """Changes of the flags that tell of more than the milestone's own dates, the gravest first."""
    told = DelayEvent.objects.filter(brief.recorded, flag=OuterRef("pk"))
    opened, closed = (Exists(told.filter(kind=kind)) for kind in (DelayEvent.Kind.OPENED, DelayEvent.Kind.CLOSED))
    touched = DelayEvent.objects.filter(brief.recorded, kind__in=(DelayEvent.Kind.OPENED, DelayEvent.Kind.CLOSED))
    flags = (
        brief.of(DelayFlag.objects.filter(brief.flag_kinds, opened_on__lte=brief.as_of))
        .filter(pk__in=touched.values("flag"))
        .exclude(kind__in=[*OF_DATES, FlagKind.COMPLETED_LATE])
        .annotate(opened=opened, closed=closed)
        # What came and went within the period is no news.
        .filter(Q(opened=True, closed=False) | Q(opened=False, closed=True))
        .select_related("milestone__factory", "factory", "contract")
    )
    gravity = {severity.value: rank for rank, severity in enumerate(Severity)}
    rows: Any = sorted(flags, key=lambda flag: (flag.closed, -gravity[flag.severity], flag.pk))
    subjects, told_of = subjects_of(rows), set()
    for flag in rows:
        rule, subject = flag_rules().get(flag.kind), subjects.get(flag.pk)
        # Of several flags about one milestone the gravest is told.
        if rule is None or subject is None or (flag.milestone_id and flag.milestone_id in told_of):
            continue
        told_of.add(flag.milestone_id)
        yield Flagged(flag, subject, rule.label, rule.measure.value, rule.unit, flag.days_on(brief.as_of), flag.closed)


def _paid(brief: Brief) -> "QuerySet[LedgerEntry, Any]":
    """What was paid until the day: contract, factory, roubles."""
    rows = brief.of(LedgerEntry.objects.filter(kind=LedgerEntry.Kind.PAYMENT, date__lte=brief.as_of), contract="factory__contract")
    return _sums(rows)


def _planned(brief: Brief, contracts: Collection[int], first: date) -> "QuerySet[BudgetLine, Any]":
    """What the budgets in force had planned before `first`: contract, factory, roubles."""
    approved = Baseline.objects.filter(contract__in=contracts, in_force_from__lte=brief.as_of)
    in_force = approved.order_by("contract_id", "-in_force_from").distinct("contract_id").values("pk")
    lines = brief.of(BudgetLine.objects.announced_by(brief.as_of), contract="factory__contract")
    return _sums(lines.filter(baseline__in=in_force, month__lt=first))


def _sums(rows: "QuerySet[Any]") -> "QuerySet[Any, Any]":
    summed: QuerySet[Any, Any] = rows.order_by().values_list("factory__contract_id", "factory_id").annotate(rub=Sum("amount_rub"))
    return summed


def _worth_telling(rows: "QuerySet[Milestone]", brief: Brief, told: Collection[int]) -> Q:
    """Which milestones a digest may tell: what happened, what ends soon, openings, and the longest delays of each factory."""
    soon = (brief.as_of, brief.as_of + AHEAD)
    ends = Q(standing__due_latest__range=soon) | Q(standing__forecast_latest__range=soon)
    # As many as are told, and those that happen to be told among the changes.
    days = Greatest(F("standing__forecast_latest"), brief.as_of) - F("standing__due_latest")
    rank = Window(RowNumber(), partition_by=[F("contract_id"), F("factory_id")], order_by=[days.desc(), F("pk").asc()])
    still = _late(rows.exclude(pk__in=told), brief).annotate(rank=rank).filter(rank__lte=LONGEST_STANDING)
    return (
        Q(pk__in=told)
        | Q(ends, standing__judged=True, standing__actual_latest__isnull=True)
        | Q(kind=MilestoneKind.OPENING)
        | Q(pk__in=still.values_list("pk", flat=True))
    )


def _opened(brief: Brief, contracts: Collection[int]) -> Iterable[tuple[int, int, int]]:
    """The factories that have opened."""
    known = Milestone.objects.filter(
        factory=OuterRef("pk"), kind=MilestoneKind.OPENING, actual_latest__isnull=False, actual_announced_on__lte=brief.as_of
    )
    for one in brief.of(Factory.objects.filter(contract__in=contracts), factory="pk").filter(Exists(known)).order_by():
        decision = decided_by(brief.as_of, decision=one.decision, on=one.decision_on)
        if stage_of({MilestoneKind.OPENING.value}, decision=decision) is Stage.OPENED:
            yield one.contract_id, one.pk, 1
