"""Digest rules: when one is due, and what the changes of a period amount to."""

from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from cluster.domain.digest import Cadence, Event, Topic, headline, moment_of, newest_period, topics, worst_first

KALININGRAD = ZoneInfo("Europe/Kaliningrad")
BERLIN = ZoneInfo("Europe/Berlin")


def period(cadence: Cadence, now: str, *, weekday: int = 0, hour: int = 8, zone: ZoneInfo = KALININGRAD) -> date:
    return newest_period(cadence=cadence, weekday=weekday, hour=hour, zone=zone, now=datetime.fromisoformat(now))


def test_a_daily_digest_is_of_today_from_its_hour_on_and_of_yesterday_before() -> None:
    assert period(Cadence.DAILY, "2026-11-23T05:59:59+00:00") == date(2026, 11, 22)
    assert period(Cadence.DAILY, "2026-11-23T06:00:00+00:00") == date(2026, 11, 23)


def test_a_weekly_digest_is_of_the_chosen_weekday() -> None:
    assert period(Cadence.WEEKLY, "2026-11-23T06:00:00+00:00") == date(2026, 11, 23)  # a Monday
    assert period(Cadence.WEEKLY, "2026-11-23T05:00:00+00:00") == date(2026, 11, 16)
    assert period(Cadence.WEEKLY, "2026-11-23T06:00:00+00:00", weekday=4) == date(2026, 11, 20)


def test_a_monthly_digest_is_of_the_first_of_the_month() -> None:
    assert period(Cadence.MONTHLY, "2026-11-23T06:00:00+00:00") == date(2026, 11, 1)
    assert period(Cadence.MONTHLY, "2026-03-01T05:00:00+00:00") == date(2026, 2, 1)
    assert period(Cadence.MONTHLY, "2026-01-01T05:00:00+00:00") == date(2025, 12, 1)


def test_the_zone_of_the_reader_decides_which_day_it_is() -> None:
    assert period(Cadence.DAILY, "2026-11-22T23:30:00+00:00", zone=ZoneInfo("Asia/Kamchatka")) == date(2026, 11, 23)


@pytest.mark.parametrize("hour", range(24))
@pytest.mark.parametrize("first", [date(2026, 3, 27), date(2026, 10, 23)])
def test_in_the_weeks_in_which_clocks_change_each_day_has_exactly_one_digest(first: date, hour: int) -> None:
    start = moment_of(first, hour=hour, zone=BERLIN)
    minutes = (start + timedelta(minutes=15 * n) for n in range(4 * 24 * 5))
    seen = [newest_period(cadence=Cadence.DAILY, weekday=0, hour=hour, zone=BERLIN, now=now) for now in minutes]
    changes = [seen[0], *(after for before, after in pairwise(seen) if before != after)]
    assert changes[:5] == [first + timedelta(days=n) for n in range(5)]
    assert changes == sorted(changes)


def test_an_hour_that_the_clock_skips_counts_as_the_one_after() -> None:
    assert moment_of(date(2026, 3, 29), hour=2, zone=BERLIN) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def said(
    *events: tuple[int, str, str],
    late_before: AbstractSet[int] = frozenset(),
    late_now: AbstractSet[int] = frozenset(),
    **more: set[int],
) -> dict[int, Topic]:
    return topics(
        [Event(*event) for event in events],
        late_before=late_before,
        late_now=late_now,
        reached=more.get("reached", set()),
        moved=more.get("moved", set()),
    )


def test_each_milestone_is_told_once_under_what_its_changes_come_to() -> None:
    assert said((1, "overdue", "opened"), (1, "overdue", "worse")) == {1: Topic.NEWLY_LATE}
    assert said((1, "overdue", "opened"), late_before={1}) == {1: Topic.WORSE}
    assert said((1, "overdue", "opened"), (1, "overdue", "closed")) == {1: Topic.CLOSED}
    assert said((1, "forecast_late", "closed"), late_before={1}, late_now={1}) == {1: Topic.BETTER}
    assert said((1, "overdue", "closed"), (1, "completed_late", "opened"), reached={1}) == {1: Topic.REACHED}
    assert said((1, "forecast_late", "opened"), moved={1, 2}) == {1: Topic.NEWLY_LATE, 2: Topic.MOVED}
    assert said((1, "completed_late", "opened")) == {}
    assert said((1, "overdue", "acknowledged")) == {}


def test_the_worst_stands_first() -> None:
    found = {1: Topic.REACHED, 2: Topic.NEWLY_LATE, 3: Topic.NEWLY_LATE, 4: Topic.WORSE, 5: Topic.MOVED}
    assert worst_first({2: 10, 3: 300, 4: 900}, found) == [3, 2, 4, 1, 5]


def test_the_subject_tells_the_two_worst_topics() -> None:
    assert headline({Topic.REACHED: 1, Topic.NEWLY_LATE: 3, Topic.WORSE: 2}) == [(Topic.NEWLY_LATE, 3), (Topic.WORSE, 2)]
    assert headline({}) == []
