"""Milestones and the revisions of their forecasts."""

from typing import Any, ClassVar

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from cluster.models.append_only import append_only
from cluster.models.names import InLanguage
from cluster.models.one_contract import InOneContract, one_contract, stays_with_its_contract
from cluster.models.scope import AnnouncedQuerySet, ScopedQuerySet
from cluster.models.search import search_index, searched
from cluster.models.standing import makes_standing
from cluster.models.windows import Window, earliest_column, latest_column, precision_column, window_constraint


class MilestoneKind(models.TextChoices):
    """What is reached; the stage of a factory follows from the kinds reached."""

    DESIGN = "design", _("design")
    CONSTRUCTION_START = "construction_start", _("construction start")
    CONSTRUCTION_END = "construction_end", _("construction finished")
    EQUIPMENT = "equipment", _("equipment")
    COMMISSIONING = "commissioning", _("commissioning")
    OPENING = "opening", _("opening")
    SERIES = "series", _("series production")
    CONTRACT_PROMISE = "contract_promise", _("promise for the contract as a whole")
    INVESTMENT = "investment", _("investment")


class MilestoneQuerySet(ScopedQuerySet["Milestone"]):
    """Milestones in scope."""

    contract_path = "contract_id"
    factory_path = "factory_id"


class Constraint(models.TextChoices):
    """A date that the schedule has to respect beside the links: the earliest or the latest day of the start or the finish, or both."""

    SNET = "SNET", _("start no earlier than")
    SNLT = "SNLT", _("start no later than")
    FNET = "FNET", _("finish no earlier than")
    FNLT = "FNLT", _("finish no later than")
    MSO = "MSO", _("must start on")
    MFO = "MFO", _("must finish on")


@searched("milestone")
@makes_standing("milestone")
@one_contract
@stays_with_its_contract
@pghistory.track()
class Milestone(InOneContract):
    """A dated promise about a factory, or about the contract as a whole (no factory).

    Original and due dates come from baselines, the forecast from the newest revision, the actual date stands here.
    The work before it takes `duration_days`, at best `optimistic_days`, at worst `pessimistic_days`; it began on `started_on`.
    Works with one `risk_cause` go wrong together.
    `scored` is false for what cannot be judged (too vague, told in retrospect, outcome not documented), with the reason.
    `version` counts the changes that people make, so that two editors notice each other.
    """

    parents = ("contract", "factory")

    contract = models.ForeignKey("cluster.Contract", on_delete=models.CASCADE, related_name="milestones", verbose_name=_("contract"))
    factory = models.ForeignKey(
        "cluster.Factory", on_delete=models.CASCADE, null=True, blank=True, related_name="milestones", verbose_name=_("factory")
    )
    code = models.CharField(_("code"), max_length=40)
    kind = models.CharField(_("kind"), max_length=18, choices=MilestoneKind.choices)
    name_ru = models.CharField(_("name (Russian)"), max_length=300)
    name_en = models.CharField(_("name (English)"), max_length=300, blank=True)
    name = InLanguage()
    duration_days = models.PositiveIntegerField(
        _("duration, working days"), null=True, blank=True, help_text=_("The work before it; 0 is a mere date. Empty: not known.")
    )
    optimistic_days = models.PositiveIntegerField(
        _("optimistic duration, working days"), null=True, blank=True, help_text=_("If all goes well: one time in a hundred it is faster.")
    )
    pessimistic_days = models.PositiveIntegerField(
        _("pessimistic duration, working days"),
        null=True,
        blank=True,
        help_text=_("If all goes wrong: one time in a hundred it is slower."),
    )
    risk_cause = models.CharField(
        _("common cause"), max_length=100, blank=True, help_text=_("What makes several works go wrong together, such as one supplier.")
    )
    started_on = models.DateField(_("work started on"), null=True, blank=True)
    constraint = models.CharField(_("constraint"), max_length=4, choices=Constraint.choices, blank=True)
    constraint_on = models.DateField(_("date of the constraint"), null=True, blank=True)
    scored = models.BooleanField(_("judged"), default=True)
    not_scored_ru = models.TextField(_("why it is not judged (Russian)"), blank=True)
    not_scored_en = models.TextField(_("why it is not judged (English)"), blank=True)
    not_scored = InLanguage()
    actual_earliest = earliest_column(null=True, blank=True)
    actual_latest = latest_column(null=True, blank=True)
    actual_precision = precision_column(blank=True)
    actual = Window()
    actual_announced_on = models.DateField(_("actual date announced on"), null=True, blank=True)
    actual_source = models.ForeignKey(
        "cluster.Source", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("source of the actual date")
    )
    actual_note_ru = models.TextField(_("note on the actual date (Russian)"), blank=True)
    actual_note_en = models.TextField(_("note on the actual date (English)"), blank=True)
    actual_note = InLanguage()
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="milestones", verbose_name=_("responsible")
    )
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    objects: ClassVar[MilestoneQuerySet] = MilestoneQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = ["contract", "factory", "code"]
        indexes: ClassVar[list[Any]] = [search_index("milestone")]
        constraints: ClassVar[list[Any]] = [
            window_constraint("actual", "milestone"),
            models.UniqueConstraint(fields=["contract", "code"], name="milestone_code_once"),
            models.UniqueConstraint(
                F("contract"),
                Lower("code"),
                name="milestone_code_once_in_any_case",
                violation_error_message=_("This code is taken, in capital or small letters: choose another."),
            ),
            models.CheckConstraint(
                condition=Q(actual_earliest__isnull=True) | Q(actual_announced_on__isnull=False),
                name="milestone_actual_announced",
                violation_error_message=_("Say when the actual date was announced."),
            ),
            models.CheckConstraint(
                condition=Q(scored=True) | ~Q(not_scored_ru=""),
                name="milestone_not_scored_reason",
                violation_error_message=_("Say why this milestone is not judged."),
            ),
            models.CheckConstraint(
                condition=Q(optimistic_days__isnull=True, pessimistic_days__isnull=True)
                | Q(optimistic_days__lte=F("duration_days"), duration_days__lte=F("pessimistic_days")),
                name="milestone_three_points",
                violation_error_message=_("The optimistic duration is the shortest, the pessimistic one the longest: give all three."),
            ),
            models.CheckConstraint(
                condition=Q(started_on__isnull=True) | Q(actual_latest__isnull=True) | Q(started_on__lte=F("actual_latest")),
                name="milestone_starts_before_it_ends",
                violation_error_message=_("The work cannot start after it was finished."),
            ),
            models.CheckConstraint(
                condition=Q(constraint="", constraint_on__isnull=True) | ~Q(constraint="") & Q(constraint_on__isnull=False),
                name="milestone_constraint_has_date",
                violation_error_message=_("A constraint needs its date, and a date its constraint."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class SlipReason(models.TextChoices):
    """Why a forecast moved."""

    PUBLIC_STATEMENT = "public_statement", _("public statement")
    DESIGN = "design", _("design")
    PERMIT = "permit", _("permit")
    CONTRACTOR = "contractor", _("contractor")
    EQUIPMENT_DELIVERY = "equipment_delivery", _("equipment delivery")
    SANCTIONS = "sanctions", _("sanctions")
    FINANCING = "financing", _("financing")
    PARTNER = "partner", _("partner")
    SCOPE = "scope", _("change of scope")
    EARLIER = "earlier", _("ahead of plan")
    OTHER = "other", _("other")
    CONFIRMED = "confirmed", _("confirmed unchanged")


class ForecastRevisionQuerySet(AnnouncedQuerySet["ForecastRevision"]):
    """Forecast revisions in scope."""

    contract_path = "milestone__contract_id"
    factory_path = "milestone__factory_id"


@makes_standing("forecast_revision")
@append_only
@pghistory.track()
class ForecastRevision(models.Model):
    """One change of a forecast: old and new window, who, when, why, by which source. Append-only.

    That a forecast still holds is told in the same way, with the reason `confirmed` and the same window twice.

    `announced` is when the world was told, `recorded_at` when it was entered here.
    """

    milestone = models.ForeignKey(Milestone, on_delete=models.CASCADE, related_name="revisions", verbose_name=_("milestone"))
    old_earliest = earliest_column(null=True, blank=True)
    old_latest = latest_column(null=True, blank=True)
    old_precision = precision_column(blank=True)
    old = Window()
    new_earliest = earliest_column()
    new_latest = latest_column()
    new_precision = precision_column()
    new = Window()
    announced_earliest = earliest_column(null=True, blank=True)
    announced_latest = latest_column(null=True, blank=True)
    announced_precision = precision_column(blank=True)
    announced = Window()
    reason = models.CharField(_("reason"), max_length=20, choices=SlipReason.choices)
    speaker_ru = models.CharField(_("who said so (Russian)"), max_length=300, blank=True)
    speaker_en = models.CharField(_("who said so (English)"), max_length=300, blank=True)
    speaker = InLanguage()
    note_ru = models.TextField(_("note (Russian)"), blank=True)
    note_en = models.TextField(_("note (English)"), blank=True)
    note = InLanguage()
    source = models.ForeignKey(
        "cluster.Source", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("source")
    )
    document = models.CharField(_("document"), max_length=300, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("recorded by")
    )
    request_key = models.UUIDField(_("request key"), null=True, blank=True, unique=True, editable=False)

    objects: ClassVar[ForecastRevisionQuerySet] = ForecastRevisionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("forecast revision")
        verbose_name_plural = _("forecast revisions")
        ordering = ["milestone", "announced_latest", "id"]
        constraints: ClassVar[list[Any]] = [
            window_constraint("old", "forecast_revision"),
            window_constraint("new", "forecast_revision"),
            window_constraint("announced", "forecast_revision"),
            models.CheckConstraint(
                condition=~Q(reason=SlipReason.CONFIRMED.value)
                | Q(old_earliest=F("new_earliest"), old_latest=F("new_latest"), old_precision=F("new_precision")),
                name="forecast_revision_confirms_the_same",
                violation_error_message=_("What is confirmed does not change: give the reason of the change."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.milestone.code}: {self.old or '—'} → {self.new}"
