"""Saved views: people save, share and delete them on the pages of the lists; here they are found and looked at."""

from django.contrib import admin

from cluster.admin.base import AppendOnlyAdmin
from cluster.models import SavedView


@admin.register(SavedView)
class SavedViewAdmin(AppendOnlyAdmin):
    list_display = ["name", "page", "contract", "user", "is_shared", "saved_at"]
    list_filter = ["is_shared", "page", ("contract", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["contract", "user"]
    search_fields = ["name", "page", "contract__code"]
    fields = [("page", "contract"), "name", "query", ("user", "is_shared"), "saved_at"]
