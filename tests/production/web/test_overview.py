"""The production page: the public record in both languages, readers, past days, statements."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import Contract
from cluster.services import public_record
from production.models import Output, PlanRevision
from production.services import public_record as production_record
from tests.cluster.web.reading import questions, words
from tests.factories import make_contract, make_source, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def address(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The page of the public record, which is loaded once for the file and rolled back after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        public_record.load()
        production_record.load()
        yield f"/production/c/{Contract.objects.get(code='avtotor').code}/"
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.web.door.timezone.localdate", lambda *_: date(2026, 11, 23))


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(make_user(Role.AUDITOR))
    client.cookies["django_language"] = "en"
    return client


def test_output_plans_capacity_and_use_stand_on_top(reader: Client, address: str) -> None:
    page = words(reader.get(address))
    assert "Output 2025 more than 33,400 +9.9% on the year before" in page
    assert "Newest plan, for 2024 70,000 built: 43% of its low bound first plan: 100,000–130,000, built 30% of its low bound" in page
    assert "Capacity 300,000–350,000 vehicles a year" in page
    assert "Capacity used in 2025 9.5–11.1%" in page


def test_the_plan_of_a_year_is_told_with_every_revision(reader: Client, address: str) -> None:
    page = words(reader.get(address))
    revisions = page[page.index("How the plans were revised") : page.index("Claims about capacity")]
    assert revisions.index("100,000–130,000") < revisions.index("80,000–100,000") < revisions.index("about 70,000 in force")
    assert "4 other claims" in revisions


def test_figures_that_disagree_are_told_with_their_sources(reader: Client, address: str) -> None:
    page = words(reader.get(address))
    assert "Other sources say 213,000 :" in page
    assert "Kia 119,000" in page


def test_each_where_from_says_whose_it_is(reader: Client, address: str) -> None:
    asked = questions(reader.get(address))
    assert "Where from? Output 2024 sources disagree" in asked
    assert "Where from? Other plans for 2024 4 other claims" in asked
    assert sorted(set(asked)) == sorted(asked)


def test_brands_stand_with_models_and_shares_and_nothing_is_invented(reader: Client, address: str) -> None:
    page = words(reader.get(address))
    brands = page[page.index("Brands and models") :]
    assert "31% 2024" in brands
    assert "BJ40, U5 Plus, X35, X55, X7" in brands
    assert "not published" in brands
    assert "Nothing was published or recorded about what the component factories have made so far." in brands


def test_in_russian_every_number_is_russian(client: Client, address: str) -> None:
    client.force_login(make_user(Role.AUDITOR))
    client.cookies["django_language"] = "ru"
    page = words(client.get(address))
    assert "более 33 400" in page
    assert "9,5–11,1 %" in page
    assert "33,400" not in page


def test_a_past_day_knows_no_later_plan_and_no_later_output(reader: Client, address: str) -> None:
    page = words(reader.get(f"{address}?as_of=2024-04-14"))
    assert "As of April 14, 2024" in page
    assert "30,400" not in page
    assert "80,000–100,000" not in page


def test_an_outsider_gets_not_found_and_a_stranger_the_login(client: Client, address: str) -> None:
    assert client.get(address).status_code == 302
    client.force_login(make_user(Role.EDITOR, contract=make_contract()))
    assert client.get(address).status_code == 404


def test_an_empty_contract_says_so(reader: Client) -> None:
    page = words(reader.get(f"/production/c/{make_contract().code}/"))
    assert "No plan and no output is entered yet" in page
    assert "Capacity used not defined" in page


def test_months_of_a_year_are_told_as_such_and_compared_with_no_year(reader: Client) -> None:
    contract, source = make_contract(), make_source()
    today = DateWindow.parse("2026-04-02")
    for year, month, quantity in [(2025, None, 40000), (2026, 1, 1000), (2026, 2, 1500)]:
        Output.objects.create(
            contract=contract, source=source, year=year, month=month, quantity=quantity, in_use=True, announced_earliest=today.earliest,
            announced_latest=today.latest, announced_precision=today.precision,
        )  # fmt: skip
    PlanRevision.objects.create(contract=contract, source=source, year=2026, low=50000, in_use=True)
    page = words(reader.get(f"/production/c/{contract.code}/"))
    assert "Output 2026 2,500 so far, 2 of 12 months" in page
    assert "In 2026 so far, 2 of 12 months: 2,500 vehicles were built." in page
    assert "on the year before" not in page
    assert "of its low bound" not in page
    assert "built 2,500" not in page


def test_the_number_of_statements_is_bounded(reader: Client, address: str, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(14):  # 11 of the page; session, user and memberships
        reader.get(address)
