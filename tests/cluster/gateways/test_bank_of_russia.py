"""The gateway to the Bank of Russia, against a stand-in with its formats and its faults."""

import socket
import time
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from cluster.gateways import bank_of_russia
from cluster.gateways.bank_of_russia import BadReply, NoConnection
from tests.bank import Bank, cut_short, drip, drip_headers, running_bank


@pytest.fixture
def bank(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bank]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with running_bank() as running:
        settings.BANK_OF_RUSSIA_URL = running.url
        settings.BANK_OF_RUSSIA_DEADLINE_SECONDS = 0.5
        running.rates = {date(2024, 4, 13): "93.4419"}
        yield running


def test_it_asks_the_two_addresses_as_the_bank_documents_them(bank: Bank) -> None:
    assert b"93,4419" in bank_of_russia.daily(date(2024, 4, 15))
    assert b"93,4419" in bank_of_russia.dynamic(date(2024, 4, 1), date(2024, 4, 15))
    assert bank.asked == [
        "/scripts/XML_daily.asp?date_req=15/04/2024",
        "/scripts/XML_dynamic.asp?date_req1=01/04/2024&date_req2=15/04/2024&VAL_NM_RQ=R01235",
    ]


def test_a_refused_connection_is_no_connection(settings: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.BANK_OF_RUSSIA_URL = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(NoConnection):
        bank_of_russia.daily(date(2024, 4, 15))


@pytest.mark.parametrize("slowly", [drip, drip_headers])
def test_a_slow_drip_ends_at_the_deadline(bank: Bank, slowly: Callable[[BaseHTTPRequestHandler], None]) -> None:
    bank.misbehave = slowly
    started = time.monotonic()
    with pytest.raises(NoConnection, match=r"within 0\.5 seconds"):
        bank_of_russia.daily(date(2024, 4, 15))
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(bank: Bank, status: int) -> None:
    bank.status, bank.headers = status, {"Location": f"{bank.url}/elsewhere"}
    with pytest.raises(BadReply, match=f"status {status}"):
        bank_of_russia.daily(date(2024, 4, 15))
    assert len(bank.asked) == 1


@pytest.mark.parametrize("status", [204, 206, 403, 404, 429, 500, 503])
def test_a_wrong_status_is_a_bad_reply(bank: Bank, status: int) -> None:
    bank.status = status
    with pytest.raises(BadReply, match=f"status {status}"):
        bank_of_russia.daily(date(2024, 4, 15))


def test_more_than_a_mebibyte_is_refused(bank: Bank) -> None:
    bank.answer = b"<" * (bank_of_russia.LARGEST_REPLY + 1)
    with pytest.raises(BadReply, match="larger than 1 MiB"):
        bank_of_russia.daily(date(2024, 4, 15))


def test_a_body_that_ends_early_is_a_bad_reply(bank: Bank) -> None:
    bank.misbehave = cut_short
    with pytest.raises(BadReply, match="cut short"):
        bank_of_russia.daily(date(2024, 4, 15))


def test_an_address_of_another_kind_is_never_opened(settings: Any) -> None:
    settings.BANK_OF_RUSSIA_URL = "file:///etc"
    with pytest.raises(NoConnection, match="http"):
        bank_of_russia.daily(date(2024, 4, 15))
