"""Factories, with the claims and milestones that say what is known of them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import RecordAdmin
from cluster.admin.claim import ClaimInline
from cluster.admin.imports import Imports
from cluster.admin.milestone import MilestoneInline
from cluster.admin.money import ShowsMoney
from cluster.models import Factory
from cluster.queries.list_figures import FactoryFigures, factory_figures
from cluster.templatetags.format import days_late, money_rub, window_short


@admin.register(Factory)
class FactoryAdmin(Imports, ShowsMoney, RecordAdmin):
    list_display = ["code", "name_ru", "opening", "late", "budget", "paid", "membership", "decision", "manager", "contract", "name_en"]
    list_display_links = ["code", "name_ru"]
    list_filter = ["membership", "decision", ("contract", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["contract", "manager"]
    search_fields = ["code", "name_ru", "name_en"]
    autocomplete_fields = ["contract", "manager"]
    fields = [
        ("contract", "code", "order"),
        ("name_ru", "name_en"),
        "membership",
        "manager",
        ("decision", "decision_on"),
        "decision_reason",
    ]
    inlines = [MilestoneInline, ClaimInline]

    def prepare(self, rows: list[Any], request: HttpRequest) -> None:
        found = factory_figures([factory.pk for factory in rows], reader=request.user, as_of=timezone.localdate())
        for factory in rows:
            factory.today = found.get(factory.pk, FactoryFigures())

    @admin.display(description=_("budget, RUB"))
    def budget(self, factory: Any) -> str:
        """Under the baseline in force."""
        return money_rub(factory.today.budget_rub)

    @admin.display(description=_("paid, RUB"))
    def paid(self, factory: Any) -> str:
        """Payments less reversals."""
        return money_rub(factory.today.paid_rub)

    @admin.display(description=_("days late"))
    def late(self, factory: Any) -> str:
        """Of its worst milestone, as of today."""
        return days_late(factory.today.late_days)

    @admin.display(description=_("opening"))
    def opening(self, factory: Any) -> str:
        """When it opened, else when it is forecast or promised to."""
        return window_short(factory.today.opening)

    def view_on_site(self, factory: Factory) -> str:
        """Its page."""
        return reverse("cluster:factory", args=[factory.contract.code, factory.code])
