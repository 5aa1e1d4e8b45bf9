"""The findings that the database makes over all milestones are those of the domain's rule, milestone by milestone."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils.timezone import localdate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.domain.dates import DateWindow, Precision
from cluster.domain.delays import findings
from cluster.models import Baseline, ForecastRevision, Milestone, Standing
from cluster.queries.milestone_flags import MILESTONE_RULES
from cluster.queries.milestones import with_dates
from cluster.services.standings import pass_days
from tests.factories import approve, make_contract, make_milestone, promise

pytestmark = pytest.mark.django_db
# The day on which the triggers of the standings judge: they know no other one.
TODAY = localdate()
# Close to one another, so that they meet: the day before, the same day, the day after.
days = st.integers(-3, 3).map(lambda n: TODAY + timedelta(days=n))
windows = st.builds(lambda first, length: DateWindow(first, first + timedelta(days=length), Precision.DAY), days, st.integers(0, 2))


@dataclass
class Case:
    """What is known of a milestone: what was promised under each baseline, forecasts with their announcements, the rest."""

    promised: list[DateWindow | None]
    forecasts: list[tuple[DateWindow, date | None]]
    actual: tuple[DateWindow, date] | None
    judged: bool
    knock_on: date | None
    p80: date | None


cases = st.builds(
    Case,
    promised=st.lists(st.none() | windows, max_size=3),
    forecasts=st.lists(st.tuples(windows, days), max_size=3),
    actual=st.none() | st.tuples(windows, days),
    judged=st.sampled_from([True, True, True, False]),
    knock_on=st.none() | days,
    p80=st.none() | days,
)


def stored(case: Case, baselines: list[Baseline]) -> Milestone:
    milestone = make_milestone(contract=baselines[0].contract, scored=case.judged, not_scored_ru="" if case.judged else "нет")
    for baseline, due in zip(baselines, case.promised, strict=False):
        if due is not None:
            row = promise(milestone, "2025", baseline=baseline)
            row.due = due
            row.save()
    for window, announced in case.forecasts:
        revision = ForecastRevision(milestone=milestone, reason="other")
        revision.new, revision.announced = window, DateWindow.day(announced) if announced else None
        revision.save()
    if case.actual is not None:
        milestone.actual, milestone.actual_announced_on = case.actual
        milestone.save()
    Standing.objects.filter(pk=milestone.pk).update(knock_on=case.knock_on, p80=case.p80)
    return milestone


@given(given_cases=st.lists(cases, min_size=1, max_size=6), approved=st.lists(days, min_size=3, max_size=3, unique=True))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_find_the_same(given_cases: list[Case], approved: list[date]) -> None:
    contract = make_contract()
    baselines = [Baseline.objects.create(contract=contract, name_ru=f"План {n}") for n in range(len(approved))]
    milestones = {stored(case, baselines).pk: case for case in given_cases}
    for baseline, day in zip(baselines, approved, strict=True):
        approve(baseline, day)
    pass_days(as_of=TODAY)
    by_rule = {
        (dated.milestone.pk, finding.kind.value, finding.since, finding.until)
        for dated in with_dates(Milestone.objects.filter(contract=contract), as_of=TODAY)
        if dated.milestone.scored
        for finding in findings(
            due=dated.due.window if dated.due else None,
            forecast=dated.forecast.window if dated.forecast else None,
            actual=dated.reached_on,
            as_of=TODAY,
            knock_on=milestones[dated.milestone.pk].knock_on,
            p80=milestones[dated.milestone.pk].p80,
        )
    }
    by_query = set()
    with connection.cursor() as cursor:
        for rule in MILESTONE_RULES:
            cursor.execute(rule.found, {"as_of": TODAY})
            by_query |= {
                (subject, rule.kind, since, until)
                for of, _factory, milestone, subject, since, until, _amount, _severity in cursor.fetchall()
                if of == contract.pk and milestone == subject
            }
    assert by_query == by_rule
