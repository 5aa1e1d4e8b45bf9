"""Writing milestones: a new one, a change, how far the work has come, and the end of one that was entered by mistake."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from cluster.domain.access import Action
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.domain.merging import merge
from cluster.models import Contract, Factory, Milestone, User
from cluster.models.form_fields import message_of
from cluster.queries.contracts import contract_for
from cluster.queries.people import people_of
from cluster.queries.what_if import with_work
from cluster.services.access import require
from cluster.services.milestones import add_milestone, change_milestone, delete_milestone, report_progress
from cluster.web.conflicts import conflict_rows, in_words, with_their_choices
from cluster.web.door import ensure_today, page, reader_of
from cluster.web.forms.base import RecordForm
from cluster.web.forms.schedule import MILESTONE_FIELDS, PROGRESS_FIELDS, MilestoneForm, ProgressForm, ReasonForm, RemovalForm
from cluster.web.pages.milestone import milestone_of

# What the schedule calls the columns by which a milestone moves.
_WORK = {"duration_days": "duration", "constraint": "constraint", "constraint_on": "constraint_on", "started_on": "started"}
# Columns of the services that the forms hold as objects.
_BY_ID = ("factory", "responsible", "actual_source")


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
    if request.method != "POST":
        return _answer(request, MilestoneForm(**offered, initial={"factory": factory}), context)
    form = MilestoneForm(request.POST, **offered)
    if form.is_valid():
        given = form.cleaned_data
        values = _values(given, MILESTONE_FIELDS)
        if saved := attempt(form, lambda: add_milestone(values, contract_id=contract.pk, by=reader, reason=given["reason"])):
            messages.success(request, gettext("“%(milestone)s” is added: say what it waits for.") % {"milestone": saved})
            return redirect("cluster:milestone", code, saved.code)
    return _answer(request, form, context, status=422)


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


def attempt(form: RecordForm, write: Callable[[], Milestone]) -> Milestone | None:
    """What a service wrote; None where it refused, with the refusal at its field. A stale state stays a Conflict."""
    try:
        return write()
    except Conflict:
        raise
    except NotFound as error:
        if not error.field:
            raise
        form.refuse(error)
    except DomainError as error:
        form.refuse(error)
    except ValidationError as error:
        for name, found in getattr(error, "error_dict", {"": [error]}).items():
            form.add_error(name if name in form.fields else None, found)
    return None


def _changing(
    request: HttpRequest,
    found: Milestone,
    make: Callable[..., ReasonForm],
    fields: Sequence[str],
    save: Callable[[dict[str, Any], int, str], Milestone],
    context: dict[str, Any],
) -> HttpResponse:
    """A form over columns of a milestone: show it, save it, or let the person settle what somebody else changed meanwhile."""
    shown = {name: getattr(found, name) for name in fields}
    back = reverse("cluster:milestone", args=[found.contract.code, found.code])
    context |= {"milestone": found, "contract": found.contract, "back": back, "previews": True}
    if request.method != "POST":
        return _answer(request, make(initial=shown | {"version": found.version}), context)
    fresh = request.POST.get("version") == str(found.version)
    form = make(with_their_choices(request.POST, shown) if fresh else request.POST)
    if form.is_valid() and "preview" in request.POST:
        return _preview(request, form, found, context)
    if form.is_valid():
        given = form.cleaned_data
        try:
            saved = attempt(form, lambda: save(_values(given, fields), given["version"] or 0, given["reason"]))
        except Conflict:
            return _conflict(request, form, milestone_of(reader_of(request), found.contract.code, found.code), make, fields, context)
        if saved is not None:
            messages.success(request, gettext("Saved: %(milestone)s.") % {"milestone": saved})
            return redirect("cluster:milestone", saved.contract.code, saved.code)
    return _answer(request, form, context, status=422)


def _preview(request: HttpRequest, form: ReasonForm, found: Milestone, context: dict[str, Any]) -> HttpResponse:
    """What would move if it were saved so."""
    given = form.cleaned_data
    changes = {work: given[name] for name, work in _WORK.items() if name in given}
    if "actual" in given:
        changes["actual"] = given["actual"].latest if given["actual"] else None
    try:
        context["consequences"] = with_work(found, changes, reader=reader_of(request), today=ensure_today(request))
    except DomainError as error:
        form.refuse(error)
    return _answer(request, form, context, status=422 if form.errors else 200)


def _conflict(
    request: HttpRequest,
    form: ReasonForm,
    current: Milestone,
    make: Callable[..., ReasonForm],
    fields: Sequence[str],
    context: dict[str, Any],
) -> HttpResponse:
    """The page for two: what stood there, theirs, yours; what only one side touched is merged already."""
    theirs = {name: getattr(current, name) for name in fields}
    opened = current.history.filter(version=form.cleaned_data["version"] or 0).order_by("-pgh_id").first()  # type: ignore[attr-defined]
    original = {name: _as_it_was(opened, name) for name in fields} if opened else theirs
    merged = merge(fields, original=original, theirs=theirs, mine=form.cleaned_data)
    kept = {"version": current.version, "reason": form.cleaned_data["reason"], "request_key": form.cleaned_data["request_key"]}
    again = make(initial={field.name: field.value for field in merged} | kept)
    told: dict[str, Callable[[object], str]] = {name: _chosen(form.fields[name]) for name in ("kind", "constraint") if name in form.fields}
    told |= {"scored": lambda value: gettext("yes") if value else gettext("no")}
    rows = conflict_rows(merged, {name: str(form.fields[name].label) for name in fields}, told)
    what = gettext("The milestone itself was changed in the meantime.")
    return _answer(request, again, context | {"conflict": True, "rows": rows, "what": what}, status=409)


def _as_it_was(event: Any, name: str) -> Any:
    """A value of a milestone by an event of its history: windows from their columns."""
    if name != "actual":
        return getattr(event, name)
    then = Milestone(**{column: getattr(event, column) for column in ("actual_earliest", "actual_latest", "actual_precision")})
    return then.actual


def _chosen(field: Any) -> Callable[[object], str]:
    words = dict(field.choices)
    return lambda value: str(words[value]) if value and value in words else in_words(value)


def _values(given: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """What was filled in, as the services take it: objects by their ids."""
    return {f"{name}_id" if name in _BY_ID else name: getattr(given[name], "pk", given[name]) for name in fields}


def _offered(reader: User, contract: Contract, factory_id: int | None = None) -> dict[str, Any]:
    factories = Factory.objects.for_reader(reader).filter(contract=contract).order_by("order", "code")
    return {"factories": factories, "people": people_of(contract.pk, factory_id=factory_id)}


def _answer(request: HttpRequest, form: ReasonForm, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return render(request, "cluster/record_form.html", {**context, "form": form}, status=status)
