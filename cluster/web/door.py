"""What every page does first: asks for a login, reads `?as_of=`, and turns a refused rule into an answer."""

import logging
from collections.abc import Callable
from copy import copy
from datetime import date
from functools import wraps
from typing import Any, TypeAlias

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import resolve
from django.utils import timezone

from cluster.domain.dates import parse_day
from cluster.domain.errors import DomainError, Forbidden, NotFound
from cluster.models import User
from cluster.models.form_fields import message_of
from cluster.services.visits import NOTED_EVERY, note_visit

View: TypeAlias = Callable[..., HttpResponse]
EARLIEST_YEAR = 1990
# The contract whose pages the browser was shown within the last minute: what was just noted is not noted again.
VISITED = "visited"
log = logging.getLogger(__name__)


def page(view: View) -> View:
    """Decorator of a page: strangers go to the login, a refused rule becomes 404, 403, 409 or 400 with its sentence."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            _ensure_storable(request, kwargs)
            answer = view(request, *args, **kwargs)
        except NotFound as error:
            raise Http404(message_of(error)) from error
        except Forbidden as error:
            raise PermissionDenied(message_of(error)) from error
        except DomainError as error:
            return render(request, "400.html", {"sentence": message_of(error), "plain": True}, status=400)
        _note_visit(request, kwargs.get("code"), answer)
        return answer

    return login_required(guarded)


def _note_visit(request: HttpRequest, code: str | None, answer: HttpResponse) -> None:
    """Note that the reader was shown a page of a contract as it is today. Nothing else is written by reading, and a page stands without."""
    is_page = request.method == "GET" and answer.status_code == 200 and not getattr(request, "htmx", False)
    if not is_page or not code or "as_of" in request.GET or request.COOKIES.get(VISITED) == code:
        return
    try:
        note_visit(by=reader_of(request), contract_code=code, now=timezone.now())
    except DatabaseError:
        log.warning("The visit to %s could not be noted.", code, exc_info=True)
        return
    seconds = int(NOTED_EVERY.total_seconds())
    answer.set_cookie(VISITED, code, max_age=seconds, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax")


def _ensure_storable(request: HttpRequest, kwargs: dict[str, Any]) -> None:
    """Refuse a NUL in the address: no text of the database can hold it, so that nothing can be meant by it."""
    if any("\x00" in str(value) for value in kwargs.values()):
        raise NotFound("There is no such page.")
    if any("\x00" in text for name, values in request.GET.lists() for text in (name, *values)):
        raise DomainError("The address holds a character that no text can have.", code="nul")


def shown_again(request: HttpRequest, address: str, refused: object) -> HttpResponse:
    """The page of this site from which a form was sent elsewhere, with status 422: it finds what was `refused` on the request."""
    path, _mark, query = address.partition("?")
    place, again = resolve(path), copy(request)
    again.path, again.path_info, again.method, again.resolver_match = path, path, "GET", place
    again.META = request.META | {"QUERY_STRING": query, "PATH_INFO": path, "REQUEST_METHOD": "GET"}
    again.GET = QueryDict(query)
    again.refused = refused  # type: ignore[attr-defined]
    answer: HttpResponse = place.func(again, *place.args, **place.kwargs)
    if answer.status_code == 200:
        answer.status_code = 422
    return answer


def form_is_stale(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The answer to a form whose token no longer holds; Django's reason is for its log, not for people."""
    return render(request, "stale_form.html", {"plain": True}, status=403)


def reader_of(request: HttpRequest) -> User:
    """The person who asks; `page` has seen to it that there is one."""
    assert isinstance(request.user, User)
    return request.user


def as_of_from(request: HttpRequest) -> date:
    """The day the page is asked for: `?as_of=2025-06-30` or `30.06.2025`, else today. DomainError when it is no day or not yet one."""
    today = timezone.localdate()
    text = request.GET.get("as_of", "").strip()
    if not text:
        return today
    day = parse_day(text)
    if day.year < EARLIEST_YEAR:
        raise DomainError("Nothing is known of days before {year}.", code="as_of_early", year=EARLIEST_YEAR)
    if day > today:
        raise DomainError("{text} lies in the future: nothing is known of it yet.", code="as_of_future", text=text)
    return day


def ensure_today(request: HttpRequest) -> date:
    """Today; DomainError on a page that writes but is asked for a past day, because the past is read-only."""
    today = timezone.localdate()
    if as_of_from(request) != today:
        raise Forbidden("A past day can only be read. Go back to today to enter something.", code="as_of_read_only")
    return today
