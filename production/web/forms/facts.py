"""The forms of the record of production: a brand, a model, a plan for a year, a claim about capacity."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from cluster.models.claim import Confidence, Qualifier
from cluster.models.form_fields import WindowField
from cluster.models.scope import Reader
from cluster.web.forms.base import ReasonForm, SourceChoice
from production.models import Segment
from production.web.forms.output import CountField

# What two people can both have changed, in the order of the forms.
BRAND_FIELDS = ("code", "name_ru", "name_en", "segment", "started", "note_ru", "note_en", "source")
MODEL_FIELDS = ("name", "segment", "note_ru", "note_en", "source")
_SOURCED = ("announced", "source", "confidence", "note_ru", "note_en", "in_use", "reason_ru", "reason_en")
PLAN_FIELDS = ("year", "low", "high", "qualifier", *_SOURCED)
CAPACITY_FIELDS = ("effective", "low", "high", "qualifier", *_SOURCED)
_SEGMENTS = [(code, capfirst(name)) for code, name in Segment.choices]


class YearField(forms.Field):
    """A year in four ASCII digits; the model says which years there are."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})

    def to_python(self, value: Any) -> int | None:
        text = str(value if value is not None else "").strip()
        if not text:
            return None
        if re.fullmatch(r"[0-9]{4}", text) is None:
            raise ValidationError(_("Write the year in four digits, such as 2027."), code="invalid")
        return int(text)


class _OfContract(ReasonForm):
    """Mixed into forms with a source: those that the reader sees."""

    field_names = {"source_id": "source"}

    def __init__(self, *args: Any, reader: Reader, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].offer(reader)  # type: ignore[attr-defined]


class BrandForm(_OfContract):
    """A make of vehicles built under the contract."""

    code = forms.SlugField(label=_("Code"), max_length=40, help_text=_("Short, in Latin letters: it stands in the address of its page."))
    name_ru = forms.CharField(label=_("Name in Russian"), max_length=100)
    name_en = forms.CharField(label=_("Name in English"), max_length=100, required=False)
    segment = forms.ChoiceField(label=_("Kind"), choices=_SEGMENTS)
    started = WindowField(label=_("Built since"), required=False, help_text=_("15.04.2024, 2024-06, 2024-Q1 or 2024. Empty: not known."))
    note_ru = forms.CharField(label=_("Note in Russian"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2}))
    note_en = forms.CharField(label=_("Note in English"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2}))
    source = SourceChoice()


class ModelForm(_OfContract):
    """A model of a brand."""

    name = forms.CharField(label=_("Name"), max_length=100)
    segment = forms.ChoiceField(label=_("Kind"), choices=_SEGMENTS)
    note_ru = forms.CharField(label=_("Note in Russian"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2}))
    note_en = forms.CharField(label=_("Note in English"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2}))
    source = SourceChoice()


class _SourcedForm(_OfContract):
    """What a plan and a capacity share: a range, who said so, when, and whether it counts."""

    low = CountField(label=_("From"), required=False, help_text=_("The number itself where the source gives one."))
    high = CountField(label=_("To"), required=False, help_text=_("Empty: there is no range."))
    qualifier = forms.ChoiceField(label=_("Wording of the source"), choices=Qualifier.choices, initial=Qualifier.EXACT)
    announced = WindowField(label=_("Announced on"), required=False, help_text=_("When the world was told. Empty: today."))
    source = SourceChoice(help_text=_("A publication that is in the record already."))
    document = forms.CharField(
        label=_("Document"), required=False, max_length=300, help_text=_("Number and date, when it is not published.")
    )
    confidence = forms.ChoiceField(label=_("Confidence"), choices=Confidence.choices, initial=Confidence.MEDIUM)
    note_ru = forms.CharField(label=_("Note in Russian"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2}))
    note_en = forms.CharField(label=_("Note in English"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2}))
    in_use = forms.BooleanField(label=_("In use"), required=False, initial=True)
    reason_ru = forms.CharField(label=_("Why it is in use (Russian)"), required=False, max_length=4000)
    reason_en = forms.CharField(label=_("Why it is in use (English)"), required=False, max_length=4000)


class PlanForm(_SourcedForm):
    """A plan for one year, as a range of vehicles."""

    year = YearField(label=_("Year"))
    field_order = ["version", "year"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["in_use"].help_text = _("Of the plans in use for a year the newest is in force. Not in use: it competes with them.")


class CapacityForm(_SourcedForm):
    """How many vehicles can be built in a year, from a date on."""

    effective = WindowField(label=_("Holds from"), help_text=_("15.04.2024, 2024-06, 2024-Q1 or 2024."))
    field_order = ["version", "effective"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["low"].required = True
        self.fields["low"].label = _("Vehicles a year, from")
        self.fields["in_use"].help_text = _("The claim that was in use for the same time goes out of use, and stays in the record.")


class _CorrectionForm(_SourcedForm):
    """Mixed into forms over what was told: it has a source already, and why it is corrected must be said."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["document"]
        self.fields["source"].required = self.fields["reason"].required = True


class PlanCorrectionForm(_CorrectionForm, PlanForm):
    """A plan as it should have been entered."""


class CapacityCorrectionForm(_CorrectionForm, CapacityForm):
    """A claim about capacity as it should have been entered."""
