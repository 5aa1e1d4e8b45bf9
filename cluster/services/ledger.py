"""Writing the ledger: entries are recorded, never changed; a mistake is reversed."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pghistory
from django.db import transaction

from cluster.domain.access import Action
from cluster.domain.dates import refuse_far
from cluster.domain.errors import DomainError, NotFound
from cluster.domain.money import LARGEST_AMOUNT, round_money
from cluster.models import Factory, LedgerEntry, Source, User
from cluster.services.access import require
from cluster.services.follow_up import Name, after_write


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
    by: User,
    today: date,
    request_key: UUID | None = None,
) -> LedgerEntry:
    """Record a commitment or a payment of a factory, in roubles with kopecks.

    The same `request_key` twice gives the first entry. Raises NotFound, Forbidden, or DomainError naming the field.
    """
    # Entries of one factory are written one after the other, so that a double click finds the entry of the first one.
    factories = Factory.objects.for_reader(by).select_for_update(of=("self",), no_key=True)
    factory = factories.select_related("contract").filter(pk=factory_id).first()
    if factory is None:
        raise NotFound("There is no such factory.", field="factory")
    require(by, Action.RECORD_PAYMENT, contract=factory.contract_id, factory=factory.pk)
    entry = LedgerEntry(
        factory=factory,
        kind=kind,
        date=date,
        amount_rub=amount_rub,
        category=category,
        funding=funding,
        document=document.strip(),
        counterparty=counterparty.strip(),
        note=note,
        source_id=source_id,
        recorded_by=by,
        request_key=request_key,
    )
    if (done := _already_recorded(entry)) is not None:
        return done
    if not amount_rub.is_finite() or amount_rub <= 0 or amount_rub != round_money(amount_rub) or amount_rub > LARGEST_AMOUNT:
        raise DomainError(
            "The amount must be more than 0, with kopecks at most, and no more than a trillion.", field="amount_rub", code="amount"
        )
    signed = factory.contract.signed
    if signed is not None and date < signed.earliest:
        raise DomainError(
            "The contract was signed on {signed}: an entry cannot be older.", field="date", code="before_contract", signed=signed.earliest
        )
    if kind == LedgerEntry.Kind.PAYMENT and date > today:
        raise DomainError("A payment cannot lie in the future: record it when it is made.", field="date", code="future")
    refuse_far(date, field="date")
    if source_id is not None and not Source.objects.for_reader(by).filter(pk=source_id).exists():
        raise DomainError("There is no such source.", field="source", code="choice")
    entry.full_clean()
    entry.save()
    after_write(Name.CONVERT)
    return entry


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
    if (done := _already_recorded(reversal)) is not None:
        return done
    if entry.reverses_id is not None:
        raise DomainError("A reversal cannot be reversed: record the entry again instead.", code="reversal_of_reversal")
    if LedgerEntry.objects.filter(reverses=entry).exists():
        raise DomainError("This entry was already reversed.", code="already_reversed")
    if not entry.date <= date <= today:
        raise DomainError("The reversal must lie between the entry's date and today.", field="date", code="date")
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


def _already_recorded(entry: LedgerEntry) -> LedgerEntry | None:
    """The entry that the same request recorded before; DomainError when that request said something else."""
    if entry.request_key is None:
        return None
    done = LedgerEntry.objects.filter(request_key=entry.request_key).first()
    if done is not None and any(getattr(done, name) != getattr(entry, name) for name in _SAME):
        raise DomainError("This request was already used for another entry.", code="request_reused")
    return done
