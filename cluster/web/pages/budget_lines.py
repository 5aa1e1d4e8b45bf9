"""One line of a proposed baseline: added, changed, deleted, with the dollars of its amount while it is typed."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from cluster.domain.errors import Conflict, DomainError
from cluster.models import Baseline, BudgetLine, Factory, User
from cluster.models.form_fields import message_of
from cluster.queries.budgets import line_for
from cluster.queries.history import newest_event
from cluster.queries.rates import rate_in_force
from cluster.services.budgets import delete_line, save_line
from cluster.templatetags.format import money_rub
from cluster.web.door import ensure_today, page, reader_of
from cluster.web.forms.budget import BudgetLineForm, DeletionForm, EchoForm
from cluster.web.pages.budget_proposals import editable, refuse, while_open
from cluster.web.pages.payment import Echo


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
            refuse(form, error)
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
