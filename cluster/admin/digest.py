"""Digest subscriptions, and what was sent to whom."""

from django.contrib import admin

from cluster.admin.base import AppendOnlyAdmin, RecordAdmin
from cluster.models import Delivery, Subscription


@admin.register(Subscription)
class SubscriptionAdmin(RecordAdmin):
    list_display = ["user", "cadence", "weekday", "hour", "also_when_nothing_new", "is_active"]
    list_filter = ["cadence", "is_active"]
    list_select_related = ["user"]
    search_fields = ["user__username", "user__last_name", "user__email"]
    autocomplete_fields = ["user"]
    fields = ["user", ("cadence", "weekday", "hour"), "also_when_nothing_new", "is_active"]


@admin.register(Delivery)
class DeliveryAdmin(AppendOnlyAdmin):
    list_display = ["period", "recipient", "status", "subject", "attempts", "sent_at", "error"]
    list_filter = ["status"]
    date_hierarchy = "created_at"
    search_fields = ["recipient", "subject", "message_id"]
    fields = [
        ("subscription", "period"),
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
