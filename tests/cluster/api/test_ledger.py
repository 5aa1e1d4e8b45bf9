"""POST /ledger-entries/ and its reversals: exact money, who may, and one request one entry."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from rest_framework.test import APIClient

from cluster.domain.access import Role
from cluster.models import LedgerEntry, User
from tests.cluster.api.world import BASE, World, build_world, token_client
from tests.factories import make_contract, make_user

As = Callable[[User], APIClient]
ADDRESS = f"{BASE}ledger-entries/"


def body(world: World, **fields: Any) -> dict[str, Any]:
    """A payment of today."""
    return {
        "factory": world.factory.pk,
        "kind": "payment",
        "date": timezone.localdate().isoformat(),
        "amount": {"value": "12345678901.20", "currency": "RUB"},
        "document": "Payment order 7",
        "counterparty": "Contractor",
        "category": "equipment",
    } | fields


def test_a_payment_is_recorded_to_the_kopeck(world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    response = client.post(ADDRESS, body(world), format="json")
    assert response.status_code == 201
    assert client.get(response["Location"]).json() == response.json()
    assert response.json()["amount"] == {"value": "12345678901.20", "currency": "RUB"}
    assert LedgerEntry.objects.get(pk=response.json()["id"]).amount_rub == Decimal("12345678901.20")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"amount": {"value": 10.505, "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "1_000", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "1.2e3", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "１２３", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "10.505", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "-1", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "0", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "NaN", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "1e400", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "1000000000000.01", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "1,234.00", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "1,234", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "12,34.5", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "Infinity", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "10", "currency": "USD"}}, "amount.currency"),
        ({"amount": "10"}, "amount"),
        ({"date": "2999-01-01"}, "date"),
        ({"date": "2024-02-30"}, "date"),
        ({"kind": "gift"}, "kind"),
        ({"factory": 999_999}, "factory"),
        ({"factory": None}, "factory"),
        ({"document": ""}, "document"),
        ({"document": "  "}, "document"),
        ({"counterparty": "a\u2066b"}, "counterparty"),
        ({"source": 999_999}, "source"),
        ({"amount_rub": "10"}, "amount_rub"),
        ({"recorded_by": 1}, "recorded_by"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(fields: dict[str, Any], named: str, world: World, as_: As) -> None:
    response = as_(world.user(Role.EDITOR)).post(ADDRESS, body(world, **fields), format="json")
    assert response.status_code == 400, response.json()
    assert named in [error["field"] for error in response.json()["errors"]]
    assert LedgerEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "named", "said"),
    [
        ({"amount": {"value": "1,234", "currency": "RUB"}}, "amount.value", "“1,234” is not an amount: write digits"),
        ({"amount": {"value": "0", "currency": "RUB"}}, "amount.value", "“0” is too little: write 0.01 or more."),
        ({"amount": {"value": "-5", "currency": "RUB"}}, "amount.value", "“-5” is negative: write the amount without a minus."),
        ({"kind": "gift"}, "kind", "“gift” is not one of the choices: write one of commitment, payment."),
        ({"date": "soon"}, "date", "“soon” is not a date: write it as 2025-06-30."),
        ({"factory": 999_999}, "factory", "There is no such factory for you: choose one of those that you see."),
    ],
)
def test_a_refusal_says_what_to_write_in_one_entry_and_in_a_batch(
    fields: dict[str, Any], named: str, said: str, world: World, as_: As
) -> None:
    client = as_(world.user(Role.EDITOR))
    one = client.post(ADDRESS, body(world, **fields), format="json", HTTP_ACCEPT_LANGUAGE="en")
    rows = [body(world), body(world, document="Order 8", **fields)]
    many = client.post(f"{ADDRESS}bulk/", {"entries": rows}, format="json", HTTP_ACCEPT_LANGUAGE="en")
    for answer, place in ((one, named), (many, f"entries[1].{named}")):
        (error,) = answer.json()["errors"]
        assert error["field"] == place
        assert said in error["message"]


def test_every_wrong_key_is_named_at_once(world: World, as_: As) -> None:
    response = as_(world.user(Role.EDITOR)).post(ADDRESS, {"kind": "payment"}, format="json")
    assert {error["field"] for error in response.json()["errors"]} == {"factory", "date", "amount", "document", "counterparty"}


@pytest.mark.parametrize(
    ("role", "status"), [(Role.EDITOR, 201), (Role.MANAGER, 403), (Role.ADMIN, 403), (Role.CONTROLLER, 403), (Role.AUDITOR, 403)]
)
def test_who_may_record_a_payment(role: Role, status: int, world: World, as_: As) -> None:
    assert as_(world.user(role)).post(ADDRESS, body(world), format="json").status_code == status


def test_to_an_outsider_the_factory_is_not_there(world: World, as_: As) -> None:
    outsider = as_(make_user(Role.EDITOR, contract=make_contract()))
    foreign = outsider.post(ADDRESS, body(world), format="json")
    absent = outsider.post(ADDRESS, body(world, factory=999_999), format="json")
    assert foreign.status_code == absent.status_code == 400
    assert foreign.json() == absent.json()
    assert APIClient().post(ADDRESS, body(world), format="json").status_code == 401


def test_the_same_key_twice_is_one_entry_and_another_body_is_refused(world: World, as_: As) -> None:
    client, key = as_(world.user(Role.EDITOR)), str(uuid.uuid4())
    first = client.post(ADDRESS, body(world), format="json", HTTP_IDEMPOTENCY_KEY=key)
    again = client.post(ADDRESS, body(world), format="json", HTTP_IDEMPOTENCY_KEY=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    for fields in ({"amount": {"value": "1.00", "currency": "RUB"}}, {"note": "another"}):
        other = client.post(ADDRESS, body(world, **fields), format="json", HTTP_IDEMPOTENCY_KEY=key)
        assert other.status_code == 422
        assert other.json()["type"].endswith("/problems/request-reused/")
    assert LedgerEntry.objects.count() == 2


def test_a_key_that_is_no_uuid_is_refused_by_name(world: World, as_: As) -> None:
    response = as_(world.user(Role.EDITOR)).post(ADDRESS, body(world), format="json", HTTP_IDEMPOTENCY_KEY="seven")
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "Idempotency-Key")


@pytest.mark.django_db(transaction=True)
def test_four_threads_with_one_key_make_one_entry() -> None:
    world = build_world()
    client, key = token_client(world.user(Role.EDITOR)), str(uuid.uuid4())
    answers: list[tuple[int, Any]] = []
    gate = threading.Barrier(4)

    def send() -> None:
        try:
            gate.wait()
            response = client.post(ADDRESS, body(world), format="json", HTTP_IDEMPOTENCY_KEY=key)
            answers.append((response.status_code, response.json().get("id")))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for status, _id in answers} <= {200, 201}
    assert len({made for _status, made in answers}) == 1
    assert LedgerEntry.objects.count() == 2


def reverse(client: APIClient, entry: LedgerEntry, **headers: Any) -> Any:
    data = {"date": timezone.localdate().isoformat(), "note": "Entered twice"}
    return client.post(f"{ADDRESS}{entry.pk}/reversal/", data, format="json", **headers)


def test_an_entry_is_reversed_once_and_both_name_each_other(world: World, as_: As) -> None:
    client, entry = as_(world.user(Role.EDITOR)), LedgerEntry.objects.get()
    response = reverse(client, entry)
    assert response.status_code == 201
    made = response.json()
    assert (made["amount"]["value"], made["reverses"]) == ("-100.50", entry.pk)
    assert client.get(world.address("ledger-entries")).json()["reversed_by"] == made["id"]
    again = reverse(client, entry)
    assert (again.status_code, again.json()["errors"][0]["code"], again.json()["errors"][0]["field"]) == (
        400,
        "already_reversed",
        "reverses",
    )
    third = reverse(client, LedgerEntry.objects.get(pk=made["id"]))
    assert (third.json()["errors"][0]["code"], third.json()["errors"][0]["field"]) == ("reversal_of_reversal", "reverses")


def test_a_reversal_sent_twice_with_one_key_is_one(world: World, as_: As) -> None:
    client, entry, key = as_(world.user(Role.EDITOR)), LedgerEntry.objects.get(), str(uuid.uuid4())
    statuses = [reverse(client, entry, HTTP_IDEMPOTENCY_KEY=key).status_code for _ in range(2)]
    assert statuses == [201, 200]


def test_who_may_not_see_an_entry_cannot_reverse_it(world: World, as_: As) -> None:
    entry = LedgerEntry.objects.get()
    assert reverse(as_(make_user(Role.EDITOR, contract=make_contract())), entry).status_code == 404
    assert reverse(as_(world.user(Role.AUDITOR)), entry).status_code == 403


def test_an_entry_before_its_contract_is_refused(world: World, as_: As) -> None:
    today = timezone.localdate()
    world.contract.signed_earliest = world.contract.signed_latest = today
    world.contract.signed_precision = "day"
    world.contract.save()
    early = body(world, date=(today - timedelta(days=1)).isoformat())
    response = as_(world.user(Role.EDITOR)).post(ADDRESS, early, format="json")
    assert response.json()["errors"][0]["code"] == "before_contract"


def test_before_the_day_of_the_reversal_the_entry_names_none(world: World, as_: As) -> None:
    client, entry = as_(world.user(Role.EDITOR)), LedgerEntry.objects.get()
    reverse(client, entry)
    (past,) = client.get(ADDRESS, {"as_of": str(timezone.localdate() - timedelta(days=1))}).json()["results"]
    assert past["reversed_by"] is None
