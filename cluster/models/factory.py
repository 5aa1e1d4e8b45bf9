"""Factories: one planned plant of a contract each."""

from typing import Any, ClassVar

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from cluster.models.names import InLanguage
from cluster.models.one_contract import stays_with_its_contract
from cluster.models.scope import ScopedQuerySet
from cluster.models.search import search_index, searched


class FactoryQuerySet(ScopedQuerySet["Factory"]):
    """Factories in scope."""

    contract_path = "contract_id"
    factory_path = "pk"


@searched("factory")
@stays_with_its_contract
@pghistory.track()
class Factory(models.Model):
    """One planned plant: code and names. Product, capacity, jobs, budget, site are claims; the stage follows from milestones."""

    class Membership(models.TextChoices):
        """How sure it is that the plant is one of the contract's planned number."""

        CONFIRMED = "confirmed", _("confirmed")
        SINGLE_SOURCE = "single_source", _("named by a single source")
        CANDIDATE = "candidate", _("candidate, never stated")
        PLACEHOLDER = "placeholder", _("not publicly named")

    class Decision(models.TextChoices):
        """A decision that stands above the stage."""

        NONE = "", _("none")
        SUSPENDED = "suspended", _("suspended")
        CANCELLED = "cancelled", _("cancelled")

    contract = models.ForeignKey("cluster.Contract", on_delete=models.CASCADE, related_name="factories", verbose_name=_("contract"))
    code = models.SlugField(_("code"), max_length=20)
    name_ru = models.CharField(_("name (Russian)"), max_length=300)
    name_en = models.CharField(_("name (English)"), max_length=300, blank=True)
    name = InLanguage()
    membership = models.CharField(
        _("place among the planned factories"), max_length=14, choices=Membership.choices, default=Membership.CONFIRMED
    )
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    decision = models.CharField(_("decision"), max_length=10, choices=Decision.choices, blank=True, default=Decision.NONE)
    decision_on = models.DateField(_("decided on"), null=True, blank=True)
    decision_reason = models.TextField(_("reason of the decision"), blank=True)
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="managed_factories",
        verbose_name=_("manager"),
    )

    objects: ClassVar[FactoryQuerySet] = FactoryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("factory")
        verbose_name_plural = _("factories")
        ordering = ["contract", "order", "code"]
        indexes: ClassVar[list[Any]] = [search_index("factory")]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["contract", "code"], name="factory_code_once"),
            models.UniqueConstraint(
                F("contract"),
                Lower("code"),
                name="factory_code_once_in_any_case",
                violation_error_message=_("This code is taken, in capital or small letters: choose another."),
            ),
            models.CheckConstraint(
                condition=Q(decision="") | Q(decision_on__isnull=False) & ~Q(decision_reason=""),
                name="factory_decision_has_reason",
                violation_error_message=_("A decision needs its date and its reason."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
