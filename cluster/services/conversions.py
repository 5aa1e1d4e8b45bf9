"""Roubles to dollars, stored: every amount at its own basis, with the rate it was converted at.

A ledger entry stands at the payment basis: the rate in force on its date; a reversal at the rate of the entry that it
takes back, so that the two cancel out in dollars as they do in roubles. A budget line stands at the contract basis: the
rate in force when it was announced, else when its baseline came into force. A claim in roubles likewise: when it was
announced, else from when it holds, else when it was recorded here.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from cluster.domain.calendars import expected_rate_date
from cluster.domain.progress import Progress
from cluster.queries.conversions import USD_SQL, conversion_totals
from cluster.services.locks import one_at_a_time


@dataclass(frozen=True, slots=True)
class _Kind:
    """One table with amounts: its name in the figures, its column in the conversions, its rows as (id, amount_rub, on_date)."""

    name: str
    column: str
    basis: str
    amounts: str


_KINDS = (
    _Kind(
        "ledger",
        "ledger_entry_id",
        "payment",
        """SELECT entry.id, entry.amount_rub, coalesce(reversed.date, entry.date) AS on_date
           FROM cluster_ledgerentry AS entry LEFT JOIN cluster_ledgerentry AS reversed ON reversed.id = entry.reverses_id""",
    ),
    _Kind(
        "budget",
        "budget_line_id",
        "contract",
        """SELECT line.id, line.amount_rub, coalesce(line.announced_latest, baseline.in_force_from) AS on_date
           FROM cluster_budgetline AS line JOIN cluster_baseline AS baseline ON baseline.id = line.baseline_id""",
    ),
    _Kind(
        "claims",
        "claim_id",
        "contract",
        """SELECT id, round(value, 2) AS amount_rub,
                  coalesce(announced_latest, valid_earliest, (recorded_at AT TIME ZONE %(zone)s)::date) AS on_date
           FROM cluster_claim WHERE unit = 'RUB' AND value IS NOT NULL""",
    ),
)

_DATES = "SELECT DISTINCT on_date FROM ({amounts}) AS amounts WHERE on_date IS NOT NULL"

# One statement: what has no amount or no rate any more is dropped, the rest is written where anything differs.
# `replaced` keeps the rate that was used before; a row that is as it should be is not touched.
_CONVERT = """
WITH amounts AS MATERIALIZED ({amounts}),
wanted AS MATERIALIZED (
    SELECT amounts.id, amounts.amount_rub, amounts.on_date, rate.id AS rate_id,
           {usd} AS usd, rate.date < expected.rate_date AS stale
    FROM amounts
    JOIN unnest(%(dates)s::date[], %(expected)s::date[]) AS expected (on_date, rate_date) ON expected.on_date = amounts.on_date
    CROSS JOIN LATERAL (
        SELECT id, date, nominal, value FROM cluster_exchangerate
        WHERE currency = 'USD' AND status = 'accepted' AND date <= amounts.on_date
        ORDER BY date DESC LIMIT 1
    ) AS rate
),
dropped AS (
    DELETE FROM cluster_conversion
    WHERE {column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM wanted WHERE wanted.id = {column})
    RETURNING 1
),
written AS (
    INSERT INTO cluster_conversion AS kept ({column}, basis, on_date, amount_rub, usd, rate_id, stale, converted_at)
    SELECT id, %(basis)s, on_date, amount_rub, usd, rate_id, stale, %(now)s FROM wanted
    ON CONFLICT ({column}) DO UPDATE SET
        replaced_id = CASE WHEN kept.rate_id = excluded.rate_id THEN kept.replaced_id ELSE kept.rate_id END,
        on_date = excluded.on_date, amount_rub = excluded.amount_rub, usd = excluded.usd, rate_id = excluded.rate_id,
        stale = excluded.stale, converted_at = excluded.converted_at
    WHERE (kept.rate_id, kept.usd, kept.amount_rub, kept.on_date, kept.stale)
          IS DISTINCT FROM (excluded.rate_id, excluded.usd, excluded.amount_rub, excluded.on_date, excluded.stale)
    RETURNING (xmax = 0) AS is_new
)
SELECT (SELECT count(*) FROM written WHERE is_new), (SELECT count(*) FROM written WHERE NOT is_new), (SELECT count(*) FROM dropped),
       (SELECT count(*) FROM amounts) - (SELECT count(*) FROM wanted), (SELECT count(*) FROM wanted WHERE stale)
"""


def convert_all(*, now: datetime, as_of: date, progress: Progress) -> dict[str, Any]:
    """Convert everything that has an amount in roubles; returns figures, with totals at all three bases.

    The number of statements does not depend on the number of rows. Repeating it changes nothing; an amount older than
    the first known rate stays unconverted and is counted.
    """
    figures: dict[str, Any] = {"converted": 0, "changed": 0, "dropped": 0, "unconverted": 0, "stale": 0}
    for done, kind in enumerate(_KINDS):
        progress(done, len(_KINDS))
        for name, count in _convert(kind, now).items():
            figures[name] += count
    figures["totals"] = {
        total.kind: {
            "basis": total.basis,
            "rows": total.rows,
            "rub": str(total.rub),
            "usd": str(total.usd),
            "usd_reporting": None if total.usd_reporting is None else str(total.usd_reporting),
        }
        for total in conversion_totals(as_of=as_of)
    }
    progress(len(_KINDS), len(_KINDS))
    return figures


@transaction.atomic
def _convert(kind: _Kind, now: datetime) -> dict[str, int]:
    one_at_a_time("conversions")
    zone = {"zone": settings.TIME_ZONE}
    with connection.cursor() as cursor:
        cursor.execute(_DATES.format(amounts=kind.amounts), zone)
        dates = [on for (on,) in cursor.fetchall()]
        sql = _CONVERT.format(
            amounts=kind.amounts,
            column=kind.column,
            usd=USD_SQL.format(amount="amounts.amount_rub", nominal="rate.nominal", value="rate.value"),
        )
        expected = [expected_rate_date(on) for on in dates]
        params: dict[str, Any] = {"dates": dates, "expected": expected, "basis": kind.basis, "now": now, **zone}
        cursor.execute(sql, params)
        new, changed, dropped, unconverted, stale = cursor.fetchone()
    return {"converted": new, "changed": changed, "dropped": dropped, "unconverted": unconverted, "stale": stale}
