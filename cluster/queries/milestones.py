"""Milestones with their dates as they were known on a day: original, due, forecast, actual."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject

from cluster.domain.dates import DateWindow, Precision
from cluster.domain.delays import Finding, findings, late_days
from cluster.models import BaselineMilestone, Dependency, ForecastRevision, Milestone, Source
from cluster.models.scope import Reader


@dataclass(frozen=True, slots=True)
class Dated:
    """One date of a milestone, when it was announced, and who said so."""

    window: DateWindow
    announced: date | None
    source: Source | None


@dataclass(frozen=True, slots=True)
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

    @property
    def late_days(self) -> int | None:
        """Days late against the due date; None when no date was promised or the milestone is not judged."""
        return self._late(self.due)

    @property
    def late_days_original(self) -> int | None:
        """Days late against the first date ever promised; rebaselining does not hide it."""
        return self._late(self.original)

    @property
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

    Two statements, however many there are: the rows, and the sources they name.
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
    """The given milestones with their dates as announced by `as_of`: two statements."""
    in_force = BaselineMilestone.objects.announced_by(as_of).filter(
        milestone=OuterRef("pk"), baseline__in_force_from__lte=as_of, baseline__in_force_from__isnull=False
    )
    revisions = ForecastRevision.objects.announced_by(as_of).filter(milestone=OuterRef("pk"))
    milestones = list(
        rows.select_related("contract", "factory", "responsible")
        .annotate(
            original_row=_newest(in_force.order_by("baseline__in_force_from", "id"), "due"),
            due_row=_newest(in_force.order_by("-baseline__in_force_from", "-id"), "due"),
            forecast_row=_newest(revisions.order_by(F("announced_latest").desc(nulls_last=True), "-id"), "new"),
        )
        .order_by("contract_id", F("factory__order").asc(nulls_first=True), "code")
    )
    wanted = {row["source"] for m in milestones for row in (m.original_row, m.due_row, m.forecast_row) if row}
    wanted |= {m.actual_source_id for m in milestones}
    sources = Source.objects.in_bulk([key for key in wanted if key is not None])
    return [_dated(m, as_of, sources) for m in milestones]


def predecessors(milestone_ids: Collection[int]) -> dict[int, list[Dependency]]:
    """What each of these milestones (the caller may read them) waits for, by code: one statement. A plan is known at any time.

    A milestone of another factory is named as well, whoever asks: its code is all that is told of it.
    """
    found: dict[int, list[Dependency]] = {pk: [] for pk in milestone_ids}
    links = Dependency.objects.filter(successor__in=found).select_related("predecessor__factory").order_by("predecessor__code")
    for link in links:
        found[link.successor_id].append(link)
    return found


def _newest(rows: QuerySet[Any], prefix: str) -> Subquery:
    """The first of `rows` as one JSON value, so that a date's three columns and its source need one look-up."""
    columns = {part: f"{prefix}_{part}" for part in ("earliest", "latest", "precision")}
    return Subquery(rows.values(row=JSONObject(**columns, announced="announced_latest", source="source_id"))[:1])


def _dated(milestone: Any, as_of: date, sources: dict[Any, Source]) -> DatedMilestone:
    actual = None
    if milestone.actual is not None and milestone.actual_announced_on <= as_of:
        actual = Dated(milestone.actual, milestone.actual_announced_on, sources.get(milestone.actual_source_id))

    def read(row: dict[str, Any] | None) -> Dated | None:
        if row is None:
            return None
        window = DateWindow(date.fromisoformat(row["earliest"]), date.fromisoformat(row["latest"]), Precision(row["precision"]))
        announced = date.fromisoformat(row["announced"]) if row["announced"] else None
        return Dated(window, announced, sources.get(row["source"]))

    return DatedMilestone(
        milestone=milestone,
        as_of=as_of,
        original=read(milestone.original_row),
        due=read(milestone.due_row),
        forecast=read(milestone.forecast_row),
        actual=actual,
    )
