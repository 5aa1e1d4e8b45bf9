"""The forms of budgets: a proposal, a line, a pasted table, an approval."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cluster.domain.approval import Warn
from cluster.domain.budget_table import Vocabulary, parse_month, parse_table
from cluster.domain.budgets import LONGEST_REASON, Term
from cluster.domain.errors import DomainError
from cluster.models import Amendment, Baseline, CostCategory, Factory, FundingSource
from cluster.models.form_fields import StrictAmountField, as_validation_error, message_of
from cluster.web.forms.base import DayField, RecordForm
from cluster.web.forms.table import TableField, factory_labels, labels

_NOT_SAID = ("", _("— not stated —"))


class MonthField(forms.CharField):
    """A month as people write it, read by the rules of a pasted table; its first day, or None."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"}), **kwargs)

    def clean(self, value: Any) -> Any:
        """The first day of the month."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_month(text)
        except DomainError as error:
            raise as_validation_error(error) from error

    def prepare_value(self, value: Any) -> Any:
        """A stored month as it could have been typed."""
        return f"{value:%m.%Y}" if isinstance(value, date) else value


class _FactoryChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.code} {obj.name}"


class BudgetLineForm(RecordForm):
    """One line of a proposed baseline."""

    field_names = {"amount_rub": "amount", "factory_id": "factory"}

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    factory = _FactoryChoice(label=_("Factory"), queryset=Factory.objects.none(), empty_label=_("— choose —"))
    category = forms.ChoiceField(label=_("Category"), choices=[_NOT_SAID, *CostCategory.choices], required=False)
    funding = forms.ChoiceField(label=_("Funding source"), choices=[_NOT_SAID, *FundingSource.choices], required=False)
    month = MonthField(label=_("Month"), required=False, help_text=_("03.2025, 2025-03 or March 2025; empty if not planned by months."))
    amount = StrictAmountField(label=_("Amount, ₽"), help_text=_("1 234 567,89, or 1,2 млрд; kopecks at most."))
    reason = forms.CharField(
        label=_("Why this amount"),
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What changed against the baseline before; the comparison shows this sentence."),
    )

    def __init__(self, *args: Any, factories: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["factory"], factories)


class DeletionForm(RecordForm):
    """Why a line is deleted, of the state that the person saw. It stands on the page of the line's own form."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why it is deleted"),
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The comparison with other baselines shows this sentence."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="delete_%s", **kwargs)


class EchoForm(forms.Form):
    """Only what the echo needs, read by the same rules."""

    amount = StrictAmountField()


class PasteForm(RecordForm):
    """Lines pasted from a spreadsheet, and what becomes of those that the table does not name."""

    MERGE, REPLACE = "merge", "replace"
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    mode = forms.ChoiceField(
        label=_("Lines that the table does not name"),
        choices=[(MERGE, _("stay as they are")), (REPLACE, _("are removed: the table is the whole budget"))],
        widget=forms.RadioSelect,
        initial=MERGE,
    )
    table = TableField(
        label=_("Table"),
        help_text=_(
            "Copy the cells and paste them here: factory, category, funding source, month, amount, reason. "
            "With a heading the columns may stand in any order."
        ),
    )

    reason = forms.CharField(
        label=_("Why lines are removed"),
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For the lines that the table does not name. The comparison with other baselines shows this sentence."),
    )

    categories = CostCategory.choices
    funding = FundingSource.choices

    def __init__(self, *args: Any, factories: Sequence[Factory], term: Term, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["table"]
        assert isinstance(field, TableField)
        field.parse = lambda text: parse_table(text, vocabulary(factories), term)


def vocabulary(factories: Sequence[Factory]) -> Vocabulary:
    """How a pasted table may name the factories and the choices: codes, and labels in both languages."""
    return Vocabulary(factory_labels(factories), labels(CostCategory), labels(FundingSource))


class _AmendmentChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return " · ".join(part for part in (obj.number, str(obj.title)) if part)


class ProposalForm(RecordForm):
    """A new baseline to fill."""

    field_names = {"amendment_id": "amendment", "copy_from_id": "copy_from"}

    name_ru = forms.CharField(label=_("Name (Russian)"), max_length=200)
    name_en = forms.CharField(label=_("Name (English)"), max_length=200, required=False)
    copy_from = forms.ModelChoiceField(
        label=_("Start from"),
        queryset=Baseline.objects.none(),
        required=False,
        empty_label=_("— an empty baseline —"),
        help_text=_("Its budget lines and milestone dates are copied; change what the amendment changes."),
    )
    amendment = _AmendmentChoice(
        label=_("Amendment"),
        queryset=Amendment.objects.none(),
        required=False,
        empty_label=_("— named when it is approved —"),
    )
    reason = forms.CharField(label=_("Why it is proposed"), max_length=LONGEST_REASON, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, baselines: Any, amendments: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["copy_from"], baselines)
        _offer(self.fields["amendment"], amendments)


class ApprovalForm(RecordForm):
    """The approval of a proposed baseline."""

    field_names = {"amendment_id": "amendment"}

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    amendment = _AmendmentChoice(label=_("Amendment"), queryset=Amendment.objects.none(), required=False, empty_label=_("— none —"))
    in_force_from = DayField(
        label=_("In force from"),
        help_text=_("15.04.2024 or 2024-04-15; after the day of the baseline in force. Dollars are counted at its rate."),
    )
    reason = forms.CharField(
        label=_("On what grounds"), required=False, max_length=300, help_text=_("The minutes or the order; kept in the history.")
    )

    def __init__(
        self, *args: Any, amendments: Any, required: bool, odd: Mapping[Warn, DomainError] = MappingProxyType({}), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for code, warning in odd.items():
            self.fields[f"seen_{code}"] = forms.BooleanField(
                label=gettext("I have seen: %(warning)s") % {"warning": message_of(warning)},
                error_messages={"required": gettext("Tick it if it is meant so: %(warning)s") % {"warning": message_of(warning)}},
            )
        self.warned = [f"seen_{code}" for code in odd]
        _offer(self.fields["amendment"], amendments)
        self.fields["amendment"].required = required
        self.fields["amendment"].help_text = (
            _("Every baseline after the first one hangs on an amendment.") if required else _("The first baseline needs none.")
        )

    @property
    def warnings(self) -> list[forms.BoundField]:
        """The boxes to tick."""
        return [self[name] for name in self.warned]

    @property
    def seen(self) -> list[str]:
        """What was ticked, by code."""
        return [name.removeprefix("seen_") for name in self.warned if self.cleaned_data.get(name)]


class VersionForm(RecordForm):
    """A confirmation of what the person saw."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


def _offer(field: forms.Field, rows: Any) -> None:
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = rows
