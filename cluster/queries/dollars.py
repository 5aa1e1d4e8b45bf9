"""What budgets and payments of factories are in dollars, each at its own basis, from the stored conversions as known on a day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, Count, Q, QuerySet, Sum
from django.db.models.aggregates import Aggregate

from cluster.models import BudgetLine, LedgerEntry
from cluster.queries.conversions import known_dollars
from cluster.queries.together import together


class _Any(Aggregate):
    function = "BOOL_OR"
    output_field = BooleanField()


@dataclass(frozen=True, slots=True)
class Dollars:
    """A sum in dollars: None while nothing of it was converted. `missing` rows await conversion, so the sum is short of them."""

    usd: Decimal | None = None
    missing: int = 0
    stale: bool = False


@dataclass(frozen=True, slots=True)
class FactoryDollars:
    """Budget at the contract basis (rate in force when it was agreed), payments at the rates of their days."""

    budget: Dollars = Dollars()
    paid: Dollars = Dollars()


def dollars_of_factories(*, contract_id: int, baseline_id: int | None, as_of: date) -> dict[int, FactoryDollars]:
    """Dollars by factory id for a contract that the caller may read: one statement."""
    budget = BudgetLine.objects.announced_by(as_of).filter(factory__contract_id=contract_id, baseline=baseline_id or 0)
    paid = LedgerEntry.objects.filter(factory__contract_id=contract_id, kind=LedgerEntry.Kind.PAYMENT, date__lte=as_of)
    by_budget, by_paid = map(_by_factory, together(_sums(budget, as_of), _sums(paid, as_of)))
    return {key: FactoryDollars(by_budget.get(key, Dollars()), by_paid.get(key, Dollars())) for key in by_budget.keys() | by_paid.keys()}


def dollars_of(rows: Iterable[Any]) -> Dollars:
    """The same sum over rows already read with their `conversion`."""
    conversions = [getattr(row, "conversion", None) for row in rows]
    known = [conversion for conversion in conversions if conversion is not None]
    return Dollars(
        usd=sum((c.usd for c in known), Decimal(0)) if known else None,
        missing=len(conversions) - len(known),
        stale=any(c.stale for c in known),
    )


def _sums(rows: "QuerySet[Any]", as_of: date) -> "QuerySet[Any, dict[str, Any]]":
    found: QuerySet[Any, dict[str, Any]] = (
        rows.order_by()
        .alias(**known_dollars(as_of))
        .values("factory_id")
        .annotate(usd=Sum("known_usd"), missing=Count("pk", filter=Q(known_usd__isnull=True)), stale=_Any("known_stale"))
    )
    return found


def _by_factory(found: Iterable[dict[str, Any]]) -> dict[int, Dollars]:
    return {row["factory_id"]: Dollars(row["usd"], row["missing"], bool(row["stale"])) for row in found}
