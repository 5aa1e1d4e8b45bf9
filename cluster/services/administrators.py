"""Somebody must be able to give roles: nobody takes the last administrator away, nor the own right by accident."""

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from cluster.domain.access import Role
from cluster.domain.errors import DomainError
from cluster.models import Membership, User
from cluster.services.locks import one_at_a_time


def refuse_lockout(instance: Model, *, by: User, deleting: bool = False) -> None:
    """Raise DomainError where saving (or `deleting`) this account or membership would leave `by`, or everybody, no administrator.

    Administrators are active people who are superusers or hold the role over everything. Call it in the transaction of the write.
    """
    if instance.pk is None or not isinstance(instance, User | Membership):
        return
    one_at_a_time("administrators")
    stored = type(instance)._default_manager.get(pk=instance.pk)
    person: User = stored.user if isinstance(stored, Membership) else stored
    if not administrators().filter(pk=person.pk).exists() or _stays(person, instance, deleting=deleting):
        return
    field = "is_active" if isinstance(instance, User) else ""
    if person.pk == by.pk:
        raise DomainError("You would no longer be an administrator: let another one do that.", field=field, code="own_rights")
    if not administrators().exclude(pk=person.pk).exists():
        raise DomainError("This is the last administrator: make another one first.", field=field, code="last_administrator")


def administrators() -> "QuerySet[User]":
    """Active people who may give every role."""
    held = Membership.objects.filter(user=OuterRef("pk"), group__name=Role.ADMIN.value, contract=None)
    people: QuerySet[User] = User.objects.filter(Q(is_superuser=True) | Exists(held), is_active=True)
    return people


def _stays(person: User, instance: User | Membership, *, deleting: bool) -> bool:
    """Whether the person is an administrator still when the write is done."""
    others = person.memberships.filter(group__name=Role.ADMIN.value, contract=None)
    if isinstance(instance, User):
        return not deleting and instance.is_active and (instance.is_superuser or others.exists())
    given = not deleting and instance.user_id == person.pk and instance.contract_id is None and instance.group.name == Role.ADMIN.value
    return given or person.is_superuser or others.exclude(pk=instance.pk).exists()
