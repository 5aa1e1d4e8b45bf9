"""Numbers, money, dates and wordings in both languages."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import override

from cluster.domain.dates import DateWindow
from cluster.models import Claim
from cluster.templatetags import format as f


def plain(text: str) -> str:
    """Non-breaking spaces of either width as ordinary ones, so that expectations can be read."""
    return text.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2009", "")


def both(function: Any, *arguments: Any) -> tuple[str, str]:
    """What a filter gives in Russian and in English."""
    written = []
    for language in ("ru", "en"):
        with override(language):
            written.append(plain(function(*arguments)))
    return written[0], written[1]


@pytest.mark.parametrize(
    ("amount", "russian", "english"),
    [
        ("1234567.89", "1 234 567,89 ₽", "₽1,234,567.89"),
        ("0.005", "0,01 ₽", "₽0.01"),
        ("-1500", "−1 500,00 ₽", "−₽1,500.00"),
        ("70000000000", "70 000 000 000,00 ₽", "₽70,000,000,000.00"),
    ],
)
def test_roubles_in_full_have_kopecks_and_a_true_minus(amount: str, russian: str, english: str) -> None:
    assert both(f.money_rub, Decimal(amount)) == (russian, english)


def test_dollars_in_full_have_cents() -> None:
    assert both(f.money_usd, Decimal("749128602.91")) == ("749 128 602,91 $", "$749,128,602.91")


@pytest.mark.parametrize(
    ("amount", "russian", "english"),
    [
        ("70000000000", "70 млрд ₽", "₽70bn"),
        ("3970000000", "3,97 млрд ₽", "₽3.97bn"),
        ("28500000000", "28,5 млрд ₽", "₽28.5bn"),
        ("123456789", "123,5 млн ₽", "₽123.5m"),
        ("25000", "25 тыс. ₽", "₽25k"),
        ("9999", "9 999 ₽", "₽9,999"),
        ("-1900000000", "−1,9 млрд ₽", "−₽1.9bn"),
        ("0", "0 ₽", "₽0"),
    ],
)
def test_short_amounts_keep_what_matters(amount: str, russian: str, english: str) -> None:
    assert both(f.money_short, Decimal(amount)) == (russian, english)


def test_short_dollars() -> None:
    assert both(f.usd_short, Decimal("749128602.91")) == ("749,1 млн $", "$749.1m")


def test_the_spaces_within_an_amount_do_not_break() -> None:
    with override("ru"):
        assert " " not in f.money_short(Decimal("28500000000")) + f.money_rub(Decimal("1234567.89"))


def test_a_range_of_amounts_names_its_scale_once() -> None:
    assert both(f.money_range, Decimal(28 * 10**9), Decimal(30 * 10**9)) == ("28–30 млрд ₽", "₽28–30bn")


def test_a_range_over_two_scales_names_both() -> None:
    assert both(f.money_range, Decimal(900 * 10**6), Decimal(2 * 10**9)) == ("900 млн ₽ – 2 млрд ₽", "₽900m – ₽2bn")


@pytest.mark.parametrize("function", [f.money_rub, f.money_usd, f.money_short, f.number, f.percent, f.date, f.window, f.days, f.moment])
def test_a_missing_value_is_empty_and_never_zero(function: Any) -> None:
    assert both(function, None) == ("", "")


def test_numbers_are_grouped_and_rounded_half_up() -> None:
    assert both(f.number, Decimal("1234567.125")) == ("1 234 567,13", "1,234,567.13")
    assert both(f.number, 300000) == ("300 000", "300,000")
    assert both(f.rate, Decimal("93.4419")) == ("93,4419", "93.4419")
    assert both(f.rate, Decimal("102.58")) == ("102,5800", "102.5800")


def test_per_cent_stands_apart_in_russian_only() -> None:
    assert both(f.percent, Decimal("9.87")) == ("9,9 %", "9.9%")
    assert both(f.percent, 31) == ("31 %", "31%")


def test_days_of_the_calendar() -> None:
    assert both(f.date, date(2026, 11, 22)) == ("22 ноября 2026 г.", "November 22, 2026")
    assert both(f.date_short, date(2026, 11, 2)) == ("02.11.2026", "Nov 2, 2026")
    assert both(f.month, date(2026, 11, 22)) == ("ноябрь 2026 г.", "November 2026")


def test_a_moment_is_shown_in_kaliningrad_time() -> None:
    assert both(f.moment, datetime(2026, 11, 22, 23, 30, tzinfo=UTC)) == ("23.11.2026, 01:30", "Nov 23, 2026, 01:30")


@pytest.mark.parametrize(
    ("notation", "russian", "english"),
    [
        ("2025", "2025 год", "2025"),
        ("2024..2025", "2024–2025", "2024–2025"),
        ("2025-Q1", "I кв. 2025", "Q1 2025"),
        ("2025-Q2..2025-Q3", "II–III кв. 2025", "Q2–Q3 2025"),
        ("2024-Q4..2025-Q1", "IV кв. 2024 – I кв. 2025", "Q4 2024 – Q1 2025"),
        ("2025-H1", "I полугодие 2025", "H1 2025"),
        ("2024-08", "август 2024 г.", "August 2024"),
        ("2024-07..2024-08", "июль – август 2024 г.", "July–August 2024"),
        ("2024-08-28", "28 августа 2024 г.", "August 28, 2024"),
        ("2023-05-26..2023-12", "май – декабрь 2023 г.", "May–December 2023"),
    ],
)
def test_a_window_is_as_exact_as_it_is_known(notation: str, russian: str, english: str) -> None:
    assert both(f.window, DateWindow.parse(notation)) == (russian, english)


def test_a_short_window_fits_a_column() -> None:
    assert both(f.window_short, DateWindow.parse("2024-08-28")) == ("28.08.2024", "Aug 28, 2024")
    assert both(f.window_short, DateWindow.parse("2025")) == ("2025", "2025")


@pytest.mark.parametrize(
    ("count", "russian", "english"),
    [
        (1, "1 день", "1 day"),
        (2, "2 дня", "2 days"),
        (5, "5 дней", "5 days"),
        (11, "11 дней", "11 days"),
        (241, "241 день", "241 days"),
        (305, "305 дней", "305 days"),
        (761, "761 день", "761 days"),
        (1461, "1 461 день", "1,461 days"),
    ],
)
def test_days_take_the_right_plural(count: int, russian: str, english: str) -> None:
    assert both(f.days, count) == (russian, english)


def test_days_late_carry_a_plus_and_none_are_not_shown() -> None:
    assert both(f.days_late, 761) == ("+761 день", "+761 days")
    assert both(f.days_late, 0) == ("", "")


def test_counted_things_take_the_right_plural() -> None:
    assert both(f.count, 21, "vehicles") == ("21 автомобиль", "21 vehicles")
    assert both(f.count, 2, "plants") == ("2 завода", "2 plants")
    assert both(f.count, 300000, "vehicles_per_year") == ("300 000 автомобилей в год", "300,000 vehicles a year")


def test_a_year_is_no_quantity() -> None:
    assert both(f.count, Decimal("1994.0000"), "year") == ("1994", "1994")


def test_an_unknown_unit_is_written_as_it_stands() -> None:
    assert both(f.count, 5, "widgets_per_shift") == ("5 widgets per shift", "5 widgets per shift")


@pytest.mark.parametrize(
    ("qualifier", "russian", "english"),
    [
        ("more_than", "более 70 млрд ₽", "more than ₽70bn"),
        ("at_least", "не менее 70 млрд ₽", "at least ₽70bn"),
        ("about", "около 70 млрд ₽", "about ₽70bn"),
        ("almost", "почти 70 млрд ₽", "almost ₽70bn"),
        ("up_to", "до 70 млрд ₽", "up to ₽70bn"),
        ("exact", "70 млрд ₽", "₽70bn"),
    ],
)
def test_a_claim_is_worded_as_its_source_words_it(qualifier: str, russian: str, english: str) -> None:
    claim = Claim(value=Decimal("70000000000.0000"), unit="RUB", qualifier=qualifier)
    assert both(f.claim_value, claim) == (russian, english)
    assert both(f.claim_bare, claim) == ("70 млрд ₽", "₽70bn")


def test_a_claim_may_be_a_text_or_a_date_or_a_range() -> None:
    assert both(f.claim_value, Claim(text_ru="сиденья", text_en="seats")) == ("сиденья", "seats")
    dated = Claim()
    dated.date = DateWindow.parse("2033")
    assert both(f.claim_value, dated) == ("2033 год", "2033")
    capacity = Claim(value=Decimal(300000), value_high=Decimal(350000), unit="vehicles_per_year")
    assert both(f.claim_value, capacity) == ("300 000–350 000 автомобилей в год", "300,000–350,000 vehicles a year")
