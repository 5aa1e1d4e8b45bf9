"""The forms of the ledger: a payment or a commitment, a reversal, and the filters of its table."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from cluster.domain.dates import DateWindow, Precision, refuse_far
from cluster.domain.errors import DomainError
from cluster.models import CostCategory, Factory, FundingSource, LedgerEntry
from cluster.models.form_fields import PlainTextForm, StrictAmountField, as_validation_error
from cluster.models.scope import Reader
from cluster.queries.ledger import NOT_STATED, Chosen
from cluster.web.forms.base import DayField, RecordForm, SourceChoice

_NOT_SAID = ("", _("— not stated —"))
_ANY = ("", _("any"))


class FactoryChoice(forms.ModelChoiceField):
    """A choice among the factories of one contract, by code."""

    default_error_messages = {"invalid_choice": _("There is no such factory in this contract: choose one from the list.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Factory.objects.none(), to_field_name="code", label=_("Factory"), empty_label=_("— choose —"), **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.code} {obj.name}"


class LedgerForm(RecordForm):
    """A payment or a commitment of a factory; `factories` are offered where the address names none."""

    field_names = {"amount_rub": "amount"}

    factory = FactoryChoice()
    kind = forms.ChoiceField(label=_("Kind"), choices=LedgerEntry.Kind.choices, widget=forms.RadioSelect, initial=LedgerEntry.Kind.PAYMENT)
    amount = StrictAmountField(label=_("Amount, ₽"), help_text=_("1 234 567,89, or 1,2 млрд; kopecks at most."))
    date = DayField(label=_("Date"), help_text=_("15.04.2024 or 2024-04-15. The dollars of a payment are counted at the rate of this day."))
    document = forms.CharField(label=_("Document"), max_length=200, help_text=_("Number and date of the document."))
    counterparty = forms.CharField(label=_("Counterparty"), max_length=300)
    despite_duplicate = forms.BooleanField(label=_("Record it anyway: it is another one"), required=False)
    category = forms.ChoiceField(label=_("Category"), choices=[_NOT_SAID, *CostCategory.choices], required=False)
    funding = forms.ChoiceField(label=_("Funding source"), choices=[_NOT_SAID, *FundingSource.choices], required=False)
    source = SourceChoice()
    note = forms.CharField(label=_("Note"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, reader: Reader, factories: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if factories is None:
            del self.fields["factory"]
        else:
            self.fields["factory"].queryset = factories  # type: ignore[attr-defined]
        for name in ("document", "counterparty"):
            self.fields[name].widget.attrs |= {"list": f"known-{name}", "autocomplete": "off"}
        field = self.fields["source"]
        assert isinstance(field, SourceChoice)
        field.offer(reader)


class EchoForm(forms.Form):
    """Only what the echo and the search for a look-alike need, read by the same rules."""

    kind = forms.ChoiceField(choices=LedgerEntry.Kind.choices, required=False)
    amount = StrictAmountField()
    date = DayField(required=False)
    document = forms.CharField(max_length=200, required=False)
    counterparty = forms.CharField(max_length=300, required=False)
    despite_duplicate = forms.BooleanField(required=False)


class ReversalForm(RecordForm):
    """Takes an entry back."""

    date = DayField(label=_("Date of the reversal"), help_text=_("Between the date of the entry and today."))
    note = forms.CharField(
        label=_("Why it is reversed"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The entry stays visible; this sentence stands beside it."),
    )


class MonthField(forms.CharField):
    """A month: `2024-03` or `03.2024`; gives the window of its days."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        turned = re.fullmatch(r"(\d\d?)\.(\d{4})", text, re.ASCII)
        try:
            window = DateWindow.parse(f"{turned[2]}-{turned[1]:0>2}" if turned else text)
            refuse_far(window, field="month")
        except DomainError as error:
            raise as_validation_error(error) from error
        if window.precision is not Precision.MONTH or (window.earliest.year, window.earliest.month) != (
            window.latest.year,
            window.latest.month,
        ):
            raise ValidationError(_("Write a month as 2024-03."), code="month")
        return window

    def prepare_value(self, value: Any) -> Any:
        return str(value) if isinstance(value, DateWindow) else value


class LedgerFilterForm(PlainTextForm, forms.Form):
    """Which entries the table shows; what is empty does not narrow."""

    factory = forms.ChoiceField(label=_("Factory"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=[_ANY, *LedgerEntry.Kind.choices], required=False)
    only = forms.ChoiceField(
        label=_("Only"),
        choices=[("", _("all entries")), ("reversed", _("reversed, with their reversals")), ("alike", _("those that look alike"))],
        required=False,
    )
    document = forms.CharField(label=_("Document has"), max_length=100, required=False)
    counterparty = forms.CharField(label=_("Counterparty has"), max_length=100, required=False)
    category = forms.ChoiceField(label=_("Category"), choices=[_ANY, (NOT_STATED, _("not stated")), *CostCategory.choices], required=False)
    funding = forms.ChoiceField(
        label=_("Funding source"), choices=[_ANY, (NOT_STATED, _("not stated")), *FundingSource.choices], required=False
    )
    month = MonthField(label=_("Month"), required=False, widget=forms.TextInput(attrs={"placeholder": "2024-03", "inputmode": "numeric"}))
    date_from = DayField(label=_("Date from"), required=False)
    date_to = DayField(label=_("Date to"), required=False)
    amount_from = StrictAmountField(label=_("Amount from, ₽"), required=False, allow_negative=True)
    amount_to = StrictAmountField(label=_("Amount to, ₽"), required=False, allow_negative=True)

    often = ("factory", "kind", "only", "document", "counterparty")

    def __init__(self, *args: Any, factories: Sequence[Factory], **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.fields["factory"].choices = [_ANY, *((plant.code, f"{plant.code} {plant.name}") for plant in factories)]  # type: ignore[attr-defined]

    @property
    def first_row(self) -> list[BoundField]:
        """The filters that are asked for most."""
        return [self[name] for name in self.often]

    @property
    def further(self) -> list[BoundField]:
        """The others."""
        return [self[name] for name in self.fields if name not in self.often]

    @property
    def uses_further(self) -> bool:
        """Whether one of the others narrows, or is wrong."""
        return any(bound.data or bound.errors for bound in self.further)

    @property
    def narrows(self) -> bool:
        """Whether anything is chosen."""
        return any(self[name].data for name in self.fields)

    @property
    def in_words(self) -> list[tuple[str, str]]:
        """What is chosen, as label and value: for paper, where the boxes are not printed."""
        return [(str(self[name].label), self._value_in_words(name)) for name in self.fields if self[name].data]

    def _value_in_words(self, name: str) -> str:
        field, data = self.fields[name], str(self[name].data)
        choices: Any = field.choices if isinstance(field, forms.ChoiceField) else ()
        return str(dict(choices).get(data, data))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for low, high, sentence in (
            ("date_from", "date_to", _("The end lies before the start.")),
            ("amount_from", "amount_to", _("The upper bound lies below the lower one.")),
        ):
            if cleaned.get(low) is not None and cleaned.get(high) is not None and cleaned[low] > cleaned[high]:
                self.add_error(high, ValidationError(sentence, code="order"))
        return cleaned

    def chosen(self) -> Chosen:
        """The filters as the query takes them; the form is valid."""
        data = self.cleaned_data
        month: DateWindow | None = data["month"]
        days_from: list[date] = [day for day in (data["date_from"], month and month.earliest) if day]
        days_to: list[date] = [day for day in (data["date_to"], month and month.latest) if day]
        low: Decimal | None = data["amount_from"]
        return Chosen(
            factory=data["factory"],
            kind=data["kind"],
            category=data["category"],
            funding=data["funding"],
            counterparty=" ".join(data["counterparty"].split()),
            document=" ".join(data["document"].split()),
            first=max(days_from, default=None),
            last=min(days_to, default=None),
            amount_from=low,
            amount_to=data["amount_to"],
            only=data["only"],
        )
