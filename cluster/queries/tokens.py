"""Tokens: whose one is, and which there are."""

from datetime import datetime

from django.db.models import QuerySet

from cluster.models import ApiToken


def token_for(secret: str, *, now: datetime) -> ApiToken | None:
    """The token of this secret with its person, unless it has expired or the person may not log in: one statement."""
    return ApiToken.objects.select_related("user").filter(digest=ApiToken.hash(secret), expires_at__gt=now, user__is_active=True).first()


def tokens_of(username: str | None = None) -> QuerySet[ApiToken]:
    """All tokens, or those of one person, for the operator at the terminal."""
    tokens = ApiToken.objects.select_related("user")
    return tokens if username is None else tokens.filter(user__username=username)
