"""What a digest asks of its reader: how much of each kind waits, and the first of it, with the page where it is answered."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cluster.queries.digest import Section
from cluster.queries.digest_brief import Brief
from cluster.queries.my_work import Asked, Counts, asked_of, baselines_to_decide, flags_to_note, forecasts_to_tell

# So many of a kind are named; the page shows the rest.
FIRST = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that waits: what it is `about` (it has a name), by how many days it is late, and the address where it is answered."""

    about: Any
    path: str
    days: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits of one kind: how much of it, the first of it, and the address of all of it."""

    kind: str
    count: int
    path: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class AskedOfReader:
    """All that waits for one person."""

    counts: Counts
    waiting: list[Waiting]


def asked_section(brief: Brief) -> Section | None:
    """What needs the reader on the digest's day; None where nothing does, and for a past day, which asks nothing any more."""
    if brief.by_announcement:
        return None
    counts = asked_of(brief.reader, today=brief.as_of)
    if not counts.total:
        return None
    waiting = [
        Waiting(kind.value, counts.of[kind], _page(kind), list(islice(_lines(kind, brief), FIRST))) for kind in Asked if counts.of[kind]
    ]
    return Section("emails/sections/asked", _("Needs you"), AskedOfReader(counts, waiting))


def _page(kind: Asked) -> str:
    """Where all of a kind is answered."""
    match kind:
        case Asked.RATES:
            return reverse("cluster:rates") + "#quarantine"
        case Asked.JOBS:
            return reverse("cluster:jobs")
        case Asked.FLAGS:
            return reverse("cluster:my_work") + "#delays"
        case _:
            return reverse("cluster:my_work")


def _lines(kind: Asked, brief: Brief) -> Iterator[Line]:
    """The things of a kind that are known by name, in the order of the page."""
    match kind:
        case Asked.FORECASTS:
            for one in forecasts_to_tell(brief.reader, today=brief.as_of):
                milestone = one.dated.milestone
                path = reverse("cluster:revise_forecast", args=[milestone.contract.code, milestone.code])
                yield Line(milestone, path, one.dated.late_days or 0)
        case Asked.FLAGS:
            for flag in flags_to_note(brief.reader, today=brief.as_of, most=FIRST):
                yield Line(flag, reverse("cluster:delay", args=[flag.flag.contract.code, flag.flag.pk]), flag.row.days)
        case Asked.BASELINES:
            for baseline in baselines_to_decide(brief.reader, today=brief.as_of, most=FIRST):
                yield Line(baseline, reverse("cluster:baseline", args=[baseline.contract.code, baseline.pk]))
