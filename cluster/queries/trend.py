"""The milestone trend: what was expected of a milestone, report by report, from its first promise to the day it was reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.db.models import F

from cluster.models import BaselineMilestone, ForecastRevision, SlipReason
from cluster.queries.milestones import DatedMilestone


class Told(StrEnum):
    """What was told in a report."""

    PROMISED = "promised"
    REVISED = "revised"
    CONFIRMED = "confirmed"
    REACHED = "reached"


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """In the report of one day, the end of the window for which a milestone was expected."""

    reported: date
    expected: date
    told: Told


@dataclass(frozen=True, slots=True)
class TrendLine:
    """The points of one milestone in the order of the reports; at least one."""

    dated: DatedMilestone
    points: list[TrendPoint]

    @property
    def moved_days(self) -> int:
        """Calendar days from the first date told to the last one: later when positive."""
        return (self.points[-1].expected - self.points[0].expected).days


def trend_lines(milestones: Sequence[DatedMilestone], *, as_of: date) -> list[TrendLine]:
    """The lines of milestones (the caller may read them) that were ever promised or forecast: two statements."""
    points: dict[int, list[TrendPoint]] = {dated.milestone.pk: [] for dated in milestones}
    promises = BaselineMilestone.objects.announced_by(as_of).filter(milestone__in=points, baseline__in_force_from__lte=as_of)
    columns = ("milestone", "announced_latest", "baseline__in_force_from", "due_latest")
    for key, announced, in_force_from, due in promises.order_by("baseline__in_force_from", "id").values_list(*columns):
        if not points[key]:
            points[key].append(TrendPoint(announced or in_force_from, due, Told.PROMISED))
    revisions = ForecastRevision.objects.announced_by(as_of).filter(milestone__in=points).annotate(on=F("known_on"))
    for key, on, expected, reason in revisions.order_by("on", "id").values_list("milestone", "on", "new_latest", "reason"):
        points[key].append(TrendPoint(on, expected, Told.CONFIRMED if reason == SlipReason.CONFIRMED else Told.REVISED))
    for dated in milestones:
        if dated.reached_on:
            points[dated.milestone.pk].append(TrendPoint(dated.reached_on, dated.reached_on, Told.REACHED))
    lines = [TrendLine(dated, sorted(points[dated.milestone.pk], key=lambda point: point.reported)) for dated in milestones]
    return [line for line in lines if line.points]
