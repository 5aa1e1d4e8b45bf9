"""Immediate notices: who is told of what, once, in one letter at a time, and what is not told any more."""

import os
import re
from datetime import UTC, date, datetime, timedelta
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import pgtrigger
import pytest
from django.utils import timezone

from cluster.domain.access import Role
from cluster.models import Baseline, Comment, DelayEvent, DelayFlag, Delivery, Factory, Notice, Subscription, User
from cluster.queries.notices import notice_kinds
from cluster.services import notices
from cluster.services.mailing import deliver_due
from tests.factories import hold_role, make_contract, make_factory, make_milestone, make_rate, make_user
from tests.mail_server import Post

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site_address")]
NOW = timezone.now()


def told(user: User, **fields: Any) -> User:
    """Somebody who gets notices, and no digest in the time of a test."""
    user.language = "en"
    user.save()
    subscription = Subscription.objects.create(user=user, **{"cadence": "monthly", "language": "en"} | fields)
    Subscription.objects.filter(pk=subscription.pk).update(created_at=NOW - timedelta(hours=1))
    return user


def flagged(factory: Factory, severity: str = "critical", *, at: datetime = NOW, kind: str = "overdue", **fields: Any) -> DelayFlag:
    """A flag of a new milestone that opened with that severity."""
    milestone = make_milestone(factory, **fields)
    flag = DelayFlag.objects.create(
        contract=factory.contract, factory=factory, milestone=milestone, subject_id=milestone.pk, kind=kind,
        severity=severity, since=date(2026, 1, 1), opened_on=at.date(),
    )  # fmt: skip
    event(flag, "opened", severity, at)
    return flag


def event(flag: DelayFlag, kind: str, severity: str, at: datetime = NOW) -> None:
    made = DelayEvent.objects.create(flag=flag, kind=kind, on_date=at.date(), days=200, severity=severity)
    with pgtrigger.ignore("cluster.DelayEvent:append_only"):
        DelayEvent.objects.filter(pk=made.pk).update(recorded_at=at)


def letters(now: datetime = NOW) -> list[Delivery]:
    """The letters of notices after a delivery at that moment."""
    deliver_due(now=now)
    return list(Delivery.objects.filter(kind="notice").order_by("pk"))


def test_a_critical_delay_is_told_to_who_answers_for_it_and_to_nobody_else(post: Post) -> None:
    contract = make_contract(name_en="Axles")
    responsible, named, manager = told(make_user(Role.AUDITOR)), told(make_user(Role.AUDITOR)), make_user()
    factory, other = make_factory(contract, manager=named), make_factory(contract)
    for user, place in ((manager, factory), (make_user(username="elsewhere"), other)):
        told(make_user(Role.MANAGER, factory=place, username=f"at-{user.username}"))
    told(make_user(Role.ADMIN))
    flag = flagged(factory, name_en="Paint shop opens", responsible=responsible)
    flagged(factory, "major")
    deliver_due(now=NOW)
    addresses = {responsible.email, named.email, f"at-{manager.username}@example.org"}
    assert {letter["To"] for letter in post.received} == addresses
    letter = post.received[0]
    assert "critical delay, Paint shop opens" in str(make_header(decode_header(letter["Subject"])))
    text, html = (part.get_payload(decode=True).decode() for part in letter.get_payload())  # type: ignore[union-attr]
    address = f"https://tracker.example/c/{contract.code}/delays/{flag.pk}/"
    assert address in text
    assert address in html
    assert "Axles" in html
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert max(len(line) for line in text.splitlines() if "://" not in line) < 78
    deliver_due(now=NOW + timedelta(hours=1))
    assert len(post.received) == 3, "told once"


def test_what_becomes_critical_is_told_each_time_and_what_stays_so_is_not(post: Post) -> None:
    manager = told(make_user(Role.AUDITOR))
    flag = flagged(make_factory(manager=manager), "major", at=NOW - timedelta(minutes=50))
    assert letters() == []
    event(flag, "worse", "critical", NOW - timedelta(minutes=40))
    DelayFlag.objects.update(severity="critical")
    event(flag, "worse", "critical", NOW - timedelta(minutes=30))
    notices.make_due(NOW)
    assert Notice.objects.count() == 1
    event(flag, "better", "major", NOW - timedelta(minutes=20))
    event(flag, "worse", "critical", NOW - timedelta(minutes=10))
    notices.make_due(NOW)
    assert Notice.objects.count() == 2


def test_all_that_happens_within_ten_minutes_comes_in_one_letter_after_the_first(post: Post) -> None:
    manager = told(make_user(Role.AUDITOR))
    factory = make_factory(manager=manager)
    flagged(factory, name_en="First")
    assert [letter.status for letter in letters()] == ["sent"], "the first at once"
    for name in ("Second", "Third"):
        flagged(factory, name_en=name)
    assert len(letters(NOW + timedelta(minutes=5))) == 1
    _first, second = letters(timezone.now() + timedelta(minutes=11))
    assert "2 critical delays" in second.subject
    assert "Second" in second.body_text
    assert "Third" in second.body_text
    assert "First" not in second.body_text
    assert second.notices.count() == 2


def test_what_no_longer_matters_when_the_letter_is_written_is_settled_untold(post: Post) -> None:
    manager = told(make_user(Role.AUDITOR))
    factory = make_factory(manager=manager)
    gone, stays = flagged(factory, name_en="Gone"), flagged(factory, name_en="Stays")
    notices.make_due(NOW)
    DelayFlag.objects.filter(pk=gone.pk).update(closed_on=NOW.date())
    (letter,) = letters()
    assert "Gone" not in letter.body_text
    assert [notice.subject_id for notice in letter.notices.all()] == [stays.pk]
    assert not Notice.objects.filter(settled_at=None).exists()
    Delivery.objects.all().delete()
    flagged(factory)
    notices.make_due(NOW)
    DelayFlag.objects.update(closed_on=NOW.date())
    assert [letter.status for letter in letters()] == ["skipped"]


def test_what_happened_before_the_subscription_or_long_ago_floods_nobody(post: Post) -> None:
    manager = told(make_user(Role.AUDITOR))
    factory = make_factory(manager=manager)
    flagged(factory, at=NOW - timedelta(minutes=61))
    assert letters() == []
    Subscription.objects.update(created_at=NOW - timedelta(days=30))
    flagged(factory, at=NOW - timedelta(hours=25))
    (letter,) = letters()
    assert letter.notices.count() == 1, "of an hour ago, not of yesterday"


@pytest.mark.parametrize("choice", [{"notices": False}, {"is_active": False}, {"suspended_at": NOW, "suspended_because": "x"}])
def test_who_wants_none_gets_none_neither_now_nor_later(post: Post, choice: dict[str, Any]) -> None:
    manager = told(make_user(Role.AUDITOR))
    flagged(make_factory(manager=manager))
    notices.make_due(NOW)
    Delivery.objects.all().delete()
    Subscription.objects.update(**choice)
    assert letters() == []
    Subscription.objects.update(notices=True, is_active=True, suspended_at=None)
    assert letters() == []


def test_a_subscription_narrowed_to_factories_and_kinds_is_told_of_these_alone(post: Post) -> None:
    manager = told(make_user(Role.AUDITOR), kinds=["overdue"])
    wanted, other = make_factory(manager=manager), make_factory(manager=manager)
    Subscription.objects.get(user=manager).factories.add(wanted)
    flagged(other, name_en="Other factory")
    flagged(wanted, kind="forecast_late", name_en="Other kind")
    flagged(wanted, name_en="Asked for")
    (letter,) = letters()
    assert [notice.kind for notice in Notice.objects.all()] == ["critical"]
    assert "Asked for" in letter.body_text


def test_rates_baselines_and_mentions_go_to_who_is_asked_and_not_to_their_author(post: Post) -> None:
    contract = make_contract()
    everywhere, here = told(make_user(Role.EDITOR)), told(make_user(Role.EDITOR, contract=contract))
    elsewhere = told(make_user(Role.EDITOR, contract=make_contract()))
    told(make_user(Role.ADMIN))
    rate = make_rate("2026-11-20", "93.4419", status="quarantined")
    make_rate("2026-11-19", "80", status="quarantined", recorded_by=everywhere)
    baseline = Baseline.objects.create(contract=contract, kind="draft", name_ru="План Б", name_en="Plan B", reason="Because")
    comment = Comment.objects.create(contract=contract, text="@you look", by=here)
    comment.mentioned.set([here, everywhere, elsewhere])
    letters()
    found = set(Notice.objects.values_list("user", "kind", "subject_id"))
    assert found == {
        (everywhere.pk, "rate", rate.pk),
        (everywhere.pk, "baseline", baseline.pk),
        (here.pk, "baseline", baseline.pk),
        (everywhere.pk, "mention", comment.pk),
        (elsewhere.pk, "mention", comment.pk),
    }
    letter = Delivery.objects.get(user=everywhere)
    assert "1 rate waits for you, 1 mention of you, 1 baseline to approve" in letter.subject
    assert f"/rates/{rate.pk}/" in letter.body_text
    assert "Plan B" in letter.body_text
    assert f"#comment-{comment.pk}" in letter.body_text
    outside = Delivery.objects.get(user=elsewhere)
    assert outside.status == "skipped", "a comment out of sight is not told"


def test_examples_and_text_of_strangers(post: Post) -> None:
    manager = told(make_user(Role.AUDITOR))
    flagged(make_factory(make_contract(is_example=True), manager=manager))
    assert letters() == []
    flagged(make_factory(manager=manager), name_en="<b>bold</b>")
    (letter,) = letters()
    assert "<b>bold" not in letter.body_html
    assert "&lt;b&gt;bold" in letter.body_html


def test_statements_do_not_grow_with_people(post: Post, django_assert_max_num_queries: Any) -> None:
    contract = make_contract()
    for _ in range(12):
        told(make_user(Role.EDITOR, contract=contract))
    Baseline.objects.create(contract=contract, kind="draft", name_ru="План")
    with django_assert_max_num_queries(6 + len(notice_kinds())):
        assert notices.make_due(NOW) == 12
    with django_assert_max_num_queries(5 + len(notice_kinds())):
        assert notices.make_due(NOW) == 0
    assert Notice.objects.count() == 12


def test_the_letter_is_dated_in_the_zone_of_the_subscription(post: Post) -> None:
    manager = told(make_user(Role.AUDITOR), time_zone="Pacific/Kiritimati")
    flagged(make_factory(manager=manager), at=datetime(2026, 11, 23, 12, tzinfo=UTC))
    Subscription.objects.update(created_at=datetime(2026, 11, 1, tzinfo=UTC))
    (letter,) = letters(datetime(2026, 11, 23, 12, 1, tzinfo=UTC))
    assert letter.period == date(2026, 11, 24)


def test_superusers_are_told_of_baselines_and_editors_of_one_factory_are_not(post: Post) -> None:
    contract = make_contract()
    superuser = told(make_user(is_superuser=True))
    told(make_user(Role.EDITOR, factory=make_factory(contract)))
    baseline = Baseline.objects.create(contract=contract, kind="draft", name_ru="План", name_en="Plan B")
    letters()
    assert set(Notice.objects.values_list("user", "subject_id")) == {(superuser.pk, baseline.pk)}
    assert "Plan B" in Delivery.objects.get(user=superuser).body_text


def test_who_lost_the_role_before_the_letter_is_written_is_told_nothing(post: Post) -> None:
    contract = make_contract()
    editor = told(make_user(Role.EDITOR))
    make_rate("2026-11-20", "93.4419", status="quarantined")
    Baseline.objects.create(contract=contract, kind="draft", name_ru="План")
    notices.make_due(NOW)
    assert Notice.objects.filter(user=editor).count() == 2
    editor.memberships.all().delete()
    hold_role(editor, Role.AUDITOR)
    (letter,) = letters()
    assert (letter.status, letter.subject) == ("skipped", "")
    assert not Notice.objects.filter(settled_at=None).exists()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_notice_of_every_kind_reads_as_the_golden_files(post: Post, language: str) -> None:
    """After a change of the wording: UPDATE_GOLDEN=1 writes the files anew; read the difference before committing it."""
    contract = make_contract(code="avto", name_ru="СПИК «Пример»", name_en="Example contract")
    plant = make_factory(contract, code="P1", name_ru="Завод сидений", name_en="Seat plant")
    reader, writer = told(make_user(Role.EDITOR, username="reader"), language=language), make_user(username="writer")
    flagged(plant, code="P1-OPEN", name_ru="Открытие завода сидений", name_en="Seat plant opens", responsible=reader)
    DelayFlag.objects.update(since=NOW.astimezone(reader.subscription.zone).date() - timedelta(days=200))
    make_rate("2026-11-20", "93.4419", status="quarantined")
    Baseline.objects.create(contract=contract, kind="draft", name_ru="План Б", name_en="Plan B", reason="Новый срок.")
    Comment.objects.create(contract=contract, text="@reader Что с оборудованием?", by=writer).mentioned.set([reader])
    (letter,) = letters()
    for name, found in (("txt", f"{letter.subject}\n\n{letter.body_text}"), ("html", letter.body_html)):
        golden = Path(__file__).parent / "golden" / f"notice_{language}.{name}"
        same = _same(found)
        if os.environ.get("UPDATE_GOLDEN"):
            golden.write_text(same)
        assert same == golden.read_text()


def _same(text: str) -> str:
    """A letter without the numbers of its rows and the moment at which it was written."""
    found = re.sub(r"/mail/unsubscribe/[\w.-]+/", "/mail/unsubscribe/TOKEN/", text)
    found = re.sub(r'(<div class="day"[^>]*>)[^<]*', r"\1MOMENT", found)
    return re.sub(r"(/(?:delays|rates|budgets)/|#comment-)\d+", r"\1N", found)
