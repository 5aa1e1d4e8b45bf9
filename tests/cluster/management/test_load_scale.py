"""`manage.py load_scale`: example contracts to measure on, the same each time, added once."""

from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import Sum

from cluster.models import Baseline, BudgetLine, Contract, ConversionDue, Factory, JobRun, LedgerEntry
from tests.factories import make_contract, make_factory

pytestmark = pytest.mark.django_db


def load(contracts: int) -> str:
    out = StringIO()
    call_command("load_scale", contracts=contracts, stdout=out)
    return out.getvalue()


def test_each_contract_is_an_example_with_its_factories_budget_and_ledger() -> None:
    assert "Added 2 contracts." in load(2)
    assert list(Contract.objects.values_list("code", "name_ru", "name_en", "is_example")) == [
        ("scale-0001", "Масштаб 0001", "Scale 0001", True),
        ("scale-0002", "Масштаб 0002", "Scale 0002", True),
    ]
    contract = Contract.objects.get(code="scale-0002")
    assert Factory.objects.filter(contract=contract).count() == 12
    assert BudgetLine.objects.filter(factory__contract=contract, baseline__kind=Baseline.Kind.APPROVED).count() == 2400
    entries = LedgerEntry.objects.filter(factory__contract=contract)
    assert (entries.count(), entries.exclude(reverses=None).count()) == (1000, 10)
    assert JobRun.objects.get().name == JobRun.Name.CONVERT


def test_other_ledgers_beside_it_are_left_alone_whatever_their_documents() -> None:
    factory = make_factory()
    for document in ("п/п 5/", "М-1/90", "М-1/девяносто", "5/12345678901234567890"):
        LedgerEntry.objects.create(
            factory=factory, kind="payment", date=date(2024, 1, 1), amount_rub=Decimal(5), document=document, counterparty="A"
        )
    load(1)
    assert LedgerEntry.objects.exclude(reverses=None).count() == 10
    assert not LedgerEntry.objects.filter(factory=factory).exclude(reverses=None).exists()


def test_it_adds_what_is_missing_and_no_more() -> None:
    load(1)
    before = LedgerEntry.objects.aggregate(Sum("amount_rub"))
    assert "Nothing to add." in load(1)
    assert LedgerEntry.objects.aggregate(Sum("amount_rub")) == before
    assert "Added 1 contracts." in load(2)
    assert LedgerEntry.objects.count() == 2000


def test_what_it_adds_is_due_in_few_ranges() -> None:
    load(3)
    assert ConversionDue.objects.count() < 20


@pytest.mark.parametrize("contracts", [0, -1, 10_000])
def test_a_number_out_of_range_is_refused(contracts: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        load(contracts)
    assert not Contract.objects.exists()


def test_a_real_contract_of_that_code_is_left_alone() -> None:
    make_contract(code="scale-0001")
    with pytest.raises(SystemExit):
        load(1)
    assert not LedgerEntry.objects.exists()
