"""The series of rates: steps, gaps, what waits and by what it is judged, corrections."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cluster.domain.access import Role
from cluster.domain.calendars import Gap
from cluster.models import User
from cluster.queries.rates import (
    accepted_between,
    corrections_of,
    missing_rates,
    neighbours,
    quarantined,
    series,
    steps,
    superseded,
    waiting_among,
    waiting_count,
)
from tests.factories import make_rate, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
D12, D13, D16, D17 = (date(2024, 4, day) for day in (12, 13, 16, 17))


@pytest.fixture
def reader() -> User:
    return make_user(Role.AUDITOR)


def test_each_rate_tells_its_change_from_the_one_before_also_the_oldest_of_a_page(reader: User) -> None:
    make_rate(D12, "100")
    make_rate(D13, "105")
    make_rate(D16, "1050", nominal=10)
    found = steps(list(accepted_between(reader, "USD", D13, D16)))
    assert [(step.row.date, step.percent) for step in found] == [(D16, Decimal(0)), (D13, Decimal(5))]
    assert steps(list(accepted_between(reader, "USD", D12, D12)))[0].percent is None


def test_the_series_begins_with_the_rate_in_force_on_its_first_day() -> None:
    make_rate(D12, "92")
    make_rate(D13, "93")
    make_rate(D16, "94")
    make_rate(D16, "99", currency="EUR")
    assert [rate.date for rate in series("USD", date(2024, 4, 15), D17)] == [D13, D16]


def test_gaps_are_the_working_calendars_days_without_an_accepted_rate() -> None:
    make_rate(D13, "93")
    make_rate(D16, "120", status="quarantined")
    assert missing_rates("USD", D12, D17) == [Gap(D12, D12, 1), Gap(D16, D17, 2)]


def test_a_waiting_rate_stands_beside_what_it_jumps_from_and_what_it_contradicts(reader: User) -> None:
    make_rate(D12, "100")
    make_rate(D13, "101")
    make_rate(D13, "111", revision=2, status="quarantined")
    make_rate(D16, "90.9", status="quarantined")
    first, second = waiting_among(quarantined(reader, "USD"))
    assert first.before is not None
    assert (first.before.date, first.percent) == (D12, Decimal(11))
    assert first.contradicts is not None
    assert (second.percent, second.contradicts) == (Decimal(-10), None)
    assert (waiting_count(reader), waiting_count(make_user())) == (2, 0)


def test_a_correction_tells_the_old_rate_and_the_one_that_took_its_place(reader: User) -> None:
    for revision, (value, status) in enumerate(
        [("93", "superseded"), ("120", "rejected"), ("94", "superseded"), ("95", "accepted")], start=1
    ):
        make_rate(D13, value, revision=revision, status=status)
    found = corrections_of(reader, list(superseded(reader, "USD", D12, D17, limit=10)))
    assert [(each.old.revision, each.new.revision) for each in found] == [(3, 4), (1, 3)]


def test_the_neighbours_of_a_day_are_the_accepted_rates_around_it() -> None:
    for on, value in ((D12, "92"), (D13, "93"), (D16, "94")):
        make_rate(on, value)
    assert [row.date if row else None for row in neighbours("USD", D13)] == [D12, D13, D16]
    assert neighbours("EUR", D13) == (None, None, None)


def test_the_statements_do_not_grow_with_the_rates(reader: User, django_assert_num_queries: Any) -> None:
    for day in range(1, 9):
        make_rate(date(2024, 4, day), "93", status="quarantined")
        make_rate(date(2024, 3, day), "93")
    assert reader.scope.sees_everything
    with django_assert_num_queries(2):
        waiting_among(quarantined(reader, "USD"))
    with django_assert_num_queries(1):
        missing_rates("USD", date(1992, 7, 1), D17)
    with django_assert_num_queries(1):
        series("USD", D12, date(2024, 6, 1))
