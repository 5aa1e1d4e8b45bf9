"""The forms of the ledger: a payment or a commitment, and a reversal."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cluster.models import CostCategory, FundingSource, LedgerEntry
from cluster.models.form_fields import StrictAmountField
from cluster.models.scope import Reader
from cluster.web.forms.base import DayField, RecordForm, SourceChoice

_NOT_SAID = ("", _("— not stated —"))


class LedgerForm(RecordForm):
    """A payment or a commitment of a factory."""

    field_names = {"amount_rub": "amount"}

    kind = forms.ChoiceField(label=_("Kind"), choices=LedgerEntry.Kind.choices, widget=forms.RadioSelect, initial=LedgerEntry.Kind.PAYMENT)
    amount = StrictAmountField(label=_("Amount, ₽"), help_text=_("1 234 567,89, or 1,2 млрд; kopecks at most."))
    date = DayField(label=_("Date"), help_text=_("15.04.2024 or 2024-04-15. The dollars of a payment are counted at the rate of this day."))
    document = forms.CharField(label=_("Document"), max_length=200, help_text=_("Number and date of the document."))
    counterparty = forms.CharField(label=_("Counterparty"), max_length=300)
    category = forms.ChoiceField(label=_("Category"), choices=[_NOT_SAID, *CostCategory.choices], required=False)
    funding = forms.ChoiceField(label=_("Funding source"), choices=[_NOT_SAID, *FundingSource.choices], required=False)
    source = SourceChoice()
    note = forms.CharField(label=_("Note"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, reader: Reader, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["source"]
        assert isinstance(field, SourceChoice)
        field.offer(reader)


class EchoForm(forms.Form):
    """Only what the echo needs, read by the same rules."""

    amount = StrictAmountField()
    date = DayField(required=False)


class ReversalForm(RecordForm):
    """Takes an entry back."""

    date = DayField(label=_("Date of the reversal"), help_text=_("Between the date of the entry and today."))
    note = forms.CharField(
        label=_("Why it is reversed"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The entry stays visible; this sentence stands beside it."),
    )
