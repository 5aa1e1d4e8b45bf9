"""`manage.py digest`: a preview as files, and the delivery by hand into the captured mail."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from cluster.domain.dates import DateWindow
from cluster.models import Delivery, Subscription
from tests.factories import make_contract, make_factory, make_milestone, make_user, promise

pytestmark = pytest.mark.django_db


def run(*arguments: Any) -> str:
    out = io.StringIO()
    call_command("digest", *arguments, stdout=out)
    return out.getvalue()


def test_a_preview_of_a_past_day_tells_what_was_announced_then_and_records_nothing(tmp_path: Path) -> None:
    make_user(is_superuser=True)
    opened = make_milestone(make_factory(make_contract()), name_ru="Открытие", name_en="Plant opens")
    promise(opened, "2024", announced="2023-06-01")
    opened.actual, opened.actual_announced_on = DateWindow.parse("2026-01-30"), DateWindow.parse("2026-01-30").latest
    opened.save()
    told = run("preview", "--out", tmp_path / "new", "--as-of", "2026-01-30", "--language", "en")
    assert (tmp_path / "new" / "subject.txt").read_text() == "Cluster: 1 milestone reached — Jan 30, 2026\n"
    assert told.startswith("Cluster: 1 milestone reached")
    text = (tmp_path / "new" / "body.txt").read_text()
    assert "+395\u00a0days, critical" in text
    assert "Plant opens" in (tmp_path / "new" / "body.html").read_text()
    run("preview", "--out", tmp_path, "--as-of", "2026-01-29", "--language", "en")
    before = (tmp_path / "body.txt").read_text()
    assert "STILL LATE" in before or "NEW DELAYS" in before
    assert "REACHED" not in before
    assert not Delivery.objects.exists()


def test_a_preview_without_a_person_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="first_login"):
        run("preview", "--out", tmp_path)
    with pytest.raises(CommandError, match="no user"):
        run("preview", "--out", tmp_path, "--user", "nobody")


@pytest.mark.parametrize("arguments", [("--out", "/dev/null/digest"), ("--out", "/tmp/digest", "--user", "nobody")])
def test_a_preview_that_cannot_be_made_ends_with_status_2(arguments: tuple[str, ...]) -> None:
    make_user(is_superuser=True)
    with pytest.raises(CommandError) as caught:
        run("preview", *arguments)
    assert caught.value.returncode == 2


def test_what_is_due_is_listed_for_a_moment_of_the_site_and_not_recorded(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Kaliningrad"
    user = make_user(is_superuser=True, username="boss")
    subscription = Subscription.objects.create(
        user=user, cadence="daily", hour=8, time_zone="Europe/Kaliningrad", also_when_nothing_new=True
    )
    Subscription.objects.filter(pk=subscription.pk).update(created_at=datetime(2026, 11, 29, 12, tzinfo=UTC))
    assert run("due", "--at", "2026-11-30T08:01") == "nothing is due\n"
    assert run("due", "--at", "2026-11-30T08:02").split() == ["2026-11-30", "daily", "boss", user.email]
    assert not Delivery.objects.exists()
    with pytest.raises(SystemExit, match="2"):
        run("due", "--at", "2026-13-01")


def test_delivery_by_hand_captures_the_letter_as_a_file_by_default(settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    user = make_user(is_superuser=True)
    subscription = Subscription.objects.create(user=user, cadence="daily", also_when_nothing_new=True)
    Subscription.objects.filter(pk=subscription.pk).update(created_at=timezone.now() - timedelta(days=3))
    assert "sent: 1" in run("send", "--due")
    (letter,) = (tmp_path / "mail").iterdir()
    assert f"To: {user.email}" in letter.read_text()
    assert "sent: 0" in run("send", "--due")
