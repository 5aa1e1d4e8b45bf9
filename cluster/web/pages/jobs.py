"""Jobs: what each did last and when it is due, a button to run one now, and the progress of a run."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_GET, require_POST

from cluster.domain.access import Action
from cluster.domain.errors import NotFound
from cluster.models import JobRun
from cluster.queries.jobs import Job, jobs_for, run_for, runs_for, why_failed
from cluster.queries.outbox import handles_mail
from cluster.queries.people import sees_all_people
from cluster.queries.rates import waiting_count
from cluster.services import jobs as services
from cluster.templatetags.format import date_short, number
from cluster.web.context import Frame
from cluster.web.door import page, reader_of
from cluster.web.filters import chosen, options, paged
from cluster.web.lists import Column, Filter, Kind, Listed, Listing, opens_saved

Status = JobRun.Status
RUNS_ON_A_PAGE = 30
# The sweep runs by itself; a backfill must be told which time.
_NOT_BY_A_BUTTON = {JobRun.Name.SWEEP, JobRun.Name.BACKFILL_RATES}
_MOVING = {Status.QUEUED, Status.RUNNING}
_TONES = {
    Status.QUEUED: ("outline", "minor"),
    Status.RUNNING: ("info", "refresh"),
    Status.SUCCEEDED: ("ok", "check"),
    Status.NO_CONNECTION: ("minor", "exchange"),
    Status.FAILED: ("major", "major"),
    Status.DEAD: ("critical", "critical"),
    Status.CANCELLED: ("outline", "cross-circle"),
}


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as the page shows it."""

    run: JobRun
    tone: str
    icon: str
    why: str
    figures: list[tuple[str, str]]

    @property
    def asked(self) -> str:
        """What a person asked for: a currency and a time; empty for jobs that are asked for nothing."""
        params = self.run.params
        if "currency" not in params:
            return ""
        first, last = (date_short(date.fromisoformat(params[name])) for name in ("first", "last"))
        return f"{params['currency']}, {first} – {last}"

    @property
    def moving(self) -> bool:
        """Whether it waits or works, so that the page asks again."""
        return self.run.status in _MOVING


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job with what it is for and its last run."""

    job: Job
    about: str
    last: RunRow | None
    can_run: bool


def _did(row: RunRow) -> str:
    return " · ".join(filter(None, [row.why, *(f"{word}: {figure}" for word, figure in row.figures)]))


RUNS = Listing(
    page="cluster:jobs",
    title=gettext_lazy("Runs"),
    order="-due",
    columns=(
        Column("number", gettext_lazy("Number"), Kind.NUMBER, lambda row: row.run.pk, on_page=False),
        Column("job", gettext_lazy("Job"), value=lambda row: row.run.get_name_display(), by=("name", "-scheduled_for")),
        Column("due", gettext_lazy("Due at"), Kind.MOMENT, lambda row: row.run.scheduled_for, by=("scheduled_for",)),
        Column("status", gettext_lazy("Status"), value=lambda row: row.run.get_status_display(), by=("status", "-scheduled_for")),
        Column("did", gettext_lazy("What it did"), value=_did),
        Column(
            "by",
            gettext_lazy("Asked for by"),
            value=lambda row: row.run.requested_by.username if row.run.requested_by else None,
            by=("requested_by__username", "-scheduled_for"),
        ),
    ),
    filters=(
        Filter("job", gettext_lazy("Job"), lambda: JobRun.Name.choices),
        Filter("status", gettext_lazy("Status"), lambda: Status.choices),
    ),
)


@page
@require_GET
@opens_saved(RUNS)
def jobs(request: HttpRequest) -> HttpResponse:
    """All jobs and the newest runs."""
    reader = reader_of(request)
    if not Frame(request).sees_jobs:
        raise NotFound("There is no such page here.")
    may_run = reader.scope.may(Action.RUN_JOB)
    about = {
        JobRun.Name.FETCH_RATES: _("Asks the Bank of Russia for the official rates that are missing."),
        JobRun.Name.BACKFILL_RATES: _("Asks the Bank of Russia for the rates of a past time that a person names on the page of rates."),
        JobRun.Name.CONVERT: _("Puts every amount in roubles into dollars at its own basis and freezes the rate used."),
        JobRun.Name.SIMULATE_RISK: _("Repeats the newest simulation of each schedule, with its assumptions, once it is of a past day."),
        JobRun.Name.FLAG_DELAYS: _("Compares every promise with the day and opens, updates or closes delay flags."),
        JobRun.Name.ARCHIVE_REPORTS: _("Keeps the board report of last month of each real contract in both languages, once."),
        JobRun.Name.READ_BOUNCES: _("Reads the letters that came back, and suspends subscriptions whose letters keep coming back."),
        JobRun.Name.SWEEP: _("Each minute: makes the runs that are due and takes back lost ones."),
    }
    rows = [
        JobRow(job, about[job.name], run_row(job.last) if job.last else None, may_run and job.name not in _NOT_BY_A_BUTTON)
        for job in jobs_for(reader, now=timezone.now())
    ]
    listed, runs = _runs(request)
    shown = paged(request, runs, RUNS_ON_A_PAGE)
    any_choice = ("", _("any"))
    context = {
        "jobs": rows,
        "listed": listed,
        "shown": shown,
        "runs": [run_row(run) for run in shown],
        "names": options(request, "job", [any_choice, *JobRun.Name.choices], request.GET.get("job", "")),
        "statuses": options(request, "status", [any_choice, *Status.choices], request.GET.get("status", "")),
        "may_run": may_run,
        "sees_people": sees_all_people(reader),
        "handles_mail": handles_mail(reader),
        "quarantined": waiting_count(reader) if reader.scope.may(Action.EDIT_RECORD) else 0,
    }
    return render(request, "cluster/jobs.html", context)


@page
@require_GET
def jobs_file(request: HttpRequest, form: str) -> HttpResponse:
    """The runs that the filters leave, as a file."""
    if not Frame(request).sees_jobs:
        raise NotFound("There is no such page here.")
    listed, runs = _runs(request)
    return listed.file(form, (run_row(run) for run in runs.iterator(chunk_size=1000)), name="runs")


def _runs(request: HttpRequest) -> tuple[Listed, "QuerySet[JobRun]"]:
    # Jobs belong to no contract, and neither do the names of those who asked for them.
    listed = (RUNS if sees_all_people(reader_of(request)) else RUNS.without("by")).asked(request)
    runs = runs_for(reader_of(request), name=chosen(request, "job", JobRun.Name.values), status=chosen(request, "status", Status.values))
    return listed, runs.order_by(*listed.order_by())


@page
@require_GET
def job(request: HttpRequest, run_id: int) -> HttpResponse:
    """One run: the whole page, or for htmx only the part that moves."""
    row = run_row(run_for(reader_of(request), run_id))
    template = "cluster/partials/run.html" if request.headers.get("HX-Request") else "cluster/job.html"
    return render(request, template, {"row": row, "sees_people": sees_all_people(reader_of(request))})


@page
@require_POST
def run_job(request: HttpRequest) -> HttpResponse:
    """Ask for a run now; the page then follows it."""
    run = services.queue(request.POST.get("name", ""), by=reader_of(request), now=timezone.now())
    messages.success(request, _("{job}: queued.").format(job=run.get_name_display()))
    return redirect(f"{reverse('cluster:jobs')}{Frame(request).query_of('cluster:jobs')}#job-{run.name}")


def run_row(run: JobRun) -> RunRow:
    """A run with its figures in words."""
    tone, icon = _TONES[Status(run.status)]
    return RunRow(run, tone, icon, why_failed(run), _figures(run.figures))


def _figures(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """What a run did, as pairs of a word and a number; the reason of a failure stands elsewhere."""
    words = {
        "absent": _("not on the bank’s page"),
        "as_of": _("as of"),
        "better": _("got better"),
        "changed": _("changed"),
        "closed": _("closed"),
        "converted": _("converted"),
        "corrected": _("corrected"),
        "dropped": _("dropped"),
        "due": pgettext("count", "due"),
        "estimated": _("with three durations"),
        "iterations": _("iterations"),
        "kept": _("kept"),
        "late": _("late"),
        "made": _("made"),
        "messages": _("messages"),
        "milestones": _("milestones"),
        "lost": _("taken back"),
        "new": _("new"),
        "newest": _("newest rate"),
        "not_placed": _("schedules that cannot be placed"),
        "open": pgettext("count", "open"),
        "opened": pgettext("count", "opened"),
        "pushed": _("pushed by what precedes them"),
        "quarantined": _("in quarantine"),
        "received": _("received"),
        "requests": _("requests"),
        "returned": _("came back"),
        "revised": _("revised"),
        "stale": _("with an old rate"),
        "suspended": _("suspended"),
        "unchanged": _("unchanged"),
        "unconverted": _("without a rate"),
        "unreadable": _("unreadable"),
        "waiting": _("waiting"),
        "withdrawn": _("withdrawn"),
        "woken": _("woken"),
        "worse": _("got worse"),
    }
    return [
        (words.get(key, key.replace("_", " ")), _figure(value))
        for key, value in figures.items()
        if key not in ("error", "reason") and not isinstance(value, dict | list)
    ]


def _figure(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return number(value)
    try:
        return date_short(date.fromisoformat(str(value)))
    except ValueError:
        return str(value)
