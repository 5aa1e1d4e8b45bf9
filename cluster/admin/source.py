"""Sources of figures."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import RecordAdmin
from cluster.admin.columns import window_column
from cluster.admin.forms import RecordForm
from cluster.models import Source
from cluster.models.form_fields import WindowField


class SourceForm(RecordForm):
    published = WindowField(label=_("published"), required=False)


@admin.register(Source)
class SourceAdmin(RecordAdmin):
    form = SourceForm
    list_display = ["key", "publisher", "title_ru", "published_on"]
    list_filter = ["publisher"]
    date_hierarchy = "published_latest"
    search_fields = ["key", "publisher", "title_ru", "title_en", "url", "document"]
    fields = ["key", "publisher", ("title_ru", "title_en"), "url", "document", "published", ("note_ru", "note_en")]
    published_on = window_column("published", _("published"))
