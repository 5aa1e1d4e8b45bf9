"""The Bank of Russia's web service: two addresses, bounded in time and size. It hands over bytes; `rate_files` reads them."""

import http.client
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import date
from typing import Any

from django.conf import settings

from cluster.domain.errors import DomainError

LARGEST_REPLY = 1024 * 1024
_CHUNK = 16 * 1024


class NoConnection(DomainError):
    """The bank's site could not be reached, or did not finish its answer in time."""

    code = "no_connection"


class BadReply(DomainError):
    """The bank's site answered, but not with what was asked for."""

    code = "bad_reply"


def daily(on: date) -> bytes:
    """XML_daily for `on`: the rates in force that day, under the date they bear. Raises NoConnection or BadReply."""
    return _get("/scripts/XML_daily.asp", {"date_req": f"{on:%d/%m/%Y}"})


def dynamic(first: date, last: date, currency: str = "USD") -> bytes:
    """XML_dynamic: the rates of a followed currency dated from `first` to `last`. Raises NoConnection or BadReply."""
    code = settings.RATE_CURRENCIES[currency]
    return _get("/scripts/XML_dynamic.asp", {"date_req1": f"{first:%d/%m/%Y}", "date_req2": f"{last:%d/%m/%Y}", "VAL_NM_RQ": code})


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer from somewhere else: it stays the error that it is here."""

    def redirect_request(self, *args: Any, **options: Any) -> None:
        return None


class _Request(threading.Thread):
    """One request in a thread of its own: neither a name server nor a dripping header can hold the caller past the deadline."""

    def __init__(self, url: str, seconds: float) -> None:
        super().__init__(daemon=True, name="bank-of-russia")
        self.url, self.seconds = url, seconds
        self.deadline = time.monotonic() + seconds
        self.body = b""
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.body = self._read()
        except urllib.error.HTTPError as error:
            error.close()
            self.error = BadReply("The Bank of Russia answered with status {status}.", status=error.code)
        except Exception as error:  # carried to the caller's thread, which raises it
            self.error = error

    def _read(self) -> bytes:
        # urllib follows the machine's proxy settings; the address is the operator's own setting.
        request = urllib.request.Request(self.url, headers={"User-Agent": "avtotor-cluster", "Accept": "application/xml, text/xml"})  # noqa: S310
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=self.seconds) as reply:
            if reply.status != http.client.OK:
                raise BadReply("The Bank of Russia answered with status {status}.", status=reply.status)
            body = bytearray()
            while chunk := reply.read1(_CHUNK):
                body += chunk
                if len(body) > LARGEST_REPLY:
                    raise BadReply("The Bank of Russia's answer is larger than 1 MiB.")
                if time.monotonic() > self.deadline:
                    raise TimeoutError
            if reply.length:
                raise BadReply("The Bank of Russia's answer was cut short.")
            return bytes(body)


def _get(path: str, query: dict[str, str]) -> bytes:
    base: str = settings.BANK_OF_RUSSIA_URL
    if urllib.parse.urlsplit(base).scheme not in ("http", "https"):
        raise NoConnection("The Bank of Russia's address must start with http:// or https://.")
    request = _Request(f"{base.rstrip('/')}{path}?{urllib.parse.urlencode(query, safe='/')}", settings.BANK_OF_RUSSIA_DEADLINE_SECONDS)
    request.start()
    request.join(request.seconds)
    if request.is_alive() or isinstance(request.error, TimeoutError):
        raise NoConnection("The Bank of Russia did not answer within {seconds} seconds.", seconds=f"{request.seconds:g}")
    match request.error:
        case None:
            return request.body
        case DomainError():
            raise request.error
        case http.client.HTTPException():
            raise BadReply("The Bank of Russia's answer was cut short.") from request.error
        case _:
            raise NoConnection("There is no connection to the Bank of Russia.") from request.error
