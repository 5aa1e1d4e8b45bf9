"""Writing the ledger: entries are recorded, never changed; a mistake is reversed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import pghistory
from django.core.exceptions import ValidationError
from django.db import transaction

from cluster.domain.access import Action
from cluster.domain.dates import refuse_far
from cluster.domain.errors import BatchRefused, DomainError, Duplicate, NotFound
from cluster.domain.money import LARGEST_AMOUNT, round_money
from cluster.domain.texts import visible
from cluster.models import Factory, LedgerEntry, Source, User
from cluster.queries.ledger import first_alike, last_day_of
from cluster.services.access import require
from cluster.services.follow_up import Name, after_write
from cluster.services.locks import one_at_a_time


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """A commitment or a payment to record, in roubles with kopecks.

    `contract_id` is the contract that the person works in, where a door knows it: the factory must be one of it.
    `despite_duplicate` says that the person knows of the entry that looks like this one.
    """

    factory_id: int
    kind: str
    date: date
    amount_rub: Decimal
    document: str
    counterparty: str
    category: str = ""
    funding: str = ""
    note: str = ""
    source_id: int | None = None
    contract_id: int | None = None
    despite_duplicate: bool = False


@transaction.atomic
def record_entry(
    *,
    factory_id: int,
    kind: str,
    date: date,
    amount_rub: Decimal,
    document: str,
    counterparty: str,
    category: str = "",
    funding: str = "",
    note: str = "",
    source_id: int | None = None,
    contract_id: int | None = None,
    despite_duplicate: bool = False,
    by: User,
    today: date,
    request_key: UUID | None = None,
) -> LedgerEntry:
    """Record a commitment or a payment of a factory; NewEntry says what is what.

    The same `request_key` twice gives the first entry. Raises NotFound, Forbidden, Duplicate with the entry that looks
    like this one as `current`, or DomainError naming the field.
    """
    new = NewEntry(
        factory_id=factory_id,
        kind=kind,
        date=date,
        amount_rub=amount_rub,
        document=document,
        counterparty=counterparty,
        category=category,
        funding=funding,
        note=note,
        source_id=source_id,
        contract_id=contract_id,
        despite_duplicate=despite_duplicate,
    )
    return _record_all([new], by=by, today=today, keys=[request_key])[0]


@transaction.atomic
def record_entries(entries: Sequence[NewEntry], *, by: User, today: date, request_key: UUID | None = None) -> list[LedgerEntry]:
    """Record many entries, all or none. The same `request_key` with the same entries gives the first ones.

    Raises BatchRefused with every row that is wrong: its number from 0, and what `record_entry` would have raised.
    """
    return _record_all(entries, by=by, today=today, keys=keys_of_rows(request_key, len(entries)), as_batch=True)


def keys_of_rows(request_key: UUID | None, count: int) -> list[UUID | None]:
    """The request keys of the rows of a batch, made of the batch's own: the same batch sent again has the same ones."""
    return [request_key and uuid5(request_key, f"{number} of {count}") for number in range(count)]


def _record_all(
    entries: Sequence[NewEntry], *, by: User, today: date, keys: Sequence[UUID | None], as_batch: bool = False
) -> list[LedgerEntry]:
    wanted = {new.factory_id for new in entries}
    factories = Factory.objects.for_reader(by).select_related("contract").in_bulk(wanted)
    # Entries of one contract are written one after the other, so that a double click, or two people with one invoice, find
    # the first one. The locks are taken in one order, so that two batches cannot wait for each other.
    contracts = sorted({factory.contract_id for factory in factories.values()})
    for contract_id in contracts:
        one_at_a_time(f"ledger {contract_id}")
    ends = {contract_id: last_day_of(contract_id) for contract_id in contracts}
    done: list[LedgerEntry] = []
    refused: list[tuple[int, Exception]] = []
    for number, (new, key) in enumerate(zip(entries, keys, strict=True)):
        try:
            done.append(_record(new, factories.get(new.factory_id), ends=ends, by=by, today=today, request_key=key))
        except (DomainError, ValidationError) as error:
            if not as_batch:
                raise
            refused.append((number, error))
    if refused:
        raise BatchRefused(refused)
    after_write(Name.CONVERT)
    return done


def _record(
    new: NewEntry, factory: Factory | None, *, ends: dict[int, date | None], by: User, today: date, request_key: UUID | None
) -> LedgerEntry:
    if factory is None:
        raise NotFound("There is no such factory for you: choose one of those that you see.", field="factory")
    if new.contract_id is not None and factory.contract_id != new.contract_id:
        raise DomainError(
            "Factory {factory} belongs to another contract: choose one of this contract.",
            field="factory",
            code="other_contract",
            factory=factory.code,
        )
    require(by, Action.RECORD_PAYMENT, contract=factory.contract_id, factory=factory.pk)
    entry = LedgerEntry(
        factory=factory,
        kind=new.kind,
        date=new.date,
        amount_rub=new.amount_rub,
        category=new.category,
        funding=new.funding,
        document=new.document.strip(),
        counterparty=new.counterparty.strip(),
        note=new.note,
        source_id=new.source_id,
        recorded_by=by,
        request_key=request_key,
    )
    if (done := _already_recorded(entry)) is not None:
        return done
    amount = new.amount_rub
    if not amount.is_finite() or amount <= 0 or amount > LARGEST_AMOUNT or amount != round_money(amount):
        raise DomainError(
            "The amount must be more than 0, with kopecks at most, and no more than a trillion.", field="amount_rub", code="amount"
        )
    _refuse_blank(entry)
    _refuse_date(entry, last_day=ends[factory.contract_id], today=today)
    if new.source_id is not None and not Source.objects.for_reader(by).filter(pk=new.source_id).exists():
        raise DomainError("There is no such source.", field="source", code="choice")
    entry.full_clean()
    if not new.despite_duplicate:
        _refuse_duplicate(entry, by=by)
    entry.save()
    return entry


def _refuse_blank(entry: LedgerEntry) -> None:
    """Raise DomainError for a document or a counterparty whose characters all show nothing; one without any is told by its field."""
    for field, text in (("document", entry.document), ("counterparty", entry.counterparty)):
        if text and not visible(text).strip():
            raise DomainError("There is nothing here that can be seen: write it out.", field=field, code="required")


def _refuse_date(entry: LedgerEntry, *, last_day: date | None, today: date) -> None:
    """Raise DomainError unless the date lies in the contract's term; a payment was made, a commitment may lie ahead."""
    signed = entry.factory.contract.signed
    if signed is not None and entry.date < signed.earliest:
        raise DomainError(
            "The contract was signed on {signed}: an entry cannot be older.", field="date", code="before_contract", signed=signed.earliest
        )
    if entry.kind == LedgerEntry.Kind.PAYMENT and entry.date > today:
        raise DomainError("A payment cannot lie in the future: record it when it is made.", field="date", code="future")
    refuse_far(entry.date, field="date")
    if last_day is not None and entry.date > last_day:
        raise DomainError(
            "The contract ends on {last}: an entry cannot lie after it. Correct the date, or the end of the term in the record.",
            field="date",
            code="after_contract",
            last=last_day,
        )


def _refuse_duplicate(entry: LedgerEntry, *, by: User) -> None:
    """Raise Duplicate when a standing entry of the contract has the same kind, document, counterparty and amount."""
    first = first_alike(
        by,
        contract_id=entry.factory.contract_id,
        kind=entry.kind,
        amount_rub=entry.amount_rub,
        document=entry.document,
        counterparty=entry.counterparty,
    )
    if first is None:
        return
    told: dict[str, Any] = {"entry": first.pk, "date": first.date, "document": first.document, "factory": first.factory.code}
    if first.recorded_by is None:
        raise Duplicate(
            "Entry {entry} of {date} has the same document, counterparty and amount: “{document}”, factory {factory}. "
            "If yours is another one, say so.",
            field="despite_duplicate",
            current=first,
            **told,
        )
    # Whoever may record payments may see who did.
    raise Duplicate(
        "Entry {entry} of {date} has the same document, counterparty and amount: “{document}”, factory {factory}, "
        "recorded by {person}. If yours is another one, say so.",
        field="despite_duplicate",
        current=first,
        person=first.recorded_by.get_full_name() or first.recorded_by.username,
        **told,
    )


@transaction.atomic
def reverse_entry(*, entry_id: int, date: date, note: str, by: User, today: date, request_key: UUID | None = None) -> LedgerEntry:
    """Take an entry back by one of the opposite amount that names it and says why.

    Raises NotFound, Forbidden, or DomainError: a reversal cannot be reversed, an entry only once, not before its date.
    """
    entry = LedgerEntry.objects.for_reader(by).select_for_update(of=("self",)).select_related("factory").filter(pk=entry_id).first()
    if entry is None:
        raise NotFound("There is no such ledger entry.")
    require(by, Action.RECORD_PAYMENT, contract=entry.factory.contract_id, factory=entry.factory_id)
    reversal = LedgerEntry(
        factory=entry.factory,
        kind=entry.kind,
        date=date,
        amount_rub=-entry.amount_rub,
        category=entry.category,
        funding=entry.funding,
        document=entry.document,
        counterparty=entry.counterparty,
        note=note.strip(),
        reverses=entry,
        recorded_by=by,
        request_key=request_key,
    )
    before = LedgerEntry.objects.filter(reverses=entry).first()
    if before is None and (done := _already_recorded(reversal)) is not None:
        return done
    if entry.reverses_id is not None:
        raise DomainError("A reversal cannot be reversed: record the entry again instead.", field="reverses", code="reversal_of_reversal")
    if before is not None:
        if request_key is not None and before.request_key == request_key and _says_the_same(before, reversal):
            return before
        raise DomainError(
            "Entry {entry} of {day} has already reversed this one: there is nothing left to take back.",
            field="reverses",
            code="already_reversed",
            entry=before.pk,
            day=before.date,
        )
    if not entry.date <= date <= today:
        raise DomainError(
            "The reversal must lie between the entry's date and today: write a day from {first} to {last}.",
            field="date",
            code="date",
            first=entry.date,
            last=today,
        )
    if not reversal.note:
        raise DomainError("Say why the entry is reversed.", field="note", code="required")
    reversal.full_clean()
    with pghistory.context(reason=reversal.note):
        reversal.save()
    after_write(Name.CONVERT)
    return reversal


_SAME = (
    "factory_id", "kind", "date", "amount_rub", "document", "counterparty", "category", "funding", "note", "source_id", "reverses_id",
)  # fmt: skip


def _says_the_same(done: LedgerEntry, entry: LedgerEntry) -> bool:
    return all(getattr(done, name) == getattr(entry, name) for name in _SAME)


def _already_recorded(entry: LedgerEntry) -> LedgerEntry | None:
    """The entry that the same request recorded before; DomainError when that request said something else."""
    if entry.request_key is None:
        return None
    done = LedgerEntry.objects.filter(request_key=entry.request_key).first()
    if done is not None and not _says_the_same(done, entry):
        raise DomainError("This request was already used for another entry.", code="request_reused")
    return done
