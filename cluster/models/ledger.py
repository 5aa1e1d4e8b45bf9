"""The ledger: commitments and payments, append-only."""

from typing import Any, ClassVar, TypeVar

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cluster.models.append_only import append_only, history_kept
from cluster.models.baseline import CostCategory, FundingSource
from cluster.models.conversion_due import makes_conversions_due
from cluster.models.scope import ScopedQuerySet

M = TypeVar("M", bound=models.Model)

_MIRRORS = """
IF NOT EXISTS (
    SELECT 1 FROM cluster_ledgerentry AS entry
    WHERE entry.id = NEW.reverses_id AND entry.reverses_id IS NULL AND entry.factory_id = NEW.factory_id AND entry.kind = NEW.kind
      AND entry.amount_rub = -NEW.amount_rub
) THEN
    RAISE EXCEPTION 'a reversal takes back one whole entry, of its factory and kind, that is no reversal' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""


def takes_back_one_whole_entry(model: type[M]) -> type[M]:
    """Class decorator: a trigger refuses a reversal that is not the exact opposite of an entry, raw SQL included."""
    trigger: Any = pgtrigger.Trigger(
        name="takes_back_one_whole_entry",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__reverses__isnull=False),
        func=_MIRRORS,
    )
    registered: type[M] = pgtrigger.register(trigger)(model)
    return registered


class LedgerEntryQuerySet(ScopedQuerySet["LedgerEntry"]):
    """Ledger entries in scope."""

    contract_path = "factory__contract_id"
    factory_path = "factory_id"


@takes_back_one_whole_entry
@makes_conversions_due("ledger")
@append_only
@pghistory.track(meta=history_kept())
class LedgerEntry(models.Model):
    """A commitment or a payment of a factory, in roubles and kopecks. A mistake is corrected by an entry that reverses it."""

    class Kind(models.TextChoices):
        COMMITMENT = "commitment", _("commitment")
        PAYMENT = "payment", _("payment")

    factory = models.ForeignKey("cluster.Factory", on_delete=models.PROTECT, related_name="ledger_entries", verbose_name=_("factory"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    date = models.DateField(_("date"))
    amount_rub = models.DecimalField(_("amount, RUB"), max_digits=20, decimal_places=2)
    category = models.CharField(_("category"), max_length=15, choices=CostCategory.choices, blank=True)
    funding = models.CharField(_("funding source"), max_length=10, choices=FundingSource.choices, blank=True)
    document = models.CharField(_("document"), max_length=200, help_text=_("Number and date of the document."))
    counterparty = models.CharField(_("counterparty"), max_length=300)
    note = models.TextField(_("note"), blank=True)
    source = models.ForeignKey(
        "cluster.Source", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("source")
    )
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by", verbose_name=_("reverses")
    )
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("recorded by")
    )
    request_key = models.UUIDField(_("request key"), null=True, blank=True, unique=True, editable=False)

    objects: ClassVar[LedgerEntryQuerySet] = LedgerEntryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ["-date", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(reverses__isnull=True, amount_rub__gt=0) | Q(reverses__isnull=False, amount_rub__lt=0),
                name="ledger_entry_sign",
                violation_error_message=_("An entry is positive; only a reversal is negative."),
            ),
        ]
        indexes = [
            models.Index(fields=["factory", "kind", "date"], name="ledger_factory_kind_date"),
            # What a corrected rate concerns.
            models.Index(fields=["date"], name="ledger_date"),
            # What looks like an entry that is there already.
            models.Index(fields=["amount_rub", "document"], name="ledger_amount_document"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.date} {self.amount_rub} {self.document}"
