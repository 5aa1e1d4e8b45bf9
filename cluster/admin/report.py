"""Board reports that are kept: made on the page of a contract or by the monthly job, looked at here."""

from django.contrib import admin
from django.urls import reverse

from cluster.admin.base import AppendOnlyAdmin
from cluster.models import BoardReport


@admin.register(BoardReport)
class BoardReportAdmin(AppendOnlyAdmin):
    list_display = ["as_of", "contract", "language", "format", "month", "size", "made_at", "made_by"]
    list_filter = ["language", "format", ("month", admin.EmptyFieldListFilter), ("contract", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["contract", "made_by"]
    date_hierarchy = "as_of"
    search_fields = ["contract__code", "contract__name_ru", "contract__name_en", "sha256", "content_sha256"]
    fields = [("contract", "as_of"), ("language", "format", "month"), "size", "sha256", "content_sha256", ("made_at", "made_by")]

    def view_on_site(self, report: BoardReport) -> str:
        """Its page, where the file is taken and checked."""
        return reverse("cluster:kept_board_report", args=[report.contract.code, report.pk])
