"""What a digest tells of: somebody who is told, and milestones that were flagged as late at a moment."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pgtrigger

from cluster.domain.access import Role
from cluster.models import DelayEvent, DelayFlag, Factory, Milestone, Subscription, User
from tests.factories import make_contract, make_factory, make_milestone, make_user, promise

MONDAY = datetime(2026, 11, 23, 6, 5, tzinfo=UTC)  # 08:05 in Kaliningrad


def subscriber(*, cadence: str = "daily", **fields: Any) -> User:
    """An auditor of everything who subscribed long ago."""
    options = {name: fields.pop(name) for name in ("hour", "weekday", "also_when_nothing_new") if name in fields}
    user = make_user(Role.AUDITOR, **fields)
    subscription = Subscription.objects.create(user=user, cadence=cadence, **options)
    Subscription.objects.filter(pk=subscription.pk).update(created_at=MONDAY - timedelta(days=400))
    return user


def noted(flag: DelayFlag, kind: str, at: datetime, days: int = 40) -> None:
    """An event of a flag, recorded at that moment."""
    event = DelayEvent.objects.create(flag=flag, kind=kind, on_date=at.date(), days=days, severity=flag.severity)
    with pgtrigger.ignore("cluster.DelayEvent:append_only"):
        DelayEvent.objects.filter(pk=event.pk).update(recorded_at=at)


def newly_late(at: datetime = MONDAY - timedelta(hours=3), *, days: int = 40, factory: Factory | None = None, **names: Any) -> Milestone:
    """A milestone whose delay was flagged at that moment."""
    milestone = make_milestone(factory or make_factory(make_contract(name_ru="Договор", name_en="Contract")), **names)
    due = at.date() - timedelta(days=days)
    promise(milestone, due.isoformat(), announced="2020-01-01")
    flag = DelayFlag.objects.create(
        contract=milestone.contract, factory=milestone.factory, milestone=milestone, subject_id=milestone.pk,
        kind="overdue", severity="moderate", since=due, opened_on=at.date(),
    )  # fmt: skip
    noted(flag, "opened", at, days)
    return milestone
