"""What pages cost: every page of the site, on the example plan, takes at most twelve statements, the session and the reader included, and
150 KB as it is sent.
"""

import gzip
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model, QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse
from django.utils import timezone

from cluster.domain.access import Role
from cluster.models import (
    Amendment,
    Baseline,
    BudgetLine,
    CalendarException,
    Claim,
    Contract,
    DelayFlag,
    Dependency,
    ExchangeRate,
    Factory,
    JobRun,
    LedgerEntry,
    Milestone,
    Party,
    RiskRun,
    Source,
    User,
)
from cluster.services import example_plan, public_record
from cluster.services.delays import flag_delays
from production.models import Brand, Capacity, PlanRevision, VehicleModel
from production.services import example_plan as production_example
from production.services import public_record as production_record
from tests.factories import make_user

MOST, MOST_BYTES = 12, 150_000
# Documents that a page shows or links: made whole for the one who asks, of everything that is known. Not one statement more than this.
DOCUMENTS = {"cluster:board_report": 39, "cluster:my_letter": 28}
# What the example has none of, or not for an editor: the page says that there is no such thing. A method that is not GET says so.
ABSENT = {
    "cluster:attachment",
    "cluster:check_board_report",
    "cluster:edit_duty",
    "cluster:kept_board_report",
    "cluster:outbox",
    "cluster:outbox_file",
    "cluster:outbox_letter",
    "cluster:outbox_letter_html",
    "cluster:take_back_report",
    "cluster:unsubscribe",
    "cluster:withdraw_attachment",
    "cluster:withdraw_comment",
    "cluster:risk_run",
    "production:brand",
    "production:edit_brand",
    "production:edit_model",
    "production:new_model",
}
# Pages of a baseline that is not proposed are about one that is in force.
OF_A_PROPOSAL = {
    "cluster:approve_baseline",
    "cluster:budget_line",
    "cluster:budget_line_echo",
    "cluster:discard_baseline",
    "cluster:new_budget_line",
    "cluster:paste_budget",
    "cluster:paste_dates",
}


@pytest.fixture(scope="module")
def editor(django_db_setup: None, django_db_blocker: Any) -> Iterator[Client]:
    """The browser of an editor; the example plan is loaded once for this file, and gone after it."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        for load in (public_record.load, production_record.load, example_plan.load, production_example.load):
            load()
        flag_delays(as_of=timezone.localdate(), progress=lambda _done, _all: None)
        JobRun.objects.create(name=JobRun.Name.CONVERT, scheduled_for=timezone.now())
        client = Client(headers={"accept-language": "en"})
        client.force_login(make_user(Role.EDITOR))
        yield client
        transaction.set_rollback(True)


def known(name: str) -> dict[str, Any]:
    """What stands in the addresses, by the names of the places. A new one belongs here."""
    contract = Contract.objects.get(code="example")
    factory = Factory.objects.filter(contract=contract).order_by("order")[1]
    baselines = Baseline.objects.filter(contract=contract).order_by("pk")
    proposal = baselines.get(kind=Baseline.Kind.DRAFT)

    def pk(rows: QuerySet[Any]) -> int:
        found: Model | None = rows.order_by("pk").first()
        return found.pk if found is not None else 0

    return {
        "code": contract.code,
        "factory": factory.code,
        "milestone": Milestone.objects.filter(factory=factory).order_by("pk")[5].code,
        "kind": "factory",
        "pk": factory.pk,
        "form": "csv",
        "person_id": pk(User.objects.all()),
        "uidb64": "MQ",
        "token": "set-password",
        "key": Source.objects.get(contract=contract, key="example-plan").key,
        "brand": Brand.objects.earliest("pk").code,
        "baseline_id": proposal.pk if name in OF_A_PROPOSAL else pk(baselines),
        "line_id": pk(BudgetLine.objects.filter(baseline=proposal)),
        "run_id": pk(JobRun.objects.all()) if name == "cluster:job" else pk(RiskRun.objects.all()),
        "rate_id": pk(ExchangeRate.objects.all()),
        "entry_id": pk(LedgerEntry.objects.filter(factory=factory)),
        "flag_id": pk(DelayFlag.objects.filter(contract=contract)),
        "dependency_id": pk(Dependency.objects.filter(successor__contract=contract)),
        "exception_id": pk(CalendarException.objects.filter(contract=contract)),
        "claim_id": pk(Claim.objects.filter(contract=contract)),
        "party_id": pk(Party.objects.filter(contract=contract)),
        "amendment_id": pk(Amendment.objects.filter(contract=contract)),
        "model_id": pk(VehicleModel.objects.all()),
        "plan_id": pk(PlanRevision.objects.filter(contract=contract)),
        "capacity_id": pk(Capacity.objects.filter(contract=contract)),
        **dict.fromkeys(
            (
                "comment_id",
                "attachment_id",
                "letter_id",
                "subscription_id",
                "view_id",
                "report_id",
                "duty_id",
                "submission_id",
                "membership_id",
            ),
            0,
        ),
    }


def pages() -> dict[str, str]:
    """The address of every page, by its name."""
    found = {}
    for space in ("cluster", "production"):
        patterns: list[Any] = get_resolver().namespace_dict[space][1].url_patterns
        for pattern in patterns:
            name = f"{space}:{pattern.name}"
            told = known(name)
            found[name] = reverse(name, kwargs={place: told[place] for place in pattern.pattern.converters})
    return found


def statements(client: Client, address: str) -> tuple[int, int, int]:
    """The status of the answer, the number of statements, and the bytes of it compressed."""
    with CaptureQueriesContext(connection) as taken:
        response = client.get(address)
        content = response.getvalue()
    count = len([one for one in taken if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))])
    return response.status_code, count, len(gzip.compress(content, 6))


@pytest.mark.django_db
def test_every_page_takes_twelve_statements_at_most_and_is_small(editor: Client) -> None:
    editor.get("/c/example/calendar/")  # the visit is noted
    found, lost, large = {}, set(), {}
    for name, address in pages().items():
        status, count, size = statements(editor, address)
        assert status < 500, name
        if count > MOST:
            # What a process looks up once has been looked up.
            status, count, size = statements(editor, address)
        found[name] = count
        if size > MOST_BYTES:
            large[name] = size
        if status == 404:
            lost.add(name)
    assert lost <= ABSENT, sorted(lost - ABSENT)
    assert not large
    over = {name: count for name, count in found.items() if count > DOCUMENTS.get(name, MOST)}
    assert not over, sorted(over.items(), key=lambda one: -one[1])
    assert all(found[name] > MOST for name in DOCUMENTS), "keeps to the budget of pages now: take it out of DOCUMENTS"
