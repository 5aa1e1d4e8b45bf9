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

# What whoever holds the role sees and does, as a sentence without its subject.
ROLE_SENTENCES = {
    Role.ADMIN: _("sees everything and the names of people; gives roles, looks after accounts, letters and jobs; comments"),
    Role.EDITOR: _("sees everything and the names of people; keeps the record, the schedule, the money and output; approves baselines"),
    Role.MANAGER: _(
        "sees the factory it is given over; tells forecasts, progress and output, takes note of delays, adds comments and files"
    ),
    Role.CONTROLLER: _("sees everything, without the names of people; asks in comments"),
    Role.AUDITOR: _("sees everything, with names and history; changes nothing"),
}


def role_sentence(code: str) -> str:
    """What the role sees and does, in the active language; empty for a group of another name."""
    sentences: dict[str, object] = {role.value: sentence for role, sentence in ROLE_SENTENCES.items()}
    return str(sentences.get(code, ""))


def role_name(code: str) -> str:
    """The name of the role in the active language; a group of another name is called what it is called."""
    names: dict[str, object] = {role.value: name for role, name in ROLE_NAMES.items()}
    return str(names.get(code, code))
