"""Job runs: the queue of record. Redis only wakes workers."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cluster.models.scope import Reader, ScopedQuerySet, scope_of


class JobRunQuerySet(ScopedQuerySet["JobRun"]):
    """Runs concern every contract: only who sees all of them sees the runs."""

    def for_reader(self, reader: Reader) -> Self:
        scope = scope_of(reader)
        if scope.sees_everything:
            return self
        return self.none()


class JobRun(models.Model):
    """One run of a job: when it was due, who holds it, what it did in figures, why it failed. Unique per job and due time."""

    class Name(models.TextChoices):
        FETCH_RATES = "fetch_rates", _("fetch rates")
        BACKFILL_RATES = "backfill_rates", _("fetch the rates of a past time")
        CONVERT = "convert", _("convert roubles to dollars")
        FLAG_DELAYS = "flag_delays", _("flag delays")
        SIMULATE_RISK = "simulate_risk", _("simulate the schedule")
        ARCHIVE_REPORTS = "archive_reports", _("keep the board reports of the month")
        READ_BOUNCES = "read_bounces", _("read returned letters")
        SWEEP = "sweep", _("sweep")

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        SUCCEEDED = "succeeded", _("succeeded")
        NO_CONNECTION = "no_connection", _("no connection")
        FAILED = "failed", _("failed, will be tried again")
        DEAD = "dead", _("given up")
        CANCELLED = "cancelled", _("cancelled")

    name = models.CharField(_("job"), max_length=20, choices=Name.choices)
    scheduled_for = models.DateTimeField(_("due at"))
    params = models.JSONField(_("what was asked for"), default=dict, blank=True)
    status = models.CharField(_("status"), max_length=13, choices=Status.choices, default=Status.QUEUED)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("requested by")
    )
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("cancelled by")
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease_until = models.DateTimeField(_("held until"), null=True, blank=True)
    lease_token = models.UUIDField(_("held by"), null=True, blank=True, editable=False)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    progress_done = models.PositiveIntegerField(_("steps done"), default=0)
    progress_total = models.PositiveIntegerField(_("steps in all"), default=0)
    figures = models.JSONField(_("what it did"), default=dict, blank=True)
    error = models.TextField(_("why it failed"), blank=True)

    objects: ClassVar[JobRunQuerySet] = JobRunQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("job run")
        verbose_name_plural = _("job runs")
        ordering = ["-scheduled_for", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["name", "scheduled_for"], name="job_run_once"),
            models.CheckConstraint(
                condition=~Q(status="running") | Q(lease_until__isnull=False, lease_token__isnull=False), name="job_run_running_is_held"
            ),
        ]
        indexes = [
            models.Index(fields=["status", "lease_until"], name="job_run_open", condition=Q(status__in=["queued", "running", "failed"])),
        ]

    def __str__(self) -> str:
        return f"{self.get_name_display()} {self.scheduled_for:%Y-%m-%d %H:%M}"
