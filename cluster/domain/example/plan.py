"""The example plan: an invented contract of twelve factories, the same rows from the same seed. Nothing in it is real."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from cluster.domain.example import money
from cluster.domain.example.estimates import exceptions
from cluster.domain.example.factories import PLANTS, Plant
from cluster.domain.example.figures import contract_claims, factory_claims
from cluster.domain.example.network import Link
from cluster.domain.example.rows import BaselineRow, ClaimRow, EntryRow, ExceptionRow, LineRow, MilestoneRow, RevisionRow
from cluster.domain.example.schedule import AMENDED, KNOWN_TO, PROPOSED, SIGNED, Schedule
from cluster.domain.example.weights import weights_of

SEED = 70_400
# The first months whose budget the amendment and the proposal can change.
_AMENDED_MONTH, _PROPOSED_MONTH = date(2025, 5, 1), date(2026, 11, 1)
_ORIGINAL_FROM = date(2023, 10, 2)
_MORE = "Пример: удорожание оборудования и работ."
_ANEW = "Пример: те же деньги по новым срокам."
_LESS = "Пример: часть работ снята, деньги не освоены."


@dataclass(frozen=True, slots=True)
class ExamplePlan:
    """All rows of the example. Entries stand in the order of recording; a reversal names the place of what it takes back.

    `weights` are millionths of a factory's budget by milestone, the same under every baseline.
    """

    plants: tuple[Plant, ...]
    milestones: tuple[MilestoneRow, ...]
    weights: Mapping[str, int]
    exceptions: tuple[ExceptionRow, ...]
    dependencies: tuple[Link, ...]
    original: BaselineRow
    in_force: BaselineRow
    proposed: BaselineRow
    revisions: tuple[RevisionRow, ...]
    entries: tuple[EntryRow, ...]
    claims: tuple[ClaimRow, ...]


def example_plan(rate_days: Sequence[date], seed: int = SEED) -> ExamplePlan:
    """The plan. `rate_days` are the dates of the official rates that are known: payments fall on such days where a month has any."""
    random = Random(seed)  # noqa: S311
    schedule = Schedule(random)
    in_force, proposed = schedule.in_force(), schedule.proposed()
    first = {plant: money.lines_of(plant, plant.before, schedule.original) for plant in PLANTS}
    second = {plant: _second(plant, schedule.original, in_force, first[plant]) for plant in PLANTS}
    third = {plant: _third(plant, in_force, proposed, second[plant]) for plant in PLANTS}
    budget = {plant: list(money.rows_of(plant, second[plant], first[plant], _reason(plant))) for plant in PLANTS}
    ledger = money.Ledger(random, rate_days)
    for plant in PLANTS:
        ledger.record(plant, schedule.final)
    ledger.mistakes()
    claims = list(contract_claims(_paid_by_year(ledger.entries)))
    for plant in PLANTS:
        claims += factory_claims(plant, in_force, budget[plant])
    milestones = tuple(schedule.milestones(random))
    return ExamplePlan(
        plants=PLANTS,
        milestones=milestones,
        weights=weights_of(milestones),
        exceptions=exceptions(),
        dependencies=tuple(schedule.dependencies()),
        original=BaselineRow(
            name_ru="Пример: первоначальный план",
            name_en="Example: original plan",
            reason="Пример: план при подписании.",
            told=_ORIGINAL_FROM,
            in_force_from=_ORIGINAL_FROM,
            amended=False,
            dates=tuple(schedule.dates(schedule.original)),
            lines=_joined(money.rows_of(plant, first[plant]) for plant in PLANTS),
        ),
        in_force=BaselineRow(
            name_ru="Пример: план по соглашению № 1",
            name_en="Example: plan under amendment 1",
            reason=_MORE,
            told=AMENDED,
            in_force_from=AMENDED,
            amended=True,
            dates=tuple(schedule.dates(in_force, schedule.original)),
            lines=_joined(budget.values()),
        ),
        proposed=BaselineRow(
            name_ru="Пример: предложение на 2027 год",
            name_en="Example: proposal for 2027",
            reason="Пример: новые сроки четырёх заводов.",
            told=PROPOSED,
            in_force_from=None,
            amended=False,
            dates=tuple(schedule.dates(proposed, in_force)),
            lines=_joined(
                money.rows_of(plant, third[plant], second[plant], _LESS if plant.proposed < plant.budget else _reason(plant))
                for plant in PLANTS
            ),
        ),
        revisions=tuple(schedule.revisions()),
        entries=tuple(ledger.entries),
        claims=tuple(claims),
    )


def _second(
    plant: Plant, original: money.Finishes, in_force: money.Finishes, before: dict[money.Line, dict[date, int]]
) -> dict[money.Line, dict[date, int]]:
    if plant.budget == plant.before and not _moved(plant, original, in_force):
        return before
    return money.changed_lines(plant, plant.budget, in_force, before, _AMENDED_MONTH)


def _third(
    plant: Plant, in_force: money.Finishes, proposed: money.Finishes, before: dict[money.Line, dict[date, int]]
) -> dict[money.Line, dict[date, int]]:
    if plant.proposed == plant.budget and not _moved(plant, in_force, proposed):
        return before
    return money.changed_lines(plant, plant.proposed, proposed, before, _PROPOSED_MONTH)


def _moved(plant: Plant, before: money.Finishes, after: money.Finishes) -> bool:
    return any(number != before[code] for code, number in after.items() if code.startswith(plant.code))


def _reason(plant: Plant) -> str:
    return _ANEW if plant.budget == plant.before == plant.proposed else _MORE


def _joined(parts: Iterable[Iterable[LineRow]]) -> tuple[LineRow, ...]:
    return tuple(row for part in parts for row in part)


def _paid_by_year(entries: Iterable[EntryRow]) -> dict[int, int]:
    """What was paid from the signing to the end of each year, in kopecks."""
    entries = list(entries)
    return {
        year: sum(entry.kopecks for entry in entries if entry.kind == "payment" and entry.on.year <= year)
        for year in range(SIGNED.year, KNOWN_TO.year + 1)
    }
