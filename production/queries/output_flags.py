"""What is wrong with the output of vehicles: a finished year below the low bound of the plan in force."""

from django.utils.translation import gettext_lazy as _

from cluster.queries.flag_kinds import FlagRule, Measure, severity_by_tolerance
from production.domain.shortfall import TOLERANCE_PERCENT
from production.models import PlanRevision
from production.queries.output import VEHICLES, WHOLE_YEAR

# The plan in force of a year is its newest revision in use; its output is the figure in use of the whole year, else the sum of all
# twelve months: `queries.output` says the same of one contract. A year of which less is known is not judged.
_SHORT = f"""
WITH known AS (
    SELECT contract_id, year, month, quantity FROM production_output
    WHERE in_use AND unit = '{VEHICLES}' AND factory_id IS NULL AND brand_id IS NULL AND vehicle_model_id IS NULL AND segment = ''
        AND year < extract(year FROM %(as_of)s::date)
        AND COALESCE(announced_latest, (timezone(%(zone)s, recorded_at))::date) <= %(as_of)s
),
built AS (
    SELECT contract_id, year, COALESCE(sum(quantity) FILTER (WHERE month IS NULL), sum(quantity)) AS vehicles
    FROM known GROUP BY contract_id, year HAVING count(*) FILTER (WHERE month IS NULL) > 0 OR count(*) = {WHOLE_YEAR}
),
plan AS (
    SELECT DISTINCT ON (contract_id, year) id, contract_id, year, COALESCE(low, high) AS low FROM production_planrevision
    WHERE in_use AND COALESCE(announced_latest, (timezone(%(zone)s, recorded_at))::date) <= %(as_of)s
    ORDER BY contract_id, year, announced_latest DESC NULLS FIRST, id DESC
)
SELECT plan.contract_id, NULL::bigint AS factory_id, NULL::bigint AS milestone_id, plan.id AS subject_id, NULL::date AS since,
    NULL::date AS until, (plan.low - built.vehicles)::numeric AS amount,
    {severity_by_tolerance("(plan.low - built.vehicles)", f"plan.low * {TOLERANCE_PERCENT} / 100.0")} AS severity
FROM plan JOIN built USING (contract_id, year) WHERE built.vehicles < plan.low
"""  # noqa: S608 (our names)

OUTPUT_RULES = [
    FlagRule("output_short", _("output short"), PlanRevision, _SHORT, "production:overview", Measure.UNITS, unit=VEHICLES),
]
