"""What an approval freezes beside the money: the milestone dates against those before, and what must have been seen first.

Also how a proposal ended that somebody still has open: approved or withdrawn, by whom, and when.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, Count, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from cluster.domain.approval import Plan, Warn, warnings
from cluster.domain.budgets import Change
from cluster.domain.dates import DateWindow
from cluster.domain.errors import DomainError
from cluster.models import Baseline, BaselineMilestone, BudgetLine, Contract, Milestone, User
from cluster.models.scope import Reader
from cluster.queries.people import sees_people
from cluster.queries.together import together


@dataclass(frozen=True, slots=True)
class DateDifference:
    """One milestone under two baselines: when it was due (None: it had no date), and when it is due; its weights, where it has any."""

    milestone: Milestone
    old: DateWindow | None
    new: DateWindow | None
    old_weight: Decimal | None = None
    new_weight: Decimal | None = None

    @property
    def change(self) -> Change:
        """What became of the date and its weight."""
        if self.old is None:
            return Change.ADDED
        if self.new is None:
            return Change.REMOVED
        same = self.old == self.new and self.old_weight == self.new_weight
        return Change.UNCHANGED if same else Change.CHANGED

    @property
    def days(self) -> int | None:
        """Days later, or (negative) earlier, by the last day of each; None where one of the dates is missing."""
        return (self.new.latest - self.old.latest).days if self.old and self.new else None


@dataclass(frozen=True, slots=True)
class DateComparison:
    """The dates of two baselines, each milestone of both once, in the order of the factories and their milestones."""

    differences: list[DateDifference]

    @property
    def moved(self) -> list[DateDifference]:
        """The dates that are not the same."""
        return [one for one in self.differences if one.change is not Change.UNCHANGED]

    @property
    def has_weights(self) -> bool:
        """Whether one of the two gives a weight to any milestone."""
        return any(one.old_weight is not None or one.new_weight is not None for one in self.differences)

    @property
    def counts(self) -> dict[str, int]:
        """How many dates were added, changed, left out, and stayed."""
        return {change.value: sum(one.change is change for one in self.differences) for change in Change}


# Two plans have thousands of dates: only what is told of them is read.
_COMPARED = (
    *("baseline", "milestone", "due_earliest", "due_latest", "due_precision", "weight"),
    *(f"milestone__{name}" for name in ("contract", "factory", "code", "name_ru", "name_en")),
    *(f"milestone__factory__{name}" for name in ("contract", "code", "name_ru", "name_en", "order")),
)


def compare_dates(reader: Reader, old: Baseline | None, new: Baseline, *, as_of: date | None = None) -> DateComparison:
    """What differs between the milestone dates of two baselines, as far as `reader` sees them: one statement."""
    rows = BaselineMilestone.objects.for_reader(reader).filter(baseline__in=[one.pk for one in (old, new) if one])
    if as_of is not None:
        rows = rows.announced_by(as_of)
    rows = rows.select_related("milestone__factory").order_by("milestone__factory__order", "milestone__factory__code", "milestone__code")
    found: dict[int, list[Any]] = {}
    for row in rows.only(*_COMPARED):
        pair = found.setdefault(row.milestone_id, [row.milestone, None, None, None, None])
        place = 2 if row.baseline_id == new.pk else 1
        pair[place], pair[place + 2] = row.due, row.weight
    return DateComparison([DateDifference(*pair) for pair in found.values()])


def baseline_before(baseline: Baseline) -> Baseline | None:
    """The approved or published one that this baseline follows; for a proposal the newest of all."""
    others = Baseline.objects.filter(contract_id=baseline.contract_id, in_force_from__isnull=False).exclude(pk=baseline.pk)
    if baseline.in_force_from is not None:
        others = others.filter(in_force_from__lt=baseline.in_force_from)
    return others.order_by("-in_force_from").first()


def approval_warnings(baseline: Baseline, before: Baseline | None) -> dict[Warn, DomainError]:
    """What must have been seen before `baseline` is approved, for somebody who sees all of it: one statement."""
    if before is None:
        return {}
    dates = BaselineMilestone.objects.filter(baseline__in=[before.pk, baseline.pk])
    old_sums, new_sums, counted = together(_sums(before), _sums(baseline), dates.order_by().values_list("baseline").annotate(n=Count("pk")))
    number = dict(counted)
    return warnings(_plan(before, old_sums, number.get(before.pk, 0)), _plan(baseline, new_sums, number.get(baseline.pk, 0)))


def _sums(baseline: Baseline) -> "QuerySet[Any, Any]":
    lines = BudgetLine.objects.filter(baseline=baseline).order_by()
    return lines.values_list("factory__code").annotate(rub=Sum("amount_rub")).order_by("factory__order", "factory__code")


def _plan(baseline: Baseline, sums: list[Any], dates: int) -> Plan:
    return Plan(str(baseline.name), sum((rub for _, rub in sums), Decimal(0)), dates, [code for code, _ in sums])


@dataclass(frozen=True, slots=True)
class Ending:
    """How a proposal ended: its name, whether it was approved (else withdrawn), when (None: not kept), and by whom.

    `by` is empty where nobody is recorded or the reader may not see names; `baseline` is None once it was withdrawn.
    """

    name: str
    approved: bool
    at: datetime | None
    by: str
    baseline: Baseline | None


def ending_of(reader: Reader, contract: Contract, baseline_id: int) -> Ending | None:
    """How a proposal of a contract ended that `reader` may look at; None for one that is open, and for one that never was."""
    baseline = Baseline.objects.for_reader(reader).filter(contract=contract, pk=baseline_id).first()
    if baseline is not None and baseline.kind == Baseline.Kind.DRAFT:
        return None
    history: Any = Baseline._meta.get_field("history").related_model
    of_it = history.objects.filter(pgh_obj_id=baseline_id, contract_id=contract.pk).order_by("-pgh_id")
    event = of_it.annotate(who=Cast(KeyTextTransform("user", "pgh_context__metadata"), BigIntegerField())).first()
    if event is None and baseline is None:
        return None
    who = event.who if event else None
    person = User.objects.filter(pk=who).first() if who and sees_people(reader, contract_id=contract.pk) else None
    by = (person.get_full_name() or person.get_username()) if person else ""
    at = event.pgh_created_at if event else None
    # An event has the columns of a baseline, not its ways.
    named = baseline or Baseline(name_ru=event.name_ru, name_en=event.name_en)
    return Ending(str(named), baseline is not None, at, by, baseline)
