"""What stands at a rate: in the reader's scope, by the days on which it is in force, with a number of statements that rows do not raise."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from cluster.domain.access import Role
from cluster.models import (
    Baseline,
    BudgetConversion,
    BudgetLine,
    Claim,
    ClaimConversion,
    Contract,
    ExchangeRate,
    Factory,
    LedgerConversion,
    LedgerEntry,
)
from cluster.queries.rate_use import affected, counts_between, counts_of, use_counts, uses
from tests.factories import make_contract, make_factory, make_rate, make_source, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
D13, D15, D16, D17 = (date(2024, 4, day) for day in (13, 15, 16, 17))


@pytest.fixture
def contract() -> Contract:
    return make_contract(code="alpha")


@pytest.fixture
def plant(contract: Contract) -> Factory:
    return make_factory(contract, code="F01")


@pytest.fixture
def rate() -> ExchangeRate:
    """The rate of Saturday, 13 April, in force on Monday too; the next one is of the 16th."""
    make_rate(D16, "93.5891")
    return make_rate(D13, "93.4419")


def pay(factory: Factory, on: date = D15, rate: ExchangeRate | None = None, **fields: Any) -> LedgerEntry:
    """A payment, converted at the rate if one is given."""
    replaced = fields.pop("replaced", None)
    given = {"kind": "payment", "amount_rub": Decimal("93441.90"), "document": "order 1", "counterparty": "c"} | fields
    entry = LedgerEntry.objects.create(factory=factory, date=on, **given)
    if rate is not None:
        usd = Decimal("1000.00") if entry.amount_rub > 0 else Decimal("-1000.00")
        LedgerConversion.objects.create(entry=entry, rate=rate, usd=usd, replaced=replaced, converted_at=timezone.now())
    return entry


def test_every_kind_of_amount_is_found_with_its_roubles_and_dollars(contract: Contract, plant: Factory, rate: ExchangeRate) -> None:
    pay(plant, rate=rate)
    baseline = Baseline.objects.create(contract=contract, name_ru="План")
    line = BudgetLine.objects.create(baseline=baseline, factory=plant, category="equipment", amount_rub=Decimal(100))
    Baseline.objects.filter(pk=baseline.pk).update(kind="approved", in_force_from=D13)
    BudgetConversion.objects.create(line=line, rate=rate, usd=Decimal("1.07"), converted_at=timezone.now())
    claim = Claim.objects.create(
        contract=contract, figure="commitment", value=Decimal(70), unit="RUB", source=make_source(), recorded_by=make_user()
    )
    ClaimConversion.objects.create(claim=claim, rate=rate, usd=Decimal("0.75"), converted_at=timezone.now())
    found = uses(make_user(Role.AUDITOR), rate, offset=0, limit=10)
    assert found.count == 3
    told = {use.kind: (use.contract, use.factory, use.about, str(use.usd)) for use in found.rows}
    assert told == {
        "payment": ("alpha", "F01", "order 1", "1000.00"),
        "budget": ("alpha", "F01", "equipment", "1.07"),
        "claim": ("alpha", "", "committed investment", "0.75"),
    }


def test_a_reversal_stands_with_what_it_takes_back_whatever_its_own_day(plant: Factory, rate: ExchangeRate) -> None:
    entry = pay(plant, rate=rate)
    pay(plant, date(2024, 9, 2), rate, amount_rub=-entry.amount_rub, reverses=entry)
    assert uses(make_user(Role.AUDITOR), rate, offset=0, limit=10).count == 2
    assert use_counts(make_user(Role.AUDITOR), [rate]) == {rate.pk: 2}


def test_what_was_converted_anew_is_told_at_the_old_revision(plant: Factory, rate: ExchangeRate) -> None:
    new = make_rate(D13, "93.5", revision=2, status="quarantined")
    entry = pay(plant, rate=new, replaced=rate)
    reader = make_user(Role.AUDITOR)
    assert [(use.id, use.replaced_id) for use in uses(reader, rate, offset=0, limit=10).rows] == [(entry.pk, rate.pk)]
    assert counts_of(reader, replaced=[rate, new]).replaced == {rate.pk: 1}


def test_a_plant_manager_sees_and_counts_the_own_plant_only(contract: Contract, plant: Factory, rate: ExchangeRate) -> None:
    pay(plant, rate=rate)
    pay(make_factory(contract), rate=rate)
    pay(make_factory(), rate=rate)
    manager = make_user(Role.MANAGER, factory=plant)
    assert uses(manager, rate, offset=0, limit=10).count == use_counts(manager, [rate])[rate.pk] == 1
    assert counts_between(manager, [(D13, D16)]) == [1]
    assert affected(manager, rate, until=D16, limit=10).count == 1
    assert uses(make_user(), rate, offset=0, limit=10).count == 0


def test_what_a_gap_concerns_is_counted_by_its_days(plant: Factory) -> None:
    for on in (D13, D15, D16, D17):
        pay(plant, on)
    assert counts_between(make_user(Role.AUDITOR), [(D13, D16), (D17, None), (date(2020, 1, 1), date(2020, 1, 2))]) == [2, 1, 0]


def test_what_a_new_rate_would_change_is_told_with_its_dollars(plant: Factory) -> None:
    pay(plant, D15)
    pay(plant, D16)
    row = ExchangeRate(date=D13, value=Decimal("93.4419"))
    found = affected(make_user(Role.AUDITOR), row, until=D16, limit=10)
    assert (found.count, [str(usd) for _use, usd in found.rows]) == (1, ["1000.00"])


def test_rates_of_other_currencies_are_used_by_nothing(plant: Factory) -> None:
    pay(plant, D15)
    euro = make_rate(D13, "99", currency="EUR")
    reader = make_user(Role.AUDITOR)
    assert (uses(reader, euro, offset=0, limit=5).count, use_counts(reader, [euro]), affected(reader, euro, until=None, limit=5).count) == (
        0, {}, 0,
    )  # fmt: skip


def test_pages_and_statements_do_not_grow_with_the_rows(plant: Factory, rate: ExchangeRate, django_assert_num_queries: Any) -> None:
    for number in range(12):
        pay(plant, rate=rate, document=f"order {number}")
    reader = make_user(Role.AUDITOR)
    assert reader.scope.sees_everything
    with django_assert_num_queries(4):
        found = uses(reader, rate, offset=10, limit=10)
    assert (len(found.rows), found.count) == (2, 12)
    with django_assert_num_queries(2):
        use_counts(reader, [rate])
    with django_assert_num_queries(1):
        counts_between(reader, [(D13, D16), (D16, None)])
