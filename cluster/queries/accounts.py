"""Accounts with their roles, for administrators and auditors of everything; who gave which role when; and a person's own."""

from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from cluster.domain.access import Role
from cluster.domain.errors import Forbidden, NotFound
from cluster.models import Contract, Factory, Membership, User
from cluster.models.role_names import role_name
from cluster.models.scope import Reader, scope_of

HISTORY = 100


@dataclass(frozen=True, slots=True)
class RoleEvent:
    """That a role was given, changed or taken: the role, over what (empty: everything), by whom (empty: the site) and why."""

    at: datetime
    verb: str
    role: str
    place: str
    by: str
    reason: str


def sees_accounts(reader: Reader) -> bool:
    """Whether `reader` may look at everybody's account."""
    return scope_of(reader).holds_everywhere(Role.ADMIN, Role.AUDITOR)


def writes_accounts(reader: Reader) -> bool:
    """Whether `reader` may write accounts and give roles."""
    return scope_of(reader).holds_everywhere(Role.ADMIN)


def accounts(reader: Reader, *, text: str = "", role: str = "", active: bool | None = None) -> "QuerySet[User]":
    """Accounts whose name or e-mail holds the text, with the role, by name; each with its memberships: two statements.

    Raises NotFound for those without a role, Forbidden for others who may not look.
    """
    if scope_of(reader).is_empty:
        raise NotFound("There is no such page.")
    if not sees_accounts(reader):
        raise Forbidden("Your role does not allow this.")
    found: QuerySet[User] = User.objects.for_reader(reader).prefetch_related(Prefetch("memberships", memberships()))
    for word in text.split():
        names = ("username", "first_name", "last_name", "email")
        found = found.filter(reduce(or_, (Q(**{f"{name}__icontains": word}) for name in names)))
    if role:
        found = found.filter(Exists(Membership.objects.filter(user=OuterRef("pk"), group__name=role)))
    if active is not None:
        found = found.filter(is_active=active)
    return found.order_by("last_name", "first_name", "username")


def account(reader: Reader, person_id: int) -> User:
    """One account with its memberships: two statements. Raises NotFound or Forbidden as `accounts`."""
    found = accounts(reader).filter(pk=person_id).first()
    if found is None:
        raise NotFound("There is no such person.")
    return found


def memberships() -> "QuerySet[Membership]":
    """Memberships with what they are over, the widest first."""
    rows: QuerySet[Membership] = Membership.objects.select_related("group", "contract", "factory__contract")
    return rows.order_by("contract__code", "factory__code", "group__name")


def role_events(person: User) -> list[RoleEvent]:
    """Who gave the person which role when, or took it, the newest first: three statements at most."""
    history: Any = Membership._meta.get_field("history").related_model
    rows = list(history.objects.filter(user=person).select_related("pgh_context", "group").order_by("-pgh_created_at", "-pgh_id")[:HISTORY])
    told = [(row, row.pgh_context.metadata if row.pgh_context else {}) for row in rows]
    people = User.objects.in_bulk({int(metadata["user"]) for _row, metadata in told if metadata.get("user")})
    contracts = Contract.objects.in_bulk({row.contract_id for row in rows if row.contract_id})
    factories = Factory.objects.in_bulk({row.factory_id for row in rows if row.factory_id})
    found = []
    for row, metadata in told:
        who = people.get(int(metadata.get("user") or 0))
        factory, contract = factories.get(row.factory_id), contracts.get(row.contract_id)
        place = " · ".join(str(each) for each in (contract, factory) if each)
        by = (who.get_full_name() or who.username) if who else ""
        found.append(RoleEvent(row.pgh_created_at, row.pgh_label, role_name(row.group.name), place, by, metadata.get("reason") or ""))
    return found
