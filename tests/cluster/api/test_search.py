"""The search for programs."""

import pytest
from django.core.management import call_command

from cluster.domain.access import Role
from cluster.services.access import ensure_roles
from tests.cluster.api.test_reference import bare, examples
from tests.cluster.api.world import BASE, token_client
from tests.factories import make_factory, make_user

pytestmark = pytest.mark.django_db


def test_the_example_is_what_the_public_record_gives() -> None:
    ensure_roles()
    call_command("load_public_record", verbosity=0)
    given = token_client(make_user(Role.AUDITOR)).get(f"{BASE}search/?q=F01").json()
    assert bare(given) == bare(examples()["FoundSerializer"])


def test_it_finds_in_the_scope_of_the_token_and_refuses_what_it_does_not_know() -> None:
    mine, other = make_factory(code="F77", name_en="Casting plant"), make_factory(code="F78", name_en="Casting yard")
    client = token_client(make_user(Role.MANAGER, factory=mine))
    assert [hit["code"] for hit in client.get(f"{BASE}search/?q=castnig").json()["results"]] == ["F77"]
    assert client.get(f"{BASE}search/?q={other.code}").json()["results"] == []
    assert client.get(f"{BASE}search/?q=a%00").status_code == 400
    assert client.get(f"{BASE}search/?query=a").status_code == 400
