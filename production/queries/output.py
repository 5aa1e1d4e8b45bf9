"""Plans and output by year: the first plan, the plan in force, what was built, and how the two compare."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from cluster.models.scope import Reader
from cluster.queries.known import known_among, to_be_known
from cluster.queries.together import together
from production.models import Output, PlanRevision

VEHICLES = "vehicles"
WHOLE_YEAR = 12
# Plans of one year compete; so do figures about one subject and period.
PLAN_PLACE = ("contract_id", "year")
OUTPUT_PLACE = ("contract_id", "factory_id", "brand_id", "vehicle_model_id", "segment", "year", "month", "unit")


@dataclass(frozen=True, slots=True)
class Year:
    """One year of a contract. `plans` are the revisions in use, the oldest first; rivals are claims not in use."""

    year: int
    plans: list[PlanRevision] = field(default_factory=list)
    plan_rivals: list[PlanRevision] = field(default_factory=list)
    output: Output | None = None
    quantity: int | None = None
    months: int = 0
    output_rivals: list[Output] = field(default_factory=list)
    parts: list[Output] = field(default_factory=list)
    before: int | None = None

    @property
    def first_plan(self) -> tuple[int, int] | None:
        """Bounds of the first plan announced; one bound stands for both where only one was given."""
        return bounds(self.plans[0]) if self.plans else None

    @property
    def plan(self) -> tuple[int, int] | None:
        """Bounds of the plan in force."""
        return bounds(self.plans[-1]) if self.plans else None

    @property
    def whole_quantity(self) -> int | None:
        """The output where the whole year is known: some of its months are never compared with a year."""
        return self.quantity if self.months == WHOLE_YEAR else None

    @property
    def fulfilment(self) -> Decimal | None:
        """Output in per cent of the low bound of the plan in force; None where either is not known wholly or the bound is 0."""
        return _per_cent(self.whole_quantity, self.plan[0] if self.plan else None)

    @property
    def fulfilment_first(self) -> Decimal | None:
        """Output in per cent of the low bound of the first plan."""
        return _per_cent(self.whole_quantity, self.first_plan[0] if self.first_plan else None)

    @property
    def year_on_year(self) -> Decimal | None:
        """Growth in per cent on the year before, where both years are known wholly."""
        share = _per_cent(self.whole_quantity, self.before)
        return share - 100 if share is not None else None

    @property
    def is_short(self) -> bool:
        """Whether output lies below the low bound of the plan in force."""
        return self.fulfilment is not None and self.fulfilment < 100

    @property
    def rival_quantities(self) -> list[int]:
        """Other numbers that sources give for the year's output."""
        return sorted({rival.quantity for rival in self.output_rivals} - {self.quantity or -1})


def bounds(plan: PlanRevision) -> tuple[int, int]:
    """Low and high bound of a plan; a missing one is taken from the other."""
    low, high = plan.low, plan.high
    return (low if low is not None else high or 0, high if high is not None else low or 0)


def yearly(reader: Reader, contract_id: int, as_of: date) -> list[Year]:
    """Every year with a plan or an output of vehicles as announced by `as_of`, the oldest first: one statement."""
    plans = PlanRevision.objects.for_reader(reader).filter(contract_id=contract_id).select_related("source")
    outputs = (
        Output.objects.for_reader(reader)
        .filter(contract_id=contract_id, unit=VEHICLES, factory=None)
        .select_related("source", "brand", "vehicle_model__brand")
    )
    plans_of: dict[int, list[PlanRevision]] = defaultdict(list)
    outputs_of: dict[int, list[Output]] = defaultdict(list)
    planned, built = together(
        to_be_known(plans.order_by("year", "announced_latest", "id")), to_be_known(outputs.order_by("-quantity", "id"))
    )
    for plan in known_among(planned, as_of=as_of, place=PLAN_PLACE):
        plans_of[plan.year].append(plan)
    for output in known_among(built, as_of=as_of, place=OUTPUT_PLACE):
        outputs_of[output.year].append(output)
    totals = {year: total(rows) for year, rows in outputs_of.items()}
    whole = {year: quantity for year, (quantity, months) in totals.items() if months == WHOLE_YEAR}
    return [_year(year, plans_of[year], outputs_of[year], whole.get(year - 1)) for year in sorted({*plans_of, *outputs_of})]


def _year(year: int, plans: Sequence[PlanRevision], outputs: Sequence[Output], before: int | None) -> Year:
    quantity, months = total(outputs)
    whole = [row for row in outputs if is_whole(row) and row.month is None]
    return Year(
        year=year,
        plans=[plan for plan in plans if plan.in_use],
        plan_rivals=[plan for plan in plans if not plan.in_use],
        output=next((row for row in whole if row.in_use), None),
        quantity=quantity,
        months=months,
        output_rivals=[row for row in whole if not row.in_use],
        parts=[row for row in outputs if row.in_use and row.month is None and not is_whole(row)],
        before=before,
    )


def total(outputs: Sequence[Output]) -> tuple[int | None, int]:
    """The year's figure in use, or the sum of its months and how many they are where only months are known."""
    used = [row for row in outputs if row.in_use and is_whole(row)]
    for row in used:
        if row.month is None:
            return row.quantity, WHOLE_YEAR
    return (sum(row.quantity for row in used), len(used)) if used else (None, 0)


def is_whole(row: Output) -> bool:
    """Whether the row is about all vehicles, not a brand, a model or a segment."""
    return row.brand_id is None and row.vehicle_model_id is None and not row.segment


def _per_cent(value: int | None, base: int | None) -> Decimal | None:
    return Decimal(value) / base * 100 if value is not None and base else None
