"""The drawing of the Gantt chart: where bars and arrows lie, what is cut off, what is escaped, how the axis is written."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.utils import translation

from cluster.charts.gantt import Arrow, Axis, Bar, Gantt, Group, Zoom, gantt
from cluster.charts.gantt.arrows import ROW, Place, pieces
from cluster.domain.network import LinkType

DAY = date(2026, 3, 1)
AXIS = Axis.around(date(2026, 1, 1), date(2026, 12, 31), Zoom.WEEK)
LINE = re.compile(r"[MVHvhml][-0-9. ]+")


def bar(key: int, start: str = "2026-03-02", finish: str = "2026-03-31", **changes: object) -> Bar:
    first, last = date.fromisoformat(start), date.fromisoformat(finish)
    made = Bar(key, f"M{key}", f"Milestone {key}", f"/m/{key}", first, last, f"M{key} told", due=last)
    return replace(made, **changes)  # type: ignore[arg-type]


def draw(*bars: Bar, arrows: list[Arrow] | None = None, axis: Axis = AXIS, folded: bool = False, today: date = DAY) -> Gantt:
    return gantt([Group("F01 Plant", bars, folded=folded, toggle="/fold")], arrows or [], axis=axis, as_of=DAY, today=today)


def rows(chart: Gantt) -> list[str]:
    return re.findall(r"<tr.*?</tr>", chart.body)


@pytest.mark.usefixtures("in_english")
class TestAxis:
    def test_weeks_begin_on_monday_and_are_named_by_their_day(self) -> None:
        axis = Axis.around(date(2026, 11, 18), date(2026, 11, 30), Zoom.WEEK)
        assert (axis.first, axis.last) == (date(2026, 11, 16), date(2026, 12, 6))
        assert [name for _on, name in axis.lower()] == ["16", "23", "30"]
        assert [name for _on, name in axis.upper()] == ["November 2026", "December 2026"]

    def test_months_and_quarters_are_whole(self) -> None:
        months = Axis.around(date(2026, 2, 10), date(2026, 3, 5), Zoom.MONTH)
        assert (months.first, months.last) == (date(2026, 2, 1), date(2026, 3, 31))
        assert [name for _on, name in months.lower()] == ["Feb", "Mar"]
        quarters = Axis.around(date(2026, 2, 10), date(2027, 1, 5), Zoom.QUARTER)
        assert [name for _on, name in quarters.lower()] == ["Q1", "Q2", "Q3", "Q4", "Q1"]
        assert [name for _on, name in quarters.upper()] == ["2026", "2027"]

    def test_a_day_lies_where_its_share_of_the_width_ends(self) -> None:
        axis = Axis.around(date(2026, 1, 5), date(2026, 1, 18), Zoom.WEEK)
        assert [axis.x(date(2026, 1, 5)), axis.x(date(2026, 1, 6)), axis.end(date(2026, 1, 18))] == [0, 8, axis.width]
        assert axis.x(date(1990, 1, 1)) < 0
        assert axis.x(date(2100, 1, 1)) > axis.width

    def test_dates_are_written_in_russian_too(self) -> None:
        with translation.override("ru"):
            assert [name for _on, name in Axis.around(DAY, DAY, Zoom.MONTH).lower()] == ["март"]
            assert [name for _on, name in Axis.around(DAY, DAY, Zoom.QUARTER).lower()] == ["I\u00a0кв."]
            assert [name for _on, name in Axis.around(DAY, DAY, Zoom.WEEK).upper()] == ["февраль 2026 г.", "март 2026 г."]

    def test_the_day_shown_is_marked_and_on_a_past_day_today_as_well(self) -> None:
        assert "today" in draw(bar(1)).head
        past = draw(bar(1), today=DAY + timedelta(days=60))
        assert "data date" in past.head
        assert past.grid.count("gantt-now") == 2
        assert draw(bar(1)).grid.count("gantt-now") == 1


@pytest.mark.usefixtures("in_english")
class TestBars:
    def test_a_bar_runs_from_its_first_day_to_the_end_of_its_last_one(self) -> None:
        start, end = AXIS.x(date(2026, 3, 2)), AXIS.end(date(2026, 3, 31))
        assert f'<rect class="bar open" x="{start}" y="8" width="{end - start}" height="10"/>' in rows(draw(bar(1)))[1]

    def test_each_bar_is_a_link_whose_name_says_all(self) -> None:
        assert '<a href="/m/1"><title>M1 told</title>' in rows(draw(bar(1)))[1]

    def test_the_late_part_begins_at_the_due_date_and_the_row_says_how_late(self) -> None:
        row = rows(draw(bar(1, due=date(2026, 3, 15), late=16)))[1]
        due, end = AXIS.end(date(2026, 3, 15)), AXIS.end(date(2026, 3, 31))
        assert f'<rect class="over" x="{due}" y="6" width="{end - due}" height="14"/>' in row
        assert '<b class="late"><span class="vh">days late: </span>+16</b>' in row
        assert "over" not in rows(draw(bar(1)))[1]

    def test_what_only_its_predecessors_make_late_is_drawn_apart(self) -> None:
        row = rows(draw(bar(1, due=date(2026, 3, 15), pushed=16)))[1]
        assert 'class="over pushed"' in row
        assert '<b class="pushed"><span class="vh">days late by knock-on: </span>(+16)</b>' in row
        assert "pushed" not in rows(draw(bar(1, due=date(2026, 3, 15), late=16, pushed=20)))[1]

    def test_what_is_critical_is_underlined_and_marked_by_a_sign(self) -> None:
        row = rows(draw(bar(1, critical=True)))[1]
        assert 'class="crit"' in row
        assert '<abbr title="critical">●</abbr>' in row

    def test_the_first_promise_is_marked_where_it_is_not_the_due_date(self) -> None:
        assert 'class="first"' in rows(draw(bar(1, original=date(2026, 2, 1))))[1]
        assert 'class="first"' not in rows(draw(bar(1, original=date(2026, 3, 31))))[1]

    def test_a_due_date_that_is_a_window_is_drawn_as_one(self) -> None:
        assert 'class="window"' in rows(draw(bar(1, due_from=date(2026, 1, 1))))[1]
        assert 'class="window"' not in rows(draw(bar(1, due_from=date(2026, 3, 31))))[1]

    def test_reached_forecast_and_mere_dates_have_marks_of_their_own(self) -> None:
        assert 'class="mark reached"' in rows(draw(bar(1, reached=True)))[1]
        assert 'class="mark forecast"' in rows(draw(bar(1, forecast=date(2026, 4, 2))))[1]
        quarters = Axis.around(DAY, date(2027, 1, 1), Zoom.QUARTER)
        assert 'class="mark open"' in rows(draw(bar(1, start="2026-03-31"), axis=quarters))[1]

    def test_what_lies_outside_of_the_axis_is_a_triangle_at_its_edge(self) -> None:
        before, after = rows(draw(bar(1, "2020-01-01", "2020-02-01"), bar(2, "2030-01-01", "2030-02-01")))[1:]
        assert 'd="M10 7l' in before
        assert f'd="M{AXIS.width - 10} 7l' in after
        assert 'class="bar' not in before + after

    def test_no_target_is_smaller_than_a_finger_needs_nor_outside_of_the_chart(self) -> None:
        for one in (bar(1, "2026-03-31"), bar(2, "2020-01-01", "2020-02-01"), bar(3, "2030-01-01", "2030-02-01")):
            hit = re.search(r'class="hit" x="(-?\d+)" y="1" width="(\d+)"', rows(draw(one))[1])
            assert hit is not None
            left, width = int(hit[1]), int(hit[2])
            assert width >= 24
            assert 0 <= left <= left + width <= AXIS.width

    def test_without_any_date_there_is_a_row_and_no_bar(self) -> None:
        row = rows(draw(bar(1, start="2026-03-31"), replace(bar(2), start=None, finish=None)))[2]
        assert "no date published" in row
        assert "<svg" not in row

    def test_names_and_addresses_are_escaped(self) -> None:
        evil = "<script>\"&'"
        row = draw(replace(bar(1), code=evil, name=evil, told=evil, url=f"/?a={evil}")).body
        assert "<script" not in row
        assert "&lt;script&gt;&quot;&amp;&#x27;" in row

    def test_a_folded_group_is_one_row_with_the_span_of_its_bars(self) -> None:
        folded = draw(bar(1, "2026-02-02", "2026-02-10"), bar(2), folded=True)
        assert folded.rows == len(rows(folded)) == 1
        assert f'class="sum" d="M{AXIS.x(date(2026, 2, 2))} 9H{AXIS.end(date(2026, 3, 31))}' in folded.body
        assert 'aria-expanded="false" aria-label="Unfold F01 Plant"' in folded.body

    def test_nothing_stands_in_a_style_attribute(self) -> None:
        chart = draw(bar(1, late=3, critical=True, reached=True), bar(2), arrows=[Arrow(1, 2)])
        assert "style=" not in chart.body + chart.head + chart.grid


class TestArrows:
    def test_an_arrow_leaves_the_end_and_comes_down_on_the_start(self) -> None:
        found = pieces([Arrow(1, 2)], {1: Place(0, 10, 50), 2: Place(2, 100, 150)}, 3)
        assert [one.plain for one in found] == [f"M50 13H103V{ROW}", f"M103 0v{ROW}", "M103 0V8m-3-4l3 4l3-4"]

    def test_upwards_it_comes_from_below(self) -> None:
        found = pieces([Arrow(1, 2)], {1: Place(2, 10, 50), 2: Place(0, 100, 150)}, 3)
        assert [one.plain for one in found] == [f"M103 {ROW}V18m-3 4l3-4l3 4", f"M103 0v{ROW}", "M50 13H103V0"]

    def test_to_a_start_that_lies_before_the_end_it_turns_back_between_two_rows(self) -> None:
        found = pieces([Arrow(1, 2)], {1: Place(0, 10, 50), 2: Place(1, 20, 60)}, 2)
        assert found[1].plain == "M55 0V2H23V8m-3-4l3 4l3-4"

    @pytest.mark.parametrize(("kind", "leave", "arrive"), [(LinkType.SS, 10, 100), (LinkType.FF, 50, 150), (LinkType.SF, 10, 150)])
    def test_the_type_says_which_ends_it_joins(self, kind: LinkType, leave: int, arrive: int) -> None:
        found = pieces([Arrow(1, 2, kind)], {1: Place(0, 10, 50), 2: Place(1, 100, 150)}, 2)
        assert found[0].plain.startswith(f"M{leave} 13H")
        assert f"H{arrive}m" in found[1].plain

    def test_what_drives_the_critical_path_is_drawn_apart(self) -> None:
        found = pieces([Arrow(1, 2, critical=True)], {1: Place(0, 10, 50), 2: Place(1, 100, 150)}, 2)
        assert [bool(one.critical) for one in found] == [True, True]
        assert not any(one.plain for one in found)

    def test_of_an_end_that_is_not_shown_a_stub_remains(self) -> None:
        places = {1: Place(0, 40, 50)}
        assert pieces([Arrow(9, 1)], places, 1)[0].stubs == "M26 13H39m-4-3l4 3l-4 3"
        assert pieces([Arrow(1, 9)], places, 1)[0].stubs == "M50 13h14"
        assert pieces([Arrow(8, 9)], places, 1)[0].stubs == ""

    def test_within_a_folded_group_nothing_is_drawn_and_between_two_of_them_each_arrow_once(self) -> None:
        places = {1: Place(0, 0, 90), 2: Place(0, 0, 90), 3: Place(1, 10, 99)}
        assert not any(one.plain for one in pieces([Arrow(1, 2)], places, 2))
        once, twice = pieces([Arrow(1, 3)], places, 2), pieces([Arrow(1, 3), Arrow(2, 3)], places, 2)
        assert [one.plain for one in once] == [one.plain for one in twice]
