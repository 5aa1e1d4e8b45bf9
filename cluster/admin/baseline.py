"""Baselines with their dates and budget lines: proposals are edited, approved and discarded, what is approved is only read."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import ReadOnlyInline, RecordAdmin
from cluster.admin.columns import amount_rub, amount_usd, window_column
from cluster.admin.forms import ReasonActionForm, RecordForm
from cluster.admin.imports import Imports
from cluster.domain.access import Action
from cluster.domain.approval import Warn
from cluster.domain.dates import parse_day
from cluster.models import Baseline, BaselineMilestone, BudgetLine
from cluster.models.form_fields import WindowField
from cluster.models.scope import scope_of
from cluster.services.budgets import approve_baseline, discard_baseline
from cluster.services.records import refuse_by_rule


class RuledForm(RecordForm):
    """A record whose services have rules beyond those of its columns; what they refuse stands at its field."""

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.errors:
            return
        try:
            refuse_by_rule(self.instance)
        except ValidationError as error:
            for name, errors in getattr(error, "error_dict", {NON_FIELD_ERRORS: [error]}).items():
                self.add_error(name if name in self.fields else None, errors)


class BaselineForm(RuledForm):
    """A proposal, or the public promises. Approval has its own action."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.fields.get("kind")
        if isinstance(kind, forms.ChoiceField):
            kind.choices = [choice for choice in Baseline.Kind.choices if choice[0] != Baseline.Kind.APPROVED]


class ApprovalActionForm(ReasonActionForm):
    """The form above the list: from which day the chosen baseline is in force, and on what grounds."""

    in_force_from = forms.CharField(label=_("In force from"), required=False, max_length=10)
    seen = forms.BooleanField(label=_("The warnings were seen, it is meant so"), required=False)


class FrozenWhenApproved:
    """Mixed into the pages of a baseline and of what hangs on it: once approved it can be looked at."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_frozen(obj) and super().has_change_permission(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_frozen(obj) and super().has_delete_permission(request, obj)  # type: ignore[misc]


def _is_frozen(obj: Any) -> bool:
    baseline = getattr(obj, "baseline", obj)
    return isinstance(baseline, Baseline) and baseline.kind == Baseline.Kind.APPROVED


class BaselineDateForm(RuledForm):
    due = WindowField(label=_("due"))
    announced = WindowField(label=_("announced"), required=False)


class BudgetLineForm(RuledForm):
    announced = WindowField(label=_("announced"), required=False)


class BaselineDateInline(ReadOnlyInline):
    model = BaselineMilestone
    fields = ["milestone", "due_on", "weight", "announced_on", "source"]
    due_on = window_column("due", _("due"))
    announced_on = window_column("announced", _("announced"))

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).select_related("milestone", "source")


class BudgetLineInline(ReadOnlyInline):
    model = BudgetLine
    fields = ["factory", "category", "funding", "month", "amount_rub_shown", "amount_usd"]
    amount_rub_shown = amount_rub
    amount_usd = amount_usd

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).select_related("factory", "conversion__rate")


@admin.register(Baseline)
class BaselineAdmin(FrozenWhenApproved, RecordAdmin):
    form = BaselineForm
    list_display = ["name_ru", "name_en", "kind", "in_force_from", "contract", "approved_by"]
    list_filter = ["kind", ("contract", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["contract", "approved_by"]
    date_hierarchy = "in_force_from"
    search_fields = ["name_ru", "name_en"]
    autocomplete_fields = ["contract", "amendment", "approved_by"]
    readonly_fields = ["approved_by"]
    fields = [("contract", "amendment"), "kind", ("name_ru", "name_en"), "reason", ("in_force_from", "approved_by")]
    inlines = [BaselineDateInline, BudgetLineInline]
    actions = ["approve_proposals", "discard_proposals"]
    action_form = ApprovalActionForm

    def has_approve_permission(self, request: HttpRequest) -> bool:
        """Approving is for those who may do it to some contract; the service looks at each one."""
        scope = scope_of(request.user)
        return any(scope.may(Action.APPROVE_BASELINE, contract=contract) for contract in (None, *scope.contracts))

    @admin.action(description=_("Approve the chosen proposal under its amendment"), permissions=["approve"])
    def approve_proposals(self, request: HttpRequest, chosen: QuerySet[Baseline]) -> None:
        """Freeze each of them from the day above the list; all of them or none."""
        reason, text, today = request.POST.get("reason", ""), request.POST.get("in_force_from", ""), timezone.localdate()
        if not text:
            self.message_user(request, _("Say from which day it is in force."), messages.ERROR)
            return
        keys = list(chosen.values_list("pk", flat=True))
        seen = list(Warn) if request.POST.get("seen") else []

        def approve() -> None:
            day, by = parse_day(text), request.user
            for key in keys:
                approve_baseline(baseline_id=key, in_force_from=day, by=by, today=today, reason=reason, seen=seen)  # type: ignore[arg-type]

        if self.attempt(request, approve):
            self.message_user(request, _("Approved: %d") % len(keys), messages.SUCCESS)

    @admin.action(description=_("Discard the chosen proposals"), permissions=["approve"])
    def discard_proposals(self, request: HttpRequest, chosen: QuerySet[Baseline]) -> None:
        """Take them back with their lines and dates; all of them or none."""
        reason = request.POST.get("reason", "")
        keys = list(chosen.values_list("pk", flat=True))
        if self.attempt(request, lambda: [discard_baseline(baseline_id=key, by=request.user, reason=reason) for key in keys]):  # type: ignore[arg-type]
            self.message_user(request, _("Discarded: %d") % len(keys), messages.SUCCESS)

    def view_on_site(self, baseline: Baseline) -> str:
        """Its page."""
        return reverse("cluster:baseline", args=[baseline.contract.code, baseline.pk])


@admin.register(BaselineMilestone)
class BaselineDateAdmin(Imports, FrozenWhenApproved, RecordAdmin):
    form = BaselineDateForm
    list_display = ["milestone", "due_on", "weight", "announced_on", "baseline", "source"]
    list_filter = [("baseline", admin.RelatedOnlyFieldListFilter), ("milestone__factory", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["milestone", "baseline", "source"]
    date_hierarchy = "due_latest"
    search_fields = ["milestone__code", "milestone__name_ru", "milestone__name_en", "speaker_ru", "speaker_en"]
    autocomplete_fields = ["baseline", "milestone", "source"]
    readonly_fields = ["recorded_at"]
    fields = [
        ("baseline", "milestone"),
        ("due", "weight"),
        "announced",
        ("speaker_ru", "speaker_en"),
        ("note_ru", "note_en"),
        "source",
        "recorded_at",
    ]
    due_on = window_column("due", _("due"))
    announced_on = window_column("announced", _("announced"))

    def view_on_site(self, date: BaselineMilestone) -> str:
        """The dates of its baseline."""
        return reverse("cluster:baseline_dates", args=[date.baseline.contract.code, date.baseline_id])


@admin.register(BudgetLine)
class BudgetLineAdmin(Imports, FrozenWhenApproved, RecordAdmin):
    form = BudgetLineForm
    list_display = ["factory", "category", "funding", "month", "amount_rub_shown", "amount_usd", "baseline"]
    list_filter = [
        "category",
        "funding",
        ("baseline", admin.RelatedOnlyFieldListFilter),
        ("factory", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["factory", "baseline", "conversion__rate"]
    date_hierarchy = "month"
    search_fields = ["factory__code", "factory__name_ru", "factory__name_en", "baseline__name_ru"]
    autocomplete_fields = ["baseline", "factory", "source"]
    readonly_fields = ["amount_usd", "recorded_at", "recorded_by"]
    fields = [
        ("baseline", "factory"),
        ("category", "funding", "month"),
        ("amount_rub", "amount_usd"),
        "reason",
        "announced",
        "source",
        ("recorded_at", "recorded_by"),
    ]
    amount_rub_shown = amount_rub
    amount_usd = amount_usd
    announced_on = window_column("announced", _("announced"))

    def view_on_site(self, line: BudgetLine) -> str:
        """The page of its baseline."""
        return reverse("cluster:baseline", args=[line.baseline.contract.code, line.baseline_id])
