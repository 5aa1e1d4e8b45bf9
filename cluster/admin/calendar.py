"""Exceptions from the working calendar."""

from django.contrib import admin
from django.urls import reverse

from cluster.admin.base import RecordAdmin
from cluster.models import CalendarException


@admin.register(CalendarException)
class CalendarExceptionAdmin(RecordAdmin):
    list_display = ["day", "works", "contract", "factory", "reason"]
    list_filter = [
        "works",
        ("contract", admin.RelatedOnlyFieldListFilter),
        ("factory", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["contract", "factory"]
    date_hierarchy = "day"
    search_fields = ["reason", "factory__code", "factory__name_ru"]
    autocomplete_fields = ["contract", "factory"]
    fields = [("contract", "factory"), ("day", "works"), "reason"]

    def view_on_site(self, exception: CalendarException) -> str | None:
        """The calendar of its contract, where it has one."""
        return reverse("cluster:calendar", args=[exception.contract.code]) if exception.contract else None
