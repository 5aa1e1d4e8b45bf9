"""Every error of the API as an RFC 9457 problem: the kinds, and the one place that maps exceptions to them."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from rest_framework import exceptions, serializers
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.domain.errors import BatchRefused, Conflict, DomainError, Duplicate, Forbidden, NotFound

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its HTTP status, its title for people, and what to do about it (for the reference)."""

    status: int
    title: Any
    remedy: str


KINDS = {
    "malformed": Kind(400, gettext_lazy("The request cannot be read"), "Send valid JSON in UTF-8."),
    "invalid": Kind(400, gettext_lazy("Some values are not valid"), "Correct what `errors` names: a key, a parameter or a header."),
    "unauthenticated": Kind(401, gettext_lazy("Who are you?"), "Send `Authorization: Bearer <token>` with a token that has not expired."),
    "forbidden": Kind(403, gettext_lazy("Not allowed"), "Your role, or your read-only token, does not allow this."),
    "not-found": Kind(404, gettext_lazy("Not found"), "There is no such thing, or not for you."),
    "method-not-allowed": Kind(405, gettext_lazy("Method not allowed"), "Use a method that the `Allow` header names."),
    "not-acceptable": Kind(406, gettext_lazy("Not acceptable"), "Accept `application/json`."),
    "duplicate": Kind(
        409,
        gettext_lazy("It looks like one that is there already"),
        'Look at `current`, the first one. If yours is another one, send it again with `"despite_duplicate": true`.',
    ),
    "conflict": Kind(409, gettext_lazy("In conflict with what is stored"), "Read the current state, then decide."),
    "precondition-failed": Kind(
        412, gettext_lazy("Somebody was faster"), "`current` is what stands there now: look at it, then repeat with its ETag."
    ),
    "too-large": Kind(413, gettext_lazy("Too large"), "Send less at once."),
    "unsupported-media-type": Kind(415, gettext_lazy("Unsupported media type"), "Send `Content-Type: application/json`."),
    "request-reused": Kind(422, gettext_lazy("Idempotency key used for something else"), "Use a new key for a new request."),
    "precondition-required": Kind(428, gettext_lazy("Say what you saw"), "Send the ETag of the state that you saw as `If-Match`."),
    "too-many-requests": Kind(429, gettext_lazy("Too many requests"), "Wait for the seconds that `Retry-After` names."),
    "internal": Kind(500, gettext_lazy("Something broke here"), "Tell us; nothing was stored."),
    "unavailable": Kind(503, gettext_lazy("Not available for a moment"), "Try again after the seconds that `Retry-After` names."),
}
_BY_STATUS = {kind.status: name for name, kind in KINDS.items() if name not in ("malformed", "duplicate")}


class FieldProblem(serializers.Serializer[Any]):
    """One thing to correct."""

    field = serializers.CharField(help_text="The key of the body, the parameter, or the header concerned; empty for the whole.")
    code = serializers.CharField(help_text="The rule that refused it, for programs.")
    message = serializers.CharField(help_text="The same for people, in the language of Accept-Language.")


class Problem(serializers.Serializer[Any]):
    """A problem by RFC 9457."""

    type = serializers.URLField(help_text="Address of the kind of problem; it can be read.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = FieldProblem(many=True, required=False)  # type: ignore[assignment]
    current = serializers.DictField(
        required=False,
        help_text="With 412 and 428: the object as it stands now, where there is one. Its ETag is in the ETag header. "
        "With a duplicate: the first object that looks the same.",
    )


class Precondition(exceptions.APIException):
    """A write without, or with a stale, If-Match. `current` is the representation of what stands there now."""

    def __init__(self, *, required: bool, detail: str, current: Any = None, etag: str = "") -> None:
        self.status_code = 428 if required else 412
        self.current, self.etag = current, etag
        super().__init__(detail)


def kind_address(request: Request | None, name: str) -> str:
    """The absolute address of a kind of problem."""
    path = reverse("api:problem", kwargs={"kind": name})
    return request.build_absolute_uri(path) if request else path


def problem_response(exc: Exception, context: dict[str, Any]) -> Response:
    """REST framework's exception handler: any exception as a problem; unknown ones are logged and become 500."""
    request: Request | None = context.get("request")
    name, detail, errors = _read(_of_stored(exc) if request is not None and request.method in SAFE_METHODS else exc)
    kind = KINDS[name]
    body: dict[str, Any] = {"type": kind_address(request, name), "title": str(kind.title), "status": kind.status, "detail": detail}
    if errors:
        body["errors"] = errors
    headers = {}
    if isinstance(exc, Precondition) and exc.current is not None:
        body["current"] = exc.current
        headers["ETag"] = exc.etag
    if isinstance(exc, Duplicate):
        body["current"] = exc.current
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if kind.status == 429:
        headers["Retry-After"] = str(getattr(exc, "wait", None) or 1)
    if kind.status == 503:
        headers["Retry-After"] = "5"
    return Response(body, status=kind.status, headers=headers, content_type=MEDIA_TYPE)


def _of_stored(exc: Exception) -> Exception:
    """Of a reading request: a stored plan that cannot be placed is nothing that the request could correct."""
    if isinstance(exc, DomainError) and (exc.code == "cycle" or (exc.code == "date_range" and not exc.field)):
        params: Any = exc.params
        return Conflict(exc.template, **params)
    return exc


def _read(exc: Exception) -> tuple[str, str, list[dict[str, str]]]:
    """The kind, the sentence, and the fields of an exception."""
    match exc:
        case BatchRefused():
            return _batch(exc)
        case DomainError():
            return _domain(exc)
        case exceptions.ParseError():
            return "malformed", str(exc.detail), []
        case exceptions.ValidationError():
            errors = list(_fields(exc.detail, ""))
            return "invalid", errors[0]["message"] if len(errors) == 1 else str(KINDS["invalid"].title), errors
        case ModelValidationError():
            errors = list(_model_fields(exc))
            return "invalid", errors[0]["message"] if len(errors) == 1 else str(KINDS["invalid"].title), errors
        case exceptions.APIException():
            return _BY_STATUS.get(exc.status_code, "internal"), str(exc.detail), []
        case Http404():
            return "not-found", gettext("There is no such thing."), []
        case PermissionDenied():
            return "forbidden", gettext("Your role does not allow this."), []
        case DataError():
            return "invalid", gettext("A value is out of range."), []
        case IntegrityError():
            return "conflict", gettext("This contradicts what is stored."), []
        case OperationalError() | InterfaceError():
            logger.warning("The database did not answer: %s", exc)
            return "unavailable", gettext("The database does not answer. Nothing was stored."), []
        case _:
            logger.error("An API request failed", exc_info=exc)
            return "internal", gettext("This is our fault. Nothing was stored."), []


def _domain(exc: DomainError) -> tuple[str, str, list[dict[str, str]]]:
    message = gettext(exc.template).format(**exc.params)
    match exc:
        case NotFound() if not exc.field:
            return "not-found", message, []
        case Forbidden():
            return "forbidden", message, []
        case Conflict():
            return "conflict", message, []
        case Duplicate():
            name = "duplicate"
        case _:
            name = "request-reused" if exc.code == "request_reused" else "invalid"
    return name, message, [{"field": exc.field, "code": exc.code, "message": message}]


def _batch(exc: BatchRefused) -> tuple[str, str, list[dict[str, str]]]:
    """Each refused row's problems, at `rows[2].date`; the kind that all rows share, else that some values are not valid."""
    kinds: set[str] = set()
    found: list[dict[str, str]] = []
    for number, error in exc.rows:
        kind, message, errors = _read(error)
        kinds.add(kind)
        errors = errors or [{"field": "", "code": kind, "message": message}]
        found += [one | {"field": f"{exc.field}[{number}].{one['field']}".rstrip(".")} for one in errors]
    return kinds.pop() if len(kinds) == 1 else "invalid", gettext(exc.template), found


def _fields(detail: Any, place: str) -> Iterator[dict[str, str]]:
    """REST framework's nested errors, flat, each with the path of its field."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            here = place if name == "non_field_errors" else f"{place}[{name}]" if isinstance(name, int) else f"{place}.{name}".lstrip(".")
            yield from _fields(inner, here)
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            yield from _fields(inner, f"{place}[{number}]" if isinstance(inner, dict) else place)
    else:
        yield {"field": place, "code": getattr(detail, "code", None) or "invalid", "message": str(detail)}


def _model_fields(exc: ModelValidationError) -> Iterator[dict[str, str]]:
    by_field = exc.error_dict if hasattr(exc, "error_dict") else {NON_FIELD_ERRORS: exc.error_list}
    for field, found in by_field.items():
        for error in found:
            for message in error.messages:
                yield {"field": "" if field == NON_FIELD_ERRORS else field, "code": error.code or "invalid", "message": message}
