"""Delivering digests: when, to whom, exactly once, and what becomes of a delivery whatever the mail server does."""

import os
import re
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pgtrigger
import pytest
from django.db import connection
from django.utils import timezone

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.domain.digest import Topic
from cluster.models import (
    Baseline,
    Bounce,
    BudgetLine,
    Claim,
    DelayEvent,
    DelayFlag,
    Delivery,
    Factory,
    ForecastRevision,
    LedgerEntry,
    Milestone,
    Subscription,
    User,
)
from cluster.queries.digest import Digest, Figures, digest_of
from cluster.queries.digest_brief import Brief
from cluster.services import digest_letters, digests
from cluster.services.digests import preview
from cluster.services.mailing import deliver_due
from cluster.templatetags.format import money_short
from cluster.templatetags.page import severity_word
from production.models import Output
from tests.factories import approve, make_contract, make_factory, make_milestone, make_rate, make_source, make_user, promise
from tests.mail_server import Post, mail_server

_TOKEN = re.compile(r"/mail/unsubscribe/[\w.-]+/")
MONDAY = datetime(2026, 11, 23, 6, 5, tzinfo=UTC)  # 08:05 in Kaliningrad
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _site(settings: Any) -> None:
    settings.SITE_URL, settings.SITE_HOST = "https://tracker.example", "tracker.example"


@pytest.fixture
def post(settings: Any) -> Iterator[Post]:
    with mail_server(settings) as server:
        yield server


def subscriber(*, cadence: str = "daily", **fields: Any) -> User:
    """An auditor of everything who subscribed long ago."""
    options = {name: fields.pop(name) for name in ("hour", "weekday", "also_when_nothing_new") if name in fields}
    user = make_user(Role.AUDITOR, **fields)
    subscription = Subscription.objects.create(user=user, cadence=cadence, **options)
    Subscription.objects.filter(pk=subscription.pk).update(created_at=MONDAY - timedelta(days=400))
    return user


def noted(flag: DelayFlag, kind: str, at: datetime, days: int = 40) -> None:
    """An event of a flag, recorded at that moment."""
    event = DelayEvent.objects.create(flag=flag, kind=kind, on_date=at.date(), days=days, severity=flag.severity)
    with pgtrigger.ignore("cluster.DelayEvent:append_only"):
        DelayEvent.objects.filter(pk=event.pk).update(recorded_at=at)


def newly_late(at: datetime = MONDAY - timedelta(hours=3), *, days: int = 40, factory: Factory | None = None, **names: Any) -> Milestone:
    """A milestone whose delay was flagged at that moment."""
    milestone = make_milestone(factory or make_factory(make_contract(name_ru="Договор", name_en="Contract")), **names)
    due = at.date() - timedelta(days=days)
    promise(milestone, due.isoformat(), announced="2020-01-01")
    flag = DelayFlag.objects.create(
        contract=milestone.contract, factory=milestone.factory, milestone=milestone, subject_id=milestone.pk,
        kind="overdue", severity="moderate", since=due, opened_on=at.date(),
    )  # fmt: skip
    noted(flag, "opened", at, days)
    return milestone


def digest_for(**brief: Any) -> Digest:
    return digest_of(Brief(**brief))


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


def test_a_digest_speaks_the_readers_language(post: Post) -> None:
    subscriber(language="en")
    subscriber(language="ru")
    newly_late(name_ru="Открытие завода", name_en="Plant opens")
    deliver_due(now=MONDAY)
    english, russian = (Delivery.objects.get(subscription__user__language=code) for code in ("en", "ru"))
    assert "Plant opens" in english.body_text
    assert "Открытие завода" not in english.body_text
    assert "Nov 23, 2026" in english.subject
    assert "Открытие завода" in russian.body_text
    assert "23.11.2026" in russian.subject
    assert 'lang="ru"' in russian.body_html


def test_a_reader_of_one_factory_hears_nothing_of_the_others(post: Post) -> None:
    mine, other = newly_late(name_ru="Моя веха"), newly_late(name_ru="Чужая веха")
    manager = make_user(Role.MANAGER, factory=mine.factory)
    subscription = Subscription.objects.create(user=manager, cadence="daily")
    Subscription.objects.filter(pk=subscription.pk).update(created_at=MONDAY - timedelta(days=2))
    deliver_due(now=MONDAY)
    assert "Моя веха" in only().body_text
    assert other.name_ru not in only().body_text + only().body_html


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


@pytest.mark.parametrize(("zone", "before", "reached"), [("Europe/Kaliningrad", 80, 1), ("Pacific/Kiritimati", 90, 0)])
def test_the_move_of_the_rate_is_since_the_day_of_the_reader(zone: str, before: int, reached: int) -> None:
    """14:00 UTC of Friday is Friday in Kaliningrad and Saturday in Kiritimati; a dearer dollar makes commitments smaller in it."""
    contract = make_contract()
    claim = Claim(contract=contract, figure="commitment", value=72_000_000_000, unit="RUB", source=make_source(), in_use=True)
    claim.announced = DateWindow.parse("2024-04-15")
    claim.save()
    for day, rate in (("2026-11-20", "80"), ("2026-11-21", "90"), ("2026-11-24", "100")):
        make_rate(day, rate)
    since = datetime(2026, 11, 20, 14, tzinfo=UTC)
    brief: dict[str, Any] = {"since": since, "until": since + timedelta(days=5), "as_of": date(2026, 11, 25), "zone": ZoneInfo(zone)}
    milestone = make_milestone(make_factory(contract))
    milestone.actual, milestone.actual_announced_on = DateWindow.parse("2026-11-19"), date(2026, 11, 21)
    milestone.save()
    digest = digest_for(reader=subscriber(), by_announcement=True, **brief)
    assert digest.counts[Topic.REACHED] == reached, "what was announced on the day on which the period began was told"
    figures = next(section.data for section in digest.sections if isinstance(section.data, Figures))
    assert figures.before.rate is not None
    assert figures.before.rate.rate.value == before
    assert figures.move == pytest.approx(Decimal(100 - before) / before * 100)
    assert figures.committed_effect == 720_000_000 - 72_000_000_000 / before
    assert figures.committed_effect < 0
    assert figures.committed_loss == -figures.committed_effect


def test_the_text_twin_stays_below_78_columns_and_links_are_whole(post: Post) -> None:
    subscriber()
    make_rate("2026-11-21", "80.1234")
    newly_late(name_ru="Очень длинное название вехи " * 6)
    deliver_due(now=MONDAY)
    lines = only().body_text.splitlines()
    assert max(len(line) for line in lines if "://" not in line) < 78
    assert any(line.strip().startswith("https://tracker.example/") and "/milestones/" in line for line in lines)
    assert "80,1234" in only().body_text


def test_the_html_carries_its_styles_inline_and_keeps_the_dark_rules() -> None:
    user = subscriber()
    newly_late(name_ru="<script>alert(1)</script>")
    html = preview(user=user, now=MONDAY).html
    assert "prefers-color-scheme: dark" in html.replace("prefers-color-scheme:dark", "prefers-color-scheme: dark")
    assert "max-width: 640px" in html.partition("</head>")[2]
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_a_digest_takes_as_many_statements_for_many_milestones_as_for_few(django_assert_max_num_queries: Any) -> None:
    user = subscriber()
    milestone = newly_late()
    for _more in range(10):
        extra = make_milestone(milestone.factory)
        promise(extra, "2024-Q1", announced="2020-01-01")
    with django_assert_max_num_queries(34):
        preview(user=User.objects.get(pk=user.pk), now=MONDAY)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_rich_digest_reads_as_the_golden_files(language: str) -> None:
    """After a change of the wording: UPDATE_GOLDEN=1 writes the files anew; read the difference before committing it."""
    contract = make_contract(code="avto", name_ru="СПИК «Пример»", name_en="Example contract")
    plant = make_factory(contract, code="P1", name_ru="Завод сидений", name_en="Seat plant")
    paint = make_factory(contract, code="P2", name_ru="Цех окраски", name_en="Paint shop")
    reader = subscriber(username="reader")
    source = make_source(title_ru="Газета", title_en="Newspaper")
    make_rate("2026-11-21", "80.1234")
    late = newly_late(
        factory=paint, days=1, code="P2-OPEN", name_ru="Открытие цеха окраски", name_en="Paint shop opens", responsible=reader
    )
    revision = ForecastRevision(milestone=late, reason="equipment_delivery", source=source)
    revision.old, revision.new = DateWindow.parse("2026-Q2"), DateWindow.parse("2027-Q1")
    revision.announced = DateWindow.parse("2026-11-23")
    revision.save()
    opened = make_milestone(plant, code="P1-OPEN", name_ru="Открытие завода сидений", name_en="Seat plant opens")
    promise(opened, "2026-H1", announced="2025-03-01")
    opened.actual, opened.actual_announced_on = DateWindow.parse("2026-11-23"), date(2026, 11, 23)
    opened.save()
    soon = make_milestone(plant, code="P1-SERIES", kind="series", name_ru="Серийный выпуск", name_en="Series production")
    promise(soon, "2026-11-30", announced="2025-03-01")
    for figure, value, unit in (("commitment", 70_000_000_000, "RUB"), ("planned_factories", 12, "factories")):
        claim = Claim(contract=contract, figure=figure, value=value, unit=unit, source=source, in_use=True, qualifier="more_than")
        claim.announced = DateWindow.parse("2024-04-15")
        claim.save()
    LedgerEntry.objects.create(
        factory=plant, kind="payment", date=date(2026, 11, 23), amount_rub=Decimal("1900000000.50"), document="1", counterparty="c"
    )
    approved = Baseline.objects.create(contract=contract, kind="draft", name_ru="Бюджет", name_en="Budget")
    BudgetLine.objects.create(baseline=approved, factory=plant, month=date(2026, 3, 1), amount_rub=Decimal("2500000000"))
    approve(approved, "2026-01-01")
    make_rate("2026-11-14", "81.0000")
    output = Output(contract=contract, year=2026, month=10, quantity=3141, source=source, in_use=True)
    output.announced = DateWindow.parse("2026-11-20")
    output.save()
    Output.objects.update(recorded_at=MONDAY - timedelta(hours=1))
    composed = preview(user=reader, now=MONDAY, language=language, by_announcement=True)
    text = _TOKEN.sub("/mail/unsubscribe/TOKEN/", f"{composed.subject}\n\n{composed.text}")
    html = _TOKEN.sub("/mail/unsubscribe/TOKEN/", composed.html)
    for name, found in (("txt", text), ("html", html)):
        golden = Path(__file__).parent / "golden" / f"digest_{language}.{name}"
        if os.environ.get("UPDATE_GOLDEN"):
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(found)
        assert found == golden.read_text()
    assert max(len(line) for line in composed.text.splitlines() if "://" not in line) < 78
    assert len(composed.html.encode()) < 100_000
    assert composed.chart is not None
    assert composed.chart.startswith(b"\x89PNG")
    assert len(composed.chart) < 40_000
    assert 'src="cid:chart"' in composed.html


def test_a_second_kind_of_lateness_is_not_newly_late_again() -> None:
    user, milestone = subscriber(), newly_late()
    for kind, change, at in (("overdue", "closed", 19), ("forecast_late", "opened", 20)):
        fresh = {"severity": "moderate", "since": date(2026, 10, 1), "opened_on": MONDAY.date(), "contract": milestone.contract}
        flag, _new = DelayFlag.objects.get_or_create(
            milestone=milestone, factory=milestone.factory, subject_id=milestone.pk, kind=kind, defaults=fresh
        )
        if change == "closed":
            DelayFlag.objects.filter(pk=flag.pk).update(closed_on=MONDAY.date())
        noted(flag, change, MONDAY + timedelta(hours=at))
    digest = digest_for(reader=user, since=MONDAY, until=MONDAY + timedelta(days=1), as_of=date(2026, 11, 24))
    assert {topic for topic, count in digest.counts.items() if count} == {Topic.WORSE}


@pytest.mark.usefixtures("in_english")
class TestOtherSignals:
    DAY = timedelta(days=1)

    def flag(self, factory: Factory, kind: str, events: dict[str, float], **fields: Any) -> DelayFlag:
        """A flag of another kind with its events, in hours after MONDAY."""
        given: dict[str, Any] = {"contract": factory.contract, "factory": factory, "subject_id": factory.pk, "severity": "major"}
        flag = DelayFlag.objects.create(**given | {"kind": kind, "since": date(2026, 11, 1), "opened_on": date(2026, 11, 1)} | fields)
        for event, hours in events.items():
            noted(flag, event, MONDAY + timedelta(hours=hours))
        return flag

    def told(self) -> list[tuple[str, str, bool]]:
        digest = digest_for(reader=subscriber(), since=MONDAY, until=MONDAY + self.DAY, as_of=date(2026, 11, 24))
        return [(str(one.subject), str(one.label), one.is_closed) for part in digest.contracts for one in part.flagged]

    def test_what_opened_or_closed_in_the_period_is_told_and_what_came_and_went_is_not(self) -> None:
        factory, others = make_factory(), [make_factory() for _ in range(3)]
        self.flag(factory, "over_budget", {"opened": 1}, amount=Decimal("1000000"))
        self.flag(others[0], "silent", {"opened": -40, "closed": 2}, closed_on=date(2026, 11, 23))
        self.flag(others[1], "silent", {"opened": 1, "closed": 2}, closed_on=date(2026, 11, 23))
        self.flag(others[2], "silent", {"opened": -40})
        assert sorted(self.told()) == sorted([(str(factory), "over budget", False), (str(others[0]), "silent", True)])

    def test_a_milestone_is_told_once_by_its_gravest_flag_and_not_beside_its_own_delay(self) -> None:
        milestone = make_milestone()
        about: dict[str, Any] = {"milestone": milestone, "subject_id": milestone.pk}
        self.flag(milestone.factory, "at_risk", {"opened": 1}, severity="minor", **about)  # type: ignore[arg-type]
        self.flag(milestone.factory, "knock_on_late", {"opened": 1}, severity="critical", **about)  # type: ignore[arg-type]
        assert self.told() == [(str(milestone), "knock-on late", False)]
        self.flag(milestone.factory, "overdue", {"opened": 1}, **about)  # type: ignore[arg-type]
        assert self.told() == []

    def test_a_letter_says_by_how_much(self) -> None:
        factory = make_factory(name_en="Axle plant")
        self.flag(factory, "over_budget", {"opened": -2}, amount=Decimal("1500000"))
        letter = preview(user=subscriber(), now=MONDAY, language="en")
        assert "OTHER SIGNALS (1)" in letter.text
        line = f"  - {factory}: over budget, {money_short(1500000)} ({severity_word('major')})"
        assert " ".join(line.split()) in " ".join(letter.text.split())
        assert "Other signals" in letter.html


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


@pytest.mark.parametrize(
    ("language", "line"), [("en", "October 2026: 100 batteries"), ("ru", "октябрь 2026 г.: 100 батарей")], ids=["en", "ru"]
)
def test_output_is_told_in_the_words_of_the_reader(language: str, line: str) -> None:
    output = Output(contract=make_contract(), year=2026, month=10, quantity=100, unit="batteries", source=make_source(), in_use=True)
    output.announced = DateWindow.parse("2026-11-20")
    output.save()
    Output.objects.update(recorded_at=MONDAY - timedelta(hours=1))
    letter = preview(user=subscriber(), now=MONDAY, language=language)
    assert line in letter.text.replace("\xa0", " ")
    assert line.partition(": ")[0] in letter.html.replace("\xa0", " ")
    assert "2026-10" not in letter.text + letter.html


def test_each_contract_of_a_digest_tells_its_own_milestones_and_examples_none() -> None:
    reader = make_user(Role.AUDITOR)
    told = [newly_late(name_ru=f"Веха {n}", factory=make_factory(make_contract(code=f"real-{n}"))) for n in range(2)]
    newly_late(factory=make_factory(make_contract(code="example", is_example=True)))
    since = MONDAY - timedelta(days=1)
    digest = digest_for(reader=reader, since=since, until=MONDAY, as_of=MONDAY.date())
    found = {news.contract.code: [item.dated.milestone.pk for item in news.changes] for news in digest.contracts}
    assert found == {"real-0": [told[0].pk], "real-1": [told[1].pk]}


def test_a_forecast_that_was_confirmed_is_no_change_to_tell() -> None:
    user = subscriber()
    milestone = make_milestone(make_factory(), name_ru="Открытие завода")
    for reason in ("permit", "confirmed"):
        revision = ForecastRevision(milestone=milestone, reason=reason)
        revision.old = revision.new = DateWindow.parse("2027")
        revision.announced = DateWindow.day(MONDAY.date() - timedelta(days=1))
        revision.save()
    told = digest_for(reader=user, since=MONDAY - timedelta(days=2), until=MONDAY, as_of=MONDAY.date(), by_announcement=True)
    (item,) = told.contracts[0].changes
    assert item.revision is not None
    assert item.revision.reason == "permit"
