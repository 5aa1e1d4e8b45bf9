"""Money as a reader sees it: cells from the budget in force and the ledger, in a fixed number of statements."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cluster.domain.errors import NotFound
from cluster.domain.exchange import convert_rub
from cluster.domain.outlook import Grouping, total_of, totals_by
from cluster.models import Baseline, BudgetConversion, BudgetLine, ExchangeRate, LedgerConversion, LedgerEntry, User
from cluster.queries.money import Money, Selection, entries_behind, lines_behind, money_of
from tests.cluster.purse import DAY, Purse, make_purse, record
from tests.factories import approve

STATEMENTS = 4


@pytest.fixture
def purse(db: None) -> Purse:
    return make_purse()


def read(purse: Purse, who: str = "editor", **changes: Any) -> Money:
    return money_of(reader=User.objects.get(pk=purse.place.person(who).pk), contract_code="alpha", **{"as_of": DAY} | changes)


class TestFigures:
    def test_budget_and_payments_are_those_of_the_rows_with_their_stored_dollars(self, purse: Purse) -> None:
        total = total_of(read(purse).cells)
        lines, payments = BudgetLine.objects.all(), LedgerEntry.objects.filter(kind="payment")
        assert total.budget_rub == sum(line.amount_rub for line in lines)
        assert total.budget_usd == sum(row.usd for row in BudgetConversion.objects.all())
        assert total.paid_rub == sum(entry.amount_rub for entry in payments)
        assert total.paid_usd == sum(row.usd for row in LedgerConversion.objects.filter(entry__kind="payment"))
        assert (total.lines, total.payments, total.commitments, total.missing) == (6, 7, 1, 0)

    def test_what_remains_stands_at_the_rate_of_the_day_asked_for(self, purse: Purse) -> None:
        money = read(purse, factory_code="F02")
        total, rate = total_of(money.cells), ExchangeRate.objects.get(date=DAY)
        assert (money.reporting, total.remaining_rub) == (rate, Decimal("3970000000.00") - Decimal("777777.77"))
        assert total.remaining_usd == convert_rub(total.remaining_rub or Decimal(0), rate.rate)
        assert [total.real_rub, total.real_usd] == [0, 0]

    def test_a_commitment_above_the_budget_is_a_real_effect(self, purse: Purse) -> None:
        by_category = {key: total.real_rub for (key,), total in totals_by(read(purse, factory_code="F01").cells, Grouping.CATEGORY).items()}
        over = Decimal("12000000.00") - Decimal("10333333.33")
        assert by_category == {"construction": over, "design": 0, "": Decimal("-249899.50")}

    def test_a_past_day_knows_only_its_payments_its_baseline_and_its_rate(self, purse: Purse) -> None:
        money = read(purse, as_of=date(2025, 3, 3))
        assert total_of(money.cells).paid_rub == Decimal("1100000.10")
        assert money.reporting is not None
        assert money.reporting.date == date(2025, 3, 1)
        before = read(purse, as_of=date(2024, 12, 31))
        assert before.baseline is not None
        assert before.baseline.kind == "published"
        assert before.cells == []

    def test_only_the_baseline_in_force_counts(self, purse: Purse) -> None:
        newer = Baseline.objects.create(contract=purse.place.contract, name_ru="План 2")
        BudgetLine.objects.create(baseline=newer, factory=purse.place.factory, amount_rub=Decimal(5))
        assert total_of(read(purse).cells).lines == 6
        approve(newer, "2025-06-10")
        assert total_of(read(purse).cells).budget_rub == 5
        assert total_of(read(purse).cells).missing == 1

    def test_a_payment_that_waits_for_its_conversion_is_counted_and_leaves_no_dollars(self, purse: Purse) -> None:
        record(purse.place.factory, "payment", "design", "own", "2025-06-10", "1.00")
        total = total_of(read(purse).cells)
        assert (total.paid_usd, total.outlook_usd, total.fx_usd, total.missing) == (None, None, None, 1)

    def test_rows_behind_a_part_are_those_of_its_cells(self, purse: Purse) -> None:
        money = read(purse)
        for selection in (
            Selection(),
            Selection(factory=purse.place.factory),
            Selection(category=""),
            Selection(category="construction", month=date(2025, 5, 1)),
            Selection(funding="own", year=2025),
            Selection(undated=True),
        ):
            total = total_of(selection.cells(money))
            assert sum(line.amount_rub for line in lines_behind(money, selection)) == (total.budget_rub or 0)
            assert sum(entry.amount_rub for entry in entries_behind(money, selection, "payment")) == total.paid_rub


class TestReaders:
    def test_a_plant_manager_sees_the_own_factory_and_is_told_so(self, purse: Purse) -> None:
        money = read(purse, "own")
        assert ({cell.factory for cell in money.cells}, money.is_partial) == ({purse.place.factory.pk}, True)
        assert not read(purse).is_partial
        with pytest.raises(NotFound):
            read(purse, "own", factory_code="F02")

    @pytest.mark.parametrize("who", ["outsider", "nobody"])
    def test_others_find_nothing(self, purse: Purse, who: str) -> None:
        with pytest.raises(NotFound):
            read(purse, who)


def test_the_number_of_statements_does_not_depend_on_the_number_of_rows(purse: Purse, django_assert_num_queries: Any) -> None:
    reader = purse.place.person("editor")
    assert reader.scope
    with django_assert_num_queries(STATEMENTS):
        money_of(reader=reader, contract_code="alpha", as_of=DAY)
    for n in range(1, 29):
        record(purse.place.factory, "payment", "design", "own", f"2025-02-{n:02}", "1.00")
    with django_assert_num_queries(STATEMENTS):
        money_of(reader=reader, contract_code="alpha", as_of=DAY)
