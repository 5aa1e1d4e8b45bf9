"""The link at the foot of each letter: one button that ends the letters, without a login (RFC 8058)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from cluster.domain.errors import NotFound
from cluster.models.form_fields import message_of
from cluster.services.subscriptions import set_active, subscription_of_token


@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks and changes nothing; POST ends the letters, or with `again` begins them anew. Whoever has the letter may do it:
    the signed address says whose they are, and needs no cookie that another site could borrow.
    """
    try:
        subscription = subscription_of_token(token)
    except NotFound as error:
        return render(request, "400.html", {"sentence": message_of(error), "code": 404, "plain": True}, status=404)
    if request.method == "POST":
        set_active(subscription, active="again" in request.POST)
    with translation.override(subscription.in_language):
        context = {"subscription": subscription, "done": request.method == "POST", "plain": True}
        return render(request, "cluster/mail/unsubscribe.html", context)
