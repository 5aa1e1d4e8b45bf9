"""The calendar of reporting: who owes what, and what was submitted."""

from django.contrib import admin
from django.urls import reverse

from cluster.admin.base import AppendOnlyAdmin, RecordAdmin
from cluster.models import ReportingDuty, Submission


@admin.register(ReportingDuty)
class ReportingDutyAdmin(RecordAdmin):
    list_display = ["contract", "factory", "kind", "owed_by", "days_to_report", "escalates_to", "escalate_after", "starts_on", "ends_on"]
    list_filter = ["kind", ("contract", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["contract", "factory", "owed_by", "escalates_to"]
    search_fields = ["contract__code", "factory__code", "factory__name_ru"]
    autocomplete_fields = ["contract", "factory", "owed_by", "escalates_to"]
    fields = [("contract", "factory"), "kind", ("owed_by", "days_to_report"), ("escalates_to", "escalate_after"), ("starts_on", "ends_on")]

    def view_on_site(self, duty: ReportingDuty) -> str:
        """The calendar of reporting."""
        return reverse("cluster:reporting", args=[duty.contract.code])


@admin.register(Submission)
class SubmissionAdmin(AppendOnlyAdmin):
    list_display = ["duty", "period", "by", "at", "note"]
    list_filter = ["duty__kind", ("duty__contract", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["duty__contract", "duty__factory", "by"]
    date_hierarchy = "period"
    search_fields = ["note", "duty__contract__code", "duty__factory__code", "duty__factory__name_ru"]
    fields = [("duty", "period"), ("by", "at"), "note"]

    def view_on_site(self, submission: Submission) -> str:
        """The calendar of reporting."""
        return reverse("cluster:reporting", args=[submission.duty.contract.code])
