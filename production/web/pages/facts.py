"""Writing the record of production: brands, models, plans and capacity; each added or changed, for editors of the contract."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from cluster.domain.access import Action
from cluster.models import Contract, User
from cluster.queries.contracts import contract_for
from cluster.services.access import require
from cluster.web.door import ensure_today, page, reader_of
from cluster.web.editing import Editing, adding, changing
from cluster.web.forms.base import ReasonForm
from production.models import Brand, Capacity, PlanRevision, VehicleModel
from production.queries.brands import brand_by_code, model_by_id
from production.queries.facts import capacity_by_id, plan_by_id
from production.services import facts
from production.web.forms.facts import (
    BRAND_FIELDS,
    CAPACITY_FIELDS,
    MODEL_FIELDS,
    PLAN_FIELDS,
    BrandForm,
    CapacityCorrectionForm,
    CapacityForm,
    ModelForm,
    PlanCorrectionForm,
    PlanForm,
)


@page
def new_brand(request: HttpRequest, code: str) -> HttpResponse:
    """A brand to add."""
    reader, contract = _editor(request, code)

    def save(values: dict[str, Any], version: int, reason: str) -> Brand:
        return facts.add_brand(values, contract_id=contract.pk, by=reader, reason=reason)

    context = _about(contract, gettext("New brand"), gettext("Add the brand"))
    return adding(request, _editing(BrandForm, BRAND_FIELDS, reader, context), save, _done(request, _to_brand))


@page
def edit_brand(request: HttpRequest, code: str, brand: str) -> HttpResponse:
    """What is known of a brand: change it."""
    reader, contract = _editor(request, code)
    found = brand_by_code(reader, contract.pk, brand)

    def save(values: dict[str, Any], version: int, reason: str) -> Brand:
        return facts.change_brand(values, brand_id=found.pk, by=reader, version=version, reason=reason)

    context = _about(contract, gettext("Change the brand"), gettext("Save the changes"), brand=found)
    return changing(request, found, _editing(BrandForm, BRAND_FIELDS, reader, context), save, _done(request, _to_brand))


@page
def new_model(request: HttpRequest, code: str, brand: str) -> HttpResponse:
    """A model to add to a brand."""
    reader, contract = _editor(request, code)
    found = brand_by_code(reader, contract.pk, brand)

    def save(values: dict[str, Any], version: int, reason: str) -> VehicleModel:
        return facts.add_model(values, brand_id=found.pk, by=reader, reason=reason)

    context = _about(contract, gettext("New model"), gettext("Add the model"), brand=found)
    editing = _editing(ModelForm, MODEL_FIELDS, reader, context)
    return adding(request, editing, save, _done(request, _to_model), {"segment": found.segment})


@page
def edit_model(request: HttpRequest, code: str, model_id: int) -> HttpResponse:
    """What is known of a model: change it."""
    reader, contract = _editor(request, code)
    found = model_by_id(reader, contract.pk, model_id)

    def save(values: dict[str, Any], version: int, reason: str) -> VehicleModel:
        return facts.change_model(values, model_id=found.pk, by=reader, version=version, reason=reason)

    context = _about(contract, gettext("Change the model"), gettext("Save the changes"), brand=found.brand)
    return changing(request, found, _editing(ModelForm, MODEL_FIELDS, reader, context), save, _done(request, _to_model))


@page
def new_plan(request: HttpRequest, code: str) -> HttpResponse:
    """A plan for a year, the first one or one that revises the plan in force."""
    reader, contract = _editor(request, code)
    today = ensure_today(request)

    def save(values: dict[str, Any], version: int, reason: str) -> PlanRevision:
        return facts.announce_plan(values, contract_id=contract.pk, by=reader, today=today, reason=reason)

    context = _about(contract, gettext("Plan for a year"), gettext("Add the plan"))
    context["lede"] = gettext("A plan that was revised is added as a new one: the earlier ones stay, and the newest is in force.")
    editing = _editing(PlanForm, PLAN_FIELDS, reader, context)
    return adding(request, editing, save, _done(request, _to_overview), {"year": request.GET.get("year", "")[:4]})


@page
def correct_plan(request: HttpRequest, code: str, plan_id: int) -> HttpResponse:
    """What was entered wrongly of a plan: correct it."""
    reader, contract = _editor(request, code)
    today, found = ensure_today(request), plan_by_id(reader, contract.pk, plan_id)

    def save(values: dict[str, Any], version: int, reason: str) -> PlanRevision:
        return facts.correct_plan(values, plan_id=found.pk, by=reader, version=version, today=today, reason=reason)

    context = _about(contract, gettext("Correct the plan"), gettext("Save the correction"))
    context["lede"] = gettext("For what was entered wrongly. A plan that was revised is added as a new one.")
    editing = _editing(PlanCorrectionForm, PLAN_FIELDS, reader, context)
    return changing(request, found, editing, save, _done(request, _to_overview))


@page
def new_capacity(request: HttpRequest, code: str) -> HttpResponse:
    """A claim about the capacity from a date on."""
    reader, contract = _editor(request, code)
    today = ensure_today(request)

    def save(values: dict[str, Any], version: int, reason: str) -> Capacity:
        return facts.claim_capacity(values, contract_id=contract.pk, by=reader, today=today, reason=reason)

    context = _about(contract, gettext("Claim about capacity"), gettext("Add the claim"))
    editing = _editing(CapacityForm, CAPACITY_FIELDS, reader, context)
    return adding(request, editing, save, _done(request, _to_overview))


@page
def correct_capacity(request: HttpRequest, code: str, capacity_id: int) -> HttpResponse:
    """What was entered wrongly of a claim about capacity: correct it."""
    reader, contract = _editor(request, code)
    today, found = ensure_today(request), capacity_by_id(reader, contract.pk, capacity_id)

    def save(values: dict[str, Any], version: int, reason: str) -> Capacity:
        return facts.correct_capacity(values, capacity_id=found.pk, by=reader, version=version, today=today, reason=reason)

    context = _about(contract, gettext("Correct the capacity"), gettext("Save the correction"))
    context["lede"] = gettext("For what was entered wrongly. What another source says is a claim of its own.")
    editing = _editing(CapacityCorrectionForm, CAPACITY_FIELDS, reader, context)
    return changing(request, found, editing, save, _done(request, _to_overview))


def _editor(request: HttpRequest, code: str) -> tuple[User, Contract]:
    """The reader and the contract, whose record the reader may edit today."""
    ensure_today(request)
    reader = reader_of(request)
    contract = contract_for(reader, code)
    require(reader, Action.EDIT_RECORD, contract=contract.pk)
    return reader, contract


def _editing(form: Callable[..., ReasonForm], fields: Sequence[str], reader: User, context: dict[str, Any]) -> Editing:
    return Editing(partial(form, reader=reader), fields, context)


def _done(request: HttpRequest, address: Callable[[Any], str]) -> Callable[[Any], str]:
    """Says that the record is saved, and where it is read."""

    def done(record: Any) -> str:
        messages.success(request, gettext("Saved: %(record)s.") % {"record": record})
        return address(record)

    return done


def _about(contract: Contract, title: str, submit: str, *, brand: Brand | None = None) -> dict[str, Any]:
    up = reverse("production:overview", args=[contract.code])
    context = {"contract": contract, "title": title, "submit": submit, "up": gettext("Production"), "up_url": up, "back": up}
    if brand is not None:
        own = reverse("production:brand", args=[contract.code, brand.code])
        context |= {"up": str(brand), "up_url": own, "back": own}
    return context


def _to_overview(record: Any) -> str:
    return reverse("production:overview", args=[record.contract.code])


def _to_brand(brand: Brand) -> str:
    return reverse("production:brand", args=[brand.contract.code, brand.code])


def _to_model(model: VehicleModel) -> str:
    return _to_brand(model.brand)
