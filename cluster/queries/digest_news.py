"""What one reader is told: the part of all that was read that the reader may see, the contracts with the worst news first."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from cluster.domain.delays import Severity
from cluster.domain.digest import Topic, worst_first
from cluster.domain.exchange import convert_rub
from cluster.models import Claim, Contract, ExchangeRate, Figure, ForecastRevision, MilestoneKind
from cluster.queries.digest_brief import Brief, View
from cluster.queries.digest_facts import (
    AHEAD,
    LONGEST_STANDING,
    Flagged,
    Happened,
    State,
    announced,
    contracts_of,
    recorded,
    standing_days,
    state_of,
)
from cluster.queries.figures import Figures
from cluster.queries.milestones import DatedMilestone

# So many contracts are told in full, so many more in a line, and so much of a kind of all of them together one by one.
# Together they keep the HTML below 100 KB, also in Russian: mail programs cut longer ones, and with them the way to unsubscribe.
MOST_IN_FULL, MOST_IN_A_LINE = 4, 16
MOST_CHANGES, MOST_FLAGGED, MOST_UPCOMING, MOST_STANDING = 24, 12, 16, 12
LEAST_OF_A_CONTRACT = 3


@dataclass(frozen=True, slots=True)
class Item:
    """One milestone in a digest: what happened to it, how late it is, the forecast that moved."""

    topic: Topic | None
    dated: DatedMilestone
    days: int
    severity: Severity | None
    revision: ForecastRevision | None


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
class _Part:
    """What of all that happened one reader is told, by contract; the contracts with the worst news first."""

    contracts: list[Contract]
    topics: dict[int, dict[int, Topic]]
    counts: dict[int, Counter[Topic]]
    flagged: dict[int, list[Flagged]]
    paid: dict[int, Decimal]


def news_of(brief: Brief) -> News:
    """What happened in the reader's contracts, what comes next, and the figures: read at once for all who are told of the same time."""
    return brief.told(_read, whose=lambda one: one.view)


def _read(everybody: Brief, views: Collection[View]) -> Mapping[View, News]:
    happened = (announced if everybody.by_announcement else recorded)(everybody)
    contract_of = contracts_of(frozenset[int]().union(*(view.chosen for view in views)))
    parts = {view: _part(view, happened, {contract_of[key] for key in view.chosen if key in contract_of}) for view in views}
    in_full = {contract.pk for part in parts.values() for contract in part.contracts[:MOST_IN_FULL]}
    state = state_of(everybody, in_full, happened)
    return {view: _news(everybody, view, part, happened, state) for view, part in parts.items()}


def _part(view: View, happened: Happened, chosen: Collection[int]) -> _Part:
    """What the reader is told of what happened; `chosen`: in these contracts alone."""
    contracts = [one for one in happened.contracts if view.shows(one.pk) and (not view.chosen or one.pk in chosen)]
    topics, flagged, paid = {}, {}, {}
    for key in (one.pk for one in contracts):
        found = happened.topics.get(key, {})
        topics[key] = {milestone: topic for milestone, topic in found.items() if view.tells(key, happened.factory_of[milestone])}
        flagged[key] = [one for one in happened.flagged.get(key, ()) if view.tells(key, one.flag.factory_id)]
        if sums := view.of(key, happened.paid.get(key, {})):
            paid[key] = sum(sums, Decimal(0))
    counts = {key: Counter(found.values()) for key, found in topics.items()}
    contracts.sort(key=lambda one: ([-counts[one.pk][topic] for topic in Topic], -len(flagged[one.pk]), one.pk not in paid, one.code))
    return _Part(contracts, topics, counts, flagged, paid)


def _news(brief: Brief, view: View, part: _Part, happened: Happened, state: State) -> News:
    """The contracts with the worst news in full, the others in a line."""
    full, rest = part.contracts[:MOST_IN_FULL], part.contracts[MOST_IN_FULL:]
    shorts = [Short(one, part.counts[one.pk], len(part.flagged[one.pk])) for one in rest]
    told = [short for short in shorts if short.is_news]
    contracts = [_in_full(one, brief, view, part, happened, state, share=len(full)) for one in full]
    items = [item.dated for one in contracts for item in (*one.changes, *one.standing, *one.upcoming)]
    return News(
        contracts=contracts,
        others=told[:MOST_IN_A_LINE],
        more=len(told[MOST_IN_A_LINE:]),
        quiet=len(shorts) - len(told),
        counts=sum(part.counts.values(), Counter()),
        responsible=frozenset(m.milestone.responsible_id for m in items if m.milestone.responsible_id is not None),
    )


def _in_full(contract: Contract, brief: Brief, view: View, part: _Part, happened: Happened, state: State, *, share: int) -> ContractNews:
    """What is told of one contract of `share` many."""

    def most(all_together: int) -> int:
        return max(all_together // share, LEAST_OF_A_CONTRACT)

    key, topics = contract.pk, part.topics[contract.pk]
    mine = {m.milestone.pk: m for m in state.milestones.get(key, ()) if view.tells(key, m.milestone.factory_id)}
    days = {pk: m.late_days or 0 for pk, m in mine.items()}
    told = worst_first(days, {pk: topics[pk] for pk in mine if pk in topics})
    open_late = [pk for pk, m in mine.items() if standing_days(m) and pk not in topics] if brief.tells_dates else []
    standing = sorted(open_late, key=lambda pk: (-days[pk], pk))
    soon = [pk for pk, m in mine.items() if pk not in topics and _ends_soon(m, brief.as_of)]
    upcoming = sorted(soon, key=lambda pk: (_next_end(mine[pk]), pk))
    items = {pk: _item(mine[pk], topics.get(pk), happened.revisions.get(pk)) for pk in (*told, *standing, *upcoming)}
    longest = standing[: min(LONGEST_STANDING, most(MOST_STANDING))]
    late_told = {pk for pk in (*told, *longest) if days[pk]}
    figures = state.figures.get(key, Figures([])) if view.whole(key) else Figures([])
    planned_factories = figures.current(Figure.PLANNED_FACTORIES)
    paid, planned = view.of(key, state.paid.get(key, {})), sum(view.of(key, state.planned.get(key, {})), Decimal(0))
    paid_by_first = sum((by_first for _rub, by_first in paid), Decimal(0))
    return ContractNews(
        contract=contract,
        counts=part.counts[key],
        changes=[items[pk] for pk in told[: most(MOST_CHANGES)]],
        flagged=part.flagged[key][: most(MOST_FLAGGED)],
        flagged_count=len(part.flagged[key]),
        upcoming=[items[pk] for pk in upcoming[: most(MOST_UPCOMING)]],
        upcoming_count=len(upcoming),
        standing=[items[pk] for pk in longest],
        promises=[m for m in mine.values() if m.due and m.milestone.scored and (_is_opening(m) or m.milestone.pk in late_told)],
        late=sum(view.of(key, state.late.get(key, {}))),
        opened=sum(view.of(key, state.opened.get(key, {}))),
        planned=int(planned_factories.value) if planned_factories and planned_factories.value is not None and not view.chosen else None,
        committed=_claimed(figures.current(Figure.COMMITMENT), state.rate),
        invested=_claimed(figures.current(Figure.INVESTED_TO_DATE), state.rate),
        paid=_money(sum((rub for rub, _by_first in paid), Decimal(0)) if paid else None, state.rate),
        paid_in_period=_money(part.paid.get(key), state.rate),
        plan=(paid_by_first, planned) if planned else None,
        is_partial=not view.whole(key),
    )


def _item(dated: DatedMilestone, topic: Topic | None, revision: ForecastRevision | None) -> Item:
    days = dated.late_days or 0
    severity = dated.milestone.contract.severity_scale.of(days) if days else None
    return Item(topic, dated, days, severity, revision)


def _is_opening(dated: DatedMilestone) -> bool:
    return dated.milestone.kind == MilestoneKind.OPENING and dated.milestone.factory_id is not None


def _ends_soon(dated: DatedMilestone, as_of: date) -> bool:
    return dated.milestone.scored and not dated.is_reached and as_of <= _next_end(dated) <= as_of + AHEAD


def _next_end(dated: DatedMilestone) -> date:
    """The next day on which a promise or a forecast ends."""
    ends = [each.window.latest for each in (dated.due, dated.forecast) if each is not None and each.window.latest >= dated.as_of]
    return min(ends, default=date.max)


def _claimed(claim: Claim | None, rate: ExchangeRate | None) -> Money:
    money = _money(claim.value if claim else None, rate)
    return Money(money.rub, money.usd, claim)


def _money(rub: Decimal | None, rate: ExchangeRate | None) -> Money:
    return Money(rub, convert_rub(rub, rate.rate) if rub is not None and rate is not None else None)
