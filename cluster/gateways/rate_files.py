"""Rates as files and replies: XML_daily and XML_dynamic of the Bank of Russia, and CSV `date,rate`, read strictly.

A fault is one DomainError that names the file, the row and the reason; nothing of a faulty file is used.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

from cluster.domain.calendars import FIRST_RATE
from cluster.domain.dates import parse_day
from cluster.domain.errors import DomainError
from cluster.domain.exchange import Rate, is_absurd

DOLLAR = "USD"
# Currency -> the code by which the bank names its series.
DOLLAR_ONLY: Mapping[str, str] = {DOLLAR: "R01235"}
LARGEST_FILE = 1024 * 1024
LARGEST_NOMINAL = 100_000
_NUMBER = re.compile(r"([+-]?)(\d{1,10})(?:[.,](\d+))?")


class BadRates(DomainError):
    """A file or reply of rates that is refused as a whole. `reason` is an English template for `details`."""

    code = "bad_rates"

    def __init__(self, file: str, row: int, reason: str, **details: object) -> None:
        self.reason, self.details = reason, details
        said = format_lazy(gettext_lazy(reason), **details)
        super().__init__(_("{file}, row {row}: {reason}"), file=file, row=row, reason=said)


@dataclass(frozen=True, slots=True)
class Row:
    """One rate and where it stood: the line of a CSV file, the number of a record in XML. A CSV file is somebody's copy."""

    number: int
    rate: Rate
    copied: bool = False


def read_file(path: Path, *, latest: date, currencies: Mapping[str, str] = DOLLAR_ONLY) -> list[Row]:
    """The rates of a file in any of the three formats, by currency and date; none dated after `latest`. Raises BadRates."""
    name = path.name
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise BadRates(name, 1, _("the file cannot be read")) from error
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return read_xml(content, file=name, latest=latest, currencies=currencies)
    return read_csv(content, file=name, latest=latest)


def read_xml(content: bytes, *, file: str, latest: date, currencies: Mapping[str, str] = DOLLAR_ONLY) -> list[Row]:
    """The rates of the wanted currencies in an XML_daily or XML_dynamic document, by currency and date. Raises BadRates.

    The date of a daily document is its Date attribute, not the date that was asked for. A range without any rate is
    legitimate, a day without any is not; a day may lack some of several currencies.
    """
    root = _root(content, file)
    if root.get("DateRange1") is not None or root.find("Record") is not None:
        rows = _dynamic(root, file, currencies)
    elif root.get("Date") is not None:
        rows = _daily(root, file, currencies)
    else:
        said = " ".join("".join(root.itertext()).split())[:80]
        if said:
            raise BadRates(file, 1, _("the bank answers “{said}” instead of rates"), said=said)
        raise BadRates(file, 1, _("there is neither a Date nor a DateRange1: this is no answer of the bank"))
    return _checked(rows, file, latest)


def read_csv(content: bytes, *, file: str, latest: date) -> list[Row]:
    """The dollar's rates in lines of `date,rate`, by date; UTF-8 or windows-1251, a comma, semicolon or tab between. Raises BadRates."""
    _refuse_size(content, file)
    text = _decoded(content, file)
    first = next((line for line in text.splitlines() if line.strip()), "")
    mark = next((mark for mark in (";", "\t") if mark in first), ",")
    reader = csv.reader(text.splitlines(), delimiter=mark)
    rows: list[Row] = []
    header_may_come = True
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if header_may_come and not any(character.isdigit() for character in "".join(cells)):
                header_may_come = False
                continue
            header_may_come = False
            rows.append(_csv_row(cells, file, reader.line_num))
    except csv.Error as error:
        raise BadRates(file, reader.line_num + 1, _("the line cannot be read")) from error
    if not rows:
        raise BadRates(file, 1, _("there is no rate in it"))
    return _checked(rows, file, latest)


def _csv_row(cells: Sequence[str], file: str, number: int) -> Row:
    if len(cells) != 2:
        raise BadRates(file, number, _("{count} columns instead of the two “date” and “rate”"), count=len(cells))
    on = _date(cells[0], file, number)
    return Row(number, Rate(on, _value(cells[1], file, number), 1, DOLLAR), copied=True)


def _root(content: bytes, file: str) -> Element:
    _refuse_size(content, file)
    start = content[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        raise BadRates(file, 1, _("this is an HTML page, not rates"))
    if not start.startswith(b"<"):
        raise BadRates(file, 1, _("this is not XML"))
    try:
        root: Element = ElementTree.fromstring(content, forbid_dtd=True)
    except ParseError as error:
        raise BadRates(file, error.position[0], _("the XML is cut short or broken")) from error
    except DefusedXmlException as error:
        raise BadRates(file, 1, _("the XML declares a document type or entities, which rates never need")) from error
    except (LookupError, ValueError) as error:
        raise BadRates(file, 1, _("the encoding that the XML names is not known")) from error
    if root.tag != "ValCurs":
        raise BadRates(file, 1, _("the root is “{tag}”, not “ValCurs”"), tag=str(root.tag)[:40])
    return root


def _daily(root: Element, file: str, currencies: Mapping[str, str]) -> list[Row]:
    valutes = root.findall("Valute")
    if not valutes:
        raise BadRates(file, 1, _("there is no rate in it"))
    rows = []
    for number, valute in enumerate(valutes, start=1):
        code, currency = valute.get("ID", ""), _text(valute, "CharCode")
        if currencies.get(currency) == code:
            rows.append(_xml_row(valute, root.get("Date", ""), currency, file, number))
        elif currency in currencies:
            raise _other_currency(file, number, _named(valute), currency, currencies)
        elif code in currencies.values():
            raise _other_currency(file, number, _named(valute), _currency_of(code, currencies), currencies)
    if not rows:
        raise BadRates(file, 1, _("there is no rate of {wanted} in it"), wanted=", ".join(currencies))
    return rows


def _dynamic(root: Element, file: str, currencies: Mapping[str, str]) -> list[Row]:
    code = root.get("ID", "")
    if code not in currencies.values():
        wanted = ", ".join(f"{series} {currency}" for currency, series in currencies.items())
        raise BadRates(file, 1, _("the currency is {found}, not {wanted}"), found=code[:20] or "—", wanted=wanted)
    currency = _currency_of(code, currencies)
    first, last = (_date(root.get(name, ""), file, 1) for name in ("DateRange1", "DateRange2"))
    rows = []
    for number, record in enumerate(root.findall("Record"), start=1):
        if record.get("Id") != code:
            raise _other_currency(file, number, record.get("Id", "—")[:20], currency, currencies)
        row = _xml_row(record, record.get("Date", ""), currency, file, number)
        if not first <= row.rate.date <= last:
            raise BadRates(file, number, _("{date} lies outside the range that the document names"), date=row.rate.date)
        rows.append(row)
    return rows


def _currency_of(code: str, currencies: Mapping[str, str]) -> str:
    return next(currency for currency, series in currencies.items() if series == code)


def _other_currency(file: str, number: int, found: str, wanted: str, currencies: Mapping[str, str]) -> BadRates:
    said = f"{currencies[wanted]} {wanted}"
    return BadRates(file, number, _("the currency is {found}, not {wanted}"), found=found, wanted=said)


def _xml_row(element: Element, on: str, currency: str, file: str, number: int) -> Row:
    day = _date(on, file, number)
    text = _text(element, "Nominal")
    nominal = int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0
    if not 1 <= nominal <= LARGEST_NOMINAL:
        raise BadRates(file, number, _("the nominal “{text}” is not a number from 1 to 100000"), text=text[:20])
    rate = Rate(day, _value(_text(element, "Value"), file, number), nominal, currency)
    unit = _text(element, "VunitRate").replace(",", ".")
    if unit:
        # The rate of one unit is printed beside the value since 2023: the two must say the same.
        if not re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,12})?", unit):
            raise BadRates(file, number, _("“{text}” is not a number"), text=unit[:20])
        if abs(Decimal(unit) - rate.per_unit) > rate.per_unit / 10_000:
            raise BadRates(file, number, _("the value, the nominal and the rate of one unit contradict one another"))
    return Row(number, rate)


def _checked(rows: list[Row], file: str, latest: date) -> list[Row]:
    """By currency and date, each date once, none of the future, none many times its neighbours."""
    rows = sorted(rows, key=lambda row: (row.rate.currency, row.rate.date, row.number))
    for row in rows:
        if row.rate.date > latest:
            raise BadRates(file, row.number, _("{date} lies in the future: no rate can be known for it"), date=row.rate.date)
        if row.rate.date < FIRST_RATE:
            raise BadRates(file, row.number, _("{date} is older than the first official rate"), date=row.rate.date)
    for index, (before, row) in enumerate(pairwise(rows)):
        if before.rate.currency != row.rate.currency:
            continue
        if before.rate.date == row.rate.date:
            raise BadRates(file, row.number, _("{date} stands there twice"), date=row.rate.date)
        if is_absurd(row.rate, before.rate):
            wrong = before if _stands_out(rows, index) and not _stands_out(rows, index + 1) else row
            reason = _("the rate {value} is many times its neighbours or a small part of them")
            raise BadRates(file, wrong.number, reason, value=wrong.rate.value)
    return rows


def _stands_out(rows: Sequence[Row], index: int) -> bool:
    """Whether a row contradicts most of the two rows before it and the two after it: it, not they, is the wrong one."""
    others = [*rows[max(0, index - 2) : index], *rows[index + 1 : index + 3]]
    others = [other for other in others if other.rate.currency == rows[index].rate.currency]
    return 2 * sum(is_absurd(rows[index].rate, other.rate) for other in others) > len(others) > 1


def _date(text: str, file: str, number: int) -> date:
    try:
        return parse_day(text)
    except DomainError as error:
        raise BadRates(file, number, _("“{text}” is not a date: write 2024-04-13 or 13.04.2024"), text=text.strip()[:20]) from error


def _value(text: str, file: str, number: int) -> Decimal:
    text = text.strip()
    match = _NUMBER.fullmatch(text)
    if match is None or not text.isascii():
        raise BadRates(file, number, _("“{text}” is not a number"), text=text[:20])
    value = Decimal(text.replace(",", "."))
    if value <= 0:
        raise BadRates(file, number, _("the rate {text} is not above zero"), text=text)
    if len(match[3] or "") > 4:
        raise BadRates(file, number, _("the rate {text} has more than four decimals"), text=text)
    return value


def _text(element: Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def _named(valute: Element) -> str:
    return f"{valute.get('ID', '—')} {_text(valute, 'CharCode')}"[:30]


def _decoded(content: bytes, file: str) -> str:
    if b"\0" in content:
        raise BadRates(file, 1, _("this is not text"))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1251", errors="replace")


def _refuse_size(content: bytes, file: str) -> None:
    if len(content) > LARGEST_FILE:
        raise BadRates(file, 1, _("the file is larger than 1 MiB"))
    if not content.strip(b"\xef\xbb\xbf \t\r\n"):
        raise BadRates(file, 1, _("the file is empty"))
