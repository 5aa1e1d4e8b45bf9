"""Years of production: plans, revisions, output, rivals, and how they compare."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import strip_tags

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import Contract, Source, User
from cluster.queries.digest_brief import Brief
from production.models import Capacity, Output, PlanRevision
from production.queries.brands import component_output
from production.queries.capacity import capacities, utilisation
from production.queries.digest import production_section
from production.queries.facts import facts_of_source
from production.queries.output import Year, yearly
from tests.factories import make_contract, make_factory, make_source, make_user

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 23)


@pytest.fixture
def contract() -> Contract:
    return make_contract()


@pytest.fixture
def reader() -> User:
    return make_user(Role.AUDITOR)


@pytest.fixture
def source() -> Source:
    return make_source()


def plan(contract: Contract, source: Source, announced: str, low: int | None, high: int | None = None, **fields: Any) -> PlanRevision:
    row = PlanRevision(contract=contract, source=source, low=low, high=high, **{"year": 2024, "in_use": True} | fields)
    row.announced = DateWindow.parse(announced)
    row.save()
    return row


def output(contract: Contract, source: Source, quantity: int, **fields: Any) -> Output:
    row = Output(contract=contract, source=source, quantity=quantity, **{"year": 2024, "in_use": True} | fields)
    row.announced = DateWindow.parse("2025-10-06")
    row.save()
    return row


def only(reader: User, contract: Contract, as_of: date = TODAY) -> Year:
    (year,) = yearly(reader, contract.pk, as_of)
    return year


def test_the_newest_plan_announced_is_in_force_and_the_first_one_is_kept(reader: User, contract: Contract, source: Source) -> None:
    plan(contract, source, "2024-04-15", 80000, 100000)
    plan(contract, source, "2023", 100000, 130000)
    year = only(reader, contract)
    assert year.first_plan == (100000, 130000)
    assert year.plan == (80000, 100000)


def test_a_claim_about_a_plan_that_is_not_in_use_stays_beside_it(reader: User, contract: Contract, source: Source) -> None:
    plan(contract, source, "2024-04-15", 80000, 100000)
    retold = plan(contract, source, "2025-10", 70000, 70000, in_use=False)
    year = only(reader, contract)
    assert year.plan == (80000, 100000)
    assert year.plan_rivals == [retold]


def test_one_bound_stands_for_both(reader: User, contract: Contract, source: Source) -> None:
    plan(contract, source, "2024", None, 70000)
    assert only(reader, contract).plan == (70000, 70000)


def test_output_is_judged_by_the_low_bound_of_the_plan_in_force_and_of_the_first(reader: User, contract: Contract, source: Source) -> None:
    plan(contract, source, "2023", 100000, 130000)
    plan(contract, source, "2024-04-15", 80000, 100000)
    output(contract, source, 30400)
    year = only(reader, contract)
    assert (year.fulfilment, year.fulfilment_first) == (Decimal(38), Decimal("30.4"))
    assert year.is_short


def test_without_a_plan_or_an_output_nothing_is_defined(reader: User, contract: Contract, source: Source) -> None:
    output(contract, source, 33400, year=2025)
    plan(contract, source, "2016", 124000, 128000, year=2017)
    planned, built = yearly(reader, contract.pk, TODAY)
    assert (planned.quantity, planned.fulfilment, planned.is_short) == (None, None, False)
    assert (built.plan, built.fulfilment, built.year_on_year) == (None, None, None)


def test_the_year_before_gives_the_growth(reader: User, contract: Contract, source: Source) -> None:
    output(contract, source, 40000, year=2023)
    output(contract, source, 30000)
    assert [year.year_on_year for year in yearly(reader, contract.pk, TODAY)] == [None, Decimal(-25)]


def test_rival_figures_are_told_once_each_and_not_added(reader: User, contract: Contract, source: Source) -> None:
    output(contract, source, 212000)
    for quantity in (213000, 213000, 212000):
        output(contract, source, quantity, in_use=False)
    year = only(reader, contract)
    assert year.quantity == 212000
    assert year.rival_quantities == [213000]


def test_parts_by_segment_stand_beside_the_whole(reader: User, contract: Contract, source: Source) -> None:
    output(contract, source, 30400)
    part = output(contract, source, 868, segment="commercial")
    year = only(reader, contract)
    assert year.quantity == 30400
    assert year.parts == [part]


def test_months_make_the_year_where_only_they_are_known(reader: User, contract: Contract, source: Source) -> None:
    output(contract, source, 1000, month=1)
    output(contract, source, 1500, month=2)
    year = only(reader, contract)
    assert (year.quantity, year.months) == (2500, 2)


def test_some_months_are_not_compared_with_a_year(reader: User, contract: Contract, source: Source) -> None:
    plan(contract, source, "2024", 5000)
    output(contract, source, 6000, year=2023)
    for month in range(1, 12):
        output(contract, source, 100, month=month)
    output(contract, source, 7000, year=2025)
    _before, partial, after = yearly(reader, contract.pk, TODAY)
    assert (partial.quantity, partial.months) == (1100, 11)
    assert (partial.fulfilment, partial.fulfilment_first, partial.year_on_year, partial.is_short) == (None, None, None, False)
    assert after.year_on_year is None
    output(contract, source, 100, month=12)
    _before, whole, after = yearly(reader, contract.pk, TODAY)
    assert (whole.fulfilment, whole.year_on_year, whole.is_short) == (Decimal(24), Decimal(-80), True)
    assert after.year_on_year is not None


def test_what_was_announced_later_was_not_known_before(reader: User, contract: Contract, source: Source) -> None:
    plan(contract, source, "2023", 100000, 130000)
    plan(contract, source, "2024-04-15", 80000, 100000)
    output(contract, source, 30400)
    year = only(reader, contract, date(2024, 4, 14))
    assert year.plan == (100000, 130000)
    assert year.quantity is None


def test_output_of_a_factory_in_its_own_units_is_no_vehicle(reader: User, contract: Contract, source: Source) -> None:
    factory = make_factory(contract)
    motors = output(contract, source, 5000, unit="motors", factory=factory)
    assert yearly(reader, contract.pk, TODAY) == []
    assert component_output(reader, contract.pk, TODAY) == [motors]


def test_capacity_used_is_a_range_where_the_capacity_is_one(reader: User, contract: Contract, source: Source) -> None:
    output(contract, source, 30000)
    row = Capacity(contract=contract, source=source, low=300000, high=400000, in_use=True)
    row.effective = DateWindow.parse("2024")
    row.announced = DateWindow.parse("2024")
    row.save()
    used = utilisation(yearly(reader, contract.pk, TODAY), capacities(reader, contract.pk, TODAY))
    assert used is not None
    assert (used.year, used.least, used.most) == (2024, Decimal("7.5"), Decimal(10))


def test_the_current_year_that_is_not_over_uses_no_capacity_yet(reader: User, contract: Contract, source: Source) -> None:
    output(contract, source, 1000, month=1)
    assert utilisation(yearly(reader, contract.pk, TODAY), []) is None


def test_outsiders_read_nothing(contract: Contract, source: Source) -> None:
    output(contract, source, 30400)
    assert yearly(make_user(Role.EDITOR, contract=make_contract()), contract.pk, TODAY) == []


def test_years_cost_two_statements_however_many_they_are(
    reader: User, contract: Contract, source: Source, django_assert_max_num_queries: Any
) -> None:
    for n in range(2015, 2025):
        output(contract, source, n, year=n)
        plan(contract, source, "2014", n, year=n)
    reader.scope  # noqa: B018 -- read before, as a request has done
    with django_assert_max_num_queries(2):
        yearly(reader, contract.pk, TODAY)


def test_a_figure_that_was_replaced_later_still_stands_on_the_days_before(reader: User, contract: Contract, source: Source) -> None:
    old = output(contract, source, 177000, in_use=False, confidence="low")
    later = output(contract, source, 175000)
    for row, announced in ((old, "2025-01-31"), (later, "2025-08-01")):
        row.announced = DateWindow.parse(announced)
        row.save()
    assert only(reader, contract, date(2025, 3, 1)).quantity == 177000
    assert only(reader, contract, date(2025, 8, 1)).quantity == 175000
    assert outputs_of_source(reader, contract, source, date(2025, 3, 1)) == [(177000, True)]


def outputs_of_source(reader: User, contract: Contract, source: Source, as_of: date) -> list[tuple[int, bool]]:
    facts = facts_of_source(reader=reader, contract=contract, source=source, as_of=as_of)
    return [(row.quantity, row.in_use) for row in facts.outputs]


def test_the_digest_of_a_past_day_tells_the_figure_of_that_day(reader: User, contract: Contract, source: Source) -> None:
    plan(contract, source, "2024-01-15", 80000)
    old = output(contract, source, 30000, in_use=False)
    old.announced = DateWindow.parse("2025-01-31")
    old.save()
    output(contract, source, 30400)
    since, until = datetime(2025, 2, 1, tzinfo=UTC), datetime(2025, 3, 1, tzinfo=UTC)
    section = production_section(Brief(reader=reader, since=since, until=until, as_of=date(2025, 3, 1)))
    assert section is not None
    assert [(year.year, year.quantity) for year in section.data.years] == [(2024, 30000)]


def test_a_digest_over_several_contracts_says_whose_output_it_is_and_how_the_source_words_it(
    reader: User, contract: Contract, source: Source
) -> None:
    other = make_contract(name_en="Contract Beta")
    plan(contract, source, "2024-01-15", 80000)
    plan(other, source, "2024-01-15", 10)
    Output.objects.filter(pk=output(contract, source, 33400).pk).update(qualifier="more_than")
    output(other, source, 5)
    brief = Brief(reader=reader, since=datetime(2020, 1, 1, tzinfo=UTC), until=datetime(2030, 1, 1, tzinfo=UTC), as_of=TODAY)
    section = production_section(brief)
    assert section is not None
    with translation.override("en"):
        for form in ("txt", "html"):
            text = render_to_string(f"emails/sections/production.{form}", {"section": section, "data": section.data, "several": True})
            said = " ".join(strip_tags(text).replace("\xa0", " ").split())
            assert "more than 33,400 vehicles" in said, form
            assert f"{contract.name}, 2024" in said, form
            assert "Contract Beta, 2024" in said, form
