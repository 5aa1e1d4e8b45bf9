"""Roles: the groups with their rights, and the check before a write."""

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from cluster.domain.access import Action, Role
from cluster.domain.errors import Forbidden
from cluster.models import User
from cluster.models.scope import scope_of

# What editors write by hand, model by model. Derived and append-only tables are not here: services write them.
_RECORD = (
    "contract", "party", "amendment", "factory", "source", "claim", "baseline", "baselinemilestone", "budgetline", "milestone",
    "dependency", "calendarexception", "reportingduty", "brand", "vehiclemodel", "brandshare", "planrevision", "capacity",
)  # fmt: skip
_ADD_ONLY = ("ledgerentry", "forecastrevision", "output")
_PEOPLE = ("user", "membership", "subscription", "apitoken", "periodictask", "crontabschedule", "intervalschedule")
# A controller and a plant manager read figures, not other people's accounts; what changed and by whom is for those who answer for it.
_PERSONAL = (
    "user", "membership", "group", "permission", "subscription", "delivery", "deliveryattempt", "bounce", "notice", "apitoken",
    "context", "logentry", "session",
)  # fmt: skip
_AT_WORK_IN_THE_ADMIN = (Role.ADMIN.value, Role.EDITOR.value, Role.AUDITOR.value)
_APPS = ("cluster", "production", "auth", "django_celery_beat", "pghistory")


def ensure_roles() -> None:
    """One Django group per role with exactly its model permissions. Safe to repeat; corrects what was changed by hand."""
    with transaction.atomic():
        permissions = list(Permission.objects.filter(content_type__app_label__in=_APPS).select_related("content_type"))
        for role in Role:
            group, _ = Group.objects.get_or_create(name=role.value)
            group.permissions.set(p for p in permissions if _has(role, p))


def _has(role: Role, permission: Permission) -> bool:
    verb, _, _ = permission.codename.partition("_")
    model = permission.content_type.model
    is_history = model.endswith(("event", "history", "events")) and model != "delayevent"
    if verb == "view":
        return role in (Role.ADMIN, Role.EDITOR, Role.AUDITOR) or not (is_history or model in _PERSONAL)
    if verb == "delete":
        # What does not hold in the schedule can only go; everything else ends by a state of its own or by a newer row.
        return role is Role.EDITOR and model in ("dependency", "calendarexception", "milestone")
    if verb not in ("add", "change"):
        return False
    if role is Role.ADMIN:
        return model in _PEOPLE
    if role is Role.EDITOR:
        return model in _RECORD or (verb == "add" and model in _ADD_ONLY)
    return role is Role.MANAGER and verb == "add" and model in ("forecastrevision", "output")


def require(by: User, action: Action, *, contract: int | None = None, factory: int | None = None) -> None:
    """Raise Forbidden unless `by` may do `action` to something of this contract and factory (ids; None: not tied to one)."""
    if not scope_of(by).may(action, contract=contract, factory=factory):
        raise Forbidden("Your role does not allow this.")


def mirror_groups(user: User) -> None:
    """Model permissions hang on groups, rows on memberships: a person is in exactly the groups of the memberships held.

    The roles that work in the admin site open it; taking them back leaves the door as it is, because others may have opened it.
    """
    held = set(user.memberships.values_list("group_id", flat=True))
    ours = set(Group.objects.filter(name__in=[role.value for role in Role]).values_list("pk", flat=True))
    user.groups.remove(*(ours - held))
    user.groups.add(*held)
    if not user.is_staff and Group.objects.filter(pk__in=held, name__in=_AT_WORK_IN_THE_ADMIN).exists():
        user.is_staff = True
        user.save(update_fields=["is_staff"])
    vars(user).pop("scope", None)
