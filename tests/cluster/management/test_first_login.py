"""`manage.py first_login`."""

import io
import stat
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command


def run(**options: Any) -> str:
    out = io.StringIO()
    call_command("first_login", stdout=out, **options)
    return out.getvalue().strip()


@pytest.mark.django_db
def test_the_printed_login_works_is_kept_private_and_later_starts_only_say_where(settings: Any, tmp_path: Path) -> None:
    settings.STATE_DIR = tmp_path / "state"
    first = run()
    prefix, password = first.split("  password: ")
    assert prefix == "login: admin"
    assert authenticate(username="admin", password=password) is not None
    note = tmp_path / "state" / "first-login.txt"
    assert note.read_text() == f"{first}\n"
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert run() == f"login: the first login is in {note}"
    note.unlink()
    assert run() == "login: an administrator exists"
