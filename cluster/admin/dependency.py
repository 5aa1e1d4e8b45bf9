"""Dependencies: which milestone waits for which."""

from typing import Any

from django.contrib import admin
from django.urls import reverse

from cluster.admin.base import RecordAdmin
from cluster.admin.forms import RecordForm
from cluster.admin.imports import Imports
from cluster.models import Dependency


class DependencyForm(RecordForm):
    """Once a link is there, both its ends stay in its contract; a new one is refused where they do not."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for name in {"predecessor", "successor"} & set(self.fields):
                field: Any = self.fields[name]
                field.queryset = field.queryset.filter(contract=self.instance.successor.contract_id)


@admin.register(Dependency)
class DependencyAdmin(Imports, RecordAdmin):
    form = DependencyForm
    list_display = ["predecessor", "successor", "type", "lag_days"]
    list_display_links = ["predecessor", "successor"]
    list_filter = [
        "type",
        ("successor__contract", admin.RelatedOnlyFieldListFilter),
        ("successor__factory", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["predecessor", "successor"]
    search_fields = ["predecessor__code", "predecessor__name_ru", "predecessor__name_en", "successor__code", "successor__name_ru"]
    autocomplete_fields = ["predecessor", "successor"]
    fields = [("predecessor", "successor"), ("type", "lag_days")]

    def view_on_site(self, link: Dependency) -> str:
        """The page of the milestone that waits."""
        return reverse("cluster:milestone", args=[link.successor.contract.code, link.successor.code])
