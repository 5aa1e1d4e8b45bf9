"""What stands at a rate: ledger entries, budget lines and claims in the reader's scope, found by the days on which it is in force.

The stored conversions carry the rate but no index on it, which would slow down the conversion of a million rows; the days
narrow the search down to the rows that can use it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import chain, islice
from typing import Any

from django.db.models import CharField, Count, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, TruncDate

from cluster.domain.exchange import convert_rub
from cluster.models import BudgetLine, Claim, Contract, CostCategory, ExchangeRate, Figure, LedgerEntry
from cluster.models.scope import Reader
from cluster.queries.rates import SERIES, in_force_until
from cluster.queries.together import together

# Only dollars are converted to; rates of other currencies are for reading.
_COLUMNS = (
    "use_kind", "pk", "use_on", "use_contract", "use_factory", "use_what", "use_rub", "use_usd", "use_rate", "use_replaced", "use_stale",
    "use_example",
)  # fmt: skip
# Invented amounts come after the real ones, however new they are.
_ORDER = ("use_example", "-use_on", "use_kind", "-pk")
_WHAT = {"budget": dict(CostCategory.choices), "claim": dict(Figure.choices)}


@dataclass(frozen=True, slots=True)
class Use:
    """One amount: a ledger entry (kind payment or commitment), a budget line or a claim, with its dollars at the rate.

    `on` is the day whose rate it takes, `what` tells the rows of a factory apart. `was_replaced` says that the rate is the
    one used before a correction. `usd` is None where it is not converted yet.
    """

    kind: str
    id: int
    on: date
    contract: str
    factory: str
    what: str
    rub: Decimal
    usd: Decimal | None
    rate_id: int | None
    replaced_id: int | None
    stale: bool
    is_example: bool

    @property
    def about(self) -> str:
        """`what` in words, where it is a code."""
        return str(_WHAT.get(self.kind, {}).get(self.what, self.what))


@dataclass(frozen=True, slots=True)
class Uses:
    """A page of what uses a rate, how many there are in all, and the contracts of the page by code."""

    rows: list[Use]
    count: int
    contracts: dict[str, Contract] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Affected:
    """The amounts whose dollars a rate would change: how many, and the newest of them with dollars at that rate.

    There is no sum: claims compete with one another.
    """

    count: int
    rows: list[tuple[Use, Decimal]]


def uses(reader: Reader, row: ExchangeRate, *, offset: int, limit: int) -> Uses:
    """What stands at this revision of a rate, or stood at it before a correction: real contracts first, then the newest day.

    Four statements.
    """
    if row.currency != SERIES:
        return Uses([], 0)
    days = _Days(row.date, in_force_until(row))
    standing = [part.where(conversion__rate=row) for part in _amounts(reader, [days], all_claims=True)]
    before = [part.where(conversion__replaced=row) for part in _amounts(reader, None)]
    found = [*standing, *before]
    rows = [Use(*values) for values in _union(found).order_by(*_ORDER)[offset : offset + limit]]
    contracts = Contract.objects.for_reader(reader).filter(code__in={row.contract for row in rows})
    return Uses(rows, _count(found), {contract.code: contract for contract in contracts})


@dataclass(frozen=True, slots=True)
class Counts:
    """How many amounts stand at rates, and stood at rates before they were converted anew, by the id of the rate; and in spans of days."""

    standing: dict[int, int]
    replaced: dict[int, int]
    between: list[int]


def counts_of(
    reader: Reader,
    rows: Sequence[ExchangeRate] = (),
    *,
    replaced: Sequence[ExchangeRate] = (),
    spans: Sequence[tuple[date, date | None]] = (),
) -> Counts:
    """How many amounts stand at each of `rows` (rates of one currency near one another), stood at each of `replaced`, and take the
    rate of a day from each start to before each end of `spans`. Two statements, however many; without rows one.
    """
    rows = [row for row in rows if row.currency == SERIES]
    days = [_Days(first, until) for first, until in spans]
    standing: list[QuerySet[Any, Any]] = []
    if rows:
        span = _Days(min(row.date for row in rows), in_force_until(max(rows, key=lambda row: row.date)))
        standing = _by_rate(_amounts(reader, [span], all_claims=True), "conversion__rate", rows)
    stood = _by_rate(_amounts(reader, None), "conversion__replaced", replaced) if replaced else []
    by_day = [
        part.rows.order_by().annotate(use_on=part.shown["use_on"]).values_list("use_on").annotate(n=Count("pk"))
        for part in (_amounts(reader, days) if days else [])
    ]
    found = iter(together(*standing, *stood, *by_day))
    counts = Counts(_added(islice(found, len(standing))), _added(islice(found, len(stood))), [0] * len(days))
    for on, count in chain(*found):
        for place, each in enumerate(days):
            if each.first <= on and (each.until is None or on < each.until):
                counts.between[place] += count
    return counts


def use_counts(reader: Reader, rows: Sequence[ExchangeRate]) -> dict[int, int]:
    """How many amounts stand at each of these rates, by its id."""
    return counts_of(reader, rows).standing


def counts_between(reader: Reader, spans: Sequence[tuple[date, date | None]]) -> list[int]:
    """How many amounts take the rate of a day in each of these spans: one statement."""
    return counts_of(reader, spans=spans).between


def affected(reader: Reader, row: ExchangeRate, *, until: date | None, limit: int) -> Affected:
    """What would take a rate that is not stored yet, in force from its date to before `until`. Two statements."""
    if row.currency != SERIES:
        return Affected(0, [])
    found = _amounts(reader, [_Days(row.date, until)])
    rows = [Use(*values) for values in _union(found).order_by(*_ORDER)[:limit]]
    return Affected(_count(found), [(use, convert_rub(use.rub, row.rate)) for use in rows])


@dataclass(frozen=True, slots=True)
class _Days:
    """Days from `first` to before `until`; None: without end."""

    first: date
    until: date | None

    def of(self, column: str) -> Q:
        found = Q(**{f"{column}__gte": self.first})
        return found if self.until is None else found & Q(**{f"{column}__lt": self.until})


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows of one table, and how each column of a use is read of them: what is only counted needs no other table."""

    rows: "QuerySet[Any]"
    shown: dict[str, Any]

    def where(self, **only: Any) -> "_Part":
        return _Part(self.rows.filter(**only), self.shown)


def _amounts(reader: Reader, days: Sequence[_Days] | None, *, all_claims: bool = False) -> list[_Part]:
    """The kinds of rows with an amount in roubles, as the conversion sees them, on any of these days (None: on all).

    A reversal stands at the rate of what it takes back; a line on the day it was announced, else when its baseline came into force.
    These are parts of their own, because a day put together from two tables is found by no index. Claims are few and have none:
    `all_claims` leaves out their days, where the rate itself is looked for.
    """
    entry = {
        "use_kind": F("kind"),
        "use_contract": F("factory__contract__code"),
        "use_factory": F("factory__code"),
        "use_what": F("document"),
        "use_rub": F("amount_rub"),
        "use_example": F("factory__contract__is_example"),
    }
    line = entry | {"use_kind": _word("budget"), "use_what": F("category")}
    claim = {
        "use_kind": _word("claim"),
        "use_contract": F("contract__code"),
        "use_factory": Coalesce("factory__code", Value("")),
        "use_what": F("figure"),
        "use_rub": F("value"),
        "use_example": F("contract__is_example"),
        "use_on": Coalesce("announced_latest", "valid_earliest", TruncDate("recorded_at")),
    }
    entries, lines = LedgerEntry.objects.for_reader(reader), BudgetLine.objects.for_reader(reader)
    claims = Claim.objects.for_reader(reader).filter(unit="RUB", value__isnull=False)
    if days is not None and not all_claims:
        claims = claims.alias(use_on=claim["use_on"]).filter(_any(days, "use_on"))

    def on(rows: "QuerySet[Any]", shown: dict[str, Any], day: str) -> _Part:
        return _Part(rows if days is None else rows.filter(_any(days, day)), shown | {"use_on": F(day)})

    return [
        on(entries.filter(reverses__isnull=True), entry, "date"),
        on(entries.filter(reverses__isnull=False), entry, "reverses__date"),
        on(lines.filter(announced_latest__isnull=False), line, "announced_latest"),
        on(lines.filter(announced_latest__isnull=True), line, "baseline__in_force_from"),
        _Part(claims, claim),
    ]


def _word(text: str) -> Value:
    return Value(text, output_field=CharField())


def _any(days: Sequence[_Days], column: str) -> Q:
    found = Q(pk__in=())
    for each in days:
        found |= each.of(column)
    return found


def _union(parts: Sequence[_Part]) -> "QuerySet[Any]":
    first, *others = (
        part.rows.order_by()
        .annotate(
            **part.shown,
            use_usd=F("conversion__usd"),
            use_rate=F("conversion__rate_id"),
            use_replaced=F("conversion__replaced_id"),
            use_stale=Coalesce("conversion__stale", Value(False)),  # noqa: FBT003 a value of SQL
        )
        .values_list(*_COLUMNS)
        for part in parts
    )
    found: QuerySet[Any] = first.union(*others, all=True)
    return found


def _count(parts: Sequence[_Part]) -> int:
    first, *others = (part.rows.order_by().values("pk") for part in parts)
    return first.union(*others, all=True).count()


def _by_rate(parts: Sequence[_Part], column: str, rates: Sequence[ExchangeRate]) -> "list[QuerySet[Any, Any]]":
    keys = [rate.pk for rate in rates]
    return [part.where(**{f"{column}__in": keys}).rows.order_by().values_list(column).annotate(n=Count("pk")) for part in parts]


def _added(parts: Iterable[Iterable[Any]]) -> dict[int, int]:
    counts: Counter[int] = Counter()
    for found in parts:
        counts.update(dict(found))
    return dict(counts)
