"""The form that acknowledges a delay."""

from django import forms
from django.utils.translation import gettext_lazy as _

from cluster.web.forms.base import DayField, RecordForm


class AcknowledgementForm(RecordForm):
    """Why a delay is taken note of, and until when it needs no further word."""

    reason = forms.CharField(label=_("Why"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    until = DayField(label=_("Until"), help_text=_("15.04.2027 or 2027-04-15: from the day after, the delay asks for attention again."))
