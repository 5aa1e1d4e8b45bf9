"""The working calendar of a contract: its exceptions and those of its factories; add some, take one away."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from cluster.domain.access import Action
from cluster.domain.errors import DomainError, NotFound
from cluster.models import CalendarException, Factory
from cluster.queries.contracts import contract_for
from cluster.queries.history import newest_event
from cluster.services.access import require
from cluster.services.calendar import add_calendar_exceptions, remove_calendar_exception
from cluster.templatetags.format import date as date_words
from cluster.web.door import as_of_from, ensure_today, page, reader_of
from cluster.web.forms.schedule import ExceptionsForm
from cluster.web.pages.milestone_forms import removing


@page
def calendar(request: HttpRequest, code: str) -> HttpResponse:
    """The exceptions, the newest day first, and for editors the form that adds some."""
    reader, as_of = reader_of(request), as_of_from(request)
    contract = contract_for(reader, code)
    found = CalendarException.objects.for_reader(reader).filter(contract=contract)
    factories = Factory.objects.for_reader(reader).filter(contract=contract).order_by("order", "code")
    context: dict[str, Any] = {
        "contract": contract,
        "exceptions": found.select_related("factory").order_by("-day", "factory__order"),
        "form": None,
    }
    may_edit = reader.scope.may(Action.EDIT_RECORD, contract=contract.pk)
    if request.method != "POST":
        if may_edit and not request.GET.get("as_of"):
            context["form"] = ExceptionsForm(factories=factories, initial={"first": as_of})
        return render(request, "cluster/calendar.html", context)
    ensure_today(request)
    require(reader, Action.EDIT_RECORD, contract=contract.pk)
    form = ExceptionsForm(request.POST, factories=factories)
    if form.is_valid():
        given = form.cleaned_data
        try:
            made = add_calendar_exceptions(
                contract_id=contract.pk,
                factory_id=given["factory"].pk if given["factory"] else None,
                first=given["first"],
                last=given["last"] or given["first"],
                works=given["works"],
                reason=given["reason"],
                by=reader,
            )
        except DomainError as error:
            form.refuse(error)
        else:
            count = len(made)
            messages.success(request, ngettext("%(n)d day is an exception.", "%(n)d days are exceptions.", count) % {"n": count})
            return redirect("cluster:calendar", code)
    return render(request, "cluster/calendar.html", context | {"form": form}, status=422)


@page
def remove(request: HttpRequest, code: str, exception_id: int) -> HttpResponse:
    """Let a day be as the calendar has it again, once the person has said so."""
    ensure_today(request)
    reader = reader_of(request)
    contract = contract_for(reader, code)
    found = CalendarException.objects.for_reader(reader).filter(contract=contract, pk=exception_id).first()
    if found is None:
        raise NotFound("There is no such exception.")
    require(reader, Action.EDIT_RECORD, contract=contract.pk, factory=found.factory_id)
    day = date_words(found.day)
    context: dict[str, Any] = {
        "contract": contract,
        "title": gettext("Remove the exception"),
        "question": gettext("%(day)s will be as the working calendar has it; the history keeps the exception.") % {"day": day},
        "back": reverse("cluster:calendar", args=[code]),
    }

    def take_away(version: int, reason: str) -> None:
        remove_calendar_exception(exception_id=found.pk, by=reader, version=version, reason=reason)

    done = gettext("%(day)s is no exception any more.") % {"day": day}
    return removing(request, newest_event(found), take_away, context, done=done, after=context["back"])
