"""Claims: what each source says about each figure."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import ReadOnlyInline, RecordAdmin
from cluster.admin.columns import amount_usd, window_column
from cluster.admin.forms import RecordForm
from cluster.admin.imports import Imports
from cluster.models import Claim
from cluster.models.form_fields import WindowField
from cluster.templatetags.format import claim_value


@admin.display(description=_("value"), ordering="value")
def value_shown(_admin: Any, claim: Claim) -> str:
    """What the claim says, in words."""
    return claim_value(claim)


class ClaimForm(RecordForm):
    date = WindowField(label=_("date as the value"), required=False)
    valid = WindowField(label=_("holds from, or for"), required=False)
    announced = WindowField(label=_("announced"), required=False)


class ClaimInline(ReadOnlyInline):
    model = Claim
    fields = ["figure", "value_shown", "valid_on", "in_use", "source"]
    value_shown = value_shown
    valid_on = window_column("valid", _("holds from, or for"))

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).select_related("source")


@admin.register(Claim)
class ClaimAdmin(Imports, RecordAdmin):
    form = ClaimForm
    list_display = ["figure", "factory", "value_shown", "amount_usd", "valid_on", "announced_on", "in_use", "confidence", "source"]
    list_filter = [
        "in_use",
        "figure",
        "confidence",
        ("contract", admin.RelatedOnlyFieldListFilter),
        ("factory", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["factory", "source", "conversion__rate"]
    date_hierarchy = "announced_latest"
    search_fields = ["text_ru", "text_en", "note_ru", "note_en", "factory__code", "factory__name_ru", "source__key", "source__title_ru"]
    autocomplete_fields = ["contract", "factory", "milestone", "source"]
    readonly_fields = ["amount_usd", "recorded_at", "recorded_by"]
    fields = [
        ("contract", "factory", "milestone"),
        "figure",
        ("value", "value_high", "unit", "qualifier"),
        ("quoted_usd", "amount_usd"),
        ("text_ru", "text_en"),
        "date",
        "valid",
        ("source", "confidence"),
        "announced",
        ("note_ru", "note_en"),
        "in_use",
        ("reason_ru", "reason_en"),
        ("recorded_at", "recorded_by"),
    ]
    value_shown = value_shown
    amount_usd = amount_usd
    valid_on = window_column("valid", _("holds from, or for"))
    announced_on = window_column("announced", _("announced"))

    def view_on_site(self, claim: Claim) -> str:
        """The page of its source, where what it says stands."""
        return reverse("cluster:source", args=[claim.contract.code, claim.source.key])
