"""Simulations of a schedule: what was assumed, and what came of it for each milestone and for the contract."""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cluster.domain.risk import MOST_ITERATIONS
from cluster.models.scope import ScopedQuerySet

_SHARE = [MinValueValidator(0), MaxValueValidator(1)]


class RiskRunQuerySet(ScopedQuerySet["RiskRun"]):
    """Simulations of the contracts in scope: they tell of every factory at once."""

    contract_path = "contract_id"

    def newest_finished(self, *, as_of: date) -> "RiskRunQuerySet":
        """The finished ones of data dates by `as_of`, by contract, the newest data date first, of several the one finished last."""
        finished = self.filter(finished_at__isnull=False, as_of__lte=as_of)
        return finished.order_by("contract_id", "-as_of", "-finished_at")


class RiskRun(models.Model):
    """One simulation: its assumptions, who asked for it, and the result for the contract. Its work is a `JobRun`.

    Correlations are those of two durations of one factory, of one common cause, and of any two. `uplift_percent` lengthens every duration
    still to come by what plans of this class took longer in the past: an assumption that a person sets and says why.
    `curve` counts the iterations in which the contract ends by day; empty until the run has succeeded. Derived, so without history.
    """

    class Shape(models.TextChoices):
        PERT = "pert", _("beta-PERT")
        TRIANGULAR = "triangular", _("triangular")

    contract = models.ForeignKey("cluster.Contract", on_delete=models.CASCADE, related_name="risk_runs", verbose_name=_("contract"))
    as_of = models.DateField(_("data date"))
    iterations = models.PositiveIntegerField(
        _("iterations"), default=10_000, validators=[MinValueValidator(1), MaxValueValidator(MOST_ITERATIONS)]
    )
    seed = models.PositiveIntegerField(_("seed"), default=1)
    shape = models.CharField(_("shape"), max_length=10, choices=Shape.choices, default=Shape.PERT)
    in_factory = models.DecimalField(
        _("correlation in a factory"), max_digits=4, decimal_places=3, default=Decimal("0.3"), validators=_SHARE
    )
    in_cause = models.DecimalField(_("correlation by cause"), max_digits=4, decimal_places=3, default=Decimal("0.2"), validators=_SHARE)
    overall = models.DecimalField(_("correlation of all"), max_digits=4, decimal_places=3, default=Decimal("0.1"), validators=_SHARE)
    uplift_percent = models.DecimalField(
        _("reference-class uplift, %"), max_digits=5, decimal_places=1, default=Decimal(0), validators=[MinValueValidator(0)]
    )
    uplift_reason = models.CharField(_("where the uplift comes from"), max_length=300, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("requested by")
    )
    requested_at = models.DateTimeField(_("requested at"), auto_now_add=True)
    request_key = models.UUIDField(_("request key"), null=True, blank=True, unique=True, editable=False)
    job_run = models.OneToOneField(
        "cluster.JobRun", on_delete=models.SET_NULL, null=True, blank=True, related_name="risk_run", verbose_name=_("job run")
    )
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    estimated = models.PositiveIntegerField(_("milestones with three durations"), null=True, blank=True)
    p10 = models.DateField("P10", null=True, blank=True)
    p50 = models.DateField("P50", null=True, blank=True)
    p80 = models.DateField("P80", null=True, blank=True)
    p95 = models.DateField("P95", null=True, blank=True)
    chance = models.FloatField(_("chance that the due date of the contract holds"), null=True, blank=True)
    chance_of_all = models.FloatField(_("chance that all openings hold their due dates"), null=True, blank=True)
    curve = models.JSONField(_("ends by day"), default=list, blank=True)

    objects: ClassVar[RiskRunQuerySet] = RiskRunQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("simulation")
        verbose_name_plural = _("simulations")
        ordering = ["-requested_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(uplift_percent=0) | ~Q(uplift_reason=""),
                name="risk_run_uplift_has_reason",
                violation_error_message=_("Say where the uplift comes from."),
            ),
            models.CheckConstraint(
                condition=Q(in_factory__gte=0, in_cause__gte=0, overall__gte=0, overall__lte=1 - F("in_factory") - F("in_cause")),
                name="risk_run_correlations",
                violation_error_message=_("The three correlations are not negative and make at most 1 together."),
            ),
        ]
        indexes = [models.Index(fields=["contract", "-finished_at"], name="risk_run_newest")]

    def __str__(self) -> str:
        return f"{self.contract_id}: {self.as_of}, {self.iterations}"


class RiskResultQuerySet(ScopedQuerySet["RiskResult"]):
    """Results in scope."""

    contract_path = "run__contract_id"
    factory_path = "milestone__factory_id"


class RiskResult(models.Model):
    """What a simulation gave for one milestone: dates by which it is reached with a probability, and how much it matters for the end.

    `chance` is that of holding the due date (None: none was due), `criticality` the share of iterations in which it lies on the longest
    path, `sensitivity` the rank correlation of its duration with the end of the contract.
    """

    run = models.ForeignKey(RiskRun, on_delete=models.CASCADE, related_name="results", verbose_name=_("simulation"))
    milestone = models.ForeignKey("cluster.Milestone", on_delete=models.CASCADE, related_name="+", verbose_name=_("milestone"))
    p10 = models.DateField("P10")
    p50 = models.DateField("P50")
    p80 = models.DateField("P80")
    p95 = models.DateField("P95")
    chance = models.FloatField(_("chance that the due date holds"), null=True, blank=True)
    criticality = models.FloatField(_("criticality"))
    sensitivity = models.FloatField(_("sensitivity"))

    objects: ClassVar[RiskResultQuerySet] = RiskResultQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("result of a simulation")
        verbose_name_plural = _("results of a simulation")
        ordering = ["run", "milestone"]
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["run", "milestone"], name="risk_result_once")]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.milestone_id}"
