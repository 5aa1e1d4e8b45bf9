"""Form fields shared by the doors: strict amounts, windows, translated refusals."""

from datetime import date
from decimal import Decimal

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import override

from cluster.domain.dates import DateWindow
from cluster.domain.errors import DomainError
from cluster.models.form_fields import NearDatesForm, StrictAmountField, WindowField, WindowWidget, message_of


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("1 234 567,89", "1234567.89"), ("1\u00a0234\u00a0567", "1234567.00"), ("1,2 млрд", "1200000000.00"), ("0", "0.00")],
)
def test_an_amount_is_read_as_people_type_it(typed: str, amount: str) -> None:
    assert StrictAmountField().clean(typed) == Decimal(amount)


@pytest.mark.parametrize("typed", ["1,234", "12,345,67", "1e400", "NaN", "1.001", "9" * 5000, "\x00", "-5", "1 000 млрд 5"])
def test_an_unclear_or_absurd_amount_is_refused_as_a_form_error(typed: str) -> None:
    with pytest.raises(ValidationError):
        StrictAmountField().clean(typed)


def test_an_amount_shown_in_a_form_reads_back_as_itself() -> None:
    field = StrictAmountField(allow_negative=True)
    for amount in ("-0.50", "1234567.00", "12.30", "999999999999.99"):
        assert field.clean(field.prepare_value(Decimal(amount))) == Decimal(amount)
        assert not field.has_changed(Decimal(amount), field.prepare_value(Decimal(amount)))
    assert field.has_changed(Decimal("1.00"), "1,01")


@pytest.mark.parametrize(
    ("typed", "precision", "window"),
    [
        ("15.04.2024", "day", "2024-04-15"),
        ("15.04.2024", "quarter", "2024-Q2"),
        ("06.2024", "day", "2024-06"),
        ("2024-06", "year", "2024-06"),
        ("2024-H1", "day", "2024-H1"),
        ("2024-Q2..2024-Q3", "day", "2024-Q2..2024-Q3"),
    ],
)
def test_a_day_is_widened_by_the_choice_and_a_coarser_notation_speaks_for_itself(typed: str, precision: str, window: str) -> None:
    field = WindowField()
    value = field.clean([typed, precision])
    assert value == DateWindow.parse(window)
    assert field.clean(WindowWidget().decompress(value)) == value
    assert not field.has_changed(value, [typed, precision])


def test_an_empty_date_is_none_and_a_wrong_one_an_error() -> None:
    assert WindowField(required=False).clean(["", "day"]) is None
    for typed in ("31.02.2024", "soon", "2024-Q2..2023", "2024-13"):
        with pytest.raises(ValidationError):
            WindowField().clean([typed, "day"])
    with pytest.raises(ValidationError):
        WindowField().clean(["", "day"])


def test_a_refusal_is_told_in_the_readers_language_with_its_dates_as_pages_write_them() -> None:
    error = DomainError("Known since {since}.", since=date(2024, 4, 15))
    with override("ru"):
        assert message_of(error).endswith("15.04.2024.")
    with override("en"):
        assert message_of(error) == "Known since Apr 15, 2024."


class _Dated(NearDatesForm, forms.Form):
    on = forms.DateField(required=False)
    due = WindowField(required=False)


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("on", "1989-12-31", False),
        ("on", "1990-01-01", True),
        ("on", "2100-12-31", True),
        ("on", "2101-01-01", False),
        ("due_date", "2100", True),
        ("due_date", "2101", False),
        ("due_date", "1989..1991", False),
    ],
)
def test_a_date_outside_of_1990_to_2100_is_refused_at_its_field(name: str, value: str, fits: bool) -> None:
    form = _Dated({name: value})
    assert form.is_valid() is fits
    assert fits or form.has_error("due" if name.startswith("due") else name, "date_range")
