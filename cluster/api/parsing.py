"""Reading what programs send: strict JSON in UTF-8, without control characters, not nested or long without end."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

from cluster.domain.texts import is_plain, printable

LONGEST_BODY = 1024 * 1024


class TooLarge(APIException):
    """The body is longer than any request of this API needs."""

    status_code = 413
    default_code = "too_large"

    def __init__(self, limit: int = LONGEST_BODY) -> None:
        super().__init__(_("A request may have {limit} bytes at most.").format(limit=limit))


class StrictJSONParser(BaseParser):
    """JSON (RFC 8259) without duplicate names, NaN, numbers beyond measure or control characters. Fractions are Decimal."""

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        raw = stream.read(LONGEST_BODY + 1)
        if len(raw) > LONGEST_BODY:
            raise TooLarge
        try:
            data = json.loads(raw.decode("utf-8"), parse_float=_finite, parse_constant=_finite, object_pairs_hook=_without_repetition)
            odd = sorted(set(_odd_places(data, "")))
        except (ValueError, InvalidOperation, RecursionError) as error:
            raise ParseError(_("The body is not valid JSON.")) from error
        if odd:
            message = _("This text has control characters.")
            raise ValidationError({place: [message] for place in odd}, code="control_characters")
        return data


def _finite(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise ValueError(text)
    return number


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _odd_places(data: Any, place: str) -> Iterator[str]:
    if isinstance(data, str) and not is_plain(data):
        yield place or "body"
    elif isinstance(data, dict):
        for name, value in data.items():
            inner = f"{place}.{printable(name)}" if place else printable(name)
            if not is_plain(name):
                yield inner
            yield from _odd_places(value, inner)
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _odd_places(value, f"{place}[{number}]")
