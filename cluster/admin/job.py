"""Runs of the jobs: what they did, why they failed, and asking for another one."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import AppendOnlyAdmin
from cluster.domain.access import Action
from cluster.models import JobRun
from cluster.models.scope import scope_of
from cluster.services.jobs import queue
from cluster.templatetags.format import moment


@admin.register(JobRun)
class JobRunAdmin(AppendOnlyAdmin):
    list_display = ["name", "due_at", "status", "attempts", "steps", "finished_on", "error", "requested_by"]
    list_filter = ["name", "status"]
    list_select_related = ["requested_by"]
    date_hierarchy = "scheduled_for"
    search_fields = ["name", "error"]
    fields = [
        ("name", "params"),
        ("scheduled_for", "requested_by"),
        "status",
        ("started_at", "finished_at", "attempts"),
        "steps",
        "figures",
        "error",
        "lease_until",
    ]
    readonly_fields = ["steps"]
    actions = ["run_again"]

    @admin.display(description=_("due at"), ordering="scheduled_for")
    def due_at(self, run: JobRun) -> str:
        """Local time."""
        return moment(run.scheduled_for)

    @admin.display(description=_("finished at"), ordering="finished_at")
    def finished_on(self, run: JobRun) -> str:
        """Local time."""
        return moment(run.finished_at)

    @admin.display(description=_("steps"))
    def steps(self, run: JobRun) -> str:
        """Done of all; empty while nothing is known."""
        return f"{run.progress_done} / {run.progress_total}" if run.progress_total else ""

    def has_run_permission(self, request: HttpRequest) -> bool:
        """Who may ask for a run."""
        return scope_of(request.user).may(Action.RUN_JOB)

    @admin.action(description=_("Run these jobs now"), permissions=["run"])
    def run_again(self, request: HttpRequest, chosen: QuerySet[JobRun]) -> None:
        """One new run for each job among the chosen ones, for what it was asked for then."""
        asked = {run.name + str(run.params): run for run in chosen.order_by("name", "pk")}.values()
        by: Any = request.user
        if self.attempt(request, lambda: [queue(run.name, by=by, now=timezone.now(), params=run.params) for run in asked]):
            names = dict.fromkeys(str(run.get_name_display()) for run in asked)
            self.message_user(request, _("Asked for: %s") % ", ".join(names), messages.SUCCESS)

    def view_on_site(self, run: JobRun) -> str:
        """Its page."""
        return reverse("cluster:job", args=[run.pk])
