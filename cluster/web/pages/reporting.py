"""The calendar of reporting of a contract: who owes which report by when; say that one is submitted; who owes what."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from cluster.domain.access import Action
from cluster.domain.errors import DomainError, NotFound
from cluster.domain.reporting import State, period_of
from cluster.models import Contract, Factory, ReportingDuty, Submission, User
from cluster.queries.contracts import contract_for
from cluster.queries.history import newest_event
from cluster.queries.people import people_in, sees_people
from cluster.queries.reporting import DutyReports, Report, duties_of, span_of, window_of
from cluster.services.access import require
from cluster.services.records import save_record
from cluster.services.reporting import submit_report, take_back_report
from cluster.templatetags.format import window as window_words
from cluster.web.door import as_of_from, ensure_today, page, reader_of, shown_again
from cluster.web.editing import Editing, adding, changing
from cluster.web.filters import chosen
from cluster.web.forms.reporting import DUTY_FIELDS, DutyForm, SubmissionForm
from cluster.web.lists import AS_OF, Column, Filter, Kind, Listed, Listing, opens_saved
from cluster.web.pages.milestone_forms import removing

# So many periods of each duty stand in the table.
SHOWN = 6


def _name_of(person: User) -> str:
    return person.get_full_name() or person.username


def _state_of(report: Report) -> Any:
    if report.state is State.ESCALATED and report.duty.escalates_to_id:
        return _("overdue, a matter of the manager")
    return _("overdue") if report.is_late else None


# What is owed now; the duties themselves are set up below it.
REPORTING = Listing(
    page="cluster:reporting",
    title=_("Calendar of reporting"),
    order="due",
    columns=(
        Column("kind", _("Report"), value=lambda one: one.duty.get_kind_display(), by=lambda one: str(one.duty.get_kind_display())),
        Column("factory", _("Factory"), value=lambda one: one.duty.factory.code if one.duty.factory else None, on_page=False),
        Column("period", _("Period"), Kind.DATE, lambda one: one.window, by=lambda one: one.period.first),
        Column("due", _("Due by"), Kind.DATE, lambda one: one.due_on, by=lambda one: one.due_on),
        Column("who", _("Owed by"), value=lambda one: _name_of(one.duty.owed_by), by=lambda one: _name_of(one.duty.owed_by).casefold()),
        Column("state", _("State"), value=_state_of, on_page=False),
        AS_OF,
    ),
    filters=(Filter("factory", _("Factory")), Filter("late", _("Only what is late"), lambda: [("1", _("yes"))])),
)


@page
@require_safe
@opens_saved(REPORTING)
def reporting(request: HttpRequest, code: str) -> HttpResponse:
    """What is owed now, the worst first, and the newest periods of each duty."""
    contract, listed, owed, duties = _owed(request, code)
    factories = {one.duty.factory.code: one.duty.factory.name for one in duties if one.duty.factory}
    duty, form = getattr(request, "refused", (None, None))
    context = {
        "contract": contract,
        "listed": listed,
        "owed": owed,
        "late": sum(one.is_late for one in owed),
        "factories": [(code, f"{code} {name}") for code, name in factories.items()],
        "factory": request.GET.get("factory", "").strip(),
        "only_late": request.GET.get("late", "").strip(),
        "duties": [(each.duty, each.reports[:SHOWN]) for each in duties],
        "names": sees_people(reader_of(request), contract_id=contract.pk),
        "duty": duty,
        "form": form,
    }
    return render(request, "cluster/reporting.html", context)


@page
@require_safe
def reporting_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """What is owed as a file."""
    contract, listed, owed, _duties = _owed(request, code)
    return listed.file(form, owed, name=f"{code}-reporting", contract=contract, as_of=as_of_from(request))


def _owed(request: HttpRequest, code: str) -> tuple[Contract, Listed, list[Report], list[DutyReports]]:
    """The contract, the list as asked for, what is owed, and every duty; who owes is told to those who see people."""
    reader = reader_of(request)
    contract = contract_for(reader, code)
    listed = (REPORTING if sees_people(reader, contract_id=contract.pk) else REPORTING.without("who")).asked(request)
    duties = duties_of(reader, contract, as_of=as_of_from(request))
    factory = chosen(request, "factory", {one.duty.factory.code for one in duties if one.duty.factory})
    late = chosen(request, "late", ["1"])
    owed = [one for each in duties for one in each.reports if one.is_owed and (one.is_late or not late)]
    if factory:
        owed = [one for one in owed if one.duty.factory and one.duty.factory.code == factory]
    return contract, listed, listed.ordered(sorted(owed, key=lambda one: (one.due_on, one.duty.pk))), duties


@page
@require_POST
def submit(request: HttpRequest, code: str, duty_id: int) -> HttpResponse:
    """Say that the report of a period is submitted."""
    today, reader = ensure_today(request), reader_of(request)
    duty = _duty(reader, contract_for(reader, code), duty_id)
    form = SubmissionForm(request.POST)
    if not form.is_valid():
        return shown_again(request, reverse("cluster:reporting", args=[code]), (duty, form))
    given = form.cleaned_data
    try:
        done = submit_report(duty_id=duty.pk, period=given["period"], by=reader, today=today, note=given["note"])
    except DomainError as error:
        if not error.field:
            raise
        form.refuse(error)
        return shown_again(request, reverse("cluster:reporting", args=[code]), (duty, form))
    told = {"what": str(duty), "when": window_words(window_of(duty, period_of(span_of(duty), done.period)))}
    messages.success(request, gettext("%(what)s: submitted for %(when)s.") % told)
    return redirect("cluster:reporting", code)


@page
def take_back(request: HttpRequest, code: str, submission_id: int) -> HttpResponse:
    """A report was not submitted after all, once the person has said so."""
    ensure_today(request)
    reader = reader_of(request)
    contract = contract_for(reader, code)
    rows = Submission.objects.for_reader(reader).select_related("duty__factory", "duty__contract")
    found = rows.filter(duty__contract=contract, pk=submission_id).first()
    if found is None:
        raise NotFound("There is no such report.")
    if found.by_id != reader.pk:
        require(reader, Action.EDIT_RECORD, contract=contract.pk, factory=found.duty.factory_id)
    context: dict[str, Any] = {
        "contract": contract,
        "title": gettext("Take the report back"),
        "question": gettext("It is owed again; the history keeps that it was called submitted."),
        "back": reverse("cluster:reporting", args=[code]),
    }

    def remove(version: int, reason: str) -> None:
        take_back_report(submission_id=found.pk, by=reader, version=version, reason=reason)

    return removing(request, newest_event(found), remove, context, done=gettext("The report is owed again."), after=context["back"])


@page
def new_duty(request: HttpRequest, code: str) -> HttpResponse:
    """A duty to enter. Nobody owes the same report twice, so that the form sent twice enters one."""
    today, reader = ensure_today(request), reader_of(request)
    contract = contract_for(reader, code)
    require(reader, Action.EDIT_RECORD, contract=contract.pk)

    def save(values: dict[str, Any], _version: int, reason: str) -> ReportingDuty:
        duty = ReportingDuty(contract=contract, **values)
        save_record(duty, by=reader, change_reason=reason)
        return duty

    context = _context(contract, gettext("New reporting duty"), gettext("Enter the duty"))
    editing = Editing(_make(reader, contract, is_new=True), (*DUTY_FIELDS, "kind", "factory", "starts_on"), context)
    return adding(request, editing, save, _done(request, code, gettext("The duty is entered.")), {"starts_on": today})


@page
def edit_duty(request: HttpRequest, code: str, duty_id: int) -> HttpResponse:
    """By whom and when a report is owed, and who is told when it is missing."""
    ensure_today(request)
    reader = reader_of(request)
    contract = contract_for(reader, code)
    found = _duty(reader, contract, duty_id)
    require(reader, Action.EDIT_RECORD, contract=contract.pk, factory=found.factory_id)

    def save(values: dict[str, Any], version: int, reason: str) -> ReportingDuty:
        for name, value in values.items():
            setattr(found, name, value)
        save_record(found, by=reader, change_reason=reason, changed=DUTY_FIELDS, version=version)
        return found

    context = _context(contract, str(found), gettext("Save the changes"))
    editing = Editing(_make(reader, contract, is_new=False), DUTY_FIELDS, context)
    return changing(request, found, editing, save, _done(request, code, gettext("The duty is saved.")))


def _make(reader: User, contract: Contract, *, is_new: bool) -> Callable[..., DutyForm]:
    factories = Factory.objects.for_reader(reader).filter(contract=contract).order_by("order", "code")
    return partial(DutyForm, factories=factories, people=people_in(contract.pk), is_new=is_new)


def _done(request: HttpRequest, code: str, told: str) -> Callable[[ReportingDuty], str]:
    def done(_saved: ReportingDuty) -> str:
        messages.success(request, told)
        return reverse("cluster:reporting", args=[code])

    return done


def _duty(reader: User, contract: Contract, duty_id: int) -> ReportingDuty:
    rows = ReportingDuty.objects.for_reader(reader).select_related("contract", "factory", "owed_by")
    found = rows.filter(contract=contract, pk=duty_id).first()
    if found is None:
        raise NotFound("There is no such reporting duty.")
    return found


def _context(contract: Contract, title: str, submit: str) -> dict[str, Any]:
    return {"contract": contract, "title": title, "submit": submit, "back": reverse("cluster:reporting", args=[contract.code])}
