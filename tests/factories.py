"""Makers of rows for tests: the least that is valid, every field overridable."""

import itertools
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import (
    Baseline,
    BaselineMilestone,
    Contract,
    ExchangeRate,
    Factory,
    Membership,
    Milestone,
    Source,
    User,
)
from cluster.services.access import mirror_groups

_numbers = itertools.count(1)


def make_user(role: Role | None = None, *, contract: Contract | None = None, factory: Factory | None = None, **fields: Any) -> User:
    """A person, with one membership when a role is named."""
    name = fields.pop("username", f"user{next(_numbers)}")
    user: User = User.objects.create_user(name, email=f"{name}@example.org", password=fields.pop("password", None), **fields)
    if role is not None:
        user.groups.add(_membership(user, role, contract, factory).group)
    return user


def hold_role(user: User, role: Role, *, contract: Contract | None = None, factory: Factory | None = None) -> Membership:
    """A role over everything, a contract, or one factory, and what goes with it."""
    held = _membership(user, role, contract, factory)
    mirror_groups(user)
    return held


def _membership(user: User, role: Role, contract: Contract | None, factory: Factory | None) -> Membership:
    group, _ = Group.objects.get_or_create(name=role.value)
    contract = contract or (factory.contract if factory else None)
    return Membership.objects.get_or_create(user=user, group=group, contract=contract, factory=factory)[0]


def make_contract(**fields: Any) -> Contract:
    """A contract."""
    number = next(_numbers)
    return Contract.objects.create(**{"code": f"c{number}", "name_ru": f"Договор {number}", "name_en": f"Contract {number}"} | fields)


def make_factory(contract: Contract | None = None, **fields: Any) -> Factory:
    """A factory, of a contract of its own unless one is given."""
    number = next(_numbers)
    defaults = {"code": f"F{number:02}", "name_ru": f"Завод {number}", "name_en": f"Plant {number}"}
    return Factory.objects.create(contract=contract or make_contract(), **defaults | fields)


def make_milestone(factory: Factory | None = None, *, contract: Contract | None = None, **fields: Any) -> Milestone:
    """A milestone of a factory, or of a contract when only that is given."""
    if factory is None and contract is None:
        factory = make_factory()
    number = next(_numbers)
    defaults = {"code": f"M{number}", "kind": "opening", "name_ru": f"Веха {number}", "name_en": f"Milestone {number}"}
    if factory is not None:
        contract = factory.contract
    assert contract is not None
    return Milestone.objects.create(contract=contract, factory=factory, **defaults | fields)


def make_source(**fields: Any) -> Source:
    """A source."""
    number = next(_numbers)
    return Source.objects.create(**{"key": f"s{number}", "title_ru": f"Источник {number}", "title_en": f"Source {number}"} | fields)


def promise(milestone: Milestone, due: str, *, announced: str = "", baseline: Baseline | None = None) -> BaselineMilestone:
    """A due date for a milestone, in the contract's first baseline unless another is given."""
    if baseline is None:
        baseline, _ = Baseline.objects.get_or_create(
            contract=milestone.contract, kind="published", name_ru="Обещания", name_en="Promises", in_force_from=date(2019, 7, 3)
        )
    row = BaselineMilestone(baseline=baseline, milestone=milestone)
    row.due = DateWindow.parse(due)
    row.announced = DateWindow.parse(announced) if announced else None
    row.save()
    return row


def approve(baseline: Baseline, in_force_from: str | date = "2024-04-12") -> Baseline:
    """The baseline approved from a day on: what hangs on it is put there before."""
    baseline.kind, baseline.in_force_from = Baseline.Kind.APPROVED, date.fromisoformat(str(in_force_from))
    baseline.save()
    return baseline


def make_rate(on: date | str, value: str, **fields: Any) -> ExchangeRate:
    """An accepted official dollar rate."""
    on = date.fromisoformat(on) if isinstance(on, str) else on
    return ExchangeRate.objects.create(
        **{"date": on, "value": Decimal(value), "source_ru": "Банк России", "source_en": "Bank of Russia"} | fields
    )
