"""The risk of a plan: its schedule simulated from the data date on, told in dates.

What is reached stays where it is. What is in progress has the remainder of its three durations before it; a milestone without three
durations keeps its single one. Links, lags, calendars and the bounds of dates are those of the schedule by logic alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import numpy as np

from cluster.domain.axes import Ints
from cluster.domain.calendars import WorkingDays
from cluster.domain.errors import DomainError
from cluster.domain.progress import Progress
from cluster.domain.risk import LARGEST_SEED, MOST_ITERATIONS, Counts, Risk, simulate
from cluster.domain.schedule import Basis, Schedule
from cluster.domain.spread import Shape, ThreePoints, Together

SHARES = (0.1, 0.5, 0.8, 0.95)
MOST_UPLIFT = 500


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a person assumes of a simulation.

    Two durations of one factory have the correlation `overall` + `in_factory`, two of one common cause `overall` + `in_cause`. Every
    duration still to come is `uplift_percent` longer: what plans of this class took longer in the past, by the source `uplift_reason`.
    """

    iterations: int = 10_000
    seed: int = 1
    shape: Shape = Shape.PERT
    in_factory: Decimal = Decimal("0.3")
    in_cause: Decimal = Decimal("0.2")
    overall: Decimal = Decimal("0.1")
    uplift_percent: Decimal = Decimal(0)
    uplift_reason: str = ""

    def check(self) -> None:
        """Raise DomainError naming the field of an assumption that makes no sense."""
        if not 1 <= self.iterations <= MOST_ITERATIONS:
            raise DomainError("Iterations lie between 1 and {most}.", field="iterations", code="range", most=MOST_ITERATIONS)
        if not 0 <= self.seed <= LARGEST_SEED:
            raise DomainError("A seed lies between 0 and {most}.", field="seed", code="range", most=LARGEST_SEED)
        shares = {"in_factory": self.in_factory, "in_cause": self.in_cause, "overall": self.overall}
        for name, share in shares.items():
            if not (share.is_finite() and 0 <= share <= 1):
                raise DomainError("A correlation lies between 0 and 1.", field=name, code="range")
        if sum(shares.values()) > 1:
            raise DomainError("The three correlations make at most 1 together.", field="overall", code="range")
        if not (self.uplift_percent.is_finite() and 0 <= self.uplift_percent <= MOST_UPLIFT):
            raise DomainError("An uplift lies between 0 and {most} %.", field="uplift_percent", code="range", most=MOST_UPLIFT)
        if self.uplift_percent and not self.uplift_reason.strip():
            raise DomainError("Say where the uplift comes from.", field="uplift_reason", code="required")


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a milestone shares with others, and its best and worst durations in working days, where they were estimated."""

    factory: int | None = None
    cause: str = ""
    optimistic: int | None = None
    pessimistic: int | None = None

    @property
    def is_complete(self) -> bool:
        """Whether there are three durations."""
        return self.optimistic is not None and self.pessimistic is not None


@dataclass(frozen=True, slots=True)
class Dates:
    """The days by which something is reached in 10, 50, 80 and 95 of 100 iterations."""

    p10: date
    p50: date
    p80: date
    p95: date


@dataclass(frozen=True, slots=True)
class MilestoneRisk:
    """What the iterations gave for a milestone still to come; `chance` is that of its due date, None without one."""

    key: int
    dates: Dates
    chance: float | None
    criticality: float
    sensitivity: float


@dataclass(frozen=True, slots=True)
class PlanRisk:
    """What they gave for the plan, whose due date is the last one of its milestones.

    `chance_of_all` is that of all openings still to come, each by its due date; None where none has one. `curve` counts the iterations
    by the day on which the plan ends. `estimated` milestones of those still to come have three durations.
    """

    dates: Dates
    due: date | None
    chance: float | None
    chance_of_all: float | None
    estimated: int
    curve: list[tuple[date, int]]
    milestones: list[MilestoneRisk] = field(default_factory=list)


def simulate_plan(
    schedule: Schedule,
    estimates: Mapping[int, Estimate],
    assumptions: Assumptions,
    *,
    openings: Collection[int],
    progress: Progress | None = None,
) -> PlanRisk:
    """Simulate a schedule. `estimates` has every milestone by its key, `openings` holds keys.

    Raises DomainError for a plan without milestones, for assumptions that make no sense, and for dates outside of 1990 to 2100.
    """
    if not schedule.works:
        raise DomainError("There is no milestone to schedule.", code="empty")
    assumptions.check()
    schedule.spans(Basis.LOGIC)
    bounds = schedule.bounds(Basis.LOGIC)
    ahead = [n for n, reached in enumerate(bounds.happened.tolist()) if not reached]
    dues = _instants_due(schedule)
    together = [n for n in ahead if schedule.works[n].key in openings and n in dues]
    risk = simulate(
        schedule.network,
        _three_points(schedule, estimates, assumptions.shape),
        iterations=assumptions.iterations,
        seed=assumptions.seed,
        together=_together(schedule, estimates, assumptions),
        uplift=1 + float(assumptions.uplift_percent) / 100,
        earliest=bounds.earliest,
        happened=bounds.happened,
        keep=together,
        progress=progress,
    )
    axis = schedule.calendars[0 if schedule.network.axes is not None else schedule.works[0].calendar]
    due = max((work.due for work in schedule.works if work.due), default=None)
    return PlanRisk(
        dates=_dates(axis, risk.ends),
        due=due,
        chance=risk.chance(_evening(axis, due)) if due else None,
        chance_of_all=risk.chance_of_all({n: dues[n] for n in together}) if together else None,
        estimated=sum(estimates[schedule.works[n].key].is_complete for n in ahead),
        curve=[(_day(axis, risk.ends.first + n), count) for n, count in enumerate(risk.ends.by_day.tolist()) if count],
        milestones=[_of_milestone(schedule, risk, n, dues.get(n)) for n in ahead],
    )


def _of_milestone(schedule: Schedule, risk: Risk, n: int, due: int | None) -> MilestoneRisk:
    work = schedule.works[n]
    return MilestoneRisk(
        key=work.key,
        dates=_dates(schedule.calendars[work.calendar], risk.of(n)),
        chance=None if due is None else risk.chance(due, n),
        # Of a sample: a fourth digit would say nothing.
        criticality=round(float(risk.criticality[n]), 3),
        sensitivity=round(float(risk.sensitivity[n]), 3),
    )


def _three_points(schedule: Schedule, estimates: Mapping[int, Estimate], shape: Shape) -> ThreePoints:
    """What remains of the three durations on the data date; a single duration three times where there are no three."""
    likely = schedule.network.durations
    low, high = likely.copy(), likely.copy()
    for n, work in enumerate(schedule.works):
        estimate = estimates[work.key]
        if estimate.optimistic is None or estimate.pessimistic is None:
            continue
        worked = _worked(schedule, n)
        low[n] = min(likely[n], max(0, estimate.optimistic - worked))
        high[n] = max(likely[n], estimate.pessimistic - worked)
    return ThreePoints(low, likely, high, shape)


def _worked(schedule: Schedule, n: int) -> int:
    """The working days that a milestone in progress has behind it."""
    work = schedule.works[n]
    if work.started is None or work.started > schedule.data_date:
        return 0
    begun, now = schedule.calendars[work.calendar].start(np.array([work.started.toordinal(), schedule.data_date.toordinal()])).tolist()
    return int(now - begun)


def _together(schedule: Schedule, estimates: Mapping[int, Estimate], assumptions: Assumptions) -> Together:
    """Factories and common causes as numbers. Causes are the same whatever the case and the spaces around them."""
    factories: dict[int, int] = {}
    causes: dict[str, int] = {}
    groups, shared = [], []
    for work in schedule.works:
        estimate = estimates[work.key]
        cause = estimate.cause.strip().casefold()
        groups.append(-1 if estimate.factory is None else factories.setdefault(estimate.factory, len(factories)))
        shared.append(causes.setdefault(cause, len(causes)) if cause else -1)
    return Together(groups, float(assumptions.in_factory), shared, float(assumptions.in_cause), float(assumptions.overall))


def _instants_due(schedule: Schedule) -> dict[int, int]:
    """By number of a milestone the evening of its due date, on the axis of its calendar."""
    return {n: _evening(schedule.calendars[work.calendar], work.due) for n, work in enumerate(schedule.works) if work.due}


def _evening(axis: WorkingDays, on: date) -> int:
    instants: Ints = axis.end(np.array([on.toordinal()]))
    return int(instants[0])


def _dates(axis: WorkingDays, counts: Counts) -> Dates:
    return Dates(*(_day(axis, instant) for instant in counts.quantiles(*SHARES)))


def _day(axis: WorkingDays, instant: int) -> date:
    """The working day with which an instant is reached. Raises DomainError for one outside of 1990 to 2100."""
    if not 1 <= instant <= len(axis.days):
        raise DomainError("The simulated dates leave the years 1990 to 2100: check the pessimistic durations.", code="date_range")
    return axis.day(instant - 1)
