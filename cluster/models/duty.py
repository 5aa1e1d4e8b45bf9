"""The calendar of reporting: who owes which report by when, and what was submitted."""

from typing import Any, ClassVar

import pghistory
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cluster.models.one_contract import InOneContract, one_contract
from cluster.models.scope import ScopedQuerySet, scope_of

# A report of a week is moot when that of the next one is open: it is due, and missed, before.
WEEKLY_WITHIN = 7


class ReportingDutyQuerySet(ScopedQuerySet["ReportingDuty"]):
    """Duties in scope."""

    contract_path = "contract_id"
    factory_path = "factory_id"


@one_contract
@pghistory.track()
class ReportingDuty(InOneContract):
    """A report that one person owes again and again: weekly forecasts, monthly spend, yearly obligations.

    It is due `days_to_report` days after the end of each week (Monday to Sunday), month or year. Whoever is late is reminded; after
    `escalate_after` days more the manager (`escalates_to`) is told.
    """

    parents = ("contract", "factory")

    class Kind(models.TextChoices):
        FORECASTS = "forecasts", _("forecasts of the week")
        SPEND = "spend", _("spend of the month")
        OBLIGATIONS = "obligations", _("obligations of the year")

    contract = models.ForeignKey("cluster.Contract", on_delete=models.CASCADE, related_name="duties", verbose_name=_("contract"))
    factory = models.ForeignKey(
        "cluster.Factory", on_delete=models.CASCADE, null=True, blank=True, related_name="duties", verbose_name=_("factory")
    )
    kind = models.CharField(_("what"), max_length=11, choices=Kind.choices)
    owed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="duties", verbose_name=_("owed by"))
    days_to_report = models.PositiveSmallIntegerField(
        _("days to report"), default=3, validators=[MaxValueValidator(180)], help_text=_("After the end of the week, month or year.")
    )
    escalates_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("escalates to")
    )
    escalate_after = models.PositiveSmallIntegerField(
        _("escalate after, days"), default=3, validators=[MinValueValidator(1), MaxValueValidator(180)]
    )
    starts_on = models.DateField(_("owed from"))
    ends_on = models.DateField(_("owed until"), null=True, blank=True)

    objects: ClassVar[ReportingDutyQuerySet] = ReportingDutyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("reporting duty")
        verbose_name_plural = _("reporting duties")
        ordering = ["contract", "factory", "kind", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["contract", "factory", "kind", "starts_on"], name="reporting_duty_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=models.F("starts_on")),
                name="reporting_duty_ends_after_start",
                violation_error_message=_("It ends before it starts."),
            ),
            models.CheckConstraint(
                condition=Q(days_to_report__lte=180, escalate_after__gte=1, escalate_after__lte=180),
                name="reporting_duty_days",
                violation_error_message=_("The days to report are at most 180, those after which a manager is told from 1 to 180."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.factory or self.contract}: {self.get_kind_display()}"

    def clean(self) -> None:
        super().clean()
        found = {}
        if self.kind == self.Kind.FORECASTS and (self.days_to_report or 0) + (self.escalate_after or 0) > WEEKLY_WITHIN:
            found["days_to_report"] = _(
                "A weekly report is replaced by that of the next week: the days to report and to escalate come to 7 at most."
            )
        for field in ("owed_by", "escalates_to"):
            person = getattr(self, field) if getattr(self, f"{field}_id") else None
            if person is not None and not self._reaches(person):
                found[field] = _("This person has no role here: give one first.")
        if found:
            raise ValidationError(found)

    def _reaches(self, person: Any) -> bool:
        """Whether the person may see what the duty is about."""
        scope = scope_of(person)
        return scope.sees_everything or self.contract_id in scope.contracts or (self.factory_id or 0) in scope.factories


class SubmissionQuerySet(ScopedQuerySet["Submission"]):
    """Submissions in scope."""

    contract_path = "duty__contract_id"
    factory_path = "duty__factory_id"


@pghistory.track()
class Submission(models.Model):
    """That a report was submitted: for which period (its first day), by whom, when, with what note. Taken back, it stays in the history."""

    duty = models.ForeignKey(ReportingDuty, on_delete=models.PROTECT, related_name="submissions", verbose_name=_("reporting duty"))
    period = models.DateField(_("period"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by whom"))
    at = models.DateTimeField(_("at"), auto_now_add=True)
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects: ClassVar[SubmissionQuerySet] = SubmissionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("submitted report")
        verbose_name_plural = _("submitted reports")
        ordering = ["-period", "-id"]
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["duty", "period"], name="submission_once")]

    def __str__(self) -> str:
        return f"{self.duty} {self.period:%Y-%m-%d}"
