"""Choosing among many contracts: the header shows a few, the page finds the others."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cluster.domain.access import Role
from cluster.models import Contract
from tests.factories import make_contract, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(make_user(Role.AUDITOR))
    return client


def _many(count: int) -> list[Contract]:
    return [make_contract(code=f"many-{n:03}", name_ru=f"Договор № {n:03}", name_en=f"Contract No. {n:03}") for n in range(count)]


def _switcher(client: Client, code: str) -> str:
    page = client.get(f"/c/{code}/").content.decode()
    return page[page.index('class="menu left"') : page.index('class="tools"')]


def test_the_header_of_a_page_shows_a_few_contracts_with_its_own_and_leads_to_all(reader: Client) -> None:
    _many(30)
    menu = _switcher(reader, "many-025")
    assert menu.count("/c/many-") == 8
    assert "/c/many-025/" in menu
    assert "/contracts/" in menu


def test_the_header_names_all_contracts_where_they_are_few(reader: Client) -> None:
    _many(3)
    menu = _switcher(reader, "many-002")
    assert menu.count("/c/many-") == 3
    assert "/contracts/" not in menu


def test_a_contract_is_found_by_its_code_or_by_its_name_in_either_language(reader: Client) -> None:
    _many(60)
    for text in ("many-042", "Договор № 042", "contract no. 042"):
        found = reader.get("/contracts/", {"q": text}).context["found"]
        assert [contract.code for contract in found] == ["many-042"]
    reader.cookies["django_language"] = "en"
    assert "No contract is called that" in reader.get("/contracts/", {"q": "nowhere"}).content.decode()


def test_the_list_has_pages(reader: Client) -> None:
    _many(60)
    assert len(reader.get("/contracts/").context["found"]) == 50
    assert len(reader.get("/contracts/", {"page": "2"}).context["found"]) == 10


def test_a_contract_that_the_reader_may_not_see_is_not_listed(client: Client) -> None:
    mine, *_others = _many(20)
    client.force_login(make_user(Role.CONTROLLER, contract=mine))
    assert [contract.code for contract in client.get("/contracts/").context["found"]] == [mine.code]


def test_many_contracts_cost_no_more_statements_than_one(reader: Client) -> None:
    def statements(code: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert reader.get(f"/c/{code}/").status_code == 200
        return len(captured)

    make_contract(code="first")
    statements("first")
    alone = statements("first")
    _many(30)
    statements("many-029")  # notes the visit
    assert statements("many-029") == alone
