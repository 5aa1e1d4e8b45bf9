"""The output of the example: an invented make of cars with its plans, and what the opened factories make. Nothing in it is real."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from cluster.domain.dates import months
from cluster.domain.example import SEED, ExamplePlan
from cluster.domain.example.money import spread
from cluster.domain.example.schedule import KNOWN_TO

# Vehicles of a whole year, as they came.
_BUILT = {2024: 31_840, 2025: 58_260, 2026: 88_400}
# Per mille of a year by month: a holiday in January, works in July, a full order book at the end.
_SEASONS = (52, 76, 88, 86, 80, 84, 62, 80, 94, 98, 100, 100)
# Months from the start of a series to its full run.
_RAMP = 9


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model of the invented make, and its share in a year's vehicles, per cent."""

    name: str
    segment: str
    percent: int


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan for a year, as told on a day."""

    year: int
    low: int
    high: int
    told: date


@dataclass(frozen=True, slots=True)
class CapacityRow:
    """Vehicles that can be built in a year from a day on."""

    since: date
    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class OutputRow:
    """What was built: in a month, or in a year where that is None; of a factory, of a model, or of all vehicles."""

    factory: str
    model: str
    year: int
    month: int | None
    quantity: int
    unit: str
    told: date


MODELS = (
    ModelRow("Пример-1 (вымышлено)", "passenger", 56),
    ModelRow("Пример-2 (вымышлено)", "passenger", 31),
    ModelRow("Пример-Э (вымышлено)", "electric", 13),
)
PLANS = (
    PlanRow(2024, 30_000, 36_000, date(2023, 12, 14)),
    PlanRow(2025, 62_000, 75_000, date(2024, 12, 12)),
    PlanRow(2025, 55_000, 64_000, date(2025, 6, 19)),
    PlanRow(2026, 100_000, 115_000, date(2025, 12, 11)),
    PlanRow(2026, 85_000, 98_000, date(2026, 7, 2)),
    PlanRow(2027, 110_000, 135_000, date(2026, 10, 15)),
)
CAPACITIES = (
    CapacityRow(date(2024, 1, 1), 60_000, None),
    CapacityRow(date(2025, 7, 1), 100_000, None),
    CapacityRow(date(2026, 7, 1), 120_000, 150_000),
)


def outputs(plan: ExamplePlan, seed: int = SEED) -> Iterator[OutputRow]:
    """Vehicles by month, by model in whole years, and the factories' own output since their series began."""
    random = Random(seed)  # noqa: S311
    for year, built in _BUILT.items():
        shares = spread(built, [weight * random.randint(94, 106) for weight in _SEASONS])
        for first, quantity in zip(months(date(year, 1, 1), date(year, 12, 1)), shares, strict=True):
            if first <= KNOWN_TO:
                yield OutputRow("", "", year, first.month, quantity, "vehicles", _told(first))
        if year < KNOWN_TO.year:
            for model, quantity in zip(MODELS, spread(built, [model.percent for model in MODELS]), strict=True):
                yield OutputRow("", model.name, year, None, quantity, "vehicles", date(year + 1, 1, 20))
    started = {row.factory: row.actual for row in plan.milestones if row.kind == "series" and row.code.endswith("S01")}
    for plant in plan.plants:
        since = started[plant.code]
        for age, month in enumerate(months(since, KNOWN_TO) if since else ()):
            run = min(100, (age + 1) * 100 // _RAMP) * random.randint(82, 95)
            quantity = plant.capacity * run // 120_000
            yield OutputRow(plant.code, "", month.year, month.month, quantity, plant.unit.removesuffix("_per_year"), _told(month))


def _told(month: date) -> date:
    """A month's output is told early in the next one."""
    return month + timedelta(days=36)
