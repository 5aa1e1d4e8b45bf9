"""The slip ledger: every revision of a forecast as days lost or won, and what each milestone was ever promised for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, OuterRef, Subquery, Window
from django.db.models.functions import Coalesce, Lag

from cluster.domain.dates import DateWindow, Precision
from cluster.domain.slips import SlipSum, slip_days
from cluster.models import Baseline, BaselineMilestone, Contract, ForecastRevision, SlipReason
from cluster.models.scope import Reader
from cluster.queries.contracts import contract_for
from cluster.queries.milestones import DatedMilestone, dated_milestones

_IN_ORDER = (F("announced_latest").asc(nulls_first=True), F("id").asc())


@dataclass(frozen=True, slots=True)
class Slip:
    """One revision, announced on `on`: `days` lost (negative: won) against `before`, the end of the forecast before it.

    The first forecast of a milestone (`is_first`) counts against the due date under which it was made: that of the baseline then in
    force, else the first promise. Without any, `before` and `days` are None.
    """

    revision: ForecastRevision
    on: date
    before: date | None
    is_first: bool

    @property
    def days(self) -> int | None:
        """Calendar days between the ends of the windows."""
        return slip_days(self.before, self.revision.new_latest)

    @property
    def factory_code(self) -> str:
        """The factory's code; empty for the contract as a whole."""
        factory = self.revision.milestone.factory
        return factory.code if factory else ""

    @property
    def month(self) -> date:
        """The first day of the month in which it was announced."""
        return self.on.replace(day=1)


@dataclass(frozen=True, slots=True)
class SlipLedger:
    """The slips that a reader may see, as announced by `as_of`, the newest first; `confirmed` revisions moved nothing."""

    contract: Contract
    as_of: date
    rows: list[Slip]
    confirmed: int


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """A milestone with its due date under each baseline (by id) that was in force by then."""

    dated: DatedMilestone
    dues: dict[int, DateWindow]


def slip_ledger(*, reader: Reader, contract_code: str, as_of: date) -> SlipLedger:
    """The slips of a contract: two statements, however many there are."""
    contract = contract_for(reader, contract_code)
    promises = BaselineMilestone.objects.announced_by(as_of).filter(milestone=OuterRef("milestone"), baseline__in_force_from__lte=as_of)
    then = promises.filter(baseline__in_force_from__lte=OuterRef("on")).order_by("-baseline__in_force_from", "-id")
    first = promises.order_by("baseline__in_force_from", "id")
    revisions = (
        ForecastRevision.objects.for_reader(reader)
        .filter(milestone__contract=contract)
        .announced_by(as_of)
        .select_related("milestone__factory", "milestone__responsible", "source")
        .annotate(
            on=F("known_on"),
            previous=Window(Lag("new_latest"), partition_by=F("milestone"), order_by=_IN_ORDER),
            promised=Coalesce(Subquery(then.values("due_latest")[:1]), Subquery(first.values("due_latest")[:1])),
        )
        .order_by("-on", "-id")
    )
    rows: list[Slip] = []
    confirmed = 0
    for revision in revisions:
        row: Any = revision
        if revision.reason == SlipReason.CONFIRMED:
            confirmed += 1
        else:
            rows.append(Slip(revision, row.on, row.previous or row.promised, is_first=row.previous is None))
    return SlipLedger(contract, as_of, rows, confirmed)


def total_of(rows: Collection[Slip]) -> SlipSum:
    """The sum of the rows."""
    return sum((SlipSum.of(row.days) for row in rows), SlipSum())


def promise_rows(*, reader: Reader, contract: Contract, as_of: date) -> tuple[list[Baseline], list[PromiseRow]]:
    """The baselines in force by `as_of`, the oldest first, and each milestone that was promised under any: four statements."""
    baselines = list(Baseline.objects.filter(contract=contract, in_force_from__lte=as_of).order_by("in_force_from", "id"))
    promises = BaselineMilestone.objects.announced_by(as_of).filter(baseline__in=baselines)
    dues: dict[int, dict[int, DateWindow]] = {}
    for milestone, baseline, *due in promises.values_list("milestone", "baseline", "due_earliest", "due_latest", "due_precision"):
        dues.setdefault(milestone, {})[baseline] = DateWindow(due[0], due[1], Precision(due[2]))
    milestones = dated_milestones(reader=reader, as_of=as_of, contract_id=contract.pk)
    return baselines, [PromiseRow(dated, dues[dated.milestone.pk]) for dated in milestones if dated.milestone.pk in dues]
