"""Storing official rates: idempotence, revisions, quarantine, imports."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cluster.domain.access import Role
from cluster.domain.errors import Conflict, DomainError, Forbidden
from cluster.domain.exchange import Rate
from cluster.models import ExchangeRate
from cluster.queries.rates import newest_rate, rate_in_force, rate_status
from cluster.services.rates import Origin, accept_rate, import_files, reject_rate, store_rates
from tests.bank import daily
from tests.factories import make_rate, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
BANK = Origin("Банк России", "Bank of Russia")
PRESS = Origin("газета", "a newspaper", ExchangeRate.Quality.PRESS)
TODAY = date(2024, 6, 1)


def rates(**values: str) -> list[Rate]:
    """Rates of April 2024 by day: `rates(d13="93.4419")`."""
    return [Rate(date(2024, 4, int(day[1:])), Decimal(value)) for day, value in values.items()]


def states() -> list[tuple[int, str, str, int]]:
    return [(r.date.day, str(r.value), r.status, r.revision) for r in ExchangeRate.objects.order_by("date", "revision")]


def waiting() -> list[ExchangeRate]:
    return list(ExchangeRate.objects.filter(status=ExchangeRate.Status.QUARANTINED).order_by("date", "revision"))


def test_storing_the_same_rates_again_changes_nothing() -> None:
    given = rates(d12="93.2198", d13="93.4419")
    assert store_rates(given, origin=BANK).new == [date(2024, 4, 12), date(2024, 4, 13)]
    before = states()
    again = store_rates(given, origin=BANK)
    assert (again.figures()["unchanged"], again.changed) == (2, False)
    assert states() == before


def test_a_corrected_value_is_a_new_revision_and_the_old_one_stays() -> None:
    store_rates(rates(d13="93.4419"), origin=BANK)
    stored = store_rates(rates(d13="93.5"), origin=BANK)
    assert stored.revised == [date(2024, 4, 13)]
    assert states() == [(13, "93.4419", "superseded", 1), (13, "93.5000", "accepted", 2)]


def test_a_newspaper_does_not_correct_the_bank() -> None:
    store_rates(rates(d13="93.4419"), origin=BANK)
    assert store_rates(rates(d13="93.44"), origin=PRESS).kept == [date(2024, 4, 13)]
    assert states() == [(13, "93.4419", "accepted", 1)]


def test_the_bank_corrects_a_newspaper() -> None:
    store_rates(rates(d13="93.44"), origin=PRESS)
    assert store_rates(rates(d13="93.4419"), origin=BANK).revised == [date(2024, 4, 13)]


@pytest.mark.parametrize(
    ("value", "status"), [("110.00", "accepted"), ("110.0001", "quarantined"), ("90", "accepted"), ("89.9999", "quarantined")]
)
def test_a_jump_of_more_than_ten_per_cent_is_quarantined(value: str, status: str) -> None:
    make_rate("2024-04-12", "100")
    store_rates(rates(d13=value), origin=BANK)
    assert ExchangeRate.objects.get(date=date(2024, 4, 13)).status == status


def test_a_quarantined_rate_is_not_in_force_and_those_at_its_level_wait_with_it() -> None:
    make_rate("2024-04-12", "100")
    store_rates(rates(d13="120", d16="121", d17="101"), origin=BANK)
    assert [(d, s) for d, _, s, _ in states()] == [(12, "accepted"), (13, "quarantined"), (16, "quarantined"), (17, "accepted")]
    in_force = rate_in_force(date(2024, 4, 16))
    assert in_force is not None
    assert in_force.date == date(2024, 4, 12)
    assert rate_status(date(2024, 4, 16)).stale


def test_the_same_jump_fetched_again_waits_once() -> None:
    make_rate("2024-04-12", "100")
    store_rates(rates(d13="120"), origin=BANK)
    assert store_rates(rates(d13="120"), origin=BANK).unchanged == [date(2024, 4, 13)]
    assert len(waiting()) == 1


def test_a_nominal_that_changes_is_no_jump() -> None:
    make_rate("2024-04-12", "100")
    store_rates([Rate(date(2024, 4, 13), Decimal("1010"), 10)], origin=BANK)
    assert ExchangeRate.objects.get(date=date(2024, 4, 13)).status == "accepted"


def test_accepting_a_rate_brings_the_later_ones_that_no_longer_jump() -> None:
    make_rate("2024-04-12", "100")
    store_rates(rates(d13="120", d16="121", d17="150"), origin=BANK)
    editor = make_user(Role.EDITOR)
    accepted = accept_rate(rate_id=waiting()[0].pk, reason="seen on the bank's site", by=editor)
    assert [r.date.day for r in accepted] == [13, 16]
    assert [(d, s) for d, _, s, _ in states()] == [(12, "accepted"), (13, "accepted"), (16, "accepted"), (17, "quarantined")]


def test_accepting_a_correction_supersedes_what_it_corrects() -> None:
    make_rate("2024-04-12", "100")
    make_rate("2024-04-13", "101")
    store_rates(rates(d13="120"), origin=BANK)
    accept_rate(rate_id=waiting()[0].pk, reason="official", by=make_user(Role.EDITOR))
    assert states()[1:] == [(13, "101.0000", "superseded", 1), (13, "120.0000", "accepted", 2)]


def test_a_rejected_value_is_not_taken_again_but_another_one_is() -> None:
    make_rate("2024-04-12", "100")
    store_rates(rates(d13="120"), origin=BANK)
    reject_rate(rate_id=waiting()[0].pk, reason="a slip", by=make_user(Role.EDITOR))
    assert store_rates(rates(d13="120"), origin=BANK).kept == [date(2024, 4, 13)]
    assert store_rates(rates(d13="102"), origin=BANK).new == [date(2024, 4, 13)]


def test_only_editors_decide_with_a_reason_and_only_once() -> None:
    make_rate("2024-04-12", "100")
    store_rates(rates(d13="120"), origin=BANK)
    pk, editor = waiting()[0].pk, make_user(Role.EDITOR)
    with pytest.raises(Forbidden):
        accept_rate(rate_id=pk, reason="x", by=make_user(Role.AUDITOR))
    with pytest.raises(DomainError, match="Say why"):
        accept_rate(rate_id=pk, reason=" ", by=editor)
    accept_rate(rate_id=pk, reason="x", by=editor)
    with pytest.raises(Conflict):
        reject_rate(rate_id=pk, reason="x", by=editor)


def test_the_statements_do_not_grow_with_the_rates(django_assert_max_num_queries: Any) -> None:
    make_rate("2024-04-01", "92")
    with django_assert_max_num_queries(9):
        store_rates([Rate(date(2024, 4, day), Decimal(92) + day) for day in range(1, 9)], origin=BANK)


def test_a_faulty_file_stores_nothing_and_the_next_one_is_imported(tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_text("date,rate\n2024-04-12,93.2198\n2024-04-13,NaN\n")
    good.write_text("date,rate\n2024-04-16,93.5891\n")
    first, second = import_files([bad, good], today=TODAY)
    assert str(first.fault) == "bad.csv, row 3: “NaN” is not a number"
    assert second.stored is not None
    assert [d for d, *_ in states()] == [16]


def test_a_rate_of_a_csv_file_is_somebodys_copy_and_names_the_file(tmp_path: Path) -> None:
    csv, xml = tmp_path / "rates.csv", tmp_path / "daily.xml"
    csv.write_text("2024-04-12,93.2198\n")
    xml.write_bytes(daily(date(2024, 4, 13), "93.4419"))
    import_files([csv, xml], today=TODAY)
    stored = [(row.quality, row.source_en) for row in ExchangeRate.objects.order_by("date")]
    assert stored == [("captured", "file rates.csv"), ("official", "file daily.xml")]


def test_a_csv_file_never_supersedes_what_the_bank_published(tmp_path: Path) -> None:
    store_rates(rates(d12="93.2198", d13="93.4419"), origin=BANK)
    file = tmp_path / "rates.csv"
    file.write_text("2024-04-12,93.2198\n2024-04-13,93.5\n")
    wanted = [(12, "93.2198", "accepted", 1), (13, "93.4419", "accepted", 1), (13, "93.5000", "quarantined", 2)]
    for _again in range(2):
        import_files([file], today=TODAY)
        assert states() == wanted


def test_a_file_that_is_ten_times_the_stored_neighbour_is_refused_by_its_row(tmp_path: Path) -> None:
    make_rate("2024-04-12", "93.2198")
    file = tmp_path / "rates.csv"
    file.write_text("date,rate\n2024-04-13,934.419\n")
    outcome = import_files([file], today=TODAY)[0]
    assert str(outcome.fault) == "rates.csv, row 2: the rate 934.419 is many times the one dated 2024-04-12 or a small part of it"
    assert len(states()) == 1


def test_a_file_older_than_every_known_rate_is_judged_by_the_rate_after_it(tmp_path: Path) -> None:
    make_rate("2024-04-16", "93.5891")
    file = tmp_path / "rates.csv"
    file.write_text("2024-04-13;9,34\n")
    assert "row 1: the rate 9.34 is many times the one dated 2024-04-16" in str(import_files([file], today=TODAY)[0].fault)


def test_the_rate_in_force_is_the_newest_one_not_after_the_day() -> None:
    make_rate("2024-04-12", "93.2198")
    make_rate("2024-04-13", "93.4419")
    assert rate_in_force(date(2024, 4, 11)) is None
    for on, wanted in ((date(2024, 4, 12), 12), (date(2024, 4, 13), 13), (date(2024, 4, 15), 13)):
        found = rate_in_force(on)
        assert found is not None
        assert found.date.day == wanted
    assert newest_rate() == rate_in_force(date(2030, 1, 1))


def test_a_monday_stands_on_saturdays_rate_and_tuesday_without_its_own_is_stale() -> None:
    make_rate("2024-04-13", "93.4419")
    assert not rate_status(date(2024, 4, 15)).stale
    tuesday = rate_status(date(2024, 4, 16))
    assert (tuesday.stale, tuesday.expected) == (True, date(2024, 4, 16))
