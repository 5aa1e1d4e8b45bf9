"""Simulations of schedules and what they gave: asked for on the page of a contract, looked at here."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import AppendOnlyAdmin
from cluster.models import RiskResult, RiskRun
from cluster.templatetags.format import moment


@admin.register(RiskRun)
class RiskRunAdmin(AppendOnlyAdmin):
    list_display = ["contract", "as_of", "iterations", "seed", "uplift_percent", "p50", "p80", "finished_on", "requested_by"]
    list_filter = [("contract", admin.RelatedOnlyFieldListFilter), "shape", ("finished_at", admin.EmptyFieldListFilter)]
    list_select_related = ["contract", "requested_by"]
    date_hierarchy = "as_of"
    search_fields = ["contract__code", "contract__name_ru", "contract__name_en", "uplift_reason"]
    fields = [
        ("contract", "as_of"),
        ("iterations", "seed", "shape"),
        ("in_factory", "in_cause", "overall"),
        ("uplift_percent", "uplift_reason"),
        ("requested_by", "requested_at", "finished_on"),
        ("estimated", "chance", "chance_of_all"),
        ("p10", "p50", "p80", "p95"),
        ("work", "gave"),
    ]
    readonly_fields = ["work", "gave", "finished_on", "requested_at"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("curve")

    @admin.display(description=_("finished at"), ordering="finished_at")
    def finished_on(self, run: RiskRun) -> str:
        """Local time."""
        return moment(run.finished_at)

    @admin.display(description=_("job run"))
    def work(self, run: RiskRun) -> str:
        """Its work; a link where there is one."""
        if run.job_run is None:
            return ""
        return format_html('<a href="{}">{}</a>', reverse("admin:cluster_jobrun_change", args=[run.job_run_id]), run.job_run)

    @admin.display(description=_("results"))
    def gave(self, run: RiskRun) -> str:
        """The way to its milestones."""
        address = f"{reverse('admin:cluster_riskresult_changelist')}?run__id__exact={run.pk}"
        return format_html('<a href="{}">{}</a>', address, _("by milestone"))

    def view_on_site(self, run: RiskRun) -> str:
        """Its page."""
        return reverse("cluster:risk_run", args=[run.contract.code, run.pk])


@admin.register(RiskResult)
class RiskResultAdmin(AppendOnlyAdmin):
    list_display = ["milestone", "run", "p10", "p50", "p80", "p95", "chance", "criticality", "sensitivity"]
    list_filter = [("run__contract", admin.RelatedOnlyFieldListFilter), ("milestone__factory", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["milestone", "run"]
    date_hierarchy = "p80"
    search_fields = ["milestone__code", "milestone__name_ru", "milestone__name_en"]
    fields = ["run", "milestone", ("p10", "p50", "p80", "p95"), ("chance", "criticality", "sensitivity")]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """The results of one simulation, by the link from its page."""
        return lookup == "run__id__exact" or super().lookup_allowed(lookup, value, request)

    def view_on_site(self, result: RiskResult) -> str:
        """The page of its simulation."""
        return reverse("cluster:risk_run", args=[result.run.contract.code, result.run_id])
