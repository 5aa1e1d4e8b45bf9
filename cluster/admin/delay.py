"""Delay flags and their events: the job writes them, people read them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import AppendOnlyAdmin, ReadOnlyInline
from cluster.models import DelayEvent, DelayFlag
from cluster.templatetags.format import days


class DelayEventInline(ReadOnlyInline):
    model = DelayEvent
    fields = ["on_date", "kind", "days", "severity", "recorded_at"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("flag__milestone")


@admin.register(DelayFlag)
class DelayFlagAdmin(AppendOnlyAdmin):
    list_display = ["milestone", "factory", "kind", "severity", "days_late", "since", "opened_on", "closed_on", "acknowledged_by"]
    list_filter = [
        "kind",
        "severity",
        ("closed_on", admin.EmptyFieldListFilter),
        ("milestone__contract", admin.RelatedOnlyFieldListFilter),
        ("milestone__factory", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["milestone__factory", "acknowledged_by"]
    date_hierarchy = "opened_on"
    search_fields = ["milestone__code", "milestone__name_ru", "milestone__name_en", "milestone__factory__code"]
    fields = [
        "milestone",
        ("kind", "severity", "days_late"),
        ("since", "until"),
        ("opened_on", "closed_on"),
        ("acknowledged_by", "acknowledged_until"),
        "acknowledged_reason",
    ]
    readonly_fields = ["days_late"]
    inlines = [DelayEventInline]

    @admin.display(description=_("factory"), ordering="milestone__factory__order")
    def factory(self, flag: DelayFlag) -> str:
        """The factory; empty for a promise about the contract as a whole."""
        return str(flag.milestone.factory or "")

    @admin.display(description=_("days late"))
    def days_late(self, flag: DelayFlag) -> str:
        """From the end of the window to the day it is measured to, or to today."""
        return days(((flag.until or flag.closed_on or timezone.localdate()) - flag.since).days)


@admin.register(DelayEvent)
class DelayEventAdmin(AppendOnlyAdmin):
    list_display = ["on_date", "flag", "kind", "days", "severity", "recorded_at", "job_run"]
    list_filter = ["kind", "severity", ("flag__milestone__factory", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["flag__milestone", "job_run"]
    date_hierarchy = "on_date"
    search_fields = ["flag__milestone__code", "flag__milestone__name_ru", "flag__milestone__name_en"]
    fields = ["flag", "kind", "on_date", "days", "severity", "job_run", "recorded_at"]
