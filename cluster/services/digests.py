"""Digests: what is due becomes a row of the outbox, and a row is written when it is sent."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery, prefetch_related_objects
from django.db.models.functions import Coalesce

from cluster.domain.digest import SETTLE, Cadence, length_of, moment_of, newest_period
from cluster.models import Delivery, Membership, Subscription, User
from cluster.queries.digest_brief import Brief, Shared
from cluster.queries.people import read_scopes
from cluster.services.digest_letters import brief_for, write_digest
from cluster.services.letters import Composed
from cluster.services.outbox import Writer
from cluster.services.subscriptions import proposed

Kind, Status = Delivery.Kind, Delivery.Status


@transaction.atomic
def make_due(now: datetime) -> int:
    """Rows for the periods whose moment has passed and settled; missed periods are not made up for, the newest covers them.

    A period is a local date: however the zone or the hour of a subscription changes, each date has one digest at most. An older one
    that did not go is skipped: the newer one tells its time.
    """
    wanted = due(now)
    # The unique key decides between two that come here at once.
    Delivery.objects.bulk_create(wanted, ignore_conflicts=True)
    newer = Delivery.objects.filter(kind=Kind.DIGEST, subscription=OuterRef("subscription"), period__gt=OuterRef("period"))
    left = Delivery.objects.filter(Exists(newer), kind=Kind.DIGEST, status__in=(Status.WAITING, Status.FAILED))
    left.update(status=Status.SKIPPED, not_before=None, error="a newer digest tells this")
    return len(wanted)


def writer(letters: Sequence[Delivery]) -> Writer:
    """Who writes these digests: what their readers are told is read for all of them at once, when the first one is written."""
    briefs = cache(lambda: _briefs(letters))

    def write(delivery: Delivery, now: datetime) -> Composed | None:
        """The letter of a period; None when there is nothing to tell, or nobody is subscribed any more."""
        if delivery.subscription is None:
            return None
        return write_digest(delivery.subscription, brief=briefs()[delivery.pk], period=delivery.period)

    return write


def _briefs(letters: Sequence[Delivery]) -> dict[int, Brief]:
    """Whom each letter is for, and the time of which it tells: three statements."""
    rows: Any = Delivery.objects.filter(pk__in=[one.pk for one in letters]).annotate(ends=Coalesce("until", "created_at"))
    told = rows.annotate(**_told(OuterRef("subscription"), OuterRef("ends"))).values_list("pk", "ends", "told_until", "first_until")
    times = {key: ends for key, *ends in told}
    found = {one.pk: one.subscription for one in letters if one.subscription is not None}
    read_scopes([subscription.user for subscription in found.values()])
    prefetch_related_objects(list(found.values()), "factories")
    shared = Shared()
    return {
        key: brief_for(subscription, since=_since(subscription, *times[key]), until=times[key][0], shared=shared)
        for key, subscription in found.items()
    }


def write_sample(delivery: Delivery, now: datetime) -> Composed:
    """The letter that somebody asked for at once: the digest as of now."""
    return preview(user=delivery.user, now=now)


def preview(*, user: User, now: datetime, language: str = "", by_announcement: bool = False) -> Composed:
    """The digest that `user` would get at `now`, subscribed or not, new or not; nothing is recorded or sent.

    A past day is told `by_announcement`: what the world had been told by then.
    """
    rows: Any = Subscription.objects.filter(user=user).select_related("user").annotate(**_told(OuterRef("pk"), now))
    saved = rows.first()
    subscription: Subscription = saved or proposed(user)
    subscription.language = language or subscription.language
    ends = None if saved is None or by_announcement else (saved.told_until, saved.first_until)
    since = _since(subscription, now, *(ends or (None, None)))
    brief = brief_for(subscription, since=since, until=now, shared=Shared(), by_announcement=by_announcement)
    letter = write_digest(subscription, brief=brief, period=brief.as_of, always=True)
    assert letter is not None
    return letter


def due(now: datetime) -> list[Delivery]:
    """The digests that would become rows at `now`, unsaved, in the order in which they are written: readers of one scope stand together."""
    digests = Delivery.objects.filter(kind=Kind.DIGEST, subscription=OuterRef("pk")).order_by("-period")
    reached = Subscription.objects.filter(is_active=True, suspended_at=None, user__is_active=True).exclude(user__email="")
    held = Membership.objects.filter(user=OuterRef("user")).order_by("contract_id", "factory_id")
    ordered: Any = reached.select_related("user").annotate(
        newest=Subquery(digests.values("period")[:1]),
        told_until=Subquery(digests.order_by(F("until").desc(nulls_last=True)).values("until")[:1]),
    )
    wanted = []
    for subscription in ordered.order_by(Subquery(held.values("contract")[:1]), Subquery(held.values("factory")[:1]), "pk"):
        period = newest_period(now=now - SETTLE, **_when(subscription))
        until = moment_of(period, hour=subscription.hour, zone=subscription.zone)
        is_new = subscription.newest is None or subscription.newest < period
        # A zone far to the east may put the moment of a later date before the end of what stands in a letter.
        is_later = subscription.told_until is None or subscription.told_until < until
        if is_new and is_later and until >= subscription.created_at:
            one = Delivery(user=subscription.user, subscription=subscription, period=period, until=until)
            one.recipient = subscription.user.email
            wanted.append(one)
    return wanted


def _when(subscription: Subscription) -> dict[str, Any]:
    return {
        "cadence": Cadence(subscription.cadence),
        "weekday": subscription.weekday,
        "hour": subscription.hour,
        "zone": subscription.zone,
    }


def _told(subscription: Any, until: Any) -> dict[str, Subquery]:
    """Where the last digest of a subscription before `until` ended that surely arrived, or had nothing to say; and where the first one did.

    What is uncertain, came back for good or was skipped for a reason is told again: rather twice than never. Who notes that an uncertain
    one arrived says that it was told.
    """
    before = Delivery.objects.filter(kind=Kind.DIGEST, subscription=subscription, until__lt=until)
    told = before.filter(Q(status=Status.SENT) | Q(status=Status.SKIPPED, error="")).exclude(bounces__is_hard=True)
    return {
        "told_until": Subquery(told.order_by("-until").values("until")[:1]),
        "first_until": Subquery(before.order_by("until").values("until")[:1]),
    }


def _since(subscription: Subscription, until: datetime, told_until: datetime | None, first_until: datetime | None) -> datetime:
    """Where the last digest ended; before that, one cadence before the first one's end."""
    return told_until or (first_until or until) - length_of(Cadence(subscription.cadence))
