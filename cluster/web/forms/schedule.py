"""The forms of the schedule: a milestone, its progress, what waits for what, and days off the working calendar."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from cluster.domain.budgets import LONGEST_REASON
from cluster.domain.milestones import LONGEST_LAG, LONGEST_WORK
from cluster.models import Dependency, Factory, Milestone, User
from cluster.models.form_fields import WindowField
from cluster.models.milestone import Constraint, MilestoneKind
from cluster.models.scope import Reader
from cluster.web.forms.base import Coded, DayField, Person, ReasonForm, RecordForm, SourceChoice, WholeNumberField

# What two people can both have changed, in the order of the forms.
MILESTONE_FIELDS = (
    "code", "kind", "factory", "name_ru", "name_en", "duration_days", "constraint", "constraint_on", "responsible", "scored",
    "not_scored_ru", "not_scored_en",
)  # fmt: skip
PROGRESS_FIELDS = ("started_on", "actual", "actual_announced_on", "actual_source", "actual_note_ru", "actual_note_en")


class DaysField(WholeNumberField):
    """A whole number of working days."""

    default_error_messages = {"invalid": _("Write a whole number of working days in digits, such as 12.")}


class MilestoneForm(ReasonForm):
    """What editors say of a milestone. Its dates are told elsewhere."""

    field_names = {"factory_id": "factory", "responsible_id": "responsible"}

    code = forms.CharField(label=_("Code"), max_length=40, help_text=_("Short and its own in the contract, such as F01-OPEN."))
    kind = forms.ChoiceField(label=_("Kind"), choices=MilestoneKind.choices)
    factory = Coded(label=_("Factory"), queryset=Factory.objects.none(), required=False, empty_label=_("— the contract as a whole —"))
    name_ru = forms.CharField(label=_("Name in Russian"), max_length=300)
    name_en = forms.CharField(label=_("Name in English"), max_length=300, required=False)
    duration_days = DaysField(
        label=_("Duration, working days"),
        required=False,
        least=0,
        most=LONGEST_WORK,
        help_text=_("The work before it; 0 is a mere date. Empty: not known."),
    )
    constraint = forms.ChoiceField(label=_("Constraint"), required=False, choices=[("", _("— none —")), *Constraint.choices])
    constraint_on = DayField(label=_("Date of the constraint"), required=False)
    responsible = Person(label=_("Responsible"), queryset=User.objects.none(), required=False, empty_label=_("— nobody —"))
    scored = forms.BooleanField(label=_("Judged: it can be late"), required=False, initial=True)
    not_scored_ru = forms.CharField(label=_("Why it is not judged (Russian)"), required=False, max_length=4000)
    not_scored_en = forms.CharField(label=_("Why it is not judged (English)"), required=False, max_length=4000)

    def __init__(self, *args: Any, factories: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["factory"].queryset = factories  # type: ignore[attr-defined]
        self.fields["responsible"].queryset = people  # type: ignore[attr-defined]


class ProgressForm(ReasonForm):
    """When the work of a milestone began and when it was reached."""

    field_names = {"actual_source_id": "actual_source"}

    started_on = DayField(label=_("Work started on"), required=False)
    actual = WindowField(label=_("Reached on"), required=False, help_text=_("Write 15.04.2026, or 04.2026 where the day is not known."))
    actual_announced_on = DayField(label=_("Announced on"), required=False, help_text=_("When the world was told. Empty: today."))
    actual_source = SourceChoice()
    actual_note_ru = forms.CharField(
        label=_("Note in Russian"), required=False, max_length=4000, help_text=_("Number and date of the act, and what is still missing.")
    )
    actual_note_en = forms.CharField(label=_("Note in English"), required=False, max_length=4000)

    def __init__(self, *args: Any, reader: Reader, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["actual_source"]
        assert isinstance(field, SourceChoice)
        field.offer(reader)
        self.fields["reason"].help_text = _("Needed where it corrects what was told before.")


class DependencyForm(ReasonForm):
    """A link between a milestone and another one; once it is there, only its type and its lag change."""

    BEFORE, AFTER = "before", "after"
    field_names = {"predecessor": "other", "successor": "other"}

    way = forms.ChoiceField(
        label=_("Which one waits"),
        choices=[(BEFORE, _("This milestone waits for the other one")), (AFTER, _("The other one waits for this milestone"))],
        widget=forms.RadioSelect,
        initial=BEFORE,
    )
    other = Coded(label=_("Other milestone"), queryset=Milestone.objects.none(), to_field_name="code", empty_label=_("— choose —"))
    type = forms.ChoiceField(label=_("Type"), choices=[(code, capfirst(name)) for code, name in Dependency.Type.choices])
    lag_days = DaysField(label=_("Lag, working days"), least=-LONGEST_LAG, most=LONGEST_LAG, initial=0, help_text=_("Negative: a lead."))

    def __init__(self, *args: Any, others: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if others is None:
            del self.fields["way"], self.fields["other"]
        else:
            self.fields["other"].queryset = others  # type: ignore[attr-defined]


class ExceptionsForm(RecordForm):
    """Days on which a factory, or the whole contract, works or rests against the calendar."""

    field_names = {"factory_id": "factory"}

    factory = Coded(label=_("Factory"), queryset=Factory.objects.none(), required=False, empty_label=_("— the contract as a whole —"))
    first = DayField(label=_("From"))
    last = DayField(label=_("To"), required=False, help_text=_("Empty: the one day."))
    works = forms.TypedChoiceField(
        label=_("These days are"),
        choices=[("no", _("days of rest")), ("yes", _("working days"))],
        coerce=lambda text: text == "yes",
        widget=forms.RadioSelect,
        initial="no",
    )
    reason = forms.CharField(label=_("Why"), max_length=300)

    def __init__(self, *args: Any, factories: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["factory"].queryset = factories  # type: ignore[attr-defined]


class RemovalForm(RecordForm):
    """Why something is taken away, of the state that the person saw."""

    version = forms.IntegerField(required=False, min_value=0, max_value=2**62, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why it is deleted"), required=False, max_length=LONGEST_REASON, help_text=_("Kept in the history beside what changed.")
    )
