"""Sources that people name while they record something."""

import uuid
from datetime import date

from cluster.domain.dates import DateWindow
from cluster.models import Source


def document_source(document: str, *, contract_id: int, factory_id: int | None, today: date) -> Source:
    """A source for a document that is not on the web, reused when it was named before for the same contract and factory."""
    document = document.strip()
    existing = Source.objects.filter(document=document, contract=contract_id, factory=factory_id).first()
    if existing is not None:
        return existing
    source = Source(
        key=f"doc-{uuid.uuid4().hex[:12]}",
        title_ru=document,
        title_en=document,
        document=document,
        contract_id=contract_id,
        factory_id=factory_id,
    )
    source.published = DateWindow.day(today)
    source.full_clean()
    source.save()
    return source
