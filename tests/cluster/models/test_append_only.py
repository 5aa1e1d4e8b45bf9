"""What the database itself refuses, and what it keeps."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from cluster.models import Claim, ExchangeRate, LedgerEntry, Milestone
from tests.factories import make_contract, make_factory, make_milestone, make_rate, make_source

pytestmark = pytest.mark.django_db


def _entry(**fields: object) -> LedgerEntry:
    defaults = {"kind": "payment", "date": date(2025, 3, 1), "amount_rub": Decimal("100.00"), "document": "1", "counterparty": "A"}
    return LedgerEntry.objects.create(**{"factory": fields.get("factory") or make_factory()} | defaults | fields)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cluster_ledgerentry SET amount_rub = 1",
        "DELETE FROM cluster_ledgerentry",
        "TRUNCATE cluster_ledgerentry CASCADE",
        "UPDATE cluster_ledgerentryevent SET amount_rub = 1",
        "DELETE FROM cluster_ledgerentryevent",
        "TRUNCATE cluster_ledgerentryevent",
        "TRUNCATE cluster_ledgerentry, cluster_ledgerentryevent",
        "UPDATE cluster_ledgerentry SET note = note",
        "INSERT INTO cluster_ledgerentry SELECT * FROM cluster_ledgerentry ON CONFLICT (id) DO UPDATE SET amount_rub = 1",
    ],
)
def test_the_ledger_and_its_history_refuse_raw_changes(statement: str) -> None:
    entry = _entry()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert LedgerEntry.objects.get().amount_rub == entry.amount_rub


def test_forecast_revisions_refuse_changes() -> None:
    milestone = make_milestone()
    milestone.revisions.create(new_earliest=date(2025, 1, 1), new_latest=date(2025, 3, 31), new_precision="quarter", reason="design")
    with pytest.raises(DatabaseError), transaction.atomic():
        milestone.revisions.update(reason="other")
    with pytest.raises(DatabaseError), transaction.atomic():
        milestone.revisions.all().delete()
    assert milestone.revisions.get().reason == "design"


def test_bulk_and_raw_changes_leave_their_history() -> None:
    milestone = make_milestone(name_en="One")
    Milestone.objects.filter(pk=milestone.pk).update(name_en="Two")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cluster_milestone SET name_en = 'Three' WHERE id = %s", [milestone.pk])
    names = list(milestone.history.order_by("pgh_id").values_list("pgh_label", "name_en"))  # type: ignore[attr-defined]
    assert names == [("insert", "One"), ("update", "Two"), ("update", "Three")]


def test_a_payment_is_positive_and_only_a_reversal_negative() -> None:
    entry = _entry()
    for fields in ({"amount_rub": Decimal(0)}, {"amount_rub": Decimal(-1)}, {"reverses": entry}):
        with pytest.raises(IntegrityError), transaction.atomic():
            _entry(**fields)
    assert LedgerEntry.objects.count() == 1


def test_an_entry_is_reversed_once_and_a_reversal_never() -> None:
    entry = _entry()
    mirror: dict[str, object] = {"amount_rub": Decimal("-100.00"), "factory": entry.factory}
    reversal = _entry(reverses=entry, **mirror)
    for reversed_ in (entry, reversal):
        with pytest.raises(IntegrityError), transaction.atomic():
            _entry(reverses=reversed_, **mirror)


@pytest.mark.parametrize("fields", [{"amount_rub": Decimal("-99.99")}, {"kind": "commitment"}, {"factory": None}])
def test_a_reversal_is_the_exact_opposite_of_its_entry(fields: dict[str, object]) -> None:
    entry = _entry()
    other = {"factory": make_factory(entry.factory.contract)} if "factory" in fields else fields
    with pytest.raises(IntegrityError, match="one whole entry"), transaction.atomic():
        _entry(**{"amount_rub": Decimal("-100.00"), "factory": entry.factory, "reverses": entry} | other)
    assert LedgerEntry.objects.count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cluster_exchangerate SET value = 1",
        "UPDATE cluster_exchangerate SET nominal = 10",
        "UPDATE cluster_exchangerate SET revision = 7",
        "UPDATE cluster_exchangerate SET date = date + 1",
        "UPDATE cluster_exchangerate SET currency = 'EUR'",
        "DELETE FROM cluster_exchangerate",
        "TRUNCATE cluster_exchangerate CASCADE",
    ],
)
def test_a_rate_keeps_its_value_and_day_and_is_never_deleted(statement: str) -> None:
    rate = make_rate("2025-03-01", "90.5")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    ExchangeRate.objects.update(status="superseded")
    assert ExchangeRate.objects.values_list("date", "value", "nominal", "revision").get() == (rate.date, rate.value, 1, 1)


def test_one_rate_is_accepted_per_currency_and_day() -> None:
    make_rate("2024-04-13", "93.4419")
    make_rate("2024-04-13", "93.5000", revision=2, status=ExchangeRate.Status.SUPERSEDED)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_rate("2024-04-13", "93.6000", revision=3)


@pytest.mark.parametrize("value", ["0", "-1"])
def test_a_rate_is_positive(value: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_rate("2024-04-13", value)


def test_one_claim_is_in_use_for_a_figure_and_time() -> None:
    contract, source = make_contract(), make_source()
    row = {"contract": contract, "source": source, "figure": "commitment", "value": Decimal(70), "unit": "RUB"}
    Claim.objects.create(**row, in_use=True)
    Claim.objects.create(**row)
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.create(**row, in_use=True)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"value": 1, "unit": "RUB", "text_ru": "x"},
        {"value": 1},
        {"value": 2, "value_high": 1, "unit": "x"},
        {"value": 0, "unit": "RUB"},
        {"value": -5, "unit": "USD"},
    ],
)
def test_a_claim_says_exactly_one_thing(fields: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.create(contract=make_contract(), source=make_source(), figure="other", **fields)


def test_a_window_is_whole_and_not_turned_round() -> None:
    for fields in (
        {"actual_earliest": date(2025, 1, 1)},
        {"actual_earliest": date(2025, 2, 1), "actual_latest": date(2025, 1, 1), "actual_precision": "day"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_milestone(actual_announced_on=date(2025, 3, 1), **fields)
