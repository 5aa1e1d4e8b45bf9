"""Money of a contract or a factory: its cells as of a day, and the rows behind any part of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, Count, Q, QuerySet, Subquery, Sum
from django.db.models.aggregates import Aggregate
from django.db.models.functions import Coalesce, TruncMonth

from cluster.domain.exchange import is_stale
from cluster.domain.outlook import ZERO, Cell, Planned, Quote, Spent, cells_of
from cluster.models import Baseline, BudgetLine, Claim, Contract, ExchangeRate, Factory, Figure, LedgerEntry
from cluster.models.scope import Reader
from cluster.queries.contracts import contract_for, is_partial
from cluster.queries.conversions import known_dollars, with_known_dollars
from cluster.queries.dollars import Dollars, FactoryDollars
from cluster.queries.factories import factory_for
from cluster.queries.figures import figures
from cluster.queries.rates import newest_rate_on
from cluster.queries.together import together

_KNOWN = ("known_usd", "known_rate", "known_stale", "known_anew")


class _Any(Aggregate):
    function = "BOOL_OR"
    output_field = BooleanField()


@dataclass(frozen=True, slots=True)
class Money:
    """The money that `reader` may see, of a contract or of one factory. `commitment` is a claim about the whole contract."""

    reader: Reader
    contract: Contract
    factory: Factory | None
    as_of: date
    factories: dict[int, Factory]
    baseline: Baseline | None
    reporting: ExchangeRate | None
    rates: dict[int, ExchangeRate]
    commitment: Claim | None
    cells: list[Cell]
    dollars: dict[int, FactoryDollars]

    @property
    def is_partial(self) -> bool:
        """Whether the reader's role hides other factories, so that totals are not those of the contract."""
        return is_partial(self.reader, self.contract)

    @property
    def budgeted_factories(self) -> int:
        """How many factories have a budget."""
        return len({cell.factory for cell in self.cells if cell.lines})

    @property
    def unbudgeted(self) -> frozenset[int]:
        """The ids of the factories whose budget was not published."""
        return frozenset(self.factories) - {cell.factory for cell in self.cells if cell.lines}

    def rate_of(self, quote: Quote | None) -> ExchangeRate | None:
        """The rate of the record that a quote stands for."""
        return self.rates.get(quote.id) if quote else None


@dataclass(frozen=True, slots=True)
class Selection:
    """A part of the money. None: all of it; an empty category or funding source: what was not published in that detail.

    `month` is a first day; `undated` picks what has no month, `factories` some of them by their ids.
    """

    factory: Factory | None = None
    factories: frozenset[int] | None = None
    category: str | None = None
    funding: str | None = None
    month: date | None = None
    year: int | None = None
    undated: bool = False

    def cells(self, money: Money) -> list[Cell]:
        """The cells of this part."""
        return [cell for cell in money.cells if self._takes(cell)]

    def _takes(self, cell: Cell) -> bool:
        return (
            (self.factory is None or cell.factory == self.factory.pk)
            and (self.factories is None or cell.factory in self.factories)
            and (self.category is None or cell.category == self.category)
            and (self.funding is None or cell.funding == self.funding)
            and (self.month is None or cell.month == self.month)
            and (self.year is None or (cell.month is not None and cell.month.year == self.year))
            and not (self.undated and cell.month is not None)
        )

    def where(self, month: str) -> Q:
        """The same for rows of the database, whose month stands in the column `month`."""
        found = Q()
        if self.factory is not None:
            found &= Q(factory=self.factory)
        if self.factories is not None:
            found &= Q(factory__in=self.factories)
        if self.category is not None:
            found &= Q(category=self.category)
        if self.funding is not None:
            found &= Q(funding=self.funding)
        if self.month is not None:
            found &= Q(**{f"{month}__year": self.month.year, f"{month}__month": self.month.month})
        if self.year is not None:
            found &= Q(**{f"{month}__year": self.year})
        return found & Q(**{f"{month}__isnull": True}) if self.undated else found


def money_of(*, reader: Reader, contract_code: str, factory_code: str = "", as_of: date) -> Money:
    """The money of a contract, or of one factory of it: three or four statements whatever the number of rows. NotFound for outsiders."""
    contract = contract_for(reader, contract_code)
    if factory_code:
        factory = factory_for(reader, contract_code=contract_code, factory_code=factory_code)
        return money_in(reader=reader, contract=contract, factories=[factory], factory=factory, as_of=as_of)
    factories = Factory.objects.for_reader(reader).filter(contract=contract)
    commitment = figures(reader=reader, contract_id=contract.pk, as_of=as_of).current(Figure.COMMITMENT)
    return money_in(reader=reader, contract=contract, factories=factories, commitment=commitment, as_of=as_of)


def money_in(
    *,
    reader: Reader,
    contract: Contract,
    factories: Iterable[Factory],
    factory: Factory | None = None,
    commitment: Claim | None = None,
    as_of: date,
) -> Money:
    """The money of factories that the caller has read for this reader: one statement beside reading them."""
    by_key = {one.pk: one for one in factories}
    in_force = Baseline.objects.filter(contract=contract, in_force_from__lte=as_of).order_by("-in_force_from")[:1]
    under = _lines(reader, in_force, by_key, as_of)
    baselines, reported, used, lines, spent = together(
        in_force.select_related("amendment"),
        newest_rate_on(as_of, known=as_of),
        ExchangeRate.objects.filter(pk__in=under.values("known_rate")),
        under.values_list("factory_id", "category", "funding", "month", "amount_rub", *_KNOWN),
        _spent(reader, by_key, as_of),
    )
    baseline, reporting = next(iter(baselines), None), next(iter(reported), None)
    rates = {rate.pk: rate for rate in (*used, *reported)}
    quotes: dict[tuple[int, bool], Quote] = {}

    def quote(rate_id: int | None, stale: bool | None) -> Quote | None:
        if rate_id is None:
            return None
        if (rate_id, bool(stale)) not in quotes:
            quotes[rate_id, bool(stale)] = Quote(rates[rate_id].rate, bool(stale), rate_id)
        return quotes[rate_id, bool(stale)]

    cells = cells_of(
        [
            Planned(key, category, funding, month, rub, usd, quote(rate, old), bool(anew))
            for key, category, funding, month, rub, usd, rate, old, anew in lines
        ],
        [
            Spent(key, category, funding, month, kind == LedgerEntry.Kind.PAYMENT, rub, Decimal(usd), entries, missing, bool(stale), anew)
            for key, category, funding, month, kind, rub, usd, entries, missing, stale, anew in spent
        ],
        as_of=as_of,
        reporting=Quote(reporting.rate, is_stale(reporting.date, on=as_of), reporting.pk) if reporting else None,
    )
    dollars = _dollars(lines, spent)
    return Money(reader, contract, factory, as_of, by_key, baseline, reporting, rates, commitment, cells, dollars)


def lines_behind(money: Money, selection: Selection) -> "QuerySet[BudgetLine]":
    """The budget lines of a part, with all that tells where they are from."""
    lines = (
        BudgetLine.objects.for_reader(money.reader).filter(baseline=money.baseline, factory__in=money.factories).announced_by(money.as_of)
    )
    related = ("factory", "baseline__amendment", "source", "recorded_by", "conversion__rate", "conversion__replaced")
    ordered = lines.filter(selection.where("month")).order_by("factory__order", "factory__code", "category", "funding", "month")
    return with_known_dollars(ordered.select_related(*related), money.as_of)


def entries_behind(money: Money, selection: Selection, kind: str) -> "QuerySet[LedgerEntry]":
    """The payments or commitments of a part, the newest first."""
    entries = LedgerEntry.objects.for_reader(money.reader).filter(kind=kind, factory__in=money.factories, date__lte=money.as_of)
    related = ("factory", "source", "recorded_by", "reverses", "conversion__rate", "conversion__replaced")
    if selection.undated:
        return entries.none()
    chosen = entries.filter(selection.where("date")).select_related(*related).order_by("-date", "-id")
    return with_known_dollars(chosen, money.as_of)


def _lines(reader: Reader, baseline: "QuerySet[Baseline]", factories: Collection[int], as_of: date) -> "QuerySet[Any]":
    """The lines under a baseline with their dollars, one for each cell: the table holds no two of the same."""
    under = Subquery(baseline.values("pk"))
    lines = BudgetLine.objects.for_reader(reader).filter(baseline=under, factory__in=factories).announced_by(as_of).order_by()
    found: QuerySet[Any] = lines.annotate(**known_dollars(as_of))
    return found


def _dollars(lines: Iterable[Any], spent: Iterable[Any]) -> dict[int, FactoryDollars]:
    """The stored dollars of each factory that has any budget or payment."""
    budget = _added((key, usd, int(usd is None), stale) for key, _c, _f, _m, _rub, usd, _rate, stale, _anew in lines)
    paid = _added(
        (key, usd if entries > missing else None, missing, stale)
        for key, _c, _f, _m, kind, _rub, usd, entries, missing, stale, _anew in spent
        if kind == LedgerEntry.Kind.PAYMENT
    )
    return {key: FactoryDollars(budget.get(key, Dollars()), paid.get(key, Dollars())) for key in budget.keys() | paid.keys()}


def _added(rows: Iterable[tuple[int, Decimal | None, int, bool | None]]) -> dict[int, Dollars]:
    parts: dict[int, list[tuple[Decimal | None, int, bool | None]]] = defaultdict(list)
    for key, usd, missing, stale in rows:
        parts[key].append((usd, missing, stale))
    return {key: _sum(those) for key, those in parts.items()}


def _sum(parts: Collection[tuple[Decimal | None, int, bool | None]]) -> Dollars:
    known = [Decimal(usd) for usd, _missing, _stale in parts if usd is not None]
    return Dollars(sum(known, ZERO) if known else None, sum(missing for _usd, missing, _stale in parts), any(stale for *_, stale in parts))


def _spent(reader: Reader, factories: Collection[int], as_of: date) -> "QuerySet[Any, Any]":
    """The ledger by cell and kind, summed by the database."""
    entries = LedgerEntry.objects.for_reader(reader).filter(factory__in=factories, date__lte=as_of)
    sums: QuerySet[Any, Any] = (
        entries.order_by()
        .alias(**known_dollars(as_of))
        .values_list("factory_id", "category", "funding", TruncMonth("date"), "kind")
        .annotate(
            rub=Sum("amount_rub"),
            usd=Coalesce(Sum("known_usd"), ZERO),
            entries=Count("pk"),
            missing=Count("pk", filter=Q(known_usd__isnull=True)),
            stale=_Any("known_stale"),
            anew=Count("pk", filter=Q(known_anew=True)),
        )
    )
    return sums
