"""Reminders of reports that are due, for who owes them, and word of those that are missing, for who is to be told."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cluster.domain.reporting import MOST_REMINDERS, State
from cluster.models import ReportingDuty, User
from cluster.queries.notices import NoticeKind, Told
from cluster.queries.reporting import ARE_OWED, PERIODS, Report, reports_of
from cluster.templatetags.format import date as day_words
from cluster.templatetags.format import window as window_words

# People are told at this hour of the site's zone, not at midnight.
HOUR = 9
_TODAY = f"(%(now)s::timestamptz AT TIME ZONE '{settings.TIME_ZONE}')"
_FOUND = f"""
SELECT person.id AS user_id, duty.id AS subject_id, moment.key, moment.at, duty.factory_id, NULL::text AS flag_kind
FROM ({PERIODS.replace("%(today)s", _TODAY)}) AS periods
JOIN cluster_reportingduty AS duty ON duty.id = periods.duty_id
JOIN cluster_contract AS contract ON contract.id = duty.contract_id AND NOT contract.is_example
CROSS JOIN LATERAL (SELECT {{days}} AS day) AS due
CROSS JOIN LATERAL (
    SELECT concat_ws(':', '{{kind}}', duty.id, periods.first, due.day) AS key,
        (due.day + time '{HOUR:02}:00') AT TIME ZONE '{settings.TIME_ZONE}' AS at
) AS moment
JOIN cluster_user AS person ON person.id = duty.{{whom}}
WHERE {ARE_OWED.replace("%(today)s", _TODAY)} AND moment.at > %(since)s AND moment.at <= %(now)s
"""  # noqa: S608 (our names)
_DUE = f"periods.last + duty.days_to_report + 7 * generate_series(0, {MOST_REMINDERS - 1})"
_MISSING = "periods.last + duty.days_to_report + duty.escalate_after"


def _told(reports: Iterable[Report]) -> dict[int, Told]:
    """One line for each duty, with all its periods."""
    by_duty: dict[int, list[Report]] = defaultdict(list)
    for report in sorted(reports, key=lambda one: (one.due_on, one.duty.pk)):
        by_duty[report.duty.pk].append(report)
    return {
        key: Told(
            name=str(these[0].duty.get_kind_display()),
            place=str(these[0].duty.factory or these[0].duty.contract),
            view="cluster:reporting",
            kwargs={"code": these[0].duty.contract.code},
            text="; ".join(
                _("%(period)s, due by %(day)s") % {"period": window_words(one.window), "day": day_words(one.due_on)} for one in these
            ),
        )
        for key, these in by_duty.items()
    }


def _duties(reader: User, ids: Iterable[int], **whose: User) -> list[ReportingDuty]:
    rows = ReportingDuty.objects.for_reader(reader).filter(pk__in=ids, **whose)
    return list(rows.select_related("contract", "factory"))


def _due(reader: User, ids: Iterable[int], today: date) -> dict[int, Told]:
    return _told(one for one in reports_of(_duties(reader, ids, owed_by=reader), as_of=today) if one.is_owed)


def _missing(reader: User, ids: Iterable[int], today: date) -> dict[int, Told]:
    reports = reports_of(_duties(reader, ids, escalates_to=reader), as_of=today)
    return _told(one for one in reports if one.state is State.ESCALATED)


REPORT_DUE = NoticeKind(
    "report_due", gettext_lazy("Reports that you owe"), _FOUND.format(kind="report_due", days=_DUE, whom="owed_by_id"), _due
)
REPORT_MISSING = NoticeKind(
    "report_missing",
    gettext_lazy("Reports that others owe"),
    _FOUND.format(kind="report_missing", days=_MISSING, whom="escalates_to_id"),
    _missing,
)
