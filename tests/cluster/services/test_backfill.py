"""Rates of a past time and of several currencies, from a stand-in for the bank with its good and bad days."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import translation

from avtotor_site.settings.rates import currencies
from cluster.domain.access import Role
from cluster.domain.errors import DomainError, Forbidden
from cluster.gateways import broker
from cluster.gateways.bank_of_russia import BadReply, NoConnection
from cluster.gateways.rate_files import BadRates
from cluster.models import ExchangeRate, JobRun
from cluster.queries.rates import rate_status
from cluster.services.fetching import backfill_rates, fetch_rates
from cluster.services.jobs import execute, queue, run_here
from tests.bank import Bank, dynamic, running_bank
from tests.factories import make_rate, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
NOW = datetime(2024, 4, 15, 16, 0, tzinfo=UTC)
TODAY = date(2024, 4, 15)
D12, D13, D16 = (date(2024, 4, day) for day in (12, 13, 16))
Status = JobRun.Status


def silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "wake", lambda runs: True)
    monkeypatch.setattr(broker, "wake_soon", lambda runs: True)


@pytest.fixture
def bank(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bank]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with running_bank() as running:
        settings.BANK_OF_RUSSIA_URL = running.url
        settings.BANK_OF_RUSSIA_DEADLINE_SECONDS = 1
        running.rates = {D12: "93.2198", D13: "93.4419", D16: "93.5891"}
        yield running


@pytest.fixture
def world(bank: Bank, settings: Any) -> Bank:
    """The bank with the euro and the yen besides the dollar, both followed."""
    settings.RATE_CURRENCIES = currencies("USD=R01235, EUR=R01239, JPY=R01820")
    bank.others = {
        "R01239": ("EUR", 1, {D12: "99.7934", D13: "99.7924", D16: "99.9343"}),
        "R01820": ("JPY", 100, {D12: "60.8540", D13: "60.9420", D16: "60.7690"}),
    }
    return bank


def stored(currency: str = "USD") -> list[tuple[int, str]]:
    return [(row.date.day, str(row.value)) for row in ExchangeRate.objects.accepted(currency).order_by("date")]


def backfill(first: date, last: date, currency: str = "USD") -> dict[str, Any]:
    return backfill_rates(first, last, currency, today=TODAY, progress=silent)


class TestCurrencies:
    def test_each_one_that_is_configured_is_fetched_with_its_own_range(self, world: Bank) -> None:
        figures, changed = fetch_rates(as_of=TODAY, progress=silent)
        assert changed
        assert (figures["requests"], figures["received"], figures["new"], figures["newest"]) == (4, 9, 9, "2024-04-16")
        assert figures["currencies"]["EUR"]["new"] == 3
        assert stored("EUR") == [(12, "99.7934"), (13, "99.7924"), (16, "99.9343")]
        assert [asked[-6:] for asked in world.asked[1:]] == ["R01235", "R01239", "R01820"]

    def test_a_rate_for_a_hundred_units_keeps_its_nominal(self, world: Bank) -> None:
        fetch_rates(as_of=TODAY, progress=silent)
        yen = ExchangeRate.objects.accepted("JPY").get(date=D16)
        assert (yen.nominal, yen.rate.per_unit) == (100, yen.value / 100)

    def test_the_next_day_one_request_is_enough_for_all(self, world: Bank) -> None:
        fetch_rates(as_of=date(2024, 4, 14), progress=silent)
        assert fetch_rates(as_of=TODAY, progress=silent)[0]["requests"] == 1

    def test_a_jump_of_one_waits_while_the_others_go_on(self, world: Bank) -> None:
        world.others["R01239"][2][D16] = "130.0000"
        figures, _ = fetch_rates(as_of=TODAY, progress=silent)
        assert (figures["new"], figures["quarantined"], figures["quarantined_dates"]) == (8, 1, ["2024-04-16"])
        assert [rate_status(D16, code).stale for code in ("USD", "EUR", "JPY")] == [False, True, False]

    def test_a_currency_that_the_page_lacks_is_told_and_stops_nothing(self, world: Bank) -> None:
        del world.others["R01820"]
        figures, _ = fetch_rates(as_of=TODAY, progress=silent)
        assert (figures["absent"], figures["new"]) == ("JPY", 6)

    def test_a_correction_is_a_revision_of_its_currency_alone(self, world: Bank) -> None:
        fetch_rates(as_of=TODAY, progress=silent)
        world.others["R01239"][2][D13] = "99.8000"
        assert backfill(D12, D16, "EUR")["revised"] == 1
        assert (stored("EUR")[1], stored("USD")[1]) == ((13, "99.8000"), (13, "93.4419"))

    def test_only_the_dollar_is_followed_unless_others_are_configured(self, bank: Bank) -> None:
        fetch_rates(as_of=TODAY, progress=silent)
        assert set(ExchangeRate.objects.values_list("currency", flat=True)) == {"USD"}

    def test_the_setting_names_the_banks_codes_and_the_dollar_is_always_there(self) -> None:
        assert currencies("EUR=R01239,CNY=R01375") == {"USD": "R01235", "EUR": "R01239", "CNY": "R01375"}
        assert currencies("") == {"USD": "R01235"}

    @pytest.mark.parametrize("text", ["EUR", "eur=R01239", "EUR=01239", "EUR=R01239,EUR=R01375", "USD=R01239", "EUR=R01235", "EUR=R01239;"])
    def test_a_setting_that_cannot_be_stops_the_start_with_a_sentence(self, text: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="RATE_CURRENCIES"):
            currencies(text)


class TestBackfill:
    def test_a_range_is_asked_for_year_by_year_and_its_progress_told(self, bank: Bank) -> None:
        bank.rates |= {date(2022, 12, 30): "71.9779", date(2023, 1, 10): "70.3002"}
        seen: list[tuple[int, int]] = []
        figures = backfill_rates(date(2022, 6, 1), D16, today=TODAY, progress=lambda done, total: seen.append((done, total)))
        assert (figures["requests"], figures["received"], figures["new"]) == (3, 5, 5)
        assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]
        assert [asked.split("?")[1][:45] for asked in bank.asked] == [
            "date_req1=01/06/2022&date_req2=31/12/2022&VAL",
            "date_req1=01/01/2023&date_req2=31/12/2023&VAL",
            "date_req1=01/01/2024&date_req2=16/04/2024&VAL",
        ]

    def test_asked_for_again_it_changes_nothing(self, bank: Bank) -> None:
        backfill(D12, D16)
        figures = backfill(D12, D16)
        assert (figures["new"], figures["unchanged"], ExchangeRate.objects.count()) == (0, 3, 3)

    def test_a_range_far_from_every_known_rate_is_a_series_of_its_own(self, bank: Bank) -> None:
        make_rate("2020-01-10", "61.2340")
        assert backfill(D12, D16)["new"] == 3

    def test_a_jump_from_a_neighbour_still_waits(self, bank: Bank) -> None:
        make_rate("2024-04-11", "93")
        bank.rates[D16] = "120"
        assert backfill(D12, D16)["quarantined_dates"] == ["2024-04-16"]

    def test_a_corrected_rate_becomes_a_revision_and_asks_for_a_conversion(
        self, bank: Bank, django_capture_on_commit_callbacks: Any
    ) -> None:
        make_rate(D13, "93.0000")
        with django_capture_on_commit_callbacks(execute=True):
            assert backfill(D12, D16)["revised"] == 1
        assert JobRun.objects.filter(name="convert", status=Status.QUEUED).count() == 1

    def test_what_was_fetched_before_the_connection_broke_stays_and_a_second_run_completes_it(self, bank: Bank) -> None:
        bank.rates[date(2023, 12, 29)] = "89.6883"
        asked = 0

        def second_time(handler: BaseHTTPRequestHandler) -> None:
            nonlocal asked
            asked += 1
            if asked > 1:
                handler.close_connection = True
                return
            body = bank.reply(handler.path)
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        bank.misbehave = second_time
        with pytest.raises((NoConnection, BadReply)):
            backfill(date(2023, 12, 1), D16)
        assert stored() == [(29, "89.6883")]
        bank.misbehave = None
        assert backfill(date(2023, 12, 1), D16)["new"] == 3

    def test_a_slow_bank_ends_at_the_deadline(self, bank: Bank, settings: Any) -> None:
        settings.BANK_OF_RUSSIA_DEADLINE_SECONDS = 0.3
        bank.misbehave = lambda handler: time.sleep(2)
        with pytest.raises(NoConnection, match=r"within 0\.3 seconds"):
            backfill(D12, D16)

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (b"<!DOCTYPE html><html></html>", "an HTML page"),
            (dynamic(date(2024, 4, 1), D12, {D12: "93.2198"}, id="R01239"), "the currency is R01239, not R01235 USD"),
            (dynamic(date(2009, 4, 1), date(2009, 4, 30), {date(2009, 4, 16): "33.5"}), "rate of 2009-04-16 when asked for 2024-04-12"),
        ],
    )
    def test_an_answer_about_something_else_is_refused_as_a_whole(self, bank: Bank, answer: bytes, said: str) -> None:
        bank.answer = answer
        with pytest.raises((BadReply, BadRates), match=said):
            backfill(D12, D16)
        assert not ExchangeRate.objects.exists()

    @pytest.mark.parametrize(
        ("first", "last", "currency", "field", "said"),
        [
            (D16, D12, "USD", "first", "The first day \\(2024-04-16\\) lies after the last \\(2024-04-12\\)"),
            (date(1992, 6, 30), D12, "USD", "first", "official rates since 1992-07-01"),
            (D12, date(2024, 4, 17), "USD", "last", "the newest may be of 2024-04-16"),
            (D12, D16, "XXX", "currency", "Rates of “XXX” are not followed here: USD"),
        ],
    )
    def test_a_span_that_cannot_be_is_refused_with_its_field(
        self, bank: Bank, first: date, last: date, currency: str, field: str, said: str
    ) -> None:
        with pytest.raises(DomainError, match=said) as refused:
            backfill(first, last, currency)
        assert refused.value.field == field
        assert bank.asked == []


PARAMS = {"first": "2024-04-12", "last": "2024-04-16", "currency": "USD"}


class TestAsAJob:
    def test_it_is_asked_for_with_its_span_and_done_by_a_worker(self, bank: Bank) -> None:
        run = queue("backfill_rates", by=make_user(Role.ADMIN), now=NOW, params={"first": "12.04.2024", "last": "2024-04-16"})
        assert (run.status, run.params) == (Status.QUEUED, PARAMS)
        done = execute(run.pk, now=NOW)
        assert done is not None
        assert (done.status, done.figures["new"], done.progress_done) == (Status.SUCCEEDED, 3, 1)

    def test_two_spans_are_two_runs_and_the_same_one_is_one(self) -> None:
        first = queue("backfill_rates", by=None, now=NOW, params=PARAMS)
        assert queue("backfill_rates", by=None, now=NOW, params=PARAMS) == first
        assert queue("backfill_rates", by=None, now=NOW, params=PARAMS | {"first": "2024-04-13"}) != first

    @pytest.mark.parametrize(
        ("params", "field"),
        [
            ({}, "first"),
            ({"first": "2024-04-12"}, "last"),
            ({"first": "soon", "last": "2024-04-16"}, "first"),
            (PARAMS | {"what": "else"}, "what"),
            (PARAMS | {"currency": "XXX"}, "currency"),
        ],
    )
    def test_without_a_span_that_can_be_no_run_is_made(self, params: dict[str, Any], field: str) -> None:
        with pytest.raises(DomainError) as refused:
            queue("backfill_rates", by=None, now=NOW, params=params)
        assert refused.value.field == field
        assert not JobRun.objects.exists()

    def test_other_jobs_take_no_span(self) -> None:
        with pytest.raises(DomainError, match="takes nothing else"):
            queue("convert", by=None, now=NOW, params=PARAMS)

    @pytest.mark.parametrize("role", [Role.AUDITOR, Role.CONTROLLER, Role.MANAGER])
    def test_only_who_may_run_jobs_may_ask(self, role: Role) -> None:
        with pytest.raises(Forbidden):
            queue("backfill_rates", by=make_user(role), now=NOW, params=PARAMS)

    def test_without_a_connection_it_ends_saying_so(self, settings: Any) -> None:
        settings.BANK_OF_RUSSIA_URL = "http://127.0.0.1:9"
        make_rate(D13, "93.4419")
        with translation.override("en"):
            run = run_here("backfill_rates", now=NOW, params=PARAMS)
        assert (run.status, run.error) == (Status.NO_CONNECTION, "no connection, using the rate of 2024-04-13")
