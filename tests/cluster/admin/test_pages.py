"""Every page of the admin: opens for whom it should, in the reader's scope, with a number of statements that rows do not raise."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cluster.domain.access import Role
from cluster.models import (
    AttachmentContent,
    BoardReportContent,
    BudgetConversion,
    ClaimConversion,
    ConversionDue,
    DelayFlag,
    Factory,
    LedgerConversion,
    SearchWord,
    Standing,
    Visit,
)
from cluster.services.access import ensure_roles
from tests.cluster.admin.rows import a_row_of_everything
from tests.factories import hold_role, make_contract, make_factory, make_milestone, make_user

pytestmark = pytest.mark.django_db

# What stands behind other rows and is shown with them; when a person looked at a contract last is that person's own.
PLUMBING = (
    LedgerConversion, BudgetConversion, ClaimConversion, ConversionDue, Standing, AttachmentContent, BoardReportContent, SearchWord, Visit,
)  # fmt: skip
OURS: list[Any] = [
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


def test_a_list_takes_as_many_statements_for_three_rows_as_for_one(login: Any) -> None:
    client = login()

    def statements(model: Any, least: int) -> list[str]:
        with CaptureQueriesContext(connection) as sent:
            response = client.get(page(model, "changelist"))
        assert response.status_code == 200, model
        assert response.context["cl"].result_count >= least, model
        return [query["sql"] for query in sent.captured_queries]

    a_row_of_everything()
    for model in OURS:
        client.get(page(model, "changelist"))
    few = {model: statements(model, 1) for model in OURS}
    for _again in range(2):
        a_row_of_everything()
    for model in OURS:
        many = statements(model, 2)
        assert len(many) <= len(few[model]), f"{model}\n" + "\n".join(many)


def test_a_record_opens_for_a_superuser_and_its_search_and_history_work(login: Any) -> None:
    client = login()
    a_row_of_everything()
    for model in OURS:
        row = model.objects.first()
        listed = client.get(page(model, "changelist"), {"q": "2024 x"})
        kept = hasattr(model, "history")
        assert client.get(page(model, "change", row.pk)).status_code == 200, model
        assert listed.status_code == 200, model
        assert client.get(page(model, "history", row.pk)).status_code == (200 if kept else 404), model
        if admin.site._registry[model].has_add_permission(listed.wsgi_request):
            assert client.get(page(model, "add")).status_code == 200, model


@pytest.mark.parametrize("role", list(Role))
def test_each_role_sees_of_each_model_what_its_gate_lets_through(login: Any, role: Role) -> None:
    mine, other = a_row_of_everything(), a_row_of_everything()
    client = login(role, contract=mine.contract, factory=mine if role is Role.MANAGER else None)
    for model in OURS:
        response = client.get(page(model, "changelist"))
        if response.status_code == 403:
            assert role in (Role.CONTROLLER, Role.MANAGER), model
            assert model.__name__ in ("User", "Membership", "Subscription", "Delivery", "DeliveryAttempt", "Bounce", "Notice", "ApiToken")
            continue
        user = response.wsgi_request.user
        rows = model.objects.for_reader(user) if hasattr(model.objects.all(), "for_reader") else model.objects.all()
        assert response.context["cl"].result_count == rows.count(), model
        for hidden in model.objects.exclude(pk__in=rows.values("pk"))[:1]:
            assert client.get(page(model, "change", hidden.pk)).status_code == 302, f"a stranger's {model} is not there"
        if model is not apps.get_model("cluster.User"):
            assert other.name_ru not in response.content.decode(), model


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
