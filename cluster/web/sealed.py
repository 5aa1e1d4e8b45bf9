"""A letter alone, for a frame: as a mail program shows it, with nothing that runs or is fetched from anywhere."""

from base64 import b64encode

from django.http import HttpResponse

from cluster.gateways.mail import CHART_CID

_SEALED = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


def sealed(html: str, chart: bytes | memoryview | None, *, sandbox: str = "sandbox") -> HttpResponse:
    """The HTML of a letter with its chart inside, under a policy that lets it do nothing but what `sandbox` allows."""
    if chart:
        html = html.replace(f"cid:{CHART_CID}", f"data:image/png;base64,{b64encode(chart).decode()}")
    return HttpResponse(html, headers={"Content-Security-Policy": f"{sandbox}; {_SEALED}", "X-Frame-Options": "SAMEORIGIN"})
