"""GET /contracts/{code}/earned-value/ and /schedule-quality/: the figures of the pages, for programs."""

from decimal import Decimal
from typing import Any

import pytest

from cluster.domain.quality import Check, Fault, Rule
from cluster.models import Dependency
from cluster.queries import quality
from tests.cluster.api.world import BASE, token_client
from tests.cluster.earnings import fill
from tests.cluster.web.place import Place, make_place
from tests.factories import make_milestone

STATEMENTS = 14


@pytest.fixture
def place(db: None) -> Place:
    place = make_place()
    first, second = fill(place.factory)
    Dependency.objects.create(predecessor=first, successor=second, lag_days=-2)
    return place


def get(place: Place, part: str, who: str = "editor", **query: str) -> Any:
    return token_client(place.person(who)).get(f"{BASE}contracts/alpha/{part}/", {"as_of": "2025-03-31"} | query)


def test_figures_are_decimal_strings_and_what_is_not_defined_is_null(place: Place) -> None:
    found = get(place, "earned-value").json()
    total = found["total"]
    assert (total["bac"], total["ev"]) == ({"value": "1000.00", "currency": "RUB"}, {"value": "500.00", "currency": "RUB"})
    assert (total["cpi"], total["spi_t"], total["ieac_t"], total["ieac_on"]) == ("1.0000", "0.6667", "4.5000", "2025-05-16")
    assert {one["method"]: one["eac"]["value"] for one in total["estimates"]} == {"cpi": "1000.00", "plan": "1000.00", "cpi_spi": "1500.00"}
    assert (total["tcpi"], total["completed_on"]) == ("1.0000", None)
    assert [month["month"] for month in found["months"]] == ["2025-01-01", "2025-02-01", "2025-03-01"]
    assert (found["complete"], found["factory"]) == (False, None)
    early = get(place, "earned-value", as_of="2024-12-15").json()["total"]
    assert (early["cpi"], early["spi_t"], early["estimates"][0]["eac"]) == (None, None, None)


def test_a_factory_without_figures_says_why(place: Place) -> None:
    rows = {row["factory"]["code"]: row for row in get(place, "earned-value").json()["factories"]}
    assert (rows["F01"]["problem"], rows["F02"]["figures"]) == (None, None)
    assert rows["F02"]["problem"] == "It has no budget under the baseline in force."
    own = get(place, "earned-value", factory="F01").json()
    assert (own["factory"]["code"], own["complete"], len(own["factories"])) == ("F01", True, 1)


@pytest.mark.parametrize("part", ["earned-value", "schedule-quality"])
def test_outsiders_unknown_factories_and_days_before_the_first_plan_are_refused(place: Place, part: str) -> None:
    assert get(place, part, "outsider").status_code == 404
    refused = get(place, part, as_of="2015-01-01")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "as_of"
    assert get(place, part, by="month").status_code == 400
    unknown = get(place, part, factory="F99")
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (400, "factory")


def test_checks_name_what_fails_them(place: Place) -> None:
    found = get(place, "schedule-quality").json()
    checks = {check["check"]: check for check in found["checks"]}
    assert len(checks) == 14
    leads = checks["leads"]
    assert (leads["value"], leads["unit"], leads["at_most"], leads["at_least"], leads["passed"], leads["dcma"]) == (
        "100.0000", "percent", "0.00", None, False, 2,
    )  # fmt: skip
    assert [(one["milestone"]["code"], one["waits_for"], one["days"], one["what"]) for one in leads["failing"]] == [("B", "A", -2, "FS")]
    assert not found["passed"]
    hidden = {check["check"]: check for check in get(place, "schedule-quality", "foreign").json()["checks"]}["leads"]
    assert (hidden["failing"], hidden["hidden"]) == ([], 1)


def test_the_end_of_the_path_is_named_to_who_sees_it_alone(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    first, end = place.factory.milestones.get(code="A"), make_milestone(place.other, code="F02-END")
    stuck = Check(Rule.PATH_TEST, Decimal(0), Decimal(1), False, 1, 1, (Fault(first.pk, end.pk),), at_least=True)
    monkeypatch.setattr(quality, "checks", lambda _schedule: [stuck])
    for who, told in (("editor", "F02-END"), ("own", None)):
        [failing] = get(place, "schedule-quality", who).json()["checks"][0]["failing"]
        assert (failing["milestone"]["code"], failing["waits_for"]) == ("A", told)
    page = place.client("own").get(f"{place.base}schedule/quality/").content.decode()
    assert "The end of the path does not move" in page
    assert "F02-END" not in page


@pytest.mark.parametrize("part", ["earned-value", "schedule-quality"])
def test_the_number_of_statements_is_bounded(place: Place, part: str, django_assert_max_num_queries: Any) -> None:
    client = token_client(place.person("editor"))
    with django_assert_max_num_queries(STATEMENTS):
        assert client.get(f"{BASE}contracts/alpha/{part}/").status_code == 200
