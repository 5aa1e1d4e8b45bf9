"""Jobs as people see them: the last run of each, when the next is due, and why one failed, in the reader's language."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext

from cluster.domain.errors import NotFound
from cluster.models import JobRun
from cluster.models.scope import Reader


@dataclass(frozen=True, slots=True)
class Job:
    """One job: its last run (None before the first), and when the next one is due."""

    name: JobRun.Name
    last: JobRun | None
    next_due: datetime | None


def jobs(*, now: datetime) -> list[Job]:
    """Every job with its last run; for commands, which stand above roles. One statement."""
    newest = JobRun.objects.order_by("name", "-scheduled_for", "-pk").distinct("name")
    last = {run.name: run for run in newest}
    return [Job(name, last.get(name.value), next_due(name, now=now)) for name in JobRun.Name]


def jobs_for(reader: Reader, *, now: datetime) -> list[Job]:
    """The same for a page; nothing for those who may not see runs. One statement."""
    newest = JobRun.objects.for_reader(reader).order_by("name", "-scheduled_for", "-pk").distinct("name")
    last = {run.name: run for run in newest}
    return [Job(name, last.get(name.value), next_due(name, now=now)) for name in JobRun.Name]


def due_on(name: str, *, now: datetime) -> datetime | None:
    """When the daily run of a job is due on the local day of `now`; None for a job without a daily time."""
    zone = ZoneInfo(settings.TIME_ZONE)
    at = settings.DAILY_JOBS.get(name)
    return datetime.combine(now.astimezone(zone).date(), time.fromisoformat(at), tzinfo=zone) if at else None


def next_due(name: str, *, now: datetime) -> datetime | None:
    """When a job is due next: today while its time is to come, else tomorrow; the sweep within a minute."""
    if name == JobRun.Name.SWEEP:
        return now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    due = due_on(name, now=now)
    return due if due is None or due > now else due_on(name, now=now + timedelta(days=1))


def why_failed(run: JobRun) -> str:
    """Why a run did not succeed, in the active language where the reason is one of ours."""
    said = run.figures.get("error")
    return _in_language(said) if isinstance(said, dict) else run.error


def _in_language(said: Any) -> str:
    """A stored sentence: a template with its parameters, each of which may be a sentence again."""
    if not isinstance(said, dict):
        return str(said)
    return gettext(said["template"]).format(**{name: _in_language(value) for name, value in said["params"].items()})


def runs_for(reader: Reader, *, name: str = "", status: str = "") -> "QuerySet[JobRun]":
    """The runs that `reader` may see, without the sweep of each minute, the newest first; of one job, with one outcome."""
    runs = JobRun.objects.for_reader(reader).exclude(name=JobRun.Name.SWEEP).select_related("requested_by")
    asked = {key: value for key, value in (("name", name), ("status", status)) if value}
    return runs.filter(**asked).order_by("-scheduled_for", "-pk")


def newest_run(reader: Reader, name: JobRun.Name) -> "QuerySet[JobRun]":
    """The newest run of one job that `reader` may see: one at most."""
    return JobRun.objects.for_reader(reader).filter(name=name).select_related("requested_by").order_by("-scheduled_for", "-pk")[:1]


def run_for(reader: Reader, run_id: int) -> JobRun:
    """One run; NotFound when it is not there for this reader."""
    run = JobRun.objects.for_reader(reader).select_related("requested_by").filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no run {run}.", field="run", run=run_id)
    return run
