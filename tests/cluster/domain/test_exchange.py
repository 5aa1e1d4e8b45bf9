"""Rates as people type them, and what a jump is."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.domain.errors import DomainError
from cluster.domain.exchange import Rate, change, is_absurd, is_jump, parse_rate


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("93,4419", "93.4419"),
        ("93.4419", "93.4419"),
        (" 93,44 ", "93.4400"),
        ("0,123", "0.1230"),
        ("93", "93.0000"),
        ("5 960,0000", "5960.0000"),
        ("5\u00a0960", "5960.0000"),
    ],
)
def test_a_rate_is_read_with_a_comma_or_a_point(text: str, value: str) -> None:
    assert parse_rate(text) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("93,441", "ambiguous"),
        ("1.234", "ambiguous"),
        ("93,44191", "precision"),
        ("0", "not_positive"),
        ("-93,4419", "not_positive"),
        ("1 000 001", "too_large"),
        ("", "not_a_number"),
        ("NaN", "not_a_number"),
        ("1e400", "not_a_number"),
        ("1,234.5678", "not_a_number"),
        ("93,4419 ₽", "not_a_number"),
        ("٩٣", "not_a_number"),
        ("9 3", "not_a_number"),
    ],
)
def test_a_rate_that_cannot_be_or_can_be_read_in_two_ways_is_refused_by_its_rule(text: str, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        parse_rate(text)
    assert (refused.value.code, refused.value.field) == (code, "value")


def test_an_ambiguous_rate_names_both_readings() -> None:
    with pytest.raises(DomainError, match="can be read as 93441 or as 93,4410: write all four decimals, 93,4410"):
        parse_rate("93,441")


@given(st.decimals(min_value="0.0001", max_value=999_999, places=4))
def test_what_the_bank_prints_is_read_back_exactly(value: Decimal) -> None:
    for text in (f"{value:.4f}", f"{value:.4f}".replace(".", ",")):
        assert parse_rate(text) == value


def test_a_change_is_told_for_one_unit_whatever_the_nominal() -> None:
    before = Rate(date(2024, 4, 12), Decimal(60), 100, "JPY")
    assert change(Rate(date(2024, 4, 13), Decimal("6.3"), 10, "JPY"), before) == Decimal("0.05")


def test_the_redenomination_of_1998_is_no_jump() -> None:
    before, after = Rate(date(1997, 12, 31), Decimal(5960)), Rate(date(1998, 1, 1), Decimal("5.96"))
    assert not is_jump(after, before)
    assert not is_absurd(after, before)
    assert is_jump(Rate(date(1998, 1, 6), Decimal("8.9")), before)
