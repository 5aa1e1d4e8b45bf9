"""What a contract is: its page with parties and amendments, and the forms that add and change it, them, and its factories."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from cluster.domain.access import Action
from cluster.domain.errors import NotFound
from cluster.models import Amendment, Contract, Factory, Party, User
from cluster.queries.contracts import contract_for, is_partial
from cluster.queries.factories import factory_for
from cluster.queries.history import record_history
from cluster.queries.people import people_of, sees_people
from cluster.queries.setup import missing_in
from cluster.services.access import require
from cluster.services.records import add_record, change_record
from cluster.web.door import as_of_from, ensure_today, page, reader_of
from cluster.web.editing import Editing, adding, changing
from cluster.web.forms.record import AmendmentForm, ContractForm, FactoryForm, PartyForm

HISTORY_SIZE = 25
M = TypeVar("M", bound=Model)


@page
@require_safe
def about(request: HttpRequest, code: str) -> HttpResponse:
    """Who signed the contract and when, how it was amended, how it is judged; for editors what is to be entered next."""
    reader, as_of = reader_of(request), as_of_from(request)
    contract = contract_for(reader, code)
    may_edit = as_of == timezone.localdate() and reader.scope.may(Action.EDIT_RECORD, contract=contract.pk)
    whole = not is_partial(reader, contract)
    context = {
        "contract": contract,
        "parties": list(Party.objects.for_reader(reader).filter(contract=contract).select_related("source")),
        "amendments": list(Amendment.objects.for_reader(reader).filter(contract=contract).select_related("source")),
        "whole": whole,
        "may_edit": may_edit,
        "steps": missing_in(reader, contract) if may_edit else [],
        "changes": record_history(record=contract, limit=HISTORY_SIZE, named=sees_people(reader, contract_id=contract.pk)) if whole else [],
    }
    return render(request, "cluster/about.html", context)


@page
def new_contract(request: HttpRequest) -> HttpResponse:
    """A contract to add, for editors of everything; its page says what to enter next."""
    ensure_today(request)
    reader = reader_of(request)
    require(reader, Action.EDIT_RECORD)
    context = {"title": gettext("New contract"), "submit": gettext("Add the contract"), "back": reverse("cluster:contracts")}
    context |= {"lede": gettext("Its sums, its term and the number of its factories are claims with sources: they follow.")}
    done = _done(request, gettext("“%(record)s” is added. What to enter next stands below."), _about)
    return adding(request, Editing(ContractForm, ContractForm.columns, context), _add(Contract, reader), done)


@page
def edit_contract(request: HttpRequest, code: str) -> HttpResponse:
    """What editors say of the contract."""
    reader, contract = _editor(request, code)
    editing = Editing(ContractForm, ContractForm.columns, _context(contract, gettext("Change the contract"), back=_about(contract)))
    return changing(request, contract, editing, _change(contract, reader), _saved(request, _about))


@page
def new_party(request: HttpRequest, code: str) -> HttpResponse:
    """A party to add."""
    return _new_part(request, code, Party, PartyForm, gettext("New party"), gettext("Add the party"))


@page
def edit_party(request: HttpRequest, code: str, party_id: int) -> HttpResponse:
    """What is known of a party."""
    return _edit_part(request, code, Party, PartyForm, party_id, gettext("Change the party"))


@page
def new_amendment(request: HttpRequest, code: str) -> HttpResponse:
    """An amendment to add."""
    return _new_part(request, code, Amendment, AmendmentForm, gettext("New amendment"), gettext("Add the amendment"))


@page
def edit_amendment(request: HttpRequest, code: str, amendment_id: int) -> HttpResponse:
    """What is known of an amendment."""
    return _edit_part(request, code, Amendment, AmendmentForm, amendment_id, gettext("Change the amendment"))


@page
def new_factory(request: HttpRequest, code: str) -> HttpResponse:
    """A factory to add."""
    reader, contract = _editor(request, code)
    context = _context(contract, gettext("New factory"), gettext("Add the factory"), back=reverse("cluster:factories", args=[code]))
    context["lede"] = gettext("Product, capacity, site and budget are claims: they follow on its page.")
    editing = Editing(partial(FactoryForm, people=people_of(contract.pk)), FactoryForm.columns, context)
    done = _done(request, gettext("“%(record)s” is added: give it a milestone, and what the sources say of it."), _factory)
    count = Factory.objects.for_reader(reader).filter(contract=contract).count()
    return adding(request, editing, _add(Factory, reader, contract_id=contract.pk), done, {"order": count + 1})


@page
def edit_factory(request: HttpRequest, code: str, factory: str) -> HttpResponse:
    """What editors say of a factory, a decision over it among that."""
    ensure_today(request)
    reader = reader_of(request)
    found = factory_for(reader, contract_code=code, factory_code=factory)
    require(reader, Action.EDIT_RECORD, contract=found.contract_id, factory=found.pk)
    context = _context(found.contract, gettext("Change the factory"), back=_factory(found))
    context |= {"eyebrow": f"{found.code} {found.name}", "up": found.code, "up_url": _factory(found)}
    people = people_of(found.contract_id, factory_id=found.pk)
    editing = Editing(partial(FactoryForm, people=people), FactoryForm.columns, context)
    return changing(request, found, editing, _change(found, reader), _saved(request, _factory))


def _new_part(request: HttpRequest, code: str, model: type[M], form: Any, title: str, submit: str) -> HttpResponse:
    """A part of the contract to add."""
    reader, contract = _editor(request, code)
    editing = Editing(partial(form, reader=reader), form.columns, _context(contract, title, submit, back=_about(contract)))
    done = _done(request, gettext("Added: %(record)s."), lambda _saved: _about(contract))
    return adding(request, editing, _add(model, reader, contract_id=contract.pk), done)


def _edit_part(request: HttpRequest, code: str, model: Any, form: Any, key: int, title: str) -> HttpResponse:
    """A part of the contract to change."""
    reader, contract = _editor(request, code)
    found = model.objects.for_reader(reader).filter(contract=contract, pk=key).first()
    if found is None:
        raise NotFound("There is no such record in this contract.")
    editing = Editing(partial(form, reader=reader), form.columns, _context(contract, title, back=_about(contract)))
    return changing(request, found, editing, _change(found, reader), _saved(request, lambda _saved: _about(contract)))


def _editor(request: HttpRequest, code: str) -> tuple[User, Contract]:
    """The reader, who edits the contract of the address, today."""
    ensure_today(request)
    reader = reader_of(request)
    contract = contract_for(reader, code)
    require(reader, Action.EDIT_RECORD, contract=contract.pk)
    return reader, contract


def _context(contract: Contract, title: str, submit: str = "", *, back: str) -> dict[str, Any]:
    return {"contract": contract, "title": title, "submit": submit or gettext("Save the changes"), "back": back}


def _add(model: type[M], reader: User, **parents: Any) -> Callable[[dict[str, Any], int, str], M]:
    return lambda values, _version, reason: add_record(model, {**parents, **values}, by=reader, change_reason=reason)


def _change(record: M, reader: User) -> Callable[[dict[str, Any], int, str], M]:
    return lambda values, version, reason: change_record(record, values, by=reader, version=version, change_reason=reason)


def _done(request: HttpRequest, sentence: str, address: Callable[[Any], str]) -> Callable[[Any], str]:
    def done(saved: Any) -> str:
        messages.success(request, sentence % {"record": saved})
        return address(saved)

    return done


def _saved(request: HttpRequest, address: Callable[[Any], str]) -> Callable[[Any], str]:
    return _done(request, gettext("Saved: %(record)s."), address)


def _about(contract: Contract) -> str:
    return reverse("cluster:about", args=[contract.code])


def _factory(factory: Factory) -> str:
    return reverse("cluster:factory", args=[factory.contract.code, factory.code])
