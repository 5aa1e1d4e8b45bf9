"""Windows: notation, precision, and the refusals."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.domain.dates import DateWindow, Precision, months, parse_day
from cluster.domain.errors import DomainError


@pytest.mark.parametrize(
    ("text", "earliest", "latest", "precision"),
    [
        ("2024-04-15", date(2024, 4, 15), date(2024, 4, 15), "day"),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), "month"),
        ("2025-Q1", date(2025, 1, 1), date(2025, 3, 31), "quarter"),
        ("2025-Q4", date(2025, 10, 1), date(2025, 12, 31), "quarter"),
        ("2025-H2", date(2025, 7, 1), date(2025, 12, 31), "half_year"),
        ("2024", date(2024, 1, 1), date(2024, 12, 31), "year"),
        ("2025-Q2..2025-Q3", date(2025, 4, 1), date(2025, 9, 30), "quarter"),
        ("2023-05-26..2023", date(2023, 5, 26), date(2023, 12, 31), "year"),
    ],
)
def test_a_notation_is_the_window_it_names(text: str, earliest: date, latest: date, precision: str) -> None:
    assert DateWindow.parse(text) == DateWindow(earliest, latest, Precision(precision))


@pytest.mark.parametrize("text", ["", "2024-13", "2024-02-30", "2024-Q5", "24-01-01", "2024-1", "soon", "2025..2024", "2024-Q1-01"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(DomainError):
        DateWindow.parse(text)


@pytest.mark.parametrize("text", ["2025-06-30", "30.06.2025", " 30.6.2025 "])
def test_a_day_is_read_in_either_form(text: str) -> None:
    assert parse_day(text) == date(2025, 6, 30)


@pytest.mark.parametrize("text", ["", "30.02.2025", "2025-6-30", "06/30/2025", "30.06.25", "20250630", "٣٠.٠٦.٢٠٢٥"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(DomainError):
        parse_day(text)


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.sampled_from(Precision))
def test_a_window_of_any_precision_holds_its_day_and_reads_back(on: date, precision: Precision) -> None:
    window = DateWindow.containing(on, precision)
    assert window.earliest <= on <= window.latest
    assert DateWindow.parse(str(window)) == window


def test_months_run_over_the_turn_of_the_year() -> None:
    assert list(months(date(2024, 11, 30), date(2025, 2, 1))) == [date(2024, 11, 1), date(2024, 12, 1), date(2025, 1, 1), date(2025, 2, 1)]
