"""What nobody should send: values for a query string, a path, a header, a box of a form, a key of a JSON."""

import itertools
import os
from collections import defaultdict
from collections.abc import Iterator
from typing import Generic, TypeVar
from urllib.parse import quote

T = TypeVar("T")
# Each value in each place, which takes long; otherwise the values go round.
ALL = os.environ.get("HOSTILE") == "all"
MARKUP = '"><script>alert(1)</script>'
LONG = "x" * 9_000
# As they stand in an address, encoded: some are no text at all once decoded.
IN_ADDRESSES = (
    "%00", "1e400", "1" + "0" * 30, "-1", quote(MARKUP), "%E2%80%AE", "%ED%A0%80", "9999-12-31", "0000-00-00", "1,234", "NaN", "../../x",
    "'", "31.02.2024", LONG, "%FF", "0", "=cmd()", "0001-01-01", "-password", "%D9%A3", "2999-01-01", "%C2%B2", "99999999999999999999",
    "1800-01-01", "-Infinity", "a%00b", "user__password", "%0D%0AX-Y:%20z", "9223372036854775808", "", "%F0%9F%98%80", "%25s", "2024-W01-1",
)  # fmt: skip
IN_PATHS = ("%00", "a%00b", "a.b", "..%2F..", "%ED%A0%80", "%E2%80%AE", "9" * 30, "9223372036854775808", "-1", "%D9%A3", "%27", "x" * 3_000)
IN_BOXES = (
    "", "\x00", "a\x00b", "\u202eabc", MARKUP, "1e400", "NaN", "-1", "1" + "0" * 30, "1,234", LONG, "'; --", "../../x", "=cmd()",
    "0000-00-00",
    "31.02.2024", "9999-12-31", "0001-01-01", "\u0663", "\u00b2", "99999999999999999999", "-Infinity", "\u200b", "{}", "\U0001f600",
)  # fmt: skip
IN_JSON = (
    "null", "true", "[]", "{}", '""', "-1", "0", "1e400", "NaN", "1" + "0" * 30, '"1e400"', '"NaN"', '"\\u0000"', '"\\u202e"', '"\\ud800"',
    f'"{LONG}"', '"9999-12-31"', '"0000-00-00"', '"31.02.2024"', '"1,234"', "1.5", '[[[[[[]]]]]]', '{"a": {"a": {}}}', '"=cmd()"',
    '[null]', '"\\u0663"', "9223372036854775808", '["x"]', "[1, 1]",
)  # fmt: skip
HEADERS: tuple[dict[str, str], ...] = (
    {"host": "evil.example"},
    {"host": "localhost:99999"},
    {"host": "a b"},
    {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https", "x-forwarded-for": "'; --", "x-forwarded-port": "x"},
    {"accept-language": "\u00ff\u00ff;q=nan, " + "x-" * 400},
    {"accept-language": "../../etc/passwd"},
    {"accept": "*/" + "x" * 3_000},
    {"cookie": "visited=%00; sessionid=\"'><script>; csrftoken=\u00ff; messages=garbage; =; ;;"},
    {"range": "bytes=-1,5-99999999999999999999"},
    {"if-none-match": 'W/"' + "x" * 3_000, "if-modified-since": "Thu, 99 Foo 0000"},
    {"hx-request": "true", "hx-target": MARKUP, "hx-current-url": "http://[::1", "hx-current-url-uri-autoencoded": "%FF"},
    {"authorization": "Bearer \u00ff\u00ff"},
    {"authorization": "Basic ===="},
    {"referer": "javascript:alert(1)", "origin": "null", "user-agent": MARKUP},
    {"content-type": "multipart/form-data; boundary=", "content-length": "0"},
)


class Rotation(Generic[T]):
    """Hands out values in turn to each name: many pages that know a name see different ones, and every run the same."""

    def __init__(self, values: tuple[T, ...]) -> None:
        self._values = values
        self._next: dict[str, Iterator[T]] = defaultdict(self._begin)
        self._starts = itertools.count(0, 7)

    def _begin(self) -> Iterator[T]:
        start = next(self._starts) % len(self._values)
        return itertools.cycle(self._values[start:] + self._values[:start])

    def take(self, name: str, most: int) -> list[T]:
        """The next `most` values for that name, all of them at the most."""
        return [next(self._next[name]) for _ in range(min(most, len(self._values)))]


def spread(places: list[T], most: int) -> list[T]:
    """At most so many of the places, evenly; all of them where each value is to be met in each place."""
    return places if ALL or len(places) <= most else [places[number * len(places) // most] for number in range(most)]
