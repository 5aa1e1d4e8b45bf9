"""Roles in words: a role is stored as a group that bears its code, and people read its name."""

from django.utils.translation import gettext_lazy as _

from cluster.domain.access import Role

ROLE_NAMES = {
    Role.ADMIN: _("administrator"),
    Role.EDITOR: _("PMO editor"),
    Role.MANAGER: _("plant manager"),
    Role.CONTROLLER: _("controller"),
    Role.AUDITOR: _("auditor"),
}


def role_name(code: str) -> str:
    """The name of the role in the active language; a group of another name is called what it is called."""
    names: dict[str, object] = {role.value: name for role, name in ROLE_NAMES.items()}
    return str(names.get(code, code))
