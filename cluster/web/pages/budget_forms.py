"""Writing budgets: a proposal, its lines one by one or pasted from a spreadsheet, its approval, its end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cluster.domain.access import Action
from cluster.domain.baseline_dates import weight_warning
from cluster.domain.budget_table import Table
from cluster.domain.budgets import Line, compare, same_reason
from cluster.domain.errors import Conflict, DomainError, Forbidden, NotFound
from cluster.domain.tables import EXAMPLE, BadRows, Problem
from cluster.models import Baseline, BudgetLine, Contract, Factory, User
from cluster.models.form_fields import message_of
from cluster.queries.approvals import approval_warnings, baseline_before, compare_dates, ending_of
from cluster.queries.baseline_dates import weights_of
from cluster.queries.budgets import (
    baseline_for,
    baseline_version,
    comparison,
    factories_of,
    line_for,
    plain_lines,
    term_of,
)
from cluster.queries.contracts import contract_for
from cluster.queries.history import newest_event
from cluster.queries.rates import rate_in_force
from cluster.services.access import require
from cluster.services.budgets import (
    Imported,
    approve_baseline,
    delete_line,
    discard_baseline,
    import_lines,
    propose_baseline,
    save_line,
)
from cluster.templatetags.format import date as date_words
from cluster.templatetags.format import money_rub
from cluster.web.bad_rows import bad_rows
from cluster.web.context import Frame
from cluster.web.door import View, ensure_today, page, reader_of
from cluster.web.forms.base import RecordForm
from cluster.web.forms.budget import ApprovalForm, BudgetLineForm, DeletionForm, EchoForm, PasteForm, ProposalForm, VersionForm
from cluster.web.pages.budgets import counts_of, moved_groups, moved_lines, moved_total
from cluster.web.pages.payment import Echo

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


def while_open(form: type[RecordForm] | None = None) -> Callable[[View], View]:
    """Decorator of a page about a proposal: where it was approved or withdrawn meanwhile, the answer says so, 409.

    What was typed into `form` stays on the page, to be copied.
    """

    def decorated(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, code: str, baseline_id: int, **kwargs: Any) -> HttpResponse:
            try:
                return view(request, code, baseline_id, **kwargs)
            except DomainError as error:
                if isinstance(error, Forbidden) or not (isinstance(error, NotFound) or error.code == "frozen"):
                    raise
                contract = contract_for(reader_of(request), code)
                ending = ending_of(reader_of(request), contract, baseline_id)
                if ending is None:
                    raise
                require(reader_of(request), Action.EDIT_RECORD, contract=contract.pk)
                typed = _typed(form, request, contract) if form and request.method == "POST" else None
                context = {"contract": contract, "ending": ending, "form": typed}
                return render(request, "cluster/baseline_ended.html", context, status=409)

        return guarded

    return decorated


def _typed(form: type[RecordForm], request: HttpRequest, contract: Contract) -> RecordForm:
    """The form as it was filled in, only to be read."""
    factories = factories_of(reader_of(request), contract)
    options: dict[str, Any] = {}
    if form is BudgetLineForm:
        options = {"factories": Factory.objects.filter(pk__in=[factory.pk for factory in factories])}
    elif form is PasteForm:
        options = {"factories": factories, "term": term_of(contract)}
    elif form is ApprovalForm:
        options = {"amendments": contract.amendments.for_reader(reader_of(request)), "required": False}
    shown = form(**options, initial=form(request.POST, **options).texts)
    for field in shown.fields.values():
        # A choice has no read-only form.
        field.widget.attrs["disabled" if hasattr(field, "choices") else "readonly"] = True
    return shown


def _refuse(form: RecordForm, error: DomainError) -> None:
    """Put a refusal into the form, except where there is no proposal any more to send it to."""
    if isinstance(error, NotFound) or error.code == "frozen":
        raise error
    form.refuse(error)


@page
def propose(request: HttpRequest, code: str) -> HttpResponse:
    """A new proposal, empty or as a copy."""
    ensure_today(request)
    reader = reader_of(request)
    contract = contract_for(reader, code)
    require(reader, Action.EDIT_RECORD, contract=contract.pk)
    offered: dict[str, Any] = {
        "baselines": Baseline.objects.for_reader(reader).filter(contract=contract).order_by("-in_force_from"),
        "amendments": contract.amendments.for_reader(reader),
    }
    if request.method != "POST":
        form = ProposalForm(**offered, initial={"copy_from": request.GET.get("copy", "")})
        return render(request, "cluster/propose_baseline.html", {"form": form, "contract": contract})
    form = ProposalForm(request.POST, **offered)
    if form.is_valid():
        data = form.cleaned_data
        try:
            made = propose_baseline(
                contract_id=contract.pk,
                name_ru=data["name_ru"],
                name_en=data["name_en"],
                reason=data["reason"],
                amendment_id=data["amendment"].pk if data["amendment"] else None,
                copy_from_id=data["copy_from"].pk if data["copy_from"] else None,
                by=reader,
            )
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, gettext("“%(baseline)s” is proposed. Change its lines, then approve it.") % {"baseline": made})
            return redirect("cluster:baseline", code, made.pk)
    return render(request, "cluster/propose_baseline.html", {"form": form, "contract": contract}, status=422)


@page
@while_open(BudgetLineForm)
def budget_line(request: HttpRequest, code: str, baseline_id: int, line_id: int | None = None) -> HttpResponse:
    """One line of a proposal: add it, change it, delete it."""
    today, reader = ensure_today(request), reader_of(request)
    baseline = editable(reader, code, baseline_id)
    line = line_for(reader, baseline, line_id) if line_id is not None else None
    factories = Factory.objects.for_reader(reader).filter(contract=baseline.contract)
    context: dict[str, Any] = {"baseline": baseline, "contract": baseline.contract, "line": line}
    if request.method != "POST":
        form = BudgetLineForm(factories=factories, initial=_shown(line, request))
        return _line_answer(request, form, context, today)
    form = BudgetLineForm(request.POST, factories=factories)
    if "delete" in request.POST and line is not None:
        return _deleted(request, context, today)
    if form.is_valid() and "preview" not in request.POST:
        try:
            saved = _save(form, baseline, line_id, reader)
        except Conflict as error:
            return _conflict(request, form, error, context, today)
        except DomainError as error:
            _refuse(form, error)
        else:
            told = {"factory": saved.factory.code, "amount": money_rub(saved.amount_rub)}
            messages.success(request, gettext("Saved: %(factory)s, %(amount)s.") % told)
            return redirect("cluster:baseline", code, baseline.pk)
    return _line_answer(request, form, context, today, status=422 if form.errors else 200)


@page
@require_safe
@while_open()
def line_echo(request: HttpRequest, code: str, baseline_id: int) -> HttpResponse:
    """What the amount typed so far means: the part of the form that htmx asks for."""
    today, reader = ensure_today(request), reader_of(request)
    editable(reader, code, baseline_id)
    form = EchoForm(request.GET)
    form.is_valid()
    problem = " ".join(map(str, form.errors.get("amount", []))) if request.GET.get("amount") else ""
    return render(request, "cluster/partials/echo.html", {"echo": _echo(form.cleaned_data, today), "problem": problem})


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
            _refuse(form, error)
            return render(request, "cluster/paste_budget.html", context | {"form": form}, status=422)
        else:
            messages.success(request, _done_words(done))
            return redirect("cluster:baseline", code, baseline.pk)
    fresh = PasteForm(**options, initial={**form.texts, "version": version})
    answer = context | {"form": fresh, "preview": preview, "stale": stale, "replace": replace, "rows": len(table.rows)}
    return render(request, "cluster/paste_budget.html", answer, status=409 if stale else 200)


@page
@while_open(ApprovalForm)
def approve(request: HttpRequest, code: str, baseline_id: int) -> HttpResponse:
    """The approval: what will move against the baseline in force, under which amendment, from which day."""
    today, reader = ensure_today(request), reader_of(request)
    baseline = baseline_for(reader, contract_code=code, baseline_id=baseline_id)
    require(reader, Action.APPROVE_BASELINE, contract=baseline.contract_id)
    _refuse_frozen(baseline)
    before = baseline_before(baseline)
    offered: dict[str, Any] = {
        "amendments": baseline.contract.amendments.for_reader(reader),
        "required": before is not None,
        "odd": approval_warnings(baseline, before),
    }
    status = 200
    if request.method == "POST":
        form = ApprovalForm(request.POST, **offered)
        if form.is_valid():
            data = form.cleaned_data
            try:
                approve_baseline(
                    baseline_id=baseline.pk,
                    in_force_from=data["in_force_from"],
                    amendment_id=data["amendment"].pk if data["amendment"] else None,
                    by=reader,
                    today=today,
                    version=data["version"],
                    reason=data["reason"],
                    seen=form.seen,
                )
            except Conflict as error:
                form = ApprovalForm(**offered, initial={**form.texts, "version": baseline_version(baseline.pk)})
                return _approval(request, form, baseline, before, status=409, stale=message_of(error))
            except DomainError as error:
                _refuse(form, error)
            else:
                sentence = gettext("“%(baseline)s” is approved and in force from %(day)s.")
                messages.success(request, sentence % {"baseline": baseline, "day": date_words(data["in_force_from"])})
                return redirect("cluster:baseline", code, baseline.pk)
        status = 422
    else:
        initial = {"version": baseline.version, "amendment": baseline.amendment_id, "in_force_from": today}
        form = ApprovalForm(**offered, initial=initial)
    return _approval(request, form, baseline, before, status=status)


@page
@while_open()
def discard(request: HttpRequest, code: str, baseline_id: int) -> HttpResponse:
    """Take a proposal back, once the person has said so."""
    ensure_today(request)
    reader = reader_of(request)
    baseline = editable(reader, code, baseline_id)
    context: dict[str, Any] = {"baseline": baseline, "contract": baseline.contract, "lines": len(plain_lines(reader, baseline))}
    form = VersionForm(request.POST if request.method == "POST" else None, initial={"version": baseline_version(baseline.pk)})
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            discard_baseline(baseline_id=baseline.pk, by=reader, version=form.cleaned_data["version"])
        except Conflict as error:
            form, status = VersionForm(initial={"version": baseline_version(baseline.pk)}), 409
            context["stale"] = message_of(error)
        except DomainError as error:
            _refuse(form, error)
        else:
            messages.success(request, gettext("“%(baseline)s” is discarded.") % {"baseline": baseline})
            return redirect("cluster:baselines", code)
    return render(request, "cluster/discard_baseline.html", context | {"form": form}, status=422 if form.errors else status)


def editable(reader: User, code: str, baseline_id: int) -> Baseline:
    """The proposal that the person may change; DomainError for one that is frozen."""
    baseline: Baseline = baseline_for(reader, contract_code=code, baseline_id=baseline_id)
    require(reader, Action.EDIT_RECORD, contract=baseline.contract_id)
    _refuse_frozen(baseline)
    return baseline


def _refuse_frozen(baseline: Baseline) -> None:
    if baseline.kind != Baseline.Kind.DRAFT:
        raise DomainError("“{baseline}” is approved and frozen: propose a new baseline.", code="frozen", baseline=str(baseline))


def _shown(line: BudgetLine | None, request: HttpRequest) -> dict[str, Any]:
    if line is None:
        return {"factory": request.GET.get("factory", "")}
    shown = {name: getattr(line, name) for name in ("category", "funding", "month", "reason")}
    return shown | {"factory": line.factory_id, "amount": line.amount_rub, "version": newest_event(line)}


def _save(form: BudgetLineForm, baseline: Baseline, line_id: int | None, reader: User) -> BudgetLine:
    data = form.cleaned_data
    return save_line(
        baseline_id=baseline.pk,
        line_id=line_id,
        factory_id=data["factory"].pk,
        category=data["category"],
        funding=data["funding"],
        month=data["month"],
        amount_rub=data["amount"],
        reason=data["reason"],
        by=reader,
        version=data["version"],
    )


def _deleted(request: HttpRequest, context: dict[str, Any], today: date) -> HttpResponse:
    """The line is gone for the reason given, or the page says why it is not; what stands in the form above is left as it was."""
    baseline, line = context["baseline"], context["line"]
    ending = DeletionForm(request.POST)
    factories = Factory.objects.for_reader(reader_of(request)).filter(contract=baseline.contract)
    shown = BudgetLineForm(factories=factories, initial=_shown(line, request))
    if not ending.is_valid():
        return _line_answer(request, shown, context | {"ending": ending}, today, status=422)
    given = ending.cleaned_data
    try:
        delete_line(baseline_id=baseline.pk, line_id=line.pk, by=reader_of(request), version=given["version"], reason=given["reason"])
    except Conflict as error:
        return _conflict(request, shown, error, context | {"why": given["reason"]}, today)
    messages.success(request, gettext("The line is deleted; it stays in the history."))
    return redirect("cluster:baseline", baseline.contract.code, baseline.pk)


def _conflict(request: HttpRequest, form: BudgetLineForm, error: Conflict, context: dict[str, Any], today: date) -> HttpResponse:
    """The line as it stands now beside what was typed; saving again is then a decision."""
    theirs = error.current if isinstance(error.current, BudgetLine) else None
    version = newest_event(theirs) if theirs else None
    factories = Factory.objects.for_reader(reader_of(request)).filter(contract=context["contract"])
    fresh = BudgetLineForm(factories=factories, initial={**form.texts, "version": version})
    return _line_answer(request, fresh, context | {"theirs": theirs, "stale": message_of(error)}, today, status=409)


def _line_answer(request: HttpRequest, form: BudgetLineForm, context: dict[str, Any], today: date, *, status: int = 200) -> HttpResponse:
    echo = _echo(form.cleaned_data, today) if form.is_bound else None
    checked = form.is_bound and not form.errors
    ending = DeletionForm(initial={"version": form["version"].value(), "reason": context.get("why", "")})
    answer = {"ending": ending} | context | {"form": form, "echo": echo, "checked": checked}
    return render(request, "cluster/budget_line_form.html", answer, status=status)


def _echo(data: dict[str, object], today: date) -> Echo | None:
    amount = data.get("amount")
    return Echo(amount, today, rate_in_force(today)) if isinstance(amount, Decimal) else None


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


def _approval(
    request: HttpRequest,
    form: ApprovalForm,
    baseline: Baseline,
    before: Baseline | None,
    *,
    status: int = 200,
    stale: str = "",
) -> HttpResponse:
    reader, frame = reader_of(request), Frame(request)
    rate, compared = frame.rate.rate, comparison(reader, before, baseline)
    plants = {factory.pk: factory for factory in factories_of(reader, baseline.contract)}
    context = {
        "frame": frame,
        "form": form,
        "baseline": baseline,
        "contract": baseline.contract,
        "before": before,
        "dates": compare_dates(reader, before, baseline),
        "weights": [message_of(weight_warning(one.factory, one.total)) for one in weights_of(reader, baseline) if not one.is_whole],
        "lines": sum(one.new is not None for one in compared.differences),
        "total": moved_total(compared, rate),
        "rows": moved_groups(compared, "factory", plants, rate),
        "counts": counts_of(compared),
        "rate": rate,
        "stale": stale,
    }
    return render(request, "cluster/approve_baseline.html", context, status=status)
