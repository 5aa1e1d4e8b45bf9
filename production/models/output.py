"""Yearly plans with their revisions, actual output, and capacity: each a sourced fact, one of the competing ones in use."""

from typing import Any, ClassVar

import pghistory
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cluster.models.claim import Sourced
from cluster.models.one_contract import InOneContract, one_contract
from cluster.models.scope import AnnouncedQuerySet
from cluster.models.windows import Window, earliest_column, latest_column, precision_column, window_constraint
from production.models.brand import Segment

YEARS = [MinValueValidator(1990), MaxValueValidator(2100)]


class PlanRevisionQuerySet(AnnouncedQuerySet["PlanRevision"]):
    """Plans of the contracts in scope."""

    contract_path = "contract_id"


@pghistory.track()
class PlanRevision(Sourced):
    """A plan for one year as a range of vehicles, as announced on a date. The newest one in use is the plan in force."""

    contract = models.ForeignKey("cluster.Contract", on_delete=models.CASCADE, related_name="plan_revisions", verbose_name=_("contract"))
    year = models.PositiveSmallIntegerField(_("year"), validators=YEARS)
    low = models.PositiveIntegerField(_("low bound"), null=True, blank=True)
    high = models.PositiveIntegerField(_("high bound"), null=True, blank=True)

    objects: ClassVar[PlanRevisionQuerySet] = PlanRevisionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("annual plan revision")
        verbose_name_plural = _("annual plan revisions")
        ordering = ["contract", "year", "announced_latest", "id"]
        constraints: ClassVar[list[Any]] = [
            window_constraint("announced", "plan_revision"),
            models.CheckConstraint(
                condition=Q(low__isnull=False) | Q(high__isnull=False),
                name="plan_revision_has_a_bound",
                violation_error_message=_("Give at least one bound."),
            ),
            models.CheckConstraint(
                condition=Q(low__isnull=True) | Q(high__isnull=True) | Q(low__lte=F("high")),
                name="plan_revision_range",
                violation_error_message=_("The low bound lies above the high one."),
            ),
        ]

    def __str__(self) -> str:
        return gettext("Plan for %(year)s") % {"year": self.year}


class OutputQuerySet(AnnouncedQuerySet["Output"]):
    """Output in scope."""

    contract_path = "contract_id"
    factory_path = "factory_id"


@one_contract
@pghistory.track()
class Output(InOneContract, Sourced):
    """What was built in a year, or in a month of it: by a factory, brand, model or segment, as finely as it is known."""

    parents = ("contract", "factory", "brand")

    contract = models.ForeignKey("cluster.Contract", on_delete=models.CASCADE, related_name="outputs", verbose_name=_("contract"))
    factory = models.ForeignKey(
        "cluster.Factory", on_delete=models.CASCADE, null=True, blank=True, related_name="outputs", verbose_name=_("factory")
    )
    brand = models.ForeignKey(
        "production.Brand", on_delete=models.PROTECT, null=True, blank=True, related_name="outputs", verbose_name=_("brand")
    )
    vehicle_model = models.ForeignKey(
        "production.VehicleModel", on_delete=models.PROTECT, null=True, blank=True, related_name="outputs", verbose_name=_("vehicle model")
    )
    segment = models.CharField(_("segment"), max_length=10, choices=Segment.choices, blank=True)
    year = models.PositiveSmallIntegerField(_("year"), validators=YEARS)
    month = models.PositiveSmallIntegerField(_("month"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(12)])
    quantity = models.PositiveIntegerField(_("quantity"))
    unit = models.CharField(_("unit"), max_length=30, default="vehicles")
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    request_key = models.UUIDField(_("request key"), null=True, blank=True, unique=True, editable=False)

    objects: ClassVar[OutputQuerySet] = OutputQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("output")
        verbose_name_plural = _("output")
        ordering = ["contract", "-year", "-month", "-in_use", "id"]
        constraints: ClassVar[list[Any]] = [
            window_constraint("announced", "output"),
            models.CheckConstraint(
                condition=Q(month__isnull=True) | Q(month__gte=1, month__lte=12),
                name="output_month",
                violation_error_message=_("The month is a number from 1 to 12."),
            ),
            models.UniqueConstraint(
                fields=["contract", "factory", "brand", "vehicle_model", "segment", "year", "month", "unit"],
                condition=Q(in_use=True),
                nulls_distinct=False,
                name="output_one_in_use",
                violation_error_message=_("Another figure is in use for this period."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}: {self.quantity}" if self.month else f"{self.year}: {self.quantity}"


class CapacityQuerySet(AnnouncedQuerySet["Capacity"]):
    """Capacity in scope."""

    contract_path = "contract_id"


@pghistory.track()
class Capacity(Sourced):
    """Vehicles that can be built in a year, from a date on; a range where the source gives one."""

    contract = models.ForeignKey("cluster.Contract", on_delete=models.CASCADE, related_name="capacities", verbose_name=_("contract"))
    effective_earliest = earliest_column()
    effective_latest = latest_column()
    effective_precision = precision_column()
    effective = Window()
    low = models.PositiveIntegerField(_("vehicles a year"))
    high = models.PositiveIntegerField(_("upper end of the range"), null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=30, default="vehicles_per_year")

    objects: ClassVar[CapacityQuerySet] = CapacityQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("capacity")
        verbose_name_plural = _("capacities")
        ordering = ["contract", "-effective_latest", "-in_use", "id"]
        constraints: ClassVar[list[Any]] = [
            window_constraint("announced", "capacity"),
            window_constraint("effective", "capacity"),
            models.CheckConstraint(
                condition=Q(high__isnull=True) | Q(low__lte=F("high")),
                name="capacity_range",
                violation_error_message=_("The low bound lies above the high one."),
            ),
            models.UniqueConstraint(
                fields=["contract", "effective_earliest", "effective_latest", "unit"],
                condition=Q(in_use=True),
                name="capacity_one_in_use",
                violation_error_message=_("Another figure is in use for this period."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.effective}: {self.low}–{self.high}" if self.high else f"{self.effective}: {self.low}"
