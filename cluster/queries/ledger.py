"""Single ledger entries, and the newest ones of a factory."""

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


def newest_entries(reader: Reader, factory: Factory, *, limit: int) -> list[LedgerEntry]:
    """The entries recorded last, so that a person sees what is there before entering it again."""
    return list(
        LedgerEntry.objects.for_reader(reader).filter(factory=factory).select_related("reversed_by").order_by("-recorded_at", "-id")[:limit]
    )
