"""What changed since a moment: each kind, what is no change, whose changes a reader sees, in one statement."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import (
    Baseline,
    Claim,
    Comment,
    Contract,
    DelayEvent,
    DelayFlag,
    Factory,
    ForecastRevision,
    LedgerEntry,
    Milestone,
    User,
)
from cluster.queries.changes import SHOWN, Change, changes_since
from tests.factories import approve, make_contract, make_factory, make_milestone, make_source, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]

TODAY = date(2026, 11, 23)


@pytest.fixture
def factory() -> Factory:
    return make_factory(make_contract(code="alpha"), code="F01", name_en="Press plant")


@pytest.fixture
def milestone(factory: Factory) -> Milestone:
    return make_milestone(factory, code="F01-OPEN", name_en="Plant opens")


@pytest.fixture
def reader(factory: Factory) -> User:
    return make_user(Role.AUDITOR)


def changes(reader: User, contract: Contract, minutes: int = 5) -> dict[str, tuple[int, list[Change]]]:
    """By kind the number and the newest of what changed in so many minutes."""
    found = changes_since(reader, contract, timezone.now() - timedelta(minutes=minutes))
    return {one.kind.value: (one.count, one.newest) for one in found}


def revise(milestone: Milestone, old: str, new: str, reason: str = "other") -> None:
    revision = ForecastRevision(milestone=milestone, reason=reason)
    revision.old, revision.new = DateWindow.parse(old) if old else None, DateWindow.parse(new)
    revision.save()


def event(factory: Factory, milestone: Milestone | None, kind: str) -> DelayFlag:
    row: dict[str, Any] = {"kind": "overdue" if milestone else "over_budget", "severity": "minor", "since": TODAY, "opened_on": TODAY}
    flag = DelayFlag.objects.create(
        contract=factory.contract, factory=factory, milestone=milestone, subject_id=(milestone or factory).pk, **row
    )
    DelayEvent.objects.create(flag=flag, kind=kind, on_date=TODAY, days=3, severity="minor")
    return flag


def pay(factory: Factory, rub: str, **fields: Any) -> LedgerEntry:
    row = {"kind": "payment", "date": TODAY, "document": "п/п 1", "counterparty": "x"}
    return LedgerEntry.objects.create(factory=factory, amount_rub=Decimal(rub), **row | fields)


def everything(factory: Factory, milestone: Milestone) -> None:
    """One change of each kind."""
    revise(milestone, "2026-12-01", "2027-03-01")
    event(factory, milestone, "opened")
    event(factory, None, "closed")
    pay(factory, "1500000.50")
    approve(Baseline.objects.create(contract=factory.contract, name_ru="План", name_en="Plan"), "2026-01-01")
    Claim.objects.create(
        contract=factory.contract, factory=factory, figure="budget", value=Decimal(1), unit="RUB", source=make_source(key="herald")
    )
    Comment.objects.create(contract=factory.contract, factory=factory, milestone=milestone, text="слово", by=make_user())
    milestone.actual, milestone.actual_announced_on = DateWindow.parse("2026-11-20"), TODAY
    milestone.save()


def test_each_kind_is_told_with_what_it_is_about(reader: User, factory: Factory, milestone: Milestone) -> None:
    everything(factory, milestone)
    found = changes(reader, factory.contract)
    assert list(found) == ["reached", "moved", "opened", "closed", "paid", "approved", "claimed", "said"]
    assert {count for count, _ in found.values()} == {1}
    told = {kind: newest[0] for kind, (_, newest) in found.items()}
    assert (told["reached"].name, told["reached"].milestone, told["reached"].now) == ("Plant opens", "F01-OPEN", date(2026, 11, 20))
    assert (told["moved"].was, told["moved"].now) == (date(2026, 12, 1), date(2027, 3, 1))
    assert (told["opened"].name, told["opened"].what) == ("Plant opens", "overdue")
    assert (told["closed"].name, told["closed"].what) == ("Press plant", "over_budget")
    assert told["closed"].key == DelayFlag.objects.get(kind="over_budget").pk
    assert (told["paid"].rub, told["paid"].what, told["paid"].factory) == (Decimal("1500000.50"), "п/п 1", "F01")
    assert (told["approved"].name, told["approved"].now) == ("Plan", date(2026, 1, 1))
    assert (told["claimed"].source, told["claimed"].figure, told["claimed"].name) == ("herald", "budget", "Press plant")
    assert (told["said"].what, told["said"].milestone) == ("слово", "F01-OPEN")


def test_what_was_recorded_before_is_no_change(reader: User, factory: Factory, milestone: Milestone) -> None:
    everything(factory, milestone)
    assert changes(reader, factory.contract, minutes=0) == {}


def test_a_confirmed_forecast_a_commitment_a_proposal_and_a_withdrawn_comment_are_no_changes(
    reader: User, factory: Factory, milestone: Milestone
) -> None:
    revise(milestone, "2027-03-01", "2027-03-01", reason="confirmed")
    pay(factory, "5", kind="commitment")
    Baseline.objects.create(contract=factory.contract, name_ru="План")
    Comment.objects.create(contract=factory.contract, text="x", by=make_user(), withdrawn_at=timezone.now())
    event(factory, milestone, "worse")
    assert changes(reader, factory.contract) == {}


def test_a_milestone_is_reached_once_and_a_baseline_approved_once_whatever_is_edited_later(
    reader: User, factory: Factory, milestone: Milestone
) -> None:
    everything(factory, milestone)
    moment = timezone.now()
    milestone.name_en = "Renamed"
    milestone.save()
    assert changes_since(reader, factory.contract, moment) == []


def test_the_newest_are_told_and_all_are_counted(reader: User, factory: Factory) -> None:
    for number in range(SHOWN + 3):
        pay(factory, f"{number + 1}", document=f"п/п {number}")
    (one,) = changes_since(reader, factory.contract, timezone.now() - timedelta(minutes=5))
    assert (one.count, one.more, [change.what for change in one.newest]) == (7, 3, ["п/п 6", "п/п 5", "п/п 4", "п/п 3"])


def test_each_reader_is_told_of_the_own_part(factory: Factory, milestone: Milestone) -> None:
    everything(factory, milestone)
    other = make_factory(factory.contract)
    assert list(changes(make_user(Role.MANAGER, factory=factory), factory.contract)) == [
        "reached", "moved", "opened", "closed", "paid", "approved", "claimed", "said",
    ]  # fmt: skip
    # Which plans a contract has is told to all who see one of its factories.
    assert list(changes(make_user(Role.MANAGER, factory=other), factory.contract)) == ["approved"]
    assert changes(make_user(Role.EDITOR, contract=make_contract()), factory.contract) == {}
    assert changes(make_user(), factory.contract) == {}
    assert changes(make_user(Role.AUDITOR), make_contract()) == {}


def test_it_is_one_statement(reader: User, factory: Factory, milestone: Milestone, django_assert_num_queries: Any) -> None:
    everything(factory, milestone)
    assert reader.scope
    with django_assert_num_queries(1):
        changes(reader, factory.contract)
