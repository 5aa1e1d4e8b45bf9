"""Subscriptions: what is usual for a role, choosing and changing, narrowing, a letter on request."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from cluster.domain.access import Role
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.models import DelayFlag, Delivery, Subscription
from cluster.queries.digest import Digest, digest_of
from cluster.queries.digest_brief import Brief, Shared
from cluster.queries.digest_news import news_of
from cluster.queries.history import newest_event
from cluster.services.digests import due, preview
from cluster.services.subscriptions import Choice, choice_of, choose, resume, send_sample, set_active, unsubscribe_url, usual_choice
from tests.factories import make_contract, make_factory, make_milestone, make_user, promise

NOW = datetime(2026, 11, 23, 6, 5, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("role", "cadence", "notices"),
    [(Role.ADMIN, "daily", True), (Role.EDITOR, "daily", True), (Role.CONTROLLER, "weekly", True), (Role.AUDITOR, "weekly", True)],
)
def test_what_is_usual_follows_from_the_role(role: Role, cadence: str, notices: bool) -> None:
    usual = usual_choice(make_user(role))
    assert (usual.cadence, usual.weekday, usual.hour, usual.notices, usual.factories) == (cadence, 0, 8, notices, frozenset())


def test_a_plant_manager_is_told_of_the_own_factory() -> None:
    factory = make_factory()
    usual = usual_choice(make_user(Role.MANAGER, factory=factory))
    assert (usual.cadence, usual.factories, usual.notices) == ("weekly", frozenset({factory.pk}), True)


def test_a_choice_is_kept_and_the_same_again_changes_nothing() -> None:
    user, factory = make_user(Role.AUDITOR), make_factory()
    narrowed: dict[str, Any] = {"factories": frozenset({factory.pk}), "kinds": frozenset({"silent"})}
    wanted = Choice(cadence="monthly", hour=7, time_zone="Asia/Tokyo", language="en", **narrowed)
    made = choose(wanted, by=user, version=None)
    assert choice_of(Subscription.objects.get()) == wanted
    assert choose(wanted, by=user, version=None).pk == made.pk
    assert made.history.count() == 1  # type: ignore[attr-defined]


def test_a_stale_choice_is_refused_even_where_only_factories_changed() -> None:
    user, factory = make_user(Role.AUDITOR), make_factory()
    first = Choice()
    seen = newest_event(choose(first, by=user, version=None))
    choose(Choice(factories=frozenset({factory.pk})), by=user, version=seen)
    with pytest.raises(Conflict):
        choose(Choice(hour=9), by=user, version=seen)
    assert choice_of(Subscription.objects.get()).factories == {factory.pk}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cadence", "hourly"), ("weekday", 7), ("hour", 24), ("hour", -1), ("time_zone", "Mars/Base"), ("language", "de"),
        ("kinds", frozenset({"nothing"})), ("factories", frozenset({999_999})),
    ],
)  # fmt: skip
def test_what_cannot_be_chosen_is_refused_at_its_field(field: str, value: Any) -> None:
    with pytest.raises(DomainError) as caught:
        choose(Choice(**{field: value}), by=make_user(Role.AUDITOR), version=None)
    assert caught.value.field == field
    assert not Subscription.objects.exists()


def test_nobody_narrows_to_a_factory_of_others() -> None:
    foreign = make_factory()
    with pytest.raises(NotFound):
        choose(Choice(factories=frozenset({foreign.pk})), by=make_user(Role.MANAGER, factory=make_factory()), version=None)


def test_a_letter_on_request_is_one_in_a_minute() -> None:
    user = make_user(Role.AUDITOR)
    first, is_new = send_sample(by=user, now=NOW)
    assert (is_new, first.kind, first.status, first.recipient, first.subject) == (True, "sample", "waiting", user.email, "")
    Delivery.objects.update(created_at=NOW)
    assert send_sample(by=user, now=NOW + timedelta(seconds=59)) == (first, False)
    assert send_sample(by=user, now=NOW + timedelta(seconds=61))[1] is True
    user.email = ""
    with pytest.raises(DomainError, match="no e-mail address"):
        send_sample(by=user, now=NOW)
    with pytest.raises(DomainError, match="Nothing is shared with you yet"):
        send_sample(by=make_user(), now=NOW)


def test_resuming_forgets_why_and_unsubscribing_keeps_the_choice() -> None:
    user = make_user(Role.AUDITOR)
    subscription = choose(Choice(hour=5), by=user, version=None)
    Subscription.objects.update(suspended_at=NOW, suspended_because="550 unknown")
    resume(by=user)
    set_active(subscription, active=False)
    stored = Subscription.objects.get()
    assert (stored.suspended_at, stored.suspended_because, stored.is_active, stored.hour) == (None, "", False, 5)


def late(factory: Any, kind: str = "overdue") -> DelayFlag:
    """A milestone of the factory that was due a year before, flagged now."""
    milestone = make_milestone(factory)
    promise(milestone, "2025-11-01", announced="2020-01-01")
    flag = DelayFlag.objects.create(
        contract=factory.contract, factory=factory, milestone=milestone, subject_id=milestone.pk, kind=kind, severity="major",
        since=date(2025, 11, 1), opened_on=NOW.date(),
    )  # fmt: skip
    flag.events.create(kind="opened", on_date=NOW.date(), days=300, severity="major")
    return flag


def digest_for(**brief: Any) -> Digest:
    return digest_of(Brief(**brief))


def told(user: Any, **narrowed: Any) -> set[int | None]:
    """The milestones of which a digest of the last minutes tells as changed or flagged."""
    since = datetime.now(UTC) - timedelta(hours=1)
    found = digest_for(reader=user, since=since, until=datetime.now(UTC) + timedelta(hours=1), as_of=NOW.date(), **narrowed)
    changed = {item.dated.milestone.pk for part in found.contracts for item in part.changes}
    return changed | {one.flag.milestone_id for part in found.contracts for one in part.flagged}


def test_factories_and_kinds_narrow_what_is_told_and_never_widen_it() -> None:
    contract = make_contract()
    own, other = make_factory(contract), make_factory(contract)
    here, there, risk = late(own), late(other), late(own, "at_risk")
    everybody, manager = make_user(Role.AUDITOR), make_user(Role.MANAGER, factory=own)
    assert told(everybody) == {here.milestone_id, there.milestone_id, risk.milestone_id}
    assert told(everybody, factories=frozenset({other.pk})) == {there.milestone_id}
    assert told(everybody, kinds=frozenset({"at_risk"})) == {risk.milestone_id}
    assert told(manager, factories=frozenset({other.pk})) == set()


def test_what_one_run_shares_is_shared_within_a_scope_and_never_across(django_assert_max_num_queries: Any) -> None:
    contract = make_contract()
    own, other = make_factory(contract), make_factory(contract)
    here, there = late(own), late(other)
    shared = Shared()
    first, second, foreign = (make_user(Role.CONTROLLER, factory=factory) for factory in (own, own, other))
    assert told(first, shared=shared) == {here.milestone_id}
    assert told(foreign, shared=shared) == {there.milestone_id}
    period = {"since": NOW - timedelta(days=1), "until": NOW, "as_of": NOW.date(), "shared": shared}
    read = digest_for(reader=first, **period)
    # The memberships of the person, and what is asked of the person.
    with django_assert_max_num_queries(2):
        again = digest_for(reader=second, **period)
    assert news_of(again.brief) is news_of(read.brief)
    assert news_of(digest_for(reader=foreign, **period).brief) is not news_of(read.brief)


def test_a_reader_of_many_contracts_gets_the_worst_in_full_and_a_short_letter() -> None:
    for _contract in range(9):
        factory = make_factory(make_contract())
        for _milestone in range(12):
            late(factory)
    letter = preview(user=make_user(Role.AUDITOR), now=datetime.now(UTC) + timedelta(hours=1), language="en")
    assert "In other contracts".upper() in letter.text
    assert "and 6 more changes" in letter.text
    assert len(letter.html.encode()) < 100_000


def test_due_lists_readers_of_one_scope_together_and_records_nothing() -> None:
    one, other = make_contract(), make_contract()
    readers = [make_user(Role.CONTROLLER, contract=contract) for contract in (one, other, one, other)]
    for reader in readers:
        choose(Choice(cadence="daily"), by=reader, version=None)
    Subscription.objects.update(created_at=NOW - timedelta(days=9))
    assert [delivery.user_id for delivery in due(NOW)] == [readers[n].pk for n in (0, 2, 1, 3)]
    assert not Delivery.objects.exists()


def test_the_link_in_a_letter_names_the_subscription_and_nothing_else(settings: Any) -> None:
    settings.SITE_URL = "https://tracker.example"
    user = make_user(Role.AUDITOR)
    subscription = choose(Choice(), by=user, version=None)
    letter = preview(user=user, now=NOW, language="en")
    assert unsubscribe_url(subscription) in letter.text
    assert unsubscribe_url(subscription) in letter.html
    assert user.username not in unsubscribe_url(subscription)
