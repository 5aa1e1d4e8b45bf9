"""Middleware: tells the history who changes rows, through which request; refuses requests that nothing here needs to read; seals files."""

import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.translation import gettext
from pghistory.middleware import HistoryMiddleware

from cluster.domain.attachments import MEGABYTE


class HistoryContextMiddleware(HistoryMiddleware):
    """Adds a request id to the user and address that pghistory keeps with every change of a request."""

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().get_context(request), "request": uuid.uuid4().hex}


class OnlySentMiddleware:
    """Answers in words to who opens the address of a button, as after a login in between. Django's own answer is an empty page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if not isinstance(response, HttpResponseNotAllowed):
            return response
        sentence = gettext("Nothing is shown at this address: a button leads here. Go back and press it again.")
        refusal = render(request, "400.html", {"sentence": sentence, "code": 405, "plain": True}, status=405)
        refusal["Allow"] = response["Allow"]
        return refusal


class SizeLimitMiddleware:
    """Answers 413 to a form that is far larger than the largest file, before it is stored anywhere. The API has parsers for that."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if request.path.startswith("/api/") or not length.isdecimal() or int(length) <= settings.REQUEST_LARGEST:
            return self._get_response(request)
        sentence = gettext("This is too much at once: a file may have %(limit)d MB at most. Go back and choose a smaller one.")
        told = {"sentence": sentence % {"limit": settings.ATTACHMENT_LARGEST // MEGABYTE}, "code": 413, "plain": True}
        return render(request, "400.html", told, status=413)


class SealedFilesMiddleware:
    """Seals every answer that is to be saved: nothing in it runs, acts in the name of the site, or is kept by whoever passes it on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if response.get("Content-Disposition", "").startswith("attachment"):
            response.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response
