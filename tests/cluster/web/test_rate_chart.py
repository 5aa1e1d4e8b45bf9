"""The rate chart: small for ten years of days, true to peaks, gaps and quarantine marked, twinned by a table."""

import re
from datetime import date, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from cluster.charts import Point, RateSeries, rate_steps
from cluster.charts.rates import ticks
from cluster.domain.calendars import Gap, gaps, rate_days

pytestmark = pytest.mark.usefixtures("in_english")
FIRST, LAST = date(2016, 11, 23), date(2026, 11, 23)


def ten_years() -> list[Point]:
    """A rate for each day of ten years that wanders between 60 and 100, with one peak of a single day."""
    points = [Point(on, Decimal(80) + Decimal((on.toordinal() * 7919) % 2000 - 1000) / 50) for on in rate_days(FIRST, LAST)]
    points[1000] = Point(points[1000].on, Decimal(150))
    return points


def test_ten_years_of_days_are_drawn_in_less_than_forty_kilobytes_without_losing_a_peak() -> None:
    chart = rate_steps("r", RateSeries("USD", FIRST, LAST, ten_years()))
    assert len(chart.wide) + len(chart.narrow) < 40 * 1024
    heights = [float(y) for y in re.findall(r"[VM ](\d+(?:\.\d)?)(?=[HMV\"])", chart.wide)]
    assert min(heights) < 20
    assert len(chart.rows) == 121


@pytest.mark.parametrize("layout", ["wide", "narrow"])
def test_the_drawing_is_well_formed_named_and_without_inline_style(layout: str) -> None:
    svg = getattr(rate_steps("r", RateSeries("USD", FIRST, LAST, ten_years(), [Gap(FIRST, FIRST, 1)])), layout)
    root = ElementTree.fromstring(svg)
    named = [node.get("id") for node in root if node.tag in ("title", "desc")]
    assert root.get("aria-labelledby") == " ".join(str(name) for name in named)
    assert not re.search(r"style=|<style|<script|<a ", svg)
    _x, _y, width, height = (float(n) for n in str(root.get("viewBox")).split())
    for x, y in re.findall(r"M([\d.]+) ([\d.]+)", svg):
        assert 0 <= float(x) <= width
        assert 0 <= float(y) <= height


def test_gaps_and_waiting_rates_are_marked_explained_and_told() -> None:
    days = rate_days(date(2024, 4, 1), date(2024, 4, 30))
    known = [day for day in days if not 10 <= day.day <= 18]
    series = RateSeries(
        "USD",
        date(2024, 4, 1),
        date(2024, 4, 30),
        [Point(day, Decimal(93)) for day in known],
        gaps(days[0], days[-1], set(known)),
        [Point(date(2024, 4, 12), Decimal(120))],
    )
    chart = rate_steps("r", series)
    assert 'class="gap"' in chart.wide
    assert 'class="rate-old"' in chart.wide
    assert 'class="mark open"' in chart.wide
    assert [word for _swatch, word in chart.legend] == ["rate in force", "old rate: newer ones ought to exist", "waits in quarantine"]
    assert "7 rates that ought to exist are not known. 1 waits in quarantine." in chart.summary
    assert [row[0].text for row in chart.rows][:2] == ["Apr 2, 2024", "Apr 3, 2024"]


def test_a_stale_end_is_drawn_as_old_up_to_the_last_day() -> None:
    last = date(2024, 4, 30)
    series = RateSeries("USD", date(2024, 4, 1), last, [Point(date(2024, 4, 2), Decimal(93))], [Gap(date(2024, 4, 3), last, 19)])
    chart = rate_steps("r", series)
    old = re.search(r'<path d="([^"]*)" class="rate-old"', chart.wide)
    assert old
    assert old[1].endswith("H1028")


def test_without_any_rate_it_says_so() -> None:
    chart = rate_steps("r", RateSeries("USD", FIRST, FIRST + timedelta(days=30), []))
    assert chart.summary == "No rate of this time is known."
    assert 'class="rate-line"' not in chart.wide


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [("62", "97", ["60", "70", "80", "90", "100"]), ("93.2", "93.2", ["93", "93.5"]), ("0.51", "0.62", ["0.5", "0.55", "0.6", "0.65"])],
)
def test_the_axis_holds_every_rate_between_round_values(low: str, high: str, wanted: list[str]) -> None:
    assert ticks(Decimal(low), Decimal(high)) == [Decimal(text) for text in wanted]
