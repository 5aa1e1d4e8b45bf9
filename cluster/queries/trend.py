"""The milestone trend: what was expected of a milestone, report by report, from its first promise to the day it was reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils import timezone

from cluster.models import SlipReason
from cluster.queries.factories import MilestoneStory, stories
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
    lines = [TrendLine(story.dated, _points(story)) for story in stories(list(milestones), as_of=as_of)]
    return [line for line in lines if line.points]


def _points(story: MilestoneStory) -> list[TrendPoint]:
    found = []
    if story.promises:
        first = story.promises[0]
        told_on = first.announced_latest or first.baseline.in_force_from
        assert told_on is not None
        found.append(TrendPoint(told_on, first.due_latest, Told.PROMISED))
    for revision in story.revisions:
        told_on = revision.announced_latest or timezone.localdate(revision.recorded_at)
        told = Told.CONFIRMED if revision.reason == SlipReason.CONFIRMED else Told.REVISED
        found.append(TrendPoint(told_on, revision.new_latest, told))
    reached = story.dated.reached_on
    if reached is not None:
        found.append(TrendPoint(reached, reached, Told.REACHED))
    return sorted(found, key=lambda point: point.reported)
