"""What the conversion job has to look at: rows that changed since it ran, noted by triggers in the transaction that changed them."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

M = TypeVar("M", bound=models.Model)

_NEW_ROWS: Any = pgtrigger.Referencing(new="new_rows")  # type: ignore[no-untyped-call]
_NOTE = "INSERT INTO cluster_conversiondue (kind, first, last) {rows}; RETURN NULL;"
# Rows of one insert stand together; those of one update may lie far apart: neighbours are merged.
_INSERTED = "SELECT '{kind}', min(id), max(id) FROM new_rows HAVING count(*) > 0"
_MERGED = "SELECT '{kind}', lower(ids), upper(ids) - 1 FROM (SELECT unnest(range_agg(int8range(id, id, '[]'))) AS ids FROM {rows}) AS due"
_UPDATED = _MERGED.replace("{rows}", "new_rows")
_LINES = _MERGED.format(kind="budget", rows="cluster_budgetline WHERE baseline_id = NEW.id")


class ConversionDue(models.Model):
    """Ids `first` to `last` of one table whose dollars may be out of date; for a rate, those of the days on which it is in force.

    The job deletes what it has done in the transaction in which it did it: a run that is killed leaves everything due.
    Overlapping rows do no harm, so that writers never wait for one another here.
    """

    class Kind(models.TextChoices):
        LEDGER = "ledger", _("ledger entries")
        BUDGET = "budget", _("budget lines")
        CLAIMS = "claims", _("claims")
        RATES = "rates", _("exchange rates")

    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices)
    first = models.BigIntegerField(_("first id"))
    last = models.BigIntegerField(_("last id"))

    class Meta:
        verbose_name = _("conversion that is due")
        verbose_name_plural = _("conversions that are due")
        constraints: ClassVar[list[Any]] = [models.CheckConstraint(condition=Q(first__lte=F("last")), name="conversion_due_order")]

    def __str__(self) -> str:
        return f"{self.kind} {self.first}-{self.last}"


def makes_conversions_due(kind: str) -> Callable[[type[M]], type[M]]:
    """Class decorator: inserts and updates of this table are noted as due, raw SQL included."""
    inserted: Any = pgtrigger.Trigger(
        name="conversion_due_insert",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=_NEW_ROWS,
        func=_NOTE.format(rows=_INSERTED.format(kind=kind)),
    )
    updated: Any = pgtrigger.Trigger(
        name="conversion_due_update",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        referencing=_NEW_ROWS,
        func=_NOTE.format(rows=_UPDATED.format(kind=kind)),
    )
    return pgtrigger.register(inserted, updated)


def makes_lines_due(model: type[M]) -> type[M]:
    """Class decorator of the baseline: its lines stand at the rate of the day on which it comes into force."""
    trigger: Any = pgtrigger.Trigger(
        name="conversion_due_lines",
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        condition=pgtrigger.AnyChange("in_force_from"),
        func=_NOTE.format(rows=_LINES),
    )
    registered: type[M] = pgtrigger.register(trigger)(model)
    return registered
