"""A finished year below the low bound of the plan in force is flagged, where the whole year is known."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from cluster.domain.dates import DateWindow
from cluster.models import Contract, DelayEvent, DelayFlag, Source
from cluster.queries.digest import digest_of
from cluster.queries.digest_brief import Brief
from cluster.services.delays import flag_delays
from production.models import Output, PlanRevision
from production.queries.output import yearly
from tests.cluster.web.place import words
from tests.factories import make_contract, make_factory, make_source, make_user

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)


@pytest.fixture
def contract() -> Contract:
    return make_contract()


@pytest.fixture
def source() -> Source:
    return make_source()


def plan(contract: Contract, source: Source, low: int | None, announced: str = "2024-04-15", **fields: Any) -> PlanRevision:
    row = PlanRevision(contract=contract, source=source, low=low, **{"year": 2025, "in_use": True} | fields)
    row.announced = DateWindow.parse(announced)
    row.save()
    return row


def built(contract: Contract, source: Source, quantity: int, **fields: Any) -> Output:
    row = Output(contract=contract, source=source, quantity=quantity, **{"year": 2025, "in_use": True} | fields)
    row.announced = DateWindow.parse("2026-02-06")
    row.save()
    return row


def short(contract: Contract) -> list[tuple[int, Decimal | None, str]]:
    """Plan revision, vehicles short and severity of the open flags; the page of production must say the same."""
    flag_delays(as_of=TODAY, progress=lambda done, total: None)
    flags = DelayFlag.objects.filter(contract=contract, kind="output_short", closed_on=None)
    years = [year for year in yearly(make_user(is_superuser=True), contract.pk, TODAY) if year.is_short and year.year < TODAY.year]
    assert {flag.subject_id for flag in flags} == {year.plans[-1].pk for year in years}
    return [(flag.subject_id, flag.amount, flag.severity) for flag in flags]


@pytest.mark.parametrize(
    ("quantity", "severity"),
    [(99_999, "minor"), (90_001, "minor"), (90_000, "moderate"), (80_000, "major"), (60_000, "critical"), (0, "critical")],
)
def test_severity_rises_with_the_share_that_is_missing(contract: Contract, source: Source, quantity: int, severity: str) -> None:
    planned = plan(contract, source, 100_000, high=130_000)
    built(contract, source, quantity)
    assert short(contract) == [(planned.pk, Decimal(100_000 - quantity), severity)]
    assert DelayFlag.objects.get().since == TODAY


def test_a_plan_that_is_met_or_not_known_wholly_is_no_flag(contract: Contract, source: Source) -> None:
    plan(contract, source, 100_000)
    for month in range(1, 12):
        built(contract, source, 1, month=month)
    assert short(contract) == []
    built(contract, source, 99_988, month=12)
    assert short(contract) == [(PlanRevision.objects.get().pk, Decimal(1), "minor")]
    Output.objects.filter(month=12).update(quantity=99_989)
    assert short(contract) == []


def test_the_year_that_runs_is_not_judged(contract: Contract, source: Source) -> None:
    plan(contract, source, 100_000, year=2026)
    built(contract, source, 5, year=2026)
    assert short(contract) == []


def test_the_plan_in_force_judges_and_the_figure_of_the_year_goes_before_its_months(contract: Contract, source: Source) -> None:
    plan(contract, source, 100_000)
    lowered = plan(contract, source, None, high=80_000, announced="2025-06-01")
    plan(contract, source, 200_000, announced="2025-07-01", in_use=False)
    built(contract, source, 79_000)
    for month in range(1, 13):
        built(contract, source, 50_000, month=month)
    assert short(contract) == [(lowered.pk, Decimal(1_000), "minor")]


def test_parts_other_units_and_factories_are_not_the_output(contract: Contract, source: Source) -> None:
    plan(contract, source, 100_000)
    built(contract, source, 10, segment="electric")
    built(contract, source, 10, unit="batteries")
    built(contract, source, 10, factory=make_factory(contract))
    assert short(contract) == []


@pytest.mark.usefixtures("in_english")
def test_it_is_told_by_its_year_and_in_vehicles_on_pages_in_the_table_and_in_the_letter(contract: Contract, source: Source) -> None:
    plan(contract, source, 70_000, high=70_000)
    built(contract, source, 30_400)
    flag_delays(as_of=TODAY, progress=lambda done, total: None)
    flag = DelayFlag.objects.get()
    reader = make_user(is_superuser=True)
    client = Client(headers={"accept-language": "en"})
    client.force_login(reader)
    assert "Plan for 2025" in words(client.get(f"/c/{contract.code}/delays/"))
    assert "39,600 vehicles" in words(client.get(f"/c/{contract.code}/delays/"))
    DelayEvent.objects.create(flag=flag, kind="better", on_date=TODAY, days=0, amount=1_234, severity="major")
    assert "1,234 vehicles" in words(client.get(f"/c/{contract.code}/delays/{flag.pk}/"))
    row = client.get(f"/c/{contract.code}/delays.csv").content.decode().splitlines()[1]
    assert ",39600.00,vehicles," in row
    now = timezone.now()
    digest = digest_of(Brief(reader=reader, since=now - timedelta(days=1), until=now + timedelta(days=1), as_of=TODAY))
    (told,) = [one for part in digest.contracts for one in part.flagged]
    for name in ("txt", "html"):
        letter = render_to_string(f"emails/partials/flagged.{name}", {"one": told, "news": {"contract": contract}, "site": ""})
        assert "Plan for 2025" in letter
        assert "39,600\xa0vehicles" in letter
