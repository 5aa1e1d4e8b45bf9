"""Our calendar, reader and rate in force against the bank's own export of 2015-2023 and real replies."""

import csv
from datetime import date, timedelta
from decimal import Decimal

import pytest

from cluster.domain.calendars import expected_rate_date, gaps, rate_days
from cluster.domain.exchange import Rate
from cluster.gateways.rate_files import BadRates, read_file
from cluster.models import ExchangeRate
from cluster.queries.rates import missing_rates, rate_in_force
from cluster.services.rates import import_files
from tests.peers.oracles import oracle

LATEST = date(2026, 12, 31)


def official() -> dict[date, Decimal]:
    with oracle("cbr/usd_rub_official_2015_2023.csv").open() as file:
        return {date.fromisoformat(row["date"]): Decimal(row["rub_per_usd"]) for row in csv.DictReader(file)}


def test_the_calendar_expects_a_rate_on_exactly_the_days_that_have_one() -> None:
    rates = official()
    first, last = sorted(rates)[1], max(rates)  # the very first row is the rate over New Year, set in December 2014
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    assert [day for day in days if (expected_rate_date(day) == day) != (day in rates)] == []


def test_the_reader_takes_the_whole_export_as_it_is() -> None:
    rows = read_file(oracle("cbr/usd_rub_official_2015_2023.csv"), latest=LATEST)
    assert {row.rate.date: row.rate.value for row in rows} == official()


def test_the_days_with_a_rate_and_the_gaps_among_them_are_those_of_the_export() -> None:
    rates = official()
    first, last = sorted(rates)[1], max(rates)
    assert rate_days(first, last) == sorted(rates)[1:]
    assert gaps(first, last, rates) == []
    lost = sorted(rates)[500:503]
    (gap,) = gaps(first, last, rates.keys() - set(lost))
    assert (gap.first, gap.last, gap.count) == (lost[0], lost[-1], 3)


def fragments() -> dict[date, Decimal]:
    with oracle("cbr/usd_rub_official_fragments_2024-11_to_2026-05.csv").open() as file:
        return {date.fromisoformat(row["date"]): Decimal(row["rub_per_usd"]) for row in csv.DictReader(file)}


@pytest.mark.django_db
def test_the_rate_in_force_is_the_official_one_on_every_day_present() -> None:
    rates = official()
    ExchangeRate.objects.bulk_create(ExchangeRate(date=on, value=value, source_ru="Банк России") for on, value in rates.items())
    day, newest = min(rates), None
    while day <= max(rates):
        newest = rates.get(day, newest)
        # Days with a rate of their own, and the first day after each, are where an error would show.
        if day in rates or day - timedelta(days=1) in rates:
            found = rate_in_force(day)
            assert found is not None
            assert found.value == newest
        day += timedelta(days=1)
    assert missing_rates("USD", sorted(rates)[1], max(rates)) == []


@pytest.mark.django_db
def test_the_newer_fragments_are_in_force_on_every_day_present() -> None:
    rates = fragments()
    ExchangeRate.objects.bulk_create(ExchangeRate(date=on, value=value, source_ru="Банк России") for on, value in rates.items())
    for on, value in rates.items():
        found = rate_in_force(on)
        assert found is not None
        assert (found.date, found.value) == (on, value)


@pytest.mark.django_db
def test_nine_years_are_imported_and_the_jumps_of_2015_2020_and_2022_wait_for_a_person() -> None:
    (outcome,) = import_files([oracle("cbr/usd_rub_official_2015_2023.csv")], today=LATEST)
    assert outcome.stored is not None
    waits = outcome.stored.quarantined
    assert len(outcome.stored.new) + len(waits) == len(official())
    assert waits
    assert all(on.year in (2015, 2020, 2022) for on in waits)


def test_real_replies_are_read() -> None:
    (row,) = read_file(oracle("cbr/XML_daily_eng_2025-12-13_subset.xml"), latest=LATEST)
    assert row.rate == Rate(date(2025, 12, 13), Decimal("79.7296"))
    rows = read_file(oracle("cbr/XML_dynamic_USD_2026-04-01_11.xml"), latest=LATEST)
    assert (len(rows), rows[-1].rate) == (9, Rate(date(2026, 4, 11), Decimal("76.9724")))
    assert read_file(oracle("cbr/XML_dynamic_USD_empty_2018-09-02_03.xml"), latest=LATEST) == []


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize(
    ("name", "said"),
    [("error_in_parameters_http200.xml", "Error in parameters"), ("ddos_guard_splash_excerpt.html", "an HTML page")],
)
def test_what_the_site_says_when_it_does_not_answer_is_refused(name: str, said: str) -> None:
    with pytest.raises(BadRates, match=said):
        read_file(oracle(f"cbr/{name}"), latest=LATEST)
