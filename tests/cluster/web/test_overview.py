"""The cluster page on the public record: its figures in both languages, a past day, statements."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from cluster.domain.access import Role
from cluster.models import Contract, User, Visit
from cluster.services import public_record
from cluster.services.conversions import convert_all
from cluster.services.digests import preview
from production.services import public_record as production_record
from tests.cluster.web.reading import questions, words
from tests.factories import make_contract, make_user

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.web.door.timezone.localdate", lambda *_: TODAY)


@pytest.fixture(scope="module")
def record(django_db_setup: None, django_db_blocker: Any) -> Iterator[Contract]:
    """The public record with its dollars, loaded once for the file and rolled back after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        public_record.load()
        production_record.load()
        convert_all(now=timezone.now(), progress=lambda *_: None)
        yield Contract.objects.get(code="avtotor")
        transaction.set_rollback(True)


@pytest.fixture
def reader(client: Client) -> Client:
    """An auditor of everything, reading English."""
    client.force_login(make_user(Role.AUDITOR))
    client.cookies["django_language"] = "en"
    return client


def test_it_says_how_many_factories_opened_of_how_many(reader: Client, record: Contract) -> None:
    page = words(reader.get(f"/c/{record.code}/"))
    assert "7 of 12 factories opened" in page
    assert "2 not publicly named" in page


def test_it_says_what_was_committed_in_both_currencies_with_rate_date_and_basis(reader: Client, record: Contract) -> None:
    page = words(reader.get(f"/c/{record.code}/"))
    assert "Committed more than ₽70bn ≈ $749.1m contract basis: 93.4419 ₽ of Apr 13, 2024" in page
    assert "$757m in the source itself" in page
    assert "Not allocated ₽57.13bn" in page
    assert "Paid nothing recorded" in page


@pytest.mark.parametrize("late", ["+761 days", "+395 days", "+305 days"])
def test_the_missed_promises_stand_with_their_days(reader: Client, record: Contract, late: str) -> None:
    assert late in words(reader.get(f"/c/{record.code}/"))


def test_every_money_claim_answers_where_from_with_its_rivals(reader: Client, record: Contract) -> None:
    page = words(reader.get(f"/c/{record.code}/"))
    invested = page[page.index("Invested ₽28.5bn") :]
    assert re.search(r"Where from\?.*Confidence high.*Other sources say.*₽28bn.*about ₽30bn", invested)


def test_each_where_from_says_whose_it_is(reader: Client, record: Contract) -> None:
    asked = questions(reader.get(f"/c/{record.code}/"))
    assert "Where from? Invested sources disagree" in asked
    assert len(asked) == len(set(asked)) > 5


def test_each_where_from_of_a_factory_says_whose_it_is(reader: Client, record: Contract) -> None:
    asked = questions(reader.get(f"/c/{record.code}/factories/F01/"))
    assert len(asked) == len(set(asked)) > 5


def test_it_shows_the_panel_of_production(reader: Client, record: Contract) -> None:
    assert "Output fell below the plan in force in 2023, 2024." in words(reader.get(f"/c/{record.code}/"))


def test_in_russian_every_number_and_date_is_russian(client: Client, record: Contract) -> None:
    client.force_login(make_user(Role.AUDITOR))
    client.cookies["django_language"] = "ru"
    page = words(client.get(f"/c/{record.code}/"))
    assert "более 70 млрд ₽ ≈ 749,1 млн $" in page
    assert "+761 день" in page
    assert "30 января 2026 г." in page
    assert ".." not in page
    assert not re.search(r"\b(January|February|August)\b|₽\d|\d bn", page)


def test_a_past_day_shows_what_was_known_then_says_so_and_keeps_its_links_there(reader: Client, record: Contract) -> None:
    response = reader.get(f"/c/{record.code}/?as_of=2025-06-30")
    page = words(response)
    assert "As of June 30, 2025" in page
    assert "1 of 12 factories opened" in page
    assert "more than ₽70bn" in page
    assert "28.5bn" not in page
    assert "/c/avtotor/delays/?as_of=2025-06-30" in response.content.decode()


def test_an_old_rate_is_said_above_everything(reader: Client, record: Contract) -> None:
    assert "The dollar rate is old: the newest one known is of May 5, 2026" in words(reader.get(f"/c/{record.code}/"))


def test_the_number_of_statements_does_not_grow_with_the_contract(
    reader: Client, record: Contract, django_assert_max_num_queries: Any
) -> None:
    Visit.objects.create(user=User.objects.latest("pk"), contract=record, seen_at=timezone.now() - timedelta(days=3))
    # 25 of the page, five of them for why the worst are late, two for what changed; session, user, memberships and the note of the visit
    with django_assert_max_num_queries(29):
        reader.get(f"/c/{record.code}/")


def test_a_manager_is_not_told_that_hidden_figures_were_not_published(client: Client, record: Contract) -> None:
    manager = make_user(Role.MANAGER, factory=record.factories.order_by("code").first())
    client.force_login(manager)
    client.cookies["django_language"] = "en"
    page = words(client.get(f"/c/{record.code}/"))
    assert "Committed not shown to your role" in page
    assert "Invested not shown to your role" in page
    assert "Only the factories of your role are shown." in page
    assert "Committed not published" not in page
    assert "/ ?" not in page
    production = words(client.get(f"/production/c/{record.code}/"))
    assert "Capacity not shown to your role" in production
    assert "not published" not in production
    letter = preview(user=User.objects.get(pk=manager.pk), now=datetime(2026, 11, 23, 6, 5, tzinfo=UTC), language="en")
    assert "Committed: not shown to your role" in letter.text
    assert "not published" not in letter.text
    assert "not published" not in letter.html


def test_a_role_over_the_contract_is_told_what_was_not_published(client: Client) -> None:
    contract = make_contract()
    client.force_login(make_user(Role.CONTROLLER, contract=contract))
    client.cookies["django_language"] = "en"
    page = words(client.get(f"/c/{contract.code}/"))
    assert "Committed not published" in page
    assert "your role" not in page


def test_the_link_to_the_delays_counts_nothing_itself(reader: Client, record: Contract) -> None:
    page = words(reader.get(f"/c/{record.code}/"))
    assert "Worst delays All delays" in page
