"""The outbox: every letter is a row, written once and sent once; each try is kept, and what came back."""

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cluster.domain.access import Role
from cluster.models.append_only import append_only
from cluster.models.digest import Subscription
from cluster.models.scope import Reader, ScopedQuerySet, scope_of

# A letter gets its subject when it is written.
NOT_WRITTEN = Q(subject="")


class _OwnQuerySet(ScopedQuerySet[Any]):
    """What belongs to a person: everybody sees the own rows; admins of everything see all."""

    user_path: ClassVar[str] = "user"

    def for_reader(self, reader: Reader) -> Self:
        scope = scope_of(reader)
        if scope.holds_everywhere(Role.ADMIN):
            return self
        return self.none() if reader.pk is None else self.filter(**{self.user_path: reader.pk})


class DeliveryQuerySet(_OwnQuerySet):
    """Letters."""


class Delivery(models.Model):
    """One letter to one person: written once, sent once. `uncertain` is never sent again by itself, `held` waits for an operator.

    A digest is unique for its subscription and period; notices are batched, and each is told in one letter (`Notice.delivery`).
    """

    class Kind(models.TextChoices):
        DIGEST = "digest", pgettext_lazy("kind of letter", "digest")
        NOTICE = "notice", _("notice")
        SAMPLE = "sample", _("sent on request")

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("sending")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed, will be tried again")
        UNCERTAIN = "uncertain", _("uncertain")
        HELD = "held", _("held back")
        SKIPPED = "skipped", _("nothing new")
        DEAD = "dead", _("given up")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("user"))
    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices, default=Kind.DIGEST)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.SET_NULL, null=True, blank=True, related_name="deliveries", verbose_name=_("subscription")
    )
    period = models.DateField(_("period"), help_text=_("Local date on which the letter became due."))
    until = models.DateTimeField(_("told until"), null=True, blank=True, help_text=_("Where the time that a digest tells of ends."))
    status = models.CharField(_("status"), max_length=9, choices=Status.choices, default=Status.WAITING)
    message_id = models.UUIDField(_("message id"), default=uuid.uuid4, unique=True, editable=False)
    recipient = models.EmailField(_("recipient"))
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    body_text = models.TextField(_("text"), blank=True)
    body_html = models.TextField(_("HTML"), blank=True)
    chart = models.BinaryField(_("chart, PNG"), null=True, blank=True)
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
            models.UniqueConstraint(fields=["subscription", "period"], condition=Q(kind="digest"), name="delivery_once"),
        ]
        indexes = [
            models.Index(fields=["created_at", "id"], condition=Q(status__in=["waiting", "failed", "sending"]), name="delivery_outbox"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient} {self.period}"


class DeliveryAttemptQuerySet(_OwnQuerySet):
    """Tries of letters."""

    user_path = "delivery__user"


class DeliveryAttempt(models.Model):
    """One try to send a letter: when it began and ended, and what the mail server said. One without an end was lost with its worker."""

    class Outcome(models.TextChoices):
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        UNCERTAIN = "uncertain", _("uncertain")

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries", verbose_name=_("delivery"))
    number = models.PositiveSmallIntegerField(_("number"))
    began_at = models.DateTimeField(_("began at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=9, choices=Outcome.choices, blank=True)
    answer = models.TextField(_("what the server said"), blank=True)

    objects: ClassVar[DeliveryAttemptQuerySet] = DeliveryAttemptQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("attempt to send")
        verbose_name_plural = _("attempts to send")
        ordering = ["delivery", "number"]
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["delivery", "number"], name="delivery_attempt_once")]

    def __str__(self) -> str:
        return f"{self.delivery} ({self.number})"


class BounceQuerySet(_OwnQuerySet):
    """What came back."""

    user_path = "delivery__user"


@append_only
class Bounce(models.Model):
    """A delivery status notification (RFC 3464) that came back for a letter. `key` is the SHA-256 of the message: each is read once."""

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, null=True, related_name="bounces", verbose_name=_("delivery"))
    recipient = models.CharField(_("recipient"), max_length=320, blank=True)
    is_hard = models.BooleanField(_("for good"))
    code = models.CharField(_("status code"), max_length=11, blank=True)
    diagnostic = models.TextField(_("what the server said"), blank=True)
    key = models.CharField("SHA-256", max_length=64, unique=True)
    read_at = models.DateTimeField(_("read at"), auto_now_add=True)

    objects: ClassVar[BounceQuerySet] = BounceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("returned letter")
        verbose_name_plural = _("returned letters")
        ordering = ["-read_at", "-id"]

    def __str__(self) -> str:
        return f"{self.recipient} {self.code}"


class NoticeQuerySet(_OwnQuerySet):
    """Notices."""


class Notice(models.Model):
    """Something that one person is told at once: a kind (as `settings.NOTICE_KINDS` has it), and the row it is about.

    `key` makes it unique for the person, so that the same event is told once. It is settled when it stands in a letter, or when it
    no longer mattered before one went out.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notice_rows", verbose_name=_("user"))
    kind = models.CharField(_("kind"), max_length=20)
    subject_id = models.BigIntegerField(_("subject"))
    key = models.CharField(_("key"), max_length=120)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    delivery = models.ForeignKey(
        Delivery, on_delete=models.SET_NULL, null=True, blank=True, related_name="notices", verbose_name=_("delivery")
    )

    objects: ClassVar[NoticeQuerySet] = NoticeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-created_at", "-id"]
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["user", "key"], name="notice_once")]
        indexes = [models.Index(fields=["user", "created_at"], condition=Q(settled_at__isnull=True), name="notice_unsettled")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.key}"
