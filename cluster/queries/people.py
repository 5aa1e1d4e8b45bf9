"""Whose names a reader may see: those who answer for the record see who did what, others see that somebody did."""

from django.db.models import Q, QuerySet

from cluster.domain.access import Role
from cluster.models import User
from cluster.models.scope import Reader, scope_of

_NAMES_ARE_SHOWN_TO = {Role.ADMIN, Role.EDITOR, Role.AUDITOR}


def sees_people(reader: Reader, *, contract_id: int) -> bool:
    """Whether `reader` may see the names of people behind the changes of this contract."""
    scope = scope_of(reader)
    return scope.superuser or any(g.role in _NAMES_ARE_SHOWN_TO and g.contract in (None, contract_id) for g in scope.grants)


def sees_all_people(reader: Reader) -> bool:
    """Whether `reader` may see names wherever the reader sees rows: on lists that may hold rows of several contracts."""
    scope = scope_of(reader)
    return scope.holds_everywhere(*_NAMES_ARE_SHOWN_TO) or (not scope.is_empty and all(g.role in _NAMES_ARE_SHOWN_TO for g in scope.grants))


def people_of(contract_id: int, *, factory_id: int | None = None) -> QuerySet[User]:
    """Who may answer for something of a contract, or of one factory of it: active people with a role that reaches it."""
    reached = Q(memberships__contract=None) | Q(memberships__contract=contract_id)
    reached &= Q(memberships__factory=None) | Q(memberships__factory=factory_id)
    held = Q(is_superuser=True) | Q(memberships__isnull=False) & reached
    found: QuerySet[User] = User.objects.filter(held, is_active=True).distinct().order_by("username")
    return found
