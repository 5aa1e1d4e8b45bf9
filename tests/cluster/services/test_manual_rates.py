"""Rates that a person enters: the weakest origin, checked field by field, and never in the way of the bank's own."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cluster.domain.access import Role
from cluster.domain.errors import DomainError, Forbidden
from cluster.domain.exchange import Rate
from cluster.models import ExchangeRate, JobRun, User
from cluster.services.rates import Entry, Origin, Verdict, accept_rate, preview_rate, record_rate, reject_rate, store_rates
from tests.factories import make_contract, make_rate, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
BANK = Origin("Банк России", "Bank of Russia")
FILE = Origin("файл", "a file", ExchangeRate.Quality.CAPTURED, contradictions_wait=True)
TODAY = date(2024, 4, 15)
D12, D13, D16 = (date(2024, 4, day) for day in (12, 13, 16))


@pytest.fixture
def editor() -> User:
    """An editor of everything."""
    return make_user(Role.EDITOR)


def entry(on: date = D13, value: str = "93.4419", **fields: Any) -> Entry:
    given: dict[str, Any] = {"currency": "USD", "date": on, "value": Decimal(value), "source_ru": "Газета от 13 апреля"}
    return Entry(**given | fields)


def states() -> list[tuple[int, str, str, str]]:
    return [(r.date.day, str(r.value), r.status, r.quality) for r in ExchangeRate.objects.order_by("date", "revision")]


def test_a_rate_entered_by_hand_counts_with_its_source_and_its_author(editor: User, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        row, verdict = record_rate(entry(), by=editor, today=TODAY)
    assert verdict is Verdict.NEW
    assert (row.status, row.quality, row.recorded_by, row.source_ru) == ("accepted", "manual", editor, "Газета от 13 апреля")
    assert JobRun.objects.filter(name="convert").count() == 1


def test_the_same_entry_sent_twice_is_one_row(editor: User) -> None:
    first, _ = record_rate(entry(), by=editor, today=TODAY)
    again, verdict = record_rate(entry(), by=editor, today=TODAY)
    assert (again, verdict, ExchangeRate.objects.count()) == (first, Verdict.UNCHANGED, 1)


@pytest.mark.parametrize("quality", ["official", "captured", "press"])
def test_it_never_replaces_a_published_one_but_waits_for_a_decision(editor: User, quality: str) -> None:
    make_rate(D13, "93.4419", quality=quality)
    row, verdict = record_rate(entry(value="93.5"), by=editor, today=TODAY)
    assert (verdict, row.status) == (Verdict.QUARANTINED, "quarantined")
    assert states() == [(13, "93.4419", "accepted", quality), (13, "93.5000", "quarantined", "manual")]


@pytest.mark.parametrize("value", ["93.5000", "93.4419"])
def test_the_banks_rate_takes_its_place_when_it_comes_even_with_the_same_value(editor: User, value: str) -> None:
    record_rate(entry(), by=editor, today=TODAY)
    stored = store_rates([Rate(D13, Decimal(value))], origin=BANK)
    assert stored.revised == [D13]
    assert states() == [(13, "93.4419", "superseded", "manual"), (13, value, "accepted", "official")]
    assert store_rates([Rate(D13, Decimal(value))], origin=BANK).unchanged == [D13]


def test_a_waiting_or_rejected_entry_does_not_keep_the_banks_same_value_out(editor: User) -> None:
    make_rate(D13, "93.4419", quality="captured")
    waiting, _ = record_rate(entry(value="93.5"), by=editor, today=TODAY)
    assert store_rates([Rate(D13, Decimal("93.5"))], origin=BANK).revised == [D13]
    waiting.refresh_from_db()
    assert waiting.status == "superseded"
    refused, _ = record_rate(entry(value="93.6"), by=editor, today=TODAY)
    reject_rate(rate_id=refused.pk, reason="a slip", by=editor)
    assert store_rates([Rate(D13, Decimal("93.6"))], origin=BANK).revised == [D13]


def test_a_jump_of_more_than_ten_per_cent_waits(editor: User) -> None:
    make_rate(D12, "93.2198")
    assert record_rate(entry(value="104"), by=editor, today=TODAY)[1] is Verdict.QUARANTINED


def test_a_rejected_entry_is_refused_with_that_reason(editor: User) -> None:
    make_rate(D12, "93.2198")
    row, _ = record_rate(entry(value="104"), by=editor, today=TODAY)
    reject_rate(rate_id=row.pk, reason="a slip", by=editor)
    with pytest.raises(DomainError, match="This value was rejected for 2024-04-13 before") as refused:
        record_rate(entry(value="104"), by=editor, today=TODAY)
    assert refused.value.field == "value"


def test_accepting_a_jump_does_not_take_along_an_entry_that_contradicts_the_bank(editor: User) -> None:
    make_rate(date(2024, 4, 11), "90")
    make_rate(D16, "94")
    jump, _ = record_rate(entry(D12, "100"), by=editor, today=TODAY)
    contradiction, _ = record_rate(entry(D16, "95"), by=editor, today=TODAY)
    accept_rate(rate_id=jump.pk, reason="seen in print", by=editor)
    contradiction.refresh_from_db()
    assert contradiction.status == "quarantined"


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"currency": "EUR"}, "currency", "Rates of “EUR” are not followed here: USD are"),
        ({"date": date(2024, 4, 17)}, "date", "No rate can be known yet for 2024-04-17: the newest may be of 2024-04-16"),
        ({"date": date(1992, 6, 30)}, "date", "The bank has set official rates since 1992-07-01"),
        ({"date": date(2024, 4, 14)}, "date", "no rate 2024-04-14, because the day before is not worked in Russia.*rate of 2024-04-13"),
        ({"nominal": 7}, "nominal", "for 1, 10, 100, 1000"),
        ({"value": Decimal(0)}, "value", "above zero"),
        ({"value": Decimal("NaN")}, "value", "is not a rate"),
        ({"value": Decimal("93.44191")}, "value", "four decimals at most"),
        ({"value": Decimal("1e400")}, "value", "above a million"),
        ({"value": Decimal("934.419")}, "value", "many times the one of 2024-04-12"),
        ({"source_ru": " "}, "source", "Say where this rate was published"),
        ({"source_ru": "x" * 301}, "source", "300 characters at most"),
    ],
)
def test_what_cannot_be_is_refused_with_field_and_remedy(editor: User, fields: dict[str, Any], field: str, said: str) -> None:
    make_rate(D12, "93.2198")
    for attempt in (record_rate, preview_rate):
        with pytest.raises(DomainError, match=said) as refused:
            attempt(entry(**fields), by=editor, today=TODAY)
        assert refused.value.field == field
    assert ExchangeRate.objects.count() == 1


def test_tomorrows_rate_may_be_entered(editor: User) -> None:
    assert record_rate(entry(D16), by=editor, today=TODAY)[1] is Verdict.NEW


def test_a_preview_tells_the_outcome_and_stores_nothing(editor: User) -> None:
    make_rate(D12, "93.2198")
    assert preview_rate(entry(), by=editor, today=TODAY)[1] is Verdict.NEW
    assert preview_rate(entry(value="104"), by=editor, today=TODAY)[1] is Verdict.QUARANTINED
    assert ExchangeRate.objects.count() == 1


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MANAGER, Role.CONTROLLER, Role.AUDITOR, None])
def test_only_editors_of_everything_enter_rates(role: Role | None) -> None:
    with pytest.raises(Forbidden):
        record_rate(entry(), by=make_user(role), today=TODAY)
    with pytest.raises(Forbidden):
        record_rate(entry(), by=make_user(Role.EDITOR, contract=make_contract()), today=TODAY)
