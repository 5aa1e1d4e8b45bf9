"""Where a contract stands: money in three figures, factories by stage, what is late."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Case, DecimalField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from cluster.domain.dates import DateWindow
from cluster.domain.errors import NotFound
from cluster.domain.stages import Stage, decided_by, stage_of
from cluster.models import Baseline, BudgetLine, Claim, Contract, Factory, Figure, LedgerEntry, MilestoneKind
from cluster.models.scope import Reader, scope_of
from cluster.queries.figures import Figures, claims_for_figures, figures_of
from cluster.queries.milestones import DatedMilestone, dated_milestones
from cluster.queries.together import together

_RUB = DecimalField(max_digits=22, decimal_places=2)


@dataclass(frozen=True, slots=True)
class FactoryRow:
    """One factory in the table: stage, opening, what is late, budget and payments in roubles."""

    factory: Factory
    stage: Stage
    opening: DatedMilestone | None
    late_days: int
    worst: DatedMilestone | None
    budget_rub: Decimal | None
    paid_rub: Decimal
    capacity: Claim | None
    product: Claim | None

    @property
    def opened(self) -> DateWindow | None:
        """When it opened, if it did."""
        return self.opening.actual.window if self.opening and self.opening.actual else None


@dataclass(frozen=True, slots=True)
class Overview:
    """The state of a contract as of a day. Unknown figures are None, never 0."""

    contract: Contract
    as_of: date
    figures: Figures
    rows: list[FactoryRow]
    milestones: list[DatedMilestone]
    allocated_rub: Decimal
    paid_rub: Decimal
    reader: Reader

    @property
    def is_partial(self) -> bool:
        """Whether the reader's role hides the figures of the contract as a whole, so that their absence says nothing."""
        return is_partial(self.reader, self.contract)

    @property
    def commitment(self) -> Claim | None:
        """The committed investment in use."""
        return self.figures.current(Figure.COMMITMENT)

    @property
    def invested(self) -> Claim | None:
        """Invested to date as published; the ledger's payments stand beside it, not in it."""
        return self.figures.current(Figure.INVESTED_TO_DATE)

    @property
    def planned_factories(self) -> int | None:
        """How many factories the contract plans."""
        claim = self.figures.current(Figure.PLANNED_FACTORIES)
        return int(claim.value) if claim and claim.value is not None else None

    @property
    def opened_factories(self) -> int:
        """How many have an actual opening."""
        return sum(row.stage is Stage.OPENED for row in self.rows)

    @property
    def not_allocated_rub(self) -> Decimal | None:
        """Committed but not yet allocated to a factory."""
        commitment = self.commitment
        return commitment.value - self.allocated_rub if commitment and commitment.value is not None else None

    @property
    def late(self) -> list[DatedMilestone]:
        """Milestones late against their due date, the worst first."""
        return sorted((m for m in self.milestones if m.late_days), key=lambda m: -(m.late_days or 0))


def contracts_for(reader: Reader) -> QuerySet[Contract]:
    """The contracts that `reader` may see, real ones first."""
    return Contract.objects.for_reader(reader)


def contracts_near(reader: Reader, code: str | None, *, most: int) -> QuerySet[Contract]:
    """The first `most` contracts that `reader` may see, the one of that code among them and before the others."""
    chosen = Case(When(code=code or "", then=Value(0)), default=Value(1))
    return contracts_for(reader).order_by(chosen, "is_example", "code")[:most]


def contracts_named(reader: Reader, text: str) -> QuerySet[Contract]:
    """The contracts that `reader` may see whose code or name in either language contains `text`; all of them without one."""
    words = Q(code__icontains=text) | Q(name_ru__icontains=text) | Q(name_en__icontains=text)
    return contracts_for(reader).filter(words) if text else contracts_for(reader)


def contract_for(reader: Reader, code: str) -> Contract:
    """The contract of that code, or NotFound when it is not there for this reader."""
    contract = Contract.objects.for_reader(reader).filter(code=code).first()
    if contract is None:
        raise NotFound("There is no contract “{contract}”.", field="contract", contract=code)
    return contract


def is_partial(reader: Reader, contract: Contract) -> bool:
    """Whether `reader` sees only single factories of the contract."""
    scope = scope_of(reader)
    return not (scope.sees_everything or contract.pk in scope.contracts)


def baseline_in_force(contract_id: int, *, as_of: date) -> Baseline | None:
    """The newest approved baseline on `as_of`."""
    return Baseline.objects.filter(contract_id=contract_id, in_force_from__lte=as_of).order_by("-in_force_from").first()


@dataclass(frozen=True, slots=True)
class Standing:
    """What `reader` may see of a contract as of a day: its figures, its milestones, its factories with their money."""

    figures: Figures
    milestones: list[DatedMilestone]
    rows: list[FactoryRow]


@dataclass(frozen=True, slots=True)
class FactoryStanding:
    """The same of one factory, with all `factories` of its contract that `reader` may see, in their order."""

    figures: Figures
    milestones: list[DatedMilestone]
    row: FactoryRow
    factories: list[Factory]


def standing_of(*, reader: Reader, contract: Contract, as_of: date) -> Standing:
    """Where a contract stands: three statements."""
    facts, factories = _facts_and_factories(reader, contract, as_of)
    milestones = dated_milestones(reader=reader, as_of=as_of, contract_id=contract.pk)
    by_factory: dict[int, list[DatedMilestone]] = {}
    for milestone in milestones:
        if milestone.milestone.factory_id is not None:
            by_factory.setdefault(milestone.milestone.factory_id, []).append(milestone)
    return Standing(facts, milestones, [_row(factory, by_factory.get(factory.pk, []), facts, as_of) for factory in factories])


def factory_standing_of(*, reader: Reader, contract: Contract, factory_code: str, as_of: date) -> FactoryStanding:
    """Where a factory stands: three statements. NotFound where it is not there for this reader."""
    facts, factories = _facts_and_factories(reader, contract, as_of)
    factory = next((one for one in factories if one.code == factory_code), None)
    if factory is None:
        raise NotFound("There is no factory “{factory}”.", field="factory", factory=factory_code)
    milestones = dated_milestones(reader=reader, as_of=as_of, contract_id=contract.pk, factory_id=factory.pk)
    return FactoryStanding(facts, milestones, _row(factory, milestones, facts, as_of), factories)


def _facts_and_factories(reader: Reader, contract: Contract, as_of: date) -> tuple[Figures, list[Factory]]:
    claims = claims_for_figures(reader=reader, contract_id=contract.pk, as_of=as_of)
    told, factories = together(claims, _with_money(reader, contract, as_of))
    return figures_of(told, as_of=as_of), factories


def _with_money(reader: Reader, contract: Contract, as_of: date) -> "QuerySet[Factory]":
    """The factories of a contract with their budgets and payments."""
    in_force = Baseline.objects.filter(contract_id=contract.pk, in_force_from__lte=as_of).order_by("-in_force_from").values("pk")[:1]
    budget = BudgetLine.objects.announced_by(as_of).filter(factory=OuterRef("pk"), baseline__in=Subquery(in_force))
    paid = LedgerEntry.objects.filter(factory=OuterRef("pk"), kind=LedgerEntry.Kind.PAYMENT, date__lte=as_of)
    return (
        Factory.objects.for_reader(reader)
        .filter(contract=contract)
        .select_related("manager")
        .annotate(
            budget_rub=Subquery(budget.order_by().values("factory").annotate(rub=Sum("amount_rub")).values("rub"), output_field=_RUB),
            paid_rub=Coalesce(
                Subquery(paid.order_by().values("factory").annotate(rub=Sum("amount_rub")).values("rub"), output_field=_RUB),
                Value(Decimal(0), output_field=_RUB),
            ),
        )
    )


def _row(factory: Factory, milestones: list[DatedMilestone], facts: Figures, as_of: date) -> FactoryRow:
    late = [m for m in milestones if m.late_days]
    worst = max(late, key=lambda m: m.late_days or 0, default=None)
    return FactoryRow(
        factory=factory,
        stage=stage_of(
            {m.milestone.kind for m in milestones if m.is_reached},
            decision=decided_by(as_of, decision=factory.decision, on=factory.decision_on),
        ),
        opening=next((m for m in milestones if m.milestone.kind == MilestoneKind.OPENING and m.milestone.scored), None),
        late_days=(worst.late_days or 0) if worst else 0,
        worst=worst,
        budget_rub=factory.budget_rub,  # type: ignore[attr-defined]
        paid_rub=factory.paid_rub,  # type: ignore[attr-defined]
        capacity=facts.current(Figure.CAPACITY, factory_id=factory.pk),
        product=facts.current(Figure.PRODUCT, factory_id=factory.pk),
    )


def overview(*, reader: Reader, contract_code: str, as_of: date) -> Overview:
    """Everything the cluster page needs: a fixed number of statements whatever the size of the contract."""
    contract = contract_for(reader, contract_code)
    stands = standing_of(reader=reader, contract=contract, as_of=as_of)
    return Overview(
        contract=contract,
        as_of=as_of,
        figures=stands.figures,
        rows=stands.rows,
        milestones=stands.milestones,
        allocated_rub=sum((row.budget_rub for row in stands.rows if row.budget_rub is not None), Decimal(0)),
        paid_rub=sum((row.paid_rub for row in stands.rows), Decimal(0)),
        reader=reader,
    )
