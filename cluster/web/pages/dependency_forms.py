"""Writing dependencies: link two milestones, change a link, take it away; what would move is told before."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from cluster.domain.access import Action
from cluster.domain.errors import Conflict, DomainError
from cluster.models import Dependency, Milestone, User
from cluster.models.form_fields import message_of
from cluster.queries.contracts import contract_for
from cluster.queries.history import newest_event
from cluster.queries.links import link_for
from cluster.queries.what_if import with_link
from cluster.services.access import require
from cluster.services.dependencies import add_dependency, change_dependency, remove_dependency
from cluster.web.door import ensure_today, page, reader_of
from cluster.web.forms.schedule import DependencyForm
from cluster.web.pages.milestone import milestone_of
from cluster.web.pages.milestone_forms import removing


@page
def add(request: HttpRequest, code: str, milestone: str) -> HttpResponse:
    """A link between the milestone of the address and another one: check what would move, then save it."""
    ensure_today(request)
    reader = reader_of(request)
    found = milestone_of(reader, code, milestone)
    require(reader, Action.EDIT_RECORD, contract=found.contract_id, factory=found.factory_id)
    others = Milestone.objects.for_reader(reader).filter(contract=found.contract).exclude(pk=found.pk).order_by("factory__order", "code")
    context = _context(found, gettext("Add a dependency"))
    if request.method != "POST":
        way = DependencyForm.AFTER if request.GET.get("way") == DependencyForm.AFTER else DependencyForm.BEFORE
        return _answer(request, DependencyForm(others=others, initial={"way": way}), context)
    form = DependencyForm(request.POST, others=others)
    if form.is_valid():
        given = form.cleaned_data
        pair = (given["other"], found) if given["way"] == DependencyForm.BEFORE else (found, given["other"])
        link = Dependency(predecessor=pair[0], successor=pair[1], type=given["type"], lag_days=given["lag_days"])
        if "preview" in request.POST:
            return _preview(request, form, link, context)
        try:
            add_dependency(
                predecessor_id=link.predecessor_id,
                successor_id=link.successor_id,
                type=link.type,
                lag_days=link.lag_days,
                by=reader,
                reason=given["reason"],
            )
        except DomainError as error:
            form.refuse(error)
        else:
            told = {"waits": link.successor.code, "first": link.predecessor.code}
            messages.success(request, gettext("%(waits)s waits for %(first)s.") % told)
            return redirect("cluster:milestone", code, found.code)
    return _answer(request, form, context, status=422)


@page
def edit(request: HttpRequest, code: str, dependency_id: int) -> HttpResponse:
    """The type and the lag of a link."""
    ensure_today(request)
    reader = reader_of(request)
    link = _editable(reader, code, dependency_id)
    context = _context(_shown_on(request, link), gettext("Change the dependency")) | {"link": link}
    if request.method != "POST":
        shown = {"type": link.type, "lag_days": link.lag_days, "version": newest_event(link)}
        return _answer(request, DependencyForm(initial=shown), context)
    form = DependencyForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        if "preview" in request.POST:
            link.type, link.lag_days = given["type"], given["lag_days"]
            return _preview(request, form, link, context)
        try:
            change_dependency(
                dependency_id=link.pk,
                type=given["type"],
                lag_days=given["lag_days"],
                by=reader,
                version=given["version"] or 0,
                reason=given["reason"],
            )
        except Conflict as error:
            fresh = DependencyForm(initial={**form.texts, "version": newest_event(link)})
            now = {"stale": message_of(error), "theirs": f"{link.get_type_display()}, {link.lag_days}"}
            return _answer(request, fresh, context | now, status=409)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, gettext("The dependency is saved."))
            return redirect(context["back"])
    return _answer(request, form, context, status=422)


@page
def remove(request: HttpRequest, code: str, dependency_id: int) -> HttpResponse:
    """Take a link away, once the person has said so."""
    ensure_today(request)
    reader = reader_of(request)
    link = _editable(reader, code, dependency_id)
    told = {"waits": link.successor.code, "first": link.predecessor.code}
    context = _context(_shown_on(request, link), gettext("Remove the dependency"))
    context |= {"question": gettext("%(waits)s will not wait for %(first)s any more; the history keeps the dependency.") % told}

    def take_away(version: int, reason: str) -> None:
        remove_dependency(dependency_id=link.pk, by=reader, version=version, reason=reason)

    done = gettext("%(waits)s does not wait for %(first)s any more.") % told
    return removing(request, newest_event(link), take_away, context, done=done, after=context["back"])


def _editable(reader: User, code: str, dependency_id: int) -> Dependency:
    contract_for(reader, code)
    link = link_for(reader, contract_code=code, dependency_id=dependency_id)
    require(reader, Action.EDIT_RECORD, contract=link.successor.contract_id, factory=link.successor.factory_id)
    return link


def _shown_on(request: HttpRequest, link: Dependency) -> Milestone:
    """The milestone from whose page one came, which may be either end of the link."""
    return link.predecessor if request.GET.get("at") == link.predecessor.code else link.successor


def _context(milestone: Milestone, title: str) -> dict[str, Any]:
    back = reverse("cluster:milestone", args=[milestone.contract.code, milestone.code])
    submit = gettext("Save the dependency")
    return {"milestone": milestone, "contract": milestone.contract, "title": title, "submit": submit, "back": back, "previews": True}


def _preview(request: HttpRequest, form: DependencyForm, link: Dependency, context: dict[str, Any]) -> HttpResponse:
    """What would move; a circle is an error of the form already here."""
    today, reader = ensure_today(request), reader_of(request)
    try:
        context["consequences"] = with_link(link, reader=reader, today=today)
    except DomainError as error:
        form.refuse(error)
    return _answer(request, form, context, status=422 if form.errors else 200)


def _answer(request: HttpRequest, form: DependencyForm, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return render(request, "cluster/record_form.html", {**context, "form": form}, status=status)
