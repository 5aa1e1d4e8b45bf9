"""Computed figures on the pages of a contract and of a factory: read-only, with the way to the page that explains them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cluster.domain.outlook import amounts, total_of
from cluster.models import Contract
from cluster.queries.money import money_of
from cluster.templatetags.format import money_rub, money_usd

_FIGURES = {
    "budget": _("budget, at the contract basis"),
    "paid": _("paid, at the payment basis"),
    "outlook": _("outlook, payments at their own rates and the rest at the reporting rate"),
}


class ShowsMoney:
    """Mixed into the admin of a contract or a factory: a last field `figures`, reckoned for who looks."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        record = super().get_object(request, object_id, from_field)  # type: ignore[misc]
        if record is not None:
            record.looked_at_by = request.user
        return record

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)  # type: ignore[misc]
        return [*fields, "figures"] if obj is not None else fields

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_fields(request, obj)  # type: ignore[misc]
        return [*fields, "figures"] if obj is not None else fields

    @admin.display(description=_("figures today"))
    def figures(self, record: Any) -> SafeString:
        """Budget, paid and outlook in roubles and dollars; what is not known is left out."""
        contract = record if isinstance(record, Contract) else record.contract
        factory = "" if isinstance(record, Contract) else record.code
        found = money_of(reader=record.looked_at_by, contract_code=contract.code, factory_code=factory, as_of=timezone.localdate())
        total = total_of(found.cells)
        lines = []
        for name, words in _FIGURES.items():
            rub, usd = amounts(name, total)
            if rub is not None:
                lines.append((words, money_rub(rub), "" if usd is None else f" = {money_usd(usd)}"))
        address = (
            reverse("cluster:factory_money", args=[contract.code, factory]) if factory else reverse("cluster:money", args=[contract.code])
        )
        link = format_html('<a href="{}">{}</a>', address, gettext("How they were reckoned"))
        return format_html("{}{}", format_html_join("", "{}: {}{}<br>", lines), link)
