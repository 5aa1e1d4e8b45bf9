"""The milestone trend chart: which lines rise, what is drawn and said of them, and who sees it."""

import re
from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from cluster.charts import Chart
from cluster.charts.trend import MOST_LINES
from cluster.charts.trend import trend as trend_chart
from cluster.domain.dates import DateWindow
from cluster.models import ForecastRevision, Milestone
from cluster.queries.milestones import dated_milestones
from cluster.queries.trend import Told, trend_lines
from tests.cluster.web.place import WHO_ASKS, Place, make_place, words
from tests.factories import make_milestone, promise

AS_OF = date(2026, 6, 30)


def revise(milestone: Milestone, window: str, on: str, reason: str = "contractor") -> ForecastRevision:
    row = ForecastRevision(milestone=milestone, reason=reason)
    row.new, row.announced = DateWindow.parse(window), DateWindow.parse(on)
    if reason == "confirmed":
        row.old = row.new
    row.save()
    return row


@pytest.fixture
def place(db: None) -> Place:
    """F01-OPEN was promised for 2023, then expected in 2024, confirmed, reached; F02-OPEN was promised for 2027 and is expected earlier."""
    place = make_place()
    revise(place.milestone, "2024-06-30", "2023-03-01")
    revise(place.milestone, "2024-06-30", "2023-09-01", "confirmed")
    place.milestone.actual, place.milestone.actual_announced_on = DateWindow.parse("2024-08-01"), date(2024, 8, 2)
    place.milestone.save()
    other = make_milestone(place.other, code="F02-OPEN", name_en="Seat plant opens")
    promise(other, "2027", announced="2025-01-01")
    revise(other, "2027-06-30", "2026-01-01")
    return place


def chart(place: Place, **changes: Any) -> Chart:
    found = dated_milestones(reader=place.person("editor"), as_of=AS_OF, contract_id=place.contract.pk)
    return trend_chart("t", trend_lines(found, as_of=AS_OF), [date(2019, 7, 3)], as_of=AS_OF)


def page(place: Place, query: str = "", who: str = "editor") -> Any:
    return place.client(who).get(place.base + "schedule/trend/" + query)


def test_a_line_begins_with_the_promise_and_ends_on_the_diagonal_when_it_is_reached(place: Place) -> None:
    found = dated_milestones(reader=place.person("editor"), as_of=AS_OF, codes=["F01-OPEN"])
    (line,) = trend_lines(found, as_of=AS_OF)
    assert [(point.reported.isoformat(), point.expected.isoformat(), point.told) for point in line.points] == [
        ("2022-07-01", "2023-12-31", Told.PROMISED),
        ("2023-03-01", "2024-06-30", Told.REVISED),
        ("2023-09-01", "2024-06-30", Told.CONFIRMED),
        ("2024-08-01", "2024-08-01", Told.REACHED),
    ]
    assert line.moved_days == (date(2024, 8, 1) - date(2023, 12, 31)).days


@pytest.mark.usefixtures("in_english")
def test_the_sentence_names_the_lines_that_rise(place: Place) -> None:
    summary = chart(place).summary.replace("\u00a0", " ")
    assert summary == "1 of 2 lines rise: the date moved away. Most of all F01-OPEN Press plant opens, by +214 days."


@pytest.mark.usefixtures("in_english")
def test_rising_and_holding_lines_differ_by_more_than_colour(place: Place) -> None:
    drawn = chart(place).wide
    assert drawn.count('class="trend rises"') == 1
    assert drawn.count('class="trend holds"') == 1
    assert 'class="point rises same"' in drawn
    assert 'class="mark late"' in drawn
    assert ">B1<" in drawn


def test_the_table_has_every_point(place: Place) -> None:
    rows = chart(place).rows
    assert len(rows) == 6
    assert [row[0].text.split()[0] for row in rows].count("F01-OPEN") == 4


@pytest.mark.usefixtures("in_english")
def test_of_many_lines_those_that_moved_most_are_drawn(place: Place) -> None:
    for _ in range(MOST_LINES):
        promise(make_milestone(place.other), "2027", announced="2025-01-01")
    made = chart(place)
    assert made.wide.count("<polyline class=") + made.wide.count('class="trend') >= MOST_LINES
    assert len({row[0].text for row in made.rows}) == MOST_LINES
    assert f"Drawn are the {MOST_LINES} that moved most." in made.summary


def test_labels_stand_apart_and_inside_of_the_drawing(place: Place) -> None:
    for _ in range(MOST_LINES):
        promise(make_milestone(place.other), "2027", announced="2025-01-01")
    for drawing in (chart(place).wide, chart(place).narrow):
        height = float(re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', drawing)[1])  # type: ignore[index]
        places = sorted(float(y) for y in re.findall(r'<text x="[\d.]+" y="([\d.]+)"[^>]*>(?:F0|M\d)', drawing))
        assert len(places) == MOST_LINES
        assert all(later - earlier >= 15 for earlier, later in pairwise(places))
        assert 0 < places[0] < places[-1] < height


def test_the_page_shows_the_openings_unless_another_kind_is_asked_for(place: Place) -> None:
    promise(make_milestone(place.factory, code="F01-D", kind="design"), "2022", announced="2021-01-01")
    assert "F01-D" not in page(place).content.decode()
    assert "F01-D" in page(place, "?kind=all").content.decode()
    assert "F02-OPEN" not in page(place, "?factory=F01").content.decode()
    assert "No milestone fits" in words(page(place, "?kind=series"))


def test_a_past_day_ends_the_lines(place: Place) -> None:
    html = page(place, "?as_of=2023-05-01").content.decode()
    assert "Mar 1, 2023" in html
    assert "Sep 1, 2023" not in html
    assert "F02-OPEN" not in html


def test_a_plant_manager_sees_the_own_lines_and_outsiders_none(place: Place) -> None:
    assert "F02-OPEN" not in page(place, who="own").content.decode()
    assert page(place, who="outsider").status_code == 404


@pytest.mark.parametrize("query", ["?kind=nonsense", "?as_of=x", "?q=%00"])
def test_nonsense_in_the_address_is_refused(place: Place, query: str) -> None:
    assert page(place, query).status_code == 400


def test_it_takes_few_statements(place: Place, django_assert_max_num_queries: Any) -> None:
    client = place.client()
    with django_assert_max_num_queries(11 + WHO_ASKS):
        assert client.get(place.base + "schedule/trend/?kind=all").status_code == 200
