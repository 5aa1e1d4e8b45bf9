"""Official rates with their revisions, and the decision over those in quarantine."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import AppendOnlyAdmin
from cluster.admin.forms import ReasonActionForm
from cluster.domain.access import Action
from cluster.models import ExchangeRate
from cluster.models.scope import scope_of
from cluster.services.rates import accept_rate, reject_rate
from cluster.templatetags.format import rate


@admin.register(ExchangeRate)
class ExchangeRateAdmin(AppendOnlyAdmin):
    list_display = ["date", "currency", "value_shown", "nominal", "revision", "status", "quality", "source_ru"]
    list_filter = ["status", "quality", "currency"]
    date_hierarchy = "date"
    search_fields = ["date", "source_ru", "source_en"]
    fields = [("currency", "date"), ("nominal", "value"), ("revision", "status", "quality"), ("source_ru", "source_en"), "recorded_at"]
    actions = ["accept_quarantined", "reject_quarantined"]
    action_form = ReasonActionForm

    @admin.display(description=_("roubles"), ordering="value")
    def value_shown(self, row: ExchangeRate) -> str:
        """All four decimals."""
        return rate(row.value)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Deciding over a rate in quarantine is an editor's work."""
        return scope_of(request.user).may(Action.EDIT_RECORD)

    @admin.action(description=_("Accept from quarantine"), permissions=["decide"])
    def accept_quarantined(self, request: HttpRequest, chosen: QuerySet[ExchangeRate]) -> None:
        """The rates count from now on; all of the chosen ones or none."""
        self._decide(request, chosen, accept_rate, _("Accepted: %d"))

    @admin.action(description=_("Reject from quarantine"), permissions=["decide"])
    def reject_quarantined(self, request: HttpRequest, chosen: QuerySet[ExchangeRate]) -> None:
        """The rates are refused for good; all of the chosen ones or none."""
        self._decide(request, chosen, reject_rate, _("Rejected: %d"))

    def _decide(self, request: HttpRequest, chosen: QuerySet[ExchangeRate], verb: Any, told: Any) -> None:
        reason = request.POST.get("reason", "")
        keys = list(chosen.order_by("date", "revision").values_list("pk", flat=True))
        if self.attempt(request, lambda: [verb(rate_id=key, reason=reason, by=request.user) for key in keys]):
            self.message_user(request, told % len(keys), messages.SUCCESS)
