"""Delay flags and their events: the job writes them, people read them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import AppendOnlyAdmin, ReadOnlyInline
from cluster.models import DelayEvent, DelayFlag
from cluster.queries.flag_kinds import Measure, flag_kinds, flag_rules, kind_label, subjects_of
from cluster.templatetags.format import count, days, money_rub

_KINDS = _("kind of flag")


class KindFilter(admin.SimpleListFilter):
    """By the kinds of flags that the applications have."""

    title = _KINDS
    parameter_name = "kind"
    column = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return flag_kinds()

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(**{self.column: self.value()}) if self.value() else queryset


class EventKindFilter(KindFilter):
    """The same, for events."""

    parameter_name = "flag_kind"
    column = "flag__kind"


def _how_much(flag: DelayFlag, record: Any) -> str:
    """The amount of a flag or of an event of it, in what its kind is measured in; empty where that is days."""
    rule = flag_rules().get(flag.kind)
    if record.amount is None or rule is None:
        return ""
    return money_rub(record.amount) if rule.measure is Measure.ROUBLES else count(record.amount, rule.unit)


class DelayEventInline(ReadOnlyInline):
    model = DelayEvent
    fields = ["on_date", "kind", "days", "how_much", "severity", "until", "reason", "recorded_at"]
    readonly_fields = ["how_much"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("flag__milestone", "flag__factory", "flag__contract")

    @admin.display(description=_("by how much"))
    def how_much(self, event: DelayEvent) -> str:
        """Roubles or vehicles."""
        return _how_much(event.flag, event)


@admin.register(DelayFlag)
class DelayFlagAdmin(AppendOnlyAdmin):
    list_display = [
        "subject", "factory", "kind_name", "severity", "days_late", "how_much", "since", "opened_on", "closed_on", "acknowledged_by",
    ]  # fmt: skip
    list_filter = [
        KindFilter,
        "severity",
        ("closed_on", admin.EmptyFieldListFilter),
        ("contract", admin.RelatedOnlyFieldListFilter),
        ("factory", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["contract", "factory", "milestone", "acknowledged_by"]
    date_hierarchy = "opened_on"
    search_fields = ["milestone__code", "milestone__name_ru", "milestone__name_en", "factory__code", "factory__name_ru", "factory__name_en"]
    fields = [
        "subject",
        ("contract", "factory", "milestone"),
        ("kind_name", "severity", "days_late", "how_much"),
        ("since", "until"),
        ("opened_on", "closed_on", "withdrawn_on"),
        ("acknowledged_by", "acknowledged_until"),
        "acknowledged_reason",
    ]
    readonly_fields = ["subject", "kind_name", "days_late", "how_much"]
    inlines = [DelayEventInline]

    def prepare(self, rows: list[Any], request: HttpRequest) -> None:
        subjects = subjects_of(rows)
        for flag in rows:
            flag.subject = subjects.get(flag.pk)

    def view_on_site(self, flag: DelayFlag) -> str:
        """Its page."""
        return reverse("cluster:delay", args=[flag.contract.code, flag.pk])

    @admin.display(description=_("what it is about"), ordering="subject_id")
    def subject(self, flag: Any) -> str:
        """The milestone, the factory or another thing."""
        if not hasattr(flag, "subject"):
            flag.subject = subjects_of([flag]).get(flag.pk)
        return str(flag.subject or "")

    @admin.display(description=_("kind"), ordering="kind")
    def kind_name(self, flag: DelayFlag) -> str:
        """What the kind is called."""
        return kind_label(flag.kind)

    @admin.display(description=_("days late"))
    def days_late(self, flag: DelayFlag) -> str:
        """From the end of the window to the day it is measured to, or to today."""
        return days(flag.days_on(timezone.localdate()))

    @admin.display(description=_("by how much"), ordering="amount")
    def how_much(self, flag: DelayFlag) -> str:
        """Roubles or vehicles."""
        return _how_much(flag, flag)


@admin.register(DelayEvent)
class DelayEventAdmin(AppendOnlyAdmin):
    list_display = ["on_date", "flag", "kind", "days", "how_much", "severity", "recorded_at", "job_run"]
    list_filter = [EventKindFilter, "kind", "severity", ("flag__factory", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["flag__milestone", "flag__factory", "flag__contract", "job_run"]
    date_hierarchy = "on_date"
    search_fields = ["flag__milestone__code", "flag__milestone__name_ru", "flag__milestone__name_en", "flag__factory__code"]
    fields = ["flag", "kind", "on_date", "days", "how_much", "severity", "by", "until", "reason", "job_run", "recorded_at"]
    readonly_fields = ["how_much"]

    @admin.display(description=_("by how much"), ordering="amount")
    def how_much(self, event: DelayEvent) -> str:
        """Roubles or vehicles."""
        return _how_much(event.flag, event)

    def view_on_site(self, event: DelayEvent) -> str:
        """The page of its flag."""
        return reverse("cluster:delay", args=[event.flag.contract.code, event.flag_id])
