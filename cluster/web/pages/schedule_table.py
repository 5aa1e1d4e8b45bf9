"""The schedule as a table: pasted from a spreadsheet, first shown as what it would change; downloaded to be pasted back."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_safe

from cluster.domain.access import Action
from cluster.domain.errors import Conflict, DomainError
from cluster.domain.estimates import DAYS
from cluster.domain.schedule_table import (
    COLUMNS,
    Change,
    PlannedMilestone,
    RowChange,
    ScheduleTable,
    fingerprint,
    parse_schedule,
    written_links,
)
from cluster.domain.tables import BadRows
from cluster.gateways.workbook import Kind
from cluster.models import MilestoneKind
from cluster.queries.budgets import factories_of
from cluster.queries.contracts import contract_for
from cluster.queries.people import sees_people
from cluster.queries.schedule_table import factory_codes, people_named, planned_milestones
from cluster.services.access import require
from cluster.services.schedule_import import Imported, import_schedule, refuse_far_table
from cluster.templatetags.format import number
from cluster.web.bad_rows import bad_rows
from cluster.web.conflicts import in_words
from cluster.web.door import ensure_today, page, reader_of
from cluster.web.forms.schedule_table import WORDS, PasteScheduleForm
from cluster.web.spreadsheet import Column, Table, table_response

MOST_CHANGES = 100


@dataclass(frozen=True, slots=True)
class Told:
    """One row of the preview: the milestone, whether it is new, and its columns as (name, before, after) in words."""

    number: int
    code: str
    name: str
    is_new: bool
    columns: list[tuple[str, str, str]]


class _Words:
    """The values of planned milestones as a table writes them."""

    def __init__(self, factories: dict[int, str], people: dict[int, str]) -> None:
        self.factories, self.people, self.kinds = factories, people, {value: str(label) for value, label in MilestoneKind.choices}

    def of(self, planned: PlannedMilestone, name: str) -> object:
        """One cell; texts and numbers as they are, nothing as an empty text."""
        value = getattr(planned, name)
        match name:
            case "factory":
                return self.factories.get(value, "")
            case "kind":
                return self.kinds.get(value, value)
            case "responsible":
                return self.people.get(value, "")
            case "predecessors":
                return written_links(value)
        return "" if value is None else value


@page
def paste(request: HttpRequest, code: str) -> HttpResponse:
    """Milestones from a spreadsheet: first what they would do, then, once confirmed, all of them or none."""
    ensure_today(request)
    reader = reader_of(request)
    contract = contract_for(reader, code)
    require(reader, Action.EDIT_RECORD, contract=contract.pk)
    stored = planned_milestones(reader, contract)
    factories, people = factories_of(reader, contract), people_named(contract, stored.values())
    options: dict[str, Any] = {"factories": factories, "people": people, "stored": stored}
    context: dict[str, Any] = {"contract": contract, "factories": factories, "stored": len(stored)}
    context["back"] = reverse("cluster:estimates", args=[code])
    if request.method != "POST":
        return _answer(request, context | {"form": PasteScheduleForm(**options)})
    form = PasteScheduleForm(request.POST, **options)
    if not form.is_valid():
        return _answer(request, context | {"form": form}, 422)
    table: ScheduleTable = form.cleaned_data["table"]
    refuse_far_table(table, contract)
    if table.sheet.problems:
        return _refused(request, context, form, table.sheet.problems, table)
    stale = False
    if "confirm" in request.POST:
        text, vocabulary = str(form["table"].value()), form.vocabulary
        try:
            done = import_schedule(
                contract_id=contract.pk,
                read=lambda there: parse_schedule(text, vocabulary, there),
                seen=form.cleaned_data["version"],
                by=reader,
                reason=form.cleaned_data["reason"],
            )
        except Conflict:
            stale = True
        except BadRows as error:
            return _refused(request, context, form, error.problems, table)
        except DomainError as error:
            form.refuse(error)
            return _answer(request, context | {"form": form}, 422)
        else:
            messages.success(request, _done_words(done))
            return redirect("cluster:estimates", code)
    words = _Words({factory.pk: factory.code for factory in factories}, people)
    moved = [one for one in table.changes if one.change is not Change.UNCHANGED]
    fresh = PasteScheduleForm(**options, initial={**form.texts, "version": fingerprint(stored)})
    preview = {
        "counts": {change.value: table.count(change) for change in Change},
        "changes": len(moved),
        "rows": [_told(one, words) for one in moved[:MOST_CHANGES]],
        "more": max(len(moved) - MOST_CHANGES, 0),
        "kept": len(stored) - table.count(Change.CHANGED) - table.count(Change.UNCHANGED),
    }
    answer = context | {"form": fresh, "preview": preview, "stale": stale, "rows": len(table.changes)}
    return _answer(request, answer, 409 if stale else 200)


@page
@require_safe
def schedule_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """The milestones as a table that a spreadsheet opens, and that pasted back changes nothing."""
    reader = reader_of(request)
    contract = contract_for(reader, code)
    stored = planned_milestones(reader, contract)
    named = sees_people(reader, contract_id=contract.pk)
    words = _Words(factory_codes(reader, contract), people_named(contract, stored.values()) if named else {})
    names = [name for name in COLUMNS if named or name != "responsible"]
    columns = [Column(WORDS[name], lambda row, name=name: words.of(row, name), kind_of(name)) for name in names]  # type: ignore[misc]
    return table_response(form, Table(f"{code}-schedule", gettext("Schedule"), columns, stored.values(), contract.is_example))


def kind_of(column: str) -> Kind:
    """What stands in a column of a pasted schedule."""
    return Kind.INTEGER if column in DAYS else Kind.TEXT


def _answer(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return render(request, "cluster/paste_schedule.html", context, status=status)


def _refused(request: HttpRequest, context: dict[str, Any], form: PasteScheduleForm, problems: Any, table: ScheduleTable) -> HttpResponse:
    return _answer(request, context | {"form": form} | bad_rows(table.sheet.columns, problems, table.sheet.cells, WORDS), 422)


def _told(one: RowChange, words: _Words) -> Told:
    old = one.old
    columns = [
        (str(WORDS[name]), in_words(words.of(old, name)) if old else "", in_words(words.of(one.new, name)))
        for name in one.columns
        if name != "code"
    ]
    return Told(one.row.number, one.new.code, one.new.name_ru, old is None, columns)


def _done_words(done: Imported) -> str:
    added = ngettext("%(n)s milestone is added", "%(n)s milestones are added", done.added) % {"n": number(done.added)}
    changed = ngettext("%(n)s changed", "%(n)s changed", done.changed) % {"n": number(done.changed)}
    stayed = ngettext("%(n)s unchanged", "%(n)s unchanged", done.unchanged) % {"n": number(done.unchanged)}
    return gettext("%(added)s, %(changed)s, %(stayed)s.") % {"added": added, "changed": changed, "stayed": stayed}
