"""Official exchange rates with their revisions, and stored conversions."""

from typing import Any, ClassVar

import pghistory
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cluster.domain.exchange import Rate
from cluster.models.names import InLanguage
from cluster.models.scope import ScopedQuerySet


class ExchangeRateQuerySet(ScopedQuerySet["ExchangeRate"]):
    """Rates are reference data: everybody with a role reads them."""

    def accepted(self, currency: str = "USD") -> "ExchangeRateQuerySet":
        """The revisions that count, one per date."""
        return self.filter(currency=currency, status=ExchangeRate.Status.ACCEPTED)


@pghistory.track()
class ExchangeRate(models.Model):
    """Roubles for `nominal` units of a currency, dated `date`. A correction is a new revision; the old one stays."""

    class Status(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        QUARANTINED = "quarantined", _("in quarantine")
        REJECTED = "rejected", _("rejected")
        SUPERSEDED = "superseded", _("superseded")

    class Quality(models.TextChoices):
        OFFICIAL = "official", _("official, as published by the bank")
        CAPTURED = "captured", _("official, as captured by a third party")
        PRESS = "press", _("official, as printed by the press")

    currency = models.CharField(_("currency"), max_length=3, default="USD")
    date = models.DateField(_("date"))
    nominal = models.PositiveIntegerField(_("nominal"), default=1)
    value = models.DecimalField(_("roubles"), max_digits=14, decimal_places=4)
    revision = models.PositiveSmallIntegerField(_("revision"), default=1)
    status = models.CharField(_("status"), max_length=11, choices=Status.choices, default=Status.ACCEPTED)
    quality = models.CharField(_("quality"), max_length=8, choices=Quality.choices, default=Quality.OFFICIAL)
    source_ru = models.CharField(_("source (Russian)"), max_length=300)
    source_en = models.CharField(_("source (English)"), max_length=300, blank=True)
    source = InLanguage()
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)

    objects: ClassVar[ExchangeRateQuerySet] = ExchangeRateQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        ordering = ["-date", "currency", "-revision"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(value__gt=0, nominal__gt=0), name="exchange_rate_positive"),
            models.UniqueConstraint(fields=["currency", "date", "revision"], name="exchange_rate_revision_once"),
            models.UniqueConstraint(fields=["currency", "date"], condition=Q(status="accepted"), name="exchange_rate_one_accepted"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.date}: {self.value}"

    @property
    def rate(self) -> Rate:
        """The rate as the domain knows it."""
        return Rate(self.date, self.value, self.nominal, self.currency)


class ConversionQuerySet(ScopedQuerySet["Conversion"]):
    """Conversions of what is in scope."""

    def _within(self, scope: Any) -> Q:
        return (
            Q(ledger_entry__factory__contract_id__in=scope.contracts)
            | Q(ledger_entry__factory_id__in=scope.factories)
            | Q(budget_line__factory__contract_id__in=scope.contracts)
            | Q(budget_line__factory_id__in=scope.factories)
            | Q(claim__contract_id__in=scope.contracts)
            | Q(claim__factory_id__in=scope.factories)
        )

    contract_path = "pk"  # not reference data; _within says how it belongs


class Conversion(models.Model):
    """The dollars of one rouble amount at the rate of its basis, frozen with the rate that was used.

    A ledger entry stands at the *payment* basis (rate in force on its date), a budget line and a claim at the
    *contract* basis (rate in force when they were agreed or announced). The *reporting* basis moves every day and is
    derived when it is read. `stale` says that the rate which ought to have been in force was not known.
    `replaced` keeps the rate used before a correction. Derived data: the job can rebuild it, so it has no history.
    """

    class Basis(models.TextChoices):
        CONTRACT = "contract", _("contract")
        PAYMENT = "payment", _("payment")

    ledger_entry = models.OneToOneField(
        "cluster.LedgerEntry", on_delete=models.CASCADE, null=True, blank=True, related_name="conversion", verbose_name=_("ledger entry")
    )
    budget_line = models.OneToOneField(
        "cluster.BudgetLine", on_delete=models.CASCADE, null=True, blank=True, related_name="conversion", verbose_name=_("budget line")
    )
    claim = models.OneToOneField(
        "cluster.Claim", on_delete=models.CASCADE, null=True, blank=True, related_name="conversion", verbose_name=_("claim")
    )
    basis = models.CharField(_("basis"), max_length=8, choices=Basis.choices)
    on_date = models.DateField(_("rate wanted for"))
    amount_rub = models.DecimalField(_("amount, RUB"), max_digits=22, decimal_places=2)
    usd = models.DecimalField(_("amount, USD"), max_digits=22, decimal_places=2)
    rate = models.ForeignKey(ExchangeRate, on_delete=models.PROTECT, related_name="conversions", verbose_name=_("rate"))
    replaced = models.ForeignKey(
        ExchangeRate, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("rate used before")
    )
    stale = models.BooleanField(_("with a stale rate"), default=False)
    converted_at = models.DateTimeField(_("converted at"))

    objects: ClassVar[ConversionQuerySet] = ConversionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("conversion")
        verbose_name_plural = _("conversions")
        ordering = ["id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(ledger_entry__isnull=False, budget_line__isnull=True, claim__isnull=True, basis="payment")
                | Q(ledger_entry__isnull=True, budget_line__isnull=False, claim__isnull=True, basis="contract")
                | Q(ledger_entry__isnull=True, budget_line__isnull=True, claim__isnull=False, basis="contract"),
                name="conversion_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_rub} RUB = {self.usd} USD ({self.rate_id})"
