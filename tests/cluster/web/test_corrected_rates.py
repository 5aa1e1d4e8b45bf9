"""A day in the past regenerates identically after a rate was corrected; today every page stands at the corrected one and says so."""

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils.timezone import localdate

from cluster.domain.outlook import Grouping, total_of, totals_by
from cluster.models import ExchangeRate, LedgerConversion
from cluster.queries.money import money_of
from cluster.queries.rates import rate_in_force
from cluster.services.conversions import convert_all
from tests.cluster.api.world import BASE, token_client
from tests.cluster.purse import AS_OF, DAY, Purse, commit, make_purse, record
from tests.cluster.web.place import words
from tests.factories import make_rate

# Under them stand the budget, the payments and commitments, the claim, and the reporting basis of AS_OF.
CORRECTED = {"2019-01-10": "70.0000", "2024-12-28": "95.0001", "2025-03-01": "90.1234", "2025-06-05": "80.0000", "2025-06-17": "75.5555"}
PAGES = [
    "",
    "money/",
    "money/?by=month",
    "factories/",
    "factories/F01/",
    "factories/F01/money/",
    "factories/F03/",
    *(f"money/rows/?figure={figure}" for figure in ("budget", "committed", "paid", "remaining", "outlook", "real", "fx")),
    "ledger/",
    "ledger/?kind=payment&factory=F01",
    "budgets/",
]
ANSWERS = [
    "contracts/alpha/overview/",
    "contracts/alpha/money/",
    "contracts/alpha/money/?group_by=factory,month",
    "ledger-entries/?contract=alpha",
    "budget-lines/",
    "claims/",
]


@pytest.fixture
def purse(db: None) -> Purse:
    found = make_purse()
    commit(found)
    return found


def correct(day: str, values: dict[str, str]) -> None:
    """New revisions, recorded on `day`, and the run of the conversion that follows."""
    for text, value in values.items():
        old = ExchangeRate.objects.accepted().get(date=text)
        ExchangeRate.objects.filter(pk=old.pk).update(status="superseded")
        new = make_rate(text, value, revision=old.revision + 1)
        ExchangeRate.objects.filter(pk=new.pk).update(recorded_at=datetime.fromisoformat(f"{day}T12:00:00+00:00"))
    convert_all(now=datetime(2025, 7, 1, tzinfo=UTC), progress=lambda done, total: None)


def addressed(path: str, day: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}as_of={day}"


def everything(purse: Purse, day: str) -> dict[str, Any]:
    """Every page and every answer of the API as of a day, to the letter."""
    client, program = purse.place.client(), token_client(purse.place.person("editor"))
    found: dict[str, Any] = {}
    for path in [*PAGES, f"ledger/{first_entry(purse)}/"]:
        response = client.get(addressed(f"{purse.place.base}{path}", day))
        assert response.status_code == 200, path
        found[path] = words(response)
    for path in ANSWERS:
        answer = program.get(addressed(f"{BASE}{path}", day))
        assert answer.status_code == 200, path
        found[path] = answer.json()
    table = client.get(addressed(f"{purse.place.base}ledger.csv", day))
    found["csv"] = list(csv.reader(b"".join(table).decode("utf-8-sig").splitlines(), delimiter=";"))
    return found


def first_entry(purse: Purse) -> int:
    return int(LedgerConversion.objects.order_by("pk").values_list("pk", flat=True)[0])


def cells(purse: Purse, day: date) -> Any:
    return money_of(reader=purse.place.person("editor"), contract_code="alpha", as_of=day)


def test_a_past_day_regenerates_identically_whatever_was_corrected_since(purse: Purse) -> None:
    before = everything(purse, AS_OF)
    totals = totals_by(cells(purse, DAY).cells, Grouping.FACTORY, Grouping.MONTH)
    line = f"{purse.place.base}budgets/{purse.baseline.pk}/"
    budget = words(purse.place.client().get(addressed(line, AS_OF)))
    correct("2025-06-20", CORRECTED)
    after = everything(purse, AS_OF)
    for path, shown in before.items():
        assert after[path] == shown, path
    assert totals_by(cells(purse, DAY).cells, Grouping.FACTORY, Grouping.MONTH) == totals
    assert words(purse.place.client().get(addressed(line, AS_OF))) == budget


def test_from_the_day_of_the_correction_on_every_figure_stands_at_the_new_rate(purse: Purse) -> None:
    stale = total_of(cells(purse, DAY).cells)
    correct("2025-06-20", CORRECTED)
    for day in (date(2025, 6, 20), localdate()):
        found = cells(purse, day)
        total = total_of(found.cells)
        stored = LedgerConversion.objects.filter(entry__kind="payment")
        assert total.paid_usd == sum(row.usd for row in stored)
        assert total.paid_usd != stale.paid_usd
        assert total.budget_usd != stale.budget_usd
        assert found.reporting is not None
        assert found.reporting.value == Decimal("75.5555")
        assert (total.lines_anew, total.payments_anew) == (6, 7)
    assert (stale.lines_anew, stale.payments_anew) == (0, 0)


def test_between_two_corrections_the_first_one_counts(purse: Purse) -> None:
    correct("2025-06-20", {"2025-03-01": "90.0000"})
    between = everything(purse, "2025-06-25")
    assert "corrected, was 87.6990" in between["money/rows/?figure=paid"]
    correct("2025-07-05", {"2025-03-01": "89.0000"})
    assert everything(purse, "2025-06-25") == between
    assert "corrected, was 90.0000" in everything(purse, "2025-07-06")["money/rows/?figure=paid"]


def test_a_date_without_a_first_revision_falls_back_to_the_rate_before_it_and_is_old(purse: Purse) -> None:
    """What was rejected never counted: until the correction came, the rate of an earlier date was in force."""
    wrong = ExchangeRate.objects.create(date=date(2025, 4, 8), value=Decimal("860"), source_ru="Банк России", status="rejected")
    right = ExchangeRate.objects.create(date=date(2025, 4, 8), value=Decimal("86.1234"), source_ru="Банк России", revision=2)
    ExchangeRate.objects.filter(pk__in=[wrong.pk, right.pk]).update(recorded_at=datetime(2025, 6, 20, 12, tzinfo=UTC))
    convert_all(now=datetime(2025, 7, 1, tzinfo=UTC), progress=lambda done, total: None)
    row = next(row for row in cells(purse, DAY).cells if row.category == "equipment")
    assert row.paid_usd == Decimal("8868.72")  # 777,777.77 / 87.6990
    assert "paid" in row.stale
    then, now = rate_in_force(date(2025, 4, 10), known=DAY), rate_in_force(date(2025, 4, 10))
    assert then is not None
    assert (then.date, now) == (date(2025, 3, 1), right)


def test_what_waited_in_quarantine_and_was_superseded_never_counted(purse: Purse) -> None:
    day = date(2025, 6, 17)
    waiting = ExchangeRate.objects.create(date=day, value=Decimal("75.5555"), source_ru="газета", revision=2, status="quarantined")
    ExchangeRate.objects.filter(pk=waiting.pk).update(status="superseded", recorded_at=datetime(2025, 6, 18, 12, tzinfo=UTC))
    ExchangeRate.objects.accepted().filter(date=day).update(status="superseded")
    bank = make_rate(day, "75.5555", revision=3)
    ExchangeRate.objects.filter(pk=bank.pk).update(recorded_at=datetime(2025, 6, 20, 12, tzinfo=UTC))
    found = rate_in_force(day, known=date(2025, 6, 18))
    assert found is not None
    assert found.value == Decimal("78.7135")


def test_the_day_of_a_correction_is_that_of_the_site_and_not_of_greenwich(purse: Purse, settings: Any) -> None:
    correct("2025-06-20", {"2025-06-17": "75.5555"})
    ExchangeRate.objects.filter(revision=2).update(recorded_at=datetime(2025, 6, 20, 22, 30, tzinfo=UTC))
    values = [rate_in_force(DAY, known=date(2025, 6, n)) for n in (20, 21)]
    assert [one.value for one in values if one] == [Decimal("78.7135"), Decimal("75.5555")]
    assert settings.TIME_ZONE


def test_no_statement_more_is_needed_for_a_day_before_a_correction(purse: Purse, django_assert_num_queries: Any) -> None:
    reader = purse.place.person("editor")
    assert reader.scope
    correct("2025-06-20", CORRECTED)
    for day in (DAY, localdate() - timedelta(days=1), localdate()):
        with django_assert_num_queries(4):
            money_of(reader=reader, contract_code="alpha", as_of=day)


@pytest.mark.usefixtures("in_english")
def test_pages_say_how_many_amounts_were_converted_anew_and_by_which_clock_a_past_day_is_told(purse: Purse) -> None:
    record(purse.place.factory, "commitment", "networks", "own", "2025-03-05", "10.00")
    correct("2025-06-20", CORRECTED)
    client = purse.place.client()

    def text(path: str, day: str) -> str:
        return words(client.get(addressed(f"{purse.place.base}{path}", day)))

    assert "6 amounts were converted anew: their rates came late or were corrected" in text("money/rows/?figure=budget", "2025-06-20")
    outlook = text("money/rows/?figure=outlook", "2025-06-20")
    assert "6 amounts were converted anew" in outlook
    assert "12 amounts were converted anew" in text("money/rows/?figure=fx", "2025-06-20")
    assert "converted anew" not in text("money/rows/?figure=outlook", AS_OF)
    assert "by what had been announced by then, at the rates known on that day" in text("money/", AS_OF)
