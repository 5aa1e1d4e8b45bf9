"""Single ledger entries, the newest ones of a factory, and what had been reversed by a day."""

from datetime import date
from typing import Any

from django.db.models import Prefetch

from cluster.domain.errors import NotFound
from cluster.models import Factory, LedgerEntry
from cluster.models.scope import Reader


def entry_for(reader: Reader, *, contract_code: str, factory_code: str, entry_id: int) -> LedgerEntry:
    """One entry of a factory with its conversion and reversal, or NotFound when it is not there for this reader."""
    entries = LedgerEntry.objects.for_reader(reader).select_related("factory__contract", "conversion__rate", "reversed_by", "reverses")
    entry = entries.filter(pk=entry_id, factory__code=factory_code, factory__contract__code=contract_code).first()
    if entry is None:
        raise NotFound("There is no such ledger entry.")
    return entry


def reversals_by(as_of: date) -> "Prefetch[Any]":
    """`reversed_by` of entries as of a day: an entry that was reversed later still stood then. One statement."""
    return Prefetch("reversed_by", queryset=LedgerEntry.objects.filter(date__lte=as_of))


def newest_entries(reader: Reader, factory: Factory, *, limit: int) -> list[LedgerEntry]:
    """The entries recorded last, so that a person sees what is there before entering it again."""
    return list(
        LedgerEntry.objects.for_reader(reader).filter(factory=factory).select_related("reversed_by").order_by("-recorded_at", "-id")[:limit]
    )
