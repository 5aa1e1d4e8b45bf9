"""Subscriptions: who gets the digest, how it is chosen and ended, and the letter that is sent on request."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pghistory
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.urls import reverse

from cluster.domain.access import Role
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.models import Delivery, Factory, Subscription, User
from cluster.models.names import LANGUAGES
from cluster.models.scope import scope_of
from cluster.queries.flag_kinds import flag_rules
from cluster.queries.history import newest_event

Cadence = Subscription.Cadence
# A letter on request at most so often.
SAMPLE_EVERY = timedelta(minutes=1)
_COLUMNS = ("cadence", "weekday", "hour", "time_zone", "language", "also_when_nothing_new", "notices", "is_active")
# A link in a letter holds as long as the letter is kept: it is signed, and never expires.
_SIGNER = Signer(salt="cluster.unsubscribe", sep=".")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chooses. An empty zone or language is the person's own; no factories or kinds: all of them."""

    cadence: str = Cadence.WEEKLY.value
    weekday: int = Subscription.Weekday.MONDAY.value
    hour: int = 8
    time_zone: str = ""
    language: str = ""
    factories: frozenset[int] = frozenset()
    kinds: frozenset[str] = frozenset()
    also_when_nothing_new: bool = False
    notices: bool = True
    is_active: bool = True


def choice_of(subscription: Subscription) -> Choice:
    """What somebody has chosen: one statement, none where the factories were read already."""
    columns = {name: getattr(subscription, name) for name in _COLUMNS}
    factories = frozenset(factory.pk for factory in subscription.factories.all())
    return Choice(**columns, kinds=frozenset(subscription.kinds), factories=factories)


def usual_choice(user: User) -> Choice:
    """What is proposed to somebody who never chose: administrators and editors are told every day, the others on Mondays; plant
    managers of their own factories. Notices come to everybody: only what concerns the person becomes one.
    """
    scope = scope_of(user)
    roles = {grant.role for grant in scope.grants}
    daily = scope.superuser or bool(roles & {Role.ADMIN, Role.EDITOR})
    own = frozenset() if daily or roles - {Role.MANAGER} else scope.factories
    return Choice(cadence=(Cadence.DAILY if daily else Cadence.WEEKLY).value, factories=own)


def proposed(user: User) -> Subscription:
    """A subscription as it is proposed, unsaved; its factories and kinds stand in `usual_choice` alone."""
    usual = usual_choice(user)
    return Subscription(user=user, **{name: getattr(usual, name) for name in _COLUMNS})


@transaction.atomic
def choose(choice: Choice, *, by: User, version: int | None) -> Subscription:
    """Subscribe, or change the own subscription. `version` is the newest event that the person saw, None where there was none.

    The same choice again changes nothing. Raises Conflict with the subscription as it stands now, or DomainError naming the field.
    """
    _hold(by)
    _refuse(choice, by)
    subscription = Subscription.objects.filter(user=by).first()
    if subscription is None:
        if version is not None:
            raise NotFound("There is no such subscription.")
        subscription = Subscription(user=by)
    elif choice_of(subscription) == choice:
        return subscription
    elif newest_event(subscription) != version:
        raise Conflict("Somebody changed this record since you opened it: look at it again.", current=subscription)
    for name in _COLUMNS:
        setattr(subscription, name, getattr(choice, name))
    subscription.kinds = [kind for kind in flag_rules() if kind in choice.kinds]
    subscription.full_clean()
    before = newest_event(subscription) if subscription.pk else None
    subscription.save()
    subscription.factories.set(choice.factories)
    if newest_event(subscription) == before:
        # Only the factories changed, of which the row says nothing.
        pghistory.create_event(subscription, label="update")
    return subscription


@transaction.atomic
def subscribe_as_usual(user: User) -> None:
    """Tell somebody who was given a role, and may never log in, what is usual for it; who was subscribed, or ended it, is left alone."""
    _hold(user)
    if not Subscription.objects.filter(user=user).exists():
        subscription = proposed(user)
        subscription.save()
        subscription.factories.set(usual_choice(user).factories)


@transaction.atomic
def resume(*, by: User) -> None:
    """Let letters go out again that were suspended because some came back; again changes nothing."""
    Subscription.objects.filter(user=by, suspended_at__isnull=False).update(suspended_at=None, suspended_because="")


@transaction.atomic
def send_sample(*, by: User, now: datetime) -> tuple[Delivery, bool]:
    """Put the digest as of `now` into the outbox for the person; the letter, and whether it is new.

    Who asks again within a minute gets the letter of the first time. Raises DomainError for a person without an address, or without a role.
    """
    _hold(by)
    if by.scope.is_empty:
        raise DomainError("Nothing is shared with you yet: there is nothing to tell.", code="nothing")
    if not by.email:
        raise DomainError("Your account has no e-mail address: ask an administrator to enter it.", field="email", code="required")
    last = Delivery.objects.filter(user=by, kind=Delivery.Kind.SAMPLE, created_at__gt=now - SAMPLE_EVERY).order_by("-pk").first()
    if last is not None:
        return last, False
    subscription = Subscription.objects.filter(user=by).first()
    period = now.astimezone(subscription.zone if subscription else ZoneInfo(by.time_zone)).date()
    made = Delivery.objects.create(user=by, kind=Delivery.Kind.SAMPLE, subscription=subscription, period=period, recipient=by.email)
    return made, True


def letter_headers(subscription: Subscription) -> dict[str, str]:
    """What a letter says of how to get no more of them (RFC 2369, RFC 8058)."""
    return {"List-Unsubscribe": f"<{unsubscribe_url(subscription)}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def unsubscribe_url(subscription: Subscription) -> str:
    """The address that ends this subscription without a login."""
    return settings.SITE_URL + reverse("cluster:unsubscribe", args=[_SIGNER.sign(str(subscription.pk))])


def subscription_of_token(token: str) -> Subscription:
    """The subscription that a link of a letter is about, active or not; NotFound where nobody here has signed it."""
    try:
        key = int(_SIGNER.unsign(token))
    except (BadSignature, ValueError):
        key = 0
    found = Subscription.objects.select_related("user").filter(pk=key, user__is_active=True).first()
    if found is None:
        raise NotFound("This link is not one of ours, or it was cut on the way: use the one at the foot of a newer letter.")
    return found


@transaction.atomic
def set_active(subscription: Subscription, *, active: bool) -> None:
    """End a subscription by the link of its letters, or begin it again; again changes nothing. The choice stays as it is."""
    with pghistory.context(reason="link in a letter"):
        Subscription.objects.filter(pk=subscription.pk).exclude(is_active=active).update(is_active=active)
    subscription.is_active = active


def _hold(user: User) -> None:
    """What one person asks for at once is done one after the other."""
    User.objects.select_for_update().get(pk=user.pk)


def _refuse(choice: Choice, by: User) -> None:
    """Raise DomainError for what cannot be chosen."""
    if choice.cadence not in Cadence.values:
        raise DomainError("Choose one of the list.", field="cadence", code="choice")
    if choice.weekday not in Subscription.Weekday.values:
        raise DomainError("Choose one of the list.", field="weekday", code="choice")
    if not 0 <= choice.hour <= 23:
        raise DomainError("Choose an hour from 0 to 23.", field="hour", code="range")
    if choice.time_zone and choice.time_zone not in available_timezones():
        raise DomainError("Write the name of a zone, such as Europe/Kaliningrad.", field="time_zone", code="choice")
    if choice.language not in ("", *LANGUAGES):
        raise DomainError("Choose one of the list.", field="language", code="choice")
    if choice.kinds - set(flag_rules()):
        raise DomainError("Choose one of the list.", field="kinds", code="choice")
    seen = Factory.objects.for_reader(by).filter(pk__in=choice.factories)
    if len(choice.factories) != seen.count():
        raise NotFound("There is no such factory.", field="factories")
