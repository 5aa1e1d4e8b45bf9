"""A small contract with people in every role, clients that read as they do, and what a page says without its markup."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.http import HttpResponse
from django.test import Client

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import BaselineMilestone, Claim, Contract, Factory, Milestone, Source, User
from tests.factories import make_contract, make_factory, make_milestone, make_source, make_user, promise

# session, user, memberships and what is asked of the person are read on every page; the visit is noted by the first one in a minute
WHO_ASKS = 5
BUDGET = 14 + WHO_ASKS


@dataclass
class Place:
    """One contract: F01 with a missed promise, F02, a promise of the contract as a whole."""

    contract: Contract
    factory: Factory
    other: Factory
    milestone: Milestone
    promised: BaselineMilestone
    source: Source
    people: dict[str, User] = field(default_factory=dict)

    @cached_property
    def base(self) -> str:
        """The address under which the contract's pages lie."""
        return f"/c/{self.contract.code}/"

    def person(self, who: str) -> User:
        """A person by role; `own` and `foreign` are managers of F01 and F02."""
        if who not in self.people:
            made: dict[str, Callable[[], User]] = {
                "own": lambda: make_user(Role.MANAGER, factory=self.factory),
                "foreign": lambda: make_user(Role.MANAGER, factory=self.other),
                "outsider": lambda: make_user(Role.EDITOR, contract=make_contract()),
                "nobody": make_user,
            }
            self.people[who] = made[who]() if who in made else make_user(Role(who), contract=self.contract)
        return self.people[who]

    def client(self, who: str = "editor", language: str = "en") -> Client:
        """A browser in which that person is logged in; `anonymous` is nobody at all."""
        client = Client(headers={"accept-language": language})
        if who != "anonymous":
            client.force_login(self.person(who))
        return client

    def status(self, who: str, path: str, data: dict[str, Any] | None = None) -> int:
        """What that person gets: a GET, or a POST when there are data."""
        client = self.client(who)
        answer = client.get(self.base + path) if data is None else client.post(self.base + path, data)
        return answer.status_code


def make_place() -> Place:
    """The place with its two factories."""
    contract = make_contract(code="alpha", name_ru="Договор Альфа", name_en="Contract Alpha")
    contract.signed = DateWindow.parse("2019-07")
    contract.save()
    factory = make_factory(contract, code="F01", name_ru="Завод прессов", name_en="Press plant", order=1)
    other = make_factory(contract, code="F02", name_ru="Завод сидений", name_en="Seat plant", order=2)
    source = make_source(
        key="gazette", title_ru="Первое обещание", title_en="The first promise", publisher="Gazette", url="https://gazette.example/1"
    )
    milestone = make_milestone(factory, code="F01-OPEN", name_ru="Открытие завода прессов", name_en="Press plant opens")
    promised = promise(milestone, "2023", announced="2022-07-01")
    promised.source, promised.speaker_ru, promised.speaker_en = source, "В. Иванов", "V. Ivanov"
    promised.save()
    return Place(contract, factory, other, milestone, promised, source)


def make_claim(place: Place, figure: str, value: str | None = None, **fields: Any) -> Claim:
    """A claim of the place's source about its factory."""
    defaults: dict[str, Any] = {"contract": place.contract, "factory": place.factory, "source": place.source, "in_use": True}
    if value is not None:
        defaults |= {"value": Decimal(value), "unit": "RUB"}
    claim = Claim(figure=figure, **defaults | fields)
    claim.announced = DateWindow.day(date(2023, 6, 28))
    claim.save()
    return claim


def words(response: Any) -> str:
    """The text of a page as a person reads it: no markup, plain spaces."""
    assert isinstance(response, HttpResponse)
    text = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", response.content.decode(), flags=re.S)
    text = html.unescape(re.sub(r"<[^>]+>", " ", text))
    return re.sub(r"\s+([.,;:)])", r"\1", " ".join(text.split()))


def hidden(response: Any, name: str) -> str:
    """The value of a hidden or text box in the form."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*>', response.content.decode())
    assert found, name
    value = re.search(r'value="([^"]*)"', found[0])
    return html.unescape(value[1]) if value else ""


def title(response: Any) -> str:
    """The title of the page."""
    found = re.search(r"<title>(.*?)</title>", response.content.decode(), flags=re.S)
    assert found
    return " ".join(html.unescape(found[1]).split())
