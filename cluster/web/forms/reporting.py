"""The forms of the calendar of reporting."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cluster.models import Factory, ReportingDuty, User
from cluster.web.forms.base import Coded, DayField, Person, ReasonForm, RecordForm

# What two people can both have changed, in the order of the form.
DUTY_FIELDS = ("owed_by", "days_to_report", "escalates_to", "escalate_after", "ends_on")


class DutyForm(ReasonForm):
    """Who owes which report, by when, and who is told when it is missing. What it is about stays as it was entered."""

    kind = forms.ChoiceField(label=_("What"), choices=ReportingDuty.Kind.choices)
    factory = Coded(label=_("Factory"), queryset=Factory.objects.none(), required=False, empty_label=_("— the contract as a whole —"))
    starts_on = DayField(label=_("Owed from"), help_text=_("The first report is that of the week, month or year of this day."))
    owed_by = Person(label=_("Owed by"), queryset=User.objects.none(), empty_label=_("— choose —"))
    days_to_report = forms.IntegerField(
        label=_("Days to report"), min_value=0, max_value=180, initial=3, help_text=_("After the end of the week, month or year.")
    )
    escalates_to = Person(label=_("Escalates to"), queryset=User.objects.none(), required=False, empty_label=_("— nobody —"))
    escalate_after = forms.IntegerField(
        label=_("Escalate after, days"), min_value=1, max_value=180, initial=3, help_text=_("After the day on which it is due.")
    )
    ends_on = DayField(label=_("Owed until"), required=False, help_text=_("Empty: without an end."))

    def __init__(self, *args: Any, factories: Any, people: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["factory"].queryset = factories  # type: ignore[attr-defined]
        for name in ("owed_by", "escalates_to"):
            self.fields[name].queryset = people  # type: ignore[attr-defined]
        if not is_new:
            for name in ("kind", "factory", "starts_on"):
                del self.fields[name]


class SubmissionForm(RecordForm):
    """Which period's report is submitted, and a word about it."""

    period = DayField(label=_("Period"), help_text=_("Any day of it."))
    note = forms.CharField(label=_("Note"), required=False, max_length=300)
