"""What hangs on a baseline: when it is known, and that it is frozen once approved."""

from datetime import date, timedelta
from decimal import Decimal
from threading import Thread

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from cluster.models import Baseline, BudgetLine, Factory
from tests.factories import make_factory, make_milestone, promise

pytestmark = pytest.mark.django_db
IN_FORCE = date(2024, 1, 15)


@pytest.fixture
def line() -> BudgetLine:
    factory = make_factory()
    baseline = Baseline.objects.create(contract=factory.contract, name_ru="План")
    return BudgetLine.objects.create(baseline=baseline, factory=factory, category="design", month=date(2024, 2, 1), amount_rub=Decimal(5))


def approve(baseline: Baseline) -> None:
    Baseline.objects.filter(pk=baseline.pk).update(kind="approved", in_force_from=IN_FORCE)


def raw(statement: str) -> None:
    with connection.cursor() as cursor:
        # TRUNCATE would stumble over foreign keys that are still to be checked before it comes to the trigger.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)


def test_a_line_of_an_approved_baseline_is_known_from_the_day_the_baseline_is_in_force(line: BudgetLine) -> None:
    approve(line.baseline)
    assert not BudgetLine.objects.announced_by(IN_FORCE - timedelta(days=1)).exists()
    assert BudgetLine.objects.announced_by(IN_FORCE).get() == line


def test_an_undated_line_of_public_promises_is_known_from_the_day_it_was_entered(line: BudgetLine) -> None:
    Baseline.objects.update(kind="published", in_force_from=IN_FORCE)
    assert not BudgetLine.objects.announced_by(IN_FORCE).exists()
    assert BudgetLine.objects.announced_by(timezone.localdate()).get() == line


@pytest.mark.parametrize("announced", [date(2023, 5, 1), date(2025, 5, 1)])
def test_its_own_announcement_goes_before_that_of_the_baseline(line: BudgetLine, announced: date) -> None:
    BudgetLine.objects.update(announced_earliest=announced, announced_latest=announced, announced_precision="day")
    approve(line.baseline)
    assert not BudgetLine.objects.announced_by(announced - timedelta(days=1)).exists()
    assert BudgetLine.objects.announced_by(announced).exists()


def test_an_approved_baseline_takes_no_line_loses_none_and_changes_none(line: BudgetLine) -> None:
    approve(line.baseline)
    other = Factory.objects.create(contract=line.baseline.contract, code="F2", name_ru="Второй")
    milestone = make_milestone(line.factory)
    lines = BudgetLine.objects.filter(pk=line.pk)
    before = list(BudgetLine.objects.values()), list(Baseline.objects.values())
    for write in (
        lambda: BudgetLine.objects.create(baseline=line.baseline, factory=other, amount_rub=Decimal(1)),
        lambda: lines.update(amount_rub=Decimal(6)),
        lambda: lines._raw_delete(using="default"),
        lambda: promise(milestone, "2025", baseline=line.baseline),
        lambda: Baseline.objects.update(kind="draft", in_force_from=None),
        lambda: Baseline.objects.update(in_force_from=IN_FORCE + timedelta(days=1)),
        lambda: Baseline.objects.filter(pk=line.baseline_id)._raw_delete(using="default"),
        lambda: raw("TRUNCATE cluster_budgetline"),
        lambda: raw("TRUNCATE cluster_baselinemilestone"),
    ):
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            write()
    assert (list(BudgetLine.objects.values()), list(Baseline.objects.values())) == before
    Baseline.objects.update(name_en="Plan")
    assert Baseline.objects.get(pk=line.baseline_id).name_en == "Plan"


def test_lines_cannot_be_moved_out_of_an_approved_baseline(line: BudgetLine) -> None:
    draft = Baseline.objects.create(contract=line.baseline.contract, name_ru="Черновик")
    approve(line.baseline)
    with pytest.raises(IntegrityError, match="frozen"):
        BudgetLine.objects.update(baseline=draft)


@pytest.mark.django_db(transaction=True)
def test_a_row_that_races_an_approval_waits_for_it_and_is_refused(line: BudgetLine) -> None:
    """Both sides on connections of their own: whoever comes second waits, and then sees what the first one did."""
    other = Factory.objects.create(contract=line.baseline.contract, code="F2", name_ru="Второй")
    outcome: list[str] = []

    def insert() -> None:
        try:
            BudgetLine.objects.create(baseline=line.baseline, factory=other, amount_rub=Decimal(1))
            outcome.append("stored")
        except IntegrityError as refused:
            outcome.append(str(refused))
        finally:
            connection.close()

    with transaction.atomic():
        approve(line.baseline)
        racer = Thread(target=insert)
        racer.start()
        racer.join(timeout=0.5)
        assert outcome == []
    racer.join(timeout=20)
    assert len(outcome) == 1
    assert "frozen" in outcome[0]
    assert BudgetLine.objects.count() == 1
