"""Immediate notices: what happened becomes a row for everybody whom it concerns, and the rows of a person become one letter."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from cluster.models import Delivery, Notice, Subscription
from cluster.models.delivery import NOT_WRITTEN
from cluster.queries.notices import NoticeKind, Told, notice_kinds
from cluster.services.letters import Composed, composed
from cluster.services.locks import one_at_a_time
from cluster.services.subscriptions import unsubscribe_url

Kind, Status = Delivery.Kind, Delivery.Status
# What happened longer ago is told by the digest: a first start, or a long pause, floods nobody.
AT_MOST_OLD = timedelta(days=1)
# A person gets the first notice at once, and the next letter after so long, with all that came meanwhile.
BATCHED_FOR = timedelta(minutes=10)
# So many of each kind stand in a letter; the others are counted.
MOST_TOLD = 20

# Kinds come from our own code, so that no text of a stranger is part of a statement.
_NOTE = """
INSERT INTO cluster_notice (user_id, kind, subject_id, key, created_at)
SELECT DISTINCT found.user_id, %(kind)s, found.subject_id, found.key, statement_timestamp()
FROM ({found}) AS found
JOIN cluster_subscription AS subscription ON subscription.user_id = found.user_id
    AND subscription.notices AND subscription.is_active AND subscription.suspended_at IS NULL AND subscription.created_at < found.at
JOIN cluster_user AS person ON person.id = found.user_id AND person.is_active AND person.email <> ''
WHERE found.flag_kind IS NULL OR (
    (cardinality(subscription.kinds) = 0 OR found.flag_kind = ANY (subscription.kinds))
    AND (found.factory_id IN (SELECT chosen.factory_id FROM cluster_subscription_factories AS chosen
            WHERE chosen.subscription_id = subscription.id)
        OR NOT EXISTS (SELECT FROM cluster_subscription_factories AS chosen WHERE chosen.subscription_id = subscription.id)))
ON CONFLICT (user_id, key) DO NOTHING
"""


@transaction.atomic
def make_due(now: datetime) -> int:
    """Note what is new for whom, and make a letter for each person who has waited long enough; returns how many letters.

    Repeating it changes nothing, and of two at once the second finds the first one's work done. Statements do not grow with people.
    """
    one_at_a_time("notices")
    with connection.cursor() as cursor:
        for kind in notice_kinds().values():
            cursor.execute(_NOTE.format(found=kind.found), {"kind": kind.kind, "since": now - AT_MOST_OLD, "now": now})
    wanted = Subscription.objects.filter(notices=True, is_active=True, suspended_at=None, user__is_active=True).exclude(user__email="")
    unsettled = Notice.objects.filter(settled_at=None)
    # Who wants none any more is not told later of what was to be told then.
    unsettled.exclude(user__in=wanted.values("user")).update(settled_at=Now())
    letters = Delivery.objects.filter(user=OuterRef("user"), kind=Kind.NOTICE)
    unwritten = NOT_WRITTEN & Q(status__in=(Status.WAITING, Status.FAILED, Status.HELD))
    waits = letters.filter(unwritten | Q(created_at__gt=now - BATCHED_FOR))
    reached = wanted.filter(Exists(unsettled.filter(user=OuterRef("user")))).exclude(Exists(waits)).select_related("user")
    made = [
        Delivery(kind=Kind.NOTICE, user=one.user, subscription=one, period=now.astimezone(one.zone).date(), recipient=one.user.email)
        for one in reached
    ]
    Delivery.objects.bulk_create(made)
    return len(made)


def write(delivery: Delivery, now: datetime) -> Composed | None:
    """All that is unsettled of a person in one letter; what no longer matters is settled untold. None when nothing is left to tell."""
    subscription = delivery.subscription
    if subscription is None:
        return None
    unsettled = list(Notice.objects.select_for_update().filter(user=delivery.user, settled_at=None).order_by("pk"))
    subjects = defaultdict(set)
    for notice in unsettled:
        subjects[notice.kind].add(notice.subject_id)
    # Names are in the language that is active when they are asked for.
    with translation.override(subscription.in_language), timezone.override(subscription.zone):
        parts: dict[str, tuple[NoticeKind, dict[int, Told]]] = {}
        for kind in notice_kinds().values():
            if subjects[kind.kind] and (told := kind.told(delivery.user, subjects[kind.kind], delivery.period)):
                parts[kind.kind] = (kind, told)
        letter = _compose(subscription, list(parts.values()), now) if parts else None
    Notice.objects.filter(pk__in=[notice.pk for notice in unsettled]).update(settled_at=Now())
    in_letter = [notice.pk for notice in unsettled if notice.kind in parts and notice.subject_id in parts[notice.kind][1]]
    Notice.objects.filter(pk__in=in_letter).update(delivery=delivery)
    return letter


def _compose(subscription: Subscription, parts: list[tuple[NoticeKind, dict[int, Told]]], now: datetime) -> Composed:
    """The letter in the active language and zone."""
    context: dict[str, Any] = {
        "parts": [(kind, [_shown(one) for one in told.values()][:MOST_TOLD], max(len(told) - MOST_TOLD, 0)) for kind, told in parts],
        "counts": [(kind.kind, len(told)) for kind, told in parts],
        "only": next(iter(parts[0][1].values())) if len(parts) == len(parts[0][1]) == 1 else None,
        "now": now,
        "site": settings.SITE_URL,
        "language": subscription.in_language,
        "unsubscribe": unsubscribe_url(subscription),
    }
    subject = " ".join(render_to_string("emails/notice_subject.txt", context).split())
    text = render_to_string("emails/notice.txt", context)
    html = render_to_string("emails/notice.html", context | {"subject": subject})
    return composed(subject, text, html)


def _shown(one: Told) -> dict[str, Any]:
    """One thing with its address on the site."""
    address = settings.SITE_URL + reverse(one.view, kwargs=one.kwargs) + (f"#{one.anchor}" if one.anchor else "")
    return {"one": one, "url": address}
