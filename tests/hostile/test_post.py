"""Every form of the staff pages, filled in as a person would and with one box in turn as nobody should: no 5xx, no half-written thing.

`HOSTILE=all` puts each value into each box; otherwise the values go round.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from tests.cluster.evidence import PDF, lying_bomb
from tests.hostile.forms import Box, Form, forms_of
from tests.hostile.ground import Ground, differing, digest, lay_ground, routes
from tests.hostile.values import ALL, IN_BOXES, LONG, MARKUP, Rotation

pytestmark = pytest.mark.django_db
# What is typed into an empty box, by its name or by its kind.
USUAL = {
    "text": "abc", "number": "5", "date": "2024-05-14", "email": "new@example.org", "url": "https://example.org/1", "amount": "1000,50",
    "value": "5", "password": "Long-enough-9431", "month": "2030-02", "code": "NEW1", "old_password": "x", "key": "fresh",
    "quantity": "5", "year": "2027", "low": "5", "effective_date": "2024-04", "unit": "RUB", "reason_ru": "abc",
}  # fmt: skip
# What is usual does not do there: a table, a file, the true password, a tick over a warning, a figure's source.
REFUSED = {
    f"cluster:{name}"
    for name in (
        "paste_budget", "paste_dates", "paste_schedule", "discussion", "own_password", "approve_baseline", "delete_milestone",
        "baseline_dates", "estimates", "acknowledge_flags", "new_rate",
    )
} | {"production:new_plan", "production:new_capacity", "production:record_output"}  # fmt: skip
# No box but one for text takes any of these, and none at all the last two.
NEVER = {"1e400", "NaN", "-Infinity", MARKUP, LONG, "{}", "\U0001f600", "'; --", "../../x", "=cmd()", "\u200b"}
NOWHERE = {"\x00", "a\x00b", "\u202eabc"}
FILES = (
    ("../../x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"), ("x.pdf.exe", PDF), ("empty.pdf", b""), ("x.pdf", b"MZ"),
    ("bomb.xlsx", lying_bomb()), ("x" * 400 + ".pdf", PDF), ("x.xlsx", b"PK\x03\x04"), ("x", PDF), (".pdf", PDF),
)  # fmt: skip


def usual() -> dict[str, str]:
    """The same with the days that lie ahead."""
    return USUAL | {"until": (timezone.localdate() + timedelta(days=9)).isoformat()}


@dataclass
class Found:
    """A form, where it is sent, and by whom it can be."""

    form: Form
    page: str
    to: str
    who: str


@pytest.fixture
def ground(own_cache: None) -> Ground:
    """The contract with a row of every kind."""
    return lay_ground()


def found_on(ground: Ground) -> Iterator[Found]:
    """Every form of the staff pages once: by the view that takes it and the names of its boxes."""
    seen, clients = set(), {who: ground.client(who) for who in ground.people}
    for route in routes():
        if not route.name.startswith(("cluster:", "production:")):
            continue
        for who in ("editor", "admin"):
            page = ground.address(route)
            answer = ground.ask(clients[who], "GET", page)
            if answer is None or answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
                continue
            for form in forms_of(answer):
                to = urlsplit(form.action or page).path
                key = resolve(to).view_name, frozenset(form.boxes)
                if key not in seen and key[0] not in ("logout", "set_language"):
                    seen.add(key)
                    yield Found(form, page, to, who)


def send(ground: Ground, client: Client, to: str, sent: dict[str, Any], before: dict[str, str]) -> tuple[Any, list[str]]:
    """The answer to a form and the tables it wrote to; afterwards all is as before."""
    answer, written = None, []
    with transaction.atomic():
        try:
            with transaction.atomic(), noting_writes() as writes:
                answer = client.post(to, sent)
            written = differing(before, digest()) if writes else []
        except Exception as error:
            ground.note("POST", to, sent, f"{type(error).__name__}: {error}")
        transaction.set_rollback(True)
    if answer is not None:
        ground.statuses[answer.status_code] += 1
        if answer.status_code >= 500:
            ground.note("POST", to, sent, str(answer.status_code))
        elif answer.status_code >= 400 and written:
            ground.note("POST", to, sent, f"refused with {answer.status_code}, and written to {written}")
    return answer, written


@contextmanager
def noting_writes() -> Iterator[list[str]]:
    """The statements that write: most refusals need no look at the tables."""
    writes: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "WITH", "COPY", "MERGE")):
            writes.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield writes


def must_refuse(box: Box, value: str) -> bool:
    """Whether nothing may be stored of this value in this box."""
    if box.kind in ("checkbox", "submit", "file"):
        return False
    if value in NOWHERE:
        return True
    if box.choices is not None:
        return bool(value) and value not in box.choices and box.kind == "select"
    return value in NEVER and not box.takes_text and box.kind != "hidden"


def test_no_value_in_a_form_breaks_it_or_is_half_stored(ground: Ground) -> None:
    rotation, before, refused = Rotation(IN_BOXES), digest(), set()
    for found in list(found_on(ground)):
        client, typed = ground.client(found.who), found.form.filled(usual())
        answer, _written = send(ground, client, found.to, typed, before)
        if answer is not None and answer.status_code >= 400:
            refused.add(resolve(found.to).view_name)
        for box in found.form.boxes.values():
            if box.name == "csrfmiddlewaretoken":
                continue
            for value in rotation.take("", len(IN_BOXES) if ALL else 1):
                _answer, written = send(ground, client, found.to, typed | {box.name: [value]}, before)
                if written and must_refuse(box, value):
                    ground.note("POST", found.to, {box.name: value}, f"{box.kind} {box.choices} took it and wrote to {written}")
        odd = {name: [*values, next(iter(rotation.take("", 1)))] for name, values in typed.items()} | {"is_superuser": ["1"], "id": ["1"]}
        send(ground, client, found.to, odd, before)
        send(ground, client, found.to, {}, before)
    ground.all_is_well()
    assert refused <= REFUSED, f"what is sent as usual is refused: {refused - REFUSED}"


def test_no_file_breaks_what_takes_evidence(ground: Ground) -> None:
    before, to = digest(), f"/c/big/discussion/factory/{ground.world.factory.pk}/"
    for name, data in FILES:
        answer, written = send(ground, ground.client(), to, {"file": SimpleUploadedFile(name, data), "note": "x"}, before)
        if answer is not None and (written or answer.status_code != 422):
            ground.note("POST", to, name, f"taken with {answer.status_code}")
    ground.all_is_well()


def test_nothing_is_taken_without_the_token_of_a_form(ground: Ground) -> None:
    before = digest()
    for who, names in (("editor", ("cluster:", "production:")), ("admin", ("cluster:",))):
        client = Client(headers={"accept-language": "en"}, enforce_csrf_checks=True)
        client.force_login(ground.people[who])
        for route in routes():
            # The link of a letter needs no token: it is signed itself.
            if route.name.startswith(names) and route.name != "cluster:unsubscribe":
                answer, written = send(ground, client, ground.address(route), {"csrfmiddlewaretoken": "x" * 64, "reason": "x"}, before)
                if answer is not None and (answer.status_code != 403 or written or b"<h1" not in answer.content):
                    ground.note("POST", ground.address(route), "", f"{answer.status_code} without a token")
    ground.all_is_well()
