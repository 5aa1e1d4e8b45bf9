"""What stands beside factories and contracts in a list: money and lateness, in a few statements for all rows of a page together."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, OuterRef, Q, QuerySet, Subquery, Sum

from cluster.domain.dates import DateWindow
from cluster.models import Baseline, BudgetLine, Factory, Figure, LedgerEntry, Milestone, MilestoneKind
from cluster.models.scope import Reader
from cluster.queries.figures import claims_known
from cluster.queries.milestones import DatedMilestone, with_dates

_RUB = DecimalField(max_digits=22, decimal_places=2)


@dataclass(frozen=True, slots=True)
class FactoryFigures:
    """A factory today: its budget under the baseline in force, what was paid, its worst late milestone, and its opening."""

    budget_rub: Decimal | None = None
    paid_rub: Decimal | None = None
    late_days: int | None = None
    opening: DateWindow | None = None


@dataclass(frozen=True, slots=True)
class ContractFigures:
    """A contract today: what was committed, what of it stands in budgets of factories, and what was paid."""

    committed_rub: Decimal | None = None
    allocated_rub: Decimal | None = None
    paid_rub: Decimal | None = None


def factory_figures(factory_ids: Collection[int], *, reader: Reader, as_of: date) -> dict[int, FactoryFigures]:
    """The figures of these factories by id, of those that `reader` may see: three statements."""
    factories = list(_with_money(Factory.objects.for_reader(reader).filter(pk__in=factory_ids), as_of))
    by_factory: dict[int, list[DatedMilestone]] = defaultdict(list)
    for dated in with_dates(Milestone.objects.filter(factory__in=[row["pk"] for row in factories]), as_of=as_of):
        by_factory[dated.milestone.factory_id or 0].append(dated)
    return {
        row["pk"]: FactoryFigures(row["budget_rub"], row["paid_rub"], _worst(by_factory[row["pk"]]), _opening(by_factory[row["pk"]]))
        for row in factories
    }


def contract_figures(contract_ids: Collection[int], *, reader: Reader, as_of: date) -> dict[int, ContractFigures]:
    """The figures of these contracts by id, as far as `reader` may see them: two statements."""
    committed: dict[int, Decimal | None] = {}
    told = Q(contract__in=contract_ids, factory=None, milestone=None, figure=Figure.COMMITMENT)
    for claim in claims_known(reader, as_of, told):
        if claim.in_use:
            committed.setdefault(claim.contract_id, claim.value)
    sums: dict[int, dict[str, Decimal | None]] = {key: {"budget_rub": None, "paid_rub": None} for key in contract_ids}
    for row in _with_money(Factory.objects.for_reader(reader).filter(contract__in=contract_ids), as_of):
        found = sums[row["contract"]]
        found |= {name: row[name] + (value or 0) for name, value in found.items() if row[name] is not None}
    return {key: ContractFigures(committed.get(key), found["budget_rub"], found["paid_rub"]) for key, found in sums.items()}


def _with_money(factories: QuerySet[Factory], as_of: date) -> "QuerySet[Any, dict[str, Any]]":
    in_force = Baseline.objects.filter(contract=OuterRef(OuterRef("contract")), in_force_from__lte=as_of).order_by("-in_force_from")
    budget = BudgetLine.objects.announced_by(as_of).filter(factory=OuterRef("pk"), baseline__in=Subquery(in_force.values("pk")[:1]))
    paid = LedgerEntry.objects.filter(factory=OuterRef("pk"), kind=LedgerEntry.Kind.PAYMENT, date__lte=as_of)
    rows: Any = factories.annotate(budget_rub=_sum(budget), paid_rub=_sum(paid)).order_by("pk")
    found: QuerySet[Any, dict[str, Any]] = rows.values("pk", "contract", "budget_rub", "paid_rub")
    return found


def _sum(rows: "QuerySet[Any]") -> Subquery:
    return Subquery(rows.order_by().values("factory").annotate(rub=Sum("amount_rub")).values("rub"), output_field=_RUB)


def _worst(milestones: list[DatedMilestone]) -> int | None:
    return max((dated.late_days for dated in milestones if dated.late_days), default=None)


def _opening(milestones: list[DatedMilestone]) -> DateWindow | None:
    """When it opened, else when it is forecast or promised to."""
    opening = next((one for one in milestones if one.milestone.kind == MilestoneKind.OPENING and one.milestone.scored), None)
    known = opening and (opening.actual or opening.forecast or opening.due)
    return known.window if known else None
