"""The dates and weights of a baseline: what it holds of each milestone, and what the weights of each factory make."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, QuerySet, Sum

from cluster.domain.baseline_dates import DueDate
from cluster.models import Baseline, BaselineMilestone, Milestone
from cluster.models.scope import Reader


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of one factory under a baseline: their sum, how many milestones have one, how many a date alone."""

    factory: str
    total: Decimal
    weighted: int
    bare: int

    @property
    def is_whole(self) -> bool:
        """Whether they make exactly 1."""
        return self.total == 1


def milestones_of(reader: Reader, baseline: Baseline, *, factory: str = "") -> QuerySet[Milestone]:
    """The milestones of a baseline's contract that `reader` may see, with a date in it or without, by factory and code."""
    rows = Milestone.objects.for_reader(reader).filter(contract=baseline.contract_id).select_related("factory")
    rows = rows.filter(factory__code=factory) if factory else rows
    return rows.order_by(F("factory__order").asc(nulls_first=True), "factory__code", "code")


def due_dates(baseline: Baseline, milestones: Iterable[int] | None = None) -> dict[int, DueDate]:
    """What a baseline holds, by milestone (the caller may read them): of these, or of all. One statement."""
    rows = BaselineMilestone.objects.filter(baseline=baseline)
    if milestones is not None:
        rows = rows.filter(milestone__in=milestones)
    return {row.milestone_id: due_date(row) for row in rows}


def due_date(row: BaselineMilestone) -> DueDate:
    """A stored date as rows are laid over it."""
    return DueDate(row.due, row.weight, row.note_ru)


def weights_of(reader: Reader, baseline: Baseline) -> list[Weights]:
    """The factories that have a weight under a baseline, in their order, as far as `reader` sees them: one statement."""
    rows: Any = BaselineMilestone.objects.for_reader(reader).filter(baseline=baseline, milestone__factory__isnull=False).order_by()
    sums = (
        rows.values("milestone__factory__code")
        .annotate(total=Sum("weight"), weighted=Count("weight"), n=Count("pk"))
        .order_by("milestone__factory__order", "milestone__factory__code")
    )
    return [
        Weights(row["milestone__factory__code"], row["total"], row["weighted"], row["n"] - row["weighted"])
        for row in sums
        if row["weighted"]
    ]
