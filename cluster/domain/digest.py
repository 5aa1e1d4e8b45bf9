"""Digest rules: when one is due, what the changes of a period amount to, what stands first, and whether anything is new."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

# Work that was committed just before a digest's moment must be visible when the digest is put together.
SETTLE = timedelta(minutes=2)


class Cadence(StrEnum):
    """How often a person gets a digest."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Topic(StrEnum):
    """What happened to a milestone, in the order in which a digest tells it: the worst first."""

    NEWLY_LATE = "newly_late"
    WORSE = "worse"
    BETTER = "better"
    CLOSED = "closed"
    REACHED = "reached"
    MOVED = "moved"


ORDER = {topic: n for n, topic in enumerate(Topic)}


@dataclass(frozen=True, slots=True)
class Event:
    """One change of a delay flag: of which milestone, the flag's kind, what happened."""

    milestone: int
    flag_kind: str
    kind: str


def moment_of(period: date, *, hour: int, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, at which a digest of `period` is due: the hour in the reader's own zone on that day.

    An hour that the clock skips counts as the one after the skip, an hour that it repeats by its first time.
    """
    return datetime.combine(period, time(hour), tzinfo=zone).astimezone(UTC)


def newest_period(*, cadence: Cadence, weekday: int, hour: int, zone: ZoneInfo, now: datetime) -> date:
    """The local date of the newest digest whose moment has passed: a day, the chosen weekday, or the first of a month."""
    today = now.astimezone(zone).date()
    match cadence:
        case Cadence.DAILY:
            period, before = today, timedelta(days=1)
        case Cadence.WEEKLY:
            period, before = today - timedelta(days=(today.weekday() - weekday) % 7), timedelta(days=7)
        case Cadence.MONTHLY:
            period, before = today.replace(day=1), timedelta(days=1)
    if moment_of(period, hour=hour, zone=zone) > now:
        period -= before
    return period.replace(day=1) if cadence is Cadence.MONTHLY else period


def length_of(cadence: Cadence) -> timedelta:
    """How far a first digest looks back."""
    return {Cadence.DAILY: timedelta(days=1), Cadence.WEEKLY: timedelta(days=7), Cadence.MONTHLY: timedelta(days=31)}[cadence]


def topics(
    events: Iterable[Event],
    *,
    late_before: AbstractSet[int],
    late_now: AbstractSet[int],
    reached: AbstractSet[int],
    moved: AbstractSet[int],
) -> dict[int, Topic]:
    """What the changes of a period come to, one topic for each milestone (events in the order of time).

    What was reached is told as reached, whatever its flags did on the way; what became late and recovered within the
    period is told as recovered; a second kind of lateness of something already late is "worse".
    """
    found: dict[int, Topic] = {}
    for event in events:
        if event.flag_kind == "completed_late":
            continue
        if event.kind == "opened":
            found[event.milestone] = Topic.WORSE if event.milestone in late_before else Topic.NEWLY_LATE
        elif event.kind == "closed":
            found[event.milestone] = Topic.BETTER if event.milestone in late_now else Topic.CLOSED
        elif event.kind in ("worse", "better") and found.get(event.milestone) is not Topic.NEWLY_LATE:
            found[event.milestone] = Topic(event.kind)
    found |= {milestone: Topic.MOVED for milestone in moved if milestone not in found}
    return found | dict.fromkeys(reached, Topic.REACHED)


def worst_first(days_by_milestone: Mapping[int, int], found: Mapping[int, Topic]) -> list[int]:
    """The milestones of `found` in the order of a digest: by topic, then by days late, the longest first."""
    return sorted(found, key=lambda key: (ORDER[found[key]], -days_by_milestone.get(key, 0), key))


def headline(counts: Mapping[Topic, int], *, longest: int = 2) -> list[tuple[Topic, int]]:
    """What the subject line tells: the first topics that occurred, with how often."""
    return [(topic, counts[topic]) for topic in Topic if counts.get(topic)][:longest]
