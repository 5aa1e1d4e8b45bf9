"""`manage.py first_login`: roles exist, and so does a first administrator whose password is written down once."""

import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from cluster.services.access import ensure_roles
from cluster.services.people import create_first_admin

_CONSONANTS = "bdfghklmnprstvz"
_VOWELS = "aeiou"


class Command(BaseCommand):
    help = "Creates the roles, and the first administrator when there is none; prints the login or where it was written."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", default="admin")
        parser.add_argument("--email", default="admin@localhost", help="where this person's digest goes")

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_roles()
        note = Path(settings.STATE_DIR) / "first-login.txt"
        password = _readable_password()
        user = create_first_admin(username=options["username"], password=password, email=options["email"])
        if user is None:
            where = f"the first login is in {note}" if note.exists() else "an administrator exists"
            self.stdout.write(f"login: {where}")
            return
        line = f"login: {user.get_username()}  password: {password}"
        note.parent.mkdir(parents=True, exist_ok=True)
        note.unlink(missing_ok=True)
        with open(os.open(note, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(f"{line}\n")
        self.stdout.write(line)


def _readable_password() -> str:
    """Four pronounceable words, 12 random syllables: 74 bits that can be typed from a screen."""

    def word() -> str:
        return "".join(secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(3))

    return "-".join(word() for _ in range(4))
