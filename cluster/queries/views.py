"""Saved views of a page: one's own, and those that others share."""

from django.db.models import Exists, OuterRef

from cluster.models import SavedView
from cluster.models.scope import Reader


def views_of(reader: Reader, *, page: str, contract_code: str = "") -> list[SavedView]:
    """The views of a page of a contract (without a code: of a page of none) by name, each with `is_default`: one statement."""
    rows = SavedView.objects.for_reader(reader).filter(page=page)
    rows = rows.filter(contract__code=contract_code) if contract_code else rows.filter(contract=None)
    mine = SavedView.default_for.through.objects.filter(savedview=OuterRef("pk"), user=reader.pk)
    return list(rows.annotate(is_default=Exists(mine)).order_by("name", "pk"))
