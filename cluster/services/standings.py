"""What the passing of days changes in the standings: a baseline comes into force, a fact announced for a later day is known now.

Whatever people change is carried into `Standing` at once, by triggers (models/standing.py).
"""

from datetime import date, timedelta

from django.db import connection, transaction

from cluster.models import JobRun
from cluster.models.standing import REFRESH
from cluster.services.locks import take_time

# A transaction that began before midnight and ended after the run of the new day counted as the old day still.
_MARGIN = timedelta(days=1)

_PASSED = """m.id IN (
    SELECT promised.milestone_id FROM cluster_baseline AS b JOIN cluster_baselinemilestone AS promised ON promised.baseline_id = b.id
    WHERE b.in_force_from > %(since)s AND b.in_force_from <= %(as_of)s
    UNION SELECT milestone_id FROM cluster_baselinemilestone WHERE announced_latest > %(since)s AND announced_latest <= %(as_of)s
    UNION SELECT milestone_id FROM cluster_forecastrevision WHERE announced_latest > %(since)s AND announced_latest <= %(as_of)s
    UNION SELECT id FROM cluster_milestone WHERE actual_announced_on > %(since)s AND actual_announced_on <= %(as_of)s
)"""
# Whoever tells of one of these milestones, or approves a baseline, waits until their standings are written, and not the other way round.
_HOLD = f"""
WITH plans AS (SELECT id FROM cluster_baseline FOR SHARE),
held AS (SELECT m.id FROM cluster_milestone AS m WHERE {_PASSED} FOR UPDATE)
SELECT (SELECT count(*) FROM plans), (SELECT count(*) FROM held)
"""  # noqa: S608 (our names)
_REFRESH = REFRESH.format(today="%(as_of)s::date", which=_PASSED)


@transaction.atomic
def pass_days(*, as_of: date) -> None:
    """Bring the standings to `as_of`, where a day since the newest run of the job of delays that succeeded can have changed them.

    Two statements; all milestones of which anything was ever told are looked at while no run has succeeded.
    """
    last = JobRun.objects.filter(name=JobRun.Name.FLAG_DELAYS, status=JobRun.Status.SUCCEEDED).order_by("-scheduled_for").first()
    reached = date.fromisoformat(last.figures["as_of"]) if last and "as_of" in last.figures else None
    given = {"as_of": as_of, "since": reached - _MARGIN if reached else date.min}
    take_time()
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, given)
        if cursor.fetchone()[1]:
            cursor.execute(_REFRESH, given)
