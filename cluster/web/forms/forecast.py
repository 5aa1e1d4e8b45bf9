"""The form that revises a forecast."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cluster.domain.dates import DateWindow
from cluster.models import ForecastRevision
from cluster.models.form_fields import WindowField
from cluster.models.scope import Reader
from cluster.services.forecasts import REASONS
from cluster.web.forms.base import RecordForm, SourceChoice

# What two people can both have changed, in the order of the form.
FIELDS = ("window", "reason", "note", "source", "document", "announced")


class ForecastForm(RecordForm):
    """A new expected date with its reason. `version` and `seen` say what the person had before them."""

    window = WindowField(
        error_messages={"incomplete": _("Write a date.")},
        label=_("New forecast"),
        help_text=_("Write 15.04.2027, 04.2027, 2027-Q1, 2027-H1 or 2027, or choose how exact the date is."),
    )
    reason = forms.ChoiceField(label=_("Reason"), choices=[("", _("— choose —")), *REASONS])
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What happened, in a sentence that a reader of the history will understand."),
    )
    source = SourceChoice(help_text=_("A publication that is in the record already."))
    document = forms.CharField(
        label=_("Document"), required=False, max_length=300, help_text=_("Number and date, when it is not a published source.")
    )
    announced = WindowField(label=_("Announced on"), required=False, help_text=_("When the world was told. Empty: today."))
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
    seen = forms.IntegerField(required=False, min_value=0, max_value=2**62, widget=forms.HiddenInput)

    def __init__(self, *args: Any, reader: Reader, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["source"]
        assert isinstance(field, SourceChoice)
        field.offer(reader)

    @property
    def typed_window(self) -> DateWindow | None:
        """The window typed, where it can be read."""
        return self.cleaned_data.get("window") if self.is_bound and hasattr(self, "cleaned_data") else None


def values_of(revision: ForecastRevision | None, *, opened_with: object = None) -> dict[str, object]:
    """The fields of a recorded revision as the form has them; `opened_with` is the forecast that an empty form shows."""
    if revision is None:
        return {"window": opened_with, "reason": "", "note": "", "source": None, "document": "", "announced": None}
    return {
        "window": revision.new,
        "reason": revision.reason,
        "note": revision.note,
        "source": revision.source,
        "document": revision.document,
        "announced": revision.announced,
    }
