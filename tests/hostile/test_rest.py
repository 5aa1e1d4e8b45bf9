"""Every address of the API that writes, with bodies that nobody should send: no 5xx, each refusal a problem, nothing written by it."""

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction

from tests.cluster.api.world import token_client
from tests.hostile.ground import Ground, Route, differing, digest, noting_writes, routes
from tests.hostile.values import ALL, IN_JSON, Rotation

pytestmark = pytest.mark.django_db
BODIES = (
    b"", b"null", b"[]", b"{", b"[" * 50_000, b'{"a": 1, "a": 2}', b'{"a": NaN}', b"\xff\xfe", b'{"__proto__": {"x": 1}}', b"[null, {}]",
    b'{"": ""}', b'{"n": ' + b"9" * 5_000 + b"}", b'"x"', b'{"id": 1, "contract": "foreign"}',
)  # fmt: skip
WRITES = ("post", "put", "patch", "delete")


def methods_of(route: Route) -> list[str]:
    """The methods of an address that write."""
    actions = getattr(route.view, "actions", None) or {name: "" for name in WRITES if hasattr(getattr(route.view, "cls", None), name)}
    return [name for name in WRITES if name in actions]


def keys_of(route: Route, method: str, described: dict[str, Any]) -> list[str]:
    """What the body of a write may hold, as the API describes itself."""
    path = "/" + route.pattern.replace("^", "").replace("$", "").replace("(?P<pk>[0-9]+)", "{id}").replace(
        "(?P<pk>[-a-zA-Z0-9_]+)", "{code}"
    )
    content = described["paths"].get(path, {}).get(method, {}).get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    name = schema.get("$ref", schema.get("items", {}).get("$ref", "")).rsplit("/", 1)[-1]
    return list(described["components"]["schemas"].get(name, {}).get("properties", {}))


def test_no_body_breaks_a_write(ground: Ground) -> None:
    client = token_client(ground.people["editor"])
    described = client.get("/api/v1/schema/?format=json").json()
    values, bodies, before, seen = Rotation(IN_JSON), Rotation(BODIES), digest(), 0
    for route in (one for one in routes() if one.name.startswith(("api:", "production_api:"))):
        for method in methods_of(route):
            cache.clear()
            keys = keys_of(route, method, described)
            seen += bool(keys)
            every = (
                "{" + ", ".join(f"{json.dumps(key)}: {value}" for key, value in zip(keys, values.take("", len(keys)), strict=True)) + "}"
            )
            single = [f"{{{json.dumps(key)}: {value}}}" for key in keys for value in values.take("", len(IN_JSON) if ALL else 1)]
            raw = bodies.take("", len(BODIES) if ALL else 3)
            for body in [every.encode(), *(one.encode() for one in single), *raw] if method != "delete" else raw[:1]:
                address, answer = ground.address(route), None
                with transaction.atomic(), noting_writes() as writes:
                    answer = ground.ask(client, method.upper(), address, data=body, content_type="application/json")
                    if answer is not None and answer.status_code >= 400:
                        if not answer["Content-Type"].startswith("application/problem+json") or not answer.json()["detail"]:
                            ground.note(method, address, body[:200], f"{answer.status_code} is no problem in words")
                        if writes and (written := differing(before, digest())):
                            ground.note(method, address, body[:200], f"refused with {answer.status_code}, and written to {written}")
                    transaction.set_rollback(True)
    assert seen > 20, "the bodies of few writes are described"
    ground.all_is_well()
