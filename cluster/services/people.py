"""Accounts and roles: administrators of everything write them, the first of them is made; each person sets language and time zone."""

from collections.abc import Collection, Mapping
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from cluster.domain.access import Role
from cluster.domain.errors import DomainError, NotFound
from cluster.models import Contract, Factory, Membership, User
from cluster.services.locks import one_at_a_time
from cluster.services.records import delete_record, refuse_stale, require_edit, save_record

# What administrators say of a person; a person says only the last two of these.
ACCOUNT = ("first_name", "last_name", "email", "language", "time_zone", "is_active")
OWN = ("language", "time_zone")


@transaction.atomic
def add_person(values: Mapping[str, Any], *, by: User, reason: str = "") -> User:
    """An account without a password: `password_path` makes the way to set one. The same account sent twice is one.

    `values` gives the `username` and columns of ACCOUNT. Raises Forbidden, DomainError or ValidationError naming the field.
    """
    person: User = User(**_stripped(values))
    require_edit(by, person)
    one_at_a_time("accounts")
    twin: User | None = User.objects.filter(username__iexact=person.username).first()
    if twin is not None:
        if twin.last_login is None and all(getattr(twin, name) == getattr(person, name) for name in values):
            return twin
        raise DomainError("There is somebody of this user name already.", field="username", code="duplicate")
    person.set_unusable_password()
    save_record(person, by=by, change_reason=reason)
    return person


@transaction.atomic
def change_person(values: Mapping[str, Any], *, person_id: int, by: User, version: int, reason: str = "") -> User:
    """Change columns of ACCOUNT; `version` is the newest event of the account that `by` saw.

    Raises NotFound, Forbidden, Conflict, DomainError where nobody would be left to give roles, or ValidationError naming the field.
    """
    person = _person(person_id)
    require_edit(by, person)
    if changed := _put(person, values, ACCOUNT):
        save_record(person, by=by, change_reason=reason, changed=changed, version=version)
    return person


@transaction.atomic
def change_own_settings(values: Mapping[str, Any], *, by: User, version: int) -> User:
    """A person's own columns of OWN. Raises Conflict or ValidationError naming the field."""
    person = _person(by.pk)
    changed = _put(person, values, OWN)
    if changed:
        refuse_stale(person, version)
        person.full_clean()
        person.save(update_fields=changed)
    return person


@transaction.atomic
def give_role(
    *, person_id: int, role: Role, contract_id: int | None = None, factory_id: int | None = None, by: User, reason: str = ""
) -> Membership:
    """Give a role over everything, a contract, or one factory; the same role given twice is one.

    With the first one come the letters that are usual for it (`save_record`): who never logs in is told too.
    Raises NotFound, Forbidden, or DomainError naming the field.
    """
    person = _person(person_id)
    contract = Contract.objects.filter(pk=contract_id).first() if contract_id is not None else None
    factory = Factory.objects.select_related("contract").filter(pk=factory_id).first() if factory_id is not None else None
    if contract_id is not None and contract is None:
        raise DomainError("There is no such contract.", field="contract", code="choice")
    if factory_id is not None and factory is None:
        raise DomainError("There is no such factory.", field="factory", code="choice")
    if factory is not None and contract is not None and factory.contract_id != contract.pk:
        raise DomainError("This factory does not belong to the contract.", field="factory", code="choice")
    contract = contract or (factory.contract if factory else None)
    group, _ = Group.objects.get_or_create(name=role.value)
    given = Membership(user=person, group=group, contract=contract, factory=factory)
    require_edit(by, given)
    one_at_a_time("accounts")
    held = Membership.objects.filter(user=person, group=group, contract=contract, factory=factory).first()
    if held is not None:
        return held
    save_record(given, by=by, change_reason=reason)
    return given


@transaction.atomic
def take_role(*, membership_id: int, by: User, reason: str = "") -> None:
    """Take a role back; that it was held stays in the history. What was taken already is no error.

    Raises Forbidden, or DomainError where `by`, or everybody, would be left no administrator.
    """
    held = Membership.objects.select_related("user", "group").select_for_update(of=("self",)).filter(pk=membership_id).first()
    if held is None:
        return
    delete_record(held, by=by, change_reason=reason)


@transaction.atomic
def create_first_admin(*, username: str, password: str, email: str) -> User | None:
    """The first superuser, with the admin role and its daily digest; None when there is a superuser already."""
    if User.objects.filter(is_superuser=True).exists():
        return None
    user: User = User.objects.create_superuser(username, email=email, password=password)
    give_role(person_id=user.pk, role=Role.ADMIN, by=user)
    return user


def password_path(*, person_id: int, by: User) -> tuple[str, str]:
    """The two parts of the address at which a person sets a password without knowing an old one: once, for three days.

    Whoever has the address can log in as that person, so that only a superuser makes one for a superuser. Raises NotFound, Forbidden.
    """
    person = _person(person_id)
    require_edit(by, person)
    if not person.is_active:
        raise DomainError("This account is closed: open it first.", code="closed")
    return urlsafe_base64_encode(force_bytes(person.pk)), default_token_generator.make_token(person)


def _person(person_id: int) -> User:
    person: User | None = User.objects.filter(pk=person_id).first()
    if person is None:
        raise NotFound("There is no such person.")
    return person


def _stripped(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}


def _put(person: User, values: Mapping[str, Any], columns: Collection[str]) -> list[str]:
    """Set those of the columns that differ, and name them."""
    changed = {name: value for name, value in _stripped(values).items() if name in columns and getattr(person, name) != value}
    for name, value in changed.items():
        setattr(person, name, value)
    return list(changed)
