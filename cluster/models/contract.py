"""Contracts, their parties and their amendments."""

from decimal import Decimal
from typing import Any, ClassVar

import pghistory
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from cluster.domain.access import Scope
from cluster.domain.dates import DateWindow
from cluster.domain.delays import SeverityScale
from cluster.models.names import InLanguage
from cluster.models.scope import ScopedQuerySet
from cluster.models.search import search_index, searched
from cluster.models.windows import Window, earliest_column, latest_column, precision_column, refuse_to_come, window_constraint


class ContractQuerySet(ScopedQuerySet["Contract"]):
    """Contracts in scope; whoever sees one factory sees its contract's header."""

    contract_path = "pk"

    def _within(self, scope: Scope) -> Q:
        return Q(pk__in=scope.contracts | scope.factory_contracts)


@searched("contract")
@pghistory.track()
class Contract(models.Model):
    """A special investment contract. Its figures (commitment, planned factories, end) are claims with sources."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name_ru = models.CharField(_("name (Russian)"), max_length=300)
    name_en = models.CharField(_("name (English)"), max_length=300, blank=True)
    name = InLanguage()
    kind_ru = models.CharField(_("kind (Russian)"), max_length=300, blank=True)
    kind_en = models.CharField(_("kind (English)"), max_length=300, blank=True)
    kind = InLanguage()
    signed_earliest = earliest_column(null=True, blank=True)
    signed_latest = latest_column(null=True, blank=True)
    signed_precision = precision_column(blank=True)
    signed = Window()
    is_example = models.BooleanField(_("example"), default=False, help_text=_("Not real figures: every page of it says so."))
    moderate_days = models.PositiveSmallIntegerField(_("moderate from, days"), default=30)
    major_days = models.PositiveSmallIntegerField(_("major from, days"), default=90)
    critical_days = models.PositiveSmallIntegerField(_("critical from, days"), default=180)
    silent_after_days = models.PositiveSmallIntegerField(
        _("silent after, days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("A factory that told nothing of its milestones for so long is flagged. Empty: silence is not judged."),
    )
    cost_tolerance_percent = models.DecimalField(
        _("over budget from, %"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(5),
        validators=[MinValueValidator(Decimal("0.01"))],
        help_text=_("By how much the estimate at completion may exceed the budget of a factory before it is flagged."),
    )
    spend_tolerance_percent = models.DecimalField(
        _("underspent from, %"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(20),
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(100)],
        help_text=_("By how much the payments of a factory may lie below its planned value before it is flagged."),
    )

    objects: ClassVar[ContractQuerySet] = ContractQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("contract")
        verbose_name_plural = _("contracts")
        ordering = ["is_example", "code"]
        indexes: ClassVar[list[Any]] = [search_index("contract")]
        constraints: ClassVar[list[Any]] = [
            window_constraint("signed", "contract"),
            models.CheckConstraint(
                condition=Q(moderate_days__gt=1, moderate_days__lt=F("major_days"), major_days__lt=F("critical_days")),
                name="contract_severity_order",
                violation_error_message=_("The days must rise from moderate to critical."),
            ),
            models.CheckConstraint(
                condition=Q(cost_tolerance_percent__gt=0, spend_tolerance_percent__gt=0, spend_tolerance_percent__lte=100)
                & (Q(silent_after_days__isnull=True) | Q(silent_after_days__gt=0)),
                name="contract_tolerances",
                violation_error_message=_("Tolerances and days of silence are above 0; payments lie at most one hundred percent below."),
            ),
            models.UniqueConstraint(
                Lower("code"),
                name="contract_code_once",
                violation_error_message=_("This code is taken, in capital or small letters: choose another."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)

    @property
    def severity_scale(self) -> SeverityScale:
        """The days from which a delay is moderate, major, critical under this contract."""
        return SeverityScale(self.moderate_days, self.major_days, self.critical_days)


class PartyQuerySet(ScopedQuerySet["Party"]):
    """Parties of the contracts in scope."""

    contract_path = "contract_id"


@pghistory.track()
class Party(models.Model):
    """Who signed the contract, and in which role."""

    class Role(models.TextChoices):
        INVESTOR = "investor", _("investor")
        MINISTRY = "ministry", _("federal ministry")
        REGION = "region", _("region")
        OTHER = "other", _("other party")

    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="parties", verbose_name=_("contract"))
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    name_ru = models.CharField(_("name (Russian)"), max_length=300)
    name_en = models.CharField(_("name (English)"), max_length=300, blank=True)
    name = InLanguage()
    note_ru = models.TextField(_("note (Russian)"), blank=True)
    note_en = models.TextField(_("note (English)"), blank=True)
    note = InLanguage()
    source = models.ForeignKey(
        "cluster.Source", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("source")
    )

    objects: ClassVar[PartyQuerySet] = PartyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        ordering = ["contract", "id"]
        constraints = [models.UniqueConstraint(fields=["contract", "name_ru"], name="party_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_role_display()})"


class AmendmentQuerySet(ScopedQuerySet["Amendment"]):
    """Amendments of the contracts in scope."""

    contract_path = "contract_id"


@pghistory.track()
class Amendment(models.Model):
    """A change to a contract; its number and approval date stay empty where they were not published."""

    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="amendments", verbose_name=_("contract"))
    number = models.CharField(_("number"), max_length=40, blank=True)
    approved_on = models.DateField(_("approved on"), null=True, blank=True)
    announced_earliest = earliest_column(null=True, blank=True)
    announced_latest = latest_column(null=True, blank=True)
    announced_precision = precision_column(blank=True)
    announced = Window()
    title_ru = models.CharField(_("title (Russian)"), max_length=400)
    title_en = models.CharField(_("title (English)"), max_length=400, blank=True)
    title = InLanguage()
    note_ru = models.TextField(_("note (Russian)"), blank=True)
    note_en = models.TextField(_("note (English)"), blank=True)
    note = InLanguage()
    source = models.ForeignKey(
        "cluster.Source", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("source")
    )

    objects: ClassVar[AmendmentQuerySet] = AmendmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("amendment")
        verbose_name_plural = _("amendments")
        ordering = ["contract", "announced_latest", "id"]
        constraints: ClassVar[list[Any]] = [
            window_constraint("announced", "amendment"),
            models.UniqueConstraint(
                fields=["contract", "number"],
                condition=~Q(number=""),
                name="amendment_number_once",
                violation_error_message=_("The contract has an amendment of this number: give another number."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.title)

    def clean(self) -> None:
        super().clean()
        refuse_to_come(self.announced, announced=_("The announcement cannot lie in the future."))
        approved = DateWindow.day(self.approved_on) if self.approved_on else None
        refuse_to_come(approved, approved_on=_("The approval cannot lie in the future."))
