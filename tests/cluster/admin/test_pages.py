"""Every page of the admin: opens for whom it should, in the reader's scope, with a number of statements that rows do not raise."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cluster.domain.access import Role
from cluster.models import (
    Amendment,
    ApiToken,
    Attachment,
    AttachmentContent,
    BoardReport,
    BoardReportContent,
    Bounce,
    BudgetConversion,
    BudgetLine,
    CalendarException,
    Claim,
    ClaimConversion,
    Comment,
    ConversionDue,
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
    Notice,
    Party,
    ReportingDuty,
    RiskResult,
    RiskRun,
    SavedView,
    SearchWord,
    Standing,
    Submission,
    Subscription,
    Visit,
)
from cluster.services.access import ensure_roles
from production.models import Brand, BrandShare, Capacity, Output, PlanRevision, VehicleModel
from tests.factories import hold_role, make_contract, make_factory, make_milestone, make_rate, make_source, make_user, promise

pytestmark = pytest.mark.django_db

# What stands behind other rows and is shown with them; when a person looked at a contract last is that person's own.
PLUMBING = (
    LedgerConversion, BudgetConversion, ClaimConversion, ConversionDue, Standing, AttachmentContent, BoardReportContent, SearchWord, Visit,
)  # fmt: skip
OURS = [
    m
    for app in ("cluster", "production")
    for m in apps.get_app_config(app).get_models()
    if not hasattr(m, "pgh_tracked_model") and m not in PLUMBING
]


@pytest.fixture
def login(client: Client) -> Callable[..., Client]:
    ensure_roles()

    def enter(role: Role | None = None, **place: Any) -> Client:
        user = make_user(is_staff=True, is_superuser=role is None)
        if role is not None:
            hold_role(user, role, **place)
        client.force_login(user)
        return client

    return enter


def a_row_of_everything() -> Factory:
    """One row in each table, each with everything it can refer to."""
    factory, source, person = make_factory(), make_source(), make_user()
    contract = factory.contract
    factory.manager = person
    factory.save()
    milestone = make_milestone(factory)
    due = promise(milestone, "2024-Q1", announced="2023-06")
    Dependency.objects.create(predecessor=make_milestone(factory), successor=milestone, lag_days=5)
    revision = ForecastRevision(milestone=milestone, new_earliest=date(2027, 1, 1), new_latest=date(2027, 1, 31), new_precision="month")
    revision.reason, revision.source, revision.recorded_by = "permit", source, person
    revision.save()
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
    Party.objects.create(contract=contract, role="region", name_ru="Область", source=source)
    Amendment.objects.create(contract=contract, title_ru="Изменение", number="1", source=source)
    Membership.objects.create(user=person, group_id=_group(Role.MANAGER), contract=contract, factory=factory)
    ApiToken.objects.create(user=person, name="bi", digest=person.username, expires_at=timezone.now())
    subscription = Subscription.objects.create(user=person)
    letter = Delivery.objects.create(user=person, subscription=subscription, period=date(2024, 1, 1), recipient="a@example.org")
    DeliveryAttempt.objects.create(delivery=letter, number=1, began_at=timezone.now(), outcome="sent", answer="250 OK")
    Bounce.objects.create(delivery=letter, recipient="a@example.org", is_hard=True, code="5.1.1", key=person.username)
    Notice.objects.create(user=person, kind="mention", subject_id=1, key="mention:1", delivery=letter)
    SavedView.objects.create(user=person, contract=contract, page="cluster:ledger", name="Mine", is_shared=True)
    BoardReport.objects.create(
        contract=contract, as_of=date(2024, 4, 1), language="ru", format="xlsx", size=5, sha256="0" * 64, made_by=person
    )
    duty = ReportingDuty.objects.create(
        contract=contract, factory=factory, kind="spend", owed_by=person, escalates_to=person, starts_on=date(2024, 1, 1)
    )
    Submission.objects.create(duty=duty, period=date(2024, 2, 1), by=person)
    run = JobRun.objects.create(name="convert", scheduled_for=timezone.now(), requested_by=person, figures={"converted": 3})
    common: dict[str, Any] = {"contract": contract, "factory": factory, "severity": "major", "opened_on": date(2024, 4, 1)}
    flag = DelayFlag.objects.create(
        **common, milestone=milestone, subject_id=milestone.pk, kind="overdue", since=date(2024, 3, 31), acknowledged_by=person
    )
    DelayFlag.objects.create(**common, subject_id=factory.pk, kind="over_budget", since=date(2024, 3, 31), amount=Decimal("1234567.80"))
    DelayEvent.objects.create(flag=flag, kind="opened", on_date=date(2024, 4, 1), days=1, severity="minor", job_run=run)
    about: dict[str, Any] = {"contract": contract, "factory": factory, "milestone": milestone, "flag": flag, "by": person}
    Comment.objects.create(**about, text="Why?")
    Attachment.objects.create(**about, entry=entry, name="act.pdf", media_type="application/pdf", size=8, sha256="0" * 64)
    CalendarException.objects.create(contract=contract, factory=factory, day=date(2024, 5, 2), reason="отпуск")
    simulated = RiskRun.objects.create(contract=contract, as_of=date(2024, 4, 1), requested_by=person, job_run=run)
    days = {name: date(2027, 1, 1) for name in ("p10", "p50", "p80", "p95")}
    RiskResult.objects.create(run=simulated, milestone=milestone, **days, chance=0.5, criticality=0.1, sensitivity=0.2)
    brand = Brand.objects.create(contract=contract, code="b", name_ru="Марка", segment="passenger", source=source)
    model = VehicleModel.objects.create(brand=brand, name="M1", segment="passenger", source=source)
    BrandShare.objects.create(brand=brand, year=2024, percent=50, source=source)
    plan = PlanRevision.objects.create(contract=contract, year=2024, low=100000, high=130000, source=source, recorded_by=person)
    DelayFlag.objects.create(**common, subject_id=plan.pk, kind="output_short", since=date(2025, 1, 1), amount=30_000)
    Output.objects.create(
        contract=contract, factory=factory, brand=brand, vehicle_model=model, year=2024, quantity=70000, source=source, recorded_by=person
    )
    Capacity.objects.create(
        contract=contract,
        effective_earliest=date(2024, 1, 1),
        effective_latest=date(2024, 12, 31),
        effective_precision="year",
        low=300000,
        source=source,
    )
    return factory


def _group(role: Role) -> int:
    from django.contrib.auth.models import Group

    return Group.objects.get(name=role).pk


def test_a_search_for_what_no_column_can_hold_is_answered_400(login: Callable[..., Client]) -> None:
    client = login()
    asked = "app_label=cluster&model_name=budgetline&field_name=factory"
    listed = page(Factory, "changelist")
    for address in (f"/admin/autocomplete/?{asked}&term=%00", f"{listed}?q=a%00", f"{listed}?%00=1"):
        assert client.get(address).status_code == 400
    assert client.get(f"/admin/autocomplete/?{asked}&term=F").status_code == 200


def page(model: Any, name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def test_every_model_is_in_the_admin_and_can_be_searched_and_filtered() -> None:
    assert not [m for m in OURS if m not in admin.site._registry]
    for model in OURS:
        page_of = admin.site._registry[model]
        assert page_of.search_fields, model
        assert page_of.list_display != ("__str__",), model
    unfiltered = [m.__name__ for m in OURS if not (admin.site._registry[m].list_filter or admin.site._registry[m].date_hierarchy)]
    assert unfiltered == []


@pytest.mark.parametrize("model", OURS, ids=lambda m: m.__name__)
def test_a_list_takes_as_many_statements_for_three_rows_as_for_one(login: Any, model: Any) -> None:
    client = login()
    a_row_of_everything()
    client.get(page(model, "changelist"))
    with CaptureQueriesContext(
        connection,
    ) as few:
        response = client.get(page(model, "changelist"))
    assert response.status_code == 200
    assert response.context["cl"].result_count >= 1
    for _again in range(2):
        a_row_of_everything()
    with CaptureQueriesContext(connection) as many:
        assert client.get(page(model, "changelist")).context["cl"].result_count >= 2
    assert len(many) <= len(few), "\n".join(q["sql"] for q in many.captured_queries)


@pytest.mark.parametrize("model", OURS, ids=lambda m: m.__name__)
def test_a_record_opens_for_a_superuser_and_its_search_and_history_work(login: Any, model: Any) -> None:
    client = login()
    a_row_of_everything()
    row = model.objects.first()
    assert client.get(page(model, "change", row.pk)).status_code == 200
    assert client.get(page(model, "changelist"), {"q": "2024 x"}).status_code == 200
    kept = hasattr(model, "history")
    assert client.get(page(model, "history", row.pk)).status_code == (200 if kept else 404)
    if admin.site._registry[model].has_add_permission(client.get(page(model, "changelist")).wsgi_request):
        assert client.get(page(model, "add")).status_code == 200


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("model", OURS, ids=lambda m: m.__name__)
def test_each_role_sees_of_each_model_what_its_gate_lets_through(login: Any, role: Role, model: Any) -> None:
    mine, other = a_row_of_everything(), a_row_of_everything()
    client = login(role, contract=mine.contract, factory=mine if role is Role.MANAGER else None)
    response = client.get(page(model, "changelist"))
    if response.status_code == 403:
        assert role in (Role.CONTROLLER, Role.MANAGER)
        assert model.__name__ in ("User", "Membership", "Subscription", "Delivery", "DeliveryAttempt", "Bounce", "Notice", "ApiToken")
        return
    user = response.wsgi_request.user
    rows = model.objects.for_reader(user) if hasattr(model.objects.all(), "for_reader") else model.objects.all()
    assert response.context["cl"].result_count == rows.count()
    for hidden in model.objects.exclude(pk__in=rows.values("pk"))[:1]:
        assert client.get(page(model, "change", hidden.pk)).status_code == 302, "a stranger's record is not there"
    content = response.content.decode()
    if model not in (apps.get_model("cluster.User"),):
        assert other.name_ru not in content


@pytest.mark.parametrize(("role", "shown"), [(Role.AUDITOR, True), (Role.CONTROLLER, False)])
def test_names_of_people_are_masked_for_those_who_only_control(login: Any, role: Role, shown: bool) -> None:
    person = make_user(username="ivanova")
    factory = make_factory(manager=person)
    milestone = make_milestone(factory)
    flag = DelayFlag.objects.create(
        contract=factory.contract,
        factory=factory,
        milestone=milestone,
        subject_id=milestone.pk,
        kind="overdue",
        severity="minor",
        since=date(2025, 1, 1),
        opened_on=date(2025, 1, 2),
        acknowledged_by=person,
        acknowledged_until=date(2025, 2, 1),
        acknowledged_reason="x",
    )
    client = login(role, contract=factory.contract)
    for address in (page(Factory, "changelist"), page(Factory, "change", factory.pk), page(DelayFlag, "change", flag.pk)):
        assert ("ivanova" in client.get(address).content.decode()) is shown, address


def test_a_factory_cannot_be_moved_to_another_contract_by_its_form(login: Any) -> None:
    factory, elsewhere = make_factory(), make_contract()
    client = login(Role.EDITOR)
    inlines = {f"{name}-{count}_FORMS": "0" for name in ("milestones", "claims") for count in ("TOTAL", "INITIAL")}
    answer = client.post(
        page(Factory, "change", factory.pk),
        inlines
        | {"contract": elsewhere.pk, "code": factory.code, "name_ru": "Новое имя", "name_en": "", "membership": "confirmed", "order": "1"},
    )
    factory.refresh_from_db()
    assert answer.status_code == 302
    assert factory.contract_id != elsewhere.pk
    assert factory.name_ru == "Новое имя"
