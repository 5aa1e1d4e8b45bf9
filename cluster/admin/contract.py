"""Contracts with their parties and amendments."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import RecordAdmin, RecordInline
from cluster.admin.columns import window_column
from cluster.admin.forms import RecordForm
from cluster.admin.money import ShowsMoney
from cluster.models import Amendment, Contract, Party
from cluster.models.form_fields import WindowField


class ContractForm(RecordForm):
    signed = WindowField(label=_("signing"), required=False)


class AmendmentForm(RecordForm):
    announced = WindowField(label=_("announced"), required=False)


class PartyInline(RecordInline):
    model = Party
    fields = [("role", "source"), ("name_ru", "name_en"), ("note_ru", "note_en")]
    autocomplete_fields = ["source"]


class AmendmentInline(RecordInline):
    model = Amendment
    form = AmendmentForm
    fields = [("number", "approved_on", "source"), "announced", ("title_ru", "title_en"), ("note_ru", "note_en")]
    autocomplete_fields = ["source"]


@admin.register(Contract)
class ContractAdmin(ShowsMoney, RecordAdmin):
    form = ContractForm
    list_display = ["code", "name_ru", "name_en", "signed_on", "is_example"]
    list_display_links = ["code", "name_ru"]
    list_filter = ["is_example"]
    search_fields = ["code", "name_ru", "name_en", "kind_ru", "kind_en"]
    fields = [
        "code",
        ("name_ru", "name_en"),
        ("kind_ru", "kind_en"),
        "signed",
        "is_example",
        ("moderate_days", "major_days", "critical_days"),
        ("silent_after_days", "cost_tolerance_percent", "spend_tolerance_percent"),
    ]
    inlines = [PartyInline, AmendmentInline]
    signed_on = window_column("signed", _("signing"))

    def get_inlines(self, request: Any, obj: Any) -> Any:
        """Parties and amendments hang on a contract that exists."""
        return self.inlines if obj else []


@admin.register(Party)
class PartyAdmin(RecordAdmin):
    list_display = ["name_ru", "name_en", "role", "contract"]
    list_filter = ["role", ("contract", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["contract"]
    search_fields = ["name_ru", "name_en"]
    autocomplete_fields = ["contract", "source"]
    fields = ["contract", "role", ("name_ru", "name_en"), ("note_ru", "note_en"), "source"]


@admin.register(Amendment)
class AmendmentAdmin(RecordAdmin):
    form = AmendmentForm
    list_display = ["title_ru", "number", "approved_on", "announced_on", "contract"]
    list_filter = [("contract", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["contract"]
    date_hierarchy = "announced_latest"
    search_fields = ["number", "title_ru", "title_en"]
    autocomplete_fields = ["contract", "source"]
    fields = ["contract", ("number", "approved_on"), "announced", ("title_ru", "title_en"), ("note_ru", "note_en"), "source"]
    announced_on = window_column("announced", _("announced"))
