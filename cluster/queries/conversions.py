"""Dollars of rouble amounts: the one SQL form of the conversion rule, and totals at the three bases.

The contract and the payment basis are stored rows; the reporting basis moves every day and is computed here on read
(docs/decisions/0003).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from cluster.queries.rates import rate_in_force

# Roubles and kopecks to dollars and cents, exactly half-up: `div` is a whole division and `* 0.01` is exact, so nothing
# is rounded on the way (`/ 100` would round large sums to the digits that PostgreSQL keeps of a quotient).
# It equals cluster.domain.exchange.convert_rub to the cent; places: amount, nominal, value.
USD_SQL = "(sign({amount}) * div(200 * abs({amount}) * {nominal} + {value}, 2 * {value}) * 0.01)::numeric(22, 2)"


@dataclass(frozen=True, slots=True)
class Total:
    """Converted payments, commitments or budget lines: roubles, dollars at their own basis, and at the reporting rate."""

    kind: str
    basis: str
    rows: int
    rub: Decimal
    usd: Decimal
    usd_reporting: Decimal | None


# Claims compete with one another, and baselines follow one another: only the lines of those in force add up to something.
_TOTALS = """
SELECT coalesce(entry.kind, 'budget') AS kind, converted.basis, count(*), sum(converted.amount_rub), sum(converted.usd), sum({usd})
FROM cluster_conversion AS converted LEFT JOIN cluster_ledgerentry AS entry ON entry.id = converted.ledger_entry_id
LEFT JOIN cluster_budgetline AS line ON line.id = converted.budget_line_id
WHERE converted.claim_id IS NULL AND (converted.budget_line_id IS NULL OR line.baseline_id IN (
    SELECT DISTINCT ON (contract_id) id FROM cluster_baseline WHERE in_force_from <= %(as_of)s ORDER BY contract_id, in_force_from DESC
))
GROUP BY 1, 2
ORDER BY 1
"""


def conversion_totals(*, as_of: date) -> list[Total]:
    """Totals of converted money by kind: at the stored basis, and at the rate in force on `as_of`. Two statements."""
    rate = rate_in_force(as_of)
    usd = USD_SQL.format(amount="converted.amount_rub", nominal="%(nominal)s::numeric", value="%(value)s::numeric")
    with connection.cursor() as cursor:
        if rate is None:
            cursor.execute(_TOTALS.format(usd="NULL::numeric"), {"as_of": as_of})
        else:
            cursor.execute(_TOTALS.format(usd=usd), {"as_of": as_of, "nominal": rate.nominal, "value": rate.value})
        return [Total(*row) for row in cursor.fetchall()]
