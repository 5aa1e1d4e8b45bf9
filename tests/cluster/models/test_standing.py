"""Where milestones stand is carried by triggers: every way in which a due, forecast or actual date can change, raw SQL included."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils.timezone import localdate

from cluster.domain.dates import DateWindow
from cluster.models import Baseline, BaselineMilestone, ForecastRevision, JobRun, Milestone, Standing
from cluster.services.standings import pass_days
from tests.factories import approve, make_factory, make_milestone, promise

pytestmark = pytest.mark.django_db
COLUMNS = ("judged", "due_latest", "forecast_latest", "actual_latest", "told_on")


def stands(milestone: Milestone, column: str) -> Any:
    return Standing.objects.values_list(column, flat=True).get(milestone=milestone)


def told(milestone: Milestone, window: str, announced: date | None) -> ForecastRevision:
    revision = ForecastRevision(milestone=milestone, reason="other")
    revision.new, revision.announced = DateWindow.parse(window), DateWindow.day(announced) if announced else None
    revision.save()
    return revision


def sql(statement: str, *given: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)


def test_a_new_milestone_stands_somewhere_at_once_and_one_deleted_nowhere() -> None:
    milestone = make_milestone()
    row = Standing.objects.get()
    assert (row.milestone_id, row.contract_id, row.factory_id) == (milestone.pk, milestone.contract_id, milestone.factory_id)
    assert Standing.objects.values_list(*COLUMNS).get() == (True, None, None, None, None)
    milestone.delete()
    assert not Standing.objects.exists()


def test_a_milestone_that_moves_to_another_factory_or_is_no_longer_judged_stands_so() -> None:
    milestone = make_milestone()
    other = make_factory(milestone.contract)
    sql("UPDATE cluster_milestone SET factory_id = %s, scored = false, not_scored_ru = 'нет' WHERE id = %s", other.pk, milestone.pk)
    assert (stands(milestone, "factory_id"), stands(milestone, "judged")) == (other.pk, False)


def test_a_due_date_follows_the_rows_of_the_baseline_in_force() -> None:
    milestone = make_milestone()
    row = promise(milestone, "2025-Q1", announced="2024-01-01")
    assert stands(milestone, "due_latest") == date(2025, 3, 31)
    row.due = DateWindow.parse("2025-Q2")
    row.save()
    assert stands(milestone, "due_latest") == date(2025, 6, 30)
    sql("UPDATE cluster_baselinemilestone SET due_latest = '2025-07-31', due_precision = 'day' WHERE id = %s", row.pk)
    assert stands(milestone, "due_latest") == date(2025, 7, 31)
    row.delete()
    assert stands(milestone, "due_latest") is None


def test_a_proposed_baseline_counts_from_its_approval() -> None:
    milestone = make_milestone()
    promise(milestone, "2025", announced="2024-01-01")
    draft = Baseline.objects.create(contract=milestone.contract, name_ru="Новый план")
    promise(milestone, "2026", baseline=draft)
    assert stands(milestone, "due_latest") == date(2025, 12, 31)
    approve(draft, "2025-02-01")
    assert stands(milestone, "due_latest") == date(2026, 12, 31)


def test_a_baseline_of_the_future_counts_when_its_day_has_come() -> None:
    milestone, tomorrow = make_milestone(), localdate() + timedelta(days=1)
    promise(milestone, "2025", announced="2024-01-01")
    later = Baseline.objects.create(contract=milestone.contract, name_ru="Новый план")
    promise(milestone, "2026", baseline=later)
    approve(later, tomorrow)
    assert stands(milestone, "due_latest") == date(2025, 12, 31)
    pass_days(as_of=tomorrow)
    assert stands(milestone, "due_latest") == date(2026, 12, 31)


def test_the_forecast_is_the_one_announced_last_and_not_the_one_entered_last() -> None:
    milestone = make_milestone()
    told(milestone, "2025-06-30", date(2024, 5, 1))
    told(milestone, "2025-03-31", date(2024, 2, 1))
    assert (stands(milestone, "forecast_latest"), stands(milestone, "told_on")) == (date(2025, 6, 30), date(2024, 5, 1))
    told(milestone, "2025-09-30", None)
    assert stands(milestone, "forecast_latest") == date(2025, 6, 30)


def test_a_forecast_without_a_day_of_its_own_counts_from_today() -> None:
    milestone = make_milestone()
    told(milestone, "2025-06-30", None)
    assert (stands(milestone, "forecast_latest"), stands(milestone, "told_on")) == (date(2025, 6, 30), localdate())


def test_what_is_announced_for_a_later_day_is_not_known_before() -> None:
    milestone, tomorrow = make_milestone(), localdate() + timedelta(days=1)
    told(milestone, "2030-06-30", tomorrow)
    promise(milestone, "2029", announced=tomorrow.isoformat())
    Milestone.objects.filter(pk=milestone.pk).update(
        actual_earliest="2024-05-05", actual_latest="2024-05-05", actual_precision="day", actual_announced_on=tomorrow
    )
    assert Standing.objects.values_list(*COLUMNS).get() == (True, None, None, None, None)
    pass_days(as_of=tomorrow)
    assert Standing.objects.values_list(*COLUMNS).get() == (True, date(2029, 12, 31), date(2030, 6, 30), date(2024, 5, 5), tomorrow)


def test_an_actual_date_is_a_word_and_can_be_taken_back() -> None:
    milestone = make_milestone()
    told(milestone, "2024-06-30", date(2024, 1, 1))
    sql(
        "UPDATE cluster_milestone SET actual_earliest = '2024-05-01', actual_latest = '2024-05-31', actual_precision = 'month',"
        " actual_announced_on = '2024-06-03' WHERE id = %s",
        milestone.pk,
    )
    assert (stands(milestone, "actual_latest"), stands(milestone, "told_on")) == (date(2024, 5, 31), date(2024, 6, 3))
    sql(
        "UPDATE cluster_milestone SET actual_earliest = NULL, actual_latest = NULL, actual_precision = '', actual_announced_on = NULL"
        " WHERE id = %s",
        milestone.pk,
    )
    assert (stands(milestone, "actual_latest"), stands(milestone, "told_on")) == (None, date(2024, 1, 1))


def test_what_jobs_found_stays_when_dates_change() -> None:
    milestone = make_milestone()
    Standing.objects.update(knock_on=date(2025, 5, 5), p80=date(2025, 6, 6))
    promise(milestone, "2025", announced="2024-01-01")
    assert Standing.objects.values_list("knock_on", "p80").get() == (date(2025, 5, 5), date(2025, 6, 6))


def test_one_statement_carries_many_rows() -> None:
    milestones = [make_milestone() for _ in range(3)]
    for milestone in milestones:
        promise(milestone, "2025", announced="2024-01-01")
    BaselineMilestone.objects.update(due_latest=date(2026, 1, 31), due_precision="day")
    assert set(Standing.objects.values_list("due_latest", flat=True)) == {date(2026, 1, 31)}


class TestPassingOfDays:
    def test_only_what_can_have_changed_since_the_last_run_is_looked_at(self) -> None:
        today = localdate()
        old, new = make_milestone(), make_milestone()
        told(old, "2025-06-30", date(2024, 5, 1))
        told(new, "2025-06-30", today)
        Standing.objects.update(forecast_latest=None)
        JobRun.objects.create(
            name="flag_delays", status="succeeded", scheduled_for="2026-01-01T00:00Z", figures={"as_of": f"{today - timedelta(days=1)}"}
        )
        pass_days(as_of=today)
        assert (stands(old, "forecast_latest"), stands(new, "forecast_latest")) == (None, date(2025, 6, 30))

    def test_everything_is_looked_at_before_a_run_has_succeeded(self) -> None:
        milestone = make_milestone()
        told(milestone, "2025-06-30", date(2024, 5, 1))
        Standing.objects.update(forecast_latest=None)
        pass_days(as_of=localdate())
        assert stands(milestone, "forecast_latest") == date(2025, 6, 30)
