"""Keys for programs: issued with an expiry, shown once, stored hashed, revoked by deletion."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from cluster.domain.errors import DomainError, NotFound
from cluster.models import ApiToken, User

LONGEST_DAYS = 366
# Lets a leaked key be recognised for what it is.
PREFIX = "ict_"


@transaction.atomic
def issue_token(*, user: User, name: str, days: int, may_write: bool, now: datetime) -> tuple[ApiToken, str]:
    """A new token of `user` that expires `days` after `now`, and its secret: nobody can see the secret again.

    Raises DomainError for an empty name, a term outside 1 to 366 days, or a person who may not log in.
    """
    name = name.strip()
    if not name or len(name) > 100:
        raise DomainError("Give the token a name of 1 to 100 characters.", field="name", code="name")
    if not 1 <= days <= LONGEST_DAYS:
        raise DomainError("A token lives for 1 to {longest} days.", field="days", code="days", longest=LONGEST_DAYS)
    if not user.is_active:
        raise DomainError("This person may not log in.", field="user", code="inactive")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user, name=name, digest=ApiToken.hash(secret), may_write=may_write, expires_at=now + timedelta(days=days)
    )
    return token, secret


@transaction.atomic
def revoke_token(*, token_id: int, by: User | None) -> None:
    """Delete a token, so that its secret opens nothing from now on. `by` is None for the operator at the terminal.

    Raises NotFound when there is no such token, or not for this person.
    """
    tokens = ApiToken.objects.all() if by is None else ApiToken.objects.for_reader(by)
    if not tokens.filter(pk=token_id).delete()[0]:
        raise NotFound("There is no such token.")
