"""Ranges, worded quantities, changes and periods in both languages."""

from decimal import Decimal
from types import SimpleNamespace

from cluster.templatetags import quantities as q
from tests.cluster.templatetags.test_format import both


def test_a_span_of_one_number_is_one_number() -> None:
    assert both(q.span, (80000, 100000)) == ("80 000–100 000", "80,000–100,000")
    assert both(q.span, (70000, 70000)) == ("70 000", "70,000")
    assert both(q.span, None) == ("", "")


def test_a_plan_with_one_bound_is_worded_with_its_qualifier() -> None:
    plan = SimpleNamespace(low=None, high=300000, qualifier="up_to")
    assert both(q.range_words, plan) == ("до 300 000", "up to 300,000")


def test_changes_carry_their_sign() -> None:
    assert both(q.signed_percent, Decimal("9.87")) == ("+9,9 %", "+9.9%")
    assert both(q.signed_percent, Decimal("-20")) == ("−20 %", "−20%")


def test_a_span_of_shares_names_per_cent_once() -> None:
    assert both(q.percent_span, (Decimal("9.54"), Decimal("11.13"))) == ("9,5–11,1 %", "9.5–11.1%")


def test_a_period_is_a_year_or_a_month() -> None:
    assert both(q.period, SimpleNamespace(year=2024, month=None)) == ("2024", "2024")
    assert both(q.period, SimpleNamespace(year=2024, month=3)) == ("март 2024 г.", "March 2024")
