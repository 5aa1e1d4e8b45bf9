"""Noting visits: a new one begins after a pause, at most one note in a minute, and what the next visit then compares with."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cluster.domain.access import Role
from cluster.models import Contract, User, Visit
from cluster.queries.changes import last_visit
from cluster.services.visits import note_visit
from tests.factories import make_contract, make_user

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@pytest.fixture
def contract() -> Contract:
    return make_contract(code="alpha")


@pytest.fixture
def reader(contract: Contract) -> User:
    return make_user(Role.AUDITOR)


def look(reader: User, minutes: float) -> tuple[float, float | None]:
    """A page that many minutes after the start; when the person was seen, and seen before, in minutes after the start."""
    note_visit(by=reader, contract_code="alpha", now=START + timedelta(minutes=minutes))
    visit = Visit.objects.get()
    before = (visit.before_at - START) / timedelta(minutes=1) if visit.before_at else None
    return (visit.seen_at - START) / timedelta(minutes=1), before


def test_a_visit_begins_anew_after_half_an_hour_without_a_page(reader: User) -> None:
    assert [look(reader, minutes) for minutes in (0, 20, 50, 81, 100)] == [(0, None), (20, None), (50, None), (81, 50), (100, 50)]


def test_within_a_minute_nothing_is_written(reader: User) -> None:
    look(reader, 0)
    assert look(reader, 0.9) == (0, None)
    assert look(reader, 1) == (1, None)


def test_the_visit_before_ends_with_its_last_page(reader: User, contract: Contract) -> None:
    def ended(minutes: float) -> datetime | None:
        return last_visit(reader, contract, now=START + timedelta(minutes=minutes))

    assert ended(0) is None
    look(reader, 0)
    assert ended(10) is None
    assert ended(31) == START  # the visit that begins with this page
    look(reader, 31)
    assert ended(45) == START


def test_visits_are_kept_by_person_and_contract_in_one_statement(reader: User, django_assert_num_queries: Any) -> None:
    make_contract(code="beta")
    with django_assert_num_queries(1):
        note_visit(by=reader, contract_code="alpha", now=START)
    note_visit(by=reader, contract_code="beta", now=START)
    note_visit(by=make_user(Role.EDITOR), contract_code="alpha", now=START)
    note_visit(by=reader, contract_code="nowhere", now=START)
    assert Visit.objects.count() == 3
    assert Visit.objects.for_reader(reader).count() == 2
