"""Rates over REST: entered by hand, decided over, their gaps and what used them, and a backfill asked for."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from cluster.domain.access import Role
from cluster.models import ExchangeRate, JobRun, LedgerConversion, LedgerEntry
from cluster.services.rates import accept_rate
from tests.cluster.api.world import BASE, token_client
from tests.factories import make_contract, make_factory, make_rate, make_user

pytestmark = pytest.mark.django_db
TODAY = date(2024, 4, 15)
D12, D13 = date(2024, 4, 12), date(2024, 4, 13)
RATES, RUNS = f"{BASE}exchange-rates/", f"{BASE}job-runs/"
GIVEN = {"date": "2024-04-13", "value": "93.4419", "source": {"ru": "Газета от 13 апреля"}}
SPAN = {"first": "2023-02-01", "last": "2023-03-01"}


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_: TODAY)
    monkeypatch.setattr("cluster.services.jobs.local_day", lambda now: TODAY)
    monkeypatch.setattr("cluster.services.jobs.broker.wake", lambda runs: True)


@pytest.fixture
def editor() -> APIClient:
    return token_client(make_user(Role.EDITOR))


def post(client: APIClient, address: str, body: Any) -> Any:
    return client.post(address, body, format="json")


@pytest.fixture
def waiting() -> ExchangeRate:
    make_rate(D12, "90")
    return make_rate(D13, "120", status="quarantined")


class TestEntering:
    def test_a_rate_is_entered_once_however_often_it_is_sent(self, editor: APIClient) -> None:
        first, again = post(editor, RATES, GIVEN), post(editor, RATES, GIVEN)
        assert (first.status_code, again.status_code, ExchangeRate.objects.count()) == (201, 200, 1)
        assert first.json() == again.json()
        assert (first.json()["quality"], first.json()["status"], first.json()["value"]) == ("manual", "accepted", "93.4419")

    def test_a_rate_may_be_an_exact_json_number(self, editor: APIClient) -> None:
        assert post(editor, RATES, GIVEN | {"value": 93.4419}).json()["value"] == "93.4419"

    @pytest.mark.usefixtures("in_english")
    @pytest.mark.parametrize(
        ("value", "said"),
        [
            ("93,4419", "“93,4419” is not a rate: write digits, and four decimals at most after a point, such as 93.4419."),
            ("93.44191", "A rate has four decimals at most: write it as the bank prints it, such as 93.4419."),
            ("-1", "A rate is above zero: write the roubles that the bank printed."),
            ("1000001", "No rate was ever above a million roubles: check the value and the nominal."),
        ],
    )
    def test_the_refusal_says_what_to_write(self, editor: APIClient, value: str, said: str) -> None:
        answer = editor.post(RATES, GIVEN | {"value": value}, format="json", HTTP_ACCEPT_LANGUAGE="en")
        assert [error["message"] for error in answer.json()["errors"]] == [said]

    def test_a_jump_is_stored_in_quarantine(self, editor: APIClient) -> None:
        make_rate(D12, "80")
        assert post(editor, RATES, GIVEN).json()["status"] == "quarantined"

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"value": 93.44191}, "value"),
            ({"value": True}, "value"),
            ({"value": None}, "value"),
            ({"value": "1_000"}, "value"),
            ({"value": "9.3e1"}, "value"),
            ({"value": "９３"}, "value"),
            ({"value": "93.4419\n1"}, "value"),
            ({"date": "２０２４-04-13"}, "date"),
            ({"value": "93,4419"}, "value"),
            ({"value": "NaN"}, "value"),
            ({"value": "1e400"}, "value"),
            ({"value": "-1"}, "value"),
            ({"value": "0"}, "value"),
            ({"value": "93.44191"}, "value"),
            ({"value": "934.4190"}, "value"),
            ({"date": "2024-04-14"}, "date"),
            ({"date": "2024-04-17"}, "date"),
            ({"date": "soon"}, "date"),
            ({"nominal": 7}, "nominal"),
            ({"currency": "XXX"}, "currency"),
            ({"source": {"ru": " "}}, "source"),
            ({"source": {"ru": "a\x07b"}}, "source.ru"),
            ({"more": 1}, "more"),
        ],
    )
    def test_what_cannot_be_is_refused_by_its_key(self, editor: APIClient, given: dict[str, Any], field: str) -> None:
        make_rate(D12, "93.2198")
        answer = post(editor, RATES, GIVEN | given)
        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == [field]
        assert ExchangeRate.objects.count() == 1

    @pytest.mark.parametrize("role", [Role.ADMIN, Role.MANAGER, Role.CONTROLLER, Role.AUDITOR])
    def test_only_editors_of_everything_enter_rates(self, role: Role) -> None:
        assert post(token_client(make_user(role)), RATES, GIVEN).status_code == 403
        assert post(token_client(make_user(Role.EDITOR, contract=make_contract())), RATES, GIVEN).status_code == 403
        assert post(token_client(make_user()), RATES, GIVEN).status_code == 404
        assert post(token_client(make_user(Role.EDITOR), may_write=False), RATES, GIVEN).status_code == 403


class TestDeciding:
    @pytest.mark.parametrize(("verb", "status"), [("accept", "accepted"), ("reject", "rejected")])
    def test_a_decision_is_answered_with_the_rate(self, editor: APIClient, waiting: ExchangeRate, verb: str, status: str) -> None:
        answer = post(editor, f"{RATES}{waiting.pk}/{verb}/", {"reason": "seen in print"})
        assert (answer.status_code, answer.json()["status"]) == (200, status)

    def test_without_a_reason_nothing_is_decided(self, editor: APIClient, waiting: ExchangeRate) -> None:
        for body in ({}, {"reason": " "}, {"reason": "x" * 301}):
            answer = post(editor, f"{RATES}{waiting.pk}/accept/", body)
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "reason")
        waiting.refresh_from_db()
        assert waiting.status == "quarantined"

    def test_who_comes_second_gets_a_conflict(self, editor: APIClient, waiting: ExchangeRate) -> None:
        accept_rate(rate_id=waiting.pk, reason="first", by=make_user(Role.EDITOR))
        answer = post(editor, f"{RATES}{waiting.pk}/reject/", {"reason": "second"})
        assert (answer.status_code, answer.json()["detail"]) == (409, "This rate no longer waits for a decision.")

    @pytest.mark.parametrize(("role", "status"), [(Role.AUDITOR, 403), (Role.MANAGER, 403), (Role.ADMIN, 403), (None, 404)])
    def test_others_decide_nothing(self, waiting: ExchangeRate, role: Role | None, status: int) -> None:
        assert post(token_client(make_user(role)), f"{RATES}{waiting.pk}/accept/", {"reason": "x"}).status_code == status


class TestReading:
    def test_gaps_are_listed_with_what_stands_at_an_older_rate(self, editor: APIClient) -> None:
        make_rate(D12, "93")
        LedgerEntry.objects.create(factory=make_factory(), kind="payment", date=TODAY, amount_rub=5, document="d", counterparty="c")
        answer = editor.get(f"{RATES}gaps/?date_from=2024-04-12&date_to=2024-04-15")
        assert answer.json() == {
            "currency": "USD",
            "missing": 1,
            "gaps": [{"first": "2024-04-13", "last": "2024-04-13", "count": 1, "amounts": 1}],
        }
        assert editor.get(f"{RATES}gaps/").json()["missing"] > 200

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("date_from=soon", "date_from"),
            ("date_from=2024-04-12&date_to=2024-04-01", "date_from"),
            ("date_to=2099-01-01", "date_to"),
            ("currency=XXX", "currency"),
            ("page=2", "page"),
        ],
    )
    def test_a_time_that_cannot_be_is_refused_by_its_parameter(self, editor: APIClient, query: str, field: str) -> None:
        answer = editor.get(f"{RATES}gaps/?{query}")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)

    def test_what_used_a_rate_is_told_in_the_readers_scope(self, editor: APIClient) -> None:
        row, own = make_rate(D13, "93.4419"), make_factory(code="F01")
        for factory in (own, make_factory(own.contract)):
            entry = LedgerEntry.objects.create(
                factory=factory, kind="payment", date=TODAY, amount_rub=Decimal("93441.90"), document="d", counterparty="c"
            )
            LedgerConversion.objects.create(entry=entry, rate=row, usd=Decimal(1000), converted_at=timezone.now())
        assert editor.get(f"{RATES}{row.pk}/used-by/").json()["count"] == 2
        manager = token_client(make_user(Role.MANAGER, factory=own)).get(f"{RATES}{row.pk}/used-by/").json()
        assert (manager["count"], [use["factory"] for use in manager["results"]]) == (1, ["F01"])
        assert manager["results"][0]["usd"] == {"value": "1000.00", "currency": "USD"}

    def test_without_a_role_there_are_no_rates_gaps_or_uses(self) -> None:
        row, client = make_rate(D13, "93.4419"), token_client(make_user())
        assert [client.get(f"{RATES}{end}").status_code for end in ("gaps/", f"{row.pk}/", f"{row.pk}/used-by/")] == [404] * 3


class TestBackfill:
    def test_a_run_is_asked_for_once_for_the_same_time(self, editor: APIClient) -> None:
        body = {"name": "backfill_rates", "params": SPAN}
        first, again = post(editor, RUNS, body), post(editor, RUNS, body)
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["params"] == SPAN | {"currency": "USD"}
        assert JobRun.objects.get().requested_by is not None

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"name": "backfill_rates"}, "params.first"),
            ({"name": "backfill_rates", "params": SPAN | {"first": "2023-04-01"}}, "params.first"),
            ({"name": "backfill_rates", "params": SPAN | {"last": "2099-01-01"}}, "params.last"),
            ({"name": "backfill_rates", "params": SPAN | {"currency": "XXX"}}, "params.currency"),
            ({"name": "backfill_rates", "params": SPAN | {"what": 1}}, "params.what"),
            ({"name": "convert", "params": SPAN}, "params"),
            ({"name": "nonsense"}, "name"),
        ],
    )
    def test_what_cannot_be_done_is_refused_by_its_key(self, editor: APIClient, body: dict[str, Any], field: str) -> None:
        answer = post(editor, RUNS, body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
        assert not JobRun.objects.exists()

    @pytest.mark.parametrize(("role", "status"), [(Role.ADMIN, 201), (Role.AUDITOR, 403), (Role.MANAGER, 403), (None, 404)])
    def test_only_who_may_run_jobs_asks(self, role: Role | None, status: int) -> None:
        assert post(token_client(make_user(role)), RUNS, {"name": "backfill_rates", "params": SPAN}).status_code == status
