"""The forms of the site, filled in as a person would, sent, and undone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from tests.hostile.forms import Form, forms_of
from tests.hostile.ground import Ground, differing, digest, noting_writes, routes

# What is typed into an empty box, by its name or by its kind.
USUAL = {
    "text": "abc", "number": "5", "date": "2024-05-14", "email": "new@example.org", "url": "https://example.org/1", "amount": "1000,50",
    "value": "5", "password": "Long-enough-9431", "month": "2030-02", "code": "NEW1", "old_password": "x", "key": "fresh",
    "quantity": "5", "year": "2027", "low": "5", "effective_date": "2024-04", "unit": "RUB", "reason_ru": "abc",
}  # fmt: skip


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


def found_on(ground: Ground, *people: str, names: tuple[str, ...] = ("cluster:", "production:")) -> Iterator[Found]:
    """Every form of the staff pages that one of the people is shown, once: by the view that takes it and the names of its boxes."""
    seen: set[tuple[str, frozenset[str]]] = set()
    for route in routes():
        if not route.name.startswith(names):
            continue
        for who in people:
            page = ground.address(route)
            answer = ground.ask(ground.browser(who), "GET", page)
            if answer is None or answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
                continue
            for form in forms_of(answer):
                to = urlsplit(form.action or page).path
                key = resolve(to).view_name, frozenset(form.boxes)
                if key not in seen and key[0] not in ("logout", "set_language"):
                    seen.add(key)
                    yield Found(form, page, to, who)
            # Of the pages of a contract nobody sees more than who edits it.
            if "code" in route.arguments:
                break


def send(
    ground: Ground, client: Client, to: str, sent: dict[str, Any], before: dict[str, str], *, refuse: bool = False
) -> tuple[Any, list[str]]:
    """The answer to a form, and the tables it wrote to although it was refused or is to `refuse`; afterwards all is as before."""
    answer, written = None, []
    with transaction.atomic():
        try:
            with transaction.atomic(), noting_writes() as writes:
                answer = client.post(to, sent)
            if writes and (refuse or answer.status_code >= 400):
                written = differing(before, digest())
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
