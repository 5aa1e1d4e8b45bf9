"""Returned letters: read once each, noted at the letter they belong to; a subscription whose letters keep coming back is suspended."""

import logging
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cluster.domain.access import Action
from cluster.domain.errors import NotFound
from cluster.domain.progress import Progress
from cluster.gateways.bounces import Returned, key_of, messages_in, read_returned
from cluster.models import Bounce, Delivery, Subscription, User
from cluster.services.access import require

# So many letters that come back for good, one after the other, suspend a subscription.
SUSPENDED_AFTER = 2
_TELL_EVERY = 100
_log = logging.getLogger(__name__)


def read_bounces(*, progress: Progress) -> dict[str, Any]:
    """Read what is new in the mailbox of returned letters; returns how many messages of which sort there were.

    Only a notification that names the Message-ID of a letter of ours counts against anybody: that is a random number which only
    the recipient's side knows. Others are noted for the operators to see.
    """
    figures = dict.fromkeys(("messages", "returned", "unreadable", "suspended"), 0)
    if not settings.BOUNCE_MAILBOX:
        return figures
    for message in messages_in(Path(settings.BOUNCE_MAILBOX)):
        figures["messages"] += 1
        if figures["messages"] % _TELL_EVERY == 0:
            progress(figures["messages"], 0)
        if Bounce.objects.filter(key=key_of(message)).exists():
            continue
        try:
            returned = read_returned(message)
        except Exception:
            # Strangers write into this mailbox: what cannot be taken apart must not hide what comes after it.
            _log.info("A message in the mailbox of returned letters cannot be read", exc_info=True)
            figures["unreadable"] += 1
            continue
        if returned is not None:
            figures["returned"] += 1
            figures["suspended"] += _note(returned)
    return figures


@transaction.atomic
def _note(returned: Returned) -> bool:
    """Keep it at its letter; says whether that suspends the subscription."""
    letters = Delivery.objects.filter(message_id__in=returned.message_ids).select_related("subscription__user")
    by_id = {letter.message_id: letter for letter in letters}
    delivery = next((by_id[one] for one in returned.message_ids if one in by_id), None)
    bounce = Bounce(
        delivery=delivery,
        recipient=returned.recipient or (delivery.recipient if delivery else ""),
        is_hard=returned.is_hard,
        code=returned.code,
        diagnostic=returned.diagnostic,
        key=returned.key,
    )
    Bounce.objects.bulk_create([bounce], ignore_conflicts=True)
    if delivery is None or delivery.subscription is None or not returned.is_hard:
        return False
    return _suspend(delivery.subscription, returned)


def _suspend(subscription: Subscription, returned: Returned) -> bool:
    """Suspend after `SUSPENDED_AFTER` letters to the address of today came back with none between them that stayed away."""
    sent = Delivery.objects.filter(user=subscription.user, recipient__iexact=subscription.user.email, sent_at__isnull=False)
    back = set(Bounce.objects.filter(delivery__in=sent, is_hard=True).values_list("delivery", flat=True))
    in_order = list(sent.order_by("sent_at", "pk").values_list("pk", flat=True))
    # A letter after the last returned one has not shown yet whether it stays.
    known = in_order[: max((n for n, pk in enumerate(in_order, 1) if pk in back), default=0)]
    if len(known) < SUSPENDED_AFTER or not back.issuperset(known[-SUSPENDED_AFTER:]):
        return False
    why = f"{SUSPENDED_AFTER} letters came back: {returned.code} {returned.diagnostic}".strip()
    alive = Subscription.objects.filter(pk=subscription.pk, suspended_at=None)
    return bool(alive.update(suspended_at=timezone.now(), suspended_because=why))


@transaction.atomic
def lift_suspension(subscription_id: int, *, by: User) -> Subscription:
    """Let letters go to a suspended subscription again: for administrators (`services.subscriptions.resume` is for the person itself).

    One more letter that comes back suspends it anew. Raises NotFound or Forbidden.
    """
    subscription = Subscription.objects.for_reader(by).select_for_update(of=("self",)).filter(pk=subscription_id).first()
    if subscription is None:
        raise NotFound("There is no subscription {subscription}.", field="subscription", subscription=subscription_id)
    require(by, Action.HANDLE_MAIL)
    subscription.suspended_at, subscription.suspended_because = None, ""
    subscription.save(update_fields=["suspended_at", "suspended_because"])
    return subscription
