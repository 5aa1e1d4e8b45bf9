"""The invented world of `make bench-digest`: contracts that hold what a digest reads, and its readers.

Factories, milestones, standings, flags with their events of the last week, forecasts, figures, payments and budgets; subscriptions that
are all due at one moment.
"""

from datetime import UTC, datetime

# A Monday; every subscription is due at 6 o'clock UTC, whatever hour that is where its reader lives.
NOW = datetime(2026, 11, 23, 6, 5, tzinfo=UTC)
FACTORIES, MILESTONES = 12, 60

_WORLD = [
    """
    INSERT INTO cluster_source (id, key, publisher, title_ru, title_en, url, document, published_precision, note_ru, note_en)
    VALUES (1, 'bench', '', 'Выдумано', 'Invented', 'https://example.org/', '', '', '', '')
    """,
    """
    INSERT INTO cluster_exchangerate (currency, date, nominal, value, revision, status, quality, source_ru, source_en, recorded_at)
    SELECT 'USD', date '{today}' - n, 1, 80 + mod(n * 7, 20) / 10.0, 1, 'accepted', 'manual', 'выдуман', 'invented', '{now}'
    FROM generate_series(0, 40) AS n
    """,
    """
    INSERT INTO cluster_contract (id, code, name_ru, name_en, kind_ru, kind_en, signed_precision, is_example, moderate_days, major_days,
        critical_days, silent_after_days, cost_tolerance_percent, spend_tolerance_percent)
    SELECT n, 'bench-' || n, 'Контракт ' || n, 'Contract ' || n, '', '', '', false, 30, 90, 180, 60, 5, 20
    FROM generate_series(1, {contracts}) AS n
    """,
    """
    INSERT INTO cluster_factory (id, contract_id, code, name_ru, name_en, membership, "order", decision, decision_reason)
    SELECT n, 1 + (n - 1) / {factories}, 'F' || n, 'Завод ' || n, 'Plant ' || n, '', mod(n, {factories}), '', ''
    FROM generate_series(1, {factories} * {contracts}) AS n
    """,
    # Five milestones of each factory, the first its opening. A third of what was due is reached, one in fifty in the last week.
    """
    INSERT INTO cluster_milestone (id, contract_id, factory_id, code, kind, name_ru, name_en, scored, not_scored_ru, not_scored_en,
        actual_earliest, actual_latest, actual_precision, actual_announced_on, actual_note_ru, actual_note_en, version, "constraint",
        risk_cause)
    SELECT n, 1 + (n - 1) / {milestones}, 1 + (n - 1) * {factories} / {milestones}, 'M' || n,
        CASE WHEN mod(n, 5) = 1 THEN 'opening' ELSE 'equipment' END, 'Веха ' || n, 'Milestone ' || n, true, '', '', reached, reached,
        CASE WHEN reached IS NULL THEN '' ELSE 'day' END, reached, '', '', 1, '', ''
    FROM generate_series(1, {milestones} * {contracts}) AS n CROSS JOIN LATERAL (
        SELECT CASE WHEN mod(n, 50) = 0 THEN date '{today}' - 3
            WHEN mod(n, 3) = 0 AND mod(n * 37, 600) < 250 THEN date '{today}' - 280 + mod(n * 37, 600)::integer END AS reached OFFSET 0
    ) AS made
    """,
    """
    INSERT INTO cluster_milestoneevent (pgh_created_at, pgh_label, pgh_obj_id, id, contract_id, factory_id, code, kind, name_ru, name_en,
        scored, not_scored_ru, not_scored_en, actual_earliest, actual_latest, actual_precision, actual_announced_on, actual_note_ru,
        actual_note_en, version, "constraint", risk_cause)
    SELECT COALESCE(actual_announced_on, date '{today}' - 700), 'update', id, id, contract_id, factory_id, code, kind, name_ru, name_en,
        scored, '', '', actual_earliest, actual_latest, actual_precision, actual_announced_on, '', '', version, '', ''
    FROM cluster_milestone
    """,
    """
    INSERT INTO cluster_baseline (id, contract_id, kind, name_ru, name_en, reason, in_force_from)
    SELECT n, n, 'approved', '', '', '', date '{today}' - 500 FROM generate_series(1, {contracts}) AS n
    """,
    """
    INSERT INTO cluster_baselinemilestone (baseline_id, milestone_id, due_earliest, due_latest, due_precision, announced_precision,
        speaker_ru, speaker_en, note_ru, note_en, recorded_at)
    SELECT contract_id, id, due, due, 'day', '', '', '', '', '', '{now}'::timestamptz - interval '500 days'
    FROM cluster_milestone CROSS JOIN LATERAL (SELECT date '{today}' - 300 + mod(id * 37, 600)::integer AS due OFFSET 0) AS made
    """,
    # A fifth of what is not reached slips by a forecast of spring; one in twenty-five moved in the last week.
    """
    INSERT INTO cluster_forecastrevision (milestone_id, old_precision, new_earliest, new_latest, new_precision, announced_earliest,
        announced_latest, announced_precision, reason, speaker_ru, speaker_en, note_ru, note_en, document, recorded_at)
    SELECT line.milestone_id, '', told, told, 'day', announced, announced, 'day', 'permit', '', '', '', '', '',
        announced + interval '9 hours'
    FROM cluster_baselinemilestone AS line JOIN cluster_milestone AS milestone ON milestone.id = line.milestone_id
    CROSS JOIN LATERAL (
        SELECT line.due_latest + 20 + mod(line.milestone_id, 97)::integer AS told,
            date '{today}' - CASE WHEN mod(line.milestone_id, 25) = 1 THEN 3 ELSE 90 END AS announced OFFSET 0
    ) AS made
    WHERE mod(line.milestone_id, 5) = 1 AND milestone.actual_latest IS NULL
    """,
    """
    INSERT INTO cluster_standing (milestone_id, contract_id, factory_id, judged, due_latest, forecast_latest, actual_latest, told_on)
    SELECT milestone.id, contract_id, factory_id, true, line.due_latest, revision.new_latest, actual_latest, revision.announced_latest
    FROM cluster_milestone AS milestone JOIN cluster_baselinemilestone AS line ON line.milestone_id = milestone.id
    LEFT JOIN cluster_forecastrevision AS revision ON revision.milestone_id = milestone.id
    """,
    """
    INSERT INTO cluster_delayflag (contract_id, factory_id, milestone_id, subject_id, kind, severity, since, until, opened_on,
        acknowledged_reason)
    SELECT contract_id, factory_id, milestone_id, milestone_id, kind, CASE WHEN late >= 180 THEN 'critical' WHEN late >= 90 THEN 'major'
        WHEN late >= 30 THEN 'moderate' ELSE 'minor' END, due_latest, until, opened, ''
    FROM (
        SELECT s.*, 'overdue' AS kind, NULL::date AS until, date '{today}' - due_latest AS late, due_latest + 1 AS opened
        FROM cluster_standing AS s WHERE actual_latest IS NULL AND due_latest < '{today}'
        UNION ALL
        SELECT s.*, 'forecast_late', forecast_latest, forecast_latest - due_latest, told_on
        FROM cluster_standing AS s WHERE actual_latest IS NULL AND forecast_latest > due_latest
    ) AS late
    """,
    """
    INSERT INTO cluster_delayflag (contract_id, factory_id, subject_id, kind, severity, since, opened_on, acknowledged_reason)
    SELECT contract_id, id, id, 'silent', 'moderate', date '{today}' - 70, date '{today}' - CASE WHEN mod(id, 48) = 0 THEN 3 ELSE 30 END, ''
    FROM cluster_factory WHERE mod(id, 8) = 0
    """,
    """
    INSERT INTO cluster_delayevent (flag_id, kind, on_date, days, severity, reason, recorded_at)
    SELECT id, 'opened', opened_on, GREATEST(opened_on - since, 0), severity, '', opened_on + interval '3 hours' FROM cluster_delayflag
    UNION ALL
    SELECT id, 'worse', date '{today}' - 2, date '{today}' - since, severity, '', date '{today}' - 2 + interval '3 hours'
    FROM cluster_delayflag WHERE kind = 'overdue' AND mod(milestone_id, 20) = 2 AND since < date '{today}' - 10
    """,
    """
    INSERT INTO cluster_claim (contract_id, figure, value, unit, announced_precision, qualifier, confidence, note_ru, note_en, in_use,
        reason_ru, reason_en, recorded_at, text_ru, text_en, date_precision, valid_precision, source_id)
    SELECT contract.id, figure, value, unit, '', 'exact', 'high', '', '', true, '', '', '{now}'::timestamptz - interval '90 days', '', '',
        '', '', 1
    FROM cluster_contract AS contract CROSS JOIN
        (VALUES ('commitment', 32000000000, 'RUB'), ('invested_to_date', 12000000000, 'RUB'), ('planned_factories', 12, 'factories'))
        AS known (figure, value, unit)
    """,
    """
    INSERT INTO cluster_ledgerentry (factory_id, kind, date, amount_rub, category, funding, document, counterparty, note, recorded_at)
    SELECT factory.id, 'payment', paid, 1000000 + mod(factory.id * 7919, 900000), 'construction', 'own', '', '', '', paid
    FROM cluster_factory AS factory CROSS JOIN generate_series(0, 7) AS n
    CROSS JOIN LATERAL (SELECT date '{today}' - mod(factory.id, 30)::integer - 30 * n AS paid OFFSET 0) AS made
    """,
    """
    INSERT INTO cluster_budgetline (baseline_id, factory_id, category, funding, month, amount_rub, reason, announced_precision, recorded_at)
    SELECT contract_id, factory.id, 'construction', 'own', (date '2026-01-01' + n * interval '1 month')::date, 1100000, '', '',
        '{now}'::timestamptz - interval '500 days'
    FROM cluster_factory AS factory CROSS JOIN generate_series(0, 11) AS n
    """,
    # One reader in twenty sees everything, eight one contract or three, eleven manage a factory.
    """
    INSERT INTO cluster_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined,
        language, time_zone)
    SELECT n, '', false, 'bench' || n, '', '', 'bench' || n || '@example.org', false, true, '{now}'::timestamptz - interval '90 days',
        CASE WHEN mod(n, 10) < 3 THEN 'en' ELSE 'ru' END,
        (ARRAY['Europe/Kaliningrad', 'Europe/Moscow', 'Europe/Samara', 'Asia/Yekaterinburg'])[1 + mod(n / 7, 4)]
    FROM generate_series(1, {subscriptions}) AS n
    """,
    """
    INSERT INTO cluster_membership (user_id, group_id, contract_id, factory_id)
    SELECT person.id, held.id, factory.contract_id, factory.id
    FROM cluster_user AS person CROSS JOIN LATERAL (
        SELECT CASE WHEN mod(person.id, 20) = 0 THEN NULL ELSE 1 + mod(person.id * 7, {contracts}) END AS contract,
            CASE WHEN mod(person.id, 20) > 8 THEN 1 + mod(person.id, {factories} * {contracts}) END AS factory, CASE
            WHEN mod(person.id, 20) > 8 THEN 'manager' WHEN mod(person.id, 4) = 0 THEN 'auditor' WHEN mod(person.id, 4) = 1 THEN 'editor'
            ELSE 'controller' END AS role OFFSET 0
    ) AS wanted
    JOIN auth_group AS held ON held.name = wanted.role
    LEFT JOIN LATERAL (
        SELECT contract_id, id FROM cluster_factory WHERE id = wanted.factory
        UNION ALL
        SELECT 1 + mod(wanted.contract - 1 + n, {contracts}), NULL
        FROM generate_series(0, CASE WHEN mod(person.id, 20) = 8 THEN 2 ELSE 0 END) AS n WHERE wanted.factory IS NULL
    ) AS factory ON wanted.contract IS NOT NULL
    WHERE wanted.contract IS NULL OR factory.contract_id IS NOT NULL
    """,
    """
    UPDATE cluster_factory AS factory SET manager_id = held.user_id FROM cluster_membership AS held WHERE held.factory_id = factory.id
    """,
    """
    INSERT INTO cluster_subscription (user_id, cadence, weekday, hour, time_zone, language, kinds, also_when_nothing_new, notices,
        is_active, suspended_because, created_at)
    SELECT id, 'weekly', 0, extract(hour FROM timestamptz '{moment}' AT TIME ZONE time_zone), '', '', '{{}}', true, false, true, '',
        '{now}'::timestamptz - interval '30 days'
    FROM cluster_user
    """,
    """
    INSERT INTO cluster_delivery (user_id, kind, subscription_id, period, status, message_id, recipient, subject, body_text, body_html,
        attempts, error, created_at, sent_at)
    SELECT user_id, 'digest', id, date '{today}' - 7, 'sent', gen_random_uuid(), '', 'News', '', '', 1, '',
        '{now}'::timestamptz - interval '7 days', '{now}'::timestamptz - interval '7 days'
    FROM cluster_subscription
    """,
]


def build(contracts: int, subscriptions: int) -> None:
    """The invented world, into an empty database: set by set, without triggers, whose history nobody reads here."""
    from django.db import connection, transaction

    from cluster.services.access import ensure_roles

    ensure_roles()
    sizes = {"contracts": contracts, "subscriptions": subscriptions, "factories": FACTORIES, "milestones": MILESTONES}
    days = {"now": NOW.isoformat(), "today": NOW.date(), "moment": NOW.replace(minute=0).isoformat()}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in _WORLD:
            cursor.execute(statement.format(**sizes, **days))
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
