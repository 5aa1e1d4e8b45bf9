"""Issuing and revoking tokens."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cluster.domain.errors import DomainError, NotFound
from cluster.models import ApiToken
from cluster.services.tokens import issue_token, revoke_token
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_only_the_hash_of_a_secret_is_stored() -> None:
    now = timezone.now()
    token, secret = issue_token(user=make_user(), name=" BI ", days=30, may_write=True, now=now)
    row = ApiToken.objects.values().get(pk=token.pk)
    assert secret not in str(row)
    assert row["digest"] == ApiToken.hash(secret)
    assert (row["name"], row["may_write"], row["expires_at"]) == ("BI", True, now + timedelta(days=30))


def test_no_two_secrets_are_alike() -> None:
    user = make_user()
    secrets = {issue_token(user=user, name="BI", days=1, may_write=False, now=timezone.now())[1] for _ in range(20)}
    assert len(secrets) == 20
    assert min(map(len, secrets)) >= 43


@pytest.mark.parametrize(("fields", "named"), [({"name": " "}, "name"), ({"days": 0}, "days"), ({"days": 367}, "days")])
def test_a_token_needs_a_name_and_a_term(fields: dict[str, object], named: str) -> None:
    with pytest.raises(DomainError) as caught:
        issue_token(**{"user": make_user(), "name": "BI", "days": 1, "may_write": False, "now": timezone.now()} | fields)  # type: ignore[arg-type]
    assert caught.value.field == named
    assert not ApiToken.objects.exists()


def test_a_closed_account_gets_no_token() -> None:
    with pytest.raises(DomainError):
        issue_token(user=make_user(is_active=False), name="BI", days=1, may_write=False, now=timezone.now())


def test_people_revoke_their_own_tokens_only() -> None:
    owner, other = make_user(), make_user()
    token, _secret = issue_token(user=owner, name="BI", days=1, may_write=False, now=timezone.now())
    with pytest.raises(NotFound):
        revoke_token(token_id=token.pk, by=other)
    revoke_token(token_id=token.pk, by=owner)
    assert not ApiToken.objects.exists()
