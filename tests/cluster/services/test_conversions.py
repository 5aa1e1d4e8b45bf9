"""Stored conversions: each amount at its basis, converted once, again only when a rate is corrected, equal to the rule in Python."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cluster.domain.dates import DateWindow
from cluster.domain.exchange import Basis, Rate, convert_rub
from cluster.models import (
    Baseline,
    BudgetConversion,
    BudgetLine,
    Claim,
    ClaimConversion,
    ConversionDue,
    ExchangeRate,
    Factory,
    LedgerConversion,
    LedgerEntry,
)
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


DAYS = [date(2024, 4, n) for n in range(8, 20)]
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), st.sampled_from(DAYS), st.integers(1, 10**9)),
        st.tuples(st.just("reverse"), st.sampled_from(DAYS), st.integers(0, 20)),
        st.tuples(st.just("rate"), st.sampled_from(DAYS), st.integers(80, 99)),
        st.tuples(st.just("reject"), st.sampled_from(DAYS), st.just(0)),
        st.tuples(st.just("other currency"), st.sampled_from(DAYS), st.integers(80, 99)),
        st.tuples(st.just("line"), st.sampled_from([None, *DAYS]), st.integers(1, 10**9)),
        st.tuples(st.just("approve"), st.sampled_from(DAYS), st.just(0)),
        st.tuples(st.just("claim"), st.sampled_from(DAYS), st.integers(1, 10**9)),
        st.tuples(st.just("edit claim"), st.sampled_from(DAYS), st.integers(1, 10**9)),
        st.tuples(st.just("delete claim"), st.sampled_from(DAYS), st.just(0)),
        st.tuples(st.just("run"), st.just(DAYS[0]), st.just(0)),
    ),
    max_size=25,
)


class World:
    """A contract that changes at random."""

    def __init__(self) -> None:
        self.factory = make_factory()
        self.draft = self._propose()

    def _propose(self) -> Baseline:
        return Baseline.objects.create(contract=self.factory.contract, name_ru="План")

    def do(self, what: str, on: date | None, number: int) -> None:
        day = on or DAYS[0]
        accepted = ExchangeRate.objects.accepted().filter(date=day)
        entries = LedgerEntry.objects.filter(reverses=None, reversed_by=None).order_by("pk")
        last_claim = Claim.objects.order_by("-pk").values("pk")[:1]
        if what == "pay":
            pay(self.factory, day.isoformat(), str(Decimal(number) / 100))
        elif what == "reverse" and entries:
            entry = entries[number % len(entries)]
            pay(self.factory, day.isoformat(), str(-entry.amount_rub), reverses=entry)
        elif what in ("rate", "reject"):
            accepted.update(status="superseded" if what == "rate" else "rejected")
            if what == "rate":
                make_rate(day, str(number), revision=ExchangeRate.objects.filter(date=day, currency="USD").count() + 1)
        elif what == "other currency" and not ExchangeRate.objects.filter(date=day, currency="EUR").exists():
            make_rate(day, str(number), currency="EUR")
        elif what == "line":
            window = {"announced_earliest": on, "announced_latest": on, "announced_precision": "day" if on else ""}
            month = date(2000 + BudgetLine.objects.count(), 1, 1)
            BudgetLine.objects.create(baseline=self.draft, factory=self.factory, amount_rub=Decimal(number) / 100, month=month, **window)
        elif what == "approve" and not Baseline.objects.filter(in_force_from=day).exists():
            approve(self.draft, day)
            self.draft = self._propose()
        elif what == "claim":
            claim(self.factory, str(Decimal(number) / 1000), announced=day.isoformat())
        elif what == "edit claim":
            Claim.objects.filter(pk__in=last_claim).update(value=Decimal(number) / 100, unit="RUB" if number % 3 else "EUR")
        elif what == "delete claim":
            Claim.objects.filter(pk__in=last_claim).delete()
        elif what == "run":
            convert()


def essence() -> list[tuple[Any, ...]]:
    """Every stored conversion without when it was made and what it replaced."""
    return [tuple(value for key, value in row.items() if key not in ("converted_at", "replaced_id")) for row in stored()]


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(CHANGES)
def test_what_is_due_gives_what_a_full_rebuild_gives(changes: list[tuple[str, date | None, int]]) -> None:
    with transaction.atomic():
        world = World()
        for change in changes:
            world.do(*change)
        convert()
        incremental = essence()
        for model in (LedgerConversion, BudgetConversion, ClaimConversion):
            model._default_manager.all().delete()
        mark_all_due()
        convert()
        assert essence() == incremental
        transaction.set_rollback(True)


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(CHANGES)
def test_converting_twice_changes_nothing(changes: list[tuple[str, date | None, int]]) -> None:
    with transaction.atomic():
        world = World()
        for change in changes:
            world.do(*change)
        convert()
        once = stored()
        for all_due in (False, True):
            if all_due:
                mark_all_due()
            figures = convert(datetime(2024, 6, 2, tzinfo=UTC))
            assert [figures[name] for name in ("converted", "changed", "corrected", "dropped")] == [0, 0, 0, 0]
            assert stored() == once
        assert not ConversionDue.objects.exists()
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_killed_half_way_the_old_dollars_stand_and_all_is_still_due() -> None:
    make_rate("2024-04-12", "93.2198")
    entry = pay(make_factory(), "2024-04-12", "1000")
    convert()
    before = stored()
    store_rates([Rate(date(2024, 4, 12), Decimal(94))], origin=Origin("Банк России", "Bank of Russia"))
    pay(entry.factory, "2024-04-13", "500")
    due = list(ConversionDue.objects.order_by("pk").values())

    @transaction.atomic
    def convert_and_die() -> None:
        convert()
        assert stored() != before
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(OperationalError):
        convert_and_die()
    connection.close()
    assert stored() == before
    assert list(ConversionDue.objects.order_by("pk").values()) == due
    assert convert()["changed"] == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one_effect() -> None:
    make_rate("2024-04-12", "93.2198")
    factory = make_factory()
    for n in range(1, 20):
        pay(factory, "2024-04-12", str(n))

    def work(_n: int) -> int:
        try:
            return convert()["converted"]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(work, range(2))) == [0, 19]
    assert LedgerConversion.objects.count() == 19


@pytest.mark.django_db
def test_rows_that_changed_together_are_noted_as_one_range() -> None:
    rows = [claim(make_factory(), "1", announced="2024-04-13") for _n in range(5)]
    convert()
    Claim.objects.update(value=2)
    assert list(ConversionDue.objects.values_list("kind", "first", "last")) == [("claims", rows[0].pk, rows[-1].pk)]
