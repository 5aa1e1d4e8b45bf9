"""Roubles to dollars, stored: every amount at its own basis, with the rate it was converted at; only what is due is looked at.

A ledger entry stands at the payment basis: the rate in force on its date; a reversal at the rate of the entry that it
takes back, so that the two cancel out in dollars as they do in roubles. A budget line stands at the contract basis: the
rate in force when it was announced, else when its baseline came into force. A claim in roubles likewise: when it was
announced, else from when it holds, else when it was recorded here.

What is due was noted by triggers (models/conversion_due.py): rows by their ids, rates by theirs. A rate concerns the days from
its date until the next accepted one; whatever became of it, no other day has another rate now. docs/decisions/0006.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from cluster.domain.calendars import next_rate_date
from cluster.domain.progress import Progress
from cluster.models import BudgetLine, Claim, ConversionDue, ExchangeRate, LedgerEntry
from cluster.queries.conversions import USD_SQL
from cluster.services.locks import one_at_a_time

Due = ConversionDue.Kind


@dataclass(frozen=True, slots=True)
class _Kind:
    """One table with amounts. Both selections give (id, amount_rub, on_date): by the ids that are due, and by the days that are."""

    due: ConversionDue.Kind
    table: str
    column: str
    by_id: str
    by_day: str


# OFFSET 0 keeps each range of ids one range scan, whatever the planner takes the number of ranges for.
_LEDGER = _Kind(
    Due.LEDGER,
    "cluster_ledgerconversion",
    "entry_id",
    by_id="""
        SELECT found.* FROM unnest(%(ids)s::int8multirange) AS due (span) CROSS JOIN LATERAL (
            SELECT entry.id, entry.amount_rub,
                   CASE WHEN entry.reverses_id IS NULL THEN entry.date ELSE (
                       SELECT reversed.date FROM cluster_ledgerentry AS reversed WHERE reversed.id = entry.reverses_id
                   ) END AS on_date
            FROM cluster_ledgerentry AS entry WHERE entry.id >= lower(due.span) AND entry.id < upper(due.span) OFFSET 0
        ) AS found""",
    by_day="""
        SELECT found.* FROM unnest(%(days)s::datemultirange) AS due (span) CROSS JOIN LATERAL (
            SELECT entry.id, entry.amount_rub, entry.date AS on_date FROM cluster_ledgerentry AS entry
            WHERE entry.date >= lower(due.span) AND entry.date < coalesce(upper(due.span), 'infinity') AND entry.reverses_id IS NULL
            UNION ALL
            SELECT reversal.id, reversal.amount_rub, entry.date FROM cluster_ledgerentry AS entry
            JOIN cluster_ledgerentry AS reversal ON reversal.reverses_id = entry.id
            WHERE entry.date >= lower(due.span) AND entry.date < coalesce(upper(due.span), 'infinity')
        ) AS found""",
)
_BUDGET = _Kind(
    Due.BUDGET,
    "cluster_budgetconversion",
    "line_id",
    by_id="""
        SELECT found.* FROM unnest(%(ids)s::int8multirange) AS due (span) CROSS JOIN LATERAL (
            SELECT line.id, line.amount_rub, coalesce(line.announced_latest, baseline.in_force_from) AS on_date
            FROM cluster_budgetline AS line JOIN cluster_baseline AS baseline ON baseline.id = line.baseline_id
            WHERE line.id >= lower(due.span) AND line.id < upper(due.span) OFFSET 0
        ) AS found""",
    by_day="""
        SELECT found.* FROM unnest(%(days)s::datemultirange) AS due (span) CROSS JOIN LATERAL (
            SELECT line.id, line.amount_rub, line.announced_latest AS on_date FROM cluster_budgetline AS line
            WHERE line.announced_latest >= lower(due.span) AND line.announced_latest < coalesce(upper(due.span), 'infinity')
            UNION ALL
            SELECT line.id, line.amount_rub, baseline.in_force_from FROM cluster_baseline AS baseline
            JOIN cluster_budgetline AS line ON line.baseline_id = baseline.id AND line.announced_latest IS NULL
            WHERE baseline.in_force_from >= lower(due.span) AND baseline.in_force_from < coalesce(upper(due.span), 'infinity')
        ) AS found""",
)
# Claims are what people found in sources: few enough to be read through.
_CLAIM = """
    SELECT * FROM (
        SELECT id, CASE WHEN unit = 'RUB' THEN round(value, 2) END AS amount_rub,
               coalesce(announced_latest, valid_earliest, (recorded_at AT TIME ZONE %(zone)s)::date) AS on_date
        FROM cluster_claim
    ) AS claim WHERE """
_CLAIMS = _Kind(
    Due.CLAIMS,
    "cluster_claimconversion",
    "claim_id",
    by_id=_CLAIM + "claim.id <@ %(ids)s::int8multirange",
    by_day=_CLAIM + "claim.amount_rub IS NOT NULL AND claim.on_date <@ %(days)s::datemultirange",
)
_KINDS = (_LEDGER, _BUDGET, _CLAIMS)

_TAKE = """
WITH taken AS (DELETE FROM cluster_conversiondue RETURNING kind, first, last)
SELECT kind, range_agg(int8range(first, last, '[]'))::text FROM taken GROUP BY kind
"""

_DAYS = """
SELECT range_agg(daterange(rate.date, next.date))::text
FROM cluster_exchangerate AS rate
LEFT JOIN LATERAL (
    SELECT later.date FROM cluster_exchangerate AS later
    WHERE later.currency = 'USD' AND later.status = 'accepted' AND later.date > rate.date ORDER BY later.date LIMIT 1
) AS next ON true
WHERE rate.id <@ %(rates)s::int8multirange AND rate.currency = 'USD'
"""

# Rows of the days that are due, without those looked at by their ids.
_OTHERS = "SELECT * FROM ({by_day}) AS found WHERE NOT found.id <@ %(ids)s::int8multirange"

# What the examined rows should have. A table of its own for a moment, so that the plans after it know how many rows there are: a
# handful is looked up by index, a million is hashed.
_PRICE = """
CREATE TEMPORARY TABLE priced ON COMMIT DROP AS
SELECT examined.id, rate.id AS rate_id, {usd} AS usd, rate.stale, examined.amount_rub IS NOT NULL AS has_amount
FROM ({examined}) AS examined
LEFT JOIN unnest(%(day)s::date[], %(rate)s::bigint[], %(nominal)s::integer[], %(value)s::numeric[], %(stale)s::boolean[])
    AS rate (day, id, nominal, value, stale)
    ON rate.day = CASE WHEN examined.on_date > %(last)s THEN %(last)s ELSE examined.on_date END AND examined.amount_rub IS NOT NULL
"""
_COUNT = """
SELECT count(*) FILTER (WHERE has_amount AND rate_id IS NULL) AS unconverted, count(*) FILTER (WHERE stale) AS stale FROM priced
"""

# What has dollars: those without an amount or a rate now lose them, those that differ are written again. `replaced` keeps the rate
# that was used before; a row that is as it should be is not touched. Nobody else writes these tables while the lock is held.
_RENEW = """
WITH differing AS MATERIALIZED (
    SELECT priced.*, kept.rate_id AS old_rate_id
    FROM priced JOIN {table} AS kept ON kept.{column} = priced.id
    WHERE (kept.rate_id, kept.usd, kept.stale) IS DISTINCT FROM (priced.rate_id, priced.usd, priced.stale)
),
dropped AS (DELETE FROM {table} USING differing WHERE {column} = differing.id AND differing.rate_id IS NULL),
written AS (
    UPDATE {table} AS kept
    SET replaced_id = CASE WHEN kept.rate_id = differing.rate_id THEN kept.replaced_id ELSE kept.rate_id END,
        usd = differing.usd, rate_id = differing.rate_id, stale = differing.stale, converted_at = %(now)s
    FROM differing WHERE kept.{column} = differing.id AND differing.rate_id IS NOT NULL
)
SELECT count(rate_id) AS changed, count(*) FILTER (WHERE rate_id <> old_rate_id) AS corrected, count(*) - count(rate_id) AS dropped
FROM differing
"""

# What has none yet.
_CREATE = """
INSERT INTO {table} ({column}, usd, rate_id, stale, converted_at)
SELECT id, usd, rate_id, stale, %(now)s FROM priced
WHERE rate_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {table} AS kept WHERE kept.{column} = priced.id)
"""
_FIGURES = ("converted", "changed", "corrected", "dropped", "unconverted", "stale")


def convert_all(*, now: datetime, progress: Progress) -> dict[str, int]:
    """Convert everything that is due, in one transaction; returns figures of what was looked at.

    `changed` counts amounts that had dollars before, `corrected` those of them that stand at another rate now: a late or a
    corrected one. Amounts older than the first known rate, or without a day, stay `unconverted`; the rate or the day that comes
    later makes them due again. The number of statements does not depend on the number of rows.
    """
    progress(0, 1)
    figures = _convert_due(now)
    progress(1, 1)
    return figures


@transaction.atomic
def mark_all_due() -> None:
    """Make every amount due, for the next run to compare it with what it should be: a repair."""
    one_at_a_time("conversions")
    ConversionDue.objects.bulk_create(
        ConversionDue(kind=kind, first=0, last=last)
        for kind, model in ((Due.LEDGER, LedgerEntry), (Due.BUDGET, BudgetLine), (Due.CLAIMS, Claim))
        if (last := model._default_manager.order_by("-pk").values_list("pk", flat=True).first()) is not None
    )


@transaction.atomic
def _convert_due(now: datetime) -> dict[str, int]:
    figures = dict.fromkeys(_FIGURES, 0)
    with connection.cursor() as cursor:
        _prepare(cursor)
        one_at_a_time("conversions")
        cursor.execute(_TAKE)
        due: dict[str, str] = dict(cursor.fetchall())
        if not due:
            return figures
        cursor.execute(_DAYS, {"rates": due.get(Due.RATES, "{}")})
        (days,) = cursor.fetchone()
        calendar = _calendar()
        for kind in _KINDS:
            ids = due.get(kind.due)
            params = calendar | {"ids": ids or "{}", "days": days, "zone": settings.TIME_ZONE, "now": now}
            if ids:
                _convert(cursor, kind, kind.by_id, params, figures)
            if days:
                _convert(cursor, kind, _OTHERS.format(by_day=kind.by_day), params, figures)
    return figures


def _prepare(cursor: Any) -> None:
    """Half of the lease for one statement: a run may take longer than a page. Plans that keep the order of the ids: no sorting by
    day, after which rows would be written all over the table.
    """
    cursor.execute(
        "SELECT set_config('statement_timeout', %(most)s, true), set_config('lock_timeout', %(most)s, true),"
        " set_config('enable_mergejoin', 'off', true), set_config('work_mem', '64MB', true)",
        {"most": f"{settings.JOB_LEASE_SECONDS // 2}s"},
    )


def _convert(cursor: Any, kind: _Kind, examined: str, params: dict[str, Any], figures: dict[str, int]) -> None:
    """Bring the dollars of the examined rows up to date and add up the figures."""
    usd = USD_SQL.format(amount="examined.amount_rub", nominal="rate.nominal", value="rate.value")
    cursor.execute(_PRICE.format(examined=examined, usd=usd), params)
    cursor.execute("ANALYZE priced")
    for statement in (_COUNT, _RENEW):
        cursor.execute(statement.format(table=kind.table, column=kind.column), params)
        for column, count in zip(cursor.description, cursor.fetchone(), strict=True):
            figures[column.name] += count
    cursor.execute(_CREATE.format(table=kind.table, column=kind.column), params)
    figures["converted"] += cursor.rowcount
    cursor.execute("DROP TABLE priced")


def _calendar() -> dict[str, Any]:
    """Which rate is in force on each day, as columns: from the first rate to the first day on which the last one is stale.

    Every day after the last one here is like it.
    """
    rates = list(ExchangeRate.objects.accepted().order_by("date").values_list("date", "pk", "nominal", "value"))
    columns: dict[str, list[Any]] = {"day": [], "rate": [], "nominal": [], "value": [], "stale": []}
    for (since, *rate), until in _spans(rates):
        stale_from = next_rate_date(since)
        days = [since + timedelta(days=n) for n in range((until - since).days)]
        columns["day"] += days
        for name, value in zip(("rate", "nominal", "value"), rate, strict=True):
            columns[name] += [value] * len(days)
        columns["stale"] += [on >= stale_from for on in days]
    return {**columns, "last": columns["day"][-1] if rates else None}


def _spans(rates: list[tuple[Any, ...]]) -> list[tuple[tuple[Any, ...], date]]:
    """Each rate with the day on which the next one takes over; the last one with the day after it has become stale."""
    spans = [(rate, following[0]) for rate, following in pairwise(rates)]
    return [*spans, *((rate, next_rate_date(rate[0]) + timedelta(days=1)) for rate in rates[-1:])]
