"""Budget lines pasted from a spreadsheet: first what they would do, then, once confirmed, all of them or none."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from cluster.domain.budget_table import Table
from cluster.domain.budgets import Line, compare, same_reason
from cluster.domain.errors import Conflict, DomainError
from cluster.domain.tables import EXAMPLE, BadRows, Problem
from cluster.models import Baseline, Factory, User
from cluster.queries.budgets import baseline_version, factories_of, plain_lines, term_of
from cluster.queries.rates import rate_in_force
from cluster.services.budgets import Imported, import_lines
from cluster.web.bad_rows import bad_rows
from cluster.web.door import ensure_today, page, reader_of
from cluster.web.forms.budget import PasteForm
from cluster.web.pages.budget_proposals import editable, refuse, while_open
from cluster.web.pages.budgets import moved_lines

# How much of a long list the preview shows; the rest is counted.
MOST_LINES = 100
FIELD_WORDS = {
    "factory": _("Factory"),
    "category": _("Category"),
    "funding": _("Funding source"),
    "month": _("Month"),
    "amount": _("Amount"),
    "reason": _("Why this amount"),
    EXAMPLE: _("Example"),
    "": _("The row as a whole"),
}


@dataclass(frozen=True, slots=True)
class Preview:
    """What saving the table would do."""

    counts: dict[str, int]
    lines: list[Any]
    more: int
    before: Decimal
    after: Decimal

    @property
    def changes(self) -> int:
        """How many lines would be written or removed."""
        return self.counts["added"] + self.counts["changed"] + self.counts["removed"] + self.counts["reasons"]


@page
@while_open(PasteForm)
def paste(request: HttpRequest, code: str, baseline_id: int) -> HttpResponse:
    """Lines from a spreadsheet: first what they would do, then, once confirmed, all of them or none."""
    today, reader = ensure_today(request), reader_of(request)
    baseline = editable(reader, code, baseline_id)
    factories = factories_of(reader, baseline.contract)
    options: dict[str, Any] = {"factories": factories, "term": term_of(baseline.contract)}
    context: dict[str, Any] = {"baseline": baseline, "contract": baseline.contract, "factories": factories}
    context["back"] = reverse("cluster:baseline", args=[code, baseline.pk])
    if request.method != "POST":
        return render(request, "cluster/paste_budget.html", context | {"form": PasteForm(**options)})
    form = PasteForm(request.POST, **options)
    if not form.is_valid():
        return render(request, "cluster/paste_budget.html", context | {"form": form}, status=422)
    table: Table = form.cleaned_data["table"]
    replace = form.cleaned_data["mode"] == PasteForm.REPLACE
    if table.problems:
        return _bad_rows(request, form, table.problems, table, context)
    preview = _preview(reader, baseline, table, today, factories, replace=replace, reason=form.cleaned_data["reason"])
    version = baseline_version(baseline.pk)
    stale = "confirm" in request.POST and form.cleaned_data["version"] != version
    # The same confirmation sent twice finds its own lines: there is nothing left to do, and nothing to complain about.
    if "confirm" in request.POST and (not stale or not preview.changes):
        try:
            reason = form.cleaned_data["reason"]
            done = import_lines(baseline_id=baseline.pk, rows=table.rows, replace=replace, by=reader, version=version, reason=reason)
        except Conflict:
            stale = True
        except BadRows as error:
            return _bad_rows(request, form, error.problems, table, context)
        except DomainError as error:
            refuse(form, error)
            return render(request, "cluster/paste_budget.html", context | {"form": form}, status=422)
        else:
            messages.success(request, _done_words(done))
            return redirect("cluster:baseline", code, baseline.pk)
    fresh = PasteForm(**options, initial={**form.texts, "version": version})
    answer = context | {"form": fresh, "preview": preview, "stale": stale, "replace": replace, "rows": len(table.rows)}
    return render(request, "cluster/paste_budget.html", answer, status=409 if stale else 200)


def _bad_rows(request: HttpRequest, form: PasteForm, problems: list[Problem], table: Table, context: dict[str, Any]) -> HttpResponse:
    answer = context | {"form": form} | bad_rows(table.columns, problems, table.cells, FIELD_WORDS)
    return render(request, "cluster/paste_budget.html", answer, status=422)


def _preview(
    reader: User, baseline: Baseline, table: Table, today: date, factories: list[Factory], *, replace: bool, reason: str
) -> Preview:
    stored = plain_lines(reader, baseline)
    given = {row.line.key: row.line for row in table.rows}
    kept = [] if replace else [line for line in stored if line.key not in given]
    compared = compare(stored, [*kept, *given.values()], {line.key: reason for line in stored})
    reasons = {line.key: line.reason for line in stored}
    other_reason = [
        one
        for one in compared
        if one.old == one.new
        and (line := given.get(one.key))
        and line.reason is not None
        and not same_reason(line.reason, reasons[one.key] or "")
    ]
    moved = [one for one in compared if one.old != one.new]
    named = sum(one.key in given for one in compared if one.old == one.new)
    counts = {change: sum(one.change == change for one in moved) for change in ("added", "changed", "removed")}
    counts |= {"unchanged": named - len(other_reason), "reasons": len(other_reason), "kept": len(kept)}
    plants = {factory.pk: factory for factory in factories}
    return Preview(
        counts=counts,
        lines=moved_lines(moved[:MOST_LINES], plants, rate_in_force(today)),
        more=max(len(moved) - MOST_LINES, 0),
        before=_total(stored),
        after=_total([*kept, *given.values()]),
    )


def _total(lines: list[Line]) -> Decimal:
    return sum((line.amount for line in lines), Decimal(0))


def _done_words(done: Imported) -> str:
    written = done.added + done.changed
    saved = ngettext("%(n)d line is saved", "%(n)d lines are saved", written) % {"n": written}
    removed = ngettext("%(n)d removed", "%(n)d removed", done.removed) % {"n": done.removed}
    stayed = ngettext("%(n)d unchanged", "%(n)d unchanged", done.unchanged) % {"n": done.unchanged}
    return gettext("%(saved)s, %(removed)s, %(stayed)s.") % {"saved": saved, "removed": removed, "stayed": stayed}
