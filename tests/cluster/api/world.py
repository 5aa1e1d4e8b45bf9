"""One object of every noun of the API, in one contract; and who may see it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.db.models import Model
from django.utils import timezone
from rest_framework.test import APIClient

from cluster.api.urls import router as cluster_router
from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import (
    Amendment,
    Attachment,
    AttachmentContent,
    Baseline,
    BoardReport,
    BoardReportContent,
    BudgetLine,
    CalendarException,
    Claim,
    Comment,
    Contract,
    DelayEvent,
    DelayFlag,
    Delivery,
    Dependency,
    Factory,
    ForecastRevision,
    JobRun,
    LedgerConversion,
    LedgerEntry,
    Milestone,
    Party,
    ReportingDuty,
    RiskRun,
    Source,
    Submission,
    Subscription,
    User,
)
from cluster.services.tokens import issue_token
from production.api.urls import router as production_router
from production.models import Brand, BrandShare, Capacity, Output, PlanRevision, VehicleModel
from tests.factories import make_contract, make_factory, make_milestone, make_rate, make_source, make_user, promise

BASE = "/api/v1/"
NOUNS = [prefix for router in (cluster_router, production_router) for prefix, _view, _name in router.registry]
# Two nouns are a person's own; two are reference data that every role reads.
OWN = {"subscriptions", "deliveries"}
REFERENCE = {"sources", "exchange-rates"}
# Runs concern every contract: only who sees all of them reads the runs.
OF_THE_INSTALLATION = {"job-runs"}
# What a plant manager sees of the own plant: not the contract's parties, plans or jobs.
OF_A_FACTORY = {
    "contracts", "factories", "claims", "baselines", "budget-lines", "ledger-entries", "milestones", "forecast-revisions", "dependencies",
    "calendar-exceptions", "delay-flags", "delay-events", "outputs", "comments", "attachments", "submissions",
}  # fmt: skip


@dataclass
class World:
    """The contract, its factory and milestone, and the object of each noun by its address."""

    contract: Contract
    factory: Factory
    milestone: Milestone
    source: Source
    objects: dict[str, Model]

    def user(self, role: Role | None = None, **fields: Any) -> User:
        """A person with the role over the contract; a manager only over the factory."""
        if role is None:
            return make_user(**fields)
        return make_user(role, contract=self.contract, factory=self.factory if role is Role.MANAGER else None, **fields)

    def address(self, noun: str) -> str:
        """Of the single object."""
        return f"{BASE}{noun}/{self.objects[noun].pk}/"


def token_client(user: User, *, may_write: bool = True) -> APIClient:
    """A client with a fresh token."""
    _token, secret = issue_token(user=user, name="test", days=1, may_write=may_write, now=timezone.now())
    client = APIClient(HTTP_ACCEPT_LANGUAGE="en")
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def build_world() -> World:
    """Every object of a contract that the API can show."""
    contract = make_contract(code="big")
    factory = make_factory(contract, code="P01")
    milestone = make_milestone(factory, code="P01-OPEN")
    source = make_source()
    objects: dict[str, Model] = {"contracts": contract, "factories": factory, "milestones": milestone, "sources": source}
    promised = promise(milestone, "2024-Q1", announced="2023-01-10")
    promised.source = source
    promised.save()
    objects["baselines"] = Baseline.objects.get()
    objects |= add_rows(contract, factory, milestone, source, 1)
    owner = make_user()
    objects["subscriptions"] = subscription = Subscription.objects.create(user=owner)
    objects["deliveries"] = Delivery.objects.create(user=owner, subscription=subscription, period=date(2026, 1, 5), recipient=owner.email)
    return World(contract, factory, milestone, source, objects)


def add_rows(contract: Contract, factory: Factory, milestone: Milestone, source: Source, number: int) -> dict[str, Model]:
    """One more row of every noun that grows."""
    on = date(2024, 4, number)
    sourced: dict[str, Any] = {"contract": contract, "source": source}
    person = make_user()
    rate = make_rate(on, "92.5")
    entry = LedgerEntry.objects.create(
        factory=factory, kind="payment", date=on, amount_rub=Decimal("100.50"), document="1", counterparty="C", recorded_by=person
    )
    LedgerConversion.objects.create(entry=entry, usd=Decimal("1.09"), rate=rate, converted_at=datetime(2024, 4, number, tzinfo=UTC))
    revision = ForecastRevision(milestone=milestone, reason="permit", source=source, recorded_by=person)
    revision.new, revision.announced = DateWindow.parse("2024-H2"), DateWindow.day(on)
    revision.save()
    late = milestone if number == 1 else make_milestone(factory)
    flag = DelayFlag.objects.create(
        contract=contract, factory=factory, milestone=late, subject_id=late.pk,
        kind="overdue", severity="major", since=date(2024, 3, 31), opened_on=on, acknowledged_by=person, acknowledged_reason="known",
    )  # fmt: skip
    about = {"contract": contract, "factory": factory, "milestone": late, "by": person}
    comment = Comment.objects.create(**about, flag=flag, text=f"Why, @{person.username}?")
    comment.mentioned.add(person)
    file = Attachment.objects.create(**about, name="act.pdf", media_type="application/pdf", size=8, sha256="0" * 64)
    AttachmentContent.objects.create(attachment=file, data=b"%PDF-1.4")
    page = b"<!DOCTYPE html>"
    report = BoardReport.objects.create(
        contract=contract, as_of=on, language="ru", format="html", size=len(page), sha256=sha256(page).hexdigest(), content_sha256="0" * 64,
        made_by=person,
    )  # fmt: skip
    BoardReportContent.objects.create(report=report, data=page)
    run = JobRun.objects.create(name="convert", scheduled_for=datetime(2024, 4, number, tzinfo=UTC), requested_by=person)
    brand = Brand.objects.create(contract=contract, code=f"b{number}", name_ru="Марка", segment="passenger", source=source)
    capacity = Capacity(**sourced, low=300_000, recorded_by=person)
    capacity.effective = DateWindow.day(on)
    capacity.save()
    return {
        "parties": Party.objects.create(**sourced, role="investor", name_ru=f"Инвестор {number}"),
        "amendments": Amendment.objects.create(**sourced, title_ru="Дополнение"),
        "claims": Claim.objects.create(
            **sourced, factory=factory, milestone=milestone, figure="budget", value=Decimal("8.9e9"), unit="RUB", recorded_by=person
        ),
        "budget-lines": BudgetLine.objects.create(
            baseline=Baseline.objects.get(contract=contract), factory=factory, month=date(2024, number, 1),
            amount_rub=Decimal("8.9e9"), source=source,
        ),
        "ledger-entries": entry,
        "forecast-revisions": revision,
        "exchange-rates": rate,
        "dependencies": Dependency.objects.create(predecessor=make_milestone(contract=contract), successor=milestone, lag_days=number),
        "calendar-exceptions": CalendarException.objects.create(
            contract=contract, factory=factory, day=date(2024, 6, number), works=True, reason="вторая смена"
        ),
        "delay-flags": flag,
        "comments": comment,
        "attachments": file,
        "board-reports": report,
        "delay-events": DelayEvent.objects.create(flag=flag, kind="opened", on_date=on, days=1, severity="minor", job_run=run),
        "submissions": Submission.objects.create(
            duty=ReportingDuty.objects.create(contract=contract, factory=factory, kind="spend", owed_by=person, starts_on=on),
            period=on.replace(day=1),
            by=person,
        ),
        "job-runs": run,
        "risk-runs": RiskRun.objects.create(contract=contract, as_of=on, requested_by=person),
        "brands": brand,
        "vehicle-models": VehicleModel.objects.create(brand=brand, name="Model", segment="passenger", source=source),
        "brand-shares": BrandShare.objects.create(brand=brand, year=2024, percent=Decimal("12.5"), source=source),
        "plan-revisions": PlanRevision.objects.create(**sourced, year=2024, low=80_000, high=100_000, recorded_by=person),
        "outputs": Output.objects.create(**sourced, factory=factory, brand=brand, year=2024, month=number, quantity=10, recorded_by=person),
        "capacities": capacity,
    }  # fmt: skip
