"""The outlook: what factories will have cost when they are complete, in roubles and dollars, and why it left the budget.

The finest grain is a *cell*: factory, category, funding source, month. Each amount of a cell is rounded once, and every
total is the sum of its cells, so that all groupings of the same cells agree to the kopeck and to the cent
(docs/decisions/0007). An empty category or funding source, or no month, means "not published in that detail".
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from cluster.domain.exchange import Rate, convert_rub

ZERO = Decimal("0.00")
# Category and funding source.
Group = tuple[str, str]


class Grouping(StrEnum):
    """By what totals can be shown."""

    FACTORY = "factory"
    CATEGORY = "category"
    FUNDING = "funding"
    MONTH = "month"
    YEAR = "year"


class Quote(NamedTuple):
    """A rate as it was used: its id, and whether a newer one ought to have been known."""

    rate: Rate
    stale: bool = False
    id: int = 0


class ContractRate(NamedTuple):
    """What the budget of one factory was converted at: the rate of all its lines, or `quote` None and the effective rate of them.

    The effective rate is `rub` for `usd`, the sums of the `lines`, in full precision.
    """

    quote: Quote | None
    rub: Decimal
    usd: Decimal
    lines: int
    stale: bool = False

    @property
    def effective(self) -> Decimal:
        """Roubles for a dollar, where the lines differ."""
        return self.rub / self.usd

    def dollars(self, rub: Decimal) -> Decimal:
        """Roubles in dollars, rounded to the cent once."""
        if self.quote:
            return convert_rub(rub, self.quote.rate)
        kopecks, cents, whole = (int(amount.scaleb(2)) for amount in (rub, self.usd, self.rub))
        units = (2 * abs(kopecks) * cents + whole) // (2 * whole)
        return Decimal(units if kopecks >= 0 else -units).scaleb(-2)


class Planned(NamedTuple):
    """One budget line: roubles, its stored dollars at the contract basis and their rate (None: not converted yet).

    `anew`: converted again because a rate came late or was corrected.
    """

    factory: int
    category: str
    funding: str
    month: date | None
    rub: Decimal
    usd: Decimal | None
    quote: Quote | None
    anew: bool = False


class Spent(NamedTuple):
    """Ledger entries of one kind in one month, net of reversals; dollars at the payment basis.

    `missing` entries are not converted yet: the dollars are short of them. `anew` were converted again.
    """

    factory: int
    category: str
    funding: str
    month: date
    is_payment: bool
    rub: Decimal
    usd: Decimal
    entries: int
    missing: int = 0
    stale: bool = False
    anew: int = 0


class Cell(NamedTuple):
    """The money of one factory, category, funding source and month. None: not known, never 0.

    The factory has no published budget where `budget_rub` is None; then nothing that needs one is known either. In a
    factory with a budget, a cell without a line of its own has a budget of 0 and `lines` 0. Dollars are None where a
    conversion or a rate that they need is missing. `stale` names the figures of which a newer rate ought to have been known;
    `..._anew` count lines and entries that were converted again because a rate came late or was corrected.
    `line_quote` is the rate of its own line, `contract` that of the factory.
    """

    factory: int
    category: str
    funding: str
    month: date | None
    lines: int
    payments: int
    commitments: int
    budget_rub: Decimal | None
    budget_usd: Decimal | None
    paid_rub: Decimal
    paid_usd: Decimal | None
    committed_rub: Decimal
    committed_usd: Decimal | None
    remaining_rub: Decimal | None
    remaining_usd: Decimal | None
    real_rub: Decimal | None
    real_usd: Decimal | None
    # The same money at the other bases.
    budget_reporting_usd: Decimal | None
    paid_contract_usd: Decimal | None
    paid_reporting_usd: Decimal | None
    line_quote: Quote | None
    contract: ContractRate | None
    missing: int
    stale: frozenset[str]
    lines_anew: int = 0
    payments_anew: int = 0
    commitments_anew: int = 0

    @property
    def outlook_rub(self) -> Decimal | None:
        """Paid and still to be paid."""
        return _plus(self.paid_rub, self.remaining_rub)

    @property
    def outlook_usd(self) -> Decimal | None:
        """Payments at their own rates, and what remains at the reporting rate."""
        return _plus(self.paid_usd, self.remaining_usd)

    @property
    def fx_usd(self) -> Decimal | None:
        """All of the distance from the budget that is no real effect."""
        outlook = self.outlook_usd
        return None if outlook is None or self.budget_usd is None or self.real_usd is None else outlook - self.budget_usd - self.real_usd

    def key(self, by: Grouping) -> Hashable:
        """What the cell is grouped by: a factory's id, a code, a month, a year; None for money without a month."""
        match by:
            case Grouping.FACTORY:
                return self.factory
            case Grouping.CATEGORY:
                return self.category
            case Grouping.FUNDING:
                return self.funding
            case Grouping.MONTH:
                return self.month
            case Grouping.YEAR:
                return self.month.year if self.month else None


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of cells. Dollars are None as soon as one cell's are: a sum that is silently short would be wrong.

    What needs a budget sums the cells of factories with one (`..._planned` are the payments of these); it is None
    where there is none. Payments of factories without one have no contract basis, and so no sum that they are in.
    `missing` counts lines and payments that are not converted, and cells for which no reporting rate is known.
    """

    lines: int
    payments: int
    commitments: int
    budget_rub: Decimal | None
    budget_usd: Decimal | None
    paid_rub: Decimal
    paid_usd: Decimal | None
    paid_planned_rub: Decimal
    paid_planned_usd: Decimal | None
    committed_rub: Decimal
    committed_usd: Decimal | None
    remaining_rub: Decimal | None
    remaining_usd: Decimal | None
    outlook_rub: Decimal | None
    outlook_usd: Decimal | None
    real_rub: Decimal | None
    real_usd: Decimal | None
    fx_usd: Decimal | None
    budget_reporting_usd: Decimal | None
    payments_planned: int
    paid_contract_usd: Decimal | None
    paid_planned_contract_usd: Decimal | None
    paid_reporting_usd: Decimal | None
    paid_planned_reporting_usd: Decimal | None
    outlook_contract_usd: Decimal | None
    outlook_reporting_usd: Decimal | None
    missing: int
    stale: frozenset[str]
    lines_anew: int
    payments_anew: int
    payments_planned_anew: int
    commitments_anew: int

    @property
    def payments_apart(self) -> int:
        """Payments of factories without a published budget: of "paid", but not of the outlook."""
        return self.payments - self.payments_planned

    @property
    def paid_apart_rub(self) -> Decimal:
        """Their sum."""
        return self.paid_rub - self.paid_planned_rub


class Amounts(NamedTuple):
    """One figure in roubles and dollars; None: not known. The FX effect has no roubles."""

    rub: Decimal | None
    usd: Decimal | None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.rub and not self.usd


def amounts(figure: str, of: Cell | Total) -> Amounts:
    """A figure (budget, committed, paid, remaining, outlook, real, fx) as it is shown: what was never entered is not known, not 0."""
    entered = {"budget": of.lines, "committed": of.commitments, "paid": of.payments}.get(figure, 1)
    if not entered:
        return Amounts(None, None)
    return Amounts(None if figure == "fx" else getattr(of, f"{figure}_rub"), getattr(of, f"{figure}_usd"))


def converted_anew(figure: str, of: Total) -> int:
    """How many lines and payments that a figure is made of were converted again because a rate came late or was corrected."""
    return {
        "budget": of.lines_anew,
        "committed": of.commitments_anew,
        "paid": of.payments_anew,
        "outlook": of.payments_planned_anew,
        "real": of.lines_anew,
        "fx": of.lines_anew + of.payments_planned_anew,
    }.get(figure, 0)


def at_completion(budget: Mapping[str, Decimal], used: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The estimate at completion of each category of one factory: budget, commitments or payments, whichever is largest.

    `used` is the larger of commitments and payments. Whose money pays makes nothing dearer, so that funding sources are no
    part of it. The empty category is money without that detail: what exceeds the budget of a category is first covered by
    what is left there; what exceeds it there, by what the categories have left, in proportion. So the sum is the whole
    budget, and more only by what no fitting budget covers. Never less than `used`.
    """
    categories = sorted(budget.keys() | used.keys() | {""})
    estimate = {one: max(budget.get(one, ZERO), used.get(one, ZERO)) for one in categories}
    over = {one: estimate[one] - budget.get(one, ZERO) for one in categories}
    left = {one: estimate[one] - max(used.get(one, ZERO), ZERO) for one in categories}
    named = [one for one in categories if one]
    for givers, takers in (([""], named), (named, [""])):
        taken = min(sum((over[one] for one in takers), ZERO), sum((left[one] for one in givers), ZERO))
        for giver, part in zip(givers, spread(taken, [left[one] for one in givers]), strict=True):
            estimate[giver] -= part
    return {one: amount for one, amount in estimate.items() if one in budget or one in used}


def spread(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """`total` in parts by `weights` (none negative), exact to the kopeck: the largest remainders get the last kopecks.

    All weights 0 gives it to the first; no weights give nothing, and then `total` must be 0.
    """
    if not weights:
        return []
    units = [int(weight.scaleb(2)) for weight in weights]
    whole, kopecks = sum(units), int(total.scaleb(2))
    if whole == 0:
        return [total, *(ZERO for _ in weights[1:])]
    parts = [divmod(kopecks * unit, whole) for unit in units]
    lacking = kopecks - sum(part for part, _ in parts)
    nearest = sorted(range(len(parts)), key=lambda n: (-parts[n][1], n))[:lacking]
    more = set(nearest)
    return [Decimal(part + (n in more)).scaleb(-2) for n, (part, _) in enumerate(parts)]


def cells_of(planned: Iterable[Planned], spent: Iterable[Spent], *, as_of: date, reporting: Quote | None) -> list[Cell]:
    """The cells of any number of factories as of a day, ordered by factory, category, funding source and month.

    `reporting` is the rate in force on that day.
    """
    lines: dict[int, list[Planned]] = defaultdict(list)
    sums: dict[int, list[Spent]] = defaultdict(list)
    for line in planned:
        lines[line.factory].append(line)
    for row in spent:
        sums[row.factory].append(row)
    found: list[Cell] = []
    for factory in sorted(lines.keys() | sums.keys()):
        one = _Factory(factory, lines.get(factory, []), sums.get(factory, []), as_of.replace(day=1))
        found += one.cells(reporting)
    return found


def total_of(cells: Iterable[Cell]) -> Total:
    """The sum of cells."""
    cells = list(cells)
    planned = [cell for cell in cells if cell.budget_rub is not None]

    def whole(amount: Callable[[Cell], Decimal | None]) -> Decimal | None:
        return _sum(map(amount, planned)) if planned else None

    budget_usd, real_usd = whole(lambda cell: cell.budget_usd), whole(lambda cell: cell.real_usd)
    paid_planned_usd, remaining_usd = _sum(cell.paid_usd for cell in planned), whole(lambda cell: cell.remaining_usd)
    paid_planned_contract_usd = whole(lambda cell: cell.paid_contract_usd)
    payments, payments_planned = sum(cell.payments for cell in cells), sum(cell.payments for cell in planned)
    paid_planned_reporting_usd = _sum(cell.paid_reporting_usd for cell in planned)
    paid_planned_rub, remaining_rub = sum((cell.paid_rub for cell in planned), ZERO), whole(lambda cell: cell.remaining_rub)
    outlook_usd, outlook_contract_usd = _plus(paid_planned_usd, remaining_usd), _plus(budget_usd, real_usd)
    return Total(
        lines=sum(cell.lines for cell in cells),
        payments=payments,
        payments_planned=payments_planned,
        commitments=sum(cell.commitments for cell in cells),
        budget_rub=whole(lambda cell: cell.budget_rub),
        budget_usd=budget_usd,
        paid_rub=sum((cell.paid_rub for cell in cells), ZERO),
        paid_usd=_sum(cell.paid_usd for cell in cells),
        paid_planned_rub=paid_planned_rub,
        paid_planned_usd=paid_planned_usd,
        committed_rub=sum((cell.committed_rub for cell in cells), ZERO),
        committed_usd=_sum(cell.committed_usd for cell in cells),
        remaining_rub=remaining_rub,
        remaining_usd=remaining_usd,
        outlook_rub=_plus(paid_planned_rub, remaining_rub),
        outlook_usd=outlook_usd,
        real_rub=whole(lambda cell: cell.real_rub),
        real_usd=real_usd,
        fx_usd=None if outlook_usd is None or outlook_contract_usd is None else outlook_usd - outlook_contract_usd,
        budget_reporting_usd=whole(lambda cell: cell.budget_reporting_usd),
        paid_contract_usd=paid_planned_contract_usd if payments == payments_planned else None,
        paid_planned_contract_usd=paid_planned_contract_usd,
        paid_planned_reporting_usd=paid_planned_reporting_usd,
        paid_reporting_usd=_sum(cell.paid_reporting_usd for cell in cells),
        outlook_contract_usd=outlook_contract_usd,
        outlook_reporting_usd=_plus(paid_planned_reporting_usd, remaining_usd),
        missing=sum(cell.missing for cell in cells),
        stale=frozenset().union(*(cell.stale for cell in cells)),
        lines_anew=sum(cell.lines_anew for cell in cells),
        payments_anew=sum(cell.payments_anew for cell in cells),
        payments_planned_anew=sum(cell.payments_anew for cell in planned),
        commitments_anew=sum(cell.commitments_anew for cell in cells),
    )


def totals_by(cells: Iterable[Cell], *by: Grouping) -> dict[tuple[Hashable, ...], Total]:
    """Totals of each group of cells, in the order in which the groups appear."""
    groups: dict[tuple[Hashable, ...], list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[tuple(cell.key(one) for one in by)].append(cell)
    return {key: total_of(group) for key, group in groups.items()}


class _Factory:
    """The lines and the ledger of one factory on the way to its cells."""

    def __init__(self, factory: int, lines: Sequence[Planned], spent: Sequence[Spent], now: date) -> None:
        self.factory = factory
        self.now = now
        self.lines: dict[Group, dict[date | None, Planned]] = defaultdict(dict)
        for line in lines:
            self.lines[line.category, line.funding][line.month] = line
        self.paid: dict[Group, dict[date | None, Spent]] = defaultdict(dict)
        self.committed: dict[Group, dict[date | None, Spent]] = defaultdict(dict)
        for row in spent:
            (self.paid if row.is_payment else self.committed)[row.category, row.funding][row.month] = row
        self.groups = sorted(self.lines.keys() | self.paid.keys() | self.committed.keys())

    def cells(self, reporting: Quote | None) -> list[Cell]:
        """Every cell with a line, an entry or something that remains."""
        remaining = self._remaining() if self.lines else None
        contract = _contract_rate([line for lines in self.lines.values() for line in lines.values()])
        found = []
        for group in self.groups:
            lines = self.lines.get(group, {})
            paid, committed = self.paid.get(group, {}), self.committed.get(group, {})
            rest = self._placed(group, remaining[group]) if remaining is not None else {}
            months = lines.keys() | paid.keys() | committed.keys() | rest.keys()
            for month in sorted(months, key=lambda on: on or date.max):
                left = None if remaining is None else rest.get(month, ZERO)
                line = lines.get(month)
                cell = _cell(self.factory, group, month, line, paid.get(month), committed.get(month), left, reporting, contract)
                found.append(cell)
        return found

    def _remaining(self) -> dict[Group, Decimal]:
        """What remains of the estimate of each category, by whose money is left: of the budget, else of the commitments."""
        budget, paid, committed = (
            {group: sum((row.rub for row in rows.values()), ZERO) for group, rows in part.items()}
            for part in (self.lines, self.paid, self.committed)
        )
        spent, contracted = _by_category(paid), _by_category(committed)
        used = {one: max(spent.get(one, ZERO), contracted.get(one, ZERO)) for one in spent.keys() | contracted.keys()}
        found: dict[Group, Decimal] = {}
        for category, whole in at_completion(_by_category(budget), used).items():
            groups = [group for group in self.groups if group[0] == category]
            weights = [ZERO]
            for source in (budget, committed):
                weights = [max(source.get(group, ZERO) - paid.get(group, ZERO), ZERO) for group in groups]
                if any(weights):
                    break
            found |= dict(zip(groups, spread(whole - spent.get(category, ZERO), weights), strict=True))
        return found

    def _placed(self, group: Group, rest: Decimal) -> dict[date | None, Decimal]:
        """`rest` on the months planned from now on, by what they plan beyond what this month has paid already.

        Money planned without a month stays without one. Nothing planned ahead: this month, or no month where the
        plan names none. Money that no plan stands for follows the plan of the factory.
        """
        if rest == 0:
            return {}
        plan: dict[date | None, Decimal] = defaultdict(Decimal)
        for line in self._plan(group) or [line for lines in self.lines.values() for line in lines.values()]:
            plan[line.month] += line.rub
        this_month = self.paid[group][self.now].rub if group in self.paid and self.now in self.paid[group] else ZERO
        weights = {
            month: rub - (this_month if month == self.now else ZERO) for month, rub in plan.items() if month is None or month >= self.now
        }
        weights = {month: weight for month, weight in weights.items() if weight > 0}
        if not weights:
            return {self.now if any(plan) else None: rest}
        return {month: part for month, part in zip(weights, spread(rest, list(weights.values())), strict=True) if part}

    def _plan(self, group: Group) -> list[Planned]:
        """The lines that stand for a group: its own, else those of its category, else those without a category."""
        if group in self.lines:
            return list(self.lines[group].values())
        for category in (group[0], ""):
            found = [line for (one, _funding), lines in self.lines.items() if one == category for line in lines.values()]
            if found:
                return found
        return []


def _contract_rate(lines: Sequence[Planned]) -> ContractRate | None:
    """The contract rate of a factory; None without a budget, and while a line of it is not converted."""
    if not lines or any(line.quote is None or line.usd is None for line in lines):
        return None
    first = min(lines, key=lambda line: (line.month or date.max, line.category, line.funding)).quote
    rub, usd = sum((line.rub for line in lines), ZERO), sum((line.usd or ZERO for line in lines), ZERO)
    same = first is not None and all(line.quote.rate == first.rate for line in lines if line.quote)
    # A budget of nothing has no rate of its own.
    one = first if same or not (rub and usd) else None
    return ContractRate(one, rub, usd, len(lines), any(line.quote.stale for line in lines if line.quote))


def _by_category(amounts: Mapping[Group, Decimal]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for (category, _funding), amount in amounts.items():
        found[category] += amount
    return dict(found)


def _cell(
    factory: int,
    group: Group,
    month: date | None,
    line: Planned | None,
    paid: Spent | None,
    committed: Spent | None,
    left: Decimal | None,
    reporting: Quote | None,
    contract: ContractRate | None,
) -> Cell:
    """One cell; `left` is None where the factory has no published budget."""
    planned = left is not None
    paid_rub = paid.rub if paid else ZERO
    budget_rub = (line.rub if line else ZERO) if planned else None
    real_rub = None if left is None or budget_rub is None else paid_rub + left - budget_rub
    remaining_usd = _dollars(left, reporting)
    return Cell(
        factory=factory,
        category=group[0],
        funding=group[1],
        month=month,
        lines=1 if line else 0,
        payments=paid.entries if paid else 0,
        commitments=committed.entries if committed else 0,
        budget_rub=budget_rub,
        budget_usd=(line.usd if line else ZERO) if planned else None,
        paid_rub=paid_rub,
        paid_usd=_stored(paid),
        committed_rub=committed.rub if committed else ZERO,
        committed_usd=_stored(committed),
        remaining_rub=left,
        remaining_usd=remaining_usd,
        real_rub=real_rub,
        real_usd=_at_contract(real_rub, contract),
        budget_reporting_usd=_dollars(budget_rub, reporting),
        paid_contract_usd=_at_contract(paid_rub, contract) if planned else None,
        paid_reporting_usd=_dollars(paid_rub, reporting),
        line_quote=line.quote if line else None,
        contract=contract,
        missing=(line is not None and line.usd is None) + (paid.missing if paid else 0) + (remaining_usd is None and planned),
        stale=_stale(
            budget=line is not None and line.quote is not None and line.quote.stale,
            real=bool(real_rub) and contract is not None and contract.stale,
            paid=paid is not None and paid.stale,
            committed=committed is not None and committed.stale,
            remaining=bool(left) and reporting is not None and reporting.stale,
        ),
        lines_anew=int(line.anew) if line else 0,
        payments_anew=paid.anew if paid else 0,
        commitments_anew=committed.anew if committed else 0,
    )


# There are as many answers as there are sets of figures, and thousands of cells.
@cache
def _stale(*, budget: bool, real: bool, paid: bool, committed: bool, remaining: bool) -> frozenset[str]:
    """The figures of which a newer rate ought to have been known: of its own parts, and of what is made of these."""
    outlook = paid or remaining
    old = {"budget": budget, "real": real, "paid": paid, "committed": committed, "remaining": remaining, "outlook": outlook}
    old["fx"] = outlook or budget or real
    return frozenset(name for name, is_old in old.items() if is_old)


def _stored(spent: Spent | None) -> Decimal | None:
    """Stored dollars; None where some of them are still missing."""
    if spent is None:
        return ZERO
    return None if spent.missing else spent.usd


def _dollars(rub: Decimal | None, quote: Quote | None) -> Decimal | None:
    """Roubles at a rate, rounded here and nowhere else; nothing costs nothing at any rate."""
    if rub is None:
        return None
    if rub == 0:
        return ZERO
    return convert_rub(rub, quote.rate) if quote else None


def _at_contract(rub: Decimal | None, contract: ContractRate | None) -> Decimal | None:
    if not rub:
        return rub
    return contract.dollars(rub) if contract else None


def _plus(first: Decimal | None, second: Decimal | None) -> Decimal | None:
    return None if first is None or second is None else first + second


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum, or None as soon as one is not known."""
    total = ZERO
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total
