"""Who gets the digest: how often, when, about what, and whether immediate notices come too."""

from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo, available_timezones

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
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
    """What one person is told by e-mail. It never tells more than the person's scope; `factories` and `kinds` (of flags) narrow it.

    An empty language or time zone is the person's own. It is suspended when letters came back for good; the person stays subscribed.
    """

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
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, blank=True)
    factories = models.ManyToManyField("cluster.Factory", blank=True, related_name="+", verbose_name=_("factories"))
    kinds = ArrayField(models.CharField(max_length=20), verbose_name=_("kinds of delays"), default=list, blank=True)
    also_when_nothing_new = models.BooleanField(_("also when nothing is new"), default=False)
    notices = models.BooleanField(_("immediate notices too"), default=True)
    is_active = models.BooleanField(_("active"), default=True)
    suspended_at = models.DateTimeField(_("suspended at"), null=True, blank=True)
    suspended_because = models.TextField(_("why suspended"), blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects: ClassVar[SubscriptionQuerySet] = SubscriptionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("digest subscription")
        verbose_name_plural = _("digest subscriptions")
        ordering = ["user"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(hour__lte=23, weekday__lte=6), name="subscription_hour_and_weekday"),
            models.CheckConstraint(
                condition=Q(suspended_at__isnull=True) | ~Q(suspended_because=""), name="subscription_suspended_for_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_cadence_display()}"

    def clean(self) -> None:
        super().clean()
        if self.time_zone and self.time_zone not in available_timezones():
            raise ValidationError({"time_zone": _("Write the name of a zone, such as Europe/Kaliningrad.")})

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the hour is meant; that of the site where the name has become unknown, so that nobody's letters stop."""
        try:
            return ZoneInfo(self.time_zone or self.user.time_zone)
        except (KeyError, ValueError, OSError):
            return ZoneInfo(settings.TIME_ZONE)

    @property
    def in_language(self) -> str:
        """The language of the letters."""
        return self.language or self.user.language
