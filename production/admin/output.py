"""Yearly plans, output and capacity. Output is recorded through its service: a new figure takes the place of the old."""

from typing import Any

from django import forms
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import AppendOnlyAdmin, RecordAdmin
from cluster.admin.columns import window_column
from cluster.admin.forms import RecordForm, ServiceForm
from cluster.admin.imports import Imports
from cluster.models.form_fields import WindowField
from cluster.templatetags.format import count, quantity_range
from production.models import Capacity, Output, PlanRevision
from production.services.output import record_output

SOURCED: list[Any] = [
    ("source", "confidence"),
    "announced",
    ("note_ru", "note_en"),
    "in_use",
    ("reason_ru", "reason_en"),
    ("recorded_at", "recorded_by"),
]


class PlanForm(RecordForm):
    announced = WindowField(label=_("announced"), required=False)


class CapacityForm(RecordForm):
    effective = WindowField(label=_("from"))
    announced = WindowField(label=_("announced"), required=False)


@admin.register(PlanRevision)
class PlanRevisionAdmin(Imports, RecordAdmin):
    form = PlanForm
    list_display = ["year", "range_shown", "announced_on", "in_use", "confidence", "source"]
    list_filter = ["year", "in_use", ("contract", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["source"]
    date_hierarchy = "announced_latest"
    search_fields = ["year", "note_ru", "note_en", "source__title_ru", "source__key"]
    autocomplete_fields = ["contract", "source"]
    readonly_fields = ["recorded_at", "recorded_by"]
    fields = [("contract", "year"), ("qualifier", "low", "high"), *SOURCED]
    announced_on = window_column("announced", _("announced"))

    @admin.display(description=_("plan"), ordering="low")
    def range_shown(self, plan: PlanRevision) -> str:
        """The range in vehicles."""
        return quantity_range(plan.low if plan.low is not None else plan.high, plan.high, "vehicles")

    def view_on_site(self, plan: PlanRevision) -> str:
        """The plans of its contract."""
        return reverse("production:plans", args=[plan.contract.code])


class RecordOutputForm(ServiceForm):
    announced = WindowField(label=_("announced"), required=False)
    document = forms.CharField(label=_("document"), required=False, max_length=300, help_text=_("When the source is not in the list."))
    replaces_version = forms.IntegerField(
        label=_("version of the figure that it replaces"),
        required=False,
        help_text=_("Empty when no figure is in use for this period."),
    )

    def write(self, cleaned: dict[str, Any]) -> Output:
        """Record the figure."""
        chosen = ("contract", "factory", "brand", "vehicle_model", "source")
        keys: dict[str, Any] = {f"{name}_id": cleaned[name].pk if cleaned[name] else None for name in chosen}
        names = ("year", "month", "quantity", "unit", "segment", "document", "announced", "replaces_version")
        typed: dict[str, Any] = {name: cleaned[name] for name in names}
        return record_output(
            **keys,
            **typed,
            note=cleaned["note_ru"],
            by=self.by,
            today=timezone.localdate(),
            request_key=cleaned["form_key"],
        )


@admin.register(Output)
class OutputAdmin(AppendOnlyAdmin):
    add_form = RecordOutputForm
    add_fields = [
        ("contract", "factory"),
        ("brand", "vehicle_model", "segment"),
        ("year", "month"),
        ("quantity", "unit"),
        "replaces_version",
        "announced",
        "source",
        "document",
        "note_ru",
    ]
    list_display = ["year", "month", "quantity_shown", "factory", "brand", "vehicle_model", "segment", "in_use", "version", "source"]
    list_filter = [
        "year",
        "in_use",
        "segment",
        ("contract", admin.RelatedOnlyFieldListFilter),
        ("factory", admin.RelatedOnlyFieldListFilter),
        ("brand", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["factory", "brand", "vehicle_model__brand", "source"]
    date_hierarchy = "announced_latest"
    search_fields = ["year", "brand__name_ru", "factory__code", "factory__name_ru", "source__title_ru"]
    autocomplete_fields = ["contract", "factory", "brand", "vehicle_model", "source"]
    fields = [
        ("contract", "factory"),
        ("brand", "vehicle_model", "segment"),
        ("year", "month"),
        ("qualifier", "quantity_shown", "version"),
        ("source", "confidence"),
        "announced_on",
        ("note_ru", "note_en"),
        "in_use",
        ("reason_ru", "reason_en"),
        ("recorded_at", "recorded_by"),
    ]
    announced_on = window_column("announced", _("announced"))

    def get_readonly_fields(self, request: Any, obj: Any = None) -> list[str]:
        return ["quantity_shown", "version", "announced_on"] if obj else []

    @admin.display(description=_("quantity"), ordering="quantity")
    def quantity_shown(self, output: Output) -> str:
        """The number with its unit."""
        return count(output.quantity, output.unit)

    def view_on_site(self, output: Output) -> str:
        """The output of its contract."""
        return reverse("production:output", args=[output.contract.code])


@admin.register(Capacity)
class CapacityAdmin(RecordAdmin):
    form = CapacityForm
    list_display = ["effective_on", "capacity_shown", "announced_on", "in_use", "confidence", "source"]
    list_filter = ["in_use", ("contract", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["source"]
    date_hierarchy = "effective_latest"
    search_fields = ["note_ru", "note_en", "source__title_ru", "source__key"]
    autocomplete_fields = ["contract", "source"]
    readonly_fields = ["recorded_at", "recorded_by"]
    fields = ["contract", "effective", ("qualifier", "low", "high", "unit"), *SOURCED]
    effective_on = window_column("effective", _("from"))
    announced_on = window_column("announced", _("announced"))

    @admin.display(description=_("capacity"), ordering="low")
    def capacity_shown(self, capacity: Capacity) -> str:
        """The capacity with its unit."""
        return quantity_range(capacity.low, capacity.high, capacity.unit)

    def view_on_site(self, capacity: Capacity) -> str:
        """The production of its contract."""
        return reverse("production:overview", args=[capacity.contract.code])
