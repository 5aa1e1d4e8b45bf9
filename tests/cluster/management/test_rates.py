"""The commands about rates: their exact words, since people and scripts read them."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

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
