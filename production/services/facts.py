"""Writing the record of production by hand: brands, their models, plans by year, capacity."""

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model

from cluster.domain.access import Action
from cluster.domain.dates import DateWindow, refuse_far
from cluster.domain.errors import DomainError, NotFound
from cluster.models import Contract, Source, User
from cluster.services.access import require
from cluster.services.locks import one_at_a_time
from cluster.services.records import refuse_stale, save_record
from cluster.services.sources import document_source
from production.models import Brand, Capacity, PlanRevision, VehicleModel

M = TypeVar("M", bound=Model)
F = TypeVar("F", PlanRevision, Capacity)


@transaction.atomic
def add_brand(values: Mapping[str, Any], *, contract_id: int, by: User, reason: str = "") -> Brand:
    """Add a brand to a contract; the same one sent twice is one.

    `values` are columns of the model and windows by their names. Raises NotFound, Forbidden, DomainError or ValidationError at the field.
    """
    brand = Brand(contract=_contract(contract_id, by))
    _put(brand, values, by)
    twin = Brand.objects.filter(contract_id=contract_id, code=brand.code).first()
    return _added(brand, twin, values, by, reason, DomainError("There is already a brand of this code.", field="code", code="duplicate"))


@transaction.atomic
def change_brand(values: Mapping[str, Any], *, brand_id: int, by: User, version: int, reason: str = "") -> Brand:
    """Change a brand; `version` is the newest event of it that the person saw. Raises Conflict too, with the brand as it is now."""
    return _changed(_found(Brand, brand_id, by), values, by, version, reason)


@transaction.atomic
def add_model(values: Mapping[str, Any], *, brand_id: int, by: User, reason: str = "") -> VehicleModel:
    """Add a model to a brand; the same one sent twice is one. Raises as `add_brand`."""
    brand = _found(Brand, brand_id, by)
    _contract(brand.contract_id, by)
    model = VehicleModel(brand=brand)
    _put(model, values, by)
    twin = VehicleModel.objects.filter(brand=brand, name=model.name).first()
    refusal = DomainError("The brand has a model of this name already.", field="name", code="duplicate")
    return _added(model, twin, values, by, reason, refusal)


@transaction.atomic
def change_model(values: Mapping[str, Any], *, model_id: int, by: User, version: int, reason: str = "") -> VehicleModel:
    """Change a model of a brand. Raises as `change_brand`."""
    return _changed(_found(VehicleModel, model_id, by), values, by, version, reason)


@transaction.atomic
def announce_plan(values: Mapping[str, Any], *, contract_id: int, by: User, today: date, reason: str = "") -> PlanRevision:
    """Add a plan for a year as it was announced; earlier ones stay, and the newest of those that count is the plan in force.

    Without a `source_id` it rests on the `document` named there; without `announced` it was announced today. What says the same in
    all things is one plan. Raises as `add_brand`.
    """
    plan = PlanRevision(contract=_contract(contract_id, by))
    return _told(plan, values, by, today, reason)


@transaction.atomic
def correct_plan(values: Mapping[str, Any], *, plan_id: int, by: User, version: int, today: date, reason: str) -> PlanRevision:
    """Correct what was entered wrongly of a plan, and say why: a plan that was revised is a plan of its own. Raises as `change_brand`."""
    return _corrected(_found(PlanRevision, plan_id, by), values, by, version, today, reason)


@transaction.atomic
def claim_capacity(values: Mapping[str, Any], *, contract_id: int, by: User, today: date, reason: str = "") -> Capacity:
    """Add a claim about the capacity from a date on; where it is in use, the one in use for that time goes out of use and stays.

    Raises as `add_brand`.
    """
    capacity = Capacity(contract=_contract(contract_id, by))
    return _told(capacity, values, by, today, reason)


@transaction.atomic
def correct_capacity(values: Mapping[str, Any], *, capacity_id: int, by: User, version: int, today: date, reason: str) -> Capacity:
    """Correct what was entered wrongly of a claim about capacity, and say why. Raises as `change_brand`."""
    return _corrected(_found(Capacity, capacity_id, by), values, by, version, today, reason)


def _contract(contract_id: int, by: User) -> Contract:
    """The contract, into which nobody else writes such facts until the transaction ends: the same form sent twice meets its first."""
    contract = Contract.objects.for_reader(by).filter(pk=contract_id).first()
    if contract is None:
        raise NotFound("There is no such contract.", field="contract")
    require(by, Action.EDIT_RECORD, contract=contract.pk)
    one_at_a_time(f"production {contract.pk}")
    return contract


def _found(model: type[M], key: int, by: User) -> M:
    found: M | None = model._default_manager.for_reader(by).filter(pk=key).first()  # type: ignore[attr-defined]
    if found is None:
        raise NotFound("There is no such record.")
    return found


def _put(record: Model, values: Mapping[str, Any], by: User) -> None:
    for name, value in values.items():
        setattr(record, name, value.strip() if isinstance(value, str) else value)
        if isinstance(value, DateWindow):
            refuse_far(value, field=name)
    source_id = values.get("source_id")
    if source_id is not None and not Source.objects.for_reader(by).filter(pk=source_id).exists():
        raise DomainError("There is no such source.", field="source", code="choice")


def _says(record: Model, like: Model, names: Mapping[str, Any]) -> bool:
    return all(getattr(record, name) == getattr(like, name) for name in names)


def _added(record: M, twin: M | None, values: Mapping[str, Any], by: User, reason: str, refusal: DomainError) -> M:
    if twin is not None:
        if _says(twin, record, values):
            return twin
        raise refusal
    save_record(record, by=by, change_reason=reason)
    return record


def _changed(record: M, values: Mapping[str, Any], by: User, version: int, reason: str) -> M:
    """Write what differs; values that stand there already are no change, whoever wrote them."""
    stood = {name: getattr(record, name) for name in values}
    _put(record, values, by)
    changed = [name for name, before in stood.items() if getattr(record, name) != before]
    if changed:
        save_record(record, by=by, change_reason=reason, changed=_columns(changed), version=version)
    return record


def _told(fact: F, values: Mapping[str, Any], by: User, today: date, reason: str) -> F:
    """Save a sourced fact once; `values` may name a `document` in place of a source."""
    values = dict(values)
    document = str(values.pop("document", "")).strip()
    _put(fact, values, by)
    _check(fact, today)
    if fact.source_id is None:
        if not document:
            raise DomainError("Name a source or a document: every figure answers “where from?”.", field="source", code="required")
        fact.source = document_source(document, contract_id=fact.contract_id, factory_id=None, today=today)
    same = type(fact).objects.filter(contract_id=fact.contract_id, source_id=fact.source_id, low=fact.low, high=fact.high)
    for twin in same:
        if _says(twin, fact, {**values, "announced": None}):
            return twin
    _make_room(fact, by)
    save_record(fact, by=by, change_reason=reason)
    return fact


def _corrected(fact: F, values: Mapping[str, Any], by: User, version: int, today: date, reason: str) -> F:
    _contract(fact.contract_id, by)
    stood = {name: getattr(fact, name) for name in values}
    _put(fact, values, by)
    _check(fact, today)
    changed = [name for name, before in stood.items() if getattr(fact, name) != before]
    if changed:
        refuse_stale(fact, version)
        if not reason.strip():
            raise DomainError("Say why what was told before is corrected.", field="reason", code="required")
        _make_room(fact, by)
        save_record(fact, by=by, change_reason=reason, changed=_columns(changed))
    return fact


def _check(fact: PlanRevision | Capacity, today: date) -> None:
    """The rules of what sources say: bounds in their order, and an announcement that was made."""
    if fact.low is None and fact.high is None:
        raise DomainError("Give at least one bound.", field="low", code="required")
    if fact.low is not None and fact.high is not None and fact.low > fact.high:
        raise DomainError("The low bound lies above the high one.", field="high", code="range")
    fact.announced = fact.announced or DateWindow.day(today)
    if fact.announced.earliest > today:
        raise DomainError("This day has not come: nothing was announced then.", field="announced", code="future")


def _make_room(fact: PlanRevision | Capacity, by: User) -> None:
    """Of claims about the capacity at one time one is in use: the one that was goes out of use."""
    if not isinstance(fact, Capacity) or not fact.in_use:
        return
    place = {name: getattr(fact, name) for name in ("contract_id", "effective_earliest", "effective_latest", "unit")}
    for rival in Capacity.objects.filter(in_use=True, **place).exclude(pk=fact.pk):
        rival.in_use = False
        save_record(rival, by=by, changed=["in_use"])


def _columns(names: list[str]) -> set[str]:
    """The fields behind columns and windows, as a save takes them."""
    windows = {name: [f"{name}_{part}" for part in ("earliest", "latest", "precision")] for name in ("announced", "effective", "started")}
    return {column for name in names for column in windows.get(name, [name.removesuffix("_id")])}
