"""The page of the schedule: who sees what of it, filters, zoom, folding, past days, nonsense in the address, and what it costs."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils.timezone import localdate

from cluster.domain.dates import DateWindow
from cluster.models import Dependency, Milestone
from tests.cluster.web.place import WHO_ASKS, Place, make_place, words
from tests.factories import make_milestone, promise

STATEMENTS = 9 + WHO_ASKS


@pytest.fixture
def place(db: None) -> Place:
    """F01-OPEN, promised for 2023, waits for work of F02 which is due in a year, and drives the contract as a whole."""
    place = make_place()
    work = make_milestone(place.other, code="F02-BUILT", kind="construction_end", name_en="Hall built", duration_days=20)
    promise(work, (localdate() + timedelta(days=365)).isoformat(), announced="2025-01-01")
    whole = make_milestone(contract=place.contract, code="ALL", kind="contract_promise", name_en="All plants opened")
    promise(whole, "2030", announced="2025-01-01")
    Dependency.objects.create(predecessor=work, successor=place.milestone)
    Dependency.objects.create(predecessor=place.milestone, successor=whole)
    return place


def page(place: Place, query: str = "", who: str = "editor", language: str = "en") -> Any:
    return place.client(who, language).get(place.base + "schedule/" + query)


def codes(response: Any) -> list[str]:
    """The milestones of the chart, in their order."""
    return re.findall(r'<span class="name" title="[^"]*"><i>(.*?)</i>', response.content.decode())


def told(response: Any) -> dict[str, str]:
    """What each bar says, by its milestone."""
    found = re.findall(r"<title>(\S+) (.*?)</title>", response.content.decode())
    return {code: text.replace("\u00a0", " ") for code, text in found if code in codes(response)}


def test_every_milestone_is_a_row_grouped_by_factory_and_a_link_to_its_place(place: Place) -> None:
    response = page(place)
    assert codes(response) == ["ALL", "F01-OPEN", "F02-BUILT"]
    assert 'href="/c/alpha/milestones/F01-OPEN/"' in response.content.decode()
    assert "The contract as a whole" in words(response)


def test_the_sentence_counts_what_is_shown_and_names_what_is_latest(place: Place) -> None:
    text = words(page(place))
    assert "3 milestones: 0 reached, 1 late" in text
    assert re.search(r"The latest by [\d,]+ days: F01-OPEN Press plant opens\.", text)


def test_a_bar_says_its_dates_its_delay_and_what_it_waits_for(place: Place) -> None:
    late = (localdate() - date(2023, 12, 31)).days
    said = told(page(place))["F01-OPEN"]
    assert said.startswith("Press plant opens: ")
    assert "due 2023" in said
    assert f"+{late:,} days against the due date" in said
    assert "waits for F02-BUILT" in said


def test_what_comes_before_pushes_a_milestone_beyond_its_own_dates(place: Place) -> None:
    whole = Milestone.objects.get(code="ALL")
    promise(
        after := make_milestone(contract=place.contract, code="NEXT"),
        (localdate() + timedelta(days=10)).isoformat(),
        announced="2025-01-01",
    )
    Dependency.objects.create(predecessor=Milestone.objects.get(code="F02-BUILT"), successor=after)
    assert re.search(r"\+3[45]\d days by knock-on", told(page(place))["NEXT"])
    assert "knock-on" not in told(page(place))[whole.code]


def test_a_plant_manager_sees_the_own_factory_and_of_others_the_code_alone(place: Place) -> None:
    response = page(place, who="own")
    assert codes(response) == ["F01-OPEN"]
    assert "waits for F02-BUILT" in told(response)["F01-OPEN"]
    html = response.content.decode()
    assert "Hall built" not in html
    assert "Seat plant" not in html
    assert html.count('class="dep stub"') == 2  # one is of the legend
    assert "critical path leads" not in words(response)


@pytest.mark.parametrize(("who", "status"), [("editor", 200), ("controller", 200), ("auditor", 200), ("outsider", 404), ("anonymous", 302)])
def test_outsiders_find_nothing(place: Place, who: str, status: int) -> None:
    assert place.status(who, "schedule/") == status


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("?factory=F02", ["F02-BUILT"]),
        ("?factory=-", ["ALL"]),
        ("?kind=opening", ["F01-OPEN"]),
        ("?late=1", ["F01-OPEN"]),
        ("?q=hall+BUILT", ["F02-BUILT"]),
        ("?q=веха", ["ALL", "F02-BUILT"]),
        ("?factory=F99", []),
    ],
)
def test_filters_leave_what_fits(place: Place, query: str, left: list[str]) -> None:
    response = page(place, query)
    assert codes(response) == left
    assert ("No milestone fits" in words(response)) == (not left)


def test_only_what_is_critical_can_be_shown(place: Place) -> None:
    shown = {row.code for row in page(place, "?critical=1").context["rows"]}
    everything = page(place).context["rows"]
    assert shown == {row.code for row in everything if row.critical} != set()


def test_rows_are_sorted_within_their_factory(place: Place) -> None:
    first = make_milestone(place.factory, code="F01-B", name_en="Second by code")
    promise(first, "2022", announced="2021-01-01")
    assert codes(page(place, "?factory=F01&sort=code")) == ["F01-B", "F01-OPEN"]
    assert codes(page(place, "?factory=F01&sort=-late")) == ["F01-B", "F01-OPEN"]
    assert codes(page(place, "?factory=F01&sort=late")) == ["F01-OPEN", "F01-B"]


def test_a_folded_factory_is_one_row_and_its_sign_opens_it_again(place: Place) -> None:
    response = page(place, "?fold=F01")
    assert codes(response) == ["ALL", "F02-BUILT"]
    html = response.content.decode()
    sign = '<a class="fold noprint" href="/c/alpha/schedule/?saved=none" aria-expanded="false" aria-label="Unfold F01 Press plant">'
    assert sign in html
    assert codes(page(place, "?fold=all")) == []
    assert "Unfold all" in words(page(place, "?fold=all"))


def test_the_page_of_a_factory_fetches_its_own_chart_and_links_to_it(place: Place) -> None:
    client, address = place.client(), "/c/alpha/schedule/?factory=F01"
    assert f'hx-get="{address}"' in client.get(place.base + "factories/F01/").content.decode()
    assert f'href="{address}&amp;as_of=2025-06-30"' in client.get(place.base + "factories/F01/?as_of=2025-06-30").content.decode()
    part = client.get(address, headers={"hx-request": "true"})
    assert codes(part) == ["F01-OPEN"]
    assert "<html" not in part.content.decode()


def test_the_table_has_the_same_rows_and_their_figures(place: Place) -> None:
    response = page(place, "?view=table&sort=code")
    late = (localdate() - date(2023, 12, 31)).days
    text = words(response)
    assert [row.code for row in response.context["rows"]] == ["ALL", "F01-OPEN", "F02-BUILT"]
    assert f"+{late:,}" in text
    assert "F02-BUILT Hall built" in text
    assert "<caption" in response.content.decode()


def test_a_past_day_shows_what_was_known_then(place: Place) -> None:
    milestone = Milestone.objects.get(code="F01-OPEN")
    milestone.actual, milestone.actual_announced_on = DateWindow.parse("2025-06-01"), date(2025, 6, 2)
    milestone.save()
    assert "reached Jun 1, 2025" in told(page(place))["F01-OPEN"]
    before = page(place, "?as_of=2025-05-31")
    assert "reached" not in told(before)["F01-OPEN"]
    assert "data date" in before.content.decode()
    assert 'href="/c/alpha/milestones/F01-OPEN/?as_of=2025-05-31"' in before.content.decode()


def test_the_zoom_and_the_days_shown_stand_in_the_address(place: Place) -> None:
    weeks = page(place, "?zoom=week&from=2026-03&to=30.06.2026")
    axis = weeks.context["chart"].axis
    assert (axis.first, axis.last) == (date(2026, 2, 23), date(2026, 7, 5))
    assert 'href="/c/alpha/schedule/?zoom=month&amp;from=2026-03&amp;to=30.06.2026"' in weeks.content.decode()
    later = re.search(r'href="([^"]*)">Later', weeks.content.decode())
    assert later is not None
    assert "from=2026-04-30&amp;to=2026-09-09" in later[1]


def test_days_far_from_the_plan_are_not_drawn(place: Place) -> None:
    axis = page(place, "?from=1990&to=2100&zoom=week").context["chart"].axis
    assert axis.first > date(2022, 1, 1)
    assert axis.last < date(2031, 6, 1)


def test_a_factory_that_was_ready_long_ago_is_shown_where_it_was_built(place: Place) -> None:
    done = make_milestone(place.other, code="OLD", kind="design")
    done.actual, done.actual_announced_on = DateWindow.parse("2015-06-01"), date(2015, 6, 1)
    done.save()
    axis = page(place, "?kind=design&zoom=month").context["chart"].axis
    assert axis.first <= date(2015, 6, 1) <= axis.last


@pytest.mark.parametrize(
    "query",
    [
        "?zoom=day",
        "?view=drawing",
        "?kind=nonsense",
        "?sort=drop",
        "?critical=2",
        "?from=yesterday",
        "?to=2026-13",
        "?from=31.02.2026",
        "?from=2027&to=2026",
        "?from=0001",
        "?as_of=2199-01-01",
        "?q=%00",
    ],
)
def test_nonsense_in_the_address_is_told_without_a_traceback(place: Place, query: str) -> None:
    response = page(place, query)
    assert response.status_code == 400
    assert "Traceback" not in response.content.decode()


@pytest.mark.parametrize("query", ["?fold=%3Cscript%3E", "?factory=%3Cscript%3E", "?q=%3Cscript%3E", "?page=-1", "?fold=" + "F01," * 500])
def test_what_is_typed_is_never_markup(place: Place, query: str) -> None:
    response = page(place, query)
    assert response.status_code == 200
    assert "<script>" not in response.content.decode()


def test_an_empty_contract_says_how_to_begin(place: Place) -> None:
    Milestone.objects.all().delete()
    text = words(page(place))
    assert "No milestone yet" in text
    assert "0 milestones: 0 reached" in text


def test_russian_dates_are_written_the_russian_way(place: Place) -> None:
    html = page(place, language="ru").content.decode()
    due = localdate() + timedelta(days=365)
    assert f"{due:%d.%m.%Y}" in html


def test_there_is_no_inline_style_nor_script(place: Place) -> None:
    html = page(place).content.decode()
    assert " style=" not in html
    assert "<style" not in html
    assert not re.search(r"<script(?![^>]*src=)", html)


@pytest.mark.parametrize("query", ["", "?view=table"])
def test_its_statements_do_not_grow_with_its_milestones(place: Place, query: str, django_assert_max_num_queries: Any) -> None:
    for _ in range(20):
        promise(make_milestone(place.other, duration_days=3), "2027", announced="2025-01-01")
    client = place.client()
    with django_assert_max_num_queries(STATEMENTS):
        assert client.get(place.base + "schedule/" + query).status_code == 200


def test_of_thousands_the_table_shows_a_page_and_the_chart_the_first(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.web.pages.schedule.PAGE", 2)
    monkeypatch.setattr("cluster.web.pages.schedule.MOST_DRAWN", 2)
    assert "The chart draws the first 2 of 3 milestones" in words(page(place))
    assert len(codes(page(place))) == 2
    assert "1–2 of 3" in words(page(place, "?view=table"))
    assert "3–3 of 3" in words(page(place, "?view=table&page=2"))
