"""Official rates with their revisions, and the decision over those in quarantine."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import AppendOnlyAdmin
from cluster.admin.forms import ReasonActionForm, ServiceForm
from cluster.domain.access import Action
from cluster.domain.exchange import NOMINALS
from cluster.models import ExchangeRate
from cluster.models.form_fields import StrictRateField
from cluster.models.scope import scope_of
from cluster.services.rates import Entry, accept_rate, record_rate, reject_rate
from cluster.templatetags.format import rate


class RateForm(ServiceForm):
    """A rate entered by hand, with its source."""

    called = {"source": "source_ru"}

    currency = forms.ChoiceField(label=_("Currency"), choices=lambda: [(code, code) for code in settings.RATE_CURRENCIES])
    nominal = forms.TypedChoiceField(label=_("Nominal"), choices=[(nominal, str(nominal)) for nominal in NOMINALS], coerce=int, initial=1)
    value = StrictRateField(label=_("Roubles"), help_text=_("93,4419: four decimals at most, as the bank prints it."))

    def write(self, cleaned: dict[str, Any]) -> ExchangeRate:
        """Record the rate."""
        given = {name: cleaned[name] for name in ("currency", "date", "value", "nominal", "source_ru", "source_en")}
        row, _verdict = record_rate(Entry(**given), by=self.by, today=timezone.localdate())
        return row


@admin.register(ExchangeRate)
class ExchangeRateAdmin(AppendOnlyAdmin):
    add_form = RateForm
    add_fields = [("currency", "date"), ("value", "nominal"), "source_ru", "source_en"]
    list_display = ["date", "currency", "value_shown", "nominal", "revision", "status", "quality", "source_ru"]
    list_filter = ["status", "quality", "currency"]
    date_hierarchy = "date"
    search_fields = ["date", "source_ru", "source_en"]
    fields = [
        ("currency", "date"),
        ("nominal", "value"),
        ("revision", "status", "quality"),
        ("source_ru", "source_en"),
        ("recorded_at", "recorded_by"),
    ]
    actions = ["accept_quarantined", "reject_quarantined"]
    action_form = ReasonActionForm

    @admin.display(description=_("roubles"), ordering="value")
    def value_shown(self, row: ExchangeRate) -> str:
        """All four decimals."""
        return rate(row.value)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rates belong to no contract: who edits everything enters them."""
        return self.has_decide_permission(request)

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

    def view_on_site(self, row: ExchangeRate) -> str:
        """Its page."""
        return reverse("cluster:rate", args=[row.pk])
