"""Returned letters: notifications of several mail servers, read once, believed as far as they name a letter of ours."""

import mailbox
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from cluster.domain.access import Role
from cluster.domain.errors import Forbidden
from cluster.gateways.bounces import LARGEST_MESSAGE, read_returned
from cluster.models import Bounce, Delivery, JobRun, Subscription, User
from cluster.queries.my_work import Asked, asked_of
from cluster.services import mailing
from cluster.services.bounces import lift_suspension, read_bounces
from cluster.services.jobs import run_here
from tests.factories import make_user

pytestmark = pytest.mark.django_db
NOW = timezone.now()

POSTFIX = """\
Return-Path: <>
From: MAILER-DAEMON@mail.example.org (Mail Delivery System)
To: tracker@tracker.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mail.example.org.

--b1
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org
X-Postfix-Queue-ID: 4ABCD
Arrival-Date: Mon, 23 Nov 2026 08:05:00 +0200 (EET)

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; 550 5.1.1 <{recipient}>: Recipient address rejected:
    User unknown

--b1
Content-Description: Undelivered Message
Content-Type: message/rfc822

Message-ID: <{message_id}@tracker.example>
Subject: Digest
To: {recipient}

Text
--b1--
"""

EXCHANGE = """\
From: <postmaster@example.org>
To: tracker@tracker.example
Subject: Undeliverable: Digest
In-Reply-To: <{message_id}@tracker.example>
References: <{message_id}@tracker.example>
X-MS-Exchange-Message-Is-Ndr:
Content-Type: multipart/report; report-type=delivery-status;
 boundary="_b2_"
MIME-Version: 1.0

--_b2_
Content-Type: multipart/alternative; differences=Content-Type; boundary="_c2_"

--_c2_
Content-Type: text/html; charset="no-such-charset"

<html><body>\u041d\u0435 \u0434\u043e\u0441\u0442\u0430\u0432\u043b\u0435\u043d\u043e</body></html>
--_c2_--
--_b2_
Content-Type: message/delivery-status

Reporting-MTA: dns;EX01.example.org
Received-From-MTA: dns;mail.example.org

Final-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup

--_b2_
Content-Type: text/rfc822-headers

Received: from mail.example.org
Message-ID: <{message_id}@tracker.example>
Subject: Digest

--_b2_--
"""


@pytest.fixture
def box(settings: Any, tmp_path: Path) -> Path:
    """A folder of *.eml."""
    settings.BOUNCE_MAILBOX = str(tmp_path)
    return tmp_path


def sent(user: User, *, days_ago: int = 1, **fields: Any) -> Delivery:
    """A letter that the mail server took."""
    at = NOW - timedelta(days=days_ago)
    subscription, _ = Subscription.objects.get_or_create(user=user)
    given = {"recipient": user.email, "period": at.date(), "status": "sent", "sent_at": at, "subject": "x"} | fields
    return Delivery.objects.create(user=user, subscription=subscription, **given)


def returned(letter: Delivery, form: str = POSTFIX, *, action: str = "failed", status: str = "5.1.1", **fields: Any) -> bytes:
    given = {"message_id": letter.message_id, "recipient": letter.recipient, "action": action, "status": status} | fields
    return form.format(**given).encode()


def read() -> dict[str, Any]:
    return read_bounces(progress=lambda done, total: None)


@pytest.mark.parametrize("form", [POSTFIX, EXCHANGE], ids=["postfix", "exchange"])
@pytest.mark.parametrize("line", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(
    ("action", "status", "is_hard"), [("failed", "5.1.1", True), ("failed", "4.4.7", False), ("delayed", "4.4.1", False)]
)
def test_a_notification_is_noted_at_its_letter(box: Path, form: str, line: str, action: str, status: str, is_hard: bool) -> None:
    letter = sent(make_user(Role.AUDITOR))
    (box / "1.eml").write_bytes(returned(letter, form, action=action, status=status).replace(b"\n", line.encode()))
    assert read()["returned"] == 1
    bounce = Bounce.objects.get()
    assert (bounce.delivery, bounce.is_hard, bounce.code, bounce.recipient) == (letter, is_hard, status, letter.recipient)
    assert "550 5.1.1" in bounce.diagnostic
    assert read()["returned"] == 0, "each is read once"


@pytest.mark.parametrize("kind", ["mbox", "maildir"])
def test_mbox_files_and_maildirs_are_read(settings: Any, tmp_path: Path, kind: str) -> None:
    letters = [sent(make_user(Role.AUDITOR)) for _ in range(3)]
    place = tmp_path / "box"
    made: Any = mailbox.mbox(place) if kind == "mbox" else mailbox.Maildir(place)
    for letter in letters:
        made.add(returned(letter))
    made.close()
    settings.BOUNCE_MAILBOX = str(place)
    assert read() == {"messages": 3, "returned": 3, "unreadable": 0, "suspended": 0}
    assert set(Bounce.objects.values_list("delivery", flat=True)) == {letter.pk for letter in letters}


def test_two_letters_in_a_row_that_come_back_for_good_suspend_until_somebody_lifts_it(box: Path) -> None:
    admin, user = make_user(Role.ADMIN), make_user(Role.AUDITOR)
    first, second = sent(user, days_ago=3), sent(user, days_ago=2)
    third = sent(user, days_ago=0, kind="sample")
    (box / "1.eml").write_bytes(returned(first))
    assert read()["suspended"] == 0
    (box / "2.eml").write_bytes(returned(second))
    assert read()["suspended"] == 1
    subscription = user.subscription
    subscription.refresh_from_db()
    assert "5.1.1" in subscription.suspended_because
    assert asked_of(User.objects.get(pk=admin.pk), today=NOW.date()).of[Asked.SUSPENSIONS] == 1
    Subscription.objects.update(cadence="daily", hour=0, also_when_nothing_new=True, created_at=NOW - timedelta(days=9))
    assert mailing.deliver_due(now=NOW + timedelta(days=1))["due"] == 0
    with pytest.raises(Forbidden):
        lift_suspension(subscription.pk, by=user)
    lift_suspension(subscription.pk, by=admin)
    assert mailing.deliver_due(now=NOW + timedelta(days=1))["due"] == 1
    (box / "3.eml").write_bytes(returned(third))
    assert read()["suspended"] == 1, "one more suspends again"


def test_letters_that_came_back_for_now_suspend_nobody(box: Path) -> None:
    user = make_user(Role.AUDITOR)
    for days in (3, 2):
        (box / f"{days}.eml").write_bytes(returned(sent(user, days_ago=days), status="4.4.7"))
    assert read() == {"messages": 2, "returned": 2, "unreadable": 0, "suspended": 0}
    for days in (1, 0):
        (box / f"{days}.eml").write_bytes(returned(sent(user, days_ago=days)))
    assert read()["suspended"] == 1
    Subscription.objects.update(suspended_at=None, suspended_because="")
    (box / "late.eml").write_bytes(returned(Delivery.objects.order_by("pk")[0], status="4.4.1"))
    assert read()["suspended"] == 0, "nor again, after it was lifted"


def test_a_letter_between_that_stayed_away_and_an_older_address_count_for_the_person(box: Path) -> None:
    user = make_user(Role.AUDITOR)
    letters = [sent(user, days_ago=4), sent(user, days_ago=3), sent(user, days_ago=2)]
    for number in (0, 2):
        (box / f"{number}.eml").write_bytes(returned(letters[number]))
    assert read()["suspended"] == 0
    other = make_user(Role.AUDITOR)
    for days in (3, 2):
        (box / f"o{days}.eml").write_bytes(returned(sent(other, days_ago=days, recipient="left@example.org")))
    assert read()["suspended"] == 0, "the address is another one by now"


def test_only_a_message_id_of_ours_counts_against_anybody(box: Path) -> None:
    user = make_user(Role.AUDITOR)
    letters = [sent(user, days_ago=days) for days in (2, 1)]
    for number, letter in enumerate(letters):
        forged = returned(letter, message_id=f"00000000-0000-4000-8000-00000000000{number}")
        (box / f"{number}.eml").write_bytes(forged)
    assert read() == {"messages": 2, "returned": 2, "unreadable": 0, "suspended": 0}
    assert [(one.delivery, one.recipient) for one in Bounce.objects.all()] == [(None, user.email)] * 2


def test_what_strangers_put_there_never_stops_the_reading(box: Path) -> None:
    letter = sent(make_user(Role.AUDITOR))
    message = returned(letter)
    hostile = {
        "0-empty": b"",
        "1-noise": bytes(range(256)) * 50,
        "2-huge": b"From: x\r\nSubject: " + b"a" * (3 * LARGEST_MESSAGE),
        "3-no-end": message[: message.index(b"Status:")],
        "4-nul": message.replace(b"Recipient address", b"\x00\x00 address").replace(str(letter.message_id).encode(), b"x"),
        "5-vacation": b"Subject: Out of office\n\nI am away.\n",
        "6-delivered": returned(letter, action="delivered", status="2.0.0"),
        "7-deep": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 5000,
        "8-charset": message.replace(b"us-ascii", b"\xff\xfe").replace(str(letter.message_id).encode(), b"y"),
        "9-good": message,
    }
    for name, content in hostile.items():
        (box / f"{name}.eml").write_bytes(content)
    figures = read()
    assert figures["messages"] == len(hostile)
    assert Bounce.objects.filter(delivery=letter, is_hard=True).count() >= 1
    assert not any("\x00" in text for text in Bounce.objects.values_list("diagnostic", flat=True))


def test_an_mbox_without_lines_is_not_held_in_memory(settings: Any, tmp_path: Path) -> None:
    file = tmp_path / "mbox"
    letter = sent(make_user(Role.AUDITOR))
    file.write_bytes(b"From a\n" + b"x" * (5 * LARGEST_MESSAGE) + b"\n\nFrom b\n" + returned(letter))
    settings.BOUNCE_MAILBOX = str(file)
    assert read() == {"messages": 2, "returned": 1, "unreadable": 0, "suspended": 0}


def test_the_job_says_what_it_read_and_a_missing_mailbox_is_a_failure_to_see(settings: Any, box: Path) -> None:
    (box / "1.eml").write_bytes(returned(sent(make_user(Role.AUDITOR))))
    run = run_here("read_bounces", now=NOW)
    assert (run.status, run.figures) == ("succeeded", {"messages": 1, "returned": 1, "unreadable": 0, "suspended": 0})
    settings.BOUNCE_MAILBOX = str(box / "nowhere")
    run = run_here("read_bounces", now=NOW + timedelta(minutes=1))
    assert run.status == JobRun.Status.FAILED
    assert "cannot be read" in run.error
    settings.BOUNCE_MAILBOX = ""
    assert run_here("read_bounces", now=NOW + timedelta(minutes=2)).status == "succeeded"


def test_a_notification_about_several_people_tells_of_the_one_who_failed() -> None:
    letter = Delivery(recipient="b@example.org")
    block = b"Final-Recipient: rfc822; a@example.org\nAction: relayed\nStatus: 2.0.0\n\nFinal-Recipient: rfc822;"
    message = returned(letter).replace(b"Final-Recipient: rfc822;", block, 1)
    found = read_returned(message)
    assert found is not None
    assert (found.recipient, found.is_hard, found.message_ids) == ("b@example.org", True, (letter.message_id,))
