"""What stands at a rate: ledger entries, budget lines and claims in the reader's scope, found by the days on which it is in force.

The stored conversions carry the rate but no index on it, which would slow down the conversion of a million rows; the days
narrow the search down to the rows that can use it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import CharField, Count, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, TruncDate

from cluster.domain.exchange import convert_rub
from cluster.models import BudgetLine, Claim, CostCategory, ExchangeRate, Figure, LedgerEntry
from cluster.models.scope import Reader
from cluster.queries.rates import SERIES, in_force_until

# Only dollars are converted to; rates of other currencies are for reading.
_COLUMNS = (
    "use_kind", "pk", "use_on", "use_contract", "use_factory", "use_what", "use_rub", "use_usd", "use_rate", "use_replaced", "use_stale",
)  # fmt: skip
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

    @property
    def about(self) -> str:
        """`what` in words, where it is a code."""
        return str(_WHAT.get(self.kind, {}).get(self.what, self.what))


@dataclass(frozen=True, slots=True)
class Uses:
    """A page of what uses a rate, and how many there are in all."""

    rows: list[Use]
    count: int


@dataclass(frozen=True, slots=True)
class Affected:
    """The amounts whose dollars a rate would change: how many, and the newest of them with dollars at that rate.

    There is no sum: claims compete with one another.
    """

    count: int
    rows: list[tuple[Use, Decimal]]


def uses(reader: Reader, row: ExchangeRate, *, offset: int, limit: int) -> Uses:
    """What stands at this revision of a rate, or stood at it before a correction, the newest day first. Three statements."""
    if row.currency != SERIES:
        return Uses([], 0)
    days = _Days(row.date, in_force_until(row))
    standing = [part.filter(conversion__rate=row) for part in _amounts(reader, [days], only_ledger=True)]
    before = [part.filter(conversion__replaced=row) for part in _amounts(reader, None)]
    found = _union([*standing, *before])
    return Uses([Use(*values) for values in found.order_by("-use_on", "use_kind", "-pk")[offset : offset + limit]], found.count())


def use_counts(reader: Reader, rows: Sequence[ExchangeRate]) -> dict[int, int]:
    """How many amounts stand at each of these rates, by its id; rates of one currency near one another. Five statements."""
    if not rows or rows[0].currency != SERIES:
        return {}
    newest = max(rows, key=lambda row: row.date)
    days = _Days(min(row.date for row in rows), in_force_until(newest))
    return _by_rate(_amounts(reader, [days], only_ledger=True), "conversion__rate", [row.pk for row in rows])


def replaced_counts(reader: Reader, rows: Sequence[ExchangeRate]) -> dict[int, int]:
    """How many amounts stood at each of these rates before they were converted anew, by its id. Four statements."""
    return _by_rate(_amounts(reader, None), "conversion__replaced", [row.pk for row in rows]) if rows else {}


def counts_between(reader: Reader, spans: Sequence[tuple[date, date | None]]) -> list[int]:
    """How many amounts take the rate of a day from each start to before each end. Four statements, however many spans."""
    days = [_Days(first, until) for first, until in spans]
    if not days:
        return []
    counts = [0] * len(days)
    for part in _amounts(reader, days):
        for on, count in part.order_by().values_list("use_on").annotate(n=Count("pk")):
            for place, each in enumerate(days):
                if each.first <= on and (each.until is None or on < each.until):
                    counts[place] += count
    return counts


def affected(reader: Reader, row: ExchangeRate, *, until: date | None, limit: int) -> Affected:
    """What would take a rate that is not stored yet, in force from its date to before `until`. Two statements."""
    if row.currency != SERIES:
        return Affected(0, [])
    found = _union(_amounts(reader, [_Days(row.date, until)]))
    rows = [Use(*values) for values in found.order_by("-use_on", "use_kind", "-pk")[:limit]]
    return Affected(found.count(), [(use, convert_rub(use.rub, row.rate)) for use in rows])


@dataclass(frozen=True, slots=True)
class _Days:
    """Days from `first` to before `until`; None: without end."""

    first: date
    until: date | None

    def of(self, column: str) -> Q:
        found = Q(**{f"{column}__gte": self.first})
        return found if self.until is None else found & Q(**{f"{column}__lt": self.until})


def _amounts(reader: Reader, days: Sequence[_Days] | None, *, only_ledger: bool = False) -> list["QuerySet[Any]"]:
    """The four kinds of rows with an amount in roubles, as the conversion sees them, on any of these days (None: on all).

    A reversal stands at the rate of what it takes back. Indexes serve the days of the ledger, which grows; `only_ledger` leaves
    out the days of the others, where the rate itself is looked for.
    """
    entries = LedgerEntry.objects.for_reader(reader).annotate(
        use_kind=F("kind"),
        use_contract=F("factory__contract__code"),
        use_factory=F("factory__code"),
        use_what=F("document"),
        use_rub=F("amount_rub"),
    )
    plain = entries.filter(reverses__isnull=True).annotate(use_on=F("date"))
    reversals = entries.filter(reverses__isnull=False).annotate(use_on=F("reverses__date"))
    lines = BudgetLine.objects.for_reader(reader).annotate(
        use_kind=_word("budget"),
        use_contract=F("factory__contract__code"),
        use_factory=F("factory__code"),
        use_what=F("category"),
        use_rub=F("amount_rub"),
        use_on=Coalesce("announced_latest", "baseline__in_force_from"),
    )
    claims = (
        Claim.objects.for_reader(reader)
        .filter(unit="RUB", value__isnull=False)
        .annotate(
            use_kind=_word("claim"),
            use_contract=F("contract__code"),
            use_factory=Coalesce("factory__code", Value("")),
            use_what=F("figure"),
            use_rub=F("value"),
            use_on=Coalesce("announced_latest", "valid_earliest", TruncDate("recorded_at")),
        )
    )
    if days is None:
        return [plain, reversals, lines, claims]
    ledger = [plain.filter(_any(days, "date")), reversals.filter(_any(days, "reverses__date"))]
    return [*ledger, *((lines, claims) if only_ledger else (part.filter(_any(days, "use_on")) for part in (lines, claims)))]


def _word(text: str) -> Value:
    return Value(text, output_field=CharField())


def _any(days: Sequence[_Days], column: str) -> Q:
    found = Q(pk__in=())
    for each in days:
        found |= each.of(column)
    return found


def _union(parts: Sequence["QuerySet[Any]"]) -> "QuerySet[Any]":
    first, *others = (
        part.order_by()
        .annotate(
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


def _by_rate(parts: Sequence["QuerySet[Any]"], column: str, keys: list[int]) -> dict[int, int]:
    counts: Counter[int] = Counter()
    for part in parts:
        counts.update(dict(part.filter(**{f"{column}__in": keys}).order_by().values_list(column).annotate(n=Count("pk"))))
    return dict(counts)
