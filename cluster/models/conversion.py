"""Stored conversions: the dollars of a ledger entry, a budget line or a claim, with the rate they were converted at."""

from typing import Any, ClassVar, TypeVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from cluster.domain.exchange import Basis

M = TypeVar("M", bound=models.Model)
# Few rows were ever converted anew: what a corrected rate concerned is found by an index that costs the others nothing.
_REPLACED = models.Q(replaced__isnull=False)

_DROP = "DELETE FROM {table} WHERE {column} = OLD.id; RETURN NULL;"


def drops_conversion(table: str, column: str) -> Any:
    """Class decorator: when a row is deleted, its conversion goes with it, raw SQL included."""
    return pgtrigger.register(
        pgtrigger.Trigger(
            name="drops_conversion",
            when=pgtrigger.After,
            operation=pgtrigger.Delete,
            func=_DROP.format(table=table, column=column),
        )
    )


class Conversion(models.Model):
    """The dollars of one rouble amount at the rate of its basis, frozen with the rate that was used.

    A ledger entry stands at the *payment* basis (rate in force on its date), a budget line and a claim at the
    *contract* basis (rate in force when they were agreed or announced). The *reporting* basis moves every day and is
    derived when it is read. `stale` says that the rate which ought to have been in force was not known.
    `replaced` keeps the rate used before a correction. Derived data: the job can rebuild it, so it has no history.
    Rates and ledger entries cannot be deleted and deleted lines take theirs along, so the columns need no foreign keys
    in the database: checking a million of them costs four times the conversion itself (benchmarks/).
    """

    basis: ClassVar[Basis]

    usd = models.DecimalField(_("amount, USD"), max_digits=22, decimal_places=2)
    rate = models.ForeignKey(
        "cluster.ExchangeRate", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+", verbose_name=_("rate")
    )
    replaced = models.ForeignKey(
        "cluster.ExchangeRate",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("rate used before"),
    )
    stale = models.BooleanField(_("with a stale rate"), default=False)
    converted_at = models.DateTimeField(_("converted at"))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.usd} USD ({self.rate_id})"


class LedgerConversion(Conversion):
    """The dollars of a payment or a commitment."""

    basis = Basis.PAYMENT
    entry = models.OneToOneField(
        "cluster.LedgerEntry",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        primary_key=True,
        related_name="conversion",
        verbose_name=_("ledger entry"),
    )

    class Meta:
        verbose_name = _("conversion of a ledger entry")
        verbose_name_plural = _("conversions of ledger entries")
        indexes = [models.Index(fields=["replaced"], condition=_REPLACED, name="ledger_conversion_replaced")]


class BudgetConversion(Conversion):
    """The dollars of a budget line."""

    basis = Basis.CONTRACT
    line = models.OneToOneField(
        "cluster.BudgetLine",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        primary_key=True,
        related_name="conversion",
        verbose_name=_("budget line"),
    )

    class Meta:
        verbose_name = _("conversion of a budget line")
        verbose_name_plural = _("conversions of budget lines")
        indexes = [
            models.Index(fields=["replaced"], condition=_REPLACED, name="budget_conversion_replaced"),
            # A baseline gives thousands of lines one day and one rate: their days do not narrow down what used it.
            models.Index(fields=["rate"], name="budget_conversion_rate"),
        ]


class ClaimConversion(Conversion):
    """The dollars of a claim in roubles."""

    basis = Basis.CONTRACT
    claim = models.OneToOneField(
        "cluster.Claim",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        primary_key=True,
        related_name="conversion",
        verbose_name=_("claim"),
    )

    class Meta:
        verbose_name = _("conversion of a claim")
        verbose_name_plural = _("conversions of claims")
        indexes = [models.Index(fields=["replaced"], condition=_REPLACED, name="claim_conversion_replaced")]
