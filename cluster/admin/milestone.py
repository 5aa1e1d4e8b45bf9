"""Milestones with their late days, and the revisions of their forecasts."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import AppendOnlyAdmin, ReadOnlyInline, RecordAdmin
from cluster.admin.columns import window_column
from cluster.admin.forms import RecordForm, ServiceForm
from cluster.admin.imports import Imports
from cluster.admin.reach import is_number
from cluster.domain.dates import DateWindow
from cluster.domain.errors import DomainError
from cluster.models import ForecastRevision, Milestone
from cluster.models.form_fields import WindowField
from cluster.queries.knock_on import KnockOn, knock_on
from cluster.queries.milestones import with_dates
from cluster.services.forecasts import revise_forecast
from cluster.templatetags.format import date_short, days_late, window_short
from cluster.templatetags.story import in_numbers

# Of the milestones that move with one those that move most are told.
_MOST_SHOWN = 6


class MilestoneForm(RecordForm):
    actual = WindowField(label=_("actual date"), required=False)


class MilestoneInline(ReadOnlyInline):
    model = Milestone
    fields = ["code", "kind", "name_ru", "actual_on", "scored"]
    actual_on = window_column("actual", _("actual date"))


class RevisionInline(ReadOnlyInline):
    model = ForecastRevision
    fields = ["new_on", "announced_on", "reason", "source", "recorded_at"]
    new_on = window_column("new", _("forecast"))
    announced_on = window_column("announced", _("announced"))

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("source", "milestone")


def _dated(milestone: Any) -> Any:
    if not hasattr(milestone, "dated"):
        milestone.dated = with_dates(Milestone.objects.filter(pk=milestone.pk), as_of=timezone.localdate())[0]
    return milestone.dated


@admin.register(Milestone)
class MilestoneAdmin(Imports, RecordAdmin):
    form = MilestoneForm
    list_display = ["code", "name_ru", "factory", "kind", "due_on", "forecast_on", "actual_on", "late", "scored"]
    list_display_links = ["code", "name_ru"]
    list_filter = [
        "kind",
        "scored",
        ("contract", admin.RelatedOnlyFieldListFilter),
        ("factory", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["factory", "contract"]
    date_hierarchy = "actual_latest"
    search_fields = ["code", "name_ru", "name_en", "factory__code", "factory__name_ru"]
    autocomplete_fields = ["contract", "factory", "actual_source", "responsible"]
    readonly_fields = ["due_on", "forecast_on", "late"]
    fields = [
        ("contract", "factory", "code"),
        "kind",
        ("name_ru", "name_en"),
        "responsible",
        ("duration_days", "optimistic_days", "pessimistic_days"),
        "risk_cause",
        ("constraint", "constraint_on"),
        ("due_on", "forecast_on", "late"),
        "started_on",
        "actual",
        ("actual_announced_on", "actual_source"),
        ("actual_note_ru", "actual_note_en"),
        "scored",
        ("not_scored_ru", "not_scored_en"),
    ]
    inlines = [RevisionInline]
    actual_on = window_column("actual", _("actual date"))

    def prepare(self, rows: list[Any], request: HttpRequest) -> None:
        found = with_dates(Milestone.objects.filter(pk__in=[m.pk for m in rows]), as_of=timezone.localdate())
        dated = {one.milestone.pk: one for one in found}
        for milestone in rows:
            milestone.dated = dated[milestone.pk]

    def view_on_site(self, milestone: Milestone) -> str:
        """Its page."""
        return reverse("cluster:milestone", args=[milestone.contract.code, milestone.code])

    @admin.display(description=_("due"))
    def due_on(self, milestone: Milestone) -> str:
        """The date under the baseline in force."""
        due = _dated(milestone).due if milestone.pk else None
        return window_short(due.window) if due else ""

    @admin.display(description=_("forecast"))
    def forecast_on(self, milestone: Milestone) -> str:
        """The newest forecast."""
        forecast = _dated(milestone).forecast if milestone.pk else None
        return window_short(forecast.window) if forecast else ""

    @admin.display(description=_("days late"))
    def late(self, milestone: Milestone) -> str:
        """Calendar days after the due window, as of today."""
        return days_late(_dated(milestone).late_days) if milestone.pk else ""


class ReviseForecastForm(ServiceForm):
    window = WindowField(label=_("new forecast"))
    announced = WindowField(label=_("announced"), required=False)
    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    # The window of which the person was shown what follows.
    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def write(self, cleaned: dict[str, Any]) -> ForecastRevision:
        """Revise the forecast of the chosen milestone, once the person has seen what else moves and which flags open."""
        milestone = cleaned["milestone"]
        if cleaned["shown"] != str(cleaned["window"]):
            self._show_what_follows(milestone, cleaned["window"])
        return revise_forecast(
            milestone_id=milestone.pk,
            window=cleaned["window"],
            reason=cleaned["reason"],
            note=cleaned["note_ru"],
            announced=cleaned["announced"],
            source_id=cleaned["source"].pk if cleaned["source"] else None,
            document=cleaned["document"],
            by=self.by,
            version=cleaned["seen_version"] or milestone.version,
            today=timezone.localdate(),
            request_key=cleaned["form_key"],
        )

    def _show_what_follows(self, milestone: Milestone, window: DateWindow) -> None:
        try:
            follows = knock_on(milestone, window.latest, reader=self.by, today=timezone.localdate())
        except DomainError:
            # What refuses the forecast says so when it is recorded.
            return
        if follows.is_grave:
            sent = cast(QueryDict, self.data).copy()
            sent["shown"] = str(window)
            self.data = sent
            raise ValidationError([*_told(follows), _("Nothing is recorded yet: save once more to record it all the same.")])


def _told(follows: KnockOn) -> list[str]:
    """What follows from a forecast, in sentences."""
    told = [in_numbers(follows)]
    told += [
        f"{each.milestone.code} {each.milestone.name}: {date_short(each.before)} → {date_short(each.after)}"
        for each in follows.moved[:_MOST_SHOWN]
    ]
    if (more := len(follows.moved) - _MOST_SHOWN) > 0:
        told.append(ngettext("and %(n)s more milestone", "and %(n)s more milestones", more) % {"n": more})
    if follows.elsewhere:
        told.append(" ".join([gettext("In other factories:"), ", ".join(follows.elsewhere[:_MOST_SHOWN])]))
    if follows.end and follows.end_days:
        told.append(f"{gettext('The end of the contract:')} {date_short(follows.end[0])} → {date_short(follows.end[1])}")
    return told


@admin.register(ForecastRevision)
class ForecastRevisionAdmin(AppendOnlyAdmin):
    add_form = ReviseForecastForm
    add_fields = ["milestone", "window", "reason", "announced", "note_ru", "source", "document", "seen_version", "shown"]
    list_display = ["milestone", "old_on", "new_on", "announced_on", "reason", "source", "recorded_by", "recorded_at"]
    list_filter = [
        "reason",
        ("milestone__contract", admin.RelatedOnlyFieldListFilter),
        ("milestone__factory", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["milestone", "source", "recorded_by"]
    date_hierarchy = "announced_latest"
    search_fields = ["milestone__code", "milestone__name_ru", "milestone__name_en", "note_ru", "note_en", "document"]
    autocomplete_fields = ["milestone", "source"]
    fields = [
        "milestone",
        ("old_on", "new_on"),
        "announced_on",
        "reason",
        ("speaker_ru", "speaker_en"),
        ("note_ru", "note_en"),
        ("source", "document"),
        ("recorded_at", "recorded_by"),
    ]
    old_on = window_column("old", _("old forecast"))
    new_on = window_column("new", _("new forecast"))
    announced_on = window_column("announced", _("announced"))

    def view_on_site(self, revision: ForecastRevision) -> str:
        """The page of its milestone."""
        return reverse("cluster:milestone", args=[revision.milestone.contract.code, revision.milestone.code])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["old_on", "new_on", "announced_on"] if obj else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Opened from a milestone, the form remembers the version that the person saw."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        given = initial.get("milestone", "")
        if is_number(given):
            milestone = Milestone.objects.for_reader(request.user).filter(pk=int(given)).first()
            initial["seen_version"] = milestone.version if milestone else None
        return initial
