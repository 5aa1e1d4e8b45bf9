"""Three-point estimates: a table of the milestones not reached, edited as one form; each row knows the version it was shown in."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cluster.domain.access import Action
from cluster.domain.errors import Conflict, DomainError
from cluster.domain.estimates import DAYS, Estimate, EstimateRow, read_days
from cluster.domain.tables import BadRows, Problem
from cluster.models import Contract, Milestone
from cluster.models.form_fields import message_of
from cluster.queries.budgets import factories_of
from cluster.queries.contracts import contract_for
from cluster.queries.schedule_table import to_estimate
from cluster.services.access import require
from cluster.services.estimates import save_estimates
from cluster.services.schedule_rules import estimate_of
from cluster.web.door import as_of_from, ensure_today, page, reader_of
from cluster.web.filters import chosen, options, paged
from cluster.web.forms.schedule_table import WORDS
from cluster.web.lists import Column, Filter, Kind, Listed, Listing, opens_saved

PAGE_SIZE = 100
COLUMNS = (*DAYS, "risk_cause")


# Pasted back as a schedule, the file changes nothing.
ESTIMATES = Listing(
    page="cluster:estimates",
    title=_("Estimates"),
    order="code",
    columns=(
        Column("code", _("Milestone"), value=lambda row: row.code, by=("code",), in_file=WORDS["code"]),
        Column("name_ru", WORDS["name_ru"], value=lambda row: row.name_ru, on_page=False),
        Column("name_en", WORDS["name_en"], value=lambda row: row.name_en, on_page=False),
        *(Column(name, WORDS[name], Kind.INTEGER, attrgetter(name), by=(name, "code")) for name in DAYS),
        Column("risk_cause", WORDS["risk_cause"], value=lambda row: row.risk_cause),
    ),
    filters=(Filter("factory", _("Factory")),),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One box: its name in the form, what stands in it, and what is wrong with it."""

    name: str
    label: str
    value: str
    is_days: bool
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Line:
    """One milestone: its boxes, what is wrong with the row as a whole, and, where somebody was faster, what stands there now."""

    milestone: Milestone
    cells: list[Cell]
    problems: list[str]
    theirs: Estimate | None = None


@page
@opens_saved(ESTIMATES)
def estimates(request: HttpRequest, code: str) -> HttpResponse:
    """The table; editors change it. A past day shows it as it is now: a plan is known at any time."""
    reader, today = reader_of(request), timezone.localdate()
    contract = contract_for(reader, code)
    factories = factories_of(reader, contract)
    factory, listed = chosen(request, "factory", [one.code for one in factories]), ESTIMATES.asked(request)
    milestones = _in_order(to_estimate(reader, contract, factory=factory), listed)
    may_edit = as_of_from(request) == today and reader.scope.may(Action.EDIT_RECORD, contract=contract.pk)
    context: dict[str, Any] = {
        "contract": contract,
        "factories": options(request, "factory", [("", gettext("any")), *((f.code, f"{f.code} {f.name}") for f in factories)], factory),
        "factory": factory,
        "listed": listed,
        "may_edit": may_edit,
    }
    if request.method == "POST":
        return _save(request, contract, context)
    shown = paged(request, milestones, PAGE_SIZE)
    return render(request, "cluster/estimates.html", context | {"page": shown, "lines": [_line(one, _texts(one)) for one in shown]})


@page
@require_safe
def estimates_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """The estimates as a file that can be pasted back as a schedule."""
    reader = reader_of(request)
    contract = contract_for(reader, code)
    factory, listed = chosen(request, "factory", [one.code for one in factories_of(reader, contract)]), ESTIMATES.asked(request)
    rows = _in_order(to_estimate(reader, contract, factory=factory), listed)
    return listed.file(form, rows, name=f"{code}-estimates", contract=contract)


def _in_order(milestones: QuerySet[Milestone], listed: Listed) -> QuerySet[Milestone]:
    """As asked; without being asked by factory and code."""
    return milestones.order_by(*listed.order_by()) if listed.sorted_by else milestones


def _save(request: HttpRequest, contract: Contract, context: dict[str, Any]) -> HttpResponse:
    """All rows of the form, or none: then each that is wrong says so at its boxes."""
    ensure_today(request)
    reader = reader_of(request)
    require(reader, Action.EDIT_RECORD, contract=contract.pk)
    sent = [int(key) for key in request.POST.getlist("row")[:PAGE_SIZE] if key.isascii() and key.isdecimal() and len(key) < 19]
    here = list(Milestone.objects.for_reader(reader).filter(contract=contract, pk__in=sent).select_related("factory"))
    by_key = {one.pk: one for one in here}
    found = [by_key[key] for key in dict.fromkeys(sent) if key in by_key]
    typed = {one.pk: {name: request.POST.get(f"{name}-{one.pk}", "") for name in COLUMNS} for one in found}
    rows, problems = [], []
    for milestone in found:
        values: dict[str, Any] = {"risk_cause": typed[milestone.pk]["risk_cause"].strip()}
        for name in DAYS:
            try:
                values[name] = read_days(typed[milestone.pk][name], field=name)
            except DomainError as error:
                problems.append(Problem(milestone.pk, name, typed[milestone.pk][name], error))
        version = request.POST.get(f"version-{milestone.pk}", "")
        seen = int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else 0
        if len(values) == len(COLUMNS):
            rows.append(EstimateRow(milestone.pk, milestone.pk, Estimate(**values), seen))
    try:
        if problems:
            raise BadRows(problems)
        done = save_estimates(contract_id=contract.pk, rows=rows, by=reader)
    except BadRows as error:
        return _refused(request, found, typed, error.problems, context)
    sentence = ngettext("%(n)d estimate is saved.", "%(n)d estimates are saved.", done.changed) % {"n": done.changed}
    messages.success(request, sentence if done.changed else gettext("Nothing was changed: the estimates stand as they are."))
    return redirect(request.get_full_path())


def _refused(
    request: HttpRequest, found: Sequence[Milestone], typed: dict[int, dict[str, str]], problems: list[Problem], context: dict[str, Any]
) -> HttpResponse:
    by_row: dict[int, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_row[problem.row].append(problem)
    lines = [_line(one, typed[one.pk], by_row[one.pk]) for one in found]
    conflict = any(line.theirs for line in lines)
    summary = [
        (f"{problem.field or COLUMNS[0]}-{line.milestone.pk}", line.milestone.code, str(WORDS[problem.field]), message_of(problem.error))
        for line in lines
        for problem in by_row[line.milestone.pk]
    ]
    return render(request, "cluster/estimates.html", context | {"lines": lines, "summary": summary}, status=409 if conflict else 422)


def _line(milestone: Milestone, texts: dict[str, str], problems: Sequence[Problem] = ()) -> Line:
    said: dict[str, list[str]] = defaultdict(list)
    for problem in problems:
        said[problem.field].append(message_of(problem.error))
    cells = [Cell(f"{name}-{milestone.pk}", str(WORDS[name]), texts[name], name in DAYS, said[name]) for name in COLUMNS]
    overtaken = any(isinstance(problem.error, Conflict) for problem in problems)
    return Line(milestone, cells, said[""], estimate_of(milestone) if overtaken else None)


def _texts(milestone: Milestone) -> dict[str, str]:
    values = {name: getattr(milestone, name) for name in COLUMNS}
    return {name: "" if value is None else str(value) for name, value in values.items()}
