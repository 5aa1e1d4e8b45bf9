"""Baselines with their dates and budget lines."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import ReadOnlyInline, RecordAdmin
from cluster.admin.columns import amount_rub, amount_usd, window_column
from cluster.admin.forms import RecordForm
from cluster.models import Baseline, BaselineMilestone, BudgetLine
from cluster.models.form_fields import WindowField


class BaselineDateForm(RecordForm):
    due = WindowField(label=_("due"))
    announced = WindowField(label=_("announced"), required=False)


class BudgetLineForm(RecordForm):
    announced = WindowField(label=_("announced"), required=False)


class BaselineDateInline(ReadOnlyInline):
    model = BaselineMilestone
    fields = ["milestone", "due_on", "announced_on", "source"]
    due_on = window_column("due", _("due"))
    announced_on = window_column("announced", _("announced"))

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).select_related("milestone", "source")


class BudgetLineInline(ReadOnlyInline):
    model = BudgetLine
    fields = ["factory", "category", "funding", "month", "amount_rub_shown", "amount_usd"]
    amount_rub_shown = amount_rub
    amount_usd = amount_usd

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).select_related("factory", "conversion__rate")


@admin.register(Baseline)
class BaselineAdmin(RecordAdmin):
    list_display = ["name_ru", "name_en", "kind", "in_force_from", "contract", "approved_by"]
    list_filter = ["kind", ("contract", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["contract", "approved_by"]
    date_hierarchy = "in_force_from"
    search_fields = ["name_ru", "name_en"]
    autocomplete_fields = ["contract", "amendment", "approved_by"]
    fields = [("contract", "amendment"), "kind", ("name_ru", "name_en"), ("in_force_from", "approved_by")]
    inlines = [BaselineDateInline, BudgetLineInline]


@admin.register(BaselineMilestone)
class BaselineDateAdmin(RecordAdmin):
    form = BaselineDateForm
    list_display = ["milestone", "due_on", "announced_on", "baseline", "source"]
    list_filter = [("baseline", admin.RelatedOnlyFieldListFilter), ("milestone__factory", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["milestone", "baseline", "source"]
    date_hierarchy = "due_latest"
    search_fields = ["milestone__code", "milestone__name_ru", "milestone__name_en", "speaker_ru", "speaker_en"]
    autocomplete_fields = ["baseline", "milestone", "source"]
    readonly_fields = ["recorded_at"]
    fields = [
        ("baseline", "milestone"),
        "due",
        "announced",
        ("speaker_ru", "speaker_en"),
        ("note_ru", "note_en"),
        "source",
        "recorded_at",
    ]
    due_on = window_column("due", _("due"))
    announced_on = window_column("announced", _("announced"))


@admin.register(BudgetLine)
class BudgetLineAdmin(RecordAdmin):
    form = BudgetLineForm
    list_display = ["factory", "category", "funding", "month", "amount_rub_shown", "amount_usd", "baseline"]
    list_filter = [
        "category",
        "funding",
        ("baseline", admin.RelatedOnlyFieldListFilter),
        ("factory", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["factory", "baseline", "conversion__rate"]
    date_hierarchy = "month"
    search_fields = ["factory__code", "factory__name_ru", "factory__name_en", "baseline__name_ru"]
    autocomplete_fields = ["baseline", "factory", "source"]
    readonly_fields = ["amount_usd", "recorded_at"]
    fields = [
        ("baseline", "factory"),
        ("category", "funding", "month"),
        ("amount_rub", "amount_usd"),
        "announced",
        "source",
        "recorded_at",
    ]
    amount_rub_shown = amount_rub
    amount_usd = amount_usd
    announced_on = window_column("announced", _("announced"))
