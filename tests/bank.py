"""A stand-in for the Bank of Russia's web service on a loopback port: its exact formats, and its bad days."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

DAILY = '<?xml version="1.0" encoding="windows-1251"?><ValCurs Date="{on:%d.%m.%Y}" name="Foreign Currency Market">{valutes}</ValCurs>'
VALUTE = (
    '<Valute ID="{id}"><NumCode>{num}</NumCode><CharCode>{code}</CharCode><Nominal>{nominal}</Nominal>'
    "<Name>{name}</Name><Value>{value}</Value>{unit}</Valute>"
)
DYNAMIC = (
    '<?xml version="1.0" encoding="windows-1251"?><ValCurs ID="{id}" DateRange1="{first:%d.%m.%Y}" DateRange2="{last:%d.%m.%Y}"'
    ' name="Foreign Currency Market Dynamic">{records}</ValCurs>'
)
RECORD = '<Record Date="{on:%d.%m.%Y}" Id="{id}"><Nominal>{nominal}</Nominal><Value>{value}</Value>{unit}</Record>'


def comma(value: str) -> str:
    return value.replace(".", ",")


def daily(on: date, value: str, *, nominal: int = 1, unit: str = "", id: str = "R01235", code: str = "USD") -> bytes:
    """XML_daily with the dollar between two other currencies; `unit` is VunitRate, which older replies lack."""
    vunit = f"<VunitRate>{comma(unit)}</VunitRate>" if unit else ""
    others = [("R01010", "036", "AUD", "Австралийский доллар", "60,8519"), ("R01585F", "946", "RON", "Румынский лей", "20,1234")]
    rows = [VALUTE.format(id=i, num=n, code=c, nominal=1, name=name, value=v, unit="") for i, n, c, name, v in others]
    rows.insert(1, VALUTE.format(id=id, num="840", code=code, nominal=nominal, name="Доллар США", value=comma(value), unit=vunit))
    return DAILY.format(on=on, valutes="".join(rows)).encode("cp1251")


def several(on: date, rates: dict[str, tuple[str, str, int]]) -> bytes:
    """XML_daily with these currencies: code -> (the bank's code, value, nominal)."""
    rows = [
        VALUTE.format(id=id, num="000", code=code, nominal=nominal, name=code, value=comma(value), unit="")
        for code, (id, value, nominal) in rates.items()
    ]
    return DAILY.format(on=on, valutes="".join(rows)).encode("cp1251")


def dynamic(first: date, last: date, values: dict[date, str], *, nominal: int = 1, id: str = "R01235") -> bytes:
    """XML_dynamic: days without a rate are left out, so it may be empty."""
    records = [RECORD.format(on=on, id=id, nominal=nominal, value=comma(value), unit="") for on, value in sorted(values.items())]
    return DYNAMIC.format(id=id, first=first, last=last, records="".join(records)).encode("cp1251")


class Bank:
    """What the stand-in says. `rates` feed both addresses; `answer` replaces every reply, `misbehave` takes over the connection."""

    def __init__(self) -> None:
        self.rates: dict[date, str] = {}
        # Further currencies by the bank's code: the currency, its nominal, its rates by day.
        self.others: dict[str, tuple[str, int, dict[date, str]]] = {}
        self.answer: bytes | None = None
        self.status = 200
        self.headers: dict[str, str] = {}
        self.misbehave: Callable[[BaseHTTPRequestHandler], None] | None = None
        self.asked: list[str] = []
        self.url = ""

    def reply(self, path: str) -> bytes:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/scripts/XML_daily.asp":
            asked = _day(query["date_req"])
            on = max(day for day in self.rates if day <= asked)
            if not self.others:
                return daily(on, self.rates[on])
            others = {code: (id, rates[on], nominal) for id, (code, nominal, rates) in self.others.items() if on in rates}
            return several(on, {"USD": ("R01235", self.rates[on], 1)} | others)
        first, last, id = _day(query["date_req1"]), _day(query["date_req2"]), query["VAL_NM_RQ"]
        _code, nominal, rates = self.others.get(id, ("USD", 1, self.rates))
        return dynamic(first, last, {on: value for on, value in rates.items() if first <= on <= last}, nominal=nominal, id=id)


def _day(text: str) -> date:
    day, month, year = text.split("/")
    return date(int(year), int(month), int(day))


@contextmanager
def running_bank() -> Iterator[Bank]:
    """The stand-in on a free loopback port, until the block ends."""
    bank = Bank()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            bank.asked.append(self.path)
            if bank.misbehave is not None:
                bank.misbehave(self)
                return
            body = bank.answer if bank.answer is not None else bank.reply(self.path)
            self.send_response(bank.status)
            self.send_header("Content-Type", "application/xml; charset=windows-1251")
            self.send_header("Content-Length", str(len(body)))
            for name, value in bank.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *args: Any) -> None:
            """A client that hangs up is what some of these tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    bank.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield bank
    finally:
        server.shutdown()
        server.server_close()


def drip(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then: each arrives in time, the whole never does."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b"<")
        handler.wfile.flush()
        time.sleep(0.05)


def drip_headers(handler: BaseHTTPRequestHandler) -> None:
    """The status line never comes to its end."""
    for _ in range(200):
        handler.wfile.write(b"H")
        handler.wfile.flush()
        time.sleep(0.05)


def cut_short(handler: BaseHTTPRequestHandler) -> None:
    """Promises more than it sends."""
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(daily(date(2024, 4, 13), "93.4419")[:300])
    handler.close_connection = True
