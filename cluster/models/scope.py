"""The one gate of each model: `for_reader()`, and what a fact's announcement means for a state as of a past date."""

from datetime import date
from typing import TYPE_CHECKING, ClassVar, Self, TypeAlias, TypeVar, Union

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, TruncDate

from cluster.domain.access import Scope

if TYPE_CHECKING:
    from cluster.models.user import User

Reader: TypeAlias = Union["User", AnonymousUser]
M = TypeVar("M", bound=models.Model)


class ScopedQuerySet(models.QuerySet[M]):
    """A queryset whose model says through which columns it belongs to a contract and to a factory.

    `contract_path` / `factory_path` are look-up paths to a contract's and a factory's id; both empty means reference
    data, which everybody with a role may read.
    """

    contract_path: ClassVar[str] = ""
    factory_path: ClassVar[str] = ""

    def for_reader(self, reader: Reader) -> Self:
        """The rows that `reader` may see: none without a role, all with a role over everything, else those in scope."""
        scope = scope_of(reader)
        if scope.is_empty:
            return self.none()
        if scope.sees_everything or not (self.contract_path or self.factory_path):
            return self
        return self.filter(self._within(scope))

    def _within(self, scope: Scope) -> Q:
        inside = Q(pk__in=())
        if self.contract_path:
            inside |= Q(**{f"{self.contract_path}__in": scope.contracts})
        if self.factory_path:
            inside |= Q(**{f"{self.factory_path}__in": scope.factories})
        return inside


class AnnouncedQuerySet(ScopedQuerySet[M]):
    """Facts with an announcement date: what was known on a day."""

    def announced_by(self, as_of: date) -> Self:
        """Facts announced on or before `as_of`; an undated one counts from the day it was recorded here."""
        return self.alias(known_on=self._known_on()).filter(known_on__lte=as_of)

    def _known_on(self) -> Coalesce:
        return Coalesce("announced_latest", TruncDate("recorded_at"))

    def newest_first(self) -> Self:
        """By announcement, the newest first, undated ones last."""
        return self.order_by(F("announced_latest").desc(nulls_last=True), "-id")


def scope_of(reader: Reader) -> Scope:
    """What `reader` may see and do; empty for strangers. Read once per request: it is kept on the user object."""
    if isinstance(reader, AnonymousUser) or not reader.is_active:
        return Scope()
    return reader.scope
