"""The ledger: its entries by filters with their sums, single entries, which look alike, and between which days they may lie."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, DateField, Exists, ExpressionWrapper, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum, Value, Window

from cluster.domain.duplicates import first_of_each, likeness
from cluster.domain.errors import NotFound
from cluster.models import Claim, Factory, Figure, LedgerEntry
from cluster.models.scope import Reader
from cluster.queries.conversions import known_dollars, with_known_dollars

# What stands for "not stated" among the choices of a filter.
NOT_STATED = "-"
# How far back a form looks for texts to offer.
_KNOWN = 500
# Adding nothing keeps the planner from walking an index of the whole table, all contracts in it, to save the sort of one contract.
ORDERS: dict[str, Any] = {
    "date": ExpressionWrapper(F("date") + Value(0), output_field=DateField()),
    "amount": F("amount_rub") + Value(0),
    "factory": F("factory__code"),
    "kind": F("kind"),
    "document": F("document"),
    "counterparty": F("counterparty"),
    "usd": F("known_usd"),
    "recorded": F("recorded_at"),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which entries of a contract are asked for; what is empty or None does not narrow.

    `first` and `last` are days, both included; amounts are roubles, both included. `category` and `funding` may be
    NOT_STATED. `only` is "reversed" (what was taken back, and what took it back), "alike", or empty.
    """

    factory: str = ""
    kind: str = ""
    category: str = ""
    funding: str = ""
    counterparty: str = ""
    document: str = ""
    first: date | None = None
    last: date | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    only: str = ""


@dataclass(frozen=True, slots=True)
class KindSum:
    """Net sum of the entries of one kind, reversals included: roubles, and dollars at the payment basis.

    `usd` is None while nothing was converted; `missing` entries await conversion; `stale` were converted with an old rate.
    """

    kind: str
    rows: int = 0
    rub: Decimal = Decimal(0)
    usd: Decimal | None = None
    missing: int = 0
    stale: int = 0


@dataclass(frozen=True, slots=True)
class KnownTexts:
    """What was typed in this contract lately, the newest first."""

    counterparties: list[str]
    documents: list[str]


def entries_of(reader: Reader, *, contract_id: int, chosen: Chosen, until: date | None) -> QuerySet[LedgerEntry]:
    """The entries of a contract that `reader` sees and the filters leave; `until` is the day shown, None for all there are."""
    rows: QuerySet[LedgerEntry] = _dated(LedgerEntry.objects.for_reader(reader).filter(factory__contract_id=contract_id), until)
    exact = {"factory__code": chosen.factory, "kind": chosen.kind}
    exact |= {name: value for name, value in (("category", chosen.category), ("funding", chosen.funding)) if value}
    rows = rows.filter(**{name: "" if value == NOT_STATED else value for name, value in exact.items() if value})
    bounds = {
        "counterparty__icontains": chosen.counterparty or None,
        "document__icontains": chosen.document or None,
        "date__gte": chosen.first,
        "date__lte": chosen.last,
        "amount_rub__gte": chosen.amount_from,
        "amount_rub__lte": chosen.amount_to,
    }
    rows = rows.filter(**{name: value for name, value in bounds.items() if value is not None})
    if chosen.only == "reversed":
        rows = rows.filter(Q(reverses__isnull=False) | Exists(_reversals(until)))
    elif chosen.only == "alike":
        rows = rows.filter(pk__in=look_alikes(reader, contract_id=contract_id, until=until))
    return rows


def for_table(rows: QuerySet[LedgerEntry], *, sort: str, until: date | None) -> QuerySet[LedgerEntry]:
    """The rows with all that a table shows, `taken_back_by` being the id of the reversal: one statement.

    `sort` is a key of ORDERS, with a minus for the other way round; the id settles ties, and what has no dollars comes last.
    """
    column, down = ORDERS[sort.removeprefix("-")], sort.startswith("-")
    last = {"nulls_last": True} if sort.removeprefix("-") == "usd" else {}
    order = [column.desc(**last) if down else column.asc(**last), "-pk" if down else "pk"]
    known = with_known_dollars(rows.select_related("factory", "conversion__rate", "conversion__replaced"), until)
    if sort.removeprefix("-") == "usd":
        known = known.alias(**known_dollars(until))
    return known.annotate(taken_back_by=Subquery(_reversals(until).values("pk")[:1])).order_by(*order)


def sums_of(rows: QuerySet[LedgerEntry], *, until: date | None = None) -> list[KindSum]:
    """Net sums of payments and commitments over all of the rows, whatever page is shown: one statement."""
    found = (
        rows.order_by()
        .alias(**known_dollars(until))
        .values("kind")
        .annotate(
            rows=Count("pk"),
            rub=Sum("amount_rub"),
            usd=Sum("known_usd"),
            missing=Count("pk", filter=Q(known_usd__isnull=True)),
            stale=Count("pk", filter=Q(known_stale=True)),
        )
    )
    by_kind = {row["kind"]: KindSum(**row) for row in found}
    return [by_kind.get(kind.value, KindSum(kind.value)) for kind in (LedgerEntry.Kind.PAYMENT, LedgerEntry.Kind.COMMITMENT)]


def look_alikes(reader: Reader, *, contract_id: int, until: date | None, amounts: Collection[Decimal] | None = None) -> dict[int, int]:
    """Ids of standing entries of a contract that look like one another, each with the id of the first: one statement.

    `amounts` limits the search to entries of these amounts, for the marks of one page of a table.
    """
    rows = _standing(LedgerEntry.objects.for_reader(reader).filter(factory__contract_id=contract_id), until).order_by()
    if amounts is None:
        rows = rows.annotate(kin=Window(Count("pk"), partition_by=["kind", "amount_rub"])).filter(kin__gt=1)
    else:
        rows = rows.filter(amount_rub__in=set(amounts))
    found = rows.values_list("pk", "kind", "amount_rub", "document", "counterparty")
    return first_of_each(
        (key, likeness(kind=kind, amount=amount, document=document, counterparty=party)) for key, kind, amount, document, party in found
    )


def first_alike(
    reader: Reader, *, contract_id: int, kind: str, amount_rub: Decimal, document: str, counterparty: str
) -> LedgerEntry | None:
    """The first standing entry of the contract that looks like this one, with its factory and its recorder: one statement."""
    wanted = likeness(kind=kind, amount=amount_rub, document=document, counterparty=counterparty)
    rows = LedgerEntry.objects.for_reader(reader).filter(amount_rub=amount_rub, kind=kind, factory__contract_id=contract_id)
    rows = _standing(rows, None).select_related("factory__contract", "recorded_by").order_by("pk")
    same = (
        row
        for row in rows
        if likeness(kind=row.kind, amount=row.amount_rub, document=row.document, counterparty=row.counterparty) == wanted
    )
    return next(same, None)


def entry_for(reader: Reader, *, contract_code: str, entry_id: int, factory_code: str = "", until: date | None = None) -> LedgerEntry:
    """One entry with its conversion, its reversal and who recorded it, or NotFound when it is not there for this reader.

    `until`: as of that day, when a later reversal had not been made. Two statements.
    """
    entries = _dated(LedgerEntry.objects.for_reader(reader), until).select_related(
        "factory__contract", "conversion__rate", "conversion__replaced", "reverses", "source", "recorded_by"
    )
    entries = with_known_dollars(entries, until)
    if factory_code:
        entries = entries.filter(factory__code=factory_code)
    reversals = Prefetch("reversed_by", queryset=_dated(LedgerEntry.objects.select_related("recorded_by"), until))
    found = entries.filter(pk=entry_id, factory__contract__code=contract_code)
    entry: LedgerEntry | None = found.prefetch_related(reversals).first()
    if entry is None:
        raise NotFound("There is no such ledger entry.")
    return entry


def reversals_by(as_of: date) -> "Prefetch[Any]":
    """`reversed_by` of entries as of a day: an entry that was reversed later still stood then. One statement."""
    return Prefetch("reversed_by", queryset=LedgerEntry.objects.filter(date__lte=as_of))


def newest_entries(reader: Reader, *, contract_id: int, factory: Factory | None, limit: int) -> list[LedgerEntry]:
    """The entries recorded last, so that a person sees what is there before entering it again."""
    rows = LedgerEntry.objects.for_reader(reader).filter(factory__contract_id=contract_id)
    if factory is not None:
        rows = rows.filter(factory=factory)
    return list(rows.select_related("reversed_by", "factory").order_by("-recorded_at", "-id")[:limit])


def known_texts(reader: Reader, *, contract_id: int, limit: int) -> KnownTexts:
    """Counterparties and documents of the newest entries, at most `limit` of each: one statement."""
    rows = LedgerEntry.objects.for_reader(reader).filter(factory__contract_id=contract_id)
    found = list(rows.order_by("-recorded_at", "-id").values_list("counterparty", "document")[:_KNOWN])
    return KnownTexts(
        list(dict.fromkeys(party for party, _document in found))[:limit],
        list(dict.fromkeys(document for _party, document in found))[:limit],
    )


def last_day_of(contract_id: int) -> date | None:
    """The last day of the contract's term by the claim in use; None when no end was published."""
    ends = Claim.objects.filter(
        contract_id=contract_id, factory=None, milestone=None, figure=Figure.TERM_END, in_use=True, date_latest__isnull=False
    )
    return ends.order_by(F("valid_latest").desc(nulls_last=True), "id").values_list("date_latest", flat=True).first()


def _dated(rows: Any, until: date | None) -> Any:
    return rows if until is None else rows.filter(date__lte=until)


def _reversals(until: date | None) -> QuerySet[LedgerEntry]:
    reversals: QuerySet[LedgerEntry] = _dated(LedgerEntry.objects.filter(reverses=OuterRef("pk")), until).order_by()
    return reversals


def _standing(rows: Any, until: date | None) -> Any:
    """Entries that are no reversals and were not taken back: only these can be recorded twice by mistake."""
    return _dated(rows.filter(reverses__isnull=True), until).filter(~Exists(_reversals(until)))
