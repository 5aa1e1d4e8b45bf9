"""Delay flags: opened once, kept up to date while they last, closed when their cause is gone; and acknowledged by people."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from cluster.domain.access import Action
from cluster.domain.dates import refuse_far
from cluster.domain.delays import FlagKind, Severity
from cluster.domain.errors import BatchRefused, Conflict, DomainError, NotFound
from cluster.domain.progress import Progress
from cluster.models import DelayEvent, DelayFlag, JobRun, User
from cluster.queries.flag_kinds import FlagRule, flag_rules
from cluster.services.access import require
from cluster.services.locks import one_at_a_time, take_time
from cluster.services.schedule import place_all
from cluster.services.standings import pass_days

LONGEST_REASON = 2000

_FOUND = """
SELECT '{kind}' AS kind, {kind}.* FROM ({found}) AS {kind}
    (contract_id, factory_id, milestone_id, subject_id, since, until, amount, severity)
"""
# What is wrong now beside the flags that stand; where the two differ, the flag is opened, changed, closed or withdrawn, with its event.
# Days that merely pass are no change; another date, amount or severity is one. What was found late and turned out never to have
# been is withdrawn. A flag follows its subject to another factory without an event.
_FLAG = """
WITH found AS ({found}),
judged AS (
    SELECT found.kind, found.contract_id, found.factory_id, found.milestone_id, found.subject_id, found.since, found.until, found.amount,
        COALESCE(found.severity, CASE
            WHEN COALESCE(found.until, %(as_of)s) - found.since >= contract.critical_days THEN 'critical'
            WHEN COALESCE(found.until, %(as_of)s) - found.since >= contract.major_days THEN 'major'
            WHEN COALESCE(found.until, %(as_of)s) - found.since >= contract.moderate_days THEN 'moderate'
            ELSE 'minor' END) AS severity
    FROM found JOIN cluster_contract AS contract ON contract.id = found.contract_id
),
stands AS (
    SELECT id, factory_id, milestone_id, subject_id, kind::text AS kind, since, until, amount, severity::text AS severity
    FROM cluster_delayflag
    WHERE closed_on IS NULL OR kind = '{over_at_once}' AND withdrawn_on IS NULL
),
differing AS (
    SELECT stands.id AS flag_id, stands.kind = '{over_at_once}' AS over_at_once, judged.kind IS NULL AS gone, judged.kind,
        judged.contract_id, judged.subject_id,
        CASE WHEN judged.kind IS NULL THEN stands.factory_id ELSE judged.factory_id END AS factory_id,
        CASE WHEN judged.kind IS NULL THEN stands.milestone_id ELSE judged.milestone_id END AS milestone_id,
        COALESCE(judged.since, stands.since, %(as_of)s) AS since,
        CASE WHEN judged.kind IS NULL THEN stands.until ELSE judged.until END AS until,
        CASE WHEN judged.kind IS NULL THEN stands.amount ELSE judged.amount END AS amount,
        COALESCE(judged.severity, stands.severity) AS severity,
        stands.since AS old_since, stands.until AS old_until, stands.amount AS old_amount, stands.severity AS old_severity
    FROM judged FULL JOIN stands ON stands.subject_id = judged.subject_id AND stands.kind = judged.kind
    WHERE stands.id IS NULL OR judged.kind IS NULL
        OR (COALESCE(judged.since, stands.since), judged.until, judged.amount, judged.severity, judged.factory_id)
            IS DISTINCT FROM (stands.since, stands.until, stands.amount, stands.severity, stands.factory_id)
),
named AS (
    SELECT flag_id, kind, contract_id, factory_id, milestone_id, subject_id, since, until, amount, severity,
        CASE
            WHEN flag_id IS NULL THEN 'opened'
            WHEN gone AND over_at_once THEN 'withdrawn'
            WHEN gone THEN 'closed'
            WHEN (since, until, amount, severity) IS NOT DISTINCT FROM (old_since, old_until, old_amount, old_severity) THEN NULL
            WHEN (COALESCE(amount, 0), COALESCE(until, %(as_of)s) - since, array_position(%(rising)s::text[], severity))
                < (COALESCE(old_amount, 0), COALESCE(old_until, %(as_of)s) - old_since, array_position(%(rising)s::text[], old_severity))
                THEN 'better'
            ELSE 'worse'
        END AS event
    FROM differing
),
opened AS (
    INSERT INTO cluster_delayflag (contract_id, factory_id, milestone_id, subject_id, kind, severity, since, until, amount,
        opened_on, closed_on, acknowledged_reason)
    SELECT contract_id, factory_id, milestone_id, subject_id, kind, severity, since, until, amount,
        %(as_of)s, CASE WHEN kind = '{over_at_once}' THEN %(as_of)s END, ''
    FROM named WHERE event = 'opened'
    RETURNING id, 'opened' AS event, COALESCE(until, %(as_of)s) - since AS days, amount, severity
),
changed AS (
    UPDATE cluster_delayflag AS flag
    SET factory_id = named.factory_id, severity = named.severity, since = named.since, until = named.until, amount = named.amount,
        closed_on = CASE WHEN named.event = 'closed' THEN %(as_of)s ELSE flag.closed_on END,
        withdrawn_on = CASE WHEN named.event = 'withdrawn' THEN %(as_of)s END
    FROM named WHERE flag.id = named.flag_id
    RETURNING flag.id, named.event, COALESCE(
        CASE WHEN named.event = 'closed' THEN (SELECT reached.actual_latest FROM cluster_standing AS reached
            WHERE reached.milestone_id = named.milestone_id) END,
        named.until, %(as_of)s) - named.since AS days, named.amount, named.severity
),
written AS (
    INSERT INTO cluster_delayevent (flag_id, kind, on_date, days, amount, severity, job_run_id, reason, recorded_at)
    SELECT id, event, %(as_of)s, GREATEST(days, 0), amount, severity, %(job_run)s, '', statement_timestamp()
    FROM (SELECT * FROM opened UNION ALL SELECT * FROM changed) AS flag WHERE event IS NOT NULL
    RETURNING kind
)
SELECT kind, count(*) FROM written GROUP BY kind
"""


def flag_delays(*, as_of: date, job_run: JobRun | None = None, progress: Progress) -> dict[str, Any]:
    """Bring the stored flags into line with what is wrong on `as_of`, today; returns figures.

    Each change is an event of the same transaction. Repeating it changes nothing, and of two runs at once the second finds the first
    one's work done. The number of statements does not depend on the number of flags, none of which is brought into Python.
    Before, the standings are brought to this day, and knock-on is reckoned anew.
    """
    progress(0, 1)
    pass_days(as_of=as_of)
    placed = place_all(as_of=as_of, progress=progress)
    figures = _flag(list(flag_rules().values()), as_of, job_run)
    progress(1, 1)
    still_open = DelayFlag.objects.filter(closed_on=None).count()
    return figures | {"open": still_open, "pushed": placed["pushed"], "not_placed": placed["not_placed"], "as_of": as_of.isoformat()}


@transaction.atomic
def _flag(rules: list[FlagRule], as_of: date, job_run: JobRun | None) -> dict[str, Any]:
    """One statement, however many flags change. It may take half of the lease of the run."""
    found = " UNION ALL ".join(_FOUND.format(kind=rule.kind, found=rule.found) for rule in rules)
    sql = _FLAG.format(found=found, over_at_once=FlagKind.COMPLETED_LATE.value)
    rising = [severity.value for severity in Severity]
    given: dict[str, Any] = {"as_of": as_of, "zone": settings.TIME_ZONE, "rising": rising, "job_run": job_run.pk if job_run else None}
    take_time()
    one_at_a_time("delays")
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return dict.fromkeys(("opened", "worse", "better", "closed", "withdrawn"), 0) | dict(cursor.fetchall())


def acknowledge_flag(*, flag_id: int, reason: str, until: date, by: User, today: date) -> DelayFlag:
    """Note that somebody knows of what is wrong: who, why, until when. The flag stays open, and shows again after that day.

    Raises NotFound, Forbidden, Conflict when it is closed by now, or DomainError naming the field.
    """
    try:
        return acknowledge_flags(flag_ids=[flag_id], reason=reason, until=until, by=by, today=today)[0]
    except BatchRefused as refused:
        _, error = refused.rows[0]
        raise error from None


@transaction.atomic
def acknowledge_flags(*, flag_ids: Sequence[int], reason: str, until: date, by: User, today: date) -> list[DelayFlag]:
    """Note the same of several flags, of all or of none: three statements whatever their number. What says so already is left alone.

    Raises BatchRefused with each flag, by its place in `flag_ids`, and NotFound, Forbidden or Conflict; or DomainError naming the
    field of the note.
    """
    wanted = list(dict.fromkeys(flag_ids))
    flags = DelayFlag.objects.for_reader(by).select_for_update(of=("self",)).order_by("pk").in_bulk(wanted)
    refused: list[tuple[int, Exception]] = []
    for number, key in enumerate(wanted):
        try:
            _refuse_acknowledgement(flags.get(key), by)
        except DomainError as error:
            refused.append((number, error))
    if refused:
        raise BatchRefused(refused)
    reason = reason.strip()
    if not reason:
        raise DomainError("Say why.", field="reason", code="required")
    if len(reason) > LONGEST_REASON or "\0" in reason:
        raise DomainError("Write at most {limit} characters of text.", field="reason", code="text", limit=LONGEST_REASON)
    refuse_far(until, field="until")
    if until < today:
        raise DomainError("The day lies in the past.", field="until", code="past")
    said = (by.pk, until, reason)
    new = [f for f in flags.values() if (f.acknowledged_by_id, f.acknowledged_until, f.acknowledged_reason) != said]
    for flag in new:
        flag.acknowledged_by, flag.acknowledged_until, flag.acknowledged_reason = by, until, reason
    DelayFlag.objects.filter(pk__in=[flag.pk for flag in new]).update(
        acknowledged_by=by, acknowledged_until=until, acknowledged_reason=reason
    )
    DelayEvent.objects.bulk_create(
        DelayEvent(
            flag=flag,
            kind=DelayEvent.Kind.ACKNOWLEDGED,
            on_date=today,
            days=flag.days_on(today),
            amount=flag.amount,
            severity=flag.severity,
            by=by,
            until=until,
            reason=reason,
        )
        for flag in new
    )
    return [flags[key] for key in wanted]


def _refuse_acknowledgement(flag: DelayFlag | None, by: User) -> None:
    if flag is None:
        raise NotFound("There is no such delay.")
    require(by, Action.REVISE_FORECAST, contract=flag.contract_id, factory=flag.factory_id)
    if flag.closed_on is not None:
        raise Conflict("This delay is closed.", current=flag)
