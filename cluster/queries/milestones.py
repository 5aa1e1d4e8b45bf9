"""Milestones with their dates as they were known on a day: original, due, forecast, actual."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, cast

from django.db.models import F, QuerySet

from cluster.domain.dates import DateWindow
from cluster.domain.delays import Finding, findings, late_days
from cluster.models import Dependency, Milestone, Source
from cluster.models.scope import Reader
from cluster.queries.announced import Announced, Told, announced_with_named

# To set them like attributes would take as long as to read the rows.
_CONTRACT, _FACTORY, _RESPONSIBLE = (cast(Any, Milestone._meta.get_field(name)) for name in ("contract", "factory", "responsible"))


@dataclass(frozen=True, slots=True)
class Dated:
    """One date of a milestone, when it was announced, and who said so."""

    window: DateWindow
    announced: date | None
    source: Source | None


@dataclass(frozen=True)
class DatedMilestone:
    """A milestone as it was known on `as_of`. Late days are calendar days after the due (or original) window."""

    milestone: Milestone
    as_of: date
    original: Dated | None
    due: Dated | None
    forecast: Dated | None
    actual: Dated | None

    @property
    def is_reached(self) -> bool:
        """Whether an actual date was known."""
        return self.actual is not None

    @property
    def reached_on(self) -> date | None:
        """The actual date; the end of its window where the day was not published."""
        return self.actual.window.latest if self.actual else None

    @cached_property
    def late_days(self) -> int | None:
        """Days late against the due date; None when no date was promised or the milestone is not judged."""
        return self._late(self.due)

    @cached_property
    def late_days_original(self) -> int | None:
        """Days late against the first date ever promised; rebaselining does not hide it."""
        return self._late(self.original)

    @cached_property
    def findings(self) -> list[Finding]:
        """What is wrong with the milestone by the delay rules."""
        if not self.milestone.scored:
            return []
        return findings(
            due=self.due.window if self.due else None,
            forecast=self.forecast.window if self.forecast else None,
            actual=self.reached_on,
            as_of=self.as_of,
        )

    def _late(self, promised: Dated | None) -> int | None:
        if promised is None or not self.milestone.scored:
            return None
        return late_days(
            due=promised.window,
            forecast=self.forecast.window if self.forecast else None,
            actual=self.reached_on,
            as_of=self.as_of,
        )


def dated_milestones(
    *, reader: Reader, as_of: date, contract_id: int | None = None, factory_id: int | None = None, codes: list[str] | None = None
) -> list[DatedMilestone]:
    """Milestones that `reader` may see, with their dates as announced by `as_of`, in the order of contract and factory.

    Two statements, however many there are: the rows, and their dates with all that they name.
    """
    rows = Milestone.objects.for_reader(reader)
    if contract_id is not None:
        rows = rows.filter(contract_id=contract_id)
    if factory_id is not None:
        rows = rows.filter(factory_id=factory_id)
    if codes is not None:
        rows = rows.filter(code__in=codes)
    return with_dates(rows, as_of=as_of)


def with_dates(rows: QuerySet[Milestone], *, as_of: date) -> list[DatedMilestone]:
    """The given milestones with their dates as announced by `as_of`: two statements. They share the objects of their factories,
    contracts and people: to read these with each row would cost as much as all the rest.
    """
    milestones = list(rows.order_by("contract_id", F("factory__order").asc(nulls_first=True), "code"))
    told, named = announced_with_named([milestone.pk for milestone in milestones], as_of=as_of)
    for milestone in milestones:
        _CONTRACT.set_cached_value(milestone, named.contracts[milestone.contract_id])
        _FACTORY.set_cached_value(milestone, named.factories.get(milestone.factory_id or 0))
        _RESPONSIBLE.set_cached_value(milestone, named.people.get(milestone.responsible_id or 0))
    return [_dated(milestone, as_of, told, named.sources) for milestone in milestones]


def predecessors(milestone_ids: Collection[int]) -> dict[int, list[Dependency]]:
    """What each of these milestones (the caller may read them) waits for, by code: one statement. A plan is known at any time.

    A milestone of another factory is named as well, whoever asks: its code is all that is told of it.
    """
    found: dict[int, list[Dependency]] = {pk: [] for pk in milestone_ids}
    for link in links_to(found):
        found[link.successor_id].append(link)
    return found


def links_to(milestone_ids: Collection[int]) -> "QuerySet[Dependency]":
    """The same as a query."""
    return Dependency.objects.filter(successor__in=milestone_ids).select_related("predecessor__factory").order_by("predecessor__code")


def _dated(milestone: Milestone, as_of: date, told: Announced, sources: dict[int, Source]) -> DatedMilestone:
    def dated(one: Told | None) -> Dated | None:
        return None if one is None else Dated(one.window, one.announced, sources.get(one.source) if one.source else None)

    announced, actual = milestone.actual_announced_on, None
    if announced is not None and announced <= as_of and (window := milestone.actual) is not None:
        actual = Told(window, announced, milestone.actual_source_id)
    key = milestone.pk
    return DatedMilestone(
        milestone=milestone,
        as_of=as_of,
        original=dated(told.original.get(key)),
        due=dated(told.due.get(key)),
        forecast=dated(told.forecast.get(key)),
        actual=dated(actual),
    )
