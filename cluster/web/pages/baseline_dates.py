"""The dates and weights of a proposed baseline: edited in a table, pasted from a spreadsheet, downloaded."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cluster.domain.baseline_dates import COLUMNS, DateChange, DateRow, DatesTable, DueDate, lay_over, read_due, read_weight, weight_warning
from cluster.domain.budgets import Change
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.domain.tables import EXAMPLE, BadRows, Problem
from cluster.gateways.workbook import Kind
from cluster.models import Baseline, Milestone
from cluster.models.form_fields import message_of
from cluster.queries.baseline_dates import Weights, due_dates, milestones_of, weights_of
from cluster.queries.budgets import baseline_for, baseline_version, baselines_of, factories_of, term_of
from cluster.services.baseline_dates import save_dates
from cluster.services.budgets import Imported
from cluster.web.bad_rows import bad_rows
from cluster.web.door import as_of_from, ensure_today, page, reader_of
from cluster.web.filters import chosen, link, options, paged
from cluster.web.forms.baseline_dates import PasteDatesForm
from cluster.web.pages.budget_proposals import editable, while_open
from cluster.web.spreadsheet import Column, Table, table_response

PAGE_SIZE, MOST_CHANGES = 100, 100
WORDS = {
    "code": _("Code"),
    "due": _("Due"),
    "weight": _("Weight"),
    "note": _("Why this date"),
    EXAMPLE: _("Example"),
    "milestone": _("Milestone"),
    "": _("The row as a whole"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One box: its name in the form, what stands in it, and what is wrong with it."""

    name: str
    label: str
    value: str
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Line:
    """One milestone: its boxes, what is wrong with the row as a whole, and, where somebody was faster, what stands there now."""

    milestone: Milestone
    cells: list[Cell]
    problems: list[str]
    theirs: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """One date of the preview in words."""

    milestone: Milestone
    change: str
    old: DueDate | None
    new: DueDate | None


@page
@while_open()
def dates(request: HttpRequest, code: str, baseline_id: int) -> HttpResponse:
    """The milestones of the contract, each with its date in the proposal: an emptied row takes the date out."""
    ensure_today(request)
    reader = reader_of(request)
    baseline = editable(reader, code, baseline_id)
    factories = factories_of(reader, baseline.contract)
    factory = chosen(request, "factory", [one.code for one in factories])
    context: dict[str, Any] = {
        "baseline": baseline,
        "contract": baseline.contract,
        "factories": options(request, "factory", [("", gettext("any")), *((f.code, f"{f.code} {f.name}") for f in factories)], factory),
        "factory": factory,
        "reset": link(request, factory=None),
        "words": [WORDS[name] for name in COLUMNS],
        "weights": _weights(reader, baseline),
        "page_query": f"factory={factory}&" if factory else "",
        "version": baseline_version(baseline.pk),
    }
    if request.method == "POST":
        return _save(request, baseline, context)
    shown = paged(request, milestones_of(reader, baseline, factory=factory), PAGE_SIZE)
    held = due_dates(baseline, [one.pk for one in shown])
    lines = [_line(one, _texts(held.get(one.pk))) for one in shown]
    return render(request, "cluster/baseline_dates.html", context | {"page": shown, "lines": lines})


@page
@while_open()
def paste(request: HttpRequest, code: str, baseline_id: int) -> HttpResponse:
    """Dates from a spreadsheet: first what they would do, then, once confirmed, all of them or none."""
    ensure_today(request)
    reader = reader_of(request)
    baseline = editable(reader, code, baseline_id)
    milestones = {one.pk: one for one in milestones_of(reader, baseline)}
    options: dict[str, Any] = {"milestones": {one.code: key for key, one in milestones.items()}, "term": term_of(baseline.contract)}
    back = reverse("cluster:baseline_dates", args=[code, baseline.pk])
    context: dict[str, Any] = {"baseline": baseline, "contract": baseline.contract, "back": back}
    if request.method != "POST":
        return render(request, "cluster/paste_dates.html", context | {"form": PasteDatesForm(**options)})
    form = PasteDatesForm(request.POST, **options)
    if not form.is_valid():
        return render(request, "cluster/paste_dates.html", context | {"form": form}, status=422)
    table: DatesTable = form.cleaned_data["table"]
    if table.sheet.problems:
        return _bad_table(request, form, table.sheet.problems, table, context)
    replace = form.cleaned_data["mode"] == PasteDatesForm.REPLACE
    stored, version = due_dates(baseline), baseline_version(baseline.pk)
    changes = lay_over(table.rows, stored, replace=replace)
    moved = [one for one in changes if one.change is not Change.UNCHANGED]
    stale = "confirm" in request.POST and form.cleaned_data["version"] != version
    # The same confirmation sent twice finds its own dates: there is nothing left to do, and nothing to complain about.
    if "confirm" in request.POST and (not stale or not moved):
        try:
            done = save_dates(
                baseline_id=baseline.pk, rows=table.rows, replace=replace, by=reader, version=version, reason=form.cleaned_data["reason"]
            )
        except Conflict:
            stale = True
        except BadRows as error:
            return _bad_table(request, form, error.problems, table, context)
        else:
            messages.success(request, _done_words(done))
            return redirect("cluster:baseline_dates", code, baseline.pk)
    fresh = PasteDatesForm(**options, initial={**form.texts, "version": version})
    preview = {
        "counts": {change.value: sum(one.change is change for one in changes) for change in Change},
        "changes": len(moved),
        "rows": [Told(milestones[one.milestone], one.change.value, one.old, one.new) for one in moved[:MOST_CHANGES]],
        "more": max(len(moved) - MOST_CHANGES, 0),
        "weights": _sums_after(stored, changes, milestones),
    }
    answer = context | {"form": fresh, "preview": preview, "stale": stale, "rows": len(table.rows)}
    return render(request, "cluster/paste_dates.html", answer, status=409 if stale else 200)


@page
@require_safe
def dates_file(request: HttpRequest, code: str, baseline_id: int, form: str) -> HttpResponse:
    """The dates of a baseline as a table that a spreadsheet opens and that can be pasted back."""
    reader, as_of = reader_of(request), as_of_from(request)
    baseline = baseline_for(reader, contract_code=code, baseline_id=baseline_id)
    if baselines_of(reader=reader, contract_code=code, as_of=as_of, today=timezone.localdate()).of(baseline_id) is None:
        raise NotFound("There is no such baseline, or it was not known on that day.")
    held = due_dates(baseline)
    kinds = {"due": Kind.DATE, "weight": Kind.NUMBER}
    columns = [
        Column(WORDS["code"], lambda one: one.code),
        *(Column(WORDS[name], lambda one, name=name: getattr(held[one.pk], name), kinds.get(name, Kind.TEXT)) for name in COLUMNS),  # type: ignore[misc]
    ]
    rows = [one for one in milestones_of(reader, baseline) if one.pk in held]
    table = Table(f"{code}-dates-{baseline.pk}", gettext("Milestone dates"), columns, rows, baseline.contract.is_example, as_of)
    return table_response(form, table)


def _save(request: HttpRequest, baseline: Baseline, context: dict[str, Any]) -> HttpResponse:
    """All rows of the form, or none: then each that is wrong says so at its boxes."""
    reader = reader_of(request)
    sent = [int(key) for key in request.POST.getlist("row")[:PAGE_SIZE] if key.isascii() and key.isdecimal() and len(key) < 19]
    found = list(milestones_of(reader, baseline).filter(pk__in=sent))
    held = due_dates(baseline, sent)
    typed = {one.pk: {name: request.POST.get(f"{name}-{one.pk}", "").strip() for name in COLUMNS} for one in found}
    rows, problems = _read(baseline, typed, held)
    seen = request.POST.get("version", "")
    version = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 19 else 0
    try:
        if problems:
            raise BadRows(problems)
        done = save_dates(baseline_id=baseline.pk, rows=rows, by=reader, version=version)
    except BadRows as error:
        lines = [_line(one, typed[one.pk], [p for p in error.problems if p.row == one.pk]) for one in found]
        summary = [
            (f"{problem.field or COLUMNS[0]}-{problem.row}", one.code, str(WORDS[problem.field]), message_of(problem.error))
            for one in found
            for problem in error.problems
            if problem.row == one.pk
        ]
        return render(
            request, "cluster/baseline_dates.html", context | {"lines": lines, "summary": summary, "version": version}, status=422
        )
    except Conflict as error:
        lines = [_line(one, typed[one.pk], theirs=_theirs(typed[one.pk], held.get(one.pk))) for one in found]
        return render(request, "cluster/baseline_dates.html", context | {"lines": lines, "stale": message_of(error)}, status=409)
    moved = done.added + done.changed + done.removed
    sentence = gettext("Nothing was changed: the dates stand as they are.") if not moved else _done_words(done)
    messages.success(request, sentence)
    return redirect(request.get_full_path())


def _read(baseline: Baseline, typed: Mapping[int, dict[str, str]], held: Mapping[int, DueDate]) -> tuple[list[DateRow], list[Problem]]:
    """The rows of the form, numbered by the milestones' ids; one that stays as it was is not read again."""
    term = term_of(baseline.contract)
    rows, problems = [], []
    readers: dict[str, Callable[[str], object]] = {"due": lambda text: read_due(text, term), "weight": read_weight, "note": str}
    for key, texts in typed.items():
        if texts == _texts(held.get(key)):
            continue
        values: dict[str, Any] = {}
        for name, read in readers.items():
            try:
                values[name] = read(texts[name])
            except DomainError as error:
                problems.append(Problem(key, name, texts[name], error))
        rows.append(DateRow(key, key, values))
    return rows, problems


def _bad_table(
    request: HttpRequest, form: PasteDatesForm, problems: Sequence[Problem], table: DatesTable, context: dict[str, Any]
) -> HttpResponse:
    answer = context | {"form": form} | bad_rows(table.sheet.columns, problems, table.sheet.cells, WORDS)
    return render(request, "cluster/paste_dates.html", answer, status=422)


def _line(milestone: Milestone, texts: Mapping[str, str], problems: Sequence[Problem] = (), *, theirs: str = "") -> Line:
    said: dict[str, list[str]] = defaultdict(list)
    for problem in problems:
        said[problem.field].append(message_of(problem.error))
    cells = [Cell(f"{name}-{milestone.pk}", str(WORDS[name]), texts[name], said[name]) for name in COLUMNS]
    return Line(milestone, cells, said[""] + said["milestone"], theirs)


def _texts(held: DueDate | None) -> dict[str, str]:
    """A stored date as it could have been typed."""
    if held is None:
        return dict.fromkeys(COLUMNS, "")
    weight = "" if held.weight is None else f"{held.weight.normalize():f}"
    # A box of one line sends no ends of lines.
    return {"due": str(held.due), "weight": weight, "note": " ".join(held.note.split())}


def _theirs(typed: Mapping[str, str], held: DueDate | None) -> str:
    """What stands there now, where it is not what was typed."""
    now = _texts(held)
    return " · ".join(filter(None, now.values())) or gettext("no date") if now != typed else ""


def _weights(reader: Any, baseline: Baseline) -> list[tuple[Weights, str]]:
    """The weights of each factory that has some, with the sentence that they do not make 1."""
    return [(one, "" if one.is_whole else message_of(weight_warning(one.factory, one.total))) for one in weights_of(reader, baseline)]


def _sums_after(stored: Mapping[int, DueDate], changes: Sequence[DateChange], milestones: Mapping[int, Milestone]) -> list[str]:
    """Where the weights of a factory would not make 1 once the table is saved."""
    after: dict[int, DueDate | None] = {**stored, **{one.milestone: one.new for one in changes}}
    sums: dict[str, Decimal] = {}
    for key, one in after.items():
        milestone = milestones.get(key)
        if one is not None and one.weight is not None and milestone is not None and milestone.factory is not None:
            sums[milestone.factory.code] = sums.get(milestone.factory.code, Decimal(0)) + one.weight
    return [message_of(weight_warning(factory, total)) for factory, total in sorted(sums.items()) if total != 1]


def _done_words(done: Imported) -> str:
    written = done.added + done.changed
    saved = ngettext("%(n)d date is saved", "%(n)d dates are saved", written) % {"n": written}
    removed = ngettext("%(n)d removed", "%(n)d removed", done.removed) % {"n": done.removed}
    stayed = ngettext("%(n)d unchanged", "%(n)d unchanged", done.unchanged) % {"n": done.unchanged}
    return gettext("%(saved)s, %(removed)s, %(stayed)s.") % {"saved": saved, "removed": removed, "stayed": stayed}
