"""Delay flags and the events of their lives."""

from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cluster.domain import delays
from cluster.models.append_only import append_only
from cluster.models.scope import ScopedQuerySet

SEVERITIES = [
    (delays.Severity.MINOR.value, _("minor")),
    (delays.Severity.MODERATE.value, _("moderate")),
    (delays.Severity.MAJOR.value, _("major")),
    (delays.Severity.CRITICAL.value, _("critical")),
]


class DelayFlagQuerySet(ScopedQuerySet["DelayFlag"]):
    """Delay flags in scope."""

    contract_path = "contract_id"
    factory_path = "factory_id"


class DelayFlag(models.Model):
    """Something that is late or otherwise wrong. Opened once, kept up to date in place, closed by itself when its cause is gone.

    `subject_id` is the id of what the flag is about: of a milestone, a factory or another thing, as its kind says; `milestone` and
    `factory` name it where it is one or belongs to one. Days are derived: from `since` (the day the window ended) to `until`, or to
    the day of asking while that is empty. `amount` is how much is wrong where that is not days: roubles over or under, or units
    short. What was found late and turned out never to have been is withdrawn.
    Its events are its history. The job that writes a million flags at once bears no foreign keys: nothing with flags can be deleted.
    """

    contract = models.ForeignKey(
        "cluster.Contract", on_delete=models.PROTECT, db_constraint=False, related_name="flags", verbose_name=_("contract")
    )
    factory = models.ForeignKey(
        "cluster.Factory",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="flags",
        verbose_name=_("factory"),
    )
    milestone = models.ForeignKey(
        "cluster.Milestone",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="flags",
        verbose_name=_("milestone"),
    )
    subject_id = models.BigIntegerField(_("subject"), editable=False)
    kind = models.CharField(_("kind"), max_length=20)
    severity = models.CharField(_("severity"), max_length=8, choices=SEVERITIES)
    since = models.DateField(_("window ended on"))
    until = models.DateField(_("measured to"), null=True, blank=True)
    amount = models.DecimalField(_("by how much"), max_digits=20, decimal_places=2, null=True, blank=True)
    opened_on = models.DateField(_("opened on"))
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    withdrawn_on = models.DateField(_("withdrawn on"), null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("acknowledged by"),
    )
    acknowledged_until = models.DateField(_("acknowledged until"), null=True, blank=True)
    acknowledged_reason = models.TextField(_("why acknowledged"), blank=True)

    objects: ClassVar[DelayFlagQuerySet] = DelayFlagQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("delay flag")
        verbose_name_plural = _("delay flags")
        ordering = ["closed_on", "since", "id"]
        constraints: ClassVar[list[Any]] = [
            # A lateness that is already history (completed late) is closed on the day it is found, and found only once.
            models.UniqueConstraint(
                fields=["subject_id", "kind"],
                condition=Q(closed_on__isnull=True) | Q(kind=delays.FlagKind.COMPLETED_LATE.value, withdrawn_on__isnull=True),
                name="delay_flag_one_open",
            ),
            models.CheckConstraint(condition=Q(until__isnull=True) | Q(until__gt=F("since")), name="delay_flag_until_after_since"),
            models.CheckConstraint(
                condition=Q(acknowledged_until__isnull=True) | Q(acknowledged_by__isnull=False) & ~Q(acknowledged_reason=""),
                name="delay_flag_acknowledged_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.milestone.code if self.milestone else self.factory or self.contract}: {self.kind}"

    def days_on(self, day: date) -> int:
        """Calendar days from the end of the window to the day it is measured to, else to the day it was closed, else to `day`."""
        return max(0, ((self.until or self.closed_on or day) - self.since).days)

    def is_acknowledged(self, on: date) -> bool:
        """Whether somebody knows of it and said so until that day or a later one."""
        return self.acknowledged_until is not None and self.acknowledged_until >= on


class DelayEventQuerySet(ScopedQuerySet["DelayEvent"]):
    """Events of the delay flags in scope."""

    contract_path = "flag__contract_id"
    factory_path = "flag__factory_id"


@append_only
class DelayEvent(models.Model):
    """One change of a delay flag, with the day it is true for. Written with the change, in the same transaction; append-only."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("opened")
        WORSE = "worse", _("got worse")
        BETTER = "better", _("got better")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        CLOSED = "closed", _("closed")
        WITHDRAWN = "withdrawn", _("withdrawn")

    flag = models.ForeignKey(DelayFlag, on_delete=models.PROTECT, db_constraint=False, related_name="events", verbose_name=_("flag"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    on_date = models.DateField(_("on"))
    days = models.PositiveIntegerField(_("days late"))
    amount = models.DecimalField(_("by how much"), max_digits=20, decimal_places=2, null=True, blank=True)
    severity = models.CharField(_("severity"), max_length=8, choices=SEVERITIES)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("by whom"),
    )
    until = models.DateField(_("acknowledged until"), null=True, blank=True)
    reason = models.TextField(_("why"), blank=True)
    job_run = models.ForeignKey(
        "cluster.JobRun",
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("job run"),
    )
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)

    objects: ClassVar[DelayEventQuerySet] = DelayEventQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("delay event")
        verbose_name_plural = _("delay events")
        ordering = ["-recorded_at", "-id"]
        indexes = [models.Index(fields=["recorded_at"], name="delay_event_recorded")]

    def __str__(self) -> str:
        return f"{self.flag}: {self.get_kind_display()}"
