"""What is sent to: one contract with a row of every kind, the addresses of all routes, and what the database holds before and after."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model
from django.http import QueryDict
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from cluster.domain.access import Role
from cluster.models import (
    ApiToken,
    Baseline,
    BudgetLine,
    Delivery,
    Factory,
    ReportingDuty,
    RiskResult,
    SavedView,
    Submission,
    Subscription,
    User,
)
from cluster.services.access import ensure_roles
from cluster.services.subscriptions import unsubscribe_url
from tests.cluster.api.world import World, add_rows, build_world
from tests.factories import make_contract, make_factory, make_milestone, make_rate, make_source, make_user, promise

# Written by reading: that a contract was looked at; that a person came in.
NOTED_BY_READING = {"cluster_visit", "django_session", "cluster_user", "cluster_userevent"}


@dataclass
class Route:
    """An address of the site: its name with its namespace, the names of its arguments, its view."""

    name: str
    pattern: str
    arguments: tuple[str, ...]
    view: Any


@dataclass
class Ground:
    """The contract with everything, the people, and what was wrong so far. `elsewhere` are rows of every noun out of the sight of each."""

    world: World
    elsewhere: dict[str, dict[str, Model]]
    arguments: dict[str, Any]
    people: dict[str, User]
    broken: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    browsers: dict[str, Client] = field(default_factory=dict)

    def client(self, who: str = "editor") -> Client:
        """A new browser: of the `editor` or the `manager` of the contract, the `admin`, the `clerk` who edits all there is."""
        client = Client(headers={"accept-language": "en"})
        client.force_login(self.people[who])
        return client

    def browser(self, who: str = "editor") -> Client:
        """The browser of that person which only reads: a login costs as much as a page."""
        if who not in self.browsers:
            self.browsers[who] = self.client(who)
        return self.browsers[who]

    def address(self, route: Route, **other: Any) -> str:
        """Where the route's page lies. A route with an argument that nothing is known of has none: tell `lay_ground`."""
        given = {name: other.get(name, self._argument(route, name)) for name in route.arguments}
        return reverse(route.name, kwargs=given)

    def _argument(self, route: Route, name: str) -> Any:
        if name == "pk" and route.name.startswith(("api:", "production_api:")):
            noun = route.pattern.removeprefix("api/v1/^").split("/")[0]
            return self.world.objects[noun].pk
        if name in ("object_id", "id") and route.name != "admin:view_on_site":
            app, model = route.pattern.split("/")[1:3]
            row = apps.get_model(app, model)._default_manager.first()
            return row.pk if row is not None else 1
        name = {"cluster:risk_run": "risk_run_id", "cluster:cancel_risk": "risk_run_id"}.get(route.name, name) if name == "run_id" else name
        assert name in self.arguments, f"{route.name} takes {name!r}: give it a value in lay_ground"
        return self.arguments[name]

    def ask(self, client: Client, method: str, address: str, **sent: Any) -> Any:
        """The answer to a request; None where the view broke. What the database said no to does not end the test."""
        answer = None
        try:
            with transaction.atomic():
                answer = client.generic(method, address, **sent)
        except Exception as error:
            self.note(method, address, sent, f"{type(error).__name__}: {error}")
        if answer is not None:
            self.statuses[answer.status_code] += 1
            if answer.status_code >= 500:
                self.note(method, address, sent, str(answer.status_code))
        return answer

    def note(self, method: str, address: str, sent: Any, what: str) -> None:
        """Something that is wrong with an answer: all of it is told at the end."""
        self.broken.append(f"{method} {address[:300]} {str(sent)[:300] if sent else ''}\n    {what[:300]}")

    def all_is_well(self) -> None:
        """Nothing was wrong with any answer."""
        assert not self.broken, f"{len(self.broken)} of {self.statuses}:\n" + "\n".join(self.broken[:60])


def lay_ground() -> Ground:
    """Beside what the API knows: a proposed baseline with a line and a date, a duty, a submission, a view, letters, a rate to decide."""
    ensure_roles()
    world = build_world()
    contract, factory, objects = world.contract, world.factory, world.objects
    editor = make_user(Role.EDITOR, contract=contract, username="editor")
    manager = make_user(Role.MANAGER, contract=contract, factory=factory, username="manager")
    elsewhere = {
        "editor": _rows_of(make_factory(make_contract(code="foreign"), code="X01"), 2),
        "manager": _rows_of(make_factory(contract, code="P02"), 3),
    }
    boss = make_user(Role.ADMIN, username="boss", is_staff=True, is_superuser=True)
    proposed = Baseline.objects.create(contract=contract, name_ru="План", name_en="Plan")
    line = BudgetLine.objects.create(baseline=proposed, factory=factory, category="design", month=date(2030, 1, 1), amount_rub=Decimal(5))
    promise(world.milestone, "2031", baseline=proposed)
    duty = ReportingDuty.objects.create(contract=contract, factory=factory, kind="spend", owed_by=editor, starts_on=date(2024, 1, 1))
    submission = Submission.objects.create(duty=duty, period=date(2024, 1, 1), by=editor)
    view = SavedView.objects.create(user=editor, page="cluster:factories", contract=contract, name="Mine", query="stage=opened")
    letter = Delivery.objects.create(user=editor, period=date(2024, 5, 1), recipient="a@example.org", status="held", body_html="<p>")
    suspended = Subscription.objects.create(user=editor, suspended_because="gone", suspended_at=letter.created_at)
    ApiToken.objects.create(user=editor, name="bi", digest="x", expires_at=timezone.now())
    days = {name: date(2027, 1, 1) for name in ("p10", "p50", "p80", "p95")}
    RiskResult.objects.create(
        run_id=objects["risk-runs"].pk, milestone=world.milestone, **days, chance=0.5, criticality=0.1, sensitivity=0.2
    )
    rate = make_rate("2024-04-20", "93.1", status="quarantined")
    objects |= {"submissions": submission, "subscriptions": suspended, "deliveries": letter}
    numbers = {
        "person_id": editor, "membership_id": editor.memberships.get(), "letter_id": letter, "subscription_id": suspended, "rate_id": rate,
        "view_id": view, "party_id": objects["parties"], "amendment_id": objects["amendments"], "entry_id": objects["ledger-entries"],
        "baseline_id": proposed, "line_id": line, "dependency_id": objects["dependencies"], "report_id": objects["board-reports"],
        "exception_id": objects["calendar-exceptions"], "run_id": objects["job-runs"], "risk_run_id": objects["risk-runs"],
        "flag_id": objects["delay-flags"], "pk": factory,
        "comment_id": objects["comments"], "attachment_id": objects["attachments"], "duty_id": duty, "submission_id": submission,
        "claim_id": objects["claims"], "model_id": objects["vehicle-models"], "plan_id": objects["plan-revisions"],
        "capacity_id": objects["capacities"],
    }  # fmt: skip
    token = urlsplit(unsubscribe_url(suspended)).path.rstrip("/").rsplit("/", 1)[-1]
    texts = {
        "code": contract.code, "factory": factory.code, "milestone": world.milestone.code, "form": "csv", "uidb64": "MQ", "token": token,
        "kind": "factory", "key": world.source.key, "brand": "b1", "app_label": "cluster", "url": "nowhere",
        "content_type_id": 1, "object_id": 1,
    }  # fmt: skip
    clerk = make_user(Role.EDITOR, username="clerk", is_staff=True, is_superuser=True)
    people = {"editor": editor, "admin": boss, "manager": manager, "clerk": clerk}
    return Ground(world, elsewhere, {name: row.pk for name, row in numbers.items()} | texts, people)


def _rows_of(factory: Factory, number: int) -> dict[str, Model]:
    """A row of every noun that grows, of that factory."""
    milestone, source = make_milestone(factory, code=f"{factory.code}-OPEN"), make_source()
    promise(milestone, "2024-Q2", announced="2023-01-10")
    rows = add_rows(factory.contract, factory, milestone, source, number)
    rows["people"] = make_user(Role.EDITOR, contract=make_contract())
    return rows | {"factories": factory, "milestones": milestone, "baselines": Baseline.objects.get(contract=factory.contract)}


def routes() -> list[Route]:
    """Every address of the site that has a name."""

    def walk(patterns: Any, before: str, space: str) -> Iterator[Route]:
        for one in patterns:
            pattern = before + str(one.pattern)
            if not isinstance(one, URLPattern):
                yield from walk(one.url_patterns, pattern, f"{space}{one.namespace}:" if one.namespace else space)
            elif one.name:
                yield Route(space + one.name, pattern, tuple(re.findall(r"<(?:\w+:)?(\w+)>", pattern)), one.callback)

    return list(walk(get_resolver().url_patterns, "", ""))


def digest() -> dict[str, str]:
    """What every table holds, but for what reading notes: two that are equal mean that nothing was written."""
    tables = sorted(set(connection.introspection.table_names()) - NOTED_BY_READING)
    parts = [f"SELECT '{name}', count(*) || '/' || coalesce(sum(hashtextextended(t::text, 0)), 0) FROM \"{name}\" t" for name in tables]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return dict(cursor.fetchall())


def differing(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The tables in which something was written."""
    return [name for name, held in after.items() if before.get(name) != held]


@contextmanager
def noting_writes() -> Iterator[list[str]]:
    """The statements that write where reading does not: most refusals need no look at the tables."""
    writes: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = _WRITE.search(sql)
        if found and found["table"] not in NOTED_BY_READING:
            writes.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield writes


# What changes a row, wherever it stands in a statement; a lock of rows is none.
_WRITE = re.compile(r'\b(?:INSERT\s+INTO|(?<!FOR )UPDATE|DELETE\s+FROM|COPY|MERGE\s+INTO)\s+(?:ONLY\s+)?"?(?P<table>\w+)', re.IGNORECASE)


@contextmanager
def names_read() -> Iterator[set[str]]:
    """The parameters that a view looks at, whatever they are called: the code is asked, not a list that ages."""
    found: set[str] = set()
    plain = {name: getattr(QueryDict, name) for name in ("__getitem__", "getlist", "__contains__")}

    def watched(name: str) -> Any:
        def look(self: QueryDict, key: Any, *rest: Any, **options: Any) -> Any:
            found.add(str(key))
            return plain[name](self, key, *rest, **options)

        return look

    with pytest.MonkeyPatch.context() as patch:
        for name in plain:
            patch.setattr(QueryDict, name, watched(name), raising=False)
        yield found
