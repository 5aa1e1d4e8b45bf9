"""Where each milestone stands today: the few dates by which delays are judged, one lean row each, kept by triggers."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

M = TypeVar("M", bound=models.Model)

TODAY = f"(now() AT TIME ZONE '{settings.TIME_ZONE}')::date"
# What was announced by a day counts from then; what carries no date of its own, from the day on which it was recorded.
_KNOWN_ON = "COALESCE({row}.announced_latest, (timezone('{zone}', {row}.recorded_at))::date)"
TOLD_ON = _KNOWN_ON.format(row="told", zone=settings.TIME_ZONE)
PROMISED_ON = (
    "COALESCE(promised.announced_latest, CASE WHEN b.kind = 'approved' THEN b.in_force_from END, "
    f"(timezone('{settings.TIME_ZONE}', promised.recorded_at))::date)"
)

# `{today}` is the day, `{which}` says which milestones `m` are meant. Rows that say the same are left alone.
REFRESH = f"""
INSERT INTO cluster_standing AS stored
    (milestone_id, contract_id, factory_id, judged, due_latest, forecast_latest, actual_latest, told_on)
SELECT m.id, m.contract_id, m.factory_id, m.scored, due.latest, forecast.latest,
    CASE WHEN m.actual_announced_on <= {{today}} THEN m.actual_latest END,
    GREATEST(forecast.told_on, CASE WHEN m.actual_announced_on <= {{today}} THEN m.actual_announced_on END)
FROM cluster_milestone AS m
LEFT JOIN LATERAL (
    SELECT promised.due_latest AS latest
    FROM cluster_baselinemilestone AS promised JOIN cluster_baseline AS b ON b.id = promised.baseline_id
    WHERE promised.milestone_id = m.id AND b.in_force_from <= {{today}} AND {PROMISED_ON} <= {{today}}
    ORDER BY b.in_force_from DESC, promised.id DESC LIMIT 1
) AS due ON true
LEFT JOIN LATERAL (
    SELECT told.new_latest AS latest, {TOLD_ON} AS told_on
    FROM cluster_forecastrevision AS told
    WHERE told.milestone_id = m.id AND {TOLD_ON} <= {{today}}
    ORDER BY told.announced_latest DESC NULLS LAST, told.id DESC LIMIT 1
) AS forecast ON true
WHERE {{which}}
ON CONFLICT (milestone_id) DO UPDATE SET (contract_id, factory_id, judged, due_latest, forecast_latest, actual_latest, told_on) =
    (EXCLUDED.contract_id, EXCLUDED.factory_id, EXCLUDED.judged, EXCLUDED.due_latest, EXCLUDED.forecast_latest, EXCLUDED.actual_latest,
     EXCLUDED.told_on)
WHERE (stored.contract_id, stored.factory_id, stored.judged, stored.due_latest, stored.forecast_latest, stored.actual_latest, stored.told_on)
    IS DISTINCT FROM (EXCLUDED.contract_id, EXCLUDED.factory_id, EXCLUDED.judged, EXCLUDED.due_latest, EXCLUDED.forecast_latest,
     EXCLUDED.actual_latest, EXCLUDED.told_on)
"""  # noqa: E501, S608 (our names)

_NEW: Any = pgtrigger.Referencing(new="changed")  # type: ignore[no-untyped-call]
_OLD: Any = pgtrigger.Referencing(old="changed")  # type: ignore[no-untyped-call]
_AT_ONCE = (("insert", pgtrigger.Insert, _NEW), ("update", pgtrigger.Update, _NEW))
_GONE = ("delete", pgtrigger.Delete, _OLD)
# By table: which milestones a change of its rows concerns, and which operations can change where they stand.
_CONCERNED = {
    "milestone": ("m.id IN (SELECT id FROM changed)", _AT_ONCE),
    "forecast_revision": ("m.id IN (SELECT milestone_id FROM changed)", _AT_ONCE[:1]),
    "baseline_milestone": ("m.id IN (SELECT milestone_id FROM changed)", (*_AT_ONCE, _GONE)),
    "baseline": (
        "m.id IN (SELECT milestone_id FROM cluster_baselinemilestone WHERE baseline_id IN (SELECT id FROM changed))",
        (_AT_ONCE[1],),
    ),
}


def makes_standing(table: str) -> Callable[[type[M]], type[M]]:
    """Class decorator: changes of this table are carried into `Standing` by the statement that makes them, raw SQL included."""
    which, operations = _CONCERNED[table]
    triggers: list[Any] = [
        pgtrigger.Trigger(
            name=f"standing_{name}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=referencing,
            func=f"{REFRESH.format(today=TODAY, which=which)}; RETURN NULL;",
        )
        for name, operation, referencing in operations
    ]
    return pgtrigger.register(*triggers)


class Standing(models.Model):
    """The end of the due window, of the forecast and of the actual one of a milestone as known today, and the newest word about it.

    `knock_on` is the day to which what precedes the milestone pushes it (by the schedule), `p80` its P80 by the newest simulation.
    Derived: triggers and jobs keep it, so it has no history and no foreign keys in the database.
    """

    milestone = models.OneToOneField(
        "cluster.Milestone",
        on_delete=models.CASCADE,
        primary_key=True,
        db_constraint=False,
        related_name="standing",
        verbose_name=_("milestone"),
    )
    contract = models.ForeignKey("cluster.Contract", on_delete=models.CASCADE, db_constraint=False, related_name="+")
    factory = models.ForeignKey(
        "cluster.Factory", on_delete=models.CASCADE, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    judged = models.BooleanField(_("judged"))
    due_latest = models.DateField(_("due"), null=True)
    forecast_latest = models.DateField(_("forecast"), null=True)
    actual_latest = models.DateField(_("actual date"), null=True)
    told_on = models.DateField(_("newest word"), null=True)
    knock_on = models.DateField(_("knock-on date"), null=True)
    p80 = models.DateField("P80", null=True)

    objects: ClassVar[models.Manager["Standing"]]

    class Meta:
        verbose_name = _("standing of a milestone")
        verbose_name_plural = _("standings of milestones")

    def __str__(self) -> str:
        return f"{self.milestone_id}"
