"""Form fields for the models' columns, shared by every door that shows forms: strict amounts, windows, translated refusals."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cluster.domain.dates import DateWindow, Precision, parse_window, refuse_far
from cluster.domain.errors import DomainError
from cluster.domain.exchange import parse_rate
from cluster.domain.money import parse_amount
from cluster.domain.texts import is_plain
from cluster.models.names import day_in_words
from cluster.models.windows import PRECISIONS


def message_of(error: DomainError) -> str:
    """The refusal in the active language, its places filled in, dates as the pages write them."""
    params = {name: day_in_words(value) if isinstance(value, date) else value for name, value in error.params.items()}
    return gettext(error.template).format(**params)


def as_validation_error(error: DomainError) -> ValidationError:
    """The refusal as Django's forms know it."""
    return ValidationError(message_of(error), code=error.code)


class PlainTextForm(forms.BaseForm):
    """Mixed into forms: a text with control characters, or with those that turn its direction, is refused at its field."""

    def _clean_fields(self) -> None:
        super()._clean_fields()  # type: ignore[misc]
        for name, value in list(self.cleaned_data.items()):
            if isinstance(value, str) and not is_plain(value):
                self.add_error(name, ValidationError(_("This text has control characters."), code="control_characters"))


class NearDatesForm(PlainTextForm):
    """Mixed into forms that write a record as it stands: a date outside of 1990 to 2100 is refused at its field."""

    def _clean_fields(self) -> None:
        super()._clean_fields()
        for name, value in list(self.cleaned_data.items()):
            if isinstance(value, DateWindow) or (isinstance(value, date) and not isinstance(value, datetime)):
                try:
                    refuse_far(value, field=name)
                except DomainError as error:
                    self.add_error(name, as_validation_error(error))


class StrictAmountField(forms.Field):
    """An amount as people type it (`1 234 567,89`, `1,2 млрд`), read by the one strict parser; ambiguity is refused."""

    widget = forms.TextInput

    def __init__(self, *, allow_negative: bool = False, **kwargs: Any) -> None:
        self.allow_negative = allow_negative
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off"}

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values or (isinstance(value, str) and not value.strip()):
            return None
        if isinstance(value, Decimal):
            amount = value
        else:
            try:
                amount = parse_amount(str(value))
            except DomainError as error:
                raise as_validation_error(error) from error
        if amount < 0 and not self.allow_negative:
            raise ValidationError(_("The amount is not negative."), code="negative")
        return amount

    def prepare_value(self, value: Any) -> Any:
        """A stored amount as it could have been typed: without trailing zero kopecks, never in an exponent."""
        if not isinstance(value, Decimal):
            return value
        text = f"{value:.2f}".replace(".", ",")
        whole, _mark, kopecks = text.partition(",")
        grouped = f"{int(whole):,}".replace(",", "\u00a0")
        if whole.startswith("-") and not grouped.startswith("-"):
            grouped = f"-{grouped}"
        return grouped if kopecks == "00" else f"{grouped},{kopecks}"

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(data) != (Decimal(initial) if initial not in self.empty_values else None)
        except ValidationError:
            return True


class StrictRateField(forms.Field):
    """A rate as people type it (`93,4419` or `93.4419`), four decimals at most; ambiguity is refused."""

    widget = forms.TextInput

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off"}

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values or (isinstance(value, str) and not value.strip()):
            return None
        if isinstance(value, Decimal):
            return value
        try:
            return parse_rate(str(value))
        except DomainError as error:
            raise as_validation_error(error) from error


class WindowWidget(forms.MultiWidget):
    """A text for the date and a choice for how exactly it is known."""

    template_name = "django/forms/widgets/multiwidget.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            {
                "date": forms.TextInput({"autocomplete": "off", "size": "24"}),
                "precision": forms.Select(choices=PRECISIONS),
            },
            attrs,
        )

    def decompress(self, value: DateWindow | None) -> list[Any]:
        if value is None:
            return ["", Precision.DAY.value]
        notation = str(value)
        text = f"{value.earliest:%d.%m.%Y}" if value.precision is Precision.DAY and value.earliest == value.latest else notation
        return [text, value.precision.value]


class WindowField(forms.MultiValueField):
    """A date with a precision: `15.04.2024`, `2024-04-15`, `04.2024`, `2024-04`, `2024-Q1`, `2024-H1`, `2024` or a range `A..B`.

    The choice beside the text widens a single day to the month, quarter, half-year or year that holds it; a coarser
    notation says for itself how exact it is. The value is a DateWindow, or None when the text is empty.
    """

    widget = WindowWidget

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", _("DD.MM.YYYY, 2024-06, 2024-Q1, 2024-H1, 2024"))
        required = kwargs.pop("required", True)
        fields = (
            forms.CharField(required=required, max_length=40),
            forms.ChoiceField(required=False, choices=PRECISIONS),
        )
        super().__init__(fields=fields, require_all_fields=False, required=required, **kwargs)

    def compress(self, data_list: list[Any]) -> DateWindow | None:
        text = str(data_list[0]).strip() if data_list else ""
        if not text:
            return None
        try:
            window = parse_window(text)
            precision = Precision(data_list[1] or Precision.DAY)
            # A notation that is coarser than a day says for itself how exact it is.
            if ".." not in text and window.precision is Precision.DAY:
                return DateWindow.containing(window.earliest, precision)
        except DomainError as error:
            raise as_validation_error(error) from error
        return window

    def has_changed(self, initial: Any, data: Any) -> bool:
        if not isinstance(data, list | tuple) or not str(data[0] or "").strip():
            return initial is not None
        try:
            return bool(self.compress(list(data)) != initial)
        except ValidationError:
            return True
