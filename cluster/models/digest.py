"""Digest subscriptions and deliveries: exactly one delivery per subscription and period."""

import uuid
from typing import Any, ClassVar, Self

import pghistory
from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cluster.domain.access import Role
from cluster.models.scope import Reader, ScopedQuerySet, scope_of


class SubscriptionQuerySet(ScopedQuerySet["Subscription"]):
    """Everybody sees the own subscription; admins of everything see all."""

    def for_reader(self, reader: Reader) -> Self:
        scope = scope_of(reader)
        if scope.holds_everywhere(Role.ADMIN):
            return self
        return self.filter(user_id=reader.pk)


@pghistory.track()
class Subscription(models.Model):
    """Who gets a digest, how often, at which hour of the own zone. What it shows follows the person's scope."""

    class Cadence(models.TextChoices):
        DAILY = "daily", _("daily")
        WEEKLY = "weekly", _("weekly")
        MONTHLY = "monthly", _("monthly")

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="subscription", verbose_name=_("user"))
    cadence = models.CharField(_("cadence"), max_length=7, choices=Cadence.choices, default=Cadence.WEEKLY)
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices, default=Weekday.MONDAY)
    hour = models.PositiveSmallIntegerField(_("hour"), default=8, validators=[MaxValueValidator(23)])
    also_when_nothing_new = models.BooleanField(_("also when nothing is new"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects: ClassVar[SubscriptionQuerySet] = SubscriptionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("digest subscription")
        verbose_name_plural = _("digest subscriptions")
        ordering = ["user"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(hour__lte=23, weekday__lte=6), name="subscription_hour_and_weekday"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_cadence_display()}"


class DeliveryQuerySet(ScopedQuerySet["Delivery"]):
    """Deliveries of the subscriptions that the reader may see."""

    def for_reader(self, reader: Reader) -> Self:
        return self.filter(subscription__in=Subscription.objects.for_reader(reader))


class Delivery(models.Model):
    """One digest for one subscription and period: written once, sent once. `uncertain` is never sent again by itself."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("sending")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed, will be tried again")
        UNCERTAIN = "uncertain", _("uncertain")
        SKIPPED = "skipped", _("nothing new")
        DEAD = "dead", _("given up")

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("subscription"))
    period = models.DateField(_("period"), help_text=_("Local date on which the digest became due."))
    status = models.CharField(_("status"), max_length=9, choices=Status.choices, default=Status.WAITING)
    message_id = models.UUIDField(_("message id"), default=uuid.uuid4, unique=True, editable=False)
    recipient = models.EmailField(_("recipient"))
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    body_text = models.TextField(_("text"), blank=True)
    body_html = models.TextField(_("HTML"), blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    not_before = models.DateTimeField(_("not before"), null=True, blank=True)
    lease_until = models.DateTimeField(_("held until"), null=True, blank=True)
    error = models.TextField(_("why it failed"), blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    objects: ClassVar[DeliveryQuerySet] = DeliveryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-created_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["subscription", "period"], name="delivery_once"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient} {self.period}"
