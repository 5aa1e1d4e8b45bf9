"""Letters to me: the own subscription, the letter as it would be now, and one on request."""

from functools import partial
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_replace
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cluster.domain.errors import DomainError
from cluster.models import Subscription
from cluster.models.form_fields import message_of
from cluster.services.digests import preview
from cluster.services.subscriptions import Choice, choose, resume, send_sample, usual_choice
from cluster.web.door import page, reader_of
from cluster.web.editing import Editing, adding, changing
from cluster.web.filters import chosen
from cluster.web.forms.mail import FIELDS, SubscriptionForm, values_of
from cluster.web.sealed import sealed


@csp_replace({"frame-src": [SELF]})
@page
def my_mail(request: HttpRequest) -> HttpResponse:
    """The form of the own subscription, whether letters are suspended, and a frame with the letter as it would be now."""
    reader = reader_of(request)
    subscription = Subscription.objects.for_reader(reader).filter(user=reader).first()
    make = partial(SubscriptionForm, reader=reader)
    editing = Editing(make, FIELDS, {"subscription": subscription}, template="cluster/mail/my_mail.html")

    def save(values: dict[str, Any], version: int, _reason: str) -> Subscription:
        sets = {name: frozenset(values[name]) for name in ("factories", "kinds")}
        return choose(Choice(**values | sets), by=reader, version=version or None)

    def done(_saved: Subscription) -> str:
        messages.success(request, _("Saved."))
        return reverse("cluster:my_mail")

    if subscription is None:
        return adding(request, editing, save, done, values_of(usual_choice(reader)))
    return changing(request, subscription, editing, save, done)


@page
@require_POST
def send_now(request: HttpRequest) -> HttpResponse:
    """One letter on request, at most one in a minute."""
    reader = reader_of(request)
    try:
        _letter, is_new = send_sample(by=reader, now=timezone.now())
    except DomainError as error:
        messages.error(request, message_of(error))
    else:
        said = _("A letter is on its way to %(address)s.") if is_new else _("One was sent less than a minute ago to %(address)s.")
        messages.success(request, said % {"address": reader.email})
    return redirect("cluster:my_mail")


@page
@require_POST
def resume_letters(request: HttpRequest) -> HttpResponse:
    """Send again what was suspended."""
    resume(by=reader_of(request))
    messages.success(request, _("Letters go out again."))
    return redirect("cluster:my_mail")


@page
@require_safe
def letter(request: HttpRequest) -> HttpResponse:
    """The HTML of the letter alone, as a mail program shows it: no script runs in it, its links open beside it. `?as=text`: its text."""
    composed = preview(user=reader_of(request), now=timezone.now())
    if chosen(request, "as", ["text"]):
        return HttpResponse(f"{composed.subject}\n\n{composed.text}", "text/plain; charset=utf-8")
    html = composed.html.replace("<head>", '<head><base target="_blank">', 1)
    return sealed(html, composed.chart, sandbox="sandbox allow-popups allow-popups-to-escape-sandbox")
