"""Exchange rates with their revisions; a decision of the bank is kept, never deleted."""

from datetime import date
from typing import Any, ClassVar

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, When
from django.utils.translation import gettext_lazy as _

from cluster.domain.exchange import Rate
from cluster.models.append_only import never_deleted
from cluster.models.conversion_due import makes_conversions_due
from cluster.models.names import InLanguage
from cluster.models.scope import ScopedQuerySet


class ExchangeRateQuerySet(ScopedQuerySet["ExchangeRate"]):
    """Rates are reference data: everybody with a role reads them."""

    def accepted(self, currency: str = "USD") -> "ExchangeRateQuerySet":
        """The revisions that count, one per date."""
        return self.filter(currency=currency, status=ExchangeRate.Status.ACCEPTED)

    def corrected_after(self, known: date) -> "ExchangeRateQuerySet":
        """The revisions that nobody could know on the day `known`: corrections recorded here later. A first revision was announced by
        the bank on its own date, whenever it came to be recorded.
        """
        return self.filter(revision__gt=1, recorded_at__date__gt=known)

    def known_by(self, known: date, currency: str = "USD") -> "ExchangeRateQuerySet":
        """The revisions that had counted by the end of the day `known`, the newest date first, and of a date the one that counted then."""
        accepted = Q(status=ExchangeRate.Status.ACCEPTED)
        # What was superseded while it waited in quarantine never counted.
        events = ExchangeRate.pgh_event_model.objects.filter(accepted, pgh_obj=OuterRef("pk"))  # type: ignore[attr-defined]
        counted = accepted | Q(status=ExchangeRate.Status.SUPERSEDED) & Q(Exists(events))
        rows = self.filter(counted, currency=currency, date__lte=known).filter(Q(revision=1) | Q(recorded_at__date__lte=known))
        return rows.order_by("-date", Case(When(accepted, then=0), default=1), "-revision")


@pgtrigger.register(pgtrigger.ReadOnly(name="keeps_its_value", fields=["currency", "date", "nominal", "value", "revision"]))
@makes_conversions_due("rates")
@never_deleted
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
        MANUAL = "manual", _("entered by a person")

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
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("recorded by")
    )

    objects: ClassVar[ExchangeRateQuerySet] = ExchangeRateQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        ordering = ["-date", "currency", "-revision"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(value__gt=0, nominal__gt=0),
                name="exchange_rate_positive",
                violation_error_message=_("A rate and its nominal are above 0."),
            ),
            models.UniqueConstraint(fields=["currency", "date", "revision"], name="exchange_rate_revision_once"),
            models.UniqueConstraint(fields=["currency", "date"], condition=Q(status="accepted"), name="exchange_rate_one_accepted"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.date}: {self.value}"

    @property
    def rate(self) -> Rate:
        """The rate as the domain knows it."""
        return Rate(self.date, self.value, self.nominal, self.currency)
