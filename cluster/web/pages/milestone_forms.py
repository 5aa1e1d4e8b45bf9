"""Writing milestones: a new one, a change, how far the work has come, and the end of one that was entered by mistake."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from cluster.domain.access import Action
from cluster.domain.errors import Conflict, DomainError
from cluster.models import Contract, Factory, Milestone, User
from cluster.models.form_fields import message_of
from cluster.queries.contracts import contract_for
from cluster.queries.people import people_of
from cluster.queries.what_if import with_work
from cluster.services.access import require
from cluster.services.milestones import add_milestone, change_milestone, delete_milestone, report_progress
from cluster.web.door import ensure_today, page, reader_of
from cluster.web.editing import Editing, adding, changing
from cluster.web.forms.base import ReasonForm
from cluster.web.forms.schedule import MILESTONE_FIELDS, PROGRESS_FIELDS, MilestoneForm, ProgressForm, RemovalForm
from cluster.web.pages.milestone import milestone_of

# What the schedule calls the columns by which a milestone moves.
_WORK = {"duration_days": "duration", "constraint": "constraint", "constraint_on": "constraint_on", "started_on": "started"}


@page
def new_milestone(request: HttpRequest, code: str) -> HttpResponse:
    """A milestone to add. The same filled-in form sent twice adds one."""
    ensure_today(request)
    reader = reader_of(request)
    contract = contract_for(reader, code)
    offered = _offered(reader, contract)
    factory = offered["factories"].filter(code=request.GET.get("factory", "")).first()
    # An editor of the contract, or of the factory that the address names.
    require(reader, Action.EDIT_RECORD, contract=contract.pk, factory=factory.pk if factory else None)
    context = {
        "contract": contract,
        "title": gettext("New milestone"),
        "submit": gettext("Add the milestone"),
        "back": reverse("cluster:factory", args=[code, factory.code]) if factory else reverse("cluster:contract", args=[code]),
    }

    def make(data: Any = None, **options: Any) -> ReasonForm:
        return MilestoneForm(data, **offered, **options)

    def save(values: dict[str, Any], _version: int, reason: str) -> Milestone:
        return add_milestone(values, contract_id=contract.pk, by=reader, reason=reason)

    def done(saved: Milestone) -> str:
        messages.success(request, gettext("“%(milestone)s” is added: say what it waits for.") % {"milestone": saved})
        return reverse("cluster:milestone", args=[code, saved.code])

    return adding(request, Editing(make, MILESTONE_FIELDS, context), save, done, {"factory": factory})


@page
def edit_milestone(request: HttpRequest, code: str, milestone: str) -> HttpResponse:
    """What editors say of a milestone: change it, or settle a conflict."""
    ensure_today(request)
    reader = reader_of(request)
    found = milestone_of(reader, code, milestone)
    require(reader, Action.EDIT_RECORD, contract=found.contract_id, factory=found.factory_id)
    offered = _offered(reader, found.contract, found.factory_id)

    def make(data: Any = None, **options: Any) -> ReasonForm:
        return MilestoneForm(data, **offered, **options)

    def save(values: dict[str, Any], version: int, reason: str) -> Milestone:
        return change_milestone(values, milestone_id=found.pk, by=reader, version=version, reason=reason)

    context = {"title": gettext("Change the milestone"), "submit": gettext("Save the changes")}
    return _changing(request, found, make, MILESTONE_FIELDS, save, context)


@page
def progress(request: HttpRequest, code: str, milestone: str) -> HttpResponse:
    """When the work of a milestone began and when it was reached: tell it, correct it, or settle a conflict."""
    today, reader = ensure_today(request), reader_of(request)
    found = milestone_of(reader, code, milestone)
    require(reader, Action.REVISE_FORECAST, contract=found.contract_id, factory=found.factory_id)

    def make(data: Any = None, **options: Any) -> ReasonForm:
        return ProgressForm(data, reader=reader, **options)

    def save(values: dict[str, Any], version: int, reason: str) -> Milestone:
        return report_progress(values, milestone_id=found.pk, by=reader, version=version, today=today, reason=reason)

    context = {"title": gettext("Report progress"), "submit": gettext("Save the progress")}
    return _changing(request, found, make, PROGRESS_FIELDS, save, context)


@page
def delete(request: HttpRequest, code: str, milestone: str) -> HttpResponse:
    """Delete a milestone of which nothing was told, once the person has said so."""
    ensure_today(request)
    reader = reader_of(request)
    found = milestone_of(reader, code, milestone)
    require(reader, Action.EDIT_RECORD, contract=found.contract_id, factory=found.factory_id)
    context = {
        "milestone": found,
        "contract": found.contract,
        "title": gettext("Delete the milestone"),
        "question": gettext("It goes with its dependencies; the history keeps it."),
        "back": reverse("cluster:milestone", args=[code, found.code]),
    }

    def remove(version: int, reason: str) -> None:
        delete_milestone(milestone_id=found.pk, by=reader, version=version, reason=reason)

    done = gettext("“%(milestone)s” is deleted; it stays in the history.") % {"milestone": found}
    after = reverse("cluster:factory", args=[code, found.factory.code]) if found.factory else reverse("cluster:contract", args=[code])
    return removing(request, found.version, remove, context, done=done, after=after)


def removing(
    request: HttpRequest, version: int, remove: Callable[[int, str], None], context: dict[str, Any], *, done: str, after: str
) -> HttpResponse:
    """The page that asks before something is taken away: `remove` gets the version that the person saw, and why."""
    form, status = RemovalForm(request.POST if request.method == "POST" else None, initial={"version": version}), 200
    if request.method == "POST" and form.is_valid():
        try:
            remove(form.cleaned_data["version"] or 0, form.cleaned_data["reason"])
        except Conflict as error:
            context["stale"] = message_of(error)
            form, status = RemovalForm(initial={**form.texts, "version": version}), 409
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, done)
            return redirect(after)
    return render(request, "cluster/removal_form.html", {**context, "form": form}, status=422 if form.errors else status)


def _changing(
    request: HttpRequest,
    found: Milestone,
    make: Callable[..., ReasonForm],
    fields: Sequence[str],
    save: Callable[[dict[str, Any], int, str], Milestone],
    context: dict[str, Any],
) -> HttpResponse:
    """A form over columns of a milestone, which can tell what would move before it is saved."""
    context |= {
        "milestone": found,
        "contract": found.contract,
        "back": reverse("cluster:milestone", args=[found.contract.code, found.code]),
        "what": gettext("The milestone itself was changed in the meantime."),
    }

    def preview(form: ReasonForm, told: dict[str, Any]) -> None:
        given = form.cleaned_data
        changes = {work: given[name] for name, work in _WORK.items() if name in given}
        if "actual" in given:
            changes["actual"] = given["actual"].latest if given["actual"] else None
        told["consequences"] = with_work(found, changes, reader=reader_of(request), today=ensure_today(request))

    def done(saved: Milestone) -> str:
        messages.success(request, gettext("Saved: %(milestone)s.") % {"milestone": saved})
        return reverse("cluster:milestone", args=[saved.contract.code, saved.code])

    editing = Editing(make, fields, context, preview)
    return changing(request, found, editing, save, done, version_of=lambda one: one.version, version_column="version")


def _offered(reader: User, contract: Contract, factory_id: int | None = None) -> dict[str, Any]:
    factories = Factory.objects.for_reader(reader).filter(contract=contract).order_by("order", "code")
    return {"factories": factories, "people": people_of(contract.pk, factory_id=factory_id)}
