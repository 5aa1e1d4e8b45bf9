"""What the writing operations share: the body, the answer to a stale state, and 201 or 200 with the address."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api.fields import Input
from cluster.api.preconditions import etag_of, once, request_key, seen_version
from cluster.api.problems import Precondition
from cluster.api.records import Records, version_of
from cluster.domain.budgets import refuse_reason
from cluster.domain.errors import Conflict, DomainError
from cluster.models import User

T = TypeVar("T")


def body_of(request: Request, shape: type[Input]) -> dict[str, Any]:
    """The validated body; ValidationError names every key that is wrong."""
    serializer = shape(data=request.data)
    serializer.is_valid(raise_exception=True)
    return cast("dict[str, Any]", serializer.validated_data)


def writer(request: Request) -> User:
    """Who writes."""
    return cast("User", request.user)


def precondition(view: Records, current: Any) -> Precondition:
    """428 without If-Match, 412 with a stale one; both with what stands there now, where there is something."""
    representation = view.represent(current) if current is not None else None
    etag = etag_of(representation, version_of(current)) if current is not None else ""
    required = "If-Match" not in view.request.headers
    detail = _("Send the ETag of the current state as If-Match.") if required else _("Somebody changed this since you read it.")
    return Precondition(required=required, detail=detail, current=representation, etag=etag)


def created(
    view: Records, noun: type[Records], write: Callable[[], Model], *, said: dict[str, Any], renamed: dict[str, str] | None = None
) -> Response:
    """Write once, then answer 201 with Location and the new object of `noun`; 200 where this Idempotency-Key was used before.

    `said` is what the request says of the row, attribute by attribute: a key that was used for another row, or by another
    person, is refused. `renamed` says what a service's field is called in the body. Raises Precondition for a stale state.
    """
    rows = noun.queryset
    assert rows is not None
    try:
        row, is_new = once(rows.model, request_key(view.request), write)
    except Conflict as error:
        raise precondition(view, error.current) from error
    except DomainError as error:
        error.field = (renamed or {}).get(error.field, error.field)
        raise
    row = rows.get(pk=row.pk)
    said = {"recorded_by_id": view.request.user.pk} | said
    if any(getattr(row, name) != value for name, value in said.items()):
        raise DomainError("This Idempotency-Key was already used for another request.", field="Idempotency-Key", code="request_reused")
    representation = dict(noun.serializer_class(row, context=view.get_serializer_context()).data)  # type: ignore[misc]
    headers = {
        "Location": view.request.build_absolute_uri(reverse(noun.route, kwargs={"pk": row.pk})),
        "ETag": etag_of(representation, version_of(row)),
    }
    return Response(representation, status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK, headers=headers)


def changes_of(request: Request, shape: type[Input]) -> dict[str, Any]:
    """The validated body of a change: only the keys that it has."""
    serializer = shape(data=request.data, partial=True)
    serializer.is_valid(raise_exception=True)
    return cast("dict[str, Any]", serializer.validated_data)


def reason_in_address(request: Request) -> str:
    """Why something is deleted, from the query; DomainError for what is no text to keep."""
    text: str = request.query_params.get("reason", "")
    refuse_reason(text)
    return text


def seen(view: Records) -> tuple[Any, int]:
    """The object of the address and the version of it that If-Match names; 428 without the header."""
    record = view.get_object()
    version = seen_version(view.request, record.version)
    if version is None:
        raise precondition(view, record)
    return record, version


def guarded(view: Records, write: Callable[[], T], renamed: dict[str, str] | None = None) -> T:
    """Call a service: a stale state is a 412 with the object as it stands now; `renamed` says what a field is called in the body."""
    try:
        return write()
    except Conflict as error:
        raise precondition(view, view.get_object()) from error
    except DomainError as error:
        error.field = (renamed or {}).get(error.field, error.field)
        raise


def added(view: Records, alike: QuerySet[Any], write: Callable[[], Model], renamed: dict[str, str] | None = None) -> Response:
    """Call a service that adds a row once, then answer 201 with the new object; 200 where it was there already, one of `alike`."""
    is_new = not alike.exists()
    made = guarded(view, write, renamed)
    return answer(view, view.get_queryset().get(pk=made.pk), status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)


def answer(view: Records, row: Any, code: int) -> Response:
    """What was written, as a read gives it."""
    representation = view.represent(row)
    address = view.request.build_absolute_uri(reverse(view.route, kwargs={"pk": row.pk}))
    return Response(representation, status=code, headers={"Location": address, "ETag": etag_of(representation, version_of(row))})
