"""Whose names a reader may see: those who answer for the record see who did what, others see that somebody did."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import Q, QuerySet

from cluster.domain.access import Role, Scope
from cluster.models import Membership, User
from cluster.models.scope import Reader, scope_of
from cluster.queries.together import together

_NAMES_ARE_SHOWN_TO = {Role.ADMIN, Role.EDITOR, Role.AUDITOR}


def sees_people(reader: Reader, *, contract_id: int) -> bool:
    """Whether `reader` may see the names of people behind the changes of this contract."""
    scope = scope_of(reader)
    return scope.superuser or any(g.role in _NAMES_ARE_SHOWN_TO and g.contract in (None, contract_id) for g in scope.grants)


def sees_all_people(reader: Reader) -> bool:
    """Whether `reader` may see names wherever the reader sees rows: on lists that may hold rows of several contracts."""
    scope = scope_of(reader)
    return scope.holds_everywhere(*_NAMES_ARE_SHOWN_TO) or (not scope.is_empty and all(g.role in _NAMES_ARE_SHOWN_TO for g in scope.grants))


def person_with_scope(pk: int) -> User | None:
    """A person with what they may see and do: one statement."""
    people, granted = together(User.objects.filter(pk=pk), Membership.objects.filter(user=pk).granted())
    for person in people:
        person.scope = person.scope_from(granted)
    return next(iter(people), None)


def read_scopes(people: Collection[User]) -> None:
    """What each of these people may see and do, for all of them in one statement."""
    granted: dict[int, list[tuple[str, int | None, int | None]]] = defaultdict(list)
    rows = Membership.objects.filter(user__in=people).granted().values_list("user_id", "group__name", "contract_id", "factory_id")
    for user, role, contract, factory in rows:
        granted[user].append((role, contract, factory))
    for person in people:
        person.scope = person.scope_from(granted[person.pk])


def as_one(people: Iterable[User]) -> User:
    """A reader who sees and may do what these people do together: for what is read once for all, and told to each by the own scope."""
    scopes = [scope_of(person) for person in people]
    together = User()
    together.scope = Scope(tuple(grant for scope in scopes for grant in scope.grants), any(scope.superuser for scope in scopes))
    return together


def people_of(contract_id: int, *, factory_id: int | None = None) -> QuerySet[User]:
    """Who may answer for something of a contract, or of one factory of it: active people with a role that reaches it."""
    reached = Q(memberships__contract=None) | Q(memberships__contract=contract_id)
    reached &= Q(memberships__factory=None) | Q(memberships__factory=factory_id)
    held = Q(is_superuser=True) | Q(memberships__isnull=False) & reached
    found: QuerySet[User] = User.objects.filter(held, is_active=True).distinct().order_by("username")
    return found


def people_in(contract_id: int) -> QuerySet[User]:
    """Active people with a role that reaches a contract or anything of it."""
    held = Q(is_superuser=True) | Q(memberships__isnull=False) & (Q(memberships__contract=None) | Q(memberships__contract=contract_id))
    found: QuerySet[User] = User.objects.filter(held, is_active=True).distinct().order_by("username")
    return found
