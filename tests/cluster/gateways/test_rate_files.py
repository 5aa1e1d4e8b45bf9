"""Reading rates from files: what is taken, and the one line that names file, row and reason when it is not."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.domain.exchange import Rate
from cluster.gateways.rate_files import BadRates, read_csv, read_file, read_xml
from tests.bank import DYNAMIC, comma, daily, dynamic

LATEST = date(2024, 6, 1)
D12, D13, D16, D17 = (date(2024, 4, day) for day in (12, 13, 16, 17))
SERIES = {D12: "93.2198", D13: "93.4419", D16: "93.5891"}


def xml(content: bytes) -> list[Rate]:
    return [row.rate for row in read_xml(content, file="f.xml", latest=LATEST)]


def table(content: bytes | str) -> list[Rate]:
    content = content if isinstance(content, bytes) else content.encode()
    return [row.rate for row in read_csv(content, file="f.csv", latest=LATEST)]


def test_a_daily_document_gives_the_dollar_under_the_date_it_bears() -> None:
    assert xml(daily(D13, "93.4419")) == [Rate(D13, Decimal("93.4419"))]


def test_a_newer_daily_document_names_the_rate_of_one_unit_too() -> None:
    assert xml(daily(D13, "934.419", nominal=10, unit="93.4419")) == [Rate(D13, Decimal("934.419"), 10)]


def test_a_range_gives_its_records_by_date() -> None:
    assert [(r.date, r.value) for r in xml(dynamic(D12, D16, SERIES))] == [(d, Decimal(v)) for d, v in SERIES.items()]


def test_a_range_without_rates_is_legitimate() -> None:
    assert xml(dynamic(date(2018, 9, 2), date(2018, 9, 3), {})) == []


def test_the_nominal_may_change_within_a_range() -> None:
    record = '<Record Date="{}" Id="R01235"><Nominal>{}</Nominal><Value>{}</Value></Record>'
    body = record.format("12.04.2024", 1, "93,2198") + record.format("13.04.2024", 100, "9344,1900")
    content = DYNAMIC.format(id="R01235", first=D12, last=D13, records=body).encode("cp1251")
    assert [r.per_unit for r in xml(content)] == [Decimal("93.2198"), Decimal("93.4419")]


PLAIN = "date,rate\n2024-04-12,93.2198\n2024-04-13,93.4419\n"


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.replace("\n", "\r\n").encode(),
        "дата;курс\n12.04.2024;93,2198\n13.04.2024;93,4419\n".encode("cp1251"),
        b"2024-04-13\t93,4419\n2024-04-12\t93,2198",
        b'date,rate\n2024-04-12,"93,2198"\n\n2024-04-13, 93.4419 \n',
    ],
    ids=["plain", "bom", "crlf", "cp1251 semicolon", "tab, no header, unsorted", "quoted comma, blank line"],
)
def test_a_table_is_read_however_it_is_written(content: bytes) -> None:
    assert table(content) == [Rate(D12, Decimal("93.2198")), Rate(D13, Decimal("93.4419"))]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "row 1: the file is empty"),
        (" \n \n", "row 1: the file is empty"),
        ("date,rate\n", "row 1: there is no rate in it"),
        ("date,rate\n2024-04-12,93.2198\n2024-04-13,NaN\n", "row 3: “NaN” is not a number"),
        ("2024-04-12,93.2198\n2024-04-13,inf\n", "row 2: “inf” is not a number"),
        ("2024-04-12,1e400\n", "row 1: “1e400” is not a number"),
        ("2024-04-12,\n", "row 1: “” is not a number"),
        ("2024-04-12,٩٣\n", "row 1: “٩٣” is not a number"),
        ("2024-04-12,0\n", "row 1: the rate 0 is not above zero"),
        ("2024-04-12,0.0000\n", "row 1: the rate 0.0000 is not above zero"),
        ("2024-04-12,-93.2198\n", "row 1: the rate -93.2198 is not above zero"),
        ("2024-04-12,93.21981\n", "row 1: the rate 93.21981 has more than four decimals"),
        ("2024-04-12,93.2198\n2024-04-13,934.419\n", "row 2: the rate 934.419 is many times its neighbours or a small part of them"),
        ("2024-04-12,932\n2024-04-13,93\n2024-04-16,94\n", "row 1: the rate 932 is many times its neighbours or a small part of them"),
        ("2024-04-12,93\n2024-04-13,9.3\n2024-04-16,94\n", "row 2: the rate 9.3 is many times its neighbours or a small part of them"),
        ("2024-04-12,93\n2024-04-12,93\n", "row 2: 2024-04-12 stands there twice"),
        ("2024-06-02,93\n", "row 1: 2024-06-02 lies in the future: no rate can be known for it"),
        ("0001-01-01,93\n", "row 1: 0001-01-01 is older than the first official rate"),
        ("2024-02-30,93\n", "row 1: “2024-02-30” is not a date: write 2024-04-13 or 13.04.2024"),
        ("04/12/2024,93\n", "row 1: “04/12/2024” is not a date: write 2024-04-13 or 13.04.2024"),
        ("2024-04-12,93,2198\n", "row 1: 3 columns instead of the two “date” and “rate”"),
        ("date,rate\n2024-04-12\n", "row 2: 1 columns instead of the two “date” and “rate”"),
        ("PK\0\0", "row 1: this is not text"),
    ],
)
@pytest.mark.usefixtures("in_english")
def test_a_faulty_table_is_refused_with_row_and_reason(content: str, said: str) -> None:
    with pytest.raises(BadRates) as caught:
        table(content)
    assert str(caught.value) == f"f.csv, {said}"


HTML = b"<!DOCTYPE html><html><head><title>Checking your browser</title></head><body></body></html>"
DTD = b'<?xml version="1.0"?><!DOCTYPE ValCurs [<!ENTITY a "93">]><ValCurs Date="13.04.2024">&a;</ValCurs>'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "row 1: the file is empty"),
        (HTML, "row 1: this is an HTML page, not rates"),
        (b"\xef\xbb\xbf\n<HTML></HTML>", "row 1: this is an HTML page, not rates"),
        (b"nothing here", "row 1: this is not XML"),
        (DTD, "row 1: the XML declares a document type or entities, which rates never need"),
        (daily(D13, "93.4419")[:-40], "row 1: the XML is cut short or broken"),
        (b'<?xml version="1.0" encoding="klingon"?><ValCurs/>', "row 1: the encoding that the XML names is not known"),
        (b"<rss/>", "row 1: the root is “rss”, not “ValCurs”"),
        (b"<ValCurs/>", "row 1: there is neither a Date nor a DateRange1: this is no answer of the bank"),
        (b"<ValCurs>Error in parameters</ValCurs>", "row 1: the bank answers “Error in parameters” instead of rates"),
        (b'<ValCurs Date="13.04.2024"></ValCurs>', "row 1: there is no rate in it"),
        (daily(D13, "93.4419", id="R01239", code="EUR"), "row 1: there is no rate of USD in it"),
        (daily(D13, "93.4419", code="EUR"), "row 2: the currency is R01235 EUR, not R01235 USD"),
        (daily(D13, "93.4419", nominal=0), "row 2: the nominal “0” is not a number from 1 to 100000"),
        (daily(D13, "93.4419", nominal=100001), "row 2: the nominal “100001” is not a number from 1 to 100000"),
        (daily(D13, "93.4419", unit="9.34419"), "row 2: the value, the nominal and the rate of one unit contradict one another"),
        (daily(D13, "NaN"), "row 2: “NaN” is not a number"),
        (daily(D13, "-93.4419"), "row 2: the rate -93,4419 is not above zero"),
        (daily(D13, "0.0"), "row 2: the rate 0,0 is not above zero"),
        (daily(date(2024, 6, 2), "93"), "row 2: 2024-06-02 lies in the future: no rate can be known for it"),
        (dynamic(D12, D16, SERIES, id="R01239"), "row 1: the currency is R01239, not R01235 USD"),
        (dynamic(D12, D13, SERIES), "row 3: 2024-04-16 lies outside the range that the document names"),
        (dynamic(D12, D16, SERIES | {D13: "934.419"}), "row 2: the rate 934.419 is many times its neighbours or a small part of them"),
        (b"<" * (1024 * 1024 + 1), "row 1: the file is larger than 1 MiB"),
    ],
)
@pytest.mark.usefixtures("in_english")
def test_a_faulty_document_is_refused_with_row_and_reason(content: bytes, said: str) -> None:
    with pytest.raises(BadRates) as caught:
        xml(content)
    assert str(caught.value) == f"f.xml, {said}"


@pytest.mark.usefixtures("in_english")
def test_a_single_record_of_another_currency_refuses_the_range() -> None:
    content = dynamic(D12, D16, SERIES).replace(b'Date="13.04.2024" Id="R01235"', b'Date="13.04.2024" Id="R01010"')
    with pytest.raises(BadRates, match="row 2: the currency is R01010, not R01235 USD"):
        xml(content)


@pytest.mark.usefixtures("in_english")
def test_a_file_is_told_apart_by_its_content_not_its_name(tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_bytes(b"\xef\xbb\xbf" + daily(D13, "93.4419").split(b"?>", 1)[1].decode("cp1251").encode())
    assert [row.rate.date for row in read_file(file, latest=LATEST)] == [D13]
    with pytest.raises(BadRates, match="absent, row 1: the file cannot be read"):
        read_file(tmp_path / "absent", latest=LATEST)


@given(st.binary(max_size=300))
def test_no_bytes_at_all_end_in_anything_but_rates_or_a_refusal(content: bytes) -> None:
    for read in (read_csv, read_xml):
        try:
            read(content, file="f", latest=LATEST)
        except BadRates:
            continue


@given(st.lists(st.decimals("60", "110", places=4), min_size=1, max_size=30), st.sampled_from([",", ";", "\t"]), st.booleans())
def test_whatever_is_written_is_read_back_exactly(values: list[Decimal], mark: str, decimal_comma: bool) -> None:
    dated = [(date(2024, 1, 1 + n), value) for n, value in enumerate(values)]
    quote = '"' if decimal_comma and mark == "," else ""
    lines = [f"{on}{mark}{quote}{comma(str(value)) if decimal_comma else value}{quote}" for on, value in dated]
    assert [(r.date, r.value) for r in table("\n".join(lines))] == dated
