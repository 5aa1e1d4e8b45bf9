"""Every address with every parameter that its page knows, with headers, cookies and arguments that nobody should send: no 5xx, no write.

`HOSTILE=all` sends each value to each parameter of each page; otherwise the values go round.
"""

import re
from collections import defaultdict
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from tests.hostile.ground import Ground, Route, differing, digest, names_read, routes
from tests.hostile.values import ALL, HEADERS, IN_ADDRESSES, IN_PATHS, MARKUP, Rotation, spread

pytestmark = pytest.mark.django_db
# A parameter meets at least so many values, however few pages know it. One that many know meets each value on some page, and every page
# meets all of its parameters at once.
AT_LEAST = 4
STAFF, MACHINES, ADMIN = ("cluster:", "production:", "login", "logout", "set_language"), ("api:", "production_api:"), ("admin:",)


def person(ground: Ground, route: Route) -> Client:
    """A browser of somebody to whom the page opens."""
    return ground.browser("admin" if route.name.startswith(("admin:", *OF_ADMINS)) else "editor")


def check(ground: Ground, address: str, answer: Any, sent: Any = None) -> None:
    """A refusal says in words what is wrong; nothing is repeated as markup."""
    if answer is None or getattr(answer, "streaming", False):
        return
    body = answer.content.decode("utf-8", "replace")
    if MARKUP in body and answer["Content-Type"].startswith("text/html"):
        ground.note("GET", address, sent, "repeated as markup")
    if answer.status_code >= 400 and not readable(answer, body) and not address.startswith(NO_PAGES):
        ground.note("GET", address, sent, f"{answer.status_code} in no words: {body[:150]}")


def readable(answer: Any, body: str) -> bool:
    """Whether a refusal has a title and a sentence, as a page or as a problem, and nothing of the inside."""
    if "Traceback" in body:
        return False
    if answer["Content-Type"].startswith("application/problem+json"):
        return bool(answer.json()["title"] and answer.json()["detail"])
    return bool(re.search(r"<title>\s*\S.*</title>", body, re.DOTALL) and re.search(r"<h1|<form|<p", body))


# Django's own, which answer to a button only: 405 without words.
NO_PAGES = ("/logout/", "/admin/")
OF_ADMINS = tuple(
    f"cluster:{name}"
    for name in (
        "new_contract", "people", "new_person", "person", "edit_person", "password_link", "give_role", "take_role", "jobs", "job",
        "run_job",
        "outbox", "hold_or_release", "decide_letter", "lift_suspension", "new_rate", "decide_rate", "backfill_rates",
    )
)  # fmt: skip


@pytest.mark.parametrize("kinds", [STAFF, MACHINES, ADMIN], ids=["staff", "api", "admin"])
def test_no_query_string_breaks_a_page(kinds: tuple[str, ...], ground: Ground) -> None:
    known: dict[str, tuple[Client, list[str]]] = {}
    for route in (one for one in routes() if one.name.startswith(kinds)):
        client, address = person(ground, route), ground.address(route)
        with names_read() as read:
            answer = ground.ask(client, "GET", address)
        check(ground, address, answer)
        if answer is not None and answer.status_code != 405:
            known[address] = client, sorted((read | {"as_of"}) - {"None", "code"})
    before, rotation, pages = digest(), Rotation(IN_ADDRESSES), defaultdict(list)
    for address, (_client, names) in known.items():
        for name in names:
            pages[name].append(address)
    tried = {(address, name) for name, addresses in pages.items() for address in spread(addresses, len(IN_ADDRESSES))}
    for address, (client, names) in known.items():
        cache.clear()
        for name in (name for name in names if (address, name) in tried):
            for value in rotation.take(name, len(IN_ADDRESSES) if ALL else max(1, AT_LEAST // len(pages[name]))):
                asked = f"{address}?{name}={value}"
                check(ground, asked, ground.ask(client, "GET", asked))
        every = "&".join(f"{name}={value}&{name}=1&{name}[]={value}" for name in ("unknown", *names) for value in rotation.take("", 1))
        check(ground, address, ground.ask(client, "GET", f"{address}?{every}"))
    assert not differing(before, digest())
    ground.all_is_well()


def test_no_argument_of_an_address_breaks_a_page(ground: Ground) -> None:
    rotation, before, known = Rotation(IN_PATHS), digest(), defaultdict(list)
    for route in routes():
        for name in route.arguments if route.name != "admin:None" else ():
            known[name].append(route)
    for name, those in known.items():
        cache.clear()
        for route in spread(those, 3 * len(IN_PATHS)):
            plain = ground.address(route, **{name: MARK[name]} if name in MARK else {name: 918273645})
            for value in rotation.take(name, len(IN_PATHS) if ALL else 1):
                address = plain.replace(str(MARK.get(name, 918273645)), value)
                answer = ground.ask(person(ground, route), "GET", address)
                check(ground, address, answer)
                # A link to set a password that does not hold is told so on a page of its own.
                if answer is not None and answer.status_code < 300 and route.name != "cluster:set_password":
                    ground.note("GET", address, None, f"answered {answer.status_code}")
    assert not differing(before, digest())
    ground.all_is_well()


# Texts that an argument of an address may be, to be replaced by what it may not be.
MARK = {"form": "xlsx", "app_label": "production", "token": "mark", "uidb64": "mark", "url": "mark"} | dict.fromkeys(
    ("code", "factory", "milestone", "key", "brand", "kind"), "mark"
)


def test_no_header_breaks_a_page(ground: Ground) -> None:
    before, client = digest(), ground.client("admin")
    kept = {name: one.value for name, one in client.cookies.items()}
    for address in ("/", "/login/", "/c/big/", "/c/big/ledger.csv", "/my/", "/api/v1/claims/", "/admin/", "/nowhere", "/readyz"):
        for headers in HEADERS:
            client.cookies = SimpleCookie(kept)
            answer = ground.ask(client, "GET", address, headers=headers)
            check(ground, address, answer, headers)
            if answer is not None and "evil.example" in answer.get("Location", "") + answer.content.decode("utf-8", "replace"):
                ground.note("GET", address, headers, "a forged host is believed")
    assert not differing(before, digest())
    ground.all_is_well()
