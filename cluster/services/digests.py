"""Delivering digests: what is due becomes a row, each row is written once and sent once, and every outcome stays visible in it."""

import logging
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Now

from cluster.domain.digest import SETTLE, Cadence, length_of, moment_of, newest_period
from cluster.gateways import mail
from cluster.models import Delivery, Subscription, User
from cluster.queries.digest import digest_for
from cluster.services.digest_letters import Composed, compose

Status = Delivery.Status
MAX_ATTEMPTS = 5
RETRY_AFTER = timedelta(minutes=5)
# Far above what one conversation with a mail server can last; after it a silent worker counts as lost.
LEASE = timedelta(minutes=15)
_LONGEST_ERROR = 1000
_log = logging.getLogger(__name__)


def deliver_due(*, now: datetime) -> dict[str, int]:
    """Make the deliveries that are due at `now` and send all that wait; returns how many ended how.

    Any number of calls at once have one effect: a delivery is unique by subscription and period, and held while it is
    written and sent. One whose worker was lost while sending is uncertain: it may have arrived, so nobody sends it again.
    """
    figures = {"due": _make_due(now), "uncertain": _mark_lost()}
    for status in (Status.SENT, Status.SKIPPED, Status.FAILED, Status.DEAD):
        figures[status.value] = 0
    tried: set[int] = set()
    while (delivery := _take(now, tried)) is not None:
        tried.add(delivery.pk)
        outcome = _send(delivery, now) if delivery.status == Status.SENDING else Status(delivery.status)
        figures[outcome.value] += 1
    return figures


def preview(*, user: User, now: datetime, language: str = "", by_announcement: bool = False) -> Composed:
    """The digest that `user` would get at `now`, subscribed or not; nothing is recorded or sent.

    A past day is told `by_announcement`: what the world had been told by then.
    """
    subscription = Subscription.objects.filter(user=user).first()
    cadence = Cadence(subscription.cadence) if subscription else Cadence.WEEKLY
    day = now.astimezone(ZoneInfo(user.time_zone)).date()
    digest = digest_for(reader=user, since=now - length_of(cadence), until=now, as_of=day, by_announcement=by_announcement)
    return compose(digest, cadence=cadence, period=day, language=language)


def _make_due(now: datetime) -> int:
    """Rows for the periods whose moment has passed and settled; missed periods are not made up for, the newest covers them."""
    active = Subscription.objects.filter(is_active=True, user__is_active=True).exclude(user__email="")
    wanted = []
    newest = dict(active.annotate(newest=Max("deliveries__period")).values_list("pk", "newest"))
    for subscription in active.select_related("user"):
        period = newest_period(now=now - SETTLE, **_when(subscription))
        moment = _moment(subscription, period)
        if moment >= subscription.created_at and ((last := newest.get(subscription.pk)) is None or last < period):
            wanted.append(Delivery(subscription=subscription, period=period, recipient=subscription.user.email))
    # The unique key decides between two that come here at once.
    Delivery.objects.bulk_create(wanted, ignore_conflicts=True)
    return len(wanted)


def _when(subscription: Subscription) -> dict[str, Any]:
    return {
        "cadence": Cadence(subscription.cadence),
        "weekday": subscription.weekday,
        "hour": subscription.hour,
        "zone": ZoneInfo(subscription.user.time_zone),
    }


def _moment(subscription: Subscription, period: Any) -> datetime:
    return moment_of(period, hour=subscription.hour, zone=ZoneInfo(subscription.user.time_zone))


def _mark_lost() -> int:
    """Deliveries whose worker was lost between taking them and noting the outcome."""
    lost = Delivery.objects.filter(status=Status.SENDING, lease_until__lt=Now())
    return lost.update(status=Status.UNCERTAIN, lease_until=None, error="the worker was lost while it sent this")


@transaction.atomic
def _take(now: datetime, tried: set[int]) -> Delivery | None:
    """The next delivery to send, written and held, or one that needs no sending; None when none is left."""
    waits = Q(status=Status.WAITING) | Q(status=Status.FAILED, not_before__lte=now)
    rows = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).select_related("subscription__user")
    reached = rows.filter(waits, subscription__is_active=True, subscription__user__is_active=True)
    delivery = reached.exclude(pk__in=tried).order_by("created_at", "pk").first()
    if delivery is None:
        return None
    if not delivery.subject and not _write(delivery, now):
        return delivery
    delivery.status, delivery.attempts = Status.SENDING, delivery.attempts + 1
    delivery.lease_until = Now() + LEASE
    delivery.save(update_fields=["status", "attempts", "lease_until"])
    return delivery


def _write(delivery: Delivery, now: datetime) -> bool:
    """Put the letter together, once: every try sends the same. False when there is nothing to send."""
    try:
        with transaction.atomic():
            composed = _composed(delivery, now)
    except Exception as error:
        # One reader's letter that cannot be written must not hold up the others'; the row says why.
        _log.exception("The digest %s cannot be written", delivery.pk)
        delivery.attempts += 1
        _fail(delivery, now, f"{type(error).__name__}: {error}", for_good=False)
        return False
    if composed is None:
        delivery.status, delivery.sent_at = Status.SKIPPED, None
        delivery.save(update_fields=["status"])
        return False
    delivery.subject, delivery.body_text, delivery.body_html = composed.subject, composed.text, composed.html
    delivery.save(update_fields=["subject", "body_text", "body_html"])
    return True


def _composed(delivery: Delivery, now: datetime) -> Composed | None:
    subscription = delivery.subscription
    user, until = subscription.user, _moment(subscription, delivery.period)
    day = until.astimezone(ZoneInfo(user.time_zone)).date()
    digest = digest_for(reader=user, since=_since(delivery, until), until=until, as_of=day)
    if not digest.is_news and not subscription.also_when_nothing_new:
        return None
    return compose(digest, cadence=subscription.cadence, period=delivery.period)


def _since(delivery: Delivery, until: datetime) -> datetime:
    """Where the last digest that surely arrived (or had nothing to say) ended; a first one looks one cadence back."""
    told = delivery.subscription.deliveries.filter(status__in=(Status.SENT, Status.SKIPPED), period__lt=delivery.period)
    last = told.order_by("-period").first()
    if last is None:
        return until - length_of(Cadence(delivery.subscription.cadence))
    # When the hour was changed since, the earlier of the two moments leaves nothing out.
    return min(_moment(delivery.subscription, last.period), last.created_at)


def _send(delivery: Delivery, now: datetime) -> Delivery.Status:
    """Hand the letter over, outside of any transaction, and note what came of it."""
    letter = mail.Letter(
        message_id=f"<{delivery.message_id}@{settings.SITE_HOST}>",
        recipient=delivery.recipient,
        subject=delivery.subject,
        text=delivery.body_text,
        html=delivery.body_html,
        language=delivery.subscription.user.language,
    )
    try:
        mail.send(letter)
    except mail.Uncertain as error:
        return _note(delivery, status=Status.UNCERTAIN, error=str(error)[:_LONGEST_ERROR])
    except mail.NotSent as error:
        return _fail(delivery, now, str(error), for_good=error.for_good)
    return _note(delivery, status=Status.SENT, sent_at=Now(), error="")


def _fail(delivery: Delivery, now: datetime, reason: str, *, for_good: bool) -> Delivery.Status:
    """Try again after a pause that triples each time; give up when the server refuses for good or the tries are used up."""
    dead = for_good or delivery.attempts >= MAX_ATTEMPTS
    return _note(
        delivery,
        status=Status.DEAD if dead else Status.FAILED,
        error=reason.replace("\0", "")[:_LONGEST_ERROR],
        not_before=None if dead else now + RETRY_AFTER * 3 ** (delivery.attempts - 1),
    )


def _note(delivery: Delivery, **columns: Any) -> Delivery.Status:
    """Write the outcome of this try; a try that was meanwhile taken for lost may still say how it really ended."""
    # A later try has a higher number: an earlier one that comes back from the dead cannot overwrite its outcome.
    rows = Delivery.objects.filter(pk=delivery.pk, attempts__lte=delivery.attempts)
    rows.update(attempts=delivery.attempts, lease_until=None, **columns)
    delivery.status = columns["status"]
    return Delivery.Status(columns["status"])
