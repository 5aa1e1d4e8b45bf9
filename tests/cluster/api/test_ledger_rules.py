"""Duplicates, the contract's term, batches and filters of /ledger-entries/."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import Claim, LedgerEntry, User
from tests.cluster.api.test_ledger import ADDRESS, body, reverse
from tests.cluster.api.world import World
from tests.factories import make_contract, make_factory, make_user

As = Callable[[User], APIClient]
BULK = f"{ADDRESS}bulk/"


@pytest.fixture
def client(world: World, as_: As) -> APIClient:
    return as_(world.user(Role.EDITOR, first_name="Anna", last_name="Petrova"))


def post(client: APIClient, data: dict[str, Any], address: str = ADDRESS, **headers: Any) -> Any:
    return client.post(address, data, format="json", **headers)


class TestDuplicates:
    def test_the_answer_is_a_conflict_with_the_first_one_and_the_remedy(self, world: World, client: APIClient) -> None:
        first = post(client, body(world, document="Order № 7")).json()
        answer = post(client, body(world, document="order N7"))
        problem = answer.json()
        assert (answer.status_code, problem["type"].rsplit("/", 2)[1]) == (409, "duplicate")
        assert problem["current"] == first
        assert [(error["field"], error["code"]) for error in problem["errors"]] == [("despite_duplicate", "duplicate")]
        assert f"Entry {first['id']} of" in problem["detail"]
        assert "recorded by Anna Petrova" in problem["detail"]
        assert client.get(problem["type"]).status_code == 200
        assert LedgerEntry.objects.count() == 2

    def test_who_insists_records_it_once_for_each_key(self, world: World, client: APIClient) -> None:
        post(client, body(world))
        key = str(uuid.uuid4())
        answers = [post(client, body(world, despite_duplicate=True), HTTP_IDEMPOTENCY_KEY=key).status_code for _ in range(2)]
        assert answers == [201, 200]
        assert LedgerEntry.objects.count() == 3

    def test_the_same_key_is_no_duplicate_of_itself(self, world: World, client: APIClient) -> None:
        key = str(uuid.uuid4())
        assert [post(client, body(world), HTTP_IDEMPOTENCY_KEY=key).status_code for _ in range(2)] == [201, 200]


class TestTheTerm:
    def test_an_entry_after_the_end_is_refused_with_the_day(self, world: World, client: APIClient) -> None:
        end = Claim(contract=world.contract, figure="term_end", source=world.source, in_use=True)
        end.date = DateWindow.parse("2033")
        end.save()
        answer = post(client, body(world, kind="commitment", date="2034-01-01"))
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["field"], error["code"]) == (400, "date", "after_contract")
        assert "2033-12-31" in error["message"]
        assert post(client, body(world, kind="commitment", date="2033-12-31")).status_code == 201

    def test_a_factory_of_another_contract_than_the_one_named_is_refused(self, world: World, client: APIClient, as_: As) -> None:
        other = make_contract()
        everywhere = as_(make_user(Role.EDITOR))
        answer = post(everywhere, body(world, contract=other.pk))
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["field"], error["code"]) == (400, "factory", "other_contract")
        assert post(everywhere, body(world, contract=world.contract.pk)).status_code == 201


class TestBatches:
    def rows(self, world: World, count: int = 3) -> list[dict[str, Any]]:
        return [body(world, document=f"Order {number}") for number in range(count)]

    def test_they_are_recorded_together_and_answered_in_their_order(self, world: World, client: APIClient) -> None:
        answer = post(client, {"entries": self.rows(world)}, BULK)
        assert answer.status_code == 201
        assert [entry["document"] for entry in answer.json()["entries"]] == ["Order 0", "Order 1", "Order 2"]
        assert client.get(f"{ADDRESS}{answer.json()['entries'][1]['id']}/").json() == answer.json()["entries"][1]

    def test_the_same_key_twice_is_one_batch(self, world: World, client: APIClient) -> None:
        key, data = str(uuid.uuid4()), {"entries": self.rows(world)}
        first, again = (post(client, data, BULK, HTTP_IDEMPOTENCY_KEY=key) for _ in range(2))
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()
        changed = {"entries": [*self.rows(world, 2), body(world, document="Another")]}
        answer = post(client, changed, BULK, HTTP_IDEMPOTENCY_KEY=key)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "entries[2]")
        assert LedgerEntry.objects.count() == 4

    def test_every_wrong_row_is_named_with_its_field_and_nothing_is_stored(self, world: World, client: APIClient) -> None:
        rows = [*self.rows(world), body(world, document="Order 0"), body(world, date="2999-01-01"), body(world, factory=999_999)]
        answer = post(client, {"entries": rows}, BULK)
        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == [
            "entries[3].despite_duplicate", "entries[4].date", "entries[5].factory",
        ]  # fmt: skip
        assert LedgerEntry.objects.count() == 1

    def test_wrong_values_are_named_by_their_rows_too(self, world: World, client: APIClient) -> None:
        rows = [body(world), body(world, amount={"value": "1,234", "currency": "RUB"}), body(world, kind="gift")]
        answer = post(client, {"entries": rows}, BULK)
        assert answer.status_code == 400
        assert {error["field"] for error in answer.json()["errors"]} == {"entries[1].amount.value", "entries[2].kind"}
        assert LedgerEntry.objects.count() == 1

    def test_a_batch_of_nothing_but_duplicates_is_a_conflict(self, world: World, client: APIClient) -> None:
        post(client, {"entries": self.rows(world)}, BULK)
        answer = post(client, {"entries": self.rows(world)}, BULK)
        assert answer.status_code == 409
        insisted = [row | {"despite_duplicate": True} for row in self.rows(world)]
        assert post(client, {"entries": insisted}, BULK).status_code == 201

    @pytest.mark.parametrize("entries", [[], None, "x", [{}] * 201])
    def test_an_empty_or_endless_batch_is_refused(self, world: World, client: APIClient, entries: Any) -> None:
        assert post(client, {"entries": entries}, BULK).status_code == 400

    @pytest.mark.parametrize(("role", "status"), [(Role.MANAGER, 403), (Role.CONTROLLER, 403), (Role.AUDITOR, 403)])
    def test_who_may_not_pay_may_not_pay_in_batches(self, world: World, as_: As, role: Role, status: int) -> None:
        assert post(as_(world.user(role)), {"entries": self.rows(world)}, BULK).status_code == status


class TestFilters:
    def found(self, client: APIClient, **query: str) -> list[str]:
        answer = client.get(ADDRESS, query)
        assert answer.status_code == 200, answer.json()
        return sorted(entry["document"] for entry in answer.json()["results"])

    def test_month_document_counterparty_and_whether_reversed(self, world: World, client: APIClient) -> None:
        entry = LedgerEntry.objects.get()  # document "1" of April 2024, counterparty "C"
        post(client, body(world, document="Order 7", counterparty="Press Works"))
        assert self.found(client, month="2024-04") == ["1"]
        assert self.found(client, document="order") == ["Order 7"]
        assert self.found(client, counterparty="press") == ["Order 7"]
        assert self.found(client, reversed="true") == []
        reverse(client, entry)
        assert self.found(client, reversed="true") == ["1"]
        assert self.found(client, reversed="true", as_of=str(timezone.localdate() - timedelta(days=1))) == []
        assert self.found(client, reversed="false") == ["1", "Order 7"]

    def test_look_alikes_of_a_contract(self, world: World, client: APIClient) -> None:
        for document in ("Order № 7", "order 7"):
            post(client, body(world, document=document, despite_duplicate=True))
        assert self.found(client, contract="big", alike="true") == ["Order № 7", "order 7"]
        assert self.found(client, contract="big", alike="false") == ["1"]
        assert client.get(ADDRESS, {"alike": "true"}).json()["errors"][0]["field"] == "alike"
        stranger = make_factory().contract
        assert self.found(client, contract=stranger.code, alike="true") == []

    @pytest.mark.parametrize(
        "query", [{"month": "2024"}, {"month": "2024-13"}, {"reversed": "yes"}, {"alike": "1"}, {"month": "2024-01..2024-02"}]
    )
    def test_nonsense_is_refused_by_name(self, client: APIClient, query: dict[str, str]) -> None:
        answer = client.get(ADDRESS, query)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, next(iter(query)))
