"""The ledger: entries are added and reversed, never changed."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import AppendOnlyAdmin
from cluster.admin.columns import amount_rub, amount_usd
from cluster.admin.forms import ReasonActionForm, ServiceForm
from cluster.models import LedgerEntry
from cluster.services.ledger import record_entry, reverse_entry


class LedgerForm(ServiceForm):
    """A new commitment or payment."""

    despite_duplicate = forms.BooleanField(
        label=_("record it although it looks like another"),
        required=False,
        help_text=_("Tick it after you have looked at the entry with the same document, counterparty and amount."),
    )

    def write(self, cleaned: dict[str, Any]) -> LedgerEntry:
        """Record the entry."""
        source = cleaned["source"]
        return record_entry(
            factory_id=cleaned["factory"].pk,
            kind=cleaned["kind"],
            date=cleaned["date"],
            amount_rub=cleaned["amount_rub"],
            category=cleaned["category"],
            funding=cleaned["funding"],
            document=cleaned["document"],
            counterparty=cleaned["counterparty"],
            note=cleaned["note"],
            source_id=source.pk if source else None,
            despite_duplicate=cleaned["despite_duplicate"],
            by=self.by,
            today=timezone.localdate(),
            request_key=cleaned["form_key"],
        )


@admin.register(LedgerEntry)
class LedgerEntryAdmin(AppendOnlyAdmin):
    add_form = LedgerForm
    add_fields = [
        "factory",
        ("kind", "date"),
        "amount_rub",
        ("category", "funding"),
        "document",
        "counterparty",
        "despite_duplicate",
        "note",
        "source",
    ]
    list_display = ["date", "factory", "kind", "amount_rub_shown", "amount_usd", "category", "document", "counterparty", "reverses"]
    list_filter = [
        "kind",
        ("reverses", admin.EmptyFieldListFilter),
        ("reversed_by", admin.EmptyFieldListFilter),
        "category",
        "funding",
        ("factory__contract", admin.RelatedOnlyFieldListFilter),
        ("factory", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["factory__contract", "conversion__rate", "reverses"]
    date_hierarchy = "date"
    search_fields = ["document", "counterparty", "note", "factory__code", "factory__name_ru"]
    autocomplete_fields = ["factory", "source"]
    fields = [
        "factory",
        ("kind", "date"),
        ("amount_rub_shown", "amount_usd"),
        ("category", "funding"),
        "document",
        "counterparty",
        "note",
        "source",
        "reverses",
        ("recorded_at", "recorded_by"),
    ]
    amount_rub_shown = amount_rub
    amount_usd = amount_usd
    actions = ["reverse_entries"]
    action_form = ReasonActionForm

    def get_readonly_fields(self, request: Any, obj: Any = None) -> list[str]:
        return ["amount_rub_shown", "amount_usd"] if obj else []

    @admin.action(description=_("Reverse the chosen entries, dated today"), permissions=["add"])
    def reverse_entries(self, request: HttpRequest, chosen: QuerySet[LedgerEntry]) -> None:
        """Take each entry back by one of the opposite amount; all of them or none."""
        today, reason = timezone.localdate(), request.POST.get("reason", "")
        keys = list(chosen.values_list("pk", flat=True))
        done = self.attempt(
            request,
            lambda: [reverse_entry(entry_id=key, date=today, note=reason, by=request.user, today=today) for key in keys],  # type: ignore[arg-type]
        )
        if done:
            self.message_user(request, _("Reversed: %d") % len(keys), messages.SUCCESS)

    def view_on_site(self, entry: LedgerEntry) -> str:
        """The entry's page, where its dollars, its reversal and its history stand."""
        return reverse("cluster:ledger_entry", args=[entry.factory.contract.code, entry.pk])
