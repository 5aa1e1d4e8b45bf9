"""What happened in a reader's contracts in a period, what comes next, and the figures: read for all contracts at once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from django.db.models import Count, Exists, F, Model, OuterRef, Q, QuerySet, Sum, Window
from django.db.models.functions import Greatest, RowNumber

from cluster.domain.delays import FlagKind, Severity
from cluster.domain.digest import Event, Topic, topics, worst_first
from cluster.domain.exchange import convert_rub
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
    User,
)
from cluster.models.scope import ScopedQuerySet
from cluster.queries.contracts import is_partial
from cluster.queries.figures import Figures, claims_known
from cluster.queries.flag_kinds import flag_rules, subjects_of
from cluster.queries.milestones import DatedMilestone, with_dates
from cluster.queries.rates import rate_in_force

AHEAD = timedelta(days=14)
# Something entered today that was announced years ago is the record being filled in, not news.
STILL_NEWS = timedelta(days=92)
LONGEST_STANDING = 5
# So many contracts are told in full, so many more in a line, and so much of a kind of all of them together one by one.
# Together they keep the HTML below 100 KB, also in Russian: mail programs cut longer ones, and with them the way to unsubscribe.
MOST_IN_FULL, MOST_IN_A_LINE = 4, 16
MOST_CHANGES, MOST_FLAGGED, MOST_UPCOMING, MOST_STANDING = 24, 12, 16, 12
LEAST_OF_A_CONTRACT = 3
# The kinds of flags that tell of a milestone's own dates: of late milestones a digest tells by topics.
_OF_DATES = (FlagKind.OVERDUE.value, FlagKind.FORECAST_LATE.value)
_HEADLINE = (Figure.COMMITMENT, Figure.INVESTED_TO_DATE, Figure.PLANNED_FACTORIES)


@dataclass(frozen=True, slots=True)
class Period:
    """Whose contracts, and which time: see `queries.digest.Brief`."""

    reader: User
    since: datetime
    until: datetime
    days_ago: date
    as_of: date
    factories: frozenset[int]
    kinds: frozenset[str]

    @property
    def recorded(self) -> Q:
        """What was recorded within it."""
        return Q(recorded_at__gt=self.since, recorded_at__lte=self.until)

    def of(self, rows: "ScopedQuerySet[Any]", *, contract: str = "contract", factory: str = "factory") -> "QuerySet[Any]":
        """The rows of the reader's real contracts and, where some were chosen, factories, by the paths to these."""
        found = rows.for_reader(self.reader).filter(**{f"{contract}__is_example": False})
        return found.filter(**{f"{factory}__in": self.factories}) if self.factories else found

    @property
    def flag_kinds(self) -> Q:
        """The kinds of flags that were chosen."""
        return Q(kind__in=self.kinds) if self.kinds else Q()

    @property
    def tells_dates(self) -> bool:
        """Whether delays of milestones by their own dates were chosen."""
        return not self.kinds or not self.kinds.isdisjoint(_OF_DATES)


@dataclass(frozen=True, slots=True)
class Item:
    """One milestone in a digest: what happened to it, how late it is, the forecast that moved."""

    topic: Topic | None
    dated: DatedMilestone
    days: int
    severity: Severity | None
    revision: ForecastRevision | None


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
class Money:
    """A rouble figure with its dollars at the reporting rate; None where either is not known."""

    rub: Decimal | None
    usd: Decimal | None
    claim: Claim | None = None


@dataclass(frozen=True, slots=True)
class ContractNews:
    """The part of one contract. `changes` stand worst first; `standing` are the longest delays that did not change.

    `flagged` tells of the other kinds of flags: by the schedule, by risk, of factories, of money and output. A subject that `changes`
    tell of is not told twice. `counts` are of all that happened, also of what is not told one by one. `plan` is what was paid by the
    first of the month, and what the budget in force had planned by then.
    """

    contract: Contract
    counts: Counter[Topic]
    changes: list[Item]
    flagged: list[Flagged]
    flagged_count: int
    upcoming: list[Item]
    upcoming_count: int
    standing: list[Item]
    promises: list[DatedMilestone]
    late: int
    opened: int
    planned: int | None
    committed: Money
    invested: Money
    paid: Money
    paid_in_period: Money
    plan: tuple[Decimal, Decimal] | None
    is_partial: bool

    @property
    def is_news(self) -> bool:
        """Whether anything happened; what lies ahead and what stands still is no news."""
        return bool(self.counts or self.flagged_count) or self.paid_in_period.rub is not None

    @property
    def untold(self) -> int:
        """How many changes and flags are not told one by one."""
        return self.counts.total() - len(self.changes) + self.flagged_count - len(self.flagged)

    @property
    def behind_plan(self) -> Decimal | None:
        """What was paid less what was planned by the same day."""
        return self.plan[0] - self.plan[1] if self.plan else None


@dataclass(frozen=True, slots=True)
class Short:
    """A contract of many, in a line: how much happened in it."""

    contract: Contract
    counts: Counter[Topic]
    flagged: int

    @property
    def told(self) -> list[tuple[str, int]]:
        """What happened to milestones: each topic with how often."""
        return [(topic.value, self.counts[topic]) for topic in Topic if self.counts[topic]]

    @property
    def is_news(self) -> bool:
        """Whether anything happened."""
        return bool(self.counts or self.flagged)


@dataclass(frozen=True, slots=True)
class News:
    """All contracts of a reader: those told in full, those told in a line, and how many more of which there are news or none."""

    contracts: list[ContractNews]
    others: list[Short]
    more: int
    quiet: int
    counts: Counter[Topic]
    responsible: frozenset[int] = field(default=frozenset())

    @property
    def is_news(self) -> bool:
        """Whether anything happened at all."""
        return bool(self.others) or any(part.is_news for part in self.contracts)

    @property
    def behind_plan(self) -> Decimal | None:
        """What was paid less what was planned, of all contracts with a plan; None where some contract is not told in full."""
        known = [part.behind_plan for part in self.contracts if part.behind_plan is not None]
        return sum(known, Decimal(0)) if known and not (self.others or self.more or self.quiet) else None


@dataclass(frozen=True, slots=True)
class _Found:
    """What happened, by milestone: the topic of each and the contract it belongs to; and what else was flagged, by contract."""

    topics: dict[int, Topic]
    contract_of: dict[int, int]
    revisions: dict[int, ForecastRevision]
    flagged: dict[int, list[Flagged]]
    paid: dict[int, Decimal]

    def counts(self) -> dict[int, Counter[Topic]]:
        """How often each topic occurs in each contract."""
        counted: dict[int, Counter[Topic]] = defaultdict(Counter)
        for key, topic in self.topics.items():
            counted[self.contract_of[key]][topic] += 1
        return counted


def recorded(period: Period) -> News:
    """What was recorded here in the period: flags by their events, actual dates by the history."""
    revisions = _moved(period, period.recorded & (Q(announced_latest__isnull=True) | Q(announced_latest__gte=period.as_of - STILL_NEWS)))
    about: Any = DelayEvent.objects.filter(period.recorded, flag__kind__in=_OF_DATES).order_by("recorded_at", "id")
    if period.kinds:
        about = about.filter(flag__kind__in=period.kinds)
    about = period.of(about, contract="flag__contract", factory="flag__factory")
    rows = list(about.values_list("flag__milestone_id", "flag__kind", "kind", "flag__contract_id"))
    reached = _reached(period)
    contract_of = {key: contract for key, _kind, _change, contract in rows} | reached
    contract_of |= {key: revision.milestone.contract_id for key, revision in revisions.items()}
    found = topics(
        [Event(key, kind, change) for key, kind, change, _contract in rows],
        late_before=_late_before(period, contract_of),
        late_now=set(_late(Milestone.objects.filter(pk__in=contract_of), period).order_by().values_list("pk", flat=True)),
        reached=reached.keys(),
        moved=revisions.keys(),
    )
    flagged: dict[int, list[Flagged]] = defaultdict(list)
    for one in _other_flags(period):
        if one.flag.milestone_id not in found:
            flagged[one.flag.contract_id].append(one)
    paid = _payments(period).filter(period.recorded)
    return _news(period, _Found(found, contract_of, revisions, flagged, _by_contract(paid)))


def announced(period: Period) -> News:
    """What was announced in the period: the state at its end beside the state before it. What a ledger or a schedule gave is not kept."""
    since = period.days_ago
    rows = period.of(Milestone.objects.all())
    before = {m.milestone.pk: m for m in with_dates(rows, as_of=since)}
    now = with_dates(rows, as_of=period.as_of)
    revisions = _moved(period, Q(announced_latest__gt=since, announced_latest__lte=period.as_of))
    events = [event for m in now if (event := _step(before[m.milestone.pk], m)) is not None] if period.tells_dates else []
    found = topics(
        events,
        late_before={key for key, m in before.items() if _standing_days(m)},
        late_now={m.milestone.pk for m in now if _standing_days(m)},
        reached={m.milestone.pk for m in now if m.actual and m.actual.announced and since < m.actual.announced <= period.as_of},
        moved=revisions.keys(),
    )
    contract_of = {m.milestone.pk: m.milestone.contract_id for m in now}
    paid = _payments(period).filter(date__gt=since, date__lte=period.as_of)
    return _news(period, _Found(found, contract_of, revisions, {}, _by_contract(paid)), every=now)


def _step(before: DatedMilestone, now: DatedMilestone) -> Event | None:
    """What the two states say a flag would have done between them."""
    was, is_ = _standing_days(before), _standing_days(now)
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


def _moved(period: Period, when: Q) -> dict[int, ForecastRevision]:
    """The newest forecast of each milestone that moved. That a forecast still holds is no change."""
    moves = period.of(
        ForecastRevision.objects.exclude(reason=SlipReason.CONFIRMED), contract="milestone__contract", factory="milestone__factory"
    )
    rows = moves.filter(when).select_related("milestone").order_by("announced_latest", "id")
    return {revision.milestone_id: revision for revision in rows}


def _reached(period: Period) -> dict[int, int]:
    """The milestones whose actual date became known, with their contracts."""
    history: Any = cast(Any, Milestone)._meta.get_field("history").related_model
    before = history.objects.filter(pgh_obj=OuterRef("pgh_obj"), pgh_created_at__lte=period.since, actual_latest__isnull=False)
    rows = history.objects.filter(
        ~Exists(before),
        pgh_created_at__gt=period.since,
        pgh_created_at__lte=period.until,
        actual_latest__isnull=False,
        actual_announced_on__gte=period.as_of - STILL_NEWS,
        pgh_obj__in=period.of(Milestone.objects.filter(actual_latest__isnull=False)),
    )
    return dict(rows.order_by().values_list("pgh_obj_id", "contract_id"))


def _late_before(period: Period, contract_of: Mapping[int, int]) -> set[int]:
    """Those milestones that were late before the period: flags opened and not closed by then, whatever became of them since."""
    told = DelayEvent.objects.filter(flag=OuterRef("pk"), recorded_at__lte=period.since)
    before = DelayFlag.objects.filter(
        Exists(told.filter(kind=DelayEvent.Kind.OPENED)),
        ~Exists(told.filter(kind=DelayEvent.Kind.CLOSED)),
        kind__in=_OF_DATES,
        # By the contracts' index.
        contract__in=set(contract_of.values()),
        milestone__in=contract_of,
    )
    return set(before.order_by().values_list("milestone_id", flat=True))


def _late(rows: "QuerySet[Milestone]", period: Period) -> "QuerySet[Milestone]":
    """Those of the milestones that stand late today."""
    expected = Greatest(F("standing__forecast_latest"), period.as_of)
    return rows.filter(standing__judged=True, standing__actual_latest__isnull=True, standing__due_latest__lt=expected)


def _other_flags(period: Period) -> Iterable[Flagged]:
    """Changes of the flags that tell of more than the milestone's own dates, the gravest first."""
    told = DelayEvent.objects.filter(period.recorded, flag=OuterRef("pk"))
    opened, closed = (Exists(told.filter(kind=kind)) for kind in (DelayEvent.Kind.OPENED, DelayEvent.Kind.CLOSED))
    touched = DelayEvent.objects.filter(period.recorded, kind__in=(DelayEvent.Kind.OPENED, DelayEvent.Kind.CLOSED))
    flags = (
        period.of(DelayFlag.objects.filter(period.flag_kinds, opened_on__lte=period.as_of))
        .filter(pk__in=touched.values("flag"))
        .exclude(kind__in=[*_OF_DATES, FlagKind.COMPLETED_LATE])
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
        yield Flagged(flag, subject, rule.label, rule.measure.value, rule.unit, flag.days_on(period.as_of), flag.closed)


def _payments(period: Period) -> "QuerySet[LedgerEntry]":
    rows = LedgerEntry.objects.filter(kind=LedgerEntry.Kind.PAYMENT, date__lte=period.as_of)
    return period.of(rows, contract="factory__contract")


def _by_contract(rows: "QuerySet[Any]") -> dict[int, Decimal]:
    """Sums of roubles by contract."""
    summed = rows.order_by().values("factory__contract_id").annotate(rub=Sum("amount_rub"))
    return {row["factory__contract_id"]: row["rub"] for row in summed}


def _news(period: Period, found: _Found, *, every: list[DatedMilestone] | None = None) -> News:
    """The contracts with the worst news in full, the others in a line. `every` milestone is there for a past day."""
    counts = found.counts()
    contracts = sorted(
        Contract.objects.for_reader(period.reader).filter(is_example=False),
        key=lambda one: (
            [-counts[one.pk][topic] if one.pk in counts else 0 for topic in Topic],
            -len(found.flagged.get(one.pk, ())),
            one.pk not in found.paid,
            one.code,
        ),
    )
    if period.factories:
        chosen = set(Factory.objects.filter(pk__in=period.factories).values_list("contract_id", flat=True))
        contracts = [one for one in contracts if one.pk in chosen]
    full, rest = contracts[:MOST_IN_FULL], contracts[MOST_IN_FULL:]
    shorts = [Short(one, counts.get(one.pk, Counter()), len(found.flagged.get(one.pk, ()))) for one in rest]
    told = [short for short in shorts if short.is_news]
    parts = _in_full(period, found, counts, full, every)
    items = [item.dated for part in parts for item in (*part.changes, *part.standing, *part.upcoming)]
    return News(
        contracts=parts,
        others=told[:MOST_IN_A_LINE],
        more=len(told[MOST_IN_A_LINE:]),
        quiet=len(shorts) - len(told),
        counts=sum(counts.values(), Counter()),
        responsible=frozenset(m.milestone.responsible_id for m in items if m.milestone.responsible_id is not None),
    )


def _in_full(
    period: Period, found: _Found, counts: dict[int, Counter[Topic]], contracts: list[Contract], every: list[DatedMilestone] | None
) -> list[ContractNews]:
    """The parts of the contracts, all that they tell read at once."""
    keys = [one.pk for one in contracts]
    rows = period.of(Milestone.objects.filter(contract__in=keys))
    own: dict[int, dict[int, DatedMilestone]] = defaultdict(dict)
    for dated in every if every is not None else with_dates(rows.filter(_worth_telling(rows, period, found)), as_of=period.as_of):
        own[dated.milestone.contract_id][dated.milestone.pk] = dated
    late = _late_counts(rows, period) if every is None else Counter(m.milestone.contract_id for m in every if _standing_days(m))
    claims: dict[int, list[Claim]] = defaultdict(list)
    for claim in claims_known(period.reader, period.as_of, Q(figure__in=_HEADLINE, factory__isnull=True, contract__in=keys)):
        claims[claim.contract_id].append(claim)
    opened = _opened(period, keys)
    paid = _paid(period, keys)
    plans = _plans(period, keys, paid)
    rate = rate_in_force(period.as_of, known=period.as_of)
    share = max(len(contracts), 1)

    def most(all_together: int) -> int:
        return max(all_together // share, LEAST_OF_A_CONTRACT)

    def part(contract: Contract) -> ContractNews:
        key, mine = contract.pk, own[contract.pk]
        days = {pk: m.late_days or 0 for pk, m in mine.items()}
        told = worst_first(days, {pk: found.topics[pk] for pk in mine if pk in found.topics})
        open_late = [pk for pk, m in mine.items() if _standing_days(m) and pk not in told] if period.tells_dates else []
        standing = sorted(open_late, key=lambda pk: (-days[pk], pk))
        soon = [pk for pk, m in mine.items() if pk not in told and _ends_soon(m, period.as_of)]
        upcoming = sorted(soon, key=lambda pk: (_next_end(mine[pk]), pk))
        facts, flagged = Figures(claims[key]), found.flagged.get(key, [])
        planned = facts.current(Figure.PLANNED_FACTORIES)
        items = {pk: _item(mine[pk], found) for pk in (*told, *standing, *upcoming)}
        longest = standing[: min(LONGEST_STANDING, most(MOST_STANDING))]
        late_told = {pk for pk in (*told, *longest) if days[pk]}
        return ContractNews(
            contract=contract,
            counts=counts.get(key, Counter()),
            changes=[items[pk] for pk in told[: most(MOST_CHANGES)]],
            flagged=flagged[: most(MOST_FLAGGED)],
            flagged_count=len(flagged),
            upcoming=[items[pk] for pk in upcoming[: most(MOST_UPCOMING)]],
            upcoming_count=len(upcoming),
            standing=[items[pk] for pk in longest],
            promises=[m for m in mine.values() if m.due and m.milestone.scored and (_is_opening(m) or m.milestone.pk in late_told)],
            late=late[key],
            opened=opened[key],
            planned=int(planned.value) if planned and planned.value is not None and not period.factories else None,
            committed=_claimed(facts.current(Figure.COMMITMENT), rate),
            invested=_claimed(facts.current(Figure.INVESTED_TO_DATE), rate),
            paid=_money(paid[key][0] if key in paid else None, rate),
            paid_in_period=_money(found.paid.get(key), rate),
            plan=plans.get(key),
            is_partial=is_partial(period.reader, contract),
        )

    return [part(contract) for contract in contracts]


def _worth_telling(rows: "QuerySet[Milestone]", period: Period, found: _Found) -> Q:
    """Which milestones a digest may tell: what happened, what ends soon, openings, and the longest delays of each contract."""
    soon = (period.as_of, period.as_of + AHEAD)
    ends = Q(standing__due_latest__range=soon) | Q(standing__forecast_latest__range=soon)
    # As many as are told, and those that happen to be told among the changes.
    days = Greatest(F("standing__forecast_latest"), period.as_of) - F("standing__due_latest")
    rank = Window(RowNumber(), partition_by=F("contract_id"), order_by=days.desc())
    still = _late(rows.exclude(pk__in=found.topics), period).annotate(rank=rank).filter(rank__lte=LONGEST_STANDING)
    return (
        Q(pk__in=found.topics)
        | Q(ends, standing__judged=True, standing__actual_latest__isnull=True)
        | Q(kind=MilestoneKind.OPENING)
        | Q(pk__in=still.values_list("pk", flat=True))
    )


def _late_counts(rows: "QuerySet[Milestone]", period: Period) -> Counter[int]:
    """How many milestones stand late, by contract."""
    return Counter(dict(_late(rows, period).order_by().values_list("contract_id").annotate(n=Count("pk"))))


def _opened(period: Period, contracts: list[int]) -> Counter[int]:
    """How many factories have opened, by contract."""
    known = Milestone.objects.filter(
        factory=OuterRef("pk"), kind=MilestoneKind.OPENING, actual_latest__isnull=False, actual_announced_on__lte=period.as_of
    )
    factories = period.of(Factory.objects.filter(contract__in=contracts), factory="pk").filter(Exists(known)).order_by()
    decided = ((one.contract_id, decided_by(period.as_of, decision=one.decision, on=one.decision_on)) for one in factories)
    stages = ((contract, stage_of({MilestoneKind.OPENING.value}, decision=decision)) for contract, decision in decided)
    return Counter(contract for contract, stage in stages if stage is Stage.OPENED)


def _paid(period: Period, contracts: list[int]) -> dict[int, tuple[Decimal, Decimal]]:
    """What was paid until the day, and by the first of its month, of the contracts with payments: one statement."""
    first = Sum("amount_rub", filter=Q(date__lt=period.as_of.replace(day=1)), default=Decimal(0))
    rows = _payments(period).filter(factory__contract__in=contracts).order_by().values_list("factory__contract_id")
    return {key: (rub, by_first) for key, rub, by_first in rows.annotate(Sum("amount_rub"), by_first=first)}


def _plans(period: Period, contracts: list[int], paid: dict[int, tuple[Decimal, Decimal]]) -> dict[int, tuple[Decimal, Decimal]]:
    """What was paid by the first of the month, and what the budgets in force had planned by then; only where something was planned."""
    first = period.as_of.replace(day=1)
    approved = Baseline.objects.filter(contract__in=contracts, in_force_from__lte=period.as_of)
    in_force = approved.order_by("contract_id", "-in_force_from").distinct("contract_id").values("pk")
    lines = period.of(BudgetLine.objects.announced_by(period.as_of), contract="factory__contract")
    planned = _by_contract(lines.filter(baseline__in=in_force, month__lt=first))
    return {key: (paid[key][1] if key in paid else Decimal(0), rub) for key, rub in planned.items() if rub}


def _item(dated: DatedMilestone, found: _Found) -> Item:
    days, key = dated.late_days or 0, dated.milestone.pk
    severity = dated.milestone.contract.severity_scale.of(days) if days else None
    return Item(found.topics.get(key), dated, days, severity, found.revisions.get(key))


def _is_opening(dated: DatedMilestone) -> bool:
    return dated.milestone.kind == MilestoneKind.OPENING and dated.milestone.factory_id is not None


def _ends_soon(dated: DatedMilestone, as_of: date) -> bool:
    return dated.milestone.scored and not dated.is_reached and as_of <= _next_end(dated) <= as_of + AHEAD


def _standing_days(dated: DatedMilestone) -> int:
    """Days late of what is not reached."""
    return 0 if dated.is_reached else dated.late_days or 0


def _next_end(dated: DatedMilestone) -> date:
    """The next day on which a promise or a forecast ends."""
    ends = [each.window.latest for each in (dated.due, dated.forecast) if each is not None and each.window.latest >= dated.as_of]
    return min(ends, default=date.max)


def _claimed(claim: Claim | None, rate: ExchangeRate | None) -> Money:
    money = _money(claim.value if claim else None, rate)
    return Money(money.rub, money.usd, claim)


def _money(rub: Decimal | None, rate: ExchangeRate | None) -> Money:
    return Money(rub, convert_rub(rub, rate.rate) if rub is not None and rate is not None else None)
