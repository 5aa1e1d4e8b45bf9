"""The outbox: every try on record, decisions of people, the rate that workers share, one connection for many letters."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cluster.domain.access import Role
from cluster.domain.errors import Conflict, Forbidden, NotFound
from cluster.gateways import mail
from cluster.models import Delivery, DeliveryAttempt, Subscription, User
from cluster.services import mailing, outbox
from cluster.services.letters import Composed
from tests.factories import make_user
from tests.mail_server import Post

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def letter(**fields: Any) -> Delivery:
    """A letter that is written and waits."""
    user = fields.pop("user", None) or make_user(Role.AUDITOR)
    given = {"kind": "sample", "period": NOW.date(), "subject": "News", "body_text": "Text", "body_html": "<p>Text</p>"}
    return Delivery.objects.create(user=user, recipient=user.email, **given | fields)


def send(now: Any = NOW) -> dict[str, int]:
    return outbox.send_waiting(mailing.writers, now=now)


@pytest.fixture
def admin() -> User:
    return make_user(Role.ADMIN)


def tries(one: Delivery) -> list[tuple[int, str, str]]:
    assert not one.tries.filter(ended_at=None).exists()
    return list(one.tries.order_by("number").values_list("number", "outcome", "answer"))


def test_every_try_is_on_record_with_what_the_server_said(post: Post) -> None:
    one = letter()
    post.behaviour = "4xx"
    send()
    post.behaviour = "accept"
    assert send(NOW + timedelta(minutes=6))["sent"] == 1
    assert tries(one) == [(1, "failed", "451 try again later"), (2, "sent", "250 OK")]
    one.refresh_from_db()
    assert (one.error, one.attempts) == ("", 2)


def test_many_letters_go_over_one_connection_and_one_refusal_spoils_no_other(post: Post) -> None:
    good, bad, last = letter(), letter(), letter()
    post.refused = {bad.recipient}
    figures = send()
    assert (figures["sent"], figures["dead"]) == (2, 1)
    assert [one["To"] for one in post.received] == [good.recipient, last.recipient]
    assert post.connections == 2, "a new one after the refusal"
    for _ in range(5):
        letter()
    post.connections = 0
    assert send()["sent"] == 5
    assert post.connections == 1


def test_a_connection_that_is_cut_after_the_body_leaves_that_letter_uncertain_and_no_other(post: Post) -> None:
    first, cut, last = letter(), letter(), letter()
    post.cut = {cut.recipient}
    send()
    states = dict(Delivery.objects.values_list("pk", "status"))
    assert states == {first.pk: "sent", cut.pk: "uncertain", last.pk: "sent"}
    assert sorted(one["To"] for one in post.received) == sorted(one.recipient for one in (first, cut, last))


def test_a_server_that_closes_an_open_connection_is_asked_anew_at_once(post: Post) -> None:
    post.letters_per_connection = 2
    for _ in range(5):
        letter()
    assert send()["sent"] == 5
    assert len(post.received) == 5
    assert set(DeliveryAttempt.objects.values_list("number", "outcome")) == {(1, "sent")}


def test_a_server_that_does_not_listen_is_a_failed_try_and_the_letters_go_when_it_is_back(post: Post) -> None:
    one, other = letter(), letter()
    with post.away():
        figures = send()
    assert (figures["sent"], figures["failed"]) == (0, 2)
    assert {tried.outcome for tried in DeliveryAttempt.objects.all()} == {"failed"}
    assert "refused" in one.tries.get().answer
    assert send(NOW + timedelta(minutes=6))["sent"] == 2
    assert sorted(sent["To"] for sent in post.received) == sorted([one.recipient, other.recipient])


def test_no_more_go_in_a_minute_than_all_workers_together_may_send(post: Post, settings: Any) -> None:
    settings.MAIL_PER_MINUTE = 3
    for _ in range(5):
        letter()
    assert send()["sent"] == 3
    assert send()["sent"] == 0, "another worker counts the same tries"
    waiting = Delivery.objects.filter(status="waiting")
    assert (waiting.count(), waiting.filter(attempts=0).count()) == (2, 2)
    DeliveryAttempt.objects.update(began_at=timezone.now() - timedelta(seconds=61))
    assert send()["sent"] == 2


def test_a_run_waits_for_a_turn_that_comes_soon(post: Post, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MAIL_PER_MINUTE = 1
    slept: list[float] = []
    monkeypatch.setattr("cluster.services.outbox.time.sleep", slept.append)
    letter()
    send()
    DeliveryAttempt.objects.update(began_at=timezone.now() - timedelta(seconds=57))
    letter()
    assert send()["sent"] == 1
    assert 0 < slept[0] <= 3


def test_an_uncertain_letter_is_sent_again_or_settled_by_an_administrator_alone(post: Post, admin: User) -> None:
    again, arrived = letter(status="uncertain", attempts=1), letter(status="uncertain", attempts=1)
    with pytest.raises(NotFound):
        outbox.send_again(again.pk, by=make_user(Role.EDITOR))
    with pytest.raises(Forbidden):
        outbox.send_again(again.pk, by=again.user)
    outbox.note_arrival(arrived.pk, by=admin)
    outbox.send_again(again.pk, by=admin)
    with pytest.raises(Conflict):
        outbox.note_arrival(again.pk, by=admin)
    send()
    assert [one["To"] for one in post.received] == [again.recipient]
    assert str(again.message_id) in post.received[0]["Message-ID"]
    arrived.refresh_from_db()
    assert arrived.status == "sent"
    assert arrived.sent_at is not None
    assert f"{admin.username}: it arrived" in arrived.error


def test_a_letter_that_is_sent_again_goes_to_the_address_that_was_corrected(post: Post, admin: User) -> None:
    one = letter()
    post.refused = {one.recipient}
    send()
    User.objects.filter(pk=one.user_id).update(email="right@example.org")
    outbox.send_again(one.pk, by=admin)
    send()
    assert [received["To"] for received in post.received] == ["right@example.org"]


def test_a_digest_is_written_after_the_older_one_that_waits_beside_it(post: Post) -> None:
    """Both held after a restore and released at once: the newer one tells of the time after the older one."""
    subscription = Subscription.objects.create(user=make_user(Role.AUDITOR), cadence="daily", also_when_nothing_new=True)
    days = [{"period": NOW.date() - timedelta(days=n), "until": NOW - timedelta(days=n)} for n in (0, 1)]
    newer, older = (letter(user=subscription.user, subscription=subscription, kind="digest", subject="", **day) for day in days)
    known = []

    def writers(letters: Any) -> dict[str, outbox.Writer]:
        known.append([one.pk for one in letters])
        return mailing.writers(letters)

    outbox.send_waiting(writers, now=NOW)
    assert known == [[older.pk], [newer.pk]]
    assert len(post.received) == 2


def test_a_letter_that_was_given_up_gets_a_whole_round_of_tries_again(post: Post, admin: User) -> None:
    one = letter()
    post.behaviour = "4xx"
    now = NOW
    for rounds in (1, 2):
        for _ in range(5):
            send(now)
            now += timedelta(hours=8)
        one.refresh_from_db()
        assert (one.status, one.attempts) == ("dead", 5 * rounds)
        outbox.send_again(one.pk, by=admin)
    assert [number for number, *_rest in tries(one)] == list(range(1, 11))


def test_pauses_triple_within_a_round(post: Post) -> None:
    one = letter()
    post.behaviour = "4xx"
    pauses = []
    now = NOW
    for _ in range(4):
        send(now)
        one.refresh_from_db()
        assert one.not_before is not None
        pauses.append((one.not_before - now).total_seconds() / 60)
        now = one.not_before
    assert pauses == [5, 15, 45, 135]


def test_a_restored_outbox_is_held_with_what_fell_due_since_and_goes_when_released(post: Post, admin: User) -> None:
    user = make_user(Role.AUDITOR)
    subscription = Subscription.objects.create(user=user, cadence="daily", hour=0, also_when_nothing_new=True)
    Subscription.objects.filter(pk=subscription.pk).update(created_at=NOW - timedelta(days=9))
    waits, failed, sent = letter(), letter(status="failed", not_before=NOW), letter(status="sent")
    with pytest.raises(Forbidden):
        mailing.hold(now=NOW, by=make_user(Role.EDITOR))
    assert mailing.hold(now=NOW, by=None) == 3
    assert mailing.deliver_due(now=NOW)["sent"] == 0
    assert Delivery.objects.get(kind="digest").status == "held", "what fell due after the backup may have been sent then"
    outbox.note_arrival(Delivery.objects.get(kind="digest").pk, by=admin)
    assert outbox.release_all(by=admin) == 2
    assert mailing.deliver_due(now=NOW)["sent"] == 2
    assert {one["To"] for one in post.received} == {waits.recipient, failed.recipient}
    assert sent.recipient not in {one["To"] for one in post.received}


def test_a_letter_that_cannot_be_written_is_a_try_too(post: Post) -> None:
    def broken(delivery: Delivery, now: Any) -> Composed:
        message = "no words"
        raise RuntimeError(message)

    one = letter(subject="", kind="notice", subscription=Subscription.objects.create(user=make_user(Role.AUDITOR)))
    assert outbox.send_waiting(lambda _letters: {"notice": broken}, now=NOW)["failed"] == 1
    assert tries(one) == [(1, "failed", "RuntimeError: no words")]


def test_a_chart_comes_inside_of_the_letter(post: Post) -> None:
    letter(chart=b"\x89PNG\r\n", body_html='<img src="cid:chart" alt="Plan">')
    send()
    (received,) = post.received
    assert received.get_content_type() == "multipart/related"
    parts: Any = received.get_payload()
    alternative, image = parts
    assert [part.get_content_type() for part in alternative.get_payload()] == ["text/plain", "text/html"]
    assert (image["Content-ID"], image.get_payload(decode=True)) == ("<chart>", b"\x89PNG\r\n")


def test_captured_letters_are_a_file_each(settings: Any, tmp_path: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", str(tmp_path)
    letter()
    letter()
    assert send()["sent"] == 2
    assert len(list(tmp_path.iterdir())) == 2


def test_a_letter_costs_a_bounded_number_of_statements(post: Post, django_assert_max_num_queries: Any) -> None:
    for _ in range(4):
        letter()
    with django_assert_max_num_queries(4 * 9 + 4):
        assert send()["sent"] == 4


def test_a_letter_of_an_unknown_kind_does_not_stop_the_queue(post: Post) -> None:
    odd, good = letter(subject="", kind="odd", subscription=Subscription.objects.create(user=make_user(Role.AUDITOR))), letter()
    figures = send()
    assert (figures["sent"], figures["failed"]) == (1, 1)
    assert post.received[0]["To"] == good.recipient
    assert tries(odd) == [(1, "failed", "KeyError: 'odd'")]


def test_a_letter_goes_to_the_address_of_the_moment_in_which_it_is_written(post: Post) -> None:
    waits, tried = letter(subject="", body_text="", body_html=""), letter()
    User.objects.filter(pk__in=(waits.user_id, tried.user_id)).update(email="new@example.org")
    send()
    assert [one["To"] for one in post.received] == [tried.recipient, "new@example.org"], "every try goes to the same address"
    waits.refresh_from_db()
    assert waits.recipient == "new@example.org"


def test_what_waits_for_who_gets_no_letters_is_skipped_for_good(post: Post) -> None:
    kinds = ("digest", "notice")
    suspended, ended, closed, nowhere = (Subscription.objects.create(user=make_user(Role.AUDITOR)) for _ in range(4))
    waiting = [letter(user=one.user, subscription=one, kind=kind) for one in (suspended, ended) for kind in kinds]
    waiting += [letter(user=one.user, status="failed", not_before=NOW) for one in (closed, nowhere)]
    Subscription.objects.filter(pk=suspended.pk).update(suspended_at=NOW, suspended_because="550")
    Subscription.objects.filter(pk=ended.pk).update(is_active=False)
    User.objects.filter(pk=closed.user_id).update(is_active=False)
    User.objects.filter(pk=nowhere.user_id).update(email="")
    sample = letter(user=suspended.user, subscription=suspended)
    assert send()["sent"] == 1
    Subscription.objects.update(suspended_at=None, is_active=True)
    User.objects.update(is_active=True, email="back@example.org")
    assert send()["sent"] == 0, "nor when they begin anew"
    assert [one["To"] for one in post.received] == [sample.recipient], "who asks for a letter gets it"
    rows = Delivery.objects.filter(pk__in=[one.pk for one in waiting]).values_list("status", "error")
    assert set(rows) == {("skipped", "letters were ended or suspended")}


def test_a_worker_that_comes_back_after_a_resend_does_not_overwrite_its_outcome(
    post: Post, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = letter()
    deliver = mail.Sender.send

    def slowly(sender: Any, written: Any) -> str:
        monkeypatch.setattr(mail.Sender, "send", deliver)
        Delivery.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
        send()
        outbox.send_again(one.pk, by=admin)
        send()
        raise mail.NotSent("451 too late", for_good=False)

    monkeypatch.setattr(mail.Sender, "send", slowly)
    send()
    one.refresh_from_db()
    assert (one.status, one.attempts, one.not_before) == ("sent", 2, None)
    assert tries(one) == [(1, "failed", "451 too late"), (2, "sent", "250 OK")], "what it says of its own try is kept"
