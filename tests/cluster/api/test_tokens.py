"""Tokens at the door: whose they are, how long they live, and what they may do."""

from datetime import timedelta

from django.utils import timezone
from rest_framework.test import APIClient

from cluster.domain.access import Role
from cluster.models import ApiToken
from cluster.services.tokens import issue_token, revoke_token
from tests.cluster.api.world import BASE, World


def ask(secret: str, scheme: str = "Bearer") -> int:
    """The status of a read with this secret."""
    return APIClient(HTTP_AUTHORIZATION=f"{scheme} {secret}").get(f"{BASE}claims/").status_code


def test_a_token_acts_for_its_person_until_it_expires(world: World) -> None:
    token, secret = issue_token(user=world.user(Role.EDITOR), name="BI", days=1, may_write=False, now=timezone.now())
    assert ask(secret) == ask(secret, "bearer") == 200
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert ask(secret) == 401


def test_a_revoked_token_opens_nothing(world: World) -> None:
    token, secret = issue_token(user=world.user(Role.EDITOR), name="BI", days=1, may_write=False, now=timezone.now())
    revoke_token(token_id=token.pk, by=None)
    assert ask(secret) == 401


def test_the_token_of_a_closed_account_opens_nothing(world: World) -> None:
    user = world.user(Role.EDITOR)
    _token, secret = issue_token(user=user, name="BI", days=1, may_write=False, now=timezone.now())
    user.is_active = False
    user.save()
    assert ask(secret) == 401


def test_what_is_no_token_opens_nothing(world: World) -> None:
    token, secret = issue_token(user=world.user(Role.EDITOR), name="BI", days=1, may_write=False, now=timezone.now())
    for wrong in ("", " ", secret[:-1], secret + "x", secret.upper(), token.digest, "\u00e9", f"{secret} {secret}"):
        assert ask(wrong) == 401, wrong
    assert ask(secret, "Basic") == ask(secret, "Token") == 401
