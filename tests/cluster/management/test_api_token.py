"""`manage.py api_token`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from cluster.models import ApiToken
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[str, str]:
    """What the command prints."""
    out, err = StringIO(), StringIO()
    call_command("api_token", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_create_prints_the_secret_alone_and_list_never_shows_it() -> None:
    user = make_user()
    out, _err = run("create", user.username, "--name", "BI", "--days", "5", "--write")
    secret = out.strip()
    token = ApiToken.objects.get(digest=ApiToken.hash(secret))
    assert (token.user, token.may_write) == (user, True)
    listed, _err = run("list", user.username)
    assert listed.split("\t")[:3] == [str(token.pk), user.username, "write"]
    assert secret not in listed


def test_revoke_deletes_the_token() -> None:
    out, _err = run("create", make_user().username, "--name", "BI")
    run("revoke", str(ApiToken.objects.get(digest=ApiToken.hash(out.strip())).pk))
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    "arguments", [("create", "nobody", "--name", "BI"), ("create", "someone", "--name", "BI", "--days", "0"), ("revoke", "1")]
)
def test_what_cannot_be_done_is_a_sentence_and_status_2(arguments: tuple[str, ...]) -> None:
    make_user(username="someone")
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    assert caught.value.returncode == 2


def test_it_speaks_english_whatever_language_is_active() -> None:
    with translation.override("ru"):
        _out, err = run("create", make_user(username="robot").username, "--name", "BI")
        assert "of robot until" in err
        assert "it is not shown again" in err
        with pytest.raises(CommandError, match="There is no user “nobody”"):
            run("create", "nobody", "--name", "BI")
        with pytest.raises(CommandError) as caught:
            run("create", "robot", "--name", "BI", "--days", "0")
        assert str(caught.value).isascii()
