"""Claims: one value that one source gives for one figure. Sources disagree; all stay, one is in use with a reason."""

from typing import Any, ClassVar

import pghistory
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cluster.models.conversion import drops_conversion
from cluster.models.conversion_due import makes_conversions_due
from cluster.models.names import InLanguage
from cluster.models.one_contract import InOneContract, one_contract
from cluster.models.scope import AnnouncedQuerySet
from cluster.models.windows import Window, earliest_column, latest_column, precision_column, refuse_to_come, window_constraint


class Qualifier(models.TextChoices):
    """How a source words a number."""

    EXACT = "exact", _("exactly")
    MORE_THAN = "more_than", _("more than")
    AT_LEAST = "at_least", _("at least")
    ABOUT = "about", _("about")
    ALMOST = "almost", _("almost")
    UP_TO = "up_to", _("up to")


class Confidence(models.TextChoices):
    """How much weight a claim can bear."""

    HIGH = "high", _("high")
    MEDIUM = "medium", _("medium")
    LOW = "low", _("low")
    UNKNOWN = "unknown", _("unknown")


class Sourced(models.Model):
    """What every sourced fact carries: its source, when it was announced, its weight, whether it is in use and why."""

    source = models.ForeignKey("cluster.Source", on_delete=models.PROTECT, related_name="+", verbose_name=_("source"))
    announced_earliest = earliest_column(null=True, blank=True)
    announced_latest = latest_column(null=True, blank=True)
    announced_precision = precision_column(blank=True)
    announced = Window()
    qualifier = models.CharField(_("wording"), max_length=9, choices=Qualifier.choices, default=Qualifier.EXACT)
    confidence = models.CharField(_("confidence"), max_length=7, choices=Confidence.choices, default=Confidence.UNKNOWN)
    note_ru = models.TextField(_("note (Russian)"), blank=True)
    note_en = models.TextField(_("note (English)"), blank=True)
    note = InLanguage()
    in_use = models.BooleanField(_("in use"), default=False)
    reason_ru = models.TextField(_("why in use (Russian)"), blank=True)
    reason_en = models.TextField(_("why in use (English)"), blank=True)
    reason = InLanguage()
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("recorded by")
    )

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        refuse_to_come(self.announced, announced=_("The announcement cannot lie in the future."))


class Figure(models.TextChoices):
    """What a claim is about."""

    COMMITMENT = "commitment", _("committed investment")
    COMMITMENT_SUPPLEMENT = "commitment_supplement", _("supplement to the commitment")
    PLANNED_FACTORIES = "planned_factories", _("planned factories")
    OPENED_FACTORIES = "opened_factories", _("opened factories")
    INVESTED_TO_DATE = "invested_to_date", _("invested to date")
    INVESTED_IN_YEAR = "invested_in_year", _("invested in the year")
    FRP_LOANS = "frp_loans", _("loans of the Industrial Development Fund")
    TERM_END = "term_end", _("end of the term")
    SIGNED = "signed", _("signing")
    CONTRACT_TYPE = "contract_type", _("type of contract")
    STATE_SIDE = "state_side", _("what the state side promises")
    LOCALISATION = "localisation", _("localisation")
    OBLIGATION = "obligation", _("obligation")
    NAME = "name", _("name")
    PRODUCT = "product", _("product")
    BUDGET = "budget", _("budget")
    SPENT_AT_OPENING = "spent_at_opening", _("investment named at the opening")
    CAPACITY = "capacity", _("capacity per year")
    JOBS = "jobs", _("jobs")
    MEMBERSHIP = "membership", _("place among the twelve")
    STATUS = "status", _("status as published")
    SITE = "site", _("site")
    LEGAL_ENTITY = "legal_entity", _("legal entity")
    FLOOR_AREA = "floor_area", _("floor area")
    POWER_RANGE = "power_range", _("power range")
    QUOTATION = "quotation", _("quoted amount")
    REFERENCE_CLASS = "reference_class", _("earlier plans of this kind")
    COMPONENT_LIST = "component_list", _("components to be made")
    FINANCING = "financing", _("financing")
    STAFF = "staff", _("staff")
    FOUNDED = "founded", _("founded")
    FIRST_PRODUCTION_YEAR = "first_production_year", _("first year of production")
    CARS_SINCE_1997 = "cars_since_1997", _("cars built since 1997")
    MODELS_TOTAL = "models_total", _("models built in all")
    PROMISE = "promise", _("promised date")
    ACTUAL_DATE = "actual_date", _("actual date")
    OTHER = "other", _("other")


CURRENCIES = ("RUB", "USD", "EUR")
# A figure that enters sums, or is compared with counts and days, is told in nothing else; of the others a source may say what it likes.
_SUMS = (Figure.COMMITMENT, Figure.COMMITMENT_SUPPLEMENT, Figure.INVESTED_TO_DATE, Figure.INVESTED_IN_YEAR, Figure.FRP_LOANS, Figure.BUDGET)
UNITS_OF: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((*_SUMS, Figure.SPENT_AT_OPENING, Figure.QUOTATION), CURRENCIES),
    **dict.fromkeys((Figure.PLANNED_FACTORIES, Figure.OPENED_FACTORIES), ("plants",)),
    **dict.fromkeys((Figure.TERM_END, Figure.SIGNED, Figure.PROMISE, Figure.ACTUAL_DATE), ()),
}


class ClaimQuerySet(AnnouncedQuerySet["Claim"]):
    """Claims of the contracts and factories in scope."""

    contract_path = "contract_id"
    factory_path = "factory_id"


@makes_conversions_due("claims")
@drops_conversion("cluster_claimconversion", "claim_id")
@one_contract
@pghistory.track()
class Claim(InOneContract, Sourced):
    """One value of one source for one figure of a contract, a factory or a milestone.

    The value is a number (with an upper end for a range, and a unit), a text, or a date window. `valid` is the window
    from which, or for which, the value holds: claims with the same figure and the same `valid` compete, later windows
    tell how the figure grew. `quoted_usd` is the dollar sum that the same source printed beside a rouble amount.
    """

    parents = ("contract", "factory", "milestone")

    contract = models.ForeignKey("cluster.Contract", on_delete=models.CASCADE, related_name="claims", verbose_name=_("contract"))
    factory = models.ForeignKey(
        "cluster.Factory", on_delete=models.CASCADE, null=True, blank=True, related_name="claims", verbose_name=_("factory")
    )
    milestone = models.ForeignKey(
        "cluster.Milestone", on_delete=models.CASCADE, null=True, blank=True, related_name="claims", verbose_name=_("milestone")
    )
    figure = models.CharField(_("figure"), max_length=30, choices=Figure.choices)
    value = models.DecimalField(_("value"), max_digits=22, decimal_places=4, null=True, blank=True)
    value_high = models.DecimalField(_("upper end of the range"), max_digits=22, decimal_places=4, null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=30, blank=True, help_text=_("RUB, USD, vehicles_per_year ..."))
    quoted_usd = models.DecimalField(
        _("dollars quoted by the source"), max_digits=20, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    text_ru = models.TextField(_("text (Russian)"), blank=True)
    text_en = models.TextField(_("text (English)"), blank=True)
    text = InLanguage()
    date_earliest = earliest_column(null=True, blank=True)
    date_latest = latest_column(null=True, blank=True)
    date_precision = precision_column(blank=True)
    date = Window()
    valid_earliest = earliest_column(null=True, blank=True)
    valid_latest = latest_column(null=True, blank=True)
    valid_precision = precision_column(blank=True)
    valid = Window()

    objects: ClassVar[ClaimQuerySet] = ClaimQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        ordering = ["contract", "factory", "figure", F("valid_latest").desc(nulls_last=True), "-in_use", "id"]
        constraints: ClassVar[list[Any]] = [
            *(window_constraint(prefix, "claim") for prefix in ("announced", "date", "valid")),
            models.CheckConstraint(
                condition=Q(value__isnull=False, text_ru="", text_en="", date_earliest__isnull=True)
                | Q(value__isnull=True, date_earliest__isnull=True) & ~Q(text_ru="", text_en="")
                | Q(value__isnull=True, text_ru="", text_en="", date_earliest__isnull=False),
                name="claim_one_kind_of_value",
                violation_error_message=_("Give a number, a text or a date: exactly one of them."),
            ),
            models.CheckConstraint(
                condition=~Q(unit__in=CURRENCIES) | Q(value__isnull=True) | Q(value__gt=0),
                name="claim_money_positive",
                violation_error_message=_("A sum of money is more than 0."),
            ),
            models.CheckConstraint(
                condition=Q(value_high__isnull=True) | Q(value_high__gte=F("value")),
                name="claim_range",
                violation_error_message=_("The upper end lies below the value."),
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=True) | ~Q(unit=""),
                name="claim_number_has_unit",
                violation_error_message=_("A number needs its unit."),
            ),
            models.UniqueConstraint(
                fields=["contract", "factory", "milestone", "figure", "valid_earliest", "valid_latest"],
                condition=Q(in_use=True),
                nulls_distinct=False,
                name="claim_one_in_use",
                violation_error_message=_("Another claim is in use for this figure and time."),
            ),
        ]
        indexes = [models.Index(fields=["contract", "figure", "in_use"], name="claim_figure")]

    def __str__(self) -> str:
        return f"{self.get_figure_display()}: {self.value if self.value is not None else self.text or self.date}"

    def clean(self) -> None:
        super().clean()
        units = UNITS_OF.get(self.figure) if self.value is not None else None
        if units == ():
            raise ValidationError({"value": _("This figure is a day: give a date, or say it in words.")})
        if units == CURRENCIES and self.unit not in units:
            raise ValidationError({"unit": _("This figure is a sum of money: choose a currency.")})
        if units and self.unit not in units:
            raise ValidationError({"unit": _("This figure counts factories: choose them as the unit.")})
        for name in ("value", "value_high") if self.unit in CURRENCIES else ():
            amount = getattr(self, name)
            if amount is not None and amount != round(amount, 2):
                raise ValidationError({name: _("A sum of money has two decimals at most.")})
