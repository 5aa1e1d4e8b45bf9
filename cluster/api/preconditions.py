"""ETag, If-None-Match, If-Match and Idempotency-Key: what a program saw, and which request this is."""

import hashlib
import re
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError as ModelValidationError
from django.db import IntegrityError
from django.db.models import Model
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

M = TypeVar("M", bound=Model)
_TAG = r'(?:W/)?"[\x21\x23-\x7e]*"'
_TAGS = re.compile(rf"\s*{_TAG}(?:\s*,\s*{_TAG})*\s*")


def etag_of(representation: Any, version: int | None = None) -> str:
    """A strong ETag of a representation. Where people's changes are counted it starts with their number.

    So a write compares the number only: days late that grew overnight do not make what a person saw stale.
    """
    digest = hashlib.sha256(JSONRenderer().render(representation)).hexdigest()[:20]
    return f'"{digest}"' if version is None else f'"{version}-{digest}"'


def is_known(request: Request, etag: str) -> bool:
    """Whether If-None-Match names this ETag (or is `*`), so that the answer is 304."""
    header = request.headers.get("If-None-Match", "")
    return header.strip() == "*" or etag in (tag.removeprefix("W/") for tag in re.findall(_TAG, header))


def seen_version(request: Request, current: int) -> int | None:
    """The version that If-Match names: `current` when it is among them, else a stale one. None without the header."""
    header = request.headers.get("If-Match")
    if header is None:
        return None
    if header.strip() == "*":
        return current
    if not _TAGS.fullmatch(header):
        raise ValidationError({"If-Match": [_("Write an ETag as it was given, in quotation marks.")]}, code="etag")
    versions = {int(text) for text in re.findall(r'(?<!W/)"(\d{1,9})-[0-9a-f]+"', header)}
    return current if current in versions else next(iter(versions), 0)


def request_key(request: Request) -> UUID | None:
    """The UUID of Idempotency-Key; None without the header."""
    text = request.headers.get("Idempotency-Key")
    if text is None:
        return None
    try:
        return UUID(text.strip().strip('"'))
    except ValueError as error:
        raise ValidationError({"Idempotency-Key": [_("Write a UUID.")]}, code="uuid") from error


def once(model: type[M], key: UUID | None, write: Callable[[], M]) -> tuple[M, bool]:
    """Call `write`; the row, and whether it is new. A key that was used before gives the first row.

    Two requests with one key at once: the second meets the unique key, and is tried again when the first is through.
    """
    manager = model._default_manager
    known = key is not None and manager.filter(request_key=key).exists()
    try:
        return write(), not known
    except (IntegrityError, ModelValidationError):
        if key is None or known or not manager.filter(request_key=key).exists():
            raise
        return write(), False
