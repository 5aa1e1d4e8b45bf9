"""The Russian working calendar against production calendars, transferred days included."""

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from cluster.domain.calendars import is_working_day
from tests.peers.oracles import oracle

WORKED = {"2": True, "3": True, "1": False}


def differing(year: int) -> list[date]:
    """The days of a year on which the calendar says something else; type 1 is a day off, 2 a short day, 3 a worked day of rest."""
    named = {day.get("d"): day.get("t", "") for day in ElementTree.fromstring(oracle(f"calendar/cal_{year}.xml").read_bytes()).iter("day")}
    assert len(named) > 15
    days = (date(year, 1, 1) + timedelta(days=n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days))
    return [day for day in days if is_working_day(day) != WORKED.get(named.get(f"{day:%m.%d}", ""), day.weekday() < 5)]


@pytest.mark.parametrize("year", [2019, 2022, 2023, 2024])
def test_working_days_are_those_of_the_production_calendar(year: int) -> None:
    assert differing(year) == []


def test_of_the_years_of_the_pandemic_only_the_days_declared_by_decree_differ() -> None:
    """docs/schedule.md names them: rates are dated after most of these days, so that they count as worked."""
    spring = [date(2020, 3, 30) + timedelta(days=n) for n in range(40)]
    declared = [day for day in spring if day.weekday() < 5 and not date(2020, 5, 1) <= day <= date(2020, 5, 5)]
    assert differing(2020) == [*declared, date(2020, 6, 24), date(2020, 7, 1)]
    assert differing(2021) == [*(date(2021, 5, day) for day in (4, 5, 6, 7)), *(date(2021, 11, day) for day in (1, 2, 3))]
