"""Earned value of factories and of a contract, as of any day: what was due, reached and paid, as it was known then."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Min, QuerySet, Sum
from django.db.models.functions import TruncMonth

from cluster.domain.earned_value import WeightedMilestone
from cluster.domain.errors import DomainError
from cluster.domain.outlook import ZERO, at_completion
from cluster.domain.performance import Account, Performance, performance
from cluster.models import Baseline, BaselineMilestone, BudgetLine, Contract, Factory, LedgerEntry, Milestone
from cluster.models.scope import Reader
from cluster.queries.contracts import baseline_in_force, contract_for, is_partial
from cluster.queries.factories import factory_for
from cluster.queries.together import together


@dataclass(frozen=True, slots=True)
class EarnedMilestone:
    """A milestone under the baseline in force: its share of the factory's budget, when it is due, and when it was reached."""

    milestone: Milestone
    weight: Decimal
    due: date
    reached: date | None

    @property
    def percent(self) -> Decimal:
        """The weight in per cent."""
        return self.weight * 100


@dataclass(frozen=True)
class FactoryEarned:
    """Earned value of one factory, or why it is not defined (`problem`). The outlook is the bottom-up estimate of decision 0007."""

    factory: Factory
    as_of: date
    bac: Decimal | None
    outlook: Decimal | None
    milestones: list[EarnedMilestone] = field(default_factory=list)
    paid: dict[date, Decimal] = field(default_factory=dict)

    @cached_property
    def problem(self) -> DomainError | None:
        """What keeps the figures from being defined."""
        if self.bac is None:
            return DomainError("It has no budget under the baseline in force.", field="budget", code="no_budget")
        if not any(one.weight for one in self.milestones):
            return DomainError("No milestone has a weight under the baseline in force.", field="weight", code="no_weights")
        try:
            performance([self.account], as_of=self.as_of)
        except DomainError as error:
            return error
        return None

    @property
    def account(self) -> Account:
        """The factory as the rules of earned value take it."""
        weighted = [WeightedMilestone(one.weight, one.due, one.reached) for one in self.milestones]
        return Account(self.bac or ZERO, weighted, self.paid)

    @cached_property
    def performance(self) -> Performance | None:
        """Its earned value and earned schedule; None where there is a problem."""
        return None if self.problem else performance([self.account], as_of=self.as_of)

    @property
    def paid_rub(self) -> Decimal:
        """All that it had paid."""
        return sum(self.paid.values(), ZERO)


@dataclass(frozen=True)
class Earned:
    """Earned value of the factories that `reader` sees of a contract, or of the one that was asked for, under the baseline in force."""

    contract: Contract
    as_of: date
    baseline: Baseline
    rows: list[FactoryEarned]
    factory: Factory | None = None
    is_partial: bool = False

    @cached_property
    def whole(self) -> Performance | None:
        """The sum of the factories whose figures are defined; None where there is none."""
        accounts = [row.account for row in self.known]
        return performance(accounts, as_of=self.as_of) if accounts else None

    @cached_property
    def known(self) -> list[FactoryEarned]:
        """The factories whose figures are defined: the sum is theirs alone."""
        return [row for row in self.rows if row.problem is None]

    @property
    def undefined(self) -> list[FactoryEarned]:
        """The factories that are not in the sum."""
        return [row for row in self.rows if row.problem is not None]

    @property
    def outlook(self) -> Decimal | None:
        """The bottom-up estimate at completion of the factories in the sum."""
        return sum((row.outlook or ZERO for row in self.known), ZERO) if self.known else None


def earned_value_of(*, reader: Reader, contract_code: str, factory_code: str = "", as_of: date) -> Earned:
    """Earned value of a contract, or of one factory of it: four statements. NotFound for outsiders.

    Raises DomainError (code `no_baseline`) where no baseline was in force on the day.
    """
    contract = contract_for(reader, contract_code)
    if factory_code:
        factory = factory_for(reader, contract_code=contract_code, factory_code=factory_code)
        return earned_in(contract=contract, factories=[factory], factory=factory, as_of=as_of)
    factories = Factory.objects.for_reader(reader).filter(contract=contract).order_by("order", "code")
    return earned_in(contract=contract, factories=factories, as_of=as_of, partial=is_partial(reader, contract))


def earned_in(
    *, contract: Contract, factories: Iterable[Factory], as_of: date, factory: Factory | None = None, partial: bool = False
) -> Earned:
    """Earned value of factories that the caller has read for a reader: two statements beside reading them. Raises as above."""
    baseline = baseline_in_force(contract.pk, as_of=as_of)
    return earned_under(baseline, contract=contract, factories=factories, as_of=as_of, factory=factory, partial=partial)


def earned_under(
    baseline: Baseline | None,
    *,
    contract: Contract,
    factories: Iterable[Factory],
    as_of: date,
    factory: Factory | None = None,
    partial: bool = False,
) -> Earned:
    """The same under the baseline in force, where that was read too: one statement."""
    if baseline is None:
        raise _no_baseline(contract, as_of)
    by_key = {one.pk: one for one in factories}
    promised, lines, entries = together(_promised(baseline, by_key, as_of), _lines(baseline, by_key, as_of), _entries(by_key, as_of))
    milestones, budget, (paid, committed) = _milestones(promised, as_of), _budget(lines), _spent(entries)
    rows = []
    for key, one in by_key.items():
        monthly: dict[date, Decimal] = defaultdict(Decimal)
        used: dict[str, Decimal] = defaultdict(Decimal)
        for (category, month), rub in paid[key].items():
            monthly[month] += rub
            used[category] += rub
        used = used | {category: max(rub, used.get(category, ZERO)) for category, rub in committed[key].items()}
        planned = budget[key]
        rows.append(
            FactoryEarned(
                factory=one,
                as_of=as_of,
                bac=sum(planned.values(), ZERO) if planned else None,
                outlook=sum(at_completion(planned, used).values(), ZERO) if planned else None,
                milestones=milestones[key],
                paid=dict(monthly),
            )
        )
    return Earned(contract, as_of, baseline, rows, factory, partial)


def _no_baseline(contract: Contract, as_of: date) -> DomainError:
    first = Baseline.objects.filter(contract=contract).aggregate(first=Min("in_force_from"))["first"]
    if first is None:
        return DomainError("No baseline of this contract was ever in force: approve one.", field="as_of", code="no_baseline")
    return DomainError(
        "No baseline was in force on {day}: the first one is in force from {first}. Ask for that day or a later one.",
        field="as_of",
        code="no_baseline",
        day=as_of,
        first=first,
    )


def _promised(baseline: Baseline, factories: dict[int, Factory], as_of: date) -> QuerySet[BaselineMilestone]:
    return (
        BaselineMilestone.objects.filter(baseline=baseline, milestone__factory__in=factories)
        .announced_by(as_of)
        .select_related("milestone")
        .order_by("due_latest", "milestone__code")
    )


def _milestones(promised: Iterable[BaselineMilestone], as_of: date) -> dict[int, list[EarnedMilestone]]:
    """What each factory promised under the baseline, by due date."""
    found: dict[int, list[EarnedMilestone]] = defaultdict(list)
    for row in promised:
        one = row.milestone
        known = one.actual_latest if one.actual_announced_on is not None and one.actual_announced_on <= as_of else None
        reached = known if known is not None and known <= as_of else None
        assert one.factory_id is not None
        found[one.factory_id].append(EarnedMilestone(one, row.weight or Decimal(0), row.due_latest, reached))
    return found


def _lines(baseline: Baseline, factories: dict[int, Factory], as_of: date) -> QuerySet[Any, Any]:
    lines: Any = BudgetLine.objects.filter(baseline=baseline, factory__in=factories).announced_by(as_of).order_by()
    found: QuerySet[Any, Any] = lines.values_list("factory_id", "category").annotate(rub=Sum("amount_rub"))
    return found


def _budget(lines: Iterable[Any]) -> dict[int, dict[str, Decimal]]:
    """The budget of each factory by category."""
    found: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for key, category, rub in lines:
        found[key][category] = rub
    return found


def _entries(factories: dict[int, Factory], as_of: date) -> QuerySet[Any, Any]:
    entries: Any = LedgerEntry.objects.filter(factory__in=factories, date__lte=as_of).order_by()
    columns = ("factory_id", "kind", "category", TruncMonth("date"))
    found: QuerySet[Any, Any] = entries.values_list(*columns).annotate(rub=Sum("amount_rub"))
    return found


def _spent(entries: Iterable[Any]) -> tuple[dict[int, dict[tuple[str, date], Decimal]], dict[int, dict[str, Decimal]]]:
    """Payments by category and month, commitments by category, of each factory, net of reversals."""
    paid: dict[int, dict[tuple[str, date], Decimal]] = defaultdict(dict)
    committed: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for key, kind, category, month, rub in entries:
        if kind == LedgerEntry.Kind.PAYMENT:
            paid[key][category, month] = rub
        else:
            committed[key][category] += rub
    return paid, committed
