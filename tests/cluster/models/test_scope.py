"""The gates: who sees which rows of every model."""

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone

from cluster.domain.access import Role
from cluster.models import (
    AttachmentContent,
    BoardReportContent,
    BudgetConversion,
    ClaimConversion,
    Contract,
    ConversionDue,
    Factory,
    JobRun,
    LedgerConversion,
    Milestone,
    SearchWord,
    Source,
    Standing,
    Subscription,
)
from cluster.models.scope import ScopedQuerySet
from tests.factories import make_contract, make_factory, make_milestone, make_source, make_user

pytestmark = pytest.mark.django_db

_HISTORY = ("Event", "History")
# What stands behind rows that have the gate: it is read through them.
_PLUMBING = (
    LedgerConversion,
    BudgetConversion,
    ClaimConversion,
    ConversionDue,
    Standing,
    AttachmentContent,
    BoardReportContent,
    SearchWord,
)


def _business_models() -> list[type[models.Model]]:
    return [
        model
        for app in ("cluster", "production")
        for model in apps.get_app_config(app).get_models()
        if (not model.__name__.endswith(_HISTORY) or model.__name__ == "DelayEvent") and model not in _PLUMBING
    ]


def test_every_model_has_the_gate() -> None:
    assert [model.__name__ for model in _business_models() if not isinstance(model._default_manager.all(), ScopedQuerySet)] == []


def test_every_business_model_is_tracked_by_triggers() -> None:
    derived = {"DelayFlag", "DelayEvent", "JobRun", "Delivery", "ApiToken", "RiskRun", "RiskResult", "Visit"}
    derived |= {"BoardReport", "Bounce", "DeliveryAttempt", "Notice"}
    untracked = {model.__name__ for model in _business_models() if not hasattr(model, "history")}
    assert untracked == derived


def test_a_stranger_sees_nothing_of_any_model() -> None:
    for reader in (AnonymousUser(), make_user()):
        seen = [model for model in _business_models() if model.objects.for_reader(reader).exists()]  # type: ignore[attr-defined]
        assert seen == []


def test_a_controller_of_one_contract_sees_that_contract_alone() -> None:
    mine, other = make_factory(), make_factory()
    reader = make_user(Role.CONTROLLER, contract=mine.contract)
    assert list(Contract.objects.for_reader(reader)) == [mine.contract]
    assert list(Factory.objects.for_reader(reader)) == [mine]
    assert other not in Factory.objects.for_reader(reader)


def test_a_plant_manager_sees_the_contracts_header_and_the_own_factory_alone() -> None:
    contract = make_contract()
    mine, sister = make_factory(contract), make_factory(contract)
    own, whole, sisters = make_milestone(mine), make_milestone(contract=contract), make_milestone(sister)
    reader = make_user(Role.MANAGER, factory=mine)
    assert list(Contract.objects.for_reader(reader)) == [contract]
    assert list(Factory.objects.for_reader(reader)) == [mine]
    assert list(Milestone.objects.for_reader(reader)) == [own]
    assert whole not in Milestone.objects.for_reader(reader)
    assert sisters not in Milestone.objects.for_reader(reader)


def test_reference_data_is_read_by_everybody_with_a_role() -> None:
    source = make_source()
    assert list(Source.objects.for_reader(make_user(Role.MANAGER, factory=make_factory()))) == [source]


def test_an_inactive_person_sees_nothing() -> None:
    make_contract()
    assert not Contract.objects.for_reader(make_user(Role.ADMIN, is_active=False)).exists()


def test_the_scope_of_a_person_is_read_once(django_assert_num_queries: object) -> None:
    reader = make_user(Role.AUDITOR)
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert reader.scope is reader.scope


def test_a_document_stays_with_its_contract_and_its_factory() -> None:
    contract = make_contract()
    mine, sister = make_factory(contract), make_factory(contract)
    of_mine = make_source(contract=contract, factory=mine)
    of_sister = make_source(contract=contract, factory=sister)
    of_contract = make_source(contract=contract)
    manager = make_user(Role.MANAGER, factory=mine)
    controller = make_user(Role.CONTROLLER, contract=contract)
    stranger = make_user(Role.CONTROLLER, contract=make_contract())
    assert set(Source.objects.for_reader(manager)) == {of_mine, of_contract}
    assert set(Source.objects.for_reader(controller)) == {of_mine, of_sister, of_contract}
    assert not Source.objects.for_reader(stranger).exists()


def test_runs_and_others_digests_are_seen_only_by_those_who_see_every_contract() -> None:
    JobRun.objects.create(name="convert", scheduled_for=timezone.now())
    reader = make_user()
    subscription = Subscription.objects.create(user=reader)
    contract = make_contract()
    for role in (Role.ADMIN, Role.CONTROLLER, Role.EDITOR):
        limited = make_user(role, contract=contract)
        assert not JobRun.objects.for_reader(limited).exists()
        assert not Subscription.objects.for_reader(limited).exists()
    admin = make_user(Role.ADMIN)
    assert JobRun.objects.for_reader(admin).exists()
    assert list(Subscription.objects.for_reader(admin)) == [subscription]
