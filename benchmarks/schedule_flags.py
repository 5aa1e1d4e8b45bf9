"""The job that flags delays over a million milestones, against one bare statement that writes the same rows, in the same run.

`make bench-schedule` calls `flags()`; `python benchmarks/schedule_flags.py` measures this alone. It makes a database of its own
and drops it at the end (see money.py).
"""

import os
import resource
import secrets
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from typing import Any

import django
from money import execute, own_databases, say, timed

MILESTONES = 1_000_000
ROUNDS = 3

# A thousand milestones in each contract, eighty in each factory; no triggers, whose history nobody reads here. Of each ten thousand
# days' worth of dates about a third is reached, a tenth of that late; a tenth of the others has a forecast that slips.
_LOAD = [
    "SET session_replication_role = replica",
    """
    INSERT INTO cluster_contract (id, code, name_ru, name_en, kind_ru, kind_en, signed_precision, is_example, moderate_days, major_days,
        critical_days, silent_after_days, cost_tolerance_percent, spend_tolerance_percent)
    SELECT n, 'bench-' || n, '', '', '', '', '', true, 30, 90, 180, 60, 5, 20 FROM generate_series(1, {rows} / 1000) AS n
    """,
    """
    INSERT INTO cluster_factory (id, contract_id, code, name_ru, name_en, membership, "order", decision, decision_reason)
    SELECT n, 1 + (n - 1) / 12, 'F' || n, '', '', '', 0, '', '' FROM generate_series(1, 12 * ({rows} / 1000)) AS n
    """,
    """
    INSERT INTO cluster_milestone (id, contract_id, factory_id, code, kind, name_ru, name_en, scored, not_scored_ru, not_scored_en,
        actual_earliest, actual_latest, actual_precision, actual_announced_on, actual_note_ru, actual_note_en, version, "constraint",
        risk_cause)
    SELECT n, 1 + (n - 1) / 1000, 1 + 12 * ((n - 1) / 1000) + mod(n, 12), 'M' || n, 'equipment', 'Milestone ' || n, '', true, '', '',
        reached, reached, CASE WHEN reached IS NULL THEN '' ELSE 'day' END, reached, '', '', 1, '', ''
    FROM generate_series(1, {rows}) AS n CROSS JOIN LATERAL (
        SELECT CASE WHEN mod(n, 9) < 3 THEN date '{today}' - 420 + mod(n, 389) + CASE WHEN mod(n, 10) = 0 THEN 20 ELSE -10 END END
            AS reached
        OFFSET 0
    ) AS made
    """,
    """
    INSERT INTO cluster_baseline (id, contract_id, kind, name_ru, name_en, reason, in_force_from)
    SELECT n, n, 'approved', '', '', '', date '{today}' - 500 FROM generate_series(1, {rows} / 1000) AS n
    """,
    """
    INSERT INTO cluster_baselinemilestone (baseline_id, milestone_id, due_earliest, due_latest, due_precision, announced_precision,
        speaker_ru, speaker_en, note_ru, note_en, recorded_at)
    SELECT 1 + (n - 1) / 1000, n, due, due, 'day', '', '', '', '', '', now()
    FROM generate_series(1, {rows}) AS n CROSS JOIN LATERAL (
        SELECT CASE WHEN mod(n, 9) < 3 THEN date '{today}' - 420 + mod(n, 389) ELSE date '{today}' - 120 + mod(n, 997) END AS due OFFSET 0
    ) AS made
    """,
    """
    INSERT INTO cluster_forecastrevision (milestone_id, old_precision, new_earliest, new_latest, new_precision, announced_earliest,
        announced_latest, announced_precision, reason, speaker_ru, speaker_en, note_ru, note_en, document, recorded_at)
    SELECT milestone_id, '', told, told, 'day', date '{today}' - 90, date '{today}' - 90, 'day', 'permit', '', '', '', '', '', now()
    FROM cluster_baselinemilestone CROSS JOIN LATERAL (SELECT due_latest + mod(milestone_id, 97)::integer AS told OFFSET 0) AS made
    WHERE mod(milestone_id, 10) = 1
    """,
]
_AT_RISK = "UPDATE cluster_standing SET p80 = due_latest + 15 WHERE mod(milestone_id, 25) = 3"
# The run of the day before, after which nothing but the milestones came.
_RAN = """
INSERT INTO cluster_jobrun (name, scheduled_for, params, status, attempts, progress_done, progress_total, figures, error)
VALUES ('flag_delays', now(), '{{}}', 'succeeded', 1, 1, 1, '{{"as_of": "{day}"}}', '')
"""

# What a person would write by hand, into tables of the same columns and indexes.
_BARE_TABLES = [
    "CREATE TABLE bare_flag (LIKE cluster_delayflag INCLUDING ALL)",
    "CREATE TABLE bare_event (LIKE cluster_delayevent INCLUDING ALL)",
]
_BARE_EMPTY = "TRUNCATE bare_flag, bare_event"
_SEVERITY = "CASE WHEN late >= 180 THEN 'critical' WHEN late >= 90 THEN 'major' WHEN late >= 30 THEN 'moderate' ELSE 'minor' END"
_BARE_FLAGS = f"""
INSERT INTO bare_flag AS stored (contract_id, factory_id, milestone_id, subject_id, kind, severity, since, until, opened_on, closed_on,
    acknowledged_reason)
SELECT contract_id, factory_id, milestone_id, milestone_id, kind, {_SEVERITY}, due_latest, until, '{{today}}',
    CASE WHEN kind = 'completed_late' THEN date '{{today}}' END, ''
FROM (
    SELECT s.*, 'overdue' AS kind, NULL::date AS until, date '{{today}}' - due_latest AS late
    FROM cluster_standing AS s WHERE actual_latest IS NULL AND due_latest < '{{today}}'
    UNION ALL SELECT s.*, 'forecast_late', forecast_latest, forecast_latest - due_latest
    FROM cluster_standing AS s WHERE actual_latest IS NULL AND forecast_latest > due_latest
    UNION ALL SELECT s.*, 'at_risk', p80, p80 - due_latest
    FROM cluster_standing AS s WHERE actual_latest IS NULL AND p80 > due_latest
    UNION ALL SELECT s.*, 'completed_late', actual_latest, actual_latest - due_latest
    FROM cluster_standing AS s WHERE actual_latest > due_latest
) AS found
ON CONFLICT (subject_id, kind) WHERE closed_on IS NULL OR kind::text = 'completed_late' AND withdrawn_on IS NULL
DO UPDATE SET severity = EXCLUDED.severity, since = EXCLUDED.since, until = EXCLUDED.until
WHERE (stored.severity, stored.since, stored.until) IS DISTINCT FROM (EXCLUDED.severity, EXCLUDED.since, EXCLUDED.until)
"""  # noqa: S608 (our names)
_BARE = f"""
WITH written AS ({_BARE_FLAGS} RETURNING id, severity, since, until)
INSERT INTO bare_event (flag_id, kind, on_date, days, severity, reason, recorded_at)
SELECT id, 'opened', '{{today}}', COALESCE(until, '{{today}}') - since, severity, '', now() FROM written
"""  # noqa: S608 (our names)
# By the next day one forecast in a hundred has slipped by a week.
_SLIPPED = "UPDATE cluster_standing SET forecast_latest = forecast_latest + 7 WHERE mod(milestone_id, 1000) = 1"
_EMPTY = [
    "SET session_replication_role = replica",
    "TRUNCATE cluster_delayflag, cluster_delayevent, bare_flag, bare_event",
    "DELETE FROM cluster_jobrun",
]


def flags(rows: int = MILESTONES) -> None:
    """Measure both nights, and say what they took."""
    with tempfile.TemporaryDirectory() as state, own_databases():
        os.environ |= {"STATE_DIR": state, "SECRET_KEY": secrets.token_urlsafe(64), "SITE_URL": "http://localhost"}
        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        today = date.today()  # noqa: DTZ011 (any day would do)
        loading, _ = timed(lambda: execute(*(statement.format(rows=rows, today=today) for statement in _LOAD), "ANALYZE"))
        say(f"\nDelay flags: {rows:,} milestones, loaded in {loading:.0f} s")
        anew, _ = timed(lambda: _night(today))
        execute(*_BARE_TABLES, _AT_RISK, "VACUUM ANALYZE")
        rounds = [_round(today) for _ in range(ROUNDS)]
        best = {name: min(each[name] for each in rounds) for name in rounds[0]}
        say(f"  the very first run           {anew:8.2f} s   all standings are looked at")
        for night, bare in (("first", best["bare flags and events"]), ("later", best["later, bare"])):
            say(f"  {night} night                  {best[night]:8.2f} s   {best[night] / bare:.2f} x the bare statement (at most 1.50)")
        for name, seconds in best.items():
            say(f"    {name:<26} {seconds:8.2f} s")
        full, idle = _memory(today, empty=True), _memory(today, empty=False)
        say(f"  memory of the process        {full:8} MB  all flags opened; {idle} MB with nothing to do")
        connection.close()


def _round(today: date) -> dict[str, float]:
    """The first night of a million milestones and the one after it, each beside the bare statement: seconds of each."""
    next_day = today + timedelta(days=1)
    took: dict[str, float] = {}
    execute(*_EMPTY, _RAN.format(day=today - timedelta(days=1)))
    took["bare flags"], _ = timed(lambda: execute(_BARE_FLAGS.format(today=today)))
    execute(_BARE_EMPTY)
    took["bare flags and events"], _ = timed(lambda: execute(_BARE.format(today=today)))
    took["first"], first = timed(lambda: _night(today))
    execute(_RAN.format(day=today), _SLIPPED, "VACUUM ANALYZE cluster_delayflag, cluster_delayevent, bare_flag, bare_event")
    took["later, bare"], _ = timed(lambda: execute(_BARE_FLAGS.format(today=next_day)))
    took["later"], later = timed(lambda: _night(next_day))
    say(f"  {first}, then {later}")
    return took


def _night(today: date) -> dict[str, Any]:
    """The nightly job."""
    from cluster.services.delays import flag_delays

    return flag_delays(as_of=today, progress=lambda done, total: None)


def _memory(today: date, *, empty: bool) -> int:
    """Megabytes of a process that runs the job once: to open all flags, or to find nothing to do."""
    if empty:
        execute(*_EMPTY, _RAN.format(day=today))
    done = subprocess.run([sys.executable, __file__, "--job", today.isoformat()], check=True, capture_output=True, text=True)
    return int(done.stdout)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--job"]:
        django.setup()
        _night(date.fromisoformat(sys.argv[2]))
        say(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))
    else:
        flags(*map(int, sys.argv[1:]))
