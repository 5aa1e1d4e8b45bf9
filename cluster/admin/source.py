"""Sources of figures."""

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import RecordAdmin
from cluster.admin.columns import window_column
from cluster.admin.forms import RecordForm
from cluster.admin.imports import Imports
from cluster.models import Claim, Source
from cluster.models.form_fields import WindowField


class SourceForm(RecordForm):
    published = WindowField(label=_("published"), required=False)


@admin.register(Source)
class SourceAdmin(Imports, RecordAdmin):
    form = SourceForm
    list_display = ["key", "publisher", "title_ru", "published_on"]
    list_filter = ["publisher"]
    date_hierarchy = "published_latest"
    search_fields = ["key", "publisher", "title_ru", "title_en", "url", "document"]
    fields = ["key", "publisher", ("title_ru", "title_en"), "url", "document", "published", ("note_ru", "note_en")]
    published_on = window_column("published", _("published"))

    def view_on_site(self, source: Source) -> str | None:
        """Its page in its contract; one that belongs to none is shown in the first whose claims rest on it."""
        claim = Claim.objects.filter(source=source).select_related("contract").order_by("contract_id", "pk").first()
        contract = source.contract or (claim.contract if claim else None)
        return reverse("cluster:source", args=[contract.code, source.key]) if contract else None
