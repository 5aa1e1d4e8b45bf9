"""The public record as a past day knew it."""

from datetime import date
from decimal import Decimal

import pytest

from cluster.models import Contract
from cluster.queries.contracts import overview
from cluster.services import public_record
from production.queries.output import yearly
from production.services import public_record as production_record
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_a_past_day_knows_the_figures_that_were_replaced_later() -> None:
    public_record.load()
    production_record.load()
    reader = make_user(is_superuser=True)
    contract = Contract.objects.get(code="avtotor")
    years = {year.year: year for year in yearly(reader, contract.pk, date(2023, 6, 1))}
    assert years[2021].quantity == 177_000
    assert years[2021].output is not None
    assert years[2021].output.announced_latest == date(2022, 1, 31)
    committed = overview(reader=reader, contract_code="avtotor", as_of=date(2022, 12, 31)).commitment
    assert committed is not None
    assert committed.value == Decimal(32_000_000_000)
