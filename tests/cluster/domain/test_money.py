"""Amounts as people type them, and the one rounding."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.domain.errors import DomainError
from cluster.domain.money import LARGEST_AMOUNT, parse_amount, read_amount, round_money


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1 234 567,89", "1234567.89"),
        ("1234567.89", "1234567.89"),
        ("1\u00a0234\u00a0567,89", "1234567.89"),
        ("1\u202f234,5", "1234.50"),
        ("1,234.56", "1234.56"),
        ("1.234.567,89", "1234567.89"),
        ("1,234,567", "1234567.00"),
        ("1,2 млрд", "1200000000.00"),
        ("1,234 млрд", "1234000000.00"),
        ("70 bn", "70000000000.00"),
        ("5 000 ₽", "5000.00"),
        ("−5 000", "-5000.00"),
        ("0,5", "0.50"),
        ("1 000 000 000 000", "1000000000000.00"),
    ],
)
def test_an_amount_is_read_as_written(text: str, amount: str) -> None:
    assert parse_amount(text) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1,234", "ambiguous"),
        ("1.234", "ambiguous"),
        ("12,34.5", "not_a_number"),
        ("12 34", "not_a_number"),
        ("1e400", "not_a_number"),
        ("NaN", "not_a_number"),
        ("Infinity", "not_a_number"),
        ("", "not_a_number"),
        ("１２３", "not_a_number"),
        ("12３", "not_a_number"),
        ("1,2 мешков", "not_a_number"),
        ("1\x002", "not_a_number"),
        ("0,123456", "precision"),
        ("1 000 000 000 000,01", "too_large"),
    ],
)
def test_what_is_unclear_is_refused_with_its_reason_and_field(text: str, code: str) -> None:
    with pytest.raises(DomainError) as caught:
        parse_amount(text, field="price")
    assert (caught.value.code, caught.value.field) == (code, "price")


def test_an_ambiguous_amount_names_both_readings() -> None:
    advice = "write 1 235 if you mean thousands, 1,24 if you mean decimals"
    with pytest.raises(DomainError, match=advice):
        parse_amount("1,235")


@pytest.mark.parametrize("text", ["1,235", "1.234", "12,340", "999,999"])
def test_what_an_ambiguous_amount_is_told_to_write_is_taken(text: str) -> None:
    with pytest.raises(DomainError) as caught:
        parse_amount(text)
    assert [parse_amount(str(caught.value.params[name])) for name in ("thousands", "decimal")]


@pytest.mark.parametrize("text", ["0,001", "00.125", "1234.567"])
def test_what_cannot_be_thousands_has_too_many_decimals(text: str) -> None:
    with pytest.raises(DomainError, match="more than two decimals"):
        parse_amount(text)


@given(st.decimals(min_value=0, max_value=LARGEST_AMOUNT, places=2, allow_nan=False, allow_infinity=False))
def test_every_amount_in_the_russian_form_reads_back_to_the_kopeck(amount: Decimal) -> None:
    written = f"{amount:,.2f}".replace(",", "\u00a0").replace(".", ",")
    assert parse_amount(written) == amount


@given(st.text(max_size=40))
def test_any_text_is_an_amount_or_a_clear_refusal(text: str) -> None:
    try:
        amount = parse_amount(text)
    except DomainError as error:
        field, amount = error.field, Decimal(0)
    else:
        field = "amount"
    assert field == "amount"
    assert amount == round_money(amount)


def test_half_a_kopeck_rounds_up() -> None:
    assert [round_money(Decimal(text)) for text in ("0.005", "0.015", "-0.005", "2.675")] == [
        Decimal("0.01"),
        Decimal("0.02"),
        Decimal("-0.01"),
        Decimal("2.68"),
    ]


@pytest.mark.parametrize(
    ("given", "amount"), [("1234567.89", "1234567.89"), ("5", "5.00"), (5, "5.00"), (Decimal("1.2"), "1.20"), (Decimal("1E+3"), "1000.00")]
)
def test_a_program_sends_plain_digits_or_an_exact_number(given: object, amount: str) -> None:
    assert str(read_amount(given)) == amount


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("1_000", "not_a_number"), ("1.2e3", "not_a_number"), ("１２３", "not_a_number"), ("1,234", "not_a_number"),
        ("1 234", "not_a_number"),
        ("+5", "not_a_number"), (".5", "not_a_number"), ("5.", "not_a_number"), ("5\n", "not_a_number"), ("", "not_a_number"),
        ("NaN", "not_a_number"), (Decimal("NaN"), "not_a_number"), (0.5, "not_a_number"), (True, "not_a_number"), (None, "not_a_number"),
        ([], "not_a_number"), ("1.000", "precision"), (Decimal("0.001"), "precision"), ("-1", "negative"), ("-0", "negative"),
        ("0", "not_positive"), ("1000000000000.01", "too_large"), ("9" * 5000, "too_large"),
    ],
)  # fmt: skip
def test_everything_else_that_a_program_sends_is_refused_by_its_rule(given: object, code: str) -> None:
    with pytest.raises(DomainError) as caught:
        read_amount(given, field="price")
    assert (caught.value.code, caught.value.field) == (code, "price")


def test_a_minus_is_read_where_amounts_may_be_negative() -> None:
    assert read_amount("-5.10", least=-LARGEST_AMOUNT) == Decimal("-5.10")
    with pytest.raises(DomainError):
        read_amount("-1000000000000.01", least=-LARGEST_AMOUNT)


@given(st.decimals(min_value="0.01", max_value=LARGEST_AMOUNT, places=2))
def test_what_the_api_answers_is_read_back_exactly(amount: Decimal) -> None:
    assert read_amount(f"{amount:.2f}") == amount
