"""Brands, vehicle models, shares."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import ReadOnlyInline, RecordAdmin
from cluster.admin.columns import window_column
from cluster.admin.forms import RecordForm
from cluster.admin.imports import Imports
from cluster.models.form_fields import WindowField
from cluster.templatetags.format import percent
from production.models import Brand, BrandShare, VehicleModel


class BrandForm(RecordForm):
    started = WindowField(label=_("started"), required=False)


class VehicleModelInline(ReadOnlyInline):
    model = VehicleModel
    fields = ["name", "segment"]

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).select_related("brand")


@admin.register(Brand)
class BrandAdmin(Imports, RecordAdmin):
    form = BrandForm
    list_display = ["code", "name_ru", "name_en", "segment", "started_on", "contract"]
    list_display_links = ["code", "name_ru"]
    list_filter = ["segment", ("contract", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["contract"]
    search_fields = ["code", "name_ru", "name_en"]
    autocomplete_fields = ["contract", "source"]
    fields = [("contract", "code"), ("name_ru", "name_en"), "segment", "started", ("note_ru", "note_en"), "source"]
    inlines = [VehicleModelInline]
    started_on = window_column("started", _("started"))

    def view_on_site(self, brand: Brand) -> str:
        """Its page."""
        return reverse("production:brand", args=[brand.contract.code, brand.code])


@admin.register(VehicleModel)
class VehicleModelAdmin(RecordAdmin):
    list_display = ["name", "brand", "segment"]
    list_filter = ["segment", ("brand", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["brand"]
    search_fields = ["name", "brand__name_ru", "brand__name_en", "brand__code"]
    autocomplete_fields = ["brand", "source"]
    fields = [("brand", "name"), "segment", ("note_ru", "note_en"), "source"]

    def view_on_site(self, model: VehicleModel) -> str:
        """The page of its brand."""
        return reverse("production:brand", args=[model.brand.contract.code, model.brand.code])


@admin.register(BrandShare)
class BrandShareAdmin(RecordAdmin):
    list_display = ["brand", "year", "percent_shown", "source"]
    list_filter = ["year", ("brand", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["brand", "source"]
    search_fields = ["brand__name_ru", "brand__name_en", "brand__code"]
    autocomplete_fields = ["brand", "source"]
    fields = ["brand", ("year", "percent"), "source"]

    @admin.display(description=_("share, %"), ordering="percent")
    def percent_shown(self, share: BrandShare) -> str:
        """Per cent with two decimals at most."""
        return percent(share.percent, 2)

    def view_on_site(self, share: BrandShare) -> str:
        """The page of its brand."""
        return reverse("production:brand", args=[share.brand.contract.code, share.brand.code])
