"""The forms of the record: a contract with its parties and amendments, factories, sources, claims, and the choice among claims."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cluster.domain.budgets import LONGEST_REASON
from cluster.domain.errors import DomainError
from cluster.domain.exchange import parse_rate
from cluster.models import Amendment, Claim, Contract, Factory, Milestone, Party, Source, User
from cluster.models.claim import Qualifier
from cluster.models.form_fields import StrictAmountField, WindowField, as_validation_error
from cluster.models.scope import Reader
from cluster.templatetags.format import unit_choices
from cluster.web.forms.base import LONGEST_TEXT, Coded, ColumnsForm, Person, RecordForm, SourceChoice, over


class _WithSource(ColumnsForm):
    """A form that names a source."""

    field_names = {"source_id": "source"}

    def __init__(self, *args: Any, reader: Reader, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["source"]
        assert isinstance(field, SourceChoice)
        field.offer(reader)


@over(
    Contract, "code", "name_ru", "name_en", "kind_ru", "kind_en", "signed", "moderate_days", "major_days", "critical_days",
    "silent_after_days", "cost_tolerance_percent", "spend_tolerance_percent",
)  # fmt: skip
class ContractForm(ColumnsForm):
    """What editors say of a contract. Its money, term and number of factories are claims; whether it is an example is not asked."""

    signed = WindowField(label=_("Signing"), required=False)


@over(Party, "role", "name_ru", "name_en", "note_ru", "note_en", "source")
class PartyForm(_WithSource):
    """Who signed the contract."""

    source = SourceChoice()


@over(Amendment, "number", "title_ru", "title_en", "approved_on", "announced", "note_ru", "note_en", "source")
class AmendmentForm(_WithSource):
    """A change to the contract."""

    announced = WindowField(label=_("Announced"), required=False)
    source = SourceChoice()


@over(
    Factory, "code", "name_ru", "name_en", "membership", "order", "manager", "decision", "decision_on", "decision_reason"
)  # fmt: skip
class FactoryForm(ColumnsForm):
    """What editors say of a factory. Product, capacity, site are claims; its stage follows from milestones."""

    field_names = {"manager_id": "manager"}

    manager = Person(label=_("Manager"), queryset=User.objects.none(), required=False, empty_label=_("— nobody —"))

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["manager"].queryset = people  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("decision"):
            for name in ("decision_on", "decision_reason"):
                if name in cleaned and not cleaned[name]:
                    self.add_error(name, ValidationError(_("A decision needs its date and its reason."), code="required"))
        return cleaned


@over(Source, "publisher", "title_ru", "title_en", "url", "document", "published", "note_ru", "note_en")
class SourceForm(ColumnsForm):
    """A publication, or a document that is not on the web. To whom it belongs is said once."""

    published = WindowField(label=_("Published"), required=False)


class NewSourceForm(SourceForm):
    """A source to add: with a key of its own, and who may see it."""

    PUBLIC, CONTRACT = "public", "contract"

    key = forms.SlugField(
        label=_("Key"),
        max_length=60,
        required=False,
        help_text=_("Short name by which rows and files refer to it, such as gazette-2026. Empty: one is made."),
    )
    belongs = forms.ChoiceField(
        label=_("Who sees it"), widget=forms.RadioSelect, help_text=_("A publication is seen by all; a document stays with its contract.")
    )

    def __init__(self, *args: Any, owners: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["belongs"].choices = owners  # type: ignore[attr-defined]
        self.fields["belongs"].initial = owners[0][0]


class ValueField(StrictAmountField):
    """A number of a claim: an amount as people type it, or with four decimals at most."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValidationError as error:
            if error.code != "precision":
                raise
            try:
                return parse_rate(str(value))
            except DomainError as refused:
                raise as_validation_error(refused) from refused

    def prepare_value(self, value: Any) -> Any:
        """Decimals that a sum of money has not are shown too."""
        fine = hasattr(value, "as_tuple") and value != round(value, 2)
        return f"{value.normalize():f}".replace(".", ",") if fine else super().prepare_value(value)


@over(
    Claim, "figure", "factory", "milestone", "value", "value_high", "unit", "qualifier", "quoted_usd", "text_ru", "text_en", "date",
    "valid", "source", "confidence", "announced", "note_ru", "note_en",
)  # fmt: skip
class ClaimForm(_WithSource):
    """What one source says of one figure: a number, a text or a date."""

    field_names = {"source_id": "source", "factory_id": "factory", "milestone_id": "milestone"}

    factory = Coded(label=_("Factory"), queryset=Factory.objects.none(), required=False, empty_label=_("— the contract as a whole —"))
    milestone = forms.ModelChoiceField(
        label=_("Milestone"),
        queryset=Milestone.objects.none(),
        to_field_name="code",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Its code, where the claim is about one milestone."),
        error_messages={"invalid_choice": _("There is no milestone of this code in the contract.")},
    )
    value = ValueField(label=_("Value as a number"), required=False, help_text=_("1 234 567,89, or 1,2 млрд. Else a text or a date below."))
    value_high = ValueField(label=_("Upper end of a range"), required=False)
    unit = forms.ChoiceField(label=_("Unit"), required=False)
    date = WindowField(label=_("Date as the value"), required=False)
    valid = WindowField(
        label=_("Holds from, or for"),
        required=False,
        help_text=_("Claims of the same figure for the same time compete. 2026, 2026-Q1, 2026-06."),
    )
    source = SourceChoice(required=True)
    announced = WindowField(label=_("Announced"), required=False, help_text=_("As of earlier days it is not known. Empty: from today."))

    def __init__(self, *args: Any, factories: Any, milestones: Any, unit: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["factory"].queryset = factories  # type: ignore[attr-defined]
        self.fields["milestone"].queryset = milestones  # type: ignore[attr-defined]
        self.fields["unit"].choices = [("", _("— none —")), *unit_choices(unit)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The rules of the row that concern several boxes, each at the box that is to be corrected."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if any(name in self.errors for name in ("value", "value_high", "unit", "text_ru", "text_en", "date")):
            return cleaned
        number, low, high = cleaned.get("value") is not None, cleaned.get("value"), cleaned.get("value_high")
        kinds = number + bool(cleaned.get("text_ru") or cleaned.get("text_en")) + (cleaned.get("date") is not None)
        if kinds != 1:
            self.add_error("value", ValidationError(_("Give a number, a text or a date: exactly one of them."), code="kinds"))
        elif number and not cleaned.get("unit"):
            self.add_error("unit", ValidationError(_("A number needs its unit."), code="required"))
        elif not number and (cleaned.get("unit") or high is not None):
            self.add_error("unit" if cleaned.get("unit") else "value_high", ValidationError(_("Only a number has that."), code="no_number"))
        elif low is not None and high is not None and high < low:
            self.add_error("value_high", ValidationError(_("The upper end lies below the value."), code="order"))
        return cleaned


class ClaimEchoForm(forms.Form):
    """Only what the echo of a claim needs, read by the same rules."""

    value = ValueField()
    value_high = ValueField(required=False)
    unit = forms.CharField(max_length=30, required=False)
    qualifier = forms.ChoiceField(choices=Qualifier.choices, required=False)
    announced = WindowField(required=False)


class ChoiceForm(RecordForm):
    """Which of competing claims is in use, and why; none of them leaves the figure undecided."""

    field_names = {"claim_id": "claim"}

    version = forms.IntegerField(required=False, min_value=0, max_value=2**62, widget=forms.HiddenInput)
    claim = forms.ChoiceField(label=_("In use"), error_messages={"invalid_choice": _("Choose one of the claims of this page.")})
    reason_ru = forms.CharField(
        label=_("Why (Russian)"),
        required=False,
        max_length=min(LONGEST_TEXT, LONGEST_REASON),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    reason_en = forms.CharField(
        label=_("Why (English)"),
        required=False,
        max_length=min(LONGEST_TEXT, LONGEST_REASON),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    NONE = "none"

    def __init__(self, *args: Any, claims: list[Claim], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["claim"].choices = [*((str(claim.pk), str(claim.pk)) for claim in claims), (self.NONE, self.NONE)]  # type: ignore[attr-defined]
