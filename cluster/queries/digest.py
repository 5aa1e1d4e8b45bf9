"""What a digest tells one reader: the changes of a period, what comes next, and the figures, contract by contract."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from django.conf import settings
from django.db.models import Exists, Model, OuterRef, Q, Sum
from django.utils.module_loading import import_string

from cluster.domain.delays import FlagKind, Severity
from cluster.domain.digest import Event, Topic, topics, worst_first
from cluster.domain.exchange import convert_rub
from cluster.domain.stages import Stage, decided_by, stage_of
from cluster.models import (
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
    SlipReason,
    User,
)
from cluster.queries.contracts import is_partial
from cluster.queries.figures import Figures, claims_known
from cluster.queries.flag_kinds import flag_rules, subjects_of
from cluster.queries.milestones import DatedMilestone, with_dates
from cluster.queries.rates import RateStatus, rate_status

AHEAD = timedelta(days=14)
# Something entered today that was announced years ago is the record being filled in, not news.
STILL_NEWS = timedelta(days=92)
LONGEST_STANDING = 5
# The kinds of flags that tell of a milestone's own dates: of late milestones a digest tells by topics.
_OF_DATES = (FlagKind.OVERDUE.value, FlagKind.FORECAST_LATE.value)
_HEADLINE = (Figure.COMMITMENT, Figure.INVESTED_TO_DATE, Figure.PLANNED_FACTORIES)


@dataclass(frozen=True, slots=True)
class Item:
    """One milestone in a digest: what happened to it, how late it is, the forecast that moved."""

    topic: Topic | None
    dated: DatedMilestone
    days: int
    severity: Severity | None
    revision: ForecastRevision | None
    is_mine: bool


@dataclass(frozen=True, slots=True)
class Flagged:
    """What else a flag was opened for in the period, or closed: what it is about, its kind in words, and by how much in its `measure`."""

    flag: DelayFlag
    subject: Model
    label: Any
    measure: str
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
    tell of is not told twice.
    """

    contract: Contract
    changes: list[Item]
    upcoming: list[Item]
    standing: list[Item]
    late: int
    opened: int
    planned: int | None
    committed: Money
    invested: Money
    paid: Money
    paid_in_period: Money
    is_partial: bool
    flagged: list[Flagged]

    @property
    def is_news(self) -> bool:
        """Whether anything happened; what lies ahead and what stands still is no news."""
        return bool(self.changes or self.flagged) or self.paid_in_period.rub is not None


@dataclass(frozen=True, slots=True)
class Section:
    """What another app adds: a lazily translated title, and the templates `<template>.txt` and `.html` that show `data`."""

    template: str
    title: Any
    data: Any
    is_news: bool


@dataclass(frozen=True, slots=True)
class Digest:
    """Everything that one digest tells `reader` about the time after `since`, up to and including `until`."""

    reader: User
    since: datetime
    until: datetime
    as_of: date
    contracts: list[ContractNews]
    sections: list[Section]
    rate: RateStatus

    @property
    def is_news(self) -> bool:
        """Whether there is anything new at all."""
        return any(part.is_news for part in self.contracts) or any(section.is_news for section in self.sections)

    @property
    def counts(self) -> dict[Topic, int]:
        """How often each topic occurs."""
        found = [item.topic for part in self.contracts for item in part.changes if item.topic is not None]
        return {topic: found.count(topic) for topic in Topic}


SectionMaker = Callable[..., Section | None]


def digest_for(*, reader: User, since: datetime, until: datetime, as_of: date, by_announcement: bool = False) -> Digest:
    """The digest of the real contracts that `reader` may see: twelve statements and those of the other apps' sections.

    Changes are what was recorded in the period; `by_announcement` tells a past period as it was announced instead, for
    a preview of a day on which this installation did not run yet.
    """
    contracts = list(Contract.objects.for_reader(reader).filter(is_example=False))
    rate = rate_status(as_of)
    period = _Announced(reader, since, until, as_of) if by_announcement else _Recorded(reader, since, until, as_of)
    makers = [cast(SectionMaker, import_string(path)) for path in settings.DIGEST_SECTIONS]
    sections = [maker(reader=reader, since=since, until=until, as_of=as_of) for maker in makers]
    return Digest(
        reader=reader,
        since=since,
        until=until,
        as_of=as_of,
        contracts=[period.of(contract, rate.rate) for contract in contracts],
        sections=[section for section in sections if section is not None],
        rate=rate,
    )


class _Period(ABC):
    """What happened in the reader's scope, read for all contracts at once."""

    def __init__(self, reader: User, since: datetime, until: datetime, as_of: date) -> None:
        self.reader, self.since, self.until, self.as_of = reader, since, until, as_of
        self.window = Q(recorded_at__gt=since, recorded_at__lte=until)
        self.milestones = self.dated(as_of)
        # That a forecast still holds is no change.
        moves = ForecastRevision.objects.for_reader(reader).exclude(reason=SlipReason.CONFIRMED)
        revisions = moves.filter(self.moved(), milestone__contract__is_example=False)
        self.revisions = {revision.milestone_id: revision for revision in revisions.order_by("announced_latest", "id")}
        events, late_before = self.events()
        self.topics = topics(
            events,
            late_before=late_before,
            late_now={m.milestone.pk for m in self.milestones if m.late_days and not m.is_reached},
            reached=self.reached(),
            moved=self.revisions.keys(),
        )
        self.flagged: dict[int, list[Flagged]] = defaultdict(list)
        for flagged in self.other_flags():
            self.flagged[flagged.flag.contract_id].append(flagged)
        headline = Q(figure__in=_HEADLINE, factory__isnull=True, contract__is_example=False)
        payments = LedgerEntry.objects.for_reader(reader).filter(kind=LedgerEntry.Kind.PAYMENT, date__lte=as_of)
        sums = (
            payments.filter(factory__contract__is_example=False)
            .order_by()
            .values("factory__contract_id")
            .annotate(all=Sum("amount_rub"), new=Sum("amount_rub", filter=self.paid_now()))
        )
        self.paid = {row["factory__contract_id"]: (row["all"], row["new"]) for row in sums}
        factories = Factory.objects.for_reader(reader).filter(contract__is_example=False)
        # By contract once, not looked through for each of them.
        self.own: dict[int, dict[int, DatedMilestone]] = defaultdict(dict)
        for dated in self.milestones:
            self.own[dated.milestone.contract_id][dated.milestone.pk] = dated
        self.claims: dict[int, list[Claim]] = defaultdict(list)
        for claim in claims_known(reader, as_of, headline):
            self.claims[claim.contract_id].append(claim)
        self.factories: dict[int, list[Factory]] = defaultdict(list)
        for factory in factories.only("id", "contract_id", "decision", "decision_on"):
            self.factories[factory.contract_id].append(factory)

    def dated(self, as_of: date) -> list[DatedMilestone]:
        """The milestones of the real contracts as announced by a day: two statements."""
        return with_dates(Milestone.objects.for_reader(self.reader).filter(contract__is_example=False), as_of=as_of)

    @abstractmethod
    def events(self) -> tuple[list[Event], set[int]]:
        """Changes of the delay flags in the order of time, and the milestones that were late before them."""

    @abstractmethod
    def other_flags(self) -> Iterable[Flagged]:
        """Changes of the flags that tell of more than the milestone's own dates, the gravest first."""

    @abstractmethod
    def moved(self) -> Q:
        """Which forecast revisions are new."""

    @abstractmethod
    def reached(self) -> set[int]:
        """The milestones that were reached."""

    @abstractmethod
    def paid_now(self) -> Q:
        """Which payments are new."""

    def of(self, contract: Contract, rate: ExchangeRate | None) -> ContractNews:
        """The part of one contract."""
        own = self.own[contract.pk]
        days = {key: m.late_days or 0 for key, m in own.items()}
        told = worst_first(days, {key: self.topics[key] for key in own if key in self.topics})
        open_late = [key for key, m in own.items() if days[key] and not m.is_reached]
        standing = sorted((key for key in open_late if key not in told), key=lambda key: (-days[key], key))
        upcoming = sorted(
            (key for key, m in own.items() if key not in told and self._ends_soon(m)), key=lambda key: (_next_end(own[key]), key)
        )
        facts = Figures(self.claims[contract.pk])
        planned = facts.current(Figure.PLANNED_FACTORIES)
        paid, new = self.paid.get(contract.pk, (None, None))
        return ContractNews(
            contract=contract,
            changes=[self._item(own[key]) for key in told],
            upcoming=[self._item(own[key]) for key in upcoming],
            standing=[self._item(own[key]) for key in standing[:LONGEST_STANDING]],
            late=len(open_late),
            opened=self._opened(contract, own),
            planned=int(planned.value) if planned and planned.value is not None else None,
            committed=_claimed(facts.current(Figure.COMMITMENT), rate),
            invested=_claimed(facts.current(Figure.INVESTED_TO_DATE), rate),
            paid=_money(paid, rate),
            paid_in_period=_money(new, rate),
            is_partial=is_partial(self.reader, contract),
            flagged=[one for one in self.flagged[contract.pk] if one.flag.milestone_id not in told],
        )

    def _item(self, dated: DatedMilestone) -> Item:
        days, key = dated.late_days or 0, dated.milestone.pk
        return Item(
            topic=self.topics.get(key),
            dated=dated,
            days=days,
            severity=dated.milestone.contract.severity_scale.of(days) if days else None,
            revision=self.revisions.get(key),
            is_mine=dated.milestone.responsible_id == self.reader.pk,
        )

    def _ends_soon(self, dated: DatedMilestone) -> bool:
        return dated.milestone.scored and not dated.is_reached and self.as_of <= _next_end(dated) <= self.as_of + AHEAD

    def _opened(self, contract: Contract, own: dict[int, DatedMilestone]) -> int:
        reached: dict[int | None, set[str]] = {}
        for dated in own.values():
            if dated.is_reached:
                reached.setdefault(dated.milestone.factory_id, set()).add(dated.milestone.kind)
        factories = self.factories[contract.pk]
        stages = (
            stage_of(reached.get(f.pk, set()), decision=decided_by(self.as_of, decision=f.decision, on=f.decision_on)) for f in factories
        )
        return sum(stage is Stage.OPENED for stage in stages)


class _Recorded(_Period):
    """What was recorded here in the period: flags by their events, actual dates by the history."""

    def events(self) -> tuple[list[Event], set[int]]:
        events = DelayEvent.objects.for_reader(self.reader).filter(self.window, flag__kind__in=_OF_DATES).order_by("recorded_at", "id")
        # Late before is what had been opened and not closed by then, whatever became of the flag since.
        told = DelayEvent.objects.filter(flag=OuterRef("pk"), recorded_at__lte=self.since)
        before = DelayFlag.objects.for_reader(self.reader).filter(
            Exists(told.filter(kind=DelayEvent.Kind.OPENED)),
            ~Exists(told.filter(kind=DelayEvent.Kind.CLOSED)),
            kind__in=_OF_DATES,
        )
        rows = events.values_list("flag__milestone_id", "flag__kind", "kind")
        return [Event(*row) for row in rows], set(before.values_list("milestone_id", flat=True))

    def other_flags(self) -> Iterable[Flagged]:
        told = DelayEvent.objects.filter(self.window, flag=OuterRef("pk"))
        opened, closed = (Exists(told.filter(kind=kind)) for kind in (DelayEvent.Kind.OPENED, DelayEvent.Kind.CLOSED))
        flags = (
            DelayFlag.objects.for_reader(self.reader)
            .filter(contract__is_example=False, opened_on__lte=self.as_of)
            .exclude(kind__in=_OF_DATES)
            .exclude(kind=FlagKind.COMPLETED_LATE)
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
            yield Flagged(flag, subject, rule.label, rule.measure.value, flag.days_on(self.as_of), flag.closed)

    def moved(self) -> Q:
        return self.window & (Q(announced_latest__isnull=True) | Q(announced_latest__gte=self.as_of - STILL_NEWS))

    def reached(self) -> set[int]:
        history: Any = cast(Any, Milestone)._meta.get_field("history").related_model
        before = history.objects.filter(pgh_obj=OuterRef("pgh_obj"), pgh_created_at__lte=self.since, actual_latest__isnull=False)
        rows = history.objects.filter(
            ~Exists(before),
            pgh_created_at__gt=self.since,
            pgh_created_at__lte=self.until,
            actual_latest__isnull=False,
            actual_announced_on__gte=self.as_of - STILL_NEWS,
            pgh_obj__in=Milestone.objects.for_reader(self.reader).filter(actual_latest__isnull=False),
        )
        return set(rows.values_list("pgh_obj_id", flat=True))

    def paid_now(self) -> Q:
        return self.window


class _Announced(_Period):
    """What was announced in the period: the state at its end beside the state before it, by the dates of the announcements."""

    def events(self) -> tuple[list[Event], set[int]]:
        before = {m.milestone.pk: m for m in self.dated(self.since.date())}
        found, late_before = [], set()
        for now in self.milestones:
            key = now.milestone.pk
            was, is_ = (_standing_days(m) for m in (before[key], now))
            scale = now.milestone.contract.severity_scale
            if was:
                late_before.add(key)
            if is_ and not was:
                found.append(Event(key, FlagKind.OVERDUE, DelayEvent.Kind.OPENED))
            elif was and not is_:
                found.append(Event(key, FlagKind.OVERDUE, DelayEvent.Kind.CLOSED))
            elif was and is_ and scale.of(was) != scale.of(is_):
                kind = DelayEvent.Kind.WORSE if is_ > was else DelayEvent.Kind.BETTER
                found.append(Event(key, FlagKind.OVERDUE, kind))
        return found, late_before

    def other_flags(self) -> Iterable[Flagged]:
        # What a schedule or a ledger gave on a past day is not kept.
        return []

    def moved(self) -> Q:
        return Q(announced_latest__gt=self.since.date(), announced_latest__lte=self.as_of)

    def reached(self) -> set[int]:
        return {
            m.milestone.pk
            for m in self.milestones
            if m.actual and m.actual.announced and self.since.date() < m.actual.announced <= self.as_of
        }

    def paid_now(self) -> Q:
        return Q(date__gt=self.since.date(), date__lte=self.as_of)


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
