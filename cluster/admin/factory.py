"""Factories, with the claims and milestones that say what is known of them."""

from django.contrib import admin

from cluster.admin.base import RecordAdmin
from cluster.admin.claim import ClaimInline
from cluster.admin.milestone import MilestoneInline
from cluster.admin.money import ShowsMoney
from cluster.models import Factory


@admin.register(Factory)
class FactoryAdmin(ShowsMoney, RecordAdmin):
    list_display = ["code", "name_ru", "name_en", "membership", "decision", "manager", "contract"]
    list_display_links = ["code", "name_ru"]
    list_filter = ["membership", "decision", ("contract", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["contract", "manager"]
    search_fields = ["code", "name_ru", "name_en"]
    autocomplete_fields = ["contract", "manager"]
    fields = [
        ("contract", "code", "order"),
        ("name_ru", "name_en"),
        "membership",
        "manager",
        ("decision", "decision_on"),
        "decision_reason",
    ]
    inlines = [MilestoneInline, ClaimInline]
