"""What is wrong with milestones, by their standings: the same findings as `cluster.domain.delays.findings`, over all of them at once."""

from django.utils.translation import gettext_lazy as _

from cluster.domain.delays import FlagKind
from cluster.models import Milestone
from cluster.queries.flag_kinds import FlagRule

_FOUND = """
SELECT contract_id, factory_id, milestone_id, milestone_id AS subject_id, due_latest AS since, {until} AS until,
    NULL::numeric AS amount, NULL::text AS severity
FROM cluster_standing WHERE judged AND {wrong}
"""


def _rule(kind: FlagKind, label: object, *, until: str, wrong: str) -> FlagRule:
    return FlagRule(kind.value, label, Milestone, _FOUND.format(until=until, wrong=wrong), "cluster:factory")


def _expected(kind: FlagKind, label: object, day: str) -> FlagRule:
    """Not reached, and `day`, a column, lies after the due window."""
    return _rule(kind, label, until=day, wrong=f"actual_latest IS NULL AND {day} > due_latest")


MILESTONE_RULES = [
    _rule(
        FlagKind.OVERDUE,
        _("overdue"),
        until="NULL::date",
        wrong="actual_latest IS NULL AND due_latest < %(as_of)s",
    ),
    _expected(FlagKind.FORECAST_LATE, _("forecast late"), "forecast_latest"),
    _expected(FlagKind.KNOCK_ON_LATE, _("knock-on late"), "knock_on"),
    _expected(FlagKind.AT_RISK, _("at risk"), "p80"),
    _rule(FlagKind.COMPLETED_LATE, _("completed late"), until="actual_latest", wrong="actual_latest > due_latest"),
]
