"""Delivering digests: when, to whom, exactly once, and what becomes of a delivery whatever the mail server does."""

import threading
from datetime import UTC, date, datetime, timedelta
from email.header import decode_header, make_header
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from cluster.models import (
    Bounce,
    Delivery,
    Subscription,
    User,
)
from cluster.services import digest_letters, digests
from cluster.services.mailing import deliver_due
from tests.cluster.lateness import MONDAY, newly_late, subscriber
from tests.factories import make_contract
from tests.mail_server import Post

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site_address")]


def only() -> Delivery:
    return Delivery.objects.get()


def test_a_due_digest_is_sent_once_with_text_and_html_and_then_never_again(post: Post) -> None:
    user = subscriber()
    milestone = newly_late(name_ru="Открытие завода")
    assert deliver_due(now=MONDAY)["sent"] == 1
    assert deliver_due(now=MONDAY + timedelta(minutes=1)) == {"due": 0, "uncertain": 0, "sent": 0, "skipped": 0, "failed": 0, "dead": 0}
    (letter,) = post.received
    delivery = only()
    assert letter["To"] == user.email
    assert str(make_header(decode_header(letter["Subject"]))) == delivery.subject
    assert letter["Message-ID"] == f"<{delivery.message_id}@tracker.example>"
    parts = {part.get_content_type(): part.get_payload(decode=True) for part in letter.walk() if not part.is_multipart()}
    text, html = (parts[kind].decode() for kind in ("text/plain", "text/html"))  # type: ignore[union-attr]
    assert milestone.name_ru in text
    assert milestone.name_ru in html
    assert delivery.status == "sent"
    assert delivery.sent_at is not None


def test_nothing_new_is_no_mail_unless_asked_for(post: Post) -> None:
    subscriber()
    make_contract()
    assert deliver_due(now=MONDAY)["skipped"] == 1
    assert post.received == []
    subscriber(also_when_nothing_new=True)
    assert deliver_due(now=MONDAY)["sent"] == 1


def test_what_was_told_is_not_told_again_and_what_was_not_sent_is(post: Post) -> None:
    subscriber(language="en")
    first = newly_late(name_ru="Первая", name_en="")
    deliver_due(now=MONDAY)
    Delivery.objects.update(created_at=MONDAY)
    newly_late(MONDAY + timedelta(hours=20), factory=first.factory, name_ru="Вторая", name_en="")
    deliver_due(now=MONDAY + timedelta(days=1))
    second = Delivery.objects.get(period=date(2026, 11, 24))
    new, _heading, standing = second.body_text.partition("UNCHANGED")
    assert "Вторая" in new
    assert "Первая" not in new
    assert "Первая" in standing
    Delivery.objects.filter(pk=second.pk).update(status="dead")
    deliver_due(now=MONDAY + timedelta(days=2))
    third = Delivery.objects.get(period=date(2026, 11, 25))
    assert "Вторая" in third.body_text.partition("UNCHANGED")[0], "what did not arrive is told again"


@pytest.mark.parametrize(
    ("behaviour", "status", "arrived"),
    [
        ("accept", "sent", 1),
        ("4xx", "failed", 0),
        ("5xx", "dead", 0),
        ("refuse_data", "dead", 0),
        ("cut_before_data", "failed", 0),
        ("cut_after_data", "uncertain", 1),
        ("slow", "uncertain", 0),
    ],
)
def test_each_answer_of_the_mail_server_has_its_own_end(post: Post, behaviour: str, status: str, arrived: int) -> None:
    post.behaviour = behaviour
    subscriber()
    newly_late()
    deliver_due(now=MONDAY)
    delivery = only()
    assert delivery.status == status
    assert bool(delivery.error) is (status != "sent")
    assert delivery.lease_until is None
    if behaviour != "slow":
        assert len(post.received) == arrived


def test_an_uncertain_delivery_is_never_sent_again_by_itself(post: Post) -> None:
    post.behaviour = "cut_after_data"
    subscriber()
    newly_late()
    deliver_due(now=MONDAY)
    post.behaviour = "accept"
    for hours in (1, 5, 20):
        deliver_due(now=MONDAY + timedelta(hours=hours))
    assert len(post.received) == 1
    assert only().status == "uncertain"


def test_a_refused_delivery_is_tried_again_later_with_the_same_letter(post: Post) -> None:
    post.behaviour = "4xx"
    subscriber()
    newly_late()
    deliver_due(now=MONDAY)
    before = only()
    post.behaviour = "accept"
    deliver_due(now=MONDAY + timedelta(minutes=1))
    assert post.received == [], "not before its time"
    newly_late(MONDAY - timedelta(hours=4), name_ru="Позже")
    deliver_due(now=MONDAY + timedelta(minutes=6))
    after = only()
    assert (after.status, after.attempts) == ("sent", 2)
    assert (after.subject, after.body_text, after.message_id) == (before.subject, before.body_text, before.message_id)
    assert len(post.received) == 1


def test_a_server_that_does_not_answer_is_given_up_after_five_tries(settings: Any, post: Post) -> None:
    settings.EMAIL_PORT = 1
    subscriber()
    newly_late()
    now = MONDAY
    for _try in range(5):
        deliver_due(now=now)
        now += timedelta(hours=4)
    assert (only().status, only().attempts) == ("dead", 5)
    assert "refused" in only().error.lower()
    assert sum(deliver_due(now=now).values()) == 0


def test_a_delivery_whose_worker_was_lost_while_sending_is_uncertain(post: Post) -> None:
    user = subscriber()
    Delivery.objects.create(
        user=user,
        subscription=user.subscription,
        period=MONDAY.date(),
        recipient=user.email,
        subject="x",
        status="sending",
        attempts=1,
        lease_until=timezone.now() - timedelta(seconds=1),
    )
    assert deliver_due(now=MONDAY)["uncertain"] == 1
    assert only().status == "uncertain"
    assert post.received == []


def test_a_delivery_that_is_held_is_left_alone(post: Post) -> None:
    user = subscriber()
    held = timezone.now() + timedelta(minutes=5)
    Delivery.objects.create(
        user=user,
        subscription=user.subscription,
        period=MONDAY.date(),
        recipient=user.email,
        subject="x",
        status="sending",
        lease_until=held,
    )
    deliver_due(now=MONDAY)
    assert only().status == "sending"


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_one_letter(post: Post) -> None:
    for _reader in range(3):
        subscriber()
    newly_late()
    start = threading.Barrier(2)

    def work() -> None:
        start.wait()
        try:
            deliver_due(now=MONDAY)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _worker in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(letter["To"] for letter in post.received) == sorted(User.objects.values_list("email", flat=True))
    assert set(Delivery.objects.values_list("status", flat=True)) == {"sent"}


def test_the_hour_is_the_readers_own_and_a_new_subscription_waits_for_its_first(post: Post) -> None:
    kamchatka = subscriber(time_zone="Asia/Kamchatka")
    late = subscriber()
    Subscription.objects.filter(user=late).update(created_at=MONDAY - timedelta(minutes=3))
    newly_late(MONDAY - timedelta(days=1))
    deliver_due(now=MONDAY)
    assert list(Delivery.objects.values_list("subscription__user", "period")) == [(kamchatka.pk, date(2026, 11, 23))]


@pytest.mark.parametrize(("cadence", "days"), [("daily", 7), ("weekly", 1), ("monthly", 0)])
def test_over_the_week_in_which_the_clock_changes_no_digest_is_missed_or_doubled(post: Post, cadence: str, days: int) -> None:
    subscriber(cadence=cadence, time_zone="Europe/Berlin", hour=2, also_when_nothing_new=True)
    start = datetime(2026, 10, 20, 2, 30, tzinfo=UTC)
    deliver_due(now=start)
    Delivery.objects.all().delete()
    Subscription.objects.update(created_at=start)
    for hour in range(24 * 7):
        deliver_due(now=start + timedelta(hours=hour))
    assert Delivery.objects.count() == days
    assert len(set(Delivery.objects.values_list("period", flat=True))) == days


def test_who_cannot_be_reached_or_does_not_want_it_gets_nothing(post: Post) -> None:
    nobody, left, silent = subscriber(), subscriber(), subscriber()
    User.objects.filter(pk=nobody.pk).update(email="")
    User.objects.filter(pk=left.pk).update(is_active=False)
    Subscription.objects.filter(user=silent).update(is_active=False)
    newly_late()
    assert deliver_due(now=MONDAY)["due"] == 0


def test_one_readers_broken_letter_does_not_hold_up_the_others(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, fine = subscriber(), subscriber()
    newly_late()

    write = digest_letters.write_digest

    def write_digest(subscription: Subscription, **options: Any) -> Any:
        if subscription.user == broken:
            message = "cannot be written"
            raise RuntimeError(message)
        return write(subscription, **options)

    monkeypatch.setattr(digests, "write_digest", write_digest)
    figures = deliver_due(now=MONDAY)
    assert (figures["sent"], figures["failed"]) == (1, 1)
    assert "cannot be written" in Delivery.objects.get(subscription__user=broken).error
    assert [letter["To"] for letter in post.received] == [fine.email]


def at(hours: float, user: User, **choice: Any) -> str:
    """What of the time since the last digest the one says that is due so many hours after MONDAY; empty: there is none."""
    Subscription.objects.filter(user=user).update(**choice)
    known = set(Delivery.objects.values_list("pk", flat=True))
    deliver_due(now=MONDAY + timedelta(hours=hours))
    made = Delivery.objects.filter(user=user).exclude(pk__in=known).first()
    return made.body_text.partition("UNCHANGED")[0] if made else ""


def test_no_minute_is_told_twice_or_left_out_when_the_hour_or_the_zone_changes(post: Post) -> None:
    user = subscriber(language="en", also_when_nothing_new=True)
    factory = newly_late(MONDAY - timedelta(hours=1), name_en="First").factory
    assert "First" in at(0, user)
    newly_late(MONDAY + timedelta(hours=1), factory=factory, name_en="Second")
    earlier = at(23, user, hour=6)
    assert "Second" in earlier
    assert "First" not in earlier, "from eight to six: yesterday's are not new"
    newly_late(MONDAY + timedelta(hours=23), factory=factory, name_en="Third")
    later = at(24 + 36, user, hour=20)
    assert "Third" in later
    assert "Second" not in later
    newly_late(MONDAY + timedelta(hours=24 + 37), factory=factory, name_en="Fourth")
    # 00:00 in Kiritimati is 10:00 UTC of the day before, 23:00 in Honolulu is 09:00 UTC of the day after.
    east = at(24 + 52, user, hour=0, time_zone="Pacific/Kiritimati")
    assert "Fourth" in east
    assert "Third" not in east
    newly_late(MONDAY + timedelta(hours=80), factory=factory, name_en="Fifth")
    west = [at(hours, user, hour=23, time_zone="Pacific/Honolulu") for hours in (77, 100, 124, 148)]
    assert [bool(text) for text in west] == [False, False, False, True], "each local date has one digest at most"
    assert "Fifth" in west[-1]
    assert "Fourth" not in west[-1]


def test_a_zone_far_to_the_east_makes_no_letter_of_a_time_that_was_told(post: Post) -> None:
    user = subscriber(also_when_nothing_new=True, time_zone="Pacific/Honolulu", hour=23)
    assert at(27.1, user), "23:00 of the 23rd in Honolulu is 09:00 UTC of the 24th"
    east = {"time_zone": "Pacific/Kiritimati", "hour": 0}
    # 00:00 of the 24th in Kiritimati was 10:00 UTC of the 23rd.
    assert not at(27.2, user, **east)
    assert at(28.1, user, **east)


def test_a_change_of_the_hour_while_a_letter_waits_moves_nothing(post: Post) -> None:
    user = subscriber(language="en")
    newly_late(MONDAY + timedelta(hours=1), name_en="After eight")
    digests.make_due(MONDAY)
    Subscription.objects.update(hour=20)
    assert deliver_due(now=MONDAY + timedelta(hours=3))["skipped"] == 1, "it tells of the time up to eight"
    assert "After eight" in at(36.1, user)


@pytest.mark.parametrize("ended", [{"is_active": False}, {"suspended_at": MONDAY, "suspended_because": "550"}])
def test_what_waited_when_letters_were_ended_does_not_go_months_later(post: Post, ended: dict[str, Any]) -> None:
    subscriber(language="en")
    newly_late(name_en="Then")
    digests.make_due(MONDAY)
    Subscription.objects.update(**ended)
    deliver_due(now=MONDAY + timedelta(minutes=1))
    assert post.received == []
    Subscription.objects.update(is_active=True, suspended_at=None)
    deliver_due(now=MONDAY + timedelta(days=90))
    assert len(post.received) == 1
    old, new = Delivery.objects.order_by("period")
    assert (old.status, old.error, old.subject) == ("skipped", "letters were ended or suspended", "")
    assert "Feb 21, 2027" in new.subject
    assert "Then" in new.body_text.partition("UNCHANGED")[0], "one letter tells of all the time since"


def test_a_digest_is_skipped_when_a_newer_one_tells_its_time(post: Post) -> None:
    subscriber()
    newly_late(name_ru="Первая")
    post.behaviour = "4xx"
    deliver_due(now=MONDAY)
    post.behaviour = "accept"
    deliver_due(now=MONDAY + timedelta(days=1))
    first, second = Delivery.objects.order_by("period")
    assert (first.status, first.error) == ("skipped", "a newer digest tells this")
    assert "Первая" in second.body_text.partition("БЕЗ ИЗМЕНЕНИЙ")[0]
    assert len(post.received) == 1


@pytest.mark.parametrize(("status", "hard", "again"), [("uncertain", False, True), ("sent", True, True), ("sent", False, False)])
def test_what_may_not_have_arrived_is_told_again(post: Post, status: str, hard: bool, again: bool) -> None:
    user = subscriber(language="en")
    newly_late(name_en="First")
    deliver_due(now=MONDAY)
    Delivery.objects.update(status=status)
    Bounce.objects.create(delivery=only(), recipient=user.email, is_hard=hard, key="k")
    assert ("First" in at(24, user)) is again


def test_a_digest_waits_while_the_one_before_it_is_on_its_way(post: Post) -> None:
    subscriber()
    newly_late()
    digests.make_due(MONDAY)
    Delivery.objects.update(status="sending", attempts=1, lease_until=timezone.now() + timedelta(minutes=5))
    assert deliver_due(now=MONDAY + timedelta(days=1))["sent"] == 0
    Delivery.objects.filter(status="sending").update(status="sent", lease_until=None)
    assert deliver_due(now=MONDAY + timedelta(days=1))["skipped"] == 1, "all was told by the first"


def test_a_zone_that_became_unknown_stops_nobodys_letters(post: Post) -> None:
    broken, fine = subscriber(), subscriber()
    User.objects.filter(pk=broken.pk).update(time_zone="Atlantis/Capital")
    newly_late()
    assert deliver_due(now=MONDAY)["sent"] == 2
    assert {letter["To"] for letter in post.received} == {broken.email, fine.email}


def test_a_letter_that_waits_for_somebody_who_left_is_not_sent(post: Post) -> None:
    user = subscriber()
    newly_late()
    post.behaviour = "4xx"
    deliver_due(now=MONDAY)
    post.behaviour = "accept"
    User.objects.filter(pk=user.pk).update(is_active=False)
    deliver_due(now=MONDAY + timedelta(hours=1))
    assert post.received == []
    User.objects.filter(pk=user.pk).update(is_active=True)
    Subscription.objects.update(is_active=False)
    deliver_due(now=MONDAY + timedelta(hours=1))
    assert post.received == []
