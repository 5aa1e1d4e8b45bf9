"""Knock-on dates in the standing of milestones: computed for every contract, written only where they change."""

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from cluster.models import CalendarException, Dependency, Milestone, Standing
from cluster.queries.schedule import schedule_of
from cluster.services import schedule
from cluster.services.schedule import place_all
from tests.factories import make_factory, make_milestone, promise

pytestmark = pytest.mark.django_db

# Contracts with links, what waits for nothing any more; then links, exceptions, milestones and one update for a share of contracts.
STATEMENTS = 2 + 4


def place() -> dict[str, int]:
    return place_all(as_of=timezone.localdate(), progress=lambda _done, _total: None)


def pair(*, duration: int = 30, due: str = "2026-01-15") -> tuple[Milestone, Milestone]:
    """Two milestones of one factory, long overdue; the second one waits for the first one."""
    factory = make_factory()
    first, second = (make_milestone(factory, code=code, duration_days=duration) for code in ("A", "B"))
    Dependency.objects.create(predecessor=first, successor=second)
    for milestone in (first, second):
        promise(milestone, due, announced="2025-12-01")
    return first, second


def stored() -> dict[int, date | None]:
    return dict(Standing.objects.filter(knock_on__isnull=False).values_list("milestone_id", "knock_on"))


def test_what_is_stored_is_what_the_schedule_says() -> None:
    for _ in range(3):
        first, _second = pair()
    CalendarException.objects.create(
        contract=first.contract, factory=first.factory, day=timezone.localdate(), works=True, reason="Overtime"
    )
    figures = place()
    expected: dict[int, date] = {}
    for milestone in Milestone.objects.filter(code="A"):
        expected |= schedule_of(milestone.contract, as_of=timezone.localdate()).schedule.knock_on()
    assert stored() == expected
    assert len(expected) == 3
    assert figures == {"pushed": 3, "moved": 3, "not_placed": 0}


def test_a_second_time_nothing_is_written(django_assert_num_queries: Any) -> None:
    pair()
    place()
    with django_assert_num_queries(STATEMENTS - 1):
        assert place() == {"pushed": 1, "moved": 0, "not_placed": 0}


def test_the_statements_grow_with_shares_of_contracts_and_not_with_milestones(
    django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        pair()
    with django_assert_num_queries(STATEMENTS):
        place()
    Standing.objects.update(knock_on=None)
    monkeypatch.setattr(schedule, "_AT_ONCE", 2)
    with django_assert_num_queries(2 + 3 * 4):
        assert place()["moved"] == 5


def test_a_milestone_that_is_pushed_no_more_loses_its_date() -> None:
    first, second = pair()
    place()
    assert set(stored()) == {second.pk}
    Milestone.objects.filter(pk=first.pk).update(duration_days=0)
    Milestone.objects.filter(pk=second.pk).update(duration_days=0)
    promise_far = timezone.localdate().replace(year=timezone.localdate().year + 2)
    Standing.objects.filter(pk=second.pk).update(due_latest=promise_far)
    assert place()["moved"] == 1
    assert stored() == {}


def test_a_milestone_whose_links_are_gone_loses_its_date() -> None:
    pair()
    place()
    Dependency.objects.all().delete()
    assert place()["moved"] == 1
    assert stored() == {}


def test_a_plan_that_cannot_be_placed_stays_as_it_was_and_does_not_keep_others_from_it() -> None:
    first, second = pair()
    place()
    before = stored()
    Milestone.objects.filter(pk=second.pk).update(duration_days=100_000)
    _other, good = pair()
    assert place() == {"pushed": 1, "moved": 1, "not_placed": 1}
    assert set(stored()) == {second.pk, good.pk}
    assert stored()[second.pk] == before[second.pk]
    Dependency.objects.create(predecessor=second, successor=first)
    assert place() == {"pushed": 1, "moved": 0, "not_placed": 1}
    assert stored()[second.pk] == before[second.pk]


def test_it_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    pair()
    pair()
    monkeypatch.setattr(schedule, "_AT_ONCE", 1)
    told: list[tuple[int, int]] = []
    place_all(as_of=timezone.localdate(), progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 2), (1, 2), (2, 2)]
