"""What every page's template knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """The languages to choose from."""
    return {"LANGUAGES": settings.LANGUAGES}
