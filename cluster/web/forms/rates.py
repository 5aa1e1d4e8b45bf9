"""The forms of the rates: one entered by hand, a time to fetch, a decision over one in quarantine."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from cluster.domain.exchange import NOMINALS
from cluster.models.form_fields import StrictRateField
from cluster.web.forms.base import DayField, RecordForm


class CurrencyField(forms.ChoiceField):
    """A choice among the currencies that are followed; out of sight where there is only one."""

    def __init__(self) -> None:
        super().__init__(label=_("Currency"), choices=lambda: [(code, code) for code in settings.RATE_CURRENCIES])


class RateForm(RecordForm):
    """A rate entered by hand, with its source."""

    field_names = {"source": "source_ru"}

    currency = CurrencyField()
    date = DayField(label=_("Date that the rate bears"), help_text=_("A rate is set on a working day and bears the date of the next day."))
    value = StrictRateField(label=_("Roubles"), help_text=_("93,4419: four decimals at most, as the bank prints it."))
    nominal = forms.TypedChoiceField(
        label=_("For how many units"), choices=[(nominal, str(nominal)) for nominal in NOMINALS], coerce=int, initial=1
    )
    source_ru = forms.CharField(
        label=_("Where it was published"), max_length=300, help_text=_("A name or a link, so that somebody else finds it again.")
    )
    source_en = forms.CharField(label=_("The same in English"), max_length=300, required=False)


class BackfillForm(RecordForm):
    """Which rates to fetch."""

    currency = CurrencyField()
    first = DayField(label=_("From"))
    last = DayField(label=_("To"))


class DecisionForm(RecordForm):
    """Accept or reject, and why."""

    decision = forms.ChoiceField(choices=[("accept", _("Accept")), ("reject", _("Reject"))], widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why"), max_length=300, help_text=_("What you compared it with. The reason stays in the history."), widget=forms.TextInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs["autocomplete"] = "off"
