"""Who owes which report by when: the periods of each duty, what was submitted for them, and what is missing."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from cluster.domain.dates import DateWindow, Precision
from cluster.domain.reporting import OWED, Period, Span, State, Terms, state_of
from cluster.models import Contract, ReportingDuty, Submission, User
from cluster.models.standing import TOLD_ON

SPANS = {
    ReportingDuty.Kind.FORECASTS: Span.WEEK,
    ReportingDuty.Kind.SPEND: Span.MONTH,
    ReportingDuty.Kind.OBLIGATIONS: Span.YEAR,
}
_PRECISIONS = {Span.WEEK: Precision.DAY, Span.MONTH: Precision.MONTH, Span.YEAR: Precision.YEAR}
# The periods that are looked at: those of the last so many weeks, months or years.
LOOKED_AT = 26
_spans = ", ".join(f"('{kind}', '{span}', interval '1 {span}')" for kind, span in SPANS.items())
# Of each duty the periods up to that of `today`: when the report was submitted (forecasts also by being told), and whether it is moot.
PERIODS = f"""
SELECT duty.id AS duty_id, days.first, days.last, submission.id AS submission_id,
    COALESCE(submission.day, told.day) AS submitted_on,
    span.name = 'week' AND days.last < date_trunc('week', today.day)::date - 1 AS superseded
FROM (SELECT %(today)s::date AS day) AS today
CROSS JOIN cluster_reportingduty AS duty
JOIN (VALUES {_spans}) AS span (kind, name, length) ON span.kind = duty.kind
CROSS JOIN LATERAL generate_series(
    GREATEST(date_trunc(span.name, duty.starts_on::timestamp), date_trunc(span.name, today.day::timestamp) - {LOOKED_AT} * span.length),
    LEAST(today.day, duty.ends_on)::timestamp, span.length) AS each (first)
CROSS JOIN LATERAL (SELECT each.first::date AS first, (each.first + span.length)::date - 1 AS last) AS days
LEFT JOIN LATERAL (
    SELECT one.id, (one.at AT TIME ZONE '{settings.TIME_ZONE}')::date AS day FROM cluster_submission AS one
    WHERE one.duty_id = duty.id AND one.period = days.first AND (one.at AT TIME ZONE '{settings.TIME_ZONE}')::date <= today.day
) AS submission ON true
LEFT JOIN LATERAL (
    SELECT min({TOLD_ON}) AS day
    FROM cluster_forecastrevision AS told JOIN cluster_milestone AS milestone ON milestone.id = told.milestone_id
    WHERE span.name = 'week' AND milestone.contract_id = duty.contract_id
      AND (duty.factory_id IS NULL OR milestone.factory_id = duty.factory_id)
      AND {TOLD_ON} BETWEEN days.first AND LEAST(today.day, days.last + duty.days_to_report)
) AS told ON true
"""  # noqa: S608 (our names)
# Which of them are owed: those that ended without a report, and are not moot.
ARE_OWED = "periods.last < %(today)s::date AND periods.submitted_on IS NULL AND NOT periods.superseded"


@dataclass(frozen=True, slots=True)
class Report:
    """The report of one period of a duty: its state on the day asked for; `submission` where somebody said that it is submitted."""

    duty: ReportingDuty
    period: Period
    state: State
    submitted_on: date | None
    submission: Submission | None

    @property
    def due_on(self) -> date:
        """The last day on which it is in time."""
        return terms_of(self.duty).due_on(self.period)

    @property
    def window(self) -> DateWindow:
        """The period as a window: a month or a year is told by its name."""
        return window_of(self.duty, self.period)

    @property
    def is_owed(self) -> bool:
        """Whether it is to be submitted now."""
        return self.state in OWED

    @property
    def is_late(self) -> bool:
        """Whether its day has passed."""
        return self.state in (State.OVERDUE, State.ESCALATED)


@dataclass(frozen=True, slots=True)
class DutyReports:
    """A duty with its reports, the newest period first."""

    duty: ReportingDuty
    reports: list[Report]


def span_of(duty: ReportingDuty) -> Span:
    """How long the periods of a duty are."""
    return SPANS[ReportingDuty.Kind(duty.kind)]


def window_of(duty: ReportingDuty, period: Period) -> DateWindow:
    """A period of a duty as a window."""
    return DateWindow(period.first, period.last, _PRECISIONS[span_of(duty)])


def terms_of(duty: ReportingDuty) -> Terms:
    """When the reports of a duty are due."""
    return Terms(duty.days_to_report, duty.escalate_after)


def duties_of(reader: User, contract: Contract, *, as_of: date) -> list[DutyReports]:
    """The duties of a contract that `reader` may see, with the reports of their newest periods: three statements."""
    duties = ReportingDuty.objects.for_reader(reader).filter(contract=contract, starts_on__lte=as_of)
    duties = duties.select_related("contract", "factory", "owed_by", "escalates_to")
    found = {duty.pk: DutyReports(duty, []) for duty in duties.order_by("factory__order", "factory__code", "kind", "pk")}
    for report in reports_of([one.duty for one in found.values()], as_of=as_of):
        found[report.duty.pk].reports.append(report)
    return list(found.values())


def reports_of(duties: Iterable[ReportingDuty], *, as_of: date) -> list[Report]:
    """The reports of these duties on a day, the newest period first: two statements, none for no duty."""
    by_key = {duty.pk: duty for duty in duties}
    if not by_key:
        return []
    with connection.cursor() as cursor:
        statement = f"{PERIODS} WHERE duty.id = ANY(%(duties)s) ORDER BY days.first DESC, duty.id"
        cursor.execute(statement, {"today": as_of, "duties": list(by_key)})
        rows = cursor.fetchall()
    submissions = Submission.objects.select_related("by").in_bulk([row[3] for row in rows if row[3] is not None])
    return [
        _report(by_key[duty], Period(first, last), submissions.get(submission), submitted_on, as_of, superseded=superseded)
        for duty, first, last, submission, submitted_on, superseded in rows
    ]


def owed_by(people: Collection[User], reader: User, *, today: date) -> QuerySet[ReportingDuty]:
    """The duties of these people of which a report is to be submitted now; `reader` sees what they see."""
    statement = f"SELECT duty_id FROM ({PERIODS}) AS periods WHERE {ARE_OWED}"  # noqa: S608 (our names)
    owed = RawSQL(statement.replace("%(today)s", "%s"), [today] * statement.count("%(today)s"))  # noqa: S611 (our names)
    return ReportingDuty.objects.for_reader(reader).filter(owed_by__in=people, pk__in=owed)


def _report(
    duty: ReportingDuty, period: Period, submission: Submission | None, submitted_on: date | None, today: date, *, superseded: bool
) -> Report:
    state = state_of(period, terms_of(duty), submitted_on=submitted_on, today=today, superseded=superseded)
    return Report(duty, period, state, submitted_on, submission)
