"""People: the user with a language and a time zone, and memberships that give roles over contracts and factories."""

from collections.abc import Iterable
from typing import Any, ClassVar, Self
from zoneinfo import available_timezones

import pghistory
from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from cluster.domain.access import Grant, Role, Scope
from cluster.models.one_contract import InOneContract, one_contract
from cluster.models.scope import Reader, ScopedQuerySet, scope_of
from cluster.models.search import search_index, searched


class UserQuerySet(ScopedQuerySet["User"]):
    """People: everybody sees themselves; admins, editors and auditors of everything see all."""

    def for_reader(self, reader: Reader) -> Self:
        scope = scope_of(reader)
        if scope.holds_everywhere(Role.ADMIN, Role.EDITOR, Role.AUDITOR):
            return self
        return self.none() if scope.is_empty else self.filter(pk=reader.pk)


class PeopleManager(UserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Django's user manager with the gate."""

    use_in_migrations = False


@searched("user")
@pghistory.track(exclude=["password", "last_login"])
class User(AbstractUser):
    """A person who reads or writes. Rights come from memberships; `is_staff` opens the admin site."""

    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="ru")
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Kaliningrad")

    objects: ClassVar[PeopleManager] = PeopleManager()

    class Meta(AbstractUser.Meta):
        db_table = "cluster_user"
        indexes: ClassVar[list[Any]] = [search_index("user")]

    def clean(self) -> None:
        super().clean()
        if self.time_zone not in available_timezones():
            raise ValidationError({"time_zone": _("Write the name of a zone, such as Europe/Kaliningrad.")})

    @cached_property
    def scope(self) -> Scope:
        """What this person may see and do, from the memberships; one query per user object, and none of a person read `with_scope`."""
        return self.scope_from(self.memberships.granted())

    def scope_from(self, granted: Iterable[tuple[str, int | None, int | None]]) -> Scope:
        """The same of memberships that were read already."""
        grants = tuple(Grant(Role(name), contract, factory) for name, contract, factory in granted)
        return Scope(grants=grants, superuser=self.is_superuser)


class MembershipQuerySet(ScopedQuerySet["Membership"]):
    """Memberships: everybody sees the own ones, admins and auditors of everything see all."""

    def granted(self) -> "models.QuerySet[Membership, tuple[str, int | None, int | None]]":
        """Role, contract and factory of those that give a role."""
        given = self.filter(group__name__in=[role.value for role in Role])
        return given.order_by("pk").values_list("group__name", "contract_id", "factory_id")

    def for_reader(self, reader: Reader) -> Self:
        scope = scope_of(reader)
        if scope.holds_everywhere(Role.ADMIN, Role.AUDITOR):
            return self
        return self.filter(user_id=reader.pk)


@one_contract
@pghistory.track()
class Membership(InOneContract):
    """A role (a Django group) of one person over everything, over one contract, or over one factory of it."""

    parents = ("contract", "factory")

    user = models.ForeignKey("cluster.User", on_delete=models.CASCADE, related_name="memberships", verbose_name=_("user"))
    group = models.ForeignKey(
        Group,
        on_delete=models.PROTECT,
        related_name="memberships",
        verbose_name=_("role"),
        limit_choices_to={"name__in": [role.value for role in Role]},
    )
    contract = models.ForeignKey(
        "cluster.Contract", on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("contract")
    )
    factory = models.ForeignKey(
        "cluster.Factory", on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("factory")
    )

    objects: ClassVar[MembershipQuerySet] = MembershipQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["user", "group", "id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "group", "contract", "factory"], name="membership_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=Q(factory__isnull=True) | Q(contract__isnull=False),
                name="membership_factory_has_contract",
                violation_error_message=_("Name the factory's contract too."),
            ),
        ]

    def clean(self) -> None:
        super().clean()
        # By a slip of the hand a person would be given all factories of all contracts.
        if self.group_id and self.group.name == Role.MANAGER and self.factory_id is None:
            raise ValidationError({"factory": _("A plant manager answers for one factory: name it.")})

    def __str__(self) -> str:
        place = self.factory or self.contract or _("everything")
        return f"{self.user}: {self.group} ({place})"
