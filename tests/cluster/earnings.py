"""Plans with weights, payments and reached milestones, for the tests of earned value behind every door."""

from datetime import date
from decimal import Decimal
from typing import Any

from cluster.domain.dates import DateWindow
from cluster.models import Baseline, BaselineMilestone, BudgetLine, Contract, Factory, LedgerEntry, Milestone
from tests.factories import approve, make_milestone


def plan(contract: Contract, dates: dict[Milestone, tuple[str, str | None]], budget: dict[Factory, int], from_day: str) -> Baseline:
    """An approved baseline: the due day and the weight of each milestone, and a budget for each factory."""
    baseline = Baseline.objects.create(contract=contract, name_ru="План", name_en="Plan")
    for milestone, (due, weight) in dates.items():
        row = BaselineMilestone(baseline=baseline, milestone=milestone, weight=Decimal(weight) if weight else None)
        row.due = DateWindow.parse(due)
        row.save()
    for factory, amount in budget.items():
        BudgetLine.objects.create(
            baseline=baseline, factory=factory, category="equipment", month=date(2025, 1, 1), amount_rub=Decimal(amount)
        )
    return approve(baseline, from_day)


def pay(factory: Factory, on: str, amount: int, **fields: Any) -> None:
    """A payment, or a commitment by `kind`."""
    defaults = {"kind": "payment", "category": "equipment", "document": "1", "counterparty": "C"}
    LedgerEntry.objects.create(factory=factory, date=date.fromisoformat(on), amount_rub=Decimal(amount), **defaults | fields)


def reach(milestone: Milestone, on: str, told: str) -> None:
    """The actual date of a milestone, and the day on which it was told."""
    milestone.actual, milestone.actual_announced_on = DateWindow.parse(on), date.fromisoformat(told)
    milestone.save()


def fill(factory: Factory) -> list[Milestone]:
    """Half of 1000 is due at the end of January 2025, the other half at the end of March; the first half was reached in February."""
    made = [make_milestone(factory, code=code, name_en=f"Step {code}") for code in ("A", "B")]
    plan(factory.contract, {made[0]: ("2025-01-31", "0.5"), made[1]: ("2025-03-31", "0.5")}, {factory: 1000}, "2024-12-01")
    reach(made[0], "2025-02-10", told="2025-02-20")
    pay(factory, "2025-01-15", 200)
    pay(factory, "2025-02-15", 300)
    return made
