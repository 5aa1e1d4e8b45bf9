"""Schedule risk: with what probability the dates hold, what moves the end, and asking for a simulation.

A simulation tells of the whole contract at once: who sees single factories of it does not see this page.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cluster.charts import Chart
from cluster.charts.risk import Bar, Mark, risk_ends, tornado
from cluster.domain.access import Action
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.models import Contract, MilestoneKind, RiskResult, RiskRun
from cluster.models.form_fields import message_of
from cluster.queries.contracts import contract_for, is_partial
from cluster.queries.people import sees_all_people
from cluster.queries.risk import due_of, estimated_count, results_of, risk_runs
from cluster.services.risk import cancel_run, request_run
from cluster.web.context import Frame
from cluster.web.door import as_of_from, ensure_today, page, reader_of
from cluster.web.forms.risk import RiskForm
from cluster.web.lists import Column, Kind, Listed, Listing, opens_saved
from cluster.web.pages.jobs import RunRow, run_row

RUNS_SHOWN = 20
BARS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Simulation:
    """A simulation of the list: its work, and where it is shown."""

    run: RiskRun
    work: RunRow | None
    url: str
    current: bool


def _share(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(round(value, 4)))


RISK = Listing(
    page="cluster:risk",
    title=gettext_lazy("Schedule risk"),
    order="p80",
    columns=(
        Column("milestone", gettext_lazy("Milestone"), value=lambda one: str(one.milestone), by=lambda one: one.milestone.code),
        Column(
            "due",
            gettext_lazy("Due"),
            Kind.DATE,
            lambda one: one.milestone.standing.due_latest,
            by=lambda one: one.milestone.standing.due_latest,
        ),
        *(Column(name, name.upper(), Kind.DATE, attrgetter(name), by=attrgetter(name)) for name in ("p10", "p50", "p80", "p95")),
        Column(
            "chance",
            gettext_lazy("Chance that the due date holds"),
            Kind.PERCENT,
            lambda one: _share(one.chance),
            by=lambda one: one.chance,
        ),
        Column("criticality", gettext_lazy("Criticality"), Kind.PERCENT, lambda one: _share(one.criticality), by=attrgetter("criticality")),
        Column("sensitivity", gettext_lazy("Sensitivity"), Kind.NUMBER, lambda one: _share(one.sensitivity), by=attrgetter("sensitivity")),
    ),
)


@page
@require_http_methods(["GET", "HEAD", "POST"])
@opens_saved(RISK)
def risk(request: HttpRequest, code: str) -> HttpResponse:
    """The newest simulation, or the one that `?run=` names, and the form for another one."""
    contract = _whole(request, code)
    if request.method == "POST":
        return _ask(request, contract)
    return render(request, "cluster/risk.html", _context(request, contract, RiskForm()))


@page
@require_safe
def risk_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """The milestones of the simulation that the page shows, as a file."""
    contract, reader, as_of = _whole(request, code), reader_of(request), as_of_from(request)
    runs = risk_runs(reader, contract).filter(as_of__lte=as_of)
    newest = runs.newest_finished(as_of=as_of).first()
    shown = _shown(request, runs, newest)
    listed = _listed(request, due_is_told=_tells_due(request, shown, newest))
    rows = listed.ordered(_by_code(results_of(reader, shown))) if shown else []
    day = shown.as_of if shown else as_of
    return listed.file(form, rows, name=f"{code}-risk-{day:%Y-%m-%d}", contract=contract, as_of=day)


@page
@require_safe
def risk_run(request: HttpRequest, code: str, run_id: int) -> HttpResponse:
    """The part of the page that follows a simulation; once it has ended the page is read anew."""
    contract = _whole(request, code)
    run = next((run for run in risk_runs(reader_of(request), contract).filter(pk=run_id)), None)
    if run is None:
        raise NotFound("There is no such simulation.")
    if not request.headers.get("HX-Request"):
        return redirect(_address(request, contract, run if run.finished_at else None))
    shown = _simulation(request, contract, run, current=False)
    context = {"contract": contract, "moving": shown, "may_edit": _may_edit(request, contract)}
    response = render(request, "cluster/partials/risk_run.html", context)
    if shown.work is None or not shown.work.moving:
        response["HX-Refresh"] = "true"
    return response


@page
@require_POST
def cancel(request: HttpRequest, code: str, run_id: int) -> HttpResponse:
    """Give up a simulation."""
    contract = _whole(request, code)
    try:
        cancel_run(risk_run_id=run_id, by=reader_of(request))
    except Conflict as error:
        messages.warning(request, message_of(error))
    else:
        messages.success(request, _("The simulation is cancelled."))
    return redirect(_address(request, contract))


def _whole(request: HttpRequest, code: str) -> Contract:
    """The contract, for who sees all of it."""
    reader = reader_of(request)
    contract = contract_for(reader, code)
    if is_partial(reader, contract):
        raise NotFound("There is no such page here.")
    return contract


def _ask(request: HttpRequest, contract: Contract) -> HttpResponse:
    ensure_today(request)
    form = RiskForm(request.POST)
    if form.is_valid():
        try:
            request_run(
                contract_id=contract.pk,
                assumptions=form.assumptions(),
                by=reader_of(request),
                now=timezone.now(),
                request_key=form.cleaned_data["request_key"],
            )
        except DomainError as error:
            if error.code in ("forbidden", "not_found"):
                raise
            form.refuse(error)
        else:
            messages.success(request, _("The simulation is asked for: its figures appear here within moments."))
            return redirect(_address(request, contract))
    return render(request, "cluster/risk.html", _context(request, contract, form), status=422)


def _context(request: HttpRequest, contract: Contract, form: RiskForm) -> dict[str, Any]:
    reader, as_of = reader_of(request), as_of_from(request)
    runs = risk_runs(reader, contract).filter(as_of__lte=as_of)
    newest = runs.newest_finished(as_of=as_of).first()
    shown = _shown(request, runs, newest)
    simulations = [
        _simulation(request, contract, run, current=shown is not None and run.pk == shown.pk)
        for run in runs.defer("curve").order_by("-requested_at", "-pk")[:RUNS_SHOWN]
    ]
    estimated, ahead = estimated_count(contract)
    context: dict[str, Any] = {
        "contract": contract,
        "form": form,
        "may_edit": _may_edit(request, contract),
        "runs": simulations,
        "listed": _listed(request, due_is_told=_tells_due(request, shown, newest)),
        "moving": next((one for one in simulations if one.work is not None and one.work.moving), None),
        "estimated": estimated,
        "ahead": ahead,
        "run": shown,
        "newest": newest,
        "sees_people": sees_all_people(reader),
    }
    if shown is not None:
        due = due_of(contract) if _tells_due(request, shown, newest) else None
        results = list(results_of(reader, shown))
        openings = [one for one in results if one.milestone.kind == MilestoneKind.OPENING and one.milestone.factory_id]
        context |= {
            "results": context["listed"].ordered(_by_code(results)),
            "openings": sorted(openings, key=lambda one: (one.p80, one.milestone.code)),
            "judged": sum(one.chance is not None for one in openings),
            "product": math.prod(one.chance for one in openings if one.chance is not None),
            "age": (as_of - shown.as_of).days,
            "due": due,
            "ends": _ends(shown, due),
            "tornado": _tornado(request, contract, results),
        }
    return context


def _by_code(results: Iterable[RiskResult]) -> list[RiskResult]:
    return sorted(results, key=lambda one: one.milestone.code)


def _tells_due(request: HttpRequest, shown: RiskRun | None, newest: RiskRun | None) -> bool:
    """Chances are those of the due dates of the data date: today's say something beside the newest simulation only."""
    return shown == newest and not Frame(request).is_past


def _listed(request: HttpRequest, *, due_is_told: bool) -> Listed:
    return (RISK if due_is_told else RISK.without("due")).asked(request)


def _ends(run: RiskRun, due: date | None) -> Chart:
    dates = [("P10", run.p10), ("P50", run.p50), ("P80", run.p80), ("P95", run.p95)]
    marks = [Mark(name, on) for name, on in dates if on is not None]
    if due is not None:
        marks.append(Mark(_("due"), due, is_due=True))
    return risk_ends("ends", [(date.fromisoformat(day), count) for day, count in run.curve], marks)


def _tornado(request: HttpRequest, contract: Contract, results: Sequence[RiskResult]) -> Chart | None:
    """The strongest first; None where no duration moves the end."""
    query = Frame(request).as_of_query
    bars = [
        Bar(
            code=one.milestone.code,
            name=str(one.milestone.name),
            sensitivity=one.sensitivity,
            criticality=one.criticality,
            url=reverse("cluster:milestone", args=[contract.code, one.milestone.code]) + query,
        )
        for one in results[:BARS_SHOWN]
        if one.sensitivity
    ]
    return tornado("tornado", bars) if bars else None


def _shown(request: HttpRequest, runs: Any, newest: RiskRun | None) -> RiskRun | None:
    text = request.GET.get("run", "")
    if not text:
        return newest
    found: RiskRun | None = None
    if text.isascii() and text.isdecimal() and len(text) < 10:
        found = runs.filter(pk=int(text), finished_at__isnull=False).first()
    if found is None:
        raise NotFound("There is no such simulation.")
    return found


def _may_edit(request: HttpRequest, contract: Contract) -> bool:
    return as_of_from(request) == timezone.localdate() and reader_of(request).scope.may(Action.EDIT_RECORD, contract=contract.pk)


def _simulation(request: HttpRequest, contract: Contract, run: RiskRun, *, current: bool) -> Simulation:
    return Simulation(run, run_row(run.job_run) if run.job_run else None, _address(request, contract, run), current)


def _address(request: HttpRequest, contract: Contract, run: RiskRun | None = None) -> str:
    query = Frame(request).as_of_query
    if run is not None:
        query += f"{'&' if query else '?'}run={run.pk}"
    return reverse("cluster:risk", args=[contract.code]) + query
