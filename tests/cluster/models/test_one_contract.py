"""Rows whose parents belong to different contracts: forms are told, the database refuses."""

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, models, transaction

from cluster.models import Baseline, BaselineMilestone, BudgetLine, Claim, Factory, Membership, Milestone, Source
from production.models import Brand, Output
from tests.factories import make_contract, make_factory, make_milestone, make_source, make_user

pytestmark = pytest.mark.django_db


def _strangers() -> list[models.Model]:
    """A row of each kind whose factory, milestone or brand belongs to another contract."""
    contract, other = make_contract(), make_factory()
    baseline = Baseline.objects.create(contract=contract, kind="published", name_ru="1", in_force_from=date(2025, 1, 1))
    brand = Brand.objects.create(contract=make_contract(), code="b", name_ru="B", segment="passenger")
    window: dict[str, Any] = {"due_earliest": date(2025, 1, 1), "due_latest": date(2025, 1, 1), "due_precision": "day"}
    source = make_source()
    return [
        Milestone(contract=contract, factory=other, code="X", kind="opening", name_ru="X"),
        Claim(contract=contract, factory=other, source=source, figure="jobs", value=1, unit="jobs"),
        Claim(contract=contract, milestone=make_milestone(other), source=source, figure="jobs", value=1, unit="jobs"),
        BudgetLine(baseline=baseline, factory=other, amount_rub=1),
        BaselineMilestone(baseline=baseline, milestone=make_milestone(other), **window),
        Source(key="x", title_ru="X", contract=contract, factory=other),
        Output(contract=contract, factory=other, source=source, year=2024, quantity=1),
        Output(contract=contract, brand=brand, source=source, year=2024, quantity=1),
    ]


def test_forms_and_the_database_refuse_parents_of_two_contracts() -> None:
    for row in _strangers():
        with pytest.raises(ValidationError, match=r"другому контракту|another contract"):
            row.full_clean()
        with pytest.raises(DatabaseError, match="different contracts"), transaction.atomic():
            row.save()


def test_a_membership_names_a_factory_of_its_contract() -> None:
    user, factory = make_user(), make_factory()
    group = Group.objects.get_or_create(name="manager")[0]
    with pytest.raises(DatabaseError, match="different contracts"), transaction.atomic():
        Membership.objects.create(user=user, group=group, contract=make_contract(), factory=factory)


def test_a_factory_never_moves_to_another_contract() -> None:
    factory, elsewhere = make_factory(), make_contract()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE cluster_factory SET contract_id = %s WHERE id = %s", [elsewhere.pk, factory.pk])
    assert Factory.objects.get().contract_id == factory.contract_id
