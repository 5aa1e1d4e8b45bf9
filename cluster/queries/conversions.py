"""Dollars of rouble amounts: the one SQL form of the conversion rule, and stored conversions as they were known on a past day.

The contract and the payment basis are stored rows (models/conversion.py); the reporting basis moves every day and is computed
when it is read (docs/decisions/0003). A stored conversion stands at the rate that counts today. A page as of a day before a
correction shows what was known then: the dollars are computed anew from the revision that counted on that day, in the statement
that reads the rows. Rows whose rate was not corrected since keep their stored dollars.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    DecimalField,
    F,
    Func,
    JSONField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import ExpressionWrapper
from django.db.models.functions import Cast, JSONObject
from django.db.models.query import ModelIterable
from django.utils import timezone

from cluster.domain.exchange import convert_rub
from cluster.domain.money import round_money
from cluster.models import Claim, ExchangeRate

M = TypeVar("M", bound=Model)

# Roubles and kopecks to dollars and cents, exactly half-up: `div` is a whole division and `* 0.01` is exact, so nothing
# is rounded on the way (`/ 100` would round large sums to the digits that PostgreSQL keeps of a quotient).
# It equals cluster.domain.exchange.convert_rub to the cent; places: amount, nominal, value.
USD_SQL = "(sign({amount}) * div(200 * abs({amount}) * {nominal} + {value}, 2 * {value}) * 0.01)::numeric(22, 2)"

_COLUMNS = ("id", "currency", "date", "nominal", "revision", "status", "quality", "source_ru", "source_en")
_BOOLEAN = BooleanField()


class _InUsd(Func):
    """USD_SQL of three expressions: amount, nominal, value."""

    output_field = DecimalField(max_digits=22, decimal_places=2)

    def as_sql(self, compiler: Any, connection: Any, **_extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        (amount, amount_params), (nominal, nominal_params), (value, value_params) = map(compiler.compile, self.source_expressions)
        params = [*amount_params, *amount_params, *nominal_params, *value_params, *value_params]
        return USD_SQL.format(amount=amount, nominal=nominal, value=value), params


def known_dollars(as_of: date | None) -> dict[str, Any]:
    """Expressions for `alias()` over ledger entries or budget lines: `known_usd` and `known_rate` (its id; both None where there was
    none), `known_stale`, and `known_anew`: converted again because a rate came late or was corrected. None: as they stand today.
    """
    again = ExpressionWrapper(Q(conversion__replaced__isnull=False), output_field=_BOOLEAN)
    stored = {"known_usd": F("conversion__usd"), "known_rate": F("conversion__rate_id"), "known_stale": F("conversion__stale")}
    if as_of is None or not _is_past(as_of):
        return stored | {"known_anew": again}
    dated = ExchangeRate.objects.filter(pk=OuterRef(OuterRef("conversion__rate_id"))).values("date")
    then = _counted_then(as_of).annotate(
        dollars=_InUsd(OuterRef("amount_rub"), F("nominal"), F("value")),
        # The stored rate ought to have been known where only one of an earlier date was.
        is_stale=Case(When(date__lt=Subquery(dated), then=Value(True)), default=OuterRef("conversion__stale"), output_field=_BOOLEAN),  # noqa: FBT003 a value of SQL
        is_again=ExpressionWrapper(Q(revision__gt=1), output_field=_BOOLEAN),
    )
    return {
        "known_usd": _unless_corrected(as_of, then.values("dollars")[:1], stored["known_usd"]),
        "known_rate": _unless_corrected(as_of, then.values("pk")[:1], stored["known_rate"]),
        "known_stale": _unless_corrected(as_of, then.values("is_stale")[:1], stored["known_stale"]),
        "known_anew": _unless_corrected(as_of, then.values("is_again")[:1], again),
    }


def with_known_dollars(rows: "QuerySet[M]", as_of: date | None) -> "QuerySet[M]":
    """Ledger entries, budget lines or claims whose `conversion` tells what was known on the day `as_of`: for reading, not for saving.

    `rows` select `conversion__rate`. The same rows today, or where `as_of` is None.
    """
    if as_of is None or not _is_past(as_of):
        return rows
    before = ExchangeRate.objects.known_by(as_of).filter(date=OuterRef("date"), revision__lt=OuterRef("revision"))
    then = _counted_then(as_of).annotate(row=_as_json(before=Subquery(before.annotate(row=_as_json()).values("row")[:1])))
    found: Any = rows.annotate(
        known_late=ExpressionWrapper(Q(conversion__rate_id__in=_corrected(as_of)), output_field=_BOOLEAN),
        known_then=_unless_corrected(as_of, then.values("row")[:1], Value(None, output_field=JSONField())),
    )
    found._iterable_class = _KnownRows
    known: QuerySet[M] = found
    return known


class _KnownRows(ModelIterable):
    """Rows with their conversions as they were known, however the rows are read: whole, sliced or streamed."""

    def __iter__(self) -> Iterator[Any]:
        for row in super().__iter__():
            if row.known_late:
                _put_back(row, row.known_then)
            yield row


def _put_back(row: Any, then: dict[str, Any] | None) -> None:
    """Give a row the dollars at the rate that counted then; none where no rate was known."""
    if then is None:
        row._state.fields_cache["conversion"] = None
        return
    before, used, stored = then.pop("before"), _rate_of(then), row.conversion
    stored.stale = stored.stale or used.date < stored.rate.date
    amount: Any = row.value if isinstance(row, Claim) else row.amount_rub
    stored.usd = convert_rub(round_money(amount), used.rate)
    stored.rate, stored.replaced = used, _rate_of(before) if before else None


def _rate_of(row: dict[str, Any]) -> ExchangeRate:
    return ExchangeRate(**row | {"date": date.fromisoformat(row["date"]), "value": Decimal(row["value"])})


def _as_json(**more: Any) -> JSONObject:
    return JSONObject(**{name: name for name in _COLUMNS}, value=Cast("value", CharField()), **more)


def _is_past(as_of: date) -> bool:
    return as_of < timezone.localdate()


def _corrected(as_of: date) -> Any:
    return ExchangeRate.objects.corrected_after(as_of).values("pk")


def _counted_then(as_of: date) -> Any:
    """The rates that counted then for the day of a conversion, the one in force first."""
    dated = ExchangeRate.objects.filter(pk=OuterRef(OuterRef("conversion__rate_id"))).values("date")
    return ExchangeRate.objects.known_by(as_of).filter(date__lte=Subquery(dated))


def _unless_corrected(as_of: date, then: Any, stored: Any) -> Case:
    return Case(When(conversion__rate_id__in=_corrected(as_of), then=Subquery(then)), default=stored)
