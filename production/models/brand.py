"""Brands and vehicle models."""

from typing import Any, ClassVar

import pghistory
from django.db import models
from django.utils.translation import gettext_lazy as _

from cluster.models.names import InLanguage
from cluster.models.one_contract import stays_with_its_contract
from cluster.models.scope import ScopedQuerySet
from cluster.models.windows import Window, earliest_column, latest_column, precision_column, window_constraint


class Segment(models.TextChoices):
    """What kind of vehicle it is."""

    PASSENGER = "passenger", _("passenger")
    COMMERCIAL = "commercial", _("commercial")
    ELECTRIC = "electric", _("electric")


class BrandQuerySet(ScopedQuerySet["Brand"]):
    """Brands of the contracts in scope; whoever sees a factory of the contract sees them too."""

    contract_path = "contract_id"


@stays_with_its_contract
@pghistory.track()
class Brand(models.Model):
    """A make of vehicles built under a contract."""

    contract = models.ForeignKey("cluster.Contract", on_delete=models.CASCADE, related_name="brands", verbose_name=_("contract"))
    code = models.SlugField(_("code"), max_length=40)
    name_ru = models.CharField(_("name (Russian)"), max_length=100)
    name_en = models.CharField(_("name (English)"), max_length=100, blank=True)
    name = InLanguage()
    segment = models.CharField(_("segment"), max_length=10, choices=Segment.choices)
    started_earliest = earliest_column(null=True, blank=True)
    started_latest = latest_column(null=True, blank=True)
    started_precision = precision_column(blank=True)
    started = Window()
    note_ru = models.TextField(_("note (Russian)"), blank=True)
    note_en = models.TextField(_("note (English)"), blank=True)
    note = InLanguage()
    source = models.ForeignKey(
        "cluster.Source", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("source")
    )

    objects: ClassVar[BrandQuerySet] = BrandQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        ordering = ["contract", "code"]
        constraints: ClassVar[list[Any]] = [
            window_constraint("started", "brand"),
            models.UniqueConstraint(fields=["contract", "code"], name="brand_code_once"),
        ]

    def __str__(self) -> str:
        return str(self.name)


class VehicleModelQuerySet(ScopedQuerySet["VehicleModel"]):
    """Models of the brands in scope."""

    contract_path = "brand__contract_id"


@pghistory.track()
class VehicleModel(models.Model):
    """A model of a brand."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="vehicle_models", verbose_name=_("brand"))
    name = models.CharField(_("name"), max_length=100)
    segment = models.CharField(_("segment"), max_length=10, choices=Segment.choices)
    note_ru = models.TextField(_("note (Russian)"), blank=True)
    note_en = models.TextField(_("note (English)"), blank=True)
    note = InLanguage()
    source = models.ForeignKey(
        "cluster.Source", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("source")
    )

    objects: ClassVar[VehicleModelQuerySet] = VehicleModelQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("vehicle model")
        verbose_name_plural = _("vehicle models")
        ordering = ["brand", "name"]
        constraints = [models.UniqueConstraint(fields=["brand", "name"], name="vehicle_model_once")]

    def __str__(self) -> str:
        return f"{self.brand} {self.name}"


class BrandShareQuerySet(ScopedQuerySet["BrandShare"]):
    """Shares of the brands in scope."""

    contract_path = "brand__contract_id"


@pghistory.track()
class BrandShare(models.Model):
    """A published share of a brand in a year's output, where the units themselves were not published."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="shares", verbose_name=_("brand"))
    year = models.PositiveSmallIntegerField(_("year"))
    percent = models.DecimalField(_("share, %"), max_digits=5, decimal_places=2)
    source = models.ForeignKey("cluster.Source", on_delete=models.PROTECT, related_name="+", verbose_name=_("source"))

    objects: ClassVar[BrandShareQuerySet] = BrandShareQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("brand share")
        verbose_name_plural = _("brand shares")
        ordering = ["-year", "-percent"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["brand", "year"], name="brand_share_once"),
            models.CheckConstraint(
                condition=models.Q(percent__gte=0, percent__lte=100),
                name="brand_share_percent",
                violation_error_message=_("A share lies between nothing and one hundred percent."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand} {self.year}: {self.percent} %"
