"""Charts: what the drawings show, the sentence, and the table twin."""

import re
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from cluster.charts import BandYear, Chart, Level, MoneyBar, TimelineRow, bands, money_bar, steps, timeline
from cluster.charts.scale import TimeScale, round_steps
from cluster.charts.svg import el
from cluster.domain.dates import DateWindow

pytestmark = pytest.mark.usefixtures("in_english")

TODAY = date(2026, 11, 23)
WINDOW = DateWindow.parse
LATE = TimelineRow("Seven plants start", "", WINDOW("2023"), actual=WINDOW("2026-01-30"), late=761)
RUNNING = TimelineRow("All plants are open", "", WINDOW("2024..2025"), forecast=WINDOW("2029"), late=1461)
OPEN = TimelineRow("Money is spent", "", WINDOW("2033"))
KEPT = TimelineRow("Motors open", "F01", WINDOW("2024"), actual=WINDOW("2024-08-28"), url="/c/x/factories/F01/")


def marks(svg: str, class_: str) -> list[ElementTree.Element]:
    """Elements of exactly this class."""
    return [node for node in ElementTree.fromstring(svg).iter() if node.get("class") == class_]


def all_charts() -> list[Chart]:
    return [
        timeline("t", [LATE, RUNNING, OPEN, KEPT], as_of=TODAY),
        steps("s", [Level(date(2019, 7, 3), Decimal(12 * 10**9))], [Level(date(2022, 3, 31), Decimal(6 * 10**9))], as_of=TODAY),
        bands("b", [BandYear(2024, (100000, 130000), (80000, 100000), 30400, (31000,))]),
        money_bar("m", MoneyBar(Decimal(70), Decimal(12), Decimal(1), Decimal(28), Decimal(30))),
    ]


@pytest.mark.parametrize("chart", all_charts(), ids=lambda chart: chart.key)
def test_every_drawing_is_well_formed_named_and_described(chart: Chart) -> None:
    for svg in (chart.wide, chart.narrow):
        root = ElementTree.fromstring(svg)
        named = [node.get("id") for node in root if node.tag in ("title", "desc")]
        assert root.get("role") == "img"
        assert root.get("aria-labelledby") == " ".join(str(name) for name in named)
        assert chart.summary in svg


@pytest.mark.parametrize("chart", all_charts(), ids=lambda chart: chart.key)
def test_no_drawing_has_an_inline_style_a_script_or_a_link(chart: Chart) -> None:
    for svg in (chart.wide, chart.narrow):
        assert not re.search(r"style=|<style|<script|\son\w+=|<a ", svg)


@pytest.mark.parametrize("chart", all_charts(), ids=lambda chart: chart.key)
def test_nothing_is_drawn_outside_the_picture_to_the_right_or_below(chart: Chart) -> None:
    for svg in (chart.wide, chart.narrow):
        _x, _y, width, height = (float(n) for n in str(ElementTree.fromstring(svg).get("viewBox")).split())
        for node in ElementTree.fromstring(svg).iter("rect"):
            assert float(node.get("x", 0)) + float(node.get("width", 0)) <= width + 1
            assert float(node.get("y", 0)) + float(node.get("height", 0)) <= height + 1


@pytest.mark.parametrize("chart", all_charts(), ids=lambda chart: chart.key)
def test_the_table_twin_has_a_cell_for_every_column(chart: Chart) -> None:
    assert chart.rows
    assert {len(row) for row in chart.rows} == {len(chart.columns)}


def test_names_are_escaped() -> None:
    chart = timeline("t", [TimelineRow("<b>& “x”", "", WINDOW("2023"))], as_of=TODAY)
    assert "<b>" not in chart.wide
    assert "&lt;b&gt;" in chart.wide


def test_what_is_late_comes_first_the_worst_before_the_rest() -> None:
    chart = timeline("t", [KEPT, OPEN, LATE, RUNNING], as_of=TODAY)
    assert [row[0].text for row in chart.rows] == [RUNNING.name, LATE.name, OPEN.name, KEPT.name]


def test_the_sentence_counts_what_is_late_and_names_the_worst() -> None:
    summary = timeline("t", [LATE, KEPT], as_of=TODAY).summary.replace("\u00a0", " ")
    assert summary == "1 of 2 promises are late; the worst by 761 days: Seven plants start."
    assert timeline("t", [KEPT], as_of=TODAY).summary == "None of the promises is late."


def test_a_reached_promise_ends_in_a_mark_a_running_one_is_dashed_to_its_forecast() -> None:
    reached = timeline("t", [LATE], as_of=TODAY).wide
    assert len(marks(reached, "slip")) == 1
    assert len(marks(reached, "mark late")) == 1
    running = timeline("t", [RUNNING], as_of=TODAY).wide
    (slip,) = marks(running, "slip running")
    (forecast,) = marks(running, "mark forecast")
    assert str(slip.get("x2")) == str(forecast.get("points")).split(",", 1)[0]


def test_the_bar_of_a_promise_spans_its_window_and_the_slip_starts_where_it_ends() -> None:
    svg = timeline("t", [LATE], as_of=TODAY).wide
    (window,) = marks(svg, "window")
    (slip,) = marks(svg, "slip")
    assert float(str(window.get("x"))) + float(str(window.get("width"))) == pytest.approx(float(str(slip.get("x1"))), abs=0.2)


def test_a_kept_promise_is_quiet() -> None:
    svg = timeline("t", [KEPT], as_of=TODAY).wide
    assert marks(svg, "mark well")
    assert not marks(svg, "slip")
    assert "late" not in {node.get("class") for node in ElementTree.fromstring(svg).iter()}


def test_the_table_of_the_timeline_links_to_the_factory() -> None:
    (row,) = timeline("t", [KEPT], as_of=TODAY).rows
    assert row[0].url == "/c/x/factories/F01/"


def test_the_commitment_is_a_step_from_each_amount_to_the_next() -> None:
    levels = [Level(date(2019, 7, 3), Decimal(12 * 10**9), "at_least"), Level(date(2024, 4, 15), Decimal(70 * 10**9), "more_than")]
    chart = steps("s", levels, [], as_of=TODAY)
    (path,) = marks(chart.wide, "step")
    corners = [tuple(map(float, point.split())) for point in str(path.get("d"))[1:].split(" L")]
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    assert (y0, x1, y2) == (y1, x2, y3)
    assert y2 < y1, "more money lies higher"
    assert x0 < x1 < x3
    words = chart.summary.replace("\u00a0", " ")
    assert words == "The commitment grew from at least ₽12bn (2019) to more than ₽70bn (2024)."


def test_claims_that_disagree_are_drawn_as_a_span() -> None:
    invested = [Level(date(2025, 12, 31), Decimal("28.5") * 10**9, low=Decimal(28 * 10**9), high=Decimal(30 * 10**9))]
    chart = steps("s", [Level(date(2024, 4, 15), Decimal(70 * 10**9))], invested, as_of=TODAY)
    assert len(marks(chart.wide, "claim-range")) == 1
    assert "₽28–30bn" in chart.summary.replace("\u00a0", " ")
    assert chart.rows[-1][-1].text.replace("\u00a0", " ") == "₽28–30bn"


def test_output_below_the_plan_is_told_apart_by_class_and_in_words() -> None:
    short, well = BandYear(2024, None, (80000, 100000), 30400), BandYear(2020, None, (145000, 145000), 156800)
    chart = bands("b", [short, well])
    assert len(marks(chart.wide, "bar-short")) == len(marks(chart.wide, "bar-main")) == 1
    assert chart.summary == "In 2024 30,400 vehicles were built. Output fell below the plan in force in 2024."
    assert [row[0].text for row in chart.rows] == ["2024", "2020"]
    assert [row[4].text for row in chart.rows] == ["38%", "108%"]


def test_some_months_are_told_as_such_and_not_held_against_the_plan_of_a_year() -> None:
    chart = bands("b", [BandYear(2026, None, (80000, 80000), 9000, months=3)])
    assert not marks(chart.wide, "bar-short")
    assert "In 2026 so far, 3 of 12 months: 9,000 vehicles were built." in chart.summary
    assert "fell below" not in chart.summary
    assert chart.rows[0][4].text == ""


def test_an_output_that_was_not_published_is_neither_drawn_nor_zero() -> None:
    chart = bands("b", [BandYear(2017, (124000, 128000), (140000, 140000))])
    assert not marks(chart.wide, "bar-main")
    assert not marks(chart.wide, "bar-short")
    assert chart.rows[0][3].text == ""
    assert chart.summary == "No output was published."


def test_the_first_plan_is_drawn_beside_the_one_in_force_only_where_they_differ() -> None:
    assert len(marks(bands("b", [BandYear(2024, (100, 130), (80, 100), 70)]).wide, "band first")) == 1
    assert not marks(bands("b", [BandYear(2024, (80, 100), (80, 100), 70)]).wide, "band first")


def test_the_money_bar_is_to_scale() -> None:
    svg = money_bar("m", MoneyBar(Decimal(100), Decimal(25), Decimal(10))).wide
    (committed,), (allocated,), (paid,) = marks(svg, "seg2"), marks(svg, "seg1"), marks(svg, "seg3")
    width = float(str(committed.get("width")))
    assert float(str(allocated.get("width"))) == pytest.approx(width * 0.25, abs=0.1)
    assert float(str(paid.get("width"))) == pytest.approx(width * 0.1, abs=0.1)


def test_days_lie_on_the_axis_in_proportion_and_never_beyond_it() -> None:
    scale = TimeScale(2023, 2024, 0, 731)
    assert scale.x(date(2023, 1, 1)) == 0
    assert scale.x(date(2024, 1, 1)) == 365
    assert scale.x(date(2031, 1, 1)) == 731


def test_year_labels_are_thinned_out_until_they_fit() -> None:
    assert TimeScale(2012, 2033, 0, 358).years(40) == [2012, 2017, 2022, 2027, 2032]


@pytest.mark.parametrize(("largest", "top"), [(70, 80), (257000, 300000), (1, 1), (100, 100)])
def test_an_axis_ends_at_the_first_round_step_that_holds_everything(largest: int, top: int) -> None:
    assert round_steps(largest)[-1] == top


def test_attributes_are_escaped() -> None:
    assert el("text", "<i>", class_='a"b') == '<text class="a&quot;b">&lt;i&gt;</text>'
