"""A contract with money of every kind: detailed and undetailed budgets, payments, commitments, a reversal; all of it converted."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from cluster.models import Baseline, BudgetLine, Factory, LedgerEntry
from cluster.services.conversions import convert_all
from tests.cluster.web.place import Place, make_claim, make_place
from tests.factories import approve, make_factory, make_rate

AS_OF = "2025-06-17"
DAY = date(2025, 6, 17)
LINES = [
    # factory, category, funding, month, roubles
    ("F01", "design", "own", "2025-02-01", "1000000.00"),
    ("F01", "design", "bank", "2025-07-01", "500000.01"),
    ("F01", "construction", "own", "2025-05-01", "7000000.00"),
    ("F01", "construction", "own", "2025-09-01", "3333333.33"),
    ("F01", "", "", None, "250000.00"),
    ("F02", "", "", None, "3970000000.00"),
]
ENTRIES = [
    # factory, kind, category, funding, date, roubles
    ("F01", "commitment", "construction", "own", "2025-01-20", "12000000.00"),
    ("F01", "payment", "design", "own", "2025-03-03", "1100000.10"),
    ("F01", "payment", "construction", "own", "2025-06-05", "2000000.00"),
    ("F01", "payment", "", "", "2025-06-06", "100.50"),
    ("F02", "payment", "equipment", "subsidy", "2025-04-10", "777777.77"),
    ("F03", "payment", "networks", "", "2025-05-05", "55555.55"),
]


@dataclass
class Purse:
    """The place of the web tests with its money, and the factory F03 that has payments but no budget."""

    place: Place
    baseline: Baseline
    unbudgeted: Factory


def make_purse() -> Purse:
    """Everything converted, as it was known on AS_OF."""
    place = make_place()
    third = make_factory(place.contract, code="F03", name_ru="Завод стёкол", name_en="Glass plant", order=3)
    factories = {"F01": place.factory, "F02": place.other, "F03": third}
    for on, value in (("2019-01-10", "67.0795"), ("2024-12-28", "101.6797"), ("2025-03-01", "87.6990"), ("2025-06-05", "78.8401")):
        make_rate(on, value)
    make_rate("2025-06-17", "78.7135")
    baseline = Baseline.objects.create(contract=place.contract, name_ru="План 2025", name_en="Plan 2025")
    for code, category, funding, month, rub in LINES:
        BudgetLine.objects.create(
            baseline=baseline, factory=factories[code], category=category, funding=funding, amount_rub=Decimal(rub),
            month=date.fromisoformat(month) if month else None, source=place.source, recorded_by=place.person("editor"), reason="as agreed",
        )  # fmt: skip
    approve(baseline, "2025-01-01")
    entries = [record(factories[code], *rest) for code, *rest in ENTRIES]
    wrong = record(place.factory, "payment", "design", "own", "2025-03-04", "999.99")
    record(place.factory, "payment", "design", "own", "2025-05-04", "-999.99", reverses=wrong)
    assert entries
    convert()
    return Purse(place, baseline, third)


def record(factory: Factory, kind: str, category: str, funding: str, on: str, rub: str, **fields: Any) -> LedgerEntry:
    """An entry of the ledger."""
    usual = {"document": f"PO {on}", "counterparty": "Press Works"}
    return LedgerEntry.objects.create(
        factory=factory,
        kind=kind,
        category=category,
        funding=funding,
        date=date.fromisoformat(on),
        amount_rub=Decimal(rub),
        **usual | fields,
    )


def convert() -> None:
    """What is due gets its dollars."""
    convert_all(now=datetime(2025, 6, 17, 9, tzinfo=UTC), progress=lambda done, total: None)


def commit(purse: Purse) -> None:
    """The contract's commitment as published."""
    make_claim(purse.place, "commitment", "70000000000", factory=None)
    convert()
