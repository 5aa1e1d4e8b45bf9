"""Addresses for machines: is the process alive, is it ready."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from cluster.queries.health import readiness


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; it says nothing about the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when requests may be sent here, else 503, with each check by name."""
    checks = readiness(now=timezone.now())
    ready = all(check.ok for check in checks if check.critical)
    body = {check.name: {"ok": check.ok, "detail": check.detail} for check in checks}
    return JsonResponse(body, status=200 if ready else 503)
