"""What a digest asks of its reader: how much of each kind waits, and the first of it, with the page where it is answered."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cluster.domain.access import Action, Role, Scope
from cluster.models import Baseline, DelayFlag, Milestone, User
from cluster.queries.digest import Section
from cluster.queries.digest_brief import Brief
from cluster.queries.milestones import with_dates
from cluster.queries.my_work import (
    MOST_COUNTED,
    MOST_FORECASTS,
    Asked,
    Counts,
    FlagToNote,
    ForecastToTell,
    baselines_to_decide,
    by_place,
    counted,
    flags_asked,
    flags_told,
    forecasts_asked,
    things_asked,
    with_subjects,
)
from cluster.queries.people import as_one
from cluster.queries.reporting import owed_by
from cluster.queries.together import together

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
    asked = brief.told(_read, whose=lambda one: one.reader)
    return Section("emails/sections/asked", _("Needs you"), asked) if asked.counts.total else None


def _read(everybody: Brief, people: Collection[User]) -> Mapping[User, AskedOfReader]:
    """What most people are asked is read at once: forecasts, delays, reports; the rest for the few who may be asked it."""
    today = everybody.as_of
    forecasts, flags, reports = _asked_of_each(people, today)
    first = {key for keys in forecasts.values() for key in keys[:MOST_FORECASTS]}
    rows = with_dates(Milestone.objects.filter(pk__in=first), as_of=today) if first else []
    dated = {one.milestone.pk: ForecastToTell(one) for one in rows}
    shown = {key for keys in flags.values() for key in keys[:FIRST]}
    noted = {one.flag.pk: one for one in flags_told(with_subjects(DelayFlag.objects.filter(pk__in=shown)) if shown else (), today=today)}

    def asked(person: User) -> AskedOfReader:
        of = counted(things_asked(person, today=today, besides=(Asked.FORECASTS, Asked.FLAGS, Asked.REPORTS))).of
        known = {Asked.FORECASTS: len(forecasts[person]), Asked.FLAGS: len(flags[person]), Asked.REPORTS: reports[person.pk]}
        of |= Counter({kind.value: min(n, MOST_COUNTED) for kind, n in known.items()})
        first_forecasts = sorted((dated[key] for key in forecasts[person][:MOST_FORECASTS]), key=by_place)[:FIRST]
        baselines = baselines_to_decide(person, today=today, most=FIRST) if of[Asked.BASELINES] else []
        lines = {
            Asked.FORECASTS: [_forecast_line(one) for one in first_forecasts],
            Asked.FLAGS: [_flag_line(noted[key]) for key in flags[person][:FIRST]],
            Asked.BASELINES: [_baseline_line(one) for one in baselines],
        }
        return AskedOfReader(Counts(of), [Waiting(kind.value, of[kind], _page(kind), lines.get(kind, [])) for kind in Asked if of[kind]])

    return {person: asked(person) for person in people}


def _forecast_line(one: ForecastToTell) -> Line:
    milestone = one.dated.milestone
    return Line(milestone, reverse("cluster:revise_forecast", args=[milestone.contract.code, milestone.code]), one.dated.late_days or 0)


def _flag_line(one: FlagToNote) -> Line:
    return Line(one, reverse("cluster:delay", args=[one.flag.contract.code, one.flag.pk]), one.row.days)


def _baseline_line(one: Baseline) -> Line:
    return Line(one, reverse("cluster:baseline", args=[one.contract.code, one.pk]))


def _asked_of_each(people: Collection[User], today: date) -> tuple[dict[User, list[int]], dict[User, list[int]], Counter[int]]:
    """By person the milestones of which a word is due and the delays to take note of, in their order, and how many duties lack a report:
    one statement.
    """
    scopes = {person: person.scope.allowing(Action.REVISE_FORECAST) for person in people}
    everywhere = [person for person in people if scopes[person].sees_everything]
    others, all_of_them = as_one(person for person in people if not scopes[person].sees_everything), as_one(people)
    milestones, duties, delays, *of_everywhere = together(
        forecasts_asked(people, all_of_them, today).values_list("pk", "contract_id", "factory_id", "responsible_id", "factory__manager_id"),
        owed_by(people, all_of_them, today=today).values_list("owed_by_id", "contract_id", "factory_id"),
        flags_asked(others, today).values_list("pk", "contract_id", "factory_id"),
        *(flags_asked(person, today).values_list("pk", flat=True)[:MOST_COUNTED] for person in everywhere),
    )
    forecasts, flags = {}, dict(zip(everywhere, of_everywhere, strict=True))
    for person, scope in scopes.items():
        allowed, managed = _covering(scope), _covering(person.scope.held_as(Role.MANAGER))
        forecasts[person] = [
            pk
            for pk, contract, factory, *answer in milestones
            if allowed(contract, factory) and (person.pk in answer or managed(contract, factory))
        ]
        if person not in flags:
            flags[person] = [pk for pk, contract, factory in delays if allowed(contract, factory)]
    seen = {person.pk: _covering(person.scope) for person in people}
    return forecasts, flags, Counter(person for person, contract, factory in duties if seen[person](contract, factory))


def _covering(scope: Scope) -> Callable[[int, int | None], bool]:
    """Whether something of a contract and a factory lies in the scope."""
    everything, contracts, factories = scope.sees_everything, scope.contracts, scope.factories
    return lambda contract, factory: everything or contract in contracts or factory in factories


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
