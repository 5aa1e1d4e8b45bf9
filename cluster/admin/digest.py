"""Digest subscriptions, and what was sent to whom."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from cluster.admin.base import AppendOnlyAdmin, ReadOnlyInline, RecordAdmin
from cluster.domain.access import Action
from cluster.models import Bounce, Delivery, DeliveryAttempt, Notice, Subscription
from cluster.models.scope import scope_of
from cluster.services import outbox


@admin.register(Subscription)
class SubscriptionAdmin(RecordAdmin):
    list_display = ["user", "cadence", "weekday", "hour", "also_when_nothing_new", "notices", "is_active", "suspended_at"]
    list_filter = ["cadence", "is_active", ("suspended_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user"]
    search_fields = ["user__username", "user__last_name", "user__email"]
    autocomplete_fields = ["user", "factories"]
    fields = [
        "user",
        ("cadence", "weekday", "hour"),
        ("time_zone", "language"),
        "factories",
        "kinds",
        ("also_when_nothing_new", "notices"),
        "is_active",
        ("suspended_at", "suspended_because"),
    ]

    def view_on_site(self, subscription: Subscription) -> str:
        """The page of the person."""
        return reverse("cluster:person", args=[subscription.user_id])


class AttemptInline(ReadOnlyInline):
    model = DeliveryAttempt
    fields = ["number", "began_at", "ended_at", "outcome", "answer"]


class BounceInline(ReadOnlyInline):
    model = Bounce
    fields = ["read_at", "is_hard", "code", "diagnostic"]


@admin.register(Delivery)
class DeliveryAdmin(AppendOnlyAdmin):
    list_display = ["period", "recipient", "kind", "status", "subject", "attempts", "sent_at", "error"]
    list_filter = ["status", "kind"]
    date_hierarchy = "created_at"
    search_fields = ["recipient", "subject", "message_id"]
    fields = [
        ("user", "kind"),
        ("subscription", "period", "until"),
        "status",
        "message_id",
        "recipient",
        "subject",
        "body_text",
        ("attempts", "not_before", "lease_until"),
        "error",
        ("created_at", "sent_at"),
    ]
    list_select_related = ["subscription__user"]
    inlines = [AttemptInline, BounceInline]
    actions = ["send_again"]

    def has_handle_permission(self, request: HttpRequest) -> bool:
        """Who answers for the mail of all."""
        return scope_of(request.user).may(Action.HANDLE_MAIL)

    @admin.action(description=_("Send these letters again"), permissions=["handle"])
    def send_again(self, request: HttpRequest, letters: QuerySet[Delivery]) -> None:
        """Those that were given up, wait for another try, are uncertain or held; all of them or none."""
        by: Any = request.user
        chosen = list(letters.values_list("pk", flat=True))
        if self.attempt(request, lambda: [outbox.send_again(pk, by=by) for pk in chosen]):
            said = ngettext("%(n)d letter goes out again.", "%(n)d letters go out again.", len(chosen))
            self.message_user(request, said % {"n": len(chosen)}, messages.SUCCESS)

    def view_on_site(self, letter: Delivery) -> str:
        """Its page in the outbox."""
        return reverse("cluster:outbox_letter", args=[letter.pk])


def _letter_page(delivery_id: int | None) -> str | None:
    return reverse("cluster:outbox_letter", args=[delivery_id]) if delivery_id else None


@admin.register(DeliveryAttempt)
class DeliveryAttemptAdmin(AppendOnlyAdmin):
    list_display = ["began_at", "delivery", "number", "outcome", "ended_at", "answer"]
    list_filter = ["outcome", "delivery__kind"]
    list_select_related = ["delivery"]
    date_hierarchy = "began_at"
    search_fields = ["delivery__recipient", "delivery__subject", "answer"]
    fields = [("delivery", "number"), ("began_at", "ended_at"), "outcome", "answer"]

    def view_on_site(self, attempt: DeliveryAttempt) -> str | None:
        """The page of its letter."""
        return _letter_page(attempt.delivery_id)


@admin.register(Bounce)
class BounceAdmin(AppendOnlyAdmin):
    list_display = ["read_at", "recipient", "is_hard", "code", "diagnostic", "delivery"]
    list_filter = ["is_hard", ("delivery", admin.EmptyFieldListFilter)]
    list_select_related = ["delivery"]
    date_hierarchy = "read_at"
    search_fields = ["recipient", "code", "diagnostic"]
    fields = ["delivery", "recipient", ("is_hard", "code"), "diagnostic", "key", "read_at"]

    def view_on_site(self, bounce: Bounce) -> str | None:
        """The page of the letter that came back, where it is known."""
        return _letter_page(bounce.delivery_id)


@admin.register(Notice)
class NoticeAdmin(AppendOnlyAdmin):
    list_display = ["created_at", "user", "kind", "key", "settled_at", "delivery"]
    list_filter = ["kind", ("settled_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user", "delivery"]
    date_hierarchy = "created_at"
    search_fields = ["key", "user__username", "user__last_name", "user__email"]
    fields = ["user", ("kind", "subject_id"), "key", ("created_at", "settled_at"), "delivery"]

    def view_on_site(self, notice: Notice) -> str | None:
        """The page of the letter that tells it."""
        return _letter_page(notice.delivery_id)
