"""Contracts with their parties and amendments."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import RecordAdmin, RecordInline
from cluster.admin.columns import window_column
from cluster.admin.forms import RecordForm
from cluster.admin.money import ShowsMoney
from cluster.models import Amendment, Contract, Party
from cluster.models.form_fields import WindowField
from cluster.queries.list_figures import contract_figures
from cluster.templatetags.format import money_rub


class ContractForm(RecordForm):
    signed = WindowField(label=_("signing"), required=False)


class AmendmentForm(RecordForm):
    announced = WindowField(label=_("announced"), required=False)


class PartyInline(RecordInline):
    model = Party
    fields = [("role", "source"), ("name_ru", "name_en"), ("note_ru", "note_en")]
    autocomplete_fields = ["source"]


class AmendmentInline(RecordInline):
    model = Amendment
    form = AmendmentForm
    fields = [("number", "approved_on", "source"), "announced", ("title_ru", "title_en"), ("note_ru", "note_en")]
    autocomplete_fields = ["source"]


@admin.register(Contract)
class ContractAdmin(ShowsMoney, RecordAdmin):
    form = ContractForm
    list_display = ["code", "name_ru", "signed_on", "committed", "allocated", "paid", "is_example", "name_en"]
    list_display_links = ["code", "name_ru"]
    list_filter = ["is_example"]
    search_fields = ["code", "name_ru", "name_en", "kind_ru", "kind_en"]
    fields = [
        "code",
        ("name_ru", "name_en"),
        ("kind_ru", "kind_en"),
        "signed",
        "is_example",
        ("moderate_days", "major_days", "critical_days"),
        ("silent_after_days", "cost_tolerance_percent", "spend_tolerance_percent"),
    ]
    inlines = [PartyInline, AmendmentInline]
    signed_on = window_column("signed", _("signing"))

    def get_inlines(self, request: Any, obj: Any) -> Any:
        """Parties and amendments hang on a contract that exists."""
        return self.inlines if obj else []

    def prepare(self, rows: list[Any], request: HttpRequest) -> None:
        found = contract_figures([contract.pk for contract in rows], reader=request.user, as_of=timezone.localdate())
        for contract in rows:
            contract.today = found[contract.pk]

    @admin.display(description=_("committed, RUB"))
    def committed(self, contract: Any) -> str:
        """The claim in use."""
        return money_rub(contract.today.committed_rub)

    @admin.display(description=_("allocated, RUB"))
    def allocated(self, contract: Any) -> str:
        """The budgets of factories under the baseline in force."""
        return money_rub(contract.today.allocated_rub)

    @admin.display(description=_("paid, RUB"))
    def paid(self, contract: Any) -> str:
        """Payments less reversals."""
        return money_rub(contract.today.paid_rub)

    def view_on_site(self, contract: Contract) -> str:
        """Its page."""
        return reverse("cluster:contract", args=[contract.code])


@admin.register(Party)
class PartyAdmin(RecordAdmin):
    list_display = ["name_ru", "name_en", "role", "contract"]
    list_filter = ["role", ("contract", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["contract"]
    search_fields = ["name_ru", "name_en"]
    autocomplete_fields = ["contract", "source"]
    fields = ["contract", "role", ("name_ru", "name_en"), ("note_ru", "note_en"), "source"]

    def view_on_site(self, party: Party) -> str:
        """The page about the contract."""
        return reverse("cluster:about", args=[party.contract.code])


@admin.register(Amendment)
class AmendmentAdmin(RecordAdmin):
    form = AmendmentForm
    list_display = ["title_ru", "number", "approved_on", "announced_on", "contract"]
    list_filter = [("contract", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["contract"]
    date_hierarchy = "announced_latest"
    search_fields = ["number", "title_ru", "title_en"]
    autocomplete_fields = ["contract", "source"]
    fields = ["contract", ("number", "approved_on"), "announced", ("title_ru", "title_en"), ("note_ru", "note_en"), "source"]
    announced_on = window_column("announced", _("announced"))

    def view_on_site(self, amendment: Amendment) -> str:
        """The page about the contract."""
        return reverse("cluster:about", args=[amendment.contract.code])
