"""Roubles to dollars, stored: every amount at its own basis, with the rate it was converted at; only what is due is looked at.

A ledger entry stands at the payment basis: the rate in force on its date; a reversal at the rate of the entry that it
takes back, so that the two cancel out in dollars as they do in roubles. A budget line stands at the contract basis: the
rate in force when it was announced, else when its baseline came into force. A claim in roubles likewise: when it was
announced, else from when it holds, else when it was recorded here.

What is due was noted by triggers (models/conversion_due.py): rows by their ids, rates by theirs. A rate concerns the days from
its date until the next accepted one; whatever became of it, no other day has another rate now. docs/decisions/0006.
"""

from collections.abc import Sequence
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

# One statement: what has no amount or no rate any more is dropped, the rest is written where anything differs.
# `replaced` keeps the rate that was used before; a row that is as it should be is not touched.
# Nobody else writes these tables while the lock is held.
_CONVERT = """
WITH examined AS ({examined}),
compared AS MATERIALIZED (
    SELECT examined.id, rate.id AS rate_id, dollars.usd, rate.stale, kept.rate_id AS old_rate_id, kept.{column} IS NOT NULL AS is_kept,
           examined.amount_rub IS NOT NULL AS has_amount,
           (kept.rate_id, kept.usd, kept.stale) IS DISTINCT FROM (rate.id, dollars.usd, rate.stale) AS differs
    FROM examined
    LEFT JOIN unnest(%(day)s::date[], %(rate)s::bigint[], %(nominal)s::integer[], %(value)s::numeric[], %(stale)s::boolean[])
        AS rate (day, id, nominal, value, stale)
        ON rate.day = CASE WHEN examined.on_date > %(last)s THEN %(last)s ELSE examined.on_date END AND examined.amount_rub IS NOT NULL
    CROSS JOIN LATERAL (SELECT {usd} AS usd) AS dollars
    LEFT JOIN {table} AS kept ON kept.{column} = examined.id
),
dropped AS (DELETE FROM {table} USING compared WHERE {column} = compared.id AND compared.is_kept AND compared.rate_id IS NULL),
updated AS (
    UPDATE {table} AS kept
    SET replaced_id = CASE WHEN kept.rate_id = compared.rate_id THEN kept.replaced_id ELSE kept.rate_id END,
        usd = compared.usd, rate_id = compared.rate_id, stale = compared.stale, converted_at = %(now)s
    FROM compared WHERE kept.{column} = compared.id AND compared.is_kept AND compared.differs AND compared.rate_id IS NOT NULL
),
created AS (
    INSERT INTO {table} ({column}, usd, rate_id, stale, converted_at)
    SELECT id, usd, rate_id, stale, %(now)s FROM compared WHERE NOT is_kept AND rate_id IS NOT NULL
)
SELECT count(*) FILTER (WHERE NOT is_kept AND rate_id IS NOT NULL),
       count(*) FILTER (WHERE is_kept AND rate_id IS NOT NULL AND differs),
       count(*) FILTER (WHERE is_kept AND rate_id IS NOT NULL AND rate_id <> old_rate_id),
       count(*) FILTER (WHERE is_kept AND rate_id IS NULL),
       count(*) FILTER (WHERE has_amount AND rate_id IS NULL),
       count(*) FILTER (WHERE stale)
FROM compared
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
        _allow_time(cursor)
        one_at_a_time("conversions")
        cursor.execute(_TAKE)
        due: dict[str, str] = dict(cursor.fetchall())
        if not due:
            return figures
        cursor.execute(_DAYS, {"rates": due.get(Due.RATES, "{}")})
        (days,) = cursor.fetchone()
        calendar: dict[str, Any] | None = None
        for kind in _KINDS:
            ids = due.get(kind.due)
            for examined in (kind.by_id if ids else None, _OTHERS.format(by_day=kind.by_day) if days else None):
                if examined is not None:
                    calendar = calendar or _calendar()
                    params = {"ids": ids or "{}", "days": days, "zone": settings.TIME_ZONE, "now": now}
                    cursor.execute(_statement(kind, examined), params | calendar)
                    for name, count in zip(_FIGURES, cursor.fetchone(), strict=True):
                        figures[name] += count
    return figures


def _allow_time(cursor: Any) -> None:
    """A run may take longer than a page: half of its lease for one statement. Compiling plans costs more than it wins here."""
    most = f"{settings.JOB_LEASE_SECONDS // 2}s"
    cursor.execute(
        "SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true), set_config('jit', 'off', true)",
        [most, most],
    )


def _statement(kind: _Kind, examined: str) -> str:
    usd = USD_SQL.format(amount="examined.amount_rub", nominal="rate.nominal", value="rate.value")
    return _CONVERT.format(examined=examined, table=kind.table, column=kind.column, usd=usd)


def _calendar() -> dict[str, Any]:
    """Which rate is in force on each day, as columns: from the first rate to a day on which the last one is stale.

    Every day after the last one here is like it.
    """
    rates = ExchangeRate.objects.accepted().order_by("date").values_list("date", "pk", "nominal", "value")
    day: list[date] = []
    columns: dict[str, list[Any]] = {"day": day, "rate": [], "nominal": [], "value": [], "stale": []}
    for (since, *rate), until in _spans(list(rates)):
        stale_from = next_rate_date(since)
        days = [since + timedelta(days=n) for n in range((until - since).days)]
        day += days
        for name, value in zip(("rate", "nominal", "value"), rate, strict=True):
            columns[name] += [value] * len(days)
        columns["stale"] += [on >= stale_from for on in days]
    return columns | {"last": day[-1] if day else None}


def _spans(rates: Sequence[tuple[Any, ...]]) -> list[tuple[tuple[Any, ...], date]]:
    """Each rate with the day on which the next one takes over; the last one with the day after it has become stale."""
    spans = [(rate, following[0]) for rate, following in pairwise(rates)]
    return [*spans, *((rate, next_rate_date(rate[0]) + timedelta(days=1)) for rate in rates[-1:])]
