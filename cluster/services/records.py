"""Saving and deleting one record of the kinds that people edit by hand: right, validation, reason and history in one transaction."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

import pghistory
from django.core.exceptions import ValidationError
from django.db import models, transaction

from cluster.domain.access import Action, Role
from cluster.domain.errors import Conflict, DomainError, Forbidden, NotFound
from cluster.models import (
    Baseline,
    BaselineMilestone,
    BudgetLine,
    CalendarException,
    Claim,
    Contract,
    Dependency,
    JobRun,
    Membership,
    Milestone,
    Subscription,
    User,
)
from cluster.models.form_fields import as_validation_error
from cluster.models.scope import ScopedQuerySet, scope_of
from cluster.models.windows import Window
from cluster.queries.history import newest_event
from cluster.queries.people import people_of
from cluster.services.access import mirror_groups, require
from cluster.services.administrators import refuse_lockout
from cluster.services.budgets import refuse_by_hand
from cluster.services.discussion import follow_milestone
from cluster.services.follow_up import Name, after_write
from cluster.services.locks import one_at_a_time
from cluster.services.schedule_rules import refuse_in_schedule
from cluster.services.subscriptions import subscribe_as_usual

M = TypeVar("M", bound=models.Model)

# Accounts belong to no contract: whoever writes them is an administrator of everything.
_ACCOUNTS = (User, Membership, Subscription)

# What the change of a record makes out of date.
_FOLLOW_UP: dict[type[models.Model], tuple[JobRun.Name, ...]] = {
    Baseline: (Name.CONVERT, Name.FLAG_DELAYS),
    BaselineMilestone: (Name.FLAG_DELAYS,),
    BudgetLine: (Name.CONVERT,),
    CalendarException: (Name.FLAG_DELAYS,),
    Claim: (Name.CONVERT,),
    Contract: (Name.FLAG_DELAYS,),
    Dependency: (Name.FLAG_DELAYS,),
    Milestone: (Name.FLAG_DELAYS,),
}


@transaction.atomic
def add_record(model: type[M], values: Mapping[str, Any], *, by: User, change_reason: str = "") -> M:
    """Add one record of the kinds that people edit by hand. `values` names columns, and windows of columns by their property.

    The same record sent twice is one record. Raises Forbidden, NotFound for something named that `by` does not see, or
    ValidationError naming the field.
    """
    record = model()
    _put(record, values)
    require_edit(by, record)
    _refuse_unseen(record, values, by)
    one_at_a_time(f"new {model._meta.label_lower}")
    columns: list[Any] = [model._meta.get_field(name) for name in columns_of(model, values)]
    same = {column.attname: getattr(record, column.attname) for column in columns}
    given = {f"{name}__isnull" if value is None else name: True if value is None else value for name, value in same.items()}
    twin = model._default_manager.filter(**given).order_by("pk").first()
    if twin is not None:
        return twin
    save_record(record, by=by, change_reason=change_reason)
    return record


@transaction.atomic
def change_record(record: M, values: Mapping[str, Any], *, by: User, version: int, change_reason: str = "") -> M:
    """Change what `values` names. `version` is the newest event of the record that the person saw.

    Values that stand there already are no change, whoever saved them. Raises Forbidden, NotFound, Conflict with the record as it
    stands now, or ValidationError naming the field.
    """
    stored = type(record)._default_manager.select_for_update(of=("self",)).get(pk=record.pk)
    require_edit(by, stored)
    changed = {name: value for name, value in values.items() if getattr(stored, name) != value}
    if changed:
        refuse_stale(stored, version)
        _put(stored, changed)
        _refuse_unseen(stored, changed, by)
        save_record(stored, by=by, change_reason=change_reason, changed=columns_of(type(stored), changed))
    return stored


def columns_of(model: type[models.Model], names: Iterable[str]) -> set[str]:
    """The fields behind the names, as a save takes them: a window is three."""
    found: set[str] = set()
    for name in names:
        window = getattr(model, name, None)
        found |= set(window.names) if isinstance(window, Window) else {name.removesuffix("_id")}
    return found


def _put(record: models.Model, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(record, name, value)


def _refuse_unseen(record: models.Model, values: Mapping[str, Any], by: User) -> None:
    """NotFound for a row that `by` does not see; ValidationError for a person without a role where the record belongs."""
    for name in values:
        key = getattr(record, name) if name.endswith("_id") else None
        if key is None:
            continue
        field = name.removesuffix("_id")
        related: Any = record._meta.get_field(field).related_model
        contract, factory = place_of(record)
        rows = people_of(contract, factory_id=factory) if related is User and contract else related._default_manager.for_reader(by)
        if not rows.filter(pk=key).exists():
            raise NotFound("Choose one from the list: there is no such record for you.", field=field, code="choice")


@transaction.atomic
def save_record(
    instance: models.Model,
    *,
    by: User,
    change_reason: str = "",
    changed: Collection[str] | None = None,
    version: int | None = None,
    action: Action = Action.EDIT_RECORD,
) -> None:
    """Validate and save one record. `changed` names the columns to write, so that others' columns are left alone; None: all.

    A record that exists is locked first, and its newest event must still be the `version` the person saw. Raises
    Forbidden, Conflict (with the record as it stands now), ValidationError, or DomainError where nobody would be left to give roles.
    """
    is_new = instance.pk is None
    require_edit(by, instance, action)
    if not is_new:
        require_edit(by, _stored(instance, version), action)
        refuse_lockout(instance, by=by)
    columns = None if is_new or changed is None else set(changed)
    if is_new and hasattr(instance, "recorded_by_id"):
        instance.recorded_by = by  # type: ignore[attr-defined]
    if not is_new and hasattr(instance, "version"):
        instance.version += 1
        columns = columns and columns | {"version"}
    instance.full_clean()
    refuse_by_rule(instance)
    with _because(change_reason):
        instance.save(update_fields=columns)
    after_write(*_FOLLOW_UP.get(type(instance), ()))
    if isinstance(instance, Membership):
        mirror_groups(instance.user)
        subscribe_as_usual(instance.user)
    if isinstance(instance, Milestone) and not is_new and (columns is None or "factory" in columns):
        follow_milestone(instance)


@transaction.atomic
def delete_record(instance: models.Model, *, by: User, change_reason: str = "") -> None:
    """Delete one record; what it looked like stays in the history.

    Raises Forbidden, ValidationError when it is frozen, ProtectedError while others name it, or DomainError where nobody would be left
    to give roles.
    """
    require_edit(by, instance)
    refuse_lockout(instance, by=by, deleting=True)
    refuse_by_rule(instance, deleting=True)
    user = instance.user if isinstance(instance, Membership) else None
    with _because(change_reason):
        instance.delete()
    after_write(*_FOLLOW_UP.get(type(instance), ()))
    if user is not None:
        mirror_groups(user)


def refuse_by_rule(instance: models.Model, *, deleting: bool = False) -> None:
    """Raise ValidationError, at the field concerned, when a rule of the record's own services refuses it; call it in a transaction."""
    try:
        refuse_by_hand(instance, deleting=deleting)
        if not deleting:
            refuse_in_schedule(instance)
    except DomainError as error:
        refusal = as_validation_error(error)
        # A field is a column or a window of columns.
        is_field = bool(error.field) and hasattr(type(instance), error.field)
        raise (ValidationError({error.field: refusal}) if is_field else refusal) from error


def require_edit(by: User, instance: models.Model, action: Action = Action.EDIT_RECORD) -> None:
    """Raise Forbidden unless `by` may edit this record by hand, or may do that part of it which `action` is."""
    if isinstance(instance, _ACCOUNTS):
        scope = scope_of(by)
        if not scope.superuser and not any(g.role is Role.ADMIN and g.contract is None for g in scope.grants):
            raise Forbidden("Your role does not allow this.")
        person = instance.user if isinstance(instance, Membership) else instance
        if isinstance(person, User) and person.is_superuser and not scope.superuser:
            raise Forbidden("Only a superuser may change a superuser.")
        return
    contract, factory = place_of(instance)
    require(by, action, contract=contract, factory=factory)


def place_of(instance: models.Model) -> tuple[int | None, int | None]:
    """The ids of the contract and the factory that a record belongs to, by the paths of its model's gate."""
    gate: Any = type(instance)._default_manager.all()
    if not isinstance(gate, ScopedQuerySet):
        return None, None
    return _follow(instance, gate.contract_path), _follow(instance, gate.factory_path)


def _follow(instance: models.Model, path: str) -> int | None:
    if not path:
        return None
    value: Any = instance
    for name in path.split("__"):
        value = None if value is None else getattr(value, name)
    found: int | None = value
    return found


def refuse_stale(instance: models.Model, version: int) -> None:
    """Lock the record until the transaction ends; Conflict when its newest event is not the `version` the person saw."""
    stored = type(instance)._default_manager.select_for_update().filter(pk=instance.pk).order_by("pk").first()
    if newest_event(instance) != version:
        raise Conflict("Somebody changed this record since you opened it: look at it again.", current=stored)


def _stored(instance: models.Model, version: int | None) -> models.Model:
    """The record as the database has it, locked; Conflict when somebody saved it after the person read it."""
    if version is not None:
        refuse_stale(instance, version)
    stored = type(instance)._default_manager.select_for_update().get(pk=instance.pk)
    if hasattr(stored, "version"):
        instance.version = stored.version  # type: ignore[attr-defined]
    return stored


def _because(reason: str) -> Any:
    """History context with the reason, where there is one."""
    return pghistory.context(reason=reason) if reason else pghistory.context()
