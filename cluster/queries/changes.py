"""What changed in a contract since a moment, as far as a reader may see it: what was recorded here after it, the newest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from typing import Any

from django.db.models import CharField, Count, DateTimeField, F, OuterRef, QuerySet, Subquery, TextField, Value, Window
from django.db.models.functions import Cast, Coalesce, JSONObject, Left

from cluster.models import (
    Baseline,
    Claim,
    Comment,
    Contract,
    DelayEvent,
    Figure,
    ForecastRevision,
    LedgerEntry,
    Milestone,
    SlipReason,
    User,
    Visit,
)
from cluster.models.names import in_english

# So long without a page ends a visit.
PAUSE = timedelta(minutes=30)
# So many of a kind are told one by one, and so much of a comment; the others are counted.
SHOWN = 4
LONGEST_WORDS = 120


class Changed(StrEnum):
    """A kind of change, in the order in which they are told."""

    REACHED = "reached"
    MOVED = "moved"
    OPENED = "opened"
    CLOSED = "closed"
    PAID = "paid"
    APPROVED = "approved"
    CLAIMED = "claimed"
    SAID = "said"


@dataclass(frozen=True, slots=True)
class Change:
    """One change: the milestone or else the factory that it is about, and by its kind the rest.

    `what` is the kind of a delay, the figure of a claim, the document of a payment, the words of a comment; `was` and `now` are ends
    of forecasts, or `now` is the actual date or the day from which a baseline is in force. `key` is the id of the flag, the entry or
    the baseline.
    """

    at: datetime
    milestone: str = ""
    factory: str = ""
    source: str = ""
    name_ru: str = ""
    name_en: str = ""
    what: str = ""
    key: int | None = None
    was: date | None = None
    now: date | None = None
    rub: Decimal | None = None

    @property
    def figure(self) -> str:
        """The figure of a claim in words."""
        return str(Figure(self.what).label)

    @property
    def name(self) -> str:
        """What it is about, in the reader's language; empty for the contract as a whole."""
        return (self.name_en or self.name_ru) if in_english() else (self.name_ru or self.name_en)


@dataclass(frozen=True, slots=True)
class ChangesOfKind:
    """How many changes of one kind there are, and the newest of them."""

    kind: Changed
    count: int
    newest: list[Change]

    @property
    def more(self) -> int:
        """How many are not told one by one."""
        return self.count - len(self.newest)


def last_visit(reader: User, contract: Contract, *, now: datetime) -> datetime | None:
    """When the visit of `reader` before the present one ended; None on the first one. One statement."""
    visit = Visit.objects.for_reader(reader).filter(contract=contract).first()
    if visit is None:
        return None
    return visit.seen_at if now - visit.seen_at > PAUSE else visit.before_at


def changes_since(reader: User, contract: Contract, since: datetime) -> list[ChangesOfKind]:
    """What changed, by kind: one statement, however much it is. That a forecast still holds is no change."""
    first, *others = _found(reader, contract, since)
    order = list(Changed)
    rows = sorted(first.union(*others, all=True), key=lambda row: (order.index(row[0]), -row[2].timestamp()))
    found = []
    for kind, of_kind in groupby(rows, key=lambda row: row[0]):
        told = list(of_kind)
        found.append(ChangesOfKind(Changed(kind), told[0][1], [_change(at, fields) for _kind, _count, at, fields in told]))
    return found


def _change(at: datetime, told: dict[str, Any]) -> Change:
    known: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    known |= {name: date.fromisoformat(known[name]) for name in ("was", "now") if name in known}
    if "rub" in known:
        known["rub"] = Decimal(known["rub"])
    return Change(at, **known)


def _found(reader: User, contract: Contract, since: datetime) -> Iterable[QuerySet[Any, Any]]:
    """The changes of each kind, and what is told of them: the fields of a `Change`."""
    milestones = Milestone.objects.for_reader(reader).filter(contract=contract, actual_latest__isnull=False)
    reached = milestones.annotate(change_at=_first_at(Milestone, actual_latest__isnull=False)).filter(change_at__gt=since)
    yield _told(Changed.REACHED, reached, **_names(), now="actual_latest")
    moves = ForecastRevision.objects.for_reader(reader).filter(milestone__contract=contract).exclude(reason=SlipReason.CONFIRMED)
    yield _told(Changed.MOVED, _recorded(moves, since), **_names("milestone__", "milestone__factory__"), was="old_latest", now="new_latest")
    events = _recorded(DelayEvent.objects.for_reader(reader).filter(flag__contract=contract), since)
    for event, kind in ((DelayEvent.Kind.OPENED, Changed.OPENED), (DelayEvent.Kind.CLOSED, Changed.CLOSED)):
        yield _told(kind, events.filter(kind=event), **_names("flag__milestone__", "flag__factory__"), key="flag_id", what="flag__kind")
    payments = LedgerEntry.objects.for_reader(reader).filter(factory__contract=contract, kind=LedgerEntry.Kind.PAYMENT)
    of_factory = {"factory": "factory__code", "name_ru": "factory__name_ru", "name_en": "factory__name_en"}
    rub = Cast("amount_rub", TextField())
    yield _told(Changed.PAID, _recorded(payments, since), **of_factory, key="pk", what="document", rub=rub)
    baselines = Baseline.objects.for_reader(reader).filter(contract=contract, kind=Baseline.Kind.APPROVED)
    approved = baselines.annotate(change_at=_first_at(Baseline, kind=Baseline.Kind.APPROVED)).filter(change_at__gt=since)
    yield _told(Changed.APPROVED, approved, name_ru="name_ru", name_en="name_en", key="pk", now="in_force_from")
    claims = Claim.objects.for_reader(reader).filter(contract=contract)
    yield _told(Changed.CLAIMED, _recorded(claims, since), **of_factory, source="source__key", what="figure")
    comments = Comment.objects.for_reader(reader).filter(contract=contract, withdrawn_at__isnull=True, at__gt=since)
    names = _names("milestone__", "factory__")
    yield _told(Changed.SAID, comments.annotate(change_at=F("at")), **names, key="flag_id", what=Left("text", LONGEST_WORDS))


def _names(milestone: str = "", factory: str = "factory__") -> dict[str, Any]:
    """The milestone at a path, and its name, else that of the factory at another one."""
    return {
        "milestone": f"{milestone}code",
        "factory": f"{factory}code",
        "name_ru": Coalesce(f"{milestone}name_ru", f"{factory}name_ru"),
        "name_en": Coalesce(f"{milestone}name_en", f"{factory}name_en"),
    }


def _recorded(rows: QuerySet[Any], since: datetime) -> QuerySet[Any]:
    found: QuerySet[Any] = rows.filter(recorded_at__gt=since).annotate(change_at=F("recorded_at"))
    return found


def _first_at(model: Any, **state: Any) -> Subquery:
    """When a row was first in this state, by its history."""
    history = model._meta.get_field("history").related_model
    first = history.objects.filter(pgh_obj=OuterRef("pk"), **state).order_by("pgh_created_at", "pgh_id")
    return Subquery(first.values("pgh_created_at")[:1], output_field=DateTimeField())


def _told(kind: Changed, rows: QuerySet[Any], **fields: Any) -> QuerySet[Any, Any]:
    """Kind, number of all of the kind, moment, and what is told: of the newest ones."""
    told = rows.annotate(change=Value(kind.value, output_field=CharField()), number=Window(Count("*")), told=JSONObject(**fields)).order_by(
        "-change_at", "-pk"
    )
    newest: QuerySet[Any, Any] = told.values_list("change", "number", "change_at", "told")[:SHOWN]
    return newest
