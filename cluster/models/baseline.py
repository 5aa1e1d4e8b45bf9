"""Baselines: frozen milestone dates and monthly budgets."""

from typing import Any, ClassVar, TypeVar

import pghistory
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Coalesce, TruncDate
from django.utils.translation import gettext_lazy as _

from cluster.domain.access import Scope
from cluster.models.conversion import drops_conversion
from cluster.models.conversion_due import makes_conversions_due, makes_lines_due
from cluster.models.frozen import approved_for_good, frozen_once_approved
from cluster.models.names import InLanguage
from cluster.models.one_contract import InOneContract, one_contract, stays_with_its_contract
from cluster.models.scope import AnnouncedQuerySet, ScopedQuerySet
from cluster.models.standing import makes_standing
from cluster.models.windows import Window, earliest_column, latest_column, precision_column, window_constraint

M = TypeVar("M", bound=models.Model)


class BaselineQuerySet(ScopedQuerySet["Baseline"]):
    """Baselines of the contracts in scope; whoever sees one factory sees which plans its contract has, as on its pages."""

    contract_path = "contract_id"

    def _within(self, scope: Scope) -> Q:
        return Q(contract_id__in=scope.contracts | scope.factory_contracts)


@makes_lines_due
@makes_standing("baseline")
@approved_for_good
@one_contract
@stays_with_its_contract
@pghistory.track()
class Baseline(InOneContract):
    """A set of dates and budgets. The newest approved one is in force; the first one is the original."""

    parents = ("contract", "amendment")

    class Kind(models.TextChoices):
        PUBLISHED = "published", _("first public promises")
        APPROVED = "approved", _("approved")
        DRAFT = "draft", _("proposed")

    contract = models.ForeignKey("cluster.Contract", on_delete=models.CASCADE, related_name="baselines", verbose_name=_("contract"))
    amendment = models.ForeignKey(
        "cluster.Amendment", on_delete=models.PROTECT, null=True, blank=True, related_name="baselines", verbose_name=_("amendment")
    )
    kind = models.CharField(_("kind"), max_length=9, choices=Kind.choices, default=Kind.DRAFT)
    name_ru = models.CharField(_("name (Russian)"), max_length=200)
    name_en = models.CharField(_("name (English)"), max_length=200, blank=True)
    name = InLanguage()
    reason = models.TextField(_("why it was proposed"), blank=True)
    in_force_from = models.DateField(_("in force from"), null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("approved by")
    )

    objects: ClassVar[BaselineQuerySet] = BaselineQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("baseline")
        verbose_name_plural = _("baselines")
        ordering = ["contract", "in_force_from", "id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(kind="draft", in_force_from__isnull=True) | ~Q(kind="draft") & Q(in_force_from__isnull=False),
                name="baseline_in_force_when_approved",
                violation_error_message=_("An approved baseline is in force from a date; a proposed one from none."),
            ),
            models.UniqueConstraint(fields=["contract", "in_force_from"], name="baseline_one_per_day"),
        ]

    def __str__(self) -> str:
        return str(self.name)


class UnderBaselineQuerySet(AnnouncedQuerySet[M]):
    """What hangs on a baseline: where it carries no date of its own, an approved baseline is known from the day it is in force."""

    def _known_on(self) -> Coalesce:
        approved = Case(When(baseline__kind=Baseline.Kind.APPROVED, then=F("baseline__in_force_from")))
        return Coalesce("announced_latest", approved, TruncDate("recorded_at"))


class BaselineMilestoneQuerySet(UnderBaselineQuerySet["BaselineMilestone"]):
    """Baseline dates in scope."""

    contract_path = "milestone__contract_id"
    factory_path = "milestone__factory_id"


@makes_standing("baseline_milestone")
@frozen_once_approved
@one_contract
@pghistory.track()
class BaselineMilestone(InOneContract):
    """The date of one milestone under one baseline. A public promise carries its own announcement and source."""

    parents = ("baseline", "milestone")

    baseline = models.ForeignKey(Baseline, on_delete=models.CASCADE, related_name="milestones", verbose_name=_("baseline"))
    milestone = models.ForeignKey("cluster.Milestone", on_delete=models.CASCADE, related_name="baseline_dates", verbose_name=_("milestone"))
    due_earliest = earliest_column()
    due_latest = latest_column()
    due_precision = precision_column()
    due = Window()
    weight = models.DecimalField(
        _("weight"),
        max_digits=7,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=_("The share of the factory's budget that is earned when the milestone is reached; those of a factory make 1."),
    )
    announced_earliest = earliest_column(null=True, blank=True)
    announced_latest = latest_column(null=True, blank=True)
    announced_precision = precision_column(blank=True)
    announced = Window()
    speaker_ru = models.CharField(_("who promised (Russian)"), max_length=300, blank=True)
    speaker_en = models.CharField(_("who promised (English)"), max_length=300, blank=True)
    speaker = InLanguage()
    note_ru = models.TextField(_("note (Russian)"), blank=True)
    note_en = models.TextField(_("note (English)"), blank=True)
    note = InLanguage()
    source = models.ForeignKey(
        "cluster.Source", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("source")
    )
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)

    objects: ClassVar[BaselineMilestoneQuerySet] = BaselineMilestoneQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("baseline date")
        verbose_name_plural = _("baseline dates")
        ordering = ["baseline", "due_latest", "milestone"]
        constraints: ClassVar[list[Any]] = [
            window_constraint("due", "baseline_milestone"),
            window_constraint("announced", "baseline_milestone"),
            models.UniqueConstraint(fields=["baseline", "milestone"], name="baseline_milestone_once"),
            models.CheckConstraint(
                condition=Q(weight__isnull=True) | Q(weight__gte=0, weight__lte=1),
                name="baseline_milestone_weight",
                violation_error_message=_("A weight lies between 0 and 1."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.milestone}: {self.due}"


class CostCategory(models.TextChoices):
    """What money is spent on."""

    DESIGN = "design", _("design")
    CONSTRUCTION = "construction", _("construction")
    EQUIPMENT = "equipment", _("equipment")
    NETWORKS = "networks", _("networks")
    RND = "rnd", _("R&D")
    WORKING_CAPITAL = "working_capital", _("working capital")
    OTHER = "other", _("other")


class FundingSource(models.TextChoices):
    """Whose money it is."""

    OWN = "own", _("own funds")
    BANK = "bank", _("bank loan")
    STATE_FUND = "state_fund", _("state fund loan")
    SUBSIDY = "subsidy", _("subsidy")


class BudgetLineQuerySet(UnderBaselineQuerySet["BudgetLine"]):
    """Budget lines in scope."""

    contract_path = "factory__contract_id"
    factory_path = "factory_id"


@makes_conversions_due("budget")
@drops_conversion("cluster_budgetconversion", "line_id")
@frozen_once_approved
@one_contract
@pghistory.track()
class BudgetLine(InOneContract):
    """Planned money of a factory under a baseline. Empty category, funding or month: not published in that detail."""

    parents = ("baseline", "factory")

    baseline = models.ForeignKey(Baseline, on_delete=models.CASCADE, related_name="budget_lines", verbose_name=_("baseline"))
    factory = models.ForeignKey("cluster.Factory", on_delete=models.CASCADE, related_name="budget_lines", verbose_name=_("factory"))
    category = models.CharField(_("category"), max_length=15, choices=CostCategory.choices, blank=True)
    funding = models.CharField(_("funding source"), max_length=10, choices=FundingSource.choices, blank=True)
    month = models.DateField(_("month"), null=True, blank=True)
    amount_rub = models.DecimalField(_("amount, RUB"), max_digits=20, decimal_places=2, validators=[MinValueValidator(0)])
    reason = models.TextField(_("why this amount"), blank=True, help_text=_("What changed against the baseline before."))
    announced_earliest = earliest_column(null=True, blank=True)
    announced_latest = latest_column(null=True, blank=True)
    announced_precision = precision_column(blank=True)
    announced = Window()
    source = models.ForeignKey(
        "cluster.Source", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("source")
    )
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("recorded by")
    )

    objects: ClassVar[BudgetLineQuerySet] = BudgetLineQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("budget line")
        verbose_name_plural = _("budget lines")
        ordering = ["baseline", "factory", "category", "funding", "month"]
        constraints: ClassVar[list[Any]] = [
            window_constraint("announced", "budget_line"),
            models.CheckConstraint(
                condition=Q(amount_rub__gte=0), name="budget_line_not_negative", violation_error_message=_("A budget is not negative.")
            ),
            models.CheckConstraint(
                condition=Q(month__isnull=True) | Q(month__day=1),
                name="budget_line_month_first_day",
                violation_error_message=_("A month is written as its first day."),
            ),
            models.UniqueConstraint(
                fields=["baseline", "factory", "category", "funding", "month"], name="budget_line_once", nulls_distinct=False
            ),
        ]
        indexes = [
            # What a corrected rate concerns, where lines have a day of their own.
            models.Index(fields=["announced_latest"], condition=Q(announced_latest__isnull=False), name="budget_line_announced"),
        ]

    def __str__(self) -> str:
        return f"{self.factory.code} {self.get_category_display()} {self.month or ''} {self.amount_rub}"
