"""The commands about rates: their exact words, since people and scripts read them."""

from collections.abc import Iterator
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.bank import Bank, running_bank
from tests.factories import make_rate

pytestmark = pytest.mark.django_db


def run(*words: str) -> tuple[int, list[str], list[str]]:
    """Exit status, lines of output, lines of complaint."""
    out, err = StringIO(), StringIO()
    status = 0
    try:
        call_command(*words, stdout=out, stderr=err)
    except SystemExit as ended:
        status = int(ended.code or 0)
    return status, out.getvalue().splitlines(), err.getvalue().splitlines()


@pytest.fixture
def rates() -> None:
    make_rate("2024-04-12", "93.2198")
    make_rate("2024-04-13", "93.4419")


@pytest.mark.usefixtures("rates")
def test_seventy_billion_on_the_monday_of_the_quotation() -> None:
    said = ["749128602.91 USD at 93.4419, the rate dated 2024-04-13"]
    assert run("convert_rub", "70000000000", "--on", "2024-04-15") == (0, said, [])
    assert run("convert_rub", "70 млрд", "--on", "2024-04-15") == (0, said, [])


@pytest.mark.usefixtures("rates")
def test_a_stale_rate_is_named_as_stale() -> None:
    _, said, _ = run("convert_rub", "93441.90", "--on", "2024-04-16")
    assert said == ["1000.00 USD at 93.4419, the rate dated 2024-04-13 (stale: the rate dated 2024-04-16 is not known)"]


def test_a_rate_for_many_units_says_so() -> None:
    make_rate("2024-04-13", "934.419", nominal=10)
    _, said, _ = run("convert_rub", "934.42", "--on", "2024-04-15")
    assert said == ["10.00 USD at 934.4190 for 10 USD, the rate dated 2024-04-13"]


@pytest.mark.usefixtures("rates")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["convert_rub", "1", "--on", "2024-04-11"], "no official rate is known on or before 2024-04-11"),
        (["rates", "show", "2024-04-11"], "no official rate is known on or before 2024-04-11"),
        (["convert_rub", "1", "--on", "yesterday"], "“yesterday” is not a date: write 2024-04-15."),
        (["rates", "show", "2024-02-30"], "“2024-02-30” is not a date: write 2024-04-15."),
        (["rates", "show", "0001-01-01"], "Give a date from 1990 to 2100."),
        (["convert_rub", "1", "--on", "9999-12-31"], "Give a date from 1990 to 2100."),
        (["jobs", "run", "flag_delays", "--as-of", "0001-01-01"], "Give a date from 1990 to 2100."),
        (["digest", "preview", "--out", "unused", "--as-of", "9999-12-31"], "Give a date from 1990 to 2100."),
        (["digest", "preview", "--out", "unused", "--as-of", "yesterday"], "“yesterday” is not a date: write 2024-04-15."),
        (["convert_rub", "NaN", "--on", "2024-04-15"], "“NaN” is not an amount: write 1 234 567,89."),
        (["convert_rub", "1e400", "--on", "2024-04-15"], "“1e400” is not an amount: write 1 234 567,89."),
    ],
)
def test_bad_input_is_a_sentence_and_status_two(words: list[str], said: str) -> None:
    assert run(*words) == (2, [], [said])


@pytest.mark.usefixtures("rates")
def test_show_tells_rate_date_and_source() -> None:
    status, said, _ = run("rates", "show", "2024-04-14")
    assert status == 0
    assert said == [
        "93.4419 RUB for 1 USD, the rate dated 2024-04-13, in force on 2024-04-14",
        "source: Bank of Russia (official, as published by the bank), revision 1",
    ]
    assert run("rates", "show", "2024-04-20")[1][-1] == "stale: the rate dated 2024-04-20 is not known"


@pytest.mark.usefixtures("rates")
def test_import_takes_good_files_and_names_each_fault_of_the_others(tmp_path: Path) -> None:
    good, bad, page = tmp_path / "good.csv", tmp_path / "bad.csv", tmp_path / "page.xml"
    good.write_text("date,rate\n2024-04-13,93.4419\n2024-04-16,93.5891\n2024-04-17,120\n")
    bad.write_text("date,rate\n2024-04-18,94.3242\n2024-04-19,-1\n")
    page.write_text("<!DOCTYPE html><html></html>")
    status, said, complaints = run("rates", "import", str(good), str(bad), str(page))
    assert status == 2
    assert said == [
        "good.csv: 1 new, 1 quarantined, 1 unchanged",
        "good.csv: 1 from 2024-04-17 lie more than 10 % from the accepted rate before, or contradict a rate of the bank,"
        " and wait in quarantine for a person",
    ]
    assert complaints == ["bad.csv, row 3: the rate -1 is not above zero", "page.xml, row 1: this is an HTML page, not rates"]
    assert run("rates", "show", "2024-04-18")[1][-1] == "stale: the rate dated 2024-04-18 is not known"


@pytest.fixture
def bank(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bank]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with running_bank() as running:
        settings.BANK_OF_RUSSIA_URL = running.url
        running.rates = {date(2023, 12, 30): "89.6883", date(2024, 1, 10): "90.4040", date(2024, 1, 11): "120"}
        yield running


def test_a_past_time_is_fetched_and_the_outcome_told(bank: Bank) -> None:
    words = ("rates", "backfill", "--from", "2023-12-01", "--to", "2024-01-31")
    assert run(*words) == (
        0,
        [
            "USD 2023-12-01 to 2024-01-31: 3 received, 2 new, 1 quarantined",
            "1 from 2024-01-11 wait in quarantine for a person",
        ],
        [],
    )
    assert run(*words)[1] == ["USD 2023-12-01 to 2024-01-31: 3 received, 3 unchanged"]


def test_without_a_connection_it_says_so_and_fails(settings: Any) -> None:
    settings.BANK_OF_RUSSIA_URL = "http://127.0.0.1:9"
    assert run("rates", "backfill", "--from", "2024-01-01", "--to", "2024-01-31") == (1, [], ["no connection, and no rate is known"])


@pytest.mark.parametrize("verb", ["backfill", "gaps"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "2024-02-01", "--to", "2024-01-01"], "The first day (2024-02-01) lies after the last (2024-01-01)."),
        (["--from", "1992-06-30", "--to", "2024-01-01"], "The bank has set official rates since 1992-07-01."),
        (["--from", "soon"], "“soon” is not a date: write 2024-04-15."),
        (["--from", "2024-01-01", "--currency", "XXX"], "Rates of “XXX” are not followed here: USD are."),
        (["--from", "2024-01-01", "--to", "2099-01-01"], "No rate can be known yet for 2099-01-01"),
    ],
)
def test_a_time_that_cannot_be_is_a_sentence_and_status_two(verb: str, words: list[str], said: str) -> None:
    status, _, complaints = run("rates", verb, *words)
    assert status == 2
    assert complaints[0].startswith(said)


@pytest.mark.usefixtures("rates")
def test_gaps_are_listed() -> None:
    assert run("rates", "gaps", "--from", "2024-04-11", "--to", "2024-04-17")[1] == [
        "2024-04-11 to 2024-04-11: 1",
        "2024-04-16 to 2024-04-17: 2",
        "3 rates of USD are missing in 2 gaps",
    ]


def test_a_rate_of_another_currency_is_shown(settings: Any) -> None:
    settings.RATE_CURRENCIES = {"USD": "R01235", "JPY": "R01820"}
    make_rate("2024-04-13", "60.9420", currency="JPY", nominal=100)
    assert run("rates", "show", "2024-04-13", "--currency", "JPY")[1][0].startswith("60.9420 RUB for 100 JPY")
