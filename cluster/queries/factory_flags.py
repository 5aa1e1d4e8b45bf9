"""What is wrong with factories: silence, an estimate above the budget, payments below the planned value."""

from django.utils.translation import gettext_lazy as _

from cluster.domain.delays import FlagKind
from cluster.models import Factory
from cluster.queries.flag_kinds import FlagRule, Measure, severity_by_tolerance

# The baseline of each contract that is in force; what is under it is known when it was announced, else from when it was approved.
_IN_FORCE = """
in_force AS (
    SELECT DISTINCT ON (contract_id) id, contract_id, in_force_from, kind
    FROM cluster_baseline WHERE in_force_from <= %(as_of)s ORDER BY contract_id, in_force_from DESC
)"""
_KNOWN = """COALESCE({row}.announced_latest, CASE WHEN in_force.kind = 'approved' THEN in_force.in_force_from END,
    (timezone(%(zone)s, {row}.recorded_at))::date) <= %(as_of)s"""

# The newest word is about a milestone that is judged and not reached; a baseline that comes into force is one about all of them. A
# factory of which nobody ever told counts from there; without a baseline it is not judged.
_SILENT = f"""
WITH {_IN_FORCE},
told AS (
    SELECT standing.factory_id, GREATEST(max(standing.told_on), max(in_force.in_force_from)) + contract.silent_after_days AS since
    FROM cluster_standing AS standing
    JOIN cluster_contract AS contract ON contract.id = standing.contract_id AND contract.silent_after_days IS NOT NULL
    LEFT JOIN in_force ON in_force.contract_id = standing.contract_id
    WHERE standing.judged AND standing.actual_latest IS NULL AND standing.factory_id IS NOT NULL
    GROUP BY standing.factory_id, contract.silent_after_days
)
SELECT factory.contract_id, factory.id AS factory_id, NULL::bigint AS milestone_id, factory.id AS subject_id, told.since,
    NULL::date AS until, NULL::numeric AS amount, NULL::text AS severity
FROM told JOIN cluster_factory AS factory ON factory.id = told.factory_id
WHERE told.since < %(as_of)s
"""  # noqa: S608 (our names)

_BUDGET = f"""
SELECT line.factory_id, line.category, sum(line.amount_rub) AS rub
FROM cluster_budgetline AS line JOIN in_force ON in_force.id = line.baseline_id
WHERE {_KNOWN.format(row="line")} GROUP BY line.factory_id, line.category
"""  # noqa: S608 (our names)

# The estimate at completion by the rule of the outlook (domain.outlook.at_completion, decision 0007), summed over the categories:
# of each the largest of budget, commitments and payments; what exceeds the budget of the named categories is covered by what money
# without a category has left, and the other way round.
_OVER_BUDGET = f"""
WITH {_IN_FORCE},
budget AS ({_BUDGET}),
used AS (
    SELECT factory_id, category, GREATEST(
        COALESCE(sum(amount_rub) FILTER (WHERE kind = 'payment'), 0), COALESCE(sum(amount_rub) FILTER (WHERE kind = 'commitment'), 0)
    ) AS rub
    FROM cluster_ledgerentry WHERE date <= %(as_of)s AND factory_id IN (SELECT factory_id FROM budget)
    GROUP BY factory_id, category
),
category AS (
    SELECT factory_id, category <> '' AS named, COALESCE(budget.rub, 0) AS budget,
        GREATEST(COALESCE(used.rub, 0) - COALESCE(budget.rub, 0), 0) AS excess,
        GREATEST(COALESCE(budget.rub, 0), COALESCE(used.rub, 0)) - GREATEST(COALESCE(used.rub, 0), 0) AS rest
    FROM budget FULL JOIN used USING (factory_id, category)
),
estimate AS (
    SELECT factory_id, sum(budget) AS budget, sum(excess)
        - LEAST(COALESCE(sum(excess) FILTER (WHERE named), 0), COALESCE(sum(rest) FILTER (WHERE NOT named), 0))
        - LEAST(COALESCE(sum(excess) FILTER (WHERE NOT named), 0), COALESCE(sum(rest) FILTER (WHERE named), 0)) AS excess
    FROM category GROUP BY factory_id
),
judged AS (
    SELECT factory.contract_id, estimate.*, estimate.budget * contract.cost_tolerance_percent / 100 AS tolerance
    FROM estimate JOIN cluster_factory AS factory ON factory.id = estimate.factory_id
    JOIN cluster_contract AS contract ON contract.id = factory.contract_id
)
SELECT contract_id, factory_id, NULL::bigint AS milestone_id, factory_id AS subject_id, NULL::date AS since, NULL::date AS until,
    excess AS amount, {severity_by_tolerance("excess", "tolerance")} AS severity
FROM judged WHERE excess > tolerance
"""  # noqa: S608 (our names)

# The planned value: the budget, by the weights of the milestones whose due window has ended.
_UNDERSPENT = f"""
WITH {_IN_FORCE},
budget AS ({_BUDGET}),
planned AS (
    SELECT milestone.factory_id, COALESCE(sum(promised.weight) FILTER (WHERE promised.due_latest <= %(as_of)s), 0) AS weight
    FROM in_force JOIN cluster_baselinemilestone AS promised ON promised.baseline_id = in_force.id
    JOIN cluster_milestone AS milestone ON milestone.id = promised.milestone_id
    WHERE promised.weight IS NOT NULL AND milestone.factory_id IS NOT NULL AND {_KNOWN.format(row="promised")}
    GROUP BY milestone.factory_id
),
value AS (
    SELECT planned.factory_id, round(sum(budget.rub) * planned.weight, 2) AS rub
    FROM planned JOIN budget USING (factory_id) GROUP BY planned.factory_id, planned.weight
),
paid AS (
    SELECT factory_id, sum(amount_rub) AS rub FROM cluster_ledgerentry
    WHERE kind = 'payment' AND date <= %(as_of)s AND factory_id IN (SELECT factory_id FROM value) GROUP BY factory_id
),
judged AS (
    SELECT factory.contract_id, value.factory_id, value.rub - COALESCE(paid.rub, 0) AS under,
        value.rub * contract.spend_tolerance_percent / 100 AS tolerance
    FROM value LEFT JOIN paid USING (factory_id) JOIN cluster_factory AS factory ON factory.id = value.factory_id
    JOIN cluster_contract AS contract ON contract.id = factory.contract_id
)
SELECT contract_id, factory_id, NULL::bigint AS milestone_id, factory_id AS subject_id, NULL::date AS since, NULL::date AS until,
    under AS amount, {severity_by_tolerance("under", "tolerance")} AS severity
FROM judged WHERE under > tolerance
"""  # noqa: S608 (our names)

FACTORY_RULES = [
    FlagRule(FlagKind.SILENT.value, _("silent"), Factory, _SILENT, "cluster:factory"),
    FlagRule(FlagKind.OVER_BUDGET.value, _("over budget"), Factory, _OVER_BUDGET, "cluster:factory_money", Measure.ROUBLES),
    FlagRule(FlagKind.UNDERSPENT.value, _("underspent"), Factory, _UNDERSPENT, "cluster:factory_money", Measure.ROUBLES),
]
