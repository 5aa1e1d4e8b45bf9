"""Middleware: tells the history who changes rows, through which request."""

import uuid
from typing import Any

from django.http import HttpRequest
from pghistory.middleware import HistoryMiddleware


class HistoryContextMiddleware(HistoryMiddleware):
    """Adds a request id to the user and address that pghistory keeps with every change of a request."""

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().get_context(request), "request": uuid.uuid4().hex}
