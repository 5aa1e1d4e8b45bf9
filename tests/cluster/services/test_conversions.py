"""Stored conversions: each amount at its basis, converted once, again only when a rate is corrected, equal to the rule in Python."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cluster.domain.dates import DateWindow
from cluster.domain.exchange import Basis, Rate, convert_rub
from cluster.models import Baseline, BudgetConversion, BudgetLine, Claim, ClaimConversion, Factory, LedgerConversion, LedgerEntry
from cluster.queries.conversions import USD_SQL
from cluster.services.conversions import convert_all, mark_all_due
from cluster.services.rates import Origin, store_rates
from tests.factories import approve, make_factory, make_rate, make_source

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)


def convert(now: datetime = NOW) -> dict[str, int]:
    return convert_all(now=now, progress=lambda done, total: None)


def stored() -> list[dict[str, Any]]:
    """Every stored conversion, as it stands."""
    models: list[Any] = [LedgerConversion, BudgetConversion, ClaimConversion]
    return [row for model in models for row in model.objects.order_by("pk").values()]


def pay(factory: Factory, on: str, amount: str, **fields: Any) -> LedgerEntry:
    given = {"kind": "payment", "document": "1", "counterparty": "ООО «Стройка»"} | fields
    return LedgerEntry.objects.create(factory=factory, date=date.fromisoformat(on), amount_rub=Decimal(amount), **given)


def budget(factory: Factory, amount: str, *, announced: str = "", in_force: str | None = "2024-04-12") -> BudgetLine:
    baseline = Baseline.objects.create(contract=factory.contract, name_ru="План")
    line = BudgetLine(baseline=baseline, factory=factory, amount_rub=Decimal(amount))
    line.announced = DateWindow.parse(announced) if announced else None
    line.save()
    if in_force:
        approve(baseline, in_force)
    return line


def claim(factory: Factory, value: str, *, announced: str = "", valid: str = "", **fields: Any) -> Claim:
    row = Claim(
        contract=factory.contract, factory=factory, figure="budget", value=Decimal(value), source=make_source(), **{"unit": "RUB"} | fields
    )
    row.announced = DateWindow.parse(announced) if announced else None
    row.valid = DateWindow.parse(valid) if valid else None
    row.save()
    return row


@pytest.fixture
def rates(db: None) -> None:
    make_rate("2024-04-12", "93.2198")
    make_rate("2024-04-13", "93.4419")
    make_rate("2024-05-31", "89.2872")


@pytest.mark.usefixtures("rates")
class TestConverting:
    def test_a_payment_stands_at_the_rate_in_force_on_its_day(self) -> None:
        entry = pay(make_factory(), "2024-04-15", "70000000000")
        assert convert()["converted"] == 1
        conversion = entry.conversion
        assert (conversion.basis, conversion.usd, conversion.rate.date) == (Basis.PAYMENT, Decimal("749128602.91"), date(2024, 4, 13))
        assert not conversion.stale

    def test_a_reversal_takes_back_the_dollars_of_what_it_reverses(self) -> None:
        factory = make_factory()
        wrong = pay(factory, "2024-04-12", "1000.01")
        back = pay(factory, "2024-05-31", "-1000.01", reverses=wrong)
        convert()
        assert back.conversion.usd == -wrong.conversion.usd

    def test_a_budget_line_stands_at_its_announcement_else_at_its_baseline(self) -> None:
        factory = make_factory()
        announced, plain = budget(factory, "100", announced="2024-04-13"), budget(make_factory(), "100")
        convert()
        assert [line.conversion.rate.date.day for line in (announced, plain)] == [13, 12]
        assert announced.conversion.basis == Basis.CONTRACT

    def test_a_proposed_budget_has_no_date_and_is_counted_as_unconverted(self) -> None:
        budget(make_factory(), "100", in_force=None)
        assert convert()["unconverted"] == 1

    def test_a_claim_stands_at_its_announcement_else_at_the_start_of_what_it_holds_for(self) -> None:
        factory = make_factory()
        announced = claim(factory, "8900000000", announced="2024-04-13", valid="2024")
        undated = claim(factory, "8900000000", valid="2024-05-31..2024-12")
        other = claim(factory, "300000", announced="2024-04-13", unit="vehicles_per_year")
        convert()
        assert announced.conversion.rate.date == date(2024, 4, 13)
        assert undated.conversion.rate.date == date(2024, 5, 31)
        assert not ClaimConversion.objects.filter(claim=other).exists()

    def test_amounts_older_than_the_first_rate_stay_unconverted_and_are_counted(self) -> None:
        pay(make_factory(), "2024-04-11", "100")
        figures = convert()
        assert (figures["converted"], figures["unconverted"]) == (0, 1)
        assert stored() == []

    def test_a_rate_older_than_the_calendar_expects_is_marked_stale(self) -> None:
        entry = pay(make_factory(), "2024-04-16", "100")
        assert convert()["stale"] == 1
        assert entry.conversion.stale

    def test_the_missing_rate_once_known_replaces_the_stale_one(self) -> None:
        entry = pay(make_factory(), "2024-04-16", "100")
        convert()
        old = entry.conversion.rate
        make_rate("2024-04-16", "93.5891")
        assert convert()["changed"] == 1
        entry.conversion.refresh_from_db()
        assert (entry.conversion.rate.date.day, entry.conversion.replaced, entry.conversion.stale) == (16, old, False)

    def test_running_twice_changes_nothing(self) -> None:
        factory = make_factory()
        pay(factory, "2024-04-15", "100")
        budget(factory, "100")
        claim(factory, "100", announced="2024-04-13")
        convert()
        before = stored()
        assert set(convert(datetime(2024, 6, 2, tzinfo=UTC)).values()) == {0}
        mark_all_due()
        again = convert(datetime(2024, 6, 3, tzinfo=UTC))
        assert (again["converted"], again["changed"], again["dropped"]) == (0, 0, 0)
        assert stored() == before

    def test_a_corrected_rate_converts_again_what_used_it_and_nothing_else(self) -> None:
        factory = make_factory()
        hit, spared = pay(factory, "2024-04-15", "1000"), pay(factory, "2024-04-12", "1000")
        convert()
        wrong = hit.conversion.rate
        store_rates([Rate(date(2024, 4, 13), Decimal("94"))], origin=Origin("Банк России", "Bank of Russia"))
        assert convert()["changed"] == 1
        hit.conversion.refresh_from_db()
        assert (hit.conversion.usd, hit.conversion.replaced) == (Decimal("10.64"), wrong)
        assert spared.conversion.replaced is None

    def test_a_quarantined_rate_converts_nothing(self) -> None:
        entry = pay(make_factory(), "2024-04-16", "1000")
        store_rates([Rate(date(2024, 4, 16), Decimal("150"))], origin=Origin("Банк России", "Bank of Russia"))
        convert()
        assert entry.conversion.rate.date == date(2024, 4, 13)

    def test_a_claim_that_is_no_longer_in_roubles_loses_its_dollars(self) -> None:
        row = claim(make_factory(), "100", announced="2024-04-13")
        convert()
        Claim.objects.filter(pk=row.pk).update(unit="EUR")
        assert convert()["dropped"] == 1
        assert stored() == []

    def test_the_number_of_statements_does_not_depend_on_the_rows(self) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as captured:
                convert()
            return len(captured)

        factory = make_factory()
        pay(factory, "2024-04-15", "100")
        claim(factory, "100", announced="2024-04-13")
        few = statements()
        make_rate("2024-04-11", "93")
        for n in range(40):
            pay(factory, "2024-04-15", f"{n + 1}")
            claim(factory, f"{n + 1}", announced="2024-04-13")
        assert statements() == few


def test_without_any_rate_everything_stays_unconverted(db: None) -> None:
    pay(make_factory(), "2024-04-15", "100")
    assert convert() == {"converted": 0, "changed": 0, "dropped": 0, "corrected": 0, "unconverted": 1, "stale": 0}


def in_sql(amount: Decimal, value: Decimal, nominal: int) -> Decimal:
    """The dollars by the SQL form of the rule."""
    sql = USD_SQL.format(amount="%(amount)s::numeric", nominal="%(nominal)s::numeric", value="%(value)s::numeric")
    sql = sql.replace("::numeric(22, 2)", "")  # such rates never were: only the column's width is left out
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql}", {"amount": amount, "nominal": nominal, "value": value})
        usd: Decimal = cursor.fetchone()[0]
    return usd


@pytest.mark.django_db
@example(Decimal("71195858089.57"), Decimal("0.0007"), 197)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.decimals("-999999999999.99", "999999999999.99", places=2),
    st.decimals("0.0001", "9999999999.9999", places=4),
    st.integers(1, 100_000),
)
def test_sql_and_python_agree_to_the_cent(amount: Decimal, value: Decimal, nominal: int) -> None:
    usd = in_sql(amount, value, nominal)
    assert usd == convert_rub(amount, Rate(date(2024, 4, 13), value, nominal))


@pytest.mark.django_db
@pytest.mark.parametrize(("amount", "usd"), [("0.50", "0.01"), ("-0.50", "-0.01"), ("0.49", "0.00"), ("1.50", "0.02"), ("0", "0.00")])
def test_half_a_cent_is_rounded_away_from_zero_in_sql_as_in_python(amount: str, usd: str) -> None:
    assert in_sql(Decimal(amount), Decimal(100), 1) == Decimal(usd) == convert_rub(Decimal(amount), Rate(date(2024, 4, 13), Decimal(100)))
