"""Every error is a problem by RFC 9457, in the reader's language; nothing that is sent makes the API break."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.db import InterfaceError, OperationalError
from rest_framework.test import APIClient

from cluster.api import contracts
from cluster.api.problems import KINDS
from cluster.domain.access import Role
from cluster.models import LedgerEntry, User
from tests.cluster.api.world import BASE, NOUNS, OWN, World, token_client

As = Callable[[User], APIClient]
LEDGER = f"{BASE}ledger-entries/"


def check(response: Any, status: int, kind: str) -> dict[str, Any]:
    """The problem in a response, after looking at what every problem has."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert {"type", "title", "status", "detail"} <= set(problem)
    assert problem["status"] == status
    assert problem["type"].endswith(f"/api/v1/problems/{kind}/")
    return problem


def test_each_status_has_its_kind_of_problem(world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    check(APIClient().get(f"{BASE}claims/"), 401, "unauthenticated")
    check(APIClient(HTTP_AUTHORIZATION="Bearer wrong").get(f"{BASE}claims/"), 401, "unauthenticated")
    check(client.get(f"{BASE}claims/999999/"), 404, "not-found")
    check(client.get(f"{BASE}claims/first/"), 404, "not-found")
    check(client.get(f"{BASE}no/such/place"), 404, "not-found")
    check(client.delete(f"{BASE}claims/"), 405, "method-not-allowed")
    check(client.get(f"{BASE}claims/", HTTP_ACCEPT="text/html"), 406, "not-acceptable")
    check(client.post(LEDGER, b"<a/>", content_type="application/xml"), 415, "unsupported-media-type")
    check(client.post(LEDGER, b"x" * (1024 * 1024 + 1), content_type="application/json"), 413, "too-large")
    check(as_(world.user(Role.AUDITOR)).post(f"{world.address('ledger-entries')}reversal/", _reversal(), format="json"), 403, "forbidden")


def _reversal() -> dict[str, str]:
    return {"date": "2024-04-02", "note": "Entered twice"}


def test_the_type_of_a_problem_can_be_read() -> None:
    client = APIClient()
    kinds = client.get(f"{BASE}problems/").json()
    assert len(kinds) == len(KINDS)
    for kind in kinds:
        assert client.get(kind["type"]).json() == kind


def test_a_problem_speaks_the_readers_language() -> None:
    english = APIClient(HTTP_ACCEPT_LANGUAGE="en").get(f"{BASE}claims/")
    russian = APIClient(HTTP_ACCEPT_LANGUAGE="ru").get(f"{BASE}claims/")
    assert english.json()["detail"].isascii()
    assert not russian.json()["detail"].isascii()
    assert russian["Content-Language"] == "ru"


@pytest.mark.parametrize(
    "raw",
    [
        b"{", b"", b"[" * 100_000, b'{"amount": NaN}', b'{"amount": 1e400}', b'{"amount": -Infinity}', b'{"a": 1, "a": 2}',
        b"\xff\xfe{}", '{"a": "\u00e9"}'.encode("cp1251", "replace"), b'{"n": ' + b"9" * 5000 + b"}", b'{"amount": 1e-400}',
    ],
)  # fmt: skip
def test_what_is_no_json_cannot_be_read(raw: bytes, world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    response = client.post(LEDGER, raw, content_type="application/json")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert LedgerEntry.objects.count() == 1


@pytest.mark.parametrize("raw", ["[]", "1", '"text"', "null", "[{}]", '{"\\ud800": 1}', '{"\\u202e": 1}', '{"note": "\\ud800"}'])
def test_json_of_another_shape_is_refused(raw: str, world: World, as_: As) -> None:
    response = as_(world.user(Role.EDITOR)).post(LEDGER, raw, content_type="application/json")
    check(response, 400, "invalid")
    json.loads(response.content.decode())


HOSTILE = [
    "page=10000000000000000000000000000000", "page=abc", "page=0", "page=-1", "page=", "page=1&page=2", "page=%00", "page=1e3",
    "page=" + "9" * 5000, "page_size=0", "page_size=201", "page_size=-5", "page_size=abc", "page_size=1e400", "page_size=²",
    "cursor=abc", "cursor=%00", "cursor=cD1hYmM=", "cursor=cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "cursor=bz0tMQ==", "cursor=cD0lMDA=",
    "cursor=bz05OTk5OTk5OTk5OTk5OTk5", "ordering=", "ordering=password", "ordering=-", "ordering=id,id", "ordering=contract__code",
    "fields=", "fields=nothing", "fields=id,id", "fields=__class__", "as_of=", "as_of=yesterday", "as_of=2999-01-01",
    "as_of=0000-00-00", "as_of=2024-02-30", "as_of=20240401", "as_of=2024-W01-1", "as_of=0001-01-01", "as_of=%D9%A2024-01-01",
    "contract=%00", "contract=%E2%80%AE", "contract=" + "x" * 5000, "contract=%FF", "unknown=1", "__proto__=1", "%00=1", "format=xml",
    "in_use=banana", "in_use=1", "date_from=abc", "date_from=0000-01-01", "date_from=99999-01-01", "amount_from=NaN",
    "amount_from=1_000", "amount_from=１２", "year=1_0", "amount_from=1e400",
    "amount_from=Infinity", "amount_from=-1e999999999", "year=1e400", "year=99999999999999999999999999", "year=-1", "year=1.5",
    "kind=nothing", "kind=%27%3B--", "baseline=99999999999999999999", "id_from=abc", "due_from=abc", "due_from=10000-01-01",
    "stale=maybe", "on_from=2024-13-01", "status=%F0%9F%98%80", "month_from=--",
]  # fmt: skip


def test_no_query_string_breaks_a_read(world: World, as_: As) -> None:
    """Each value meets every fifth noun, each noun every fifth value: what reads them is shared."""
    client = as_(world.user(Role.EDITOR))
    client.raise_request_exception = False
    objects = [world.address(noun) for noun in ("milestones", "claims")]  # one that is computed, one that is plain
    addresses = [*(f"{BASE}{noun}/" for noun in NOUNS), *objects]
    for number, query in enumerate(HOSTILE):
        for address in addresses[number % 5 :: 5]:
            response = client.get(f"{address}?{query}")
            assert response.status_code in (200, 400, 404), (address, query, response.content)
            if response.status_code != 200:
                assert response["Content-Type"] == "application/problem+json", (address, query)


@pytest.mark.parametrize(
    ("query", "named"), [("figur=1", "figur"), ("page_size=500", "page_size"), ("as_of=2999-01-01", "as_of"), ("in_use=banana", "in_use")]
)
def test_a_wrong_parameter_is_named(query: str, named: str, world: World, as_: As) -> None:
    problem = check(as_(world.user(Role.EDITOR)).get(f"{BASE}claims/?{query}"), 400, "invalid")
    assert [error["field"] for error in problem["errors"]] == [named]


def test_a_page_beyond_the_last_is_not_there(world: World, as_: As) -> None:
    check(as_(world.user(Role.EDITOR)).get(f"{BASE}claims/?page=10000000000000000000000000000000"), 404, "not-found")


@pytest.mark.parametrize("odd", ["%00", "1%00", "%2e%2e", "1'", "99999999999999999999999999", "-1", "%F0%9F%98%80", quote("\u202e")])
def test_no_address_breaks_an_object(odd: str, world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    for noun in set(NOUNS) - OWN:
        assert client.get(f"{BASE}{noun}/{odd}/").status_code == 404, noun


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed")])
def test_a_database_that_does_not_answer_is_503_with_a_time_to_come_back(
    error: Exception, world: World, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_args: object, **_kwargs: object) -> None:
        raise error

    client = as_(world.user(Role.EDITOR))
    monkeypatch.setattr(contracts.Contracts, "get_queryset", gone)
    response = client.get(f"{BASE}contracts/")
    check(response, 503, "unavailable")
    assert int(response["Retry-After"]) > 0
    monkeypatch.setattr("cluster.api.authentication.token_for", gone)
    check(client.get(f"{BASE}claims/"), 503, "unavailable")


def test_our_own_mistake_is_logged_and_told_without_details(
    world: World, as_: As, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("secret detail")

    client = as_(world.user(Role.EDITOR))
    monkeypatch.setattr(contracts.Contracts, "get_queryset", broken)
    problem = check(client.get(f"{BASE}contracts/"), 500, "internal")
    assert "secret" not in json.dumps(problem)
    assert "secret detail" in caplog.text


def test_too_many_requests_are_told_when_to_come_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.api.throttling.PatientThrottle.THROTTLE_RATES", {"user": "2/min"})
    client, other = token_client(world.user(Role.EDITOR)), token_client(world.user(Role.EDITOR))
    answers = [client.get(f"{BASE}claims/").status_code for _ in range(2)]
    assert answers == [200, 200]
    response = client.get(f"{BASE}claims/")
    check(response, 429, "too-many-requests")
    assert 0 < int(response["Retry-After"]) <= 60
    assert other.get(f"{BASE}claims/").status_code == 200


def test_without_redis_the_api_goes_on_uncounted(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}}
    monkeypatch.setattr("cluster.api.throttling.PatientThrottle.THROTTLE_RATES", {"user": "1/min"})
    client = token_client(world.user(Role.EDITOR))
    assert [client.get(f"{BASE}claims/").status_code for _ in range(3)] == [200, 200, 200]
