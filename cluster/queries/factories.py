"""Factories: the table of a contract, and the story of one plant."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import F, QuerySet, Subquery

from cluster.domain.errors import NotFound
from cluster.domain.performance import Performance
from cluster.models import (
    Baseline,
    BaselineMilestone,
    BudgetLine,
    Claim,
    Contract,
    Dependency,
    Factory,
    Figure,
    ForecastRevision,
    LedgerEntry,
    SlipReason,
)
from cluster.models.scope import Reader
from cluster.queries.contracts import FactoryRow, baseline_in_force, contract_for, factory_standing_of, standing_of
from cluster.queries.conversions import with_known_dollars
from cluster.queries.dollars import Dollars, FactoryDollars, dollars_of, dollars_of_factories
from cluster.queries.figures import Figures, value_of
from cluster.queries.milestones import DatedMilestone, links_to
from cluster.queries.together import together


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One factory of the table with its money in both currencies, and how it performs where that is defined."""

    row: FactoryRow
    dollars: FactoryDollars
    earned: Performance | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """The factories of a contract as of a day."""

    contract: Contract
    as_of: date
    rows: list[BoardRow]
    planned: int | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure of a factory: the claim in use for the newest time, older ones in use, and the claims that disagree."""

    figure: Figure
    current: Claim | None
    earlier: list[Claim]
    others: list[Claim]

    @property
    def rivals(self) -> list[Claim]:
        """The claims beside the current one: those that were never in use, then how the figure grew."""
        return [*self.others, *self.earlier]

    @property
    def disputed(self) -> bool:
        """Whether another source gives another value for the time of the claim in use (or none is in use)."""
        if self.current is None:
            return len({value_of(claim) for claim in self.others}) > 1
        return any(other.valid == self.current.valid and value_of(other) != value_of(self.current) for other in self.others)


@dataclass(frozen=True, slots=True)
class MilestoneStory:
    """A milestone with the promise it is judged by, every move of its forecast, the oldest first, and what it waits for.

    `confirmed` is the newest word that the forecast still holds, where none of the moves came after it.
    """

    dated: DatedMilestone
    promises: list[BaselineMilestone]
    revisions: list[ForecastRevision]
    waits_for: list[Dependency] = field(default_factory=list)
    confirmed: ForecastRevision | None = None

    @property
    def promise(self) -> BaselineMilestone | None:
        """The first promise: who made it, and in which words."""
        return self.promises[0] if self.promises else None


@dataclass(frozen=True, slots=True)
class BudgetSum:
    """The lines of one category and funding source."""

    lines: list[BudgetLine]

    @property
    def amount_rub(self) -> Decimal:
        """Their sum."""
        return sum((line.amount_rub for line in self.lines), Decimal(0))

    @property
    def usd(self) -> Dollars:
        """Their dollars."""
        return dollars_of(self.lines)

    @property
    def months(self) -> tuple[date, date] | None:
        """The first and the last month; None where months were not published."""
        known = [line.month for line in self.lines if line.month]
        return (min(known), max(known)) if known else None


@dataclass(frozen=True, slots=True)
class MilestoneGroup:
    """Milestones of a factory that are `late` (something is wrong and they are not reached), `open` or `reached`: the first of `count`."""

    name: str
    stories: list[MilestoneStory]
    count: int


@dataclass(frozen=True, slots=True)
class FactoryStory:
    """Everything the page of one factory tells. Unknown figures are None; `milestones` are all of it, `groups` those that are told one by
    one, `visible` the ids of the factories that may be linked.
    """

    contract: Contract
    factory: Factory
    as_of: date
    row: FactoryRow
    neighbours: tuple[Factory | None, Factory | None]
    facts: list[Fact]
    milestones: list[DatedMilestone]
    groups: list[MilestoneGroup]
    baseline: Baseline | None
    budget: list[BudgetLine]
    ledger: list[LedgerEntry]
    visible: frozenset[int] = frozenset()

    @property
    def told(self) -> list[MilestoneStory]:
        """The milestones that are told one by one, by code."""
        return sorted((story for group in self.groups for story in group.stories), key=lambda story: story.dated.milestone.code)

    @property
    def budget_sums(self) -> list[BudgetSum]:
        """The budget by category and funding source, over all months."""
        lines: dict[tuple[str, str], list[BudgetLine]] = {}
        for line in self.budget:
            lines.setdefault((line.category, line.funding), []).append(line)
        return [BudgetSum(rows) for rows in lines.values()]

    @property
    def budget_usd(self) -> Dollars:
        """The budget in dollars at the contract basis."""
        return dollars_of(self.budget)

    @property
    def payments(self) -> list[LedgerEntry]:
        """Payments and their reversals."""
        return [entry for entry in self.ledger if entry.kind == LedgerEntry.Kind.PAYMENT]

    @property
    def reversed(self) -> set[int]:
        """The ids of the entries that had been reversed by then; one that was reversed later still stood."""
        return {entry.reverses_id for entry in self.ledger if entry.reverses_id is not None}

    @property
    def paid_usd(self) -> Dollars:
        """The payments in dollars at their own rates."""
        return dollars_of(self.payments)


def factory_board(*, reader: Reader, contract_code: str, as_of: date) -> Board:
    """The factories of a contract that `reader` may see: six statements whatever their number."""
    contract = contract_for(reader, contract_code)
    stands = standing_of(reader=reader, contract=contract, as_of=as_of)
    baseline = baseline_in_force(contract.pk, as_of=as_of)
    dollars = dollars_of_factories(contract_id=contract.pk, baseline_id=baseline.pk if baseline else None, as_of=as_of)
    planned = stands.figures.current(Figure.PLANNED_FACTORIES)
    return Board(
        contract=contract,
        as_of=as_of,
        rows=[BoardRow(row, dollars.get(row.factory.pk, FactoryDollars())) for row in stands.rows],
        planned=int(planned.value) if planned and planned.value is not None else None,
    )


def factory_for(reader: Reader, *, contract_code: str, factory_code: str) -> Factory:
    """The factory of that code with its contract, or NotFound when it is not there for this reader."""
    found = Factory.objects.for_reader(reader).select_related("contract").filter(contract__code=contract_code, code=factory_code).first()
    if found is None:
        raise NotFound("There is no factory “{factory}”.", field="factory", factory=factory_code)
    return found


def factory_story(*, reader: Reader, contract_code: str, factory_code: str, as_of: date, most: int) -> FactoryStory:
    """One factory with its facts, milestones, of which `most` of a group are told, budget and ledger: five statements."""
    contract = contract_for(reader, contract_code)
    stands = factory_standing_of(reader=reader, contract=contract, factory_code=factory_code, as_of=as_of)
    factory, at = stands.row.factory, stands.factories.index(stands.row.factory)
    groups = _groups(stands.milestones)
    told = [one for group in groups.values() for one in group[:most]]
    keys = [one.milestone.pk for one in told]
    entries = LedgerEntry.objects.filter(factory=factory, date__lte=as_of).select_related(
        "conversion__rate", "conversion__replaced", "source", "reverses", "recorded_by"
    )
    promises, revisions, links, baselines, budget, ledger = together(
        _promises(keys, as_of),
        _revisions(keys, as_of),
        links_to(keys),
        _in_force(factory, as_of),
        _budget(factory, as_of),
        with_known_dollars(entries, as_of),
    )
    stories = {story.dated.milestone.pk: story for story in _told(told, promises, revisions, links)}
    return FactoryStory(
        contract=contract,
        factory=factory,
        as_of=as_of,
        row=stands.row,
        neighbours=(
            stands.factories[at - 1] if at else None,
            stands.factories[at + 1] if at + 1 < len(stands.factories) else None,
        ),
        facts=facts_of(stands.figures, factory.pk),
        milestones=stands.milestones,
        groups=[
            MilestoneGroup(name, [stories[one.milestone.pk] for one in group[:most]], len(group)) for name, group in groups.items() if group
        ],
        baseline=next(iter(baselines), None),
        budget=budget,
        ledger=ledger,
        visible=frozenset(one.pk for one in stands.factories),
    )


def _groups(milestones: Iterable[DatedMilestone]) -> dict[str, list[DatedMilestone]]:
    """The milestones by the name of their group, each by date."""
    found: dict[str, list[DatedMilestone]] = {"late": [], "open": [], "reached": []}
    for one in sorted(milestones, key=_when):
        found["reached" if one.is_reached else "late" if one.findings else "open"].append(one)
    return found


def facts_of(facts: Figures, factory_id: int) -> list[Fact]:
    """The figures of a factory in the order in which the list of figures has them."""
    order = {figure: n for n, figure in enumerate(Figure)}
    found = []
    for figure, claims in sorted(facts.of_factory(factory_id).items(), key=lambda item: order[item[0]]):
        current = next((claim for claim in claims if claim.in_use), None)
        earlier = [claim for claim in claims if claim.in_use and claim is not current]
        found.append(Fact(figure, current, earlier, [claim for claim in claims if not claim.in_use]))
    return found


def stories(milestones: list[DatedMilestone], *, as_of: date) -> list[MilestoneStory]:
    """The given milestones (the caller may read them) with promises and revisions announced by `as_of`: one statement."""
    keys = [m.milestone.pk for m in milestones]
    promises, revisions = together(_promises(keys, as_of), _revisions(keys, as_of))
    return _told(milestones, promises, revisions, ())


def _promises(keys: Collection[int], as_of: date) -> "QuerySet[BaselineMilestone]":
    return (
        BaselineMilestone.objects.filter(milestone__in=keys, baseline__in_force_from__lte=as_of)
        .announced_by(as_of)
        .select_related("source", "baseline")
        .order_by("baseline__in_force_from", "id")
    )


def _revisions(keys: Collection[int], as_of: date) -> "QuerySet[ForecastRevision]":
    return (
        ForecastRevision.objects.filter(milestone__in=keys)
        .announced_by(as_of)
        .select_related("source", "recorded_by")
        .order_by(F("announced_latest").asc(nulls_first=True), "id")
    )


def _told(
    milestones: list[DatedMilestone],
    announced: Iterable[BaselineMilestone],
    moves: Iterable[ForecastRevision],
    links: Iterable[Dependency],
) -> list[MilestoneStory]:
    """The milestones with what was read of them."""
    promises: dict[int, list[BaselineMilestone]] = defaultdict(list)
    for promise in announced:
        promises[promise.milestone_id].append(promise)
    revisions: dict[int, list[ForecastRevision]] = defaultdict(list)
    confirmed: dict[int, ForecastRevision | None] = {}
    for revision in moves:
        if revision.reason == SlipReason.CONFIRMED:
            confirmed[revision.milestone_id] = revision
        else:
            revisions[revision.milestone_id].append(revision)
            confirmed[revision.milestone_id] = None
    waits_for: dict[int, list[Dependency]] = defaultdict(list)
    for link in links:
        waits_for[link.successor_id].append(link)
    return [
        MilestoneStory(m, promises[key], revisions[key], waits_for[key], confirmed.get(key)) for m in milestones for key in [m.milestone.pk]
    ]


def _when(dated: DatedMilestone) -> date:
    """The day that a milestone stands for in a list: reached, forecast or promised; those without any come last."""
    known = dated.actual or dated.forecast or dated.due
    return known.window.latest if known else date.max


def _in_force(factory: Factory, as_of: date) -> "QuerySet[Baseline]":
    return Baseline.objects.filter(contract_id=factory.contract_id, in_force_from__lte=as_of).order_by("-in_force_from")[:1]


def _budget(factory: Factory, as_of: date) -> "QuerySet[BudgetLine]":
    """The lines under the baseline in force."""
    in_force = Subquery(_in_force(factory, as_of).values("pk"))
    lines = BudgetLine.objects.announced_by(as_of).filter(factory=factory, baseline__in=in_force)
    shown = lines.select_related("conversion__rate", "source", "baseline").order_by("category", "funding", "month")
    return with_known_dollars(shown, as_of)
