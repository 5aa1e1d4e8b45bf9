"""One row in each table that the admin shows, each with everything it can refer to."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone

from cluster.domain.access import Role
from cluster.models import (
    Amendment,
    ApiToken,
    Attachment,
    BoardReport,
    Bounce,
    BudgetConversion,
    BudgetLine,
    CalendarException,
    Claim,
    ClaimConversion,
    Comment,
    DelayEvent,
    DelayFlag,
    Delivery,
    DeliveryAttempt,
    Dependency,
    Factory,
    ForecastRevision,
    JobRun,
    LedgerConversion,
    LedgerEntry,
    Membership,
    Milestone,
    Notice,
    Party,
    ReportingDuty,
    RiskResult,
    RiskRun,
    SavedView,
    Source,
    Submission,
    Subscription,
    User,
)
from production.models import Brand, BrandShare, Capacity, Output, PlanRevision, VehicleModel
from tests.factories import make_factory, make_milestone, make_rate, make_source, make_user, promise


def a_row_of_everything() -> Factory:
    """One row in each table, of a contract of its own; its factory."""
    source, person = make_source(), make_user()
    factory = make_factory(manager=person)
    milestone = make_milestone(factory)
    Party.objects.create(contract=factory.contract, role="region", name_ru="Область", source=source)
    Amendment.objects.create(contract=factory.contract, title_ru="Изменение", number="1", source=source)
    run = JobRun.objects.create(name="convert", scheduled_for=timezone.now(), requested_by=person, figures={"converted": 3})
    entry = _money(milestone, source, person)
    _schedule(milestone, source, person, run)
    _people_and_letters(factory, person)
    _reports(factory, person)
    flag = _delays(milestone, person, run)
    about: dict[str, Any] = {"contract": factory.contract, "factory": factory, "milestone": milestone, "flag": flag, "by": person}
    Comment.objects.create(**about, text="Why?")
    Attachment.objects.create(**about, entry=entry, name="act.pdf", media_type="application/pdf", size=8, sha256="0" * 64)
    _production(factory, source, person)
    return factory


def _money(milestone: Milestone, source: Source, person: User) -> LedgerEntry:
    """A line of a baseline, an entry of the ledger and a claim, each in dollars; the entry."""
    contract, factory = milestone.contract, milestone.factory
    assert factory is not None
    due = promise(milestone, "2024-Q1", announced="2023-06")
    line = BudgetLine.objects.create(baseline=due.baseline, factory=factory, amount_rub=Decimal("8900000000"), month=None, source=source)
    entry = LedgerEntry.objects.create(
        factory=factory, kind="payment", date=date(2024, 5, 1), amount_rub=5, document="d", counterparty="c", source=source
    )
    claim = Claim.objects.create(
        contract=contract, factory=factory, milestone=milestone, figure="jobs", value=5, unit="people", source=source, recorded_by=person
    )
    rate = make_rate(date(2024, 4, 1) + timedelta(days=contract.pk % 5000), "92.5")
    stored = {"usd": 1, "rate": rate, "replaced": rate, "converted_at": timezone.now()}
    LedgerConversion.objects.create(entry=entry, **stored)
    BudgetConversion.objects.create(line=line, **stored)
    ClaimConversion.objects.create(claim=claim, **stored)
    return entry


def _schedule(milestone: Milestone, source: Source, person: User, run: JobRun) -> None:
    """What the milestone waits for, a newer forecast, a day off, a simulation."""
    Dependency.objects.create(predecessor=make_milestone(milestone.factory), successor=milestone, lag_days=5)
    revision = ForecastRevision(milestone=milestone, new_earliest=date(2027, 1, 1), new_latest=date(2027, 1, 31), new_precision="month")
    revision.reason, revision.source, revision.recorded_by = "permit", source, person
    revision.save()
    CalendarException.objects.create(contract=milestone.contract, factory=milestone.factory, day=date(2024, 5, 2), reason="отпуск")
    simulated = RiskRun.objects.create(contract=milestone.contract, as_of=date(2024, 4, 1), requested_by=person, job_run=run)
    days = {name: date(2027, 1, 1) for name in ("p10", "p50", "p80", "p95")}
    RiskResult.objects.create(run=simulated, milestone=milestone, **days, chance=0.5, criticality=0.1, sensitivity=0.2)


def _people_and_letters(factory: Factory, person: User) -> None:
    """A role, a token, a view, and a letter with what became of it."""
    group = Group.objects.get(name=Role.MANAGER)
    Membership.objects.create(user=person, group=group, contract=factory.contract, factory=factory)
    ApiToken.objects.create(user=person, name="bi", digest=person.username, expires_at=timezone.now())
    SavedView.objects.create(user=person, contract=factory.contract, page="cluster:ledger", name="Mine", is_shared=True)
    subscription = Subscription.objects.create(user=person)
    letter = Delivery.objects.create(user=person, subscription=subscription, period=date(2024, 1, 1), recipient="a@example.org")
    DeliveryAttempt.objects.create(delivery=letter, number=1, began_at=timezone.now(), outcome="sent", answer="250 OK")
    Bounce.objects.create(delivery=letter, recipient="a@example.org", is_hard=True, code="5.1.1", key=person.username)
    Notice.objects.create(user=person, kind="mention", subject_id=1, key="mention:1", delivery=letter)


def _reports(factory: Factory, person: User) -> None:
    """A kept board report; a duty to report and what was handed in."""
    contract = factory.contract
    BoardReport.objects.create(
        contract=contract, as_of=date(2024, 4, 1), language="ru", format="xlsx", size=5, sha256="0" * 64, made_by=person
    )
    duty = ReportingDuty.objects.create(
        contract=contract, factory=factory, kind="spend", owed_by=person, escalates_to=person, starts_on=date(2024, 1, 1)
    )
    Submission.objects.create(duty=duty, period=date(2024, 2, 1), by=person)


def _delays(milestone: Milestone, person: User, run: JobRun) -> DelayFlag:
    """A flag in days and one in roubles; the former."""
    contract, factory = milestone.contract, milestone.factory
    assert factory is not None
    common: dict[str, Any] = {"contract": contract, "factory": factory, "severity": "major", "opened_on": date(2024, 4, 1)}
    common["since"] = date(2024, 3, 31)
    flag = DelayFlag.objects.create(**common, milestone=milestone, subject_id=milestone.pk, kind="overdue", acknowledged_by=person)
    DelayFlag.objects.create(**common, subject_id=factory.pk, kind="over_budget", amount=Decimal("1234567.80"))
    DelayEvent.objects.create(flag=flag, kind="opened", on_date=date(2024, 4, 1), days=1, severity="minor", job_run=run)
    return flag


def _production(factory: Factory, source: Source, person: User) -> None:
    """A brand with a model and a share, a plan that was missed, output, capacity."""
    contract = factory.contract
    brand = Brand.objects.create(contract=contract, code="b", name_ru="Марка", segment="passenger", source=source)
    model = VehicleModel.objects.create(brand=brand, name="M1", segment="passenger", source=source)
    BrandShare.objects.create(brand=brand, year=2024, percent=50, source=source)
    plan = PlanRevision.objects.create(contract=contract, year=2024, low=100000, high=130000, source=source, recorded_by=person)
    DelayFlag.objects.create(
        contract=contract, factory=factory, severity="major", opened_on=date(2024, 4, 1), since=date(2025, 1, 1),
        kind="output_short", subject_id=plan.pk, amount=30_000,
    )  # fmt: skip
    Output.objects.create(
        contract=contract, factory=factory, brand=brand, vehicle_model=model, year=2024, quantity=70000, source=source, recorded_by=person
    )
    year = {"effective_earliest": date(2024, 1, 1), "effective_latest": date(2024, 12, 31), "effective_precision": "year"}
    Capacity.objects.create(contract=contract, **year, low=300000, source=source)
