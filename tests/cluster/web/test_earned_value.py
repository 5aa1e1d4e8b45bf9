"""The earned value page: its figures with their formulas, what is not defined, what each milestone earns; the file; the factories."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from cluster.domain.earned_value import Method
from tests.cluster.earnings import fill, pay, plan
from tests.cluster.web.place import WHO_ASKS, Place, make_place, words
from tests.factories import make_contract, make_milestone, make_user

PAGE = "earned-value/?as_of=2025-03-31"
STATEMENTS = 8 + WHO_ASKS


@pytest.fixture
def place(db: None) -> Place:
    """The place, whose F01 has two weighted milestones; F02 has neither weights nor a budget."""
    place = make_place()
    fill(place.factory)
    return place


def read(place: Place, path: str = PAGE, who: str = "editor", language: str = "en") -> str:
    response = place.client(who, language).get(place.base + path)
    assert response.status_code == 200
    return words(response)


def figures(place: Place, path: str) -> dict[str, str]:
    return {figure.key: figure.value for figure in place.client().get(place.base + path).context["figures"]}


def test_every_figure_stands_with_its_formula_and_the_numbers_put_in(place: Place) -> None:
    text = read(place)
    assert "Cost performance index (CPI) 1.000 EV / AC = ₽500.00 / ₽500.00" in text
    assert "Schedule performance in time, SPI(t) 0.667 ES / AT = 2.00 / 3.00" in text
    assert "Independent estimate of the duration, IEAC(t) 4.50 months PD / SPI(t) = 3.00 / 0.667" in text
    assert "Variance at completion (VAC) ₽0.00 BAC − EAC = ₽1,000.00 − ₽1,000.00" in text
    assert "Outlook ₽1,000.00" in text


def test_the_estimate_goes_by_the_method_of_the_address_and_names_it(place: Place) -> None:
    pay(place.factory, "2025-03-01", 500)
    eac = {method: figures(place, f"{PAGE}&method={method}")["eac"] for method in Method}
    assert eac == {Method.CPI: "₽2,000.00", Method.PLAN: "₽1,500.00", Method.CPI_SPI: "₽3,000.00"}
    assert "Estimate at completion by AC + BAC − EV: the rest costs as planned." in read(place, f"{PAGE}&method=plan")
    assert place.status("editor", f"{PAGE}&method=guess") == 400


def test_what_has_no_denominator_is_not_defined_and_never_nought(place: Place) -> None:
    early = "earned-value/?as_of=2024-12-15"
    text = read(place, early)
    assert "Cost performance index (CPI) not defined: nothing was paid yet" in text
    assert "Schedule performance in time, SPI(t) not defined: the plan had not begun" in text
    assert "Estimate at completion (EAC) not defined: nothing was earned yet" in text
    assert figures(place, early)["cpi"] == ""


def test_a_factory_that_is_not_in_the_sum_is_named_with_its_reason(place: Place) -> None:
    text = read(place)
    assert "1 of 2 factories is not in the figures of this page." in text
    assert "F02 Seat plant: It has no budget under the baseline in force." in text
    assert "The factories whose figures are defined 1.00 0.67" in text


def test_weights_that_do_not_sum_to_one_are_told_with_their_sum(place: Place) -> None:
    plan(place.contract, {make_milestone(place.factory): ("2025-05-01", "0.7")}, {place.factory: 10}, "2025-03-01")
    assert "F01 Press plant: The weights of the milestones must sum to 1; they sum to 0.700000." in read(place)


def test_one_factory_shows_what_each_milestone_earns(place: Place) -> None:
    text = read(place, f"{PAGE}&factory=F01")
    assert "A Step A 50% Jan 31, 2025 Feb 10, 2025 ₽500.00 ₽500.00" in text
    assert "B Step B 50% Mar 31, 2025 — ₽500.00 ₽0.00" in text
    assert "What earns what" not in read(place)
    assert place.status("editor", f"{PAGE}&factory=F99") == 404


def test_the_curve_is_planned_to_its_end_and_earned_up_to_the_day(place: Place) -> None:
    chart = place.client().get(f"{place.base}earned-value/?as_of=2025-02-20").context["chart"]
    assert [[cell.text for cell in row] for row in chart.rows] == [
        ["January 2025", "₽500.00", "₽0.00", "₽200.00"],
        ["February 2025", "₽500.00", "₽500.00", "₽500.00"],
        ["March 2025", "₽1,000.00", "", ""],
    ]
    assert "₽500 of ₽1,000 was earned" in chart.summary
    assert set(re.findall(r'<path [^>]*class="curve (\w+)"', chart.wide)) == {"budget", "earned", "cost", "expected"}


def test_before_the_first_baseline_and_without_one_the_page_says_what_to_do(place: Place) -> None:
    place.contract.baselines.filter(kind="published").delete()
    assert "the first one is in force from Dec 1, 2024. Ask for that day or a later one." in read(place, "earned-value/?as_of=2024-11-30")
    make_contract(code="blank")
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user(is_superuser=True))
    assert "No baseline of this contract was ever in force: approve one." in words(client.get("/c/blank/earned-value/"))


def test_a_manager_sees_the_own_factory_and_an_outsider_nothing(place: Place) -> None:
    text = read(place, who="own")
    assert "Only the factories of your role are shown." in text
    assert "F02" not in text
    assert place.status("outsider", PAGE) == 404
    assert place.status("foreign", f"{PAGE}&factory=F01") == 404


def test_the_file_has_every_factory_with_its_figures_or_the_reason(place: Place) -> None:
    body = place.client().get(f"{place.base}earned-value.csv?as_of=2025-03-31").content.decode("utf-8-sig")
    head, first, second = body.splitlines()
    rows = [dict(zip(head.split(","), line.split(","), strict=True)) for line in (first, second)]
    assert (rows[0]["Code"], Decimal(rows[0]["EV"]), rows[0]["CPI"], rows[0]["SPI(t)"]) == ("F01", Decimal(500), "1.0000", "0.6667")
    assert rows[0]["Estimated end"] == "2025-05-16"
    assert (rows[1]["EV"], rows[1]["Not defined because"]) == ("", "It has no budget under the baseline in force.")


def test_the_table_of_factories_and_the_page_of_one_show_how_they_perform(place: Place) -> None:
    client = place.client()
    rows = client.get(f"{place.base}factories/?as_of=2025-03-31&sort=-spi_t").context["rows"]
    assert [(entry.row.factory.code, entry.earned is not None) for entry in rows] == [("F01", True), ("F02", False)]
    text = read(place, "factories/F01/?as_of=2025-03-31")
    assert "Earned (EV) ₽500 planned ₽1,000 of ₽1,000" in text
    assert "Pace (SPI(t)) 0.67" in text
    assert "Earned (EV)" not in read(place, "factories/F02/?as_of=2025-03-31")


def test_the_number_of_statements_does_not_depend_on_the_number_of_factories(place: Place, django_assert_max_num_queries: Any) -> None:
    client = place.client()
    for path in (PAGE, f"{PAGE}&factory=F01"):
        with django_assert_max_num_queries(STATEMENTS):
            assert client.get(place.base + path).status_code == 200
