"""When the works of the example were planned, and what came of them: dates, baselines, forecasts and their slips."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from datetime import date, timedelta
from graphlib import TopologicalSorter
from random import Random

from cluster.domain.dates import DateWindow, Precision
from cluster.domain.example.estimates import BOUNDS, cause_of, three_points
from cluster.domain.example.factories import ACROSS, PLANTS, Plant, Slip
from cluster.domain.example.network import LINKS, WORKS, Link, Work, day_of, finishes, number_of
from cluster.domain.example.rows import DateRow, MilestoneRow, RevisionRow

SIGNED = date(2023, 9, 1)
# A day of which the official rate is known.
AMENDED = date(2025, 4, 22)
PROPOSED = date(2026, 10, 19)
# The last day of which the example knows what happened.
KNOWN_TO = date(2026, 10, 31)
REBASED, REPLANNED = (4, 5, 8), (4, 5, 6, 11)
_REVIEW = date(2026, 10, 26)
# What a person who is responsible for a factory tells anew when something slips; the rest follows by the network.
_TOLD = ("C12", "C13", "E03", "E06", "K01", "K04", "O01", "S01", "S02")
_WORTH_TELLING = 10
_PROMISES = (
    Work("FOUR", "contract_promise", "Первые четыре завода открыты", "The first four plants opened", 0),
    Work("ALL", "contract_promise", "Все двенадцать заводов открыты", "All twelve plants opened", 0),
)
_FIRST_FOUR = (1, 2, 3, 8)


class Schedule:
    """The network of the whole contract, dated as it was planned, as it was known on a day, and as it came."""

    def __init__(self, random: Random) -> None:
        self.works: dict[str, tuple[Plant | None, Work]] = {
            f"{plant.code}-{work.suffix}": (plant, work) for plant in PLANTS for work in WORKS if work.suffix not in plant.left_out
        } | {f"X-{work.suffix}": (None, work) for work in _PROMISES}
        self.links: dict[str, list[Link]] = defaultdict(list)
        for link in self._all_links():
            self.links[link.after].append(link)
        self.order = list(TopologicalSorter({code: [link.before for link in self.links[code]] for code in self.works}).static_order())
        self._planned = {code: self._planned_days(code) for code in self.works}
        self._real = {code: _as_it_came(days, random) for code, days in self._planned.items()}
        self._starts = {f"{plant.code}-D01": number_of(plant.start) for plant in PLANTS}
        self.original = self._finishes(self._planned, ())
        self._not_before = {
            code: self.original[code] - self._planned[code]
            for code, (plant, _work) in self.works.items()
            if plant is not None and not any(slip.days < 0 for slip in plant.slips)
        } | self._starts
        self.slips = sorted(((slip, plant) for plant in PLANTS for slip in plant.slips), key=lambda told: (told[0].told, told[1].number))
        self.final = self.known_on(KNOWN_TO)

    def known_on(self, on: date) -> dict[str, int]:
        """The working day on which each work is done, by the slips told by `on`."""
        return self._finishes(self._real, [told for told in self.slips if told[0].told <= on], self._not_before)

    def in_force(self) -> dict[str, int]:
        """The dates under the baseline in force: planned anew where the amendment allowed it, the others as they were."""
        slips = [told for told in self.slips if told[0].told <= AMENDED and told[1].number in REBASED]
        anew = self._finishes(self._planned, slips)
        return {code: self.original[code] if self.is_done(code, AMENDED) else anew[code] for code in self.works}

    def proposed(self) -> dict[str, int]:
        """The dates of the proposal: what is expected at the factories that ask for it, the others as they are."""
        in_force, expected = self.in_force(), self.known_on(PROPOSED)
        return {
            code: expected[code]
            if (plant is None or plant.number in REPLANNED) and not self.is_done(code, PROPOSED) and expected[code] > in_force[code]
            else in_force[code]
            for code, (plant, _work) in self.works.items()
        }

    def is_done(self, code: str, on: date) -> bool:
        """Whether the milestone was reached by `on`."""
        return day_of(self.final[code]) <= on

    def dependencies(self) -> Iterator[Link]:
        """Every link, by the milestone that waits."""
        for code in self.order:
            yield from self.links[code]

    def milestones(self, random: Random) -> Iterator[MilestoneRow]:
        """The milestones, with the day on which their work began and the actual dates of those that were reached."""
        for code, (plant, work) in self.works.items():
            actual = day_of(self.final[code]) if self.is_done(code, KNOWN_TO) else None
            told = min(actual + timedelta(days=random.randint(0, 5)), KNOWN_TO) if actual else None
            days = self._planned[code]
            yield MilestoneRow(
                code=code,
                factory=plant.code if plant else "",
                kind=work.kind,
                name_ru=work.name_ru,
                name_en=work.name_en,
                days=days,
                range=three_points(work.kind, days),
                cause=cause_of(plant, work) if plant else "",
                started=self._started(code),
                bound=BOUNDS.get(code),
                actual=actual,
                told=told,
            )

    def _started(self, code: str) -> date | None:
        """The first day of the work, where it has begun; a mere date has none."""
        length = self._lengths(self._real, self.slips)(code)
        first = day_of(self.final[code] - length + 1)
        return first if length and first <= KNOWN_TO else None

    def dates(self, finish: dict[str, int], before: dict[str, int] | None = None) -> Iterator[DateRow]:
        """The dates of a baseline, with a reason where it moves one of the baseline before."""
        for code, number in finish.items():
            if before is None or before[code] == number:
                yield DateRow(code, self._promised(code, number))
                continue
            days = number - before[code]
            yield DateRow(
                code,
                self._promised(code, number),
                f"Перенесено на {days} раб. дн.: сроки поставки и работ уточнены.",
                f"Moved by {days} working days: deliveries and works were planned anew.",
            )

    def revisions(self) -> Iterator[RevisionRow]:
        """Every change of a forecast, in the order in which it was told."""
        shown = {code: self._promised(code, number) for code, number in self.original.items()}
        current = dict(self.original)
        last: dict[int, Slip] = {}

        def tell(code: str, expected: int, told: date, reason: str, note_ru: str, note_en: str) -> RevisionRow:
            new = _forecast(day_of(expected), told)
            row = RevisionRow(code, shown[code], new, told, reason, note_ru, note_en)
            shown[code], current[code] = new, expected
            return row

        for slip, at in self.slips:
            last[at.number] = slip
            expected = self.known_on(slip.told)
            for code in self.order:
                plant, work = self.works[code]
                moved = abs(expected[code] - current[code]) >= _WORTH_TELLING
                if not moved or self.is_done(code, slip.told) or not _is_told(plant, work, slip, at):
                    continue
                if plant is at:
                    reason, ru, en = slip.reason, slip.note_ru, slip.note_en
                else:
                    reason, ru, en = "partner", f"Ждём: {at.name_ru}.", f"Waiting for: {at.name_en}."
                yield tell(code, expected[code], slip.told, reason, ru, en)
        for code in self.order:
            plant, _work = self.works[code]
            if not self.is_done(code, KNOWN_TO) and shown[code].latest <= _REVIEW:
                newest = last.get(plant.number) if plant else None
                yield tell(
                    code,
                    self.final[code],
                    _REVIEW,
                    newest.reason if newest else "other",
                    "Сверка сроков за октябрь.",
                    "October review of the dates.",
                )

    def _all_links(self) -> Iterator[Link]:
        for plant in PLANTS:
            for link in LINKS:
                if not {link.before, link.after} & set(plant.left_out):
                    yield Link(f"{plant.code}-{link.before}", f"{plant.code}-{link.after}", link.type, link.lag)
        for before, after, lag in ACROSS:
            yield Link(before, after, "FS", lag)
        for plant in PLANTS:
            yield Link(f"{plant.code}-O01", "X-ALL")
            if plant.number in _FIRST_FOUR:
                yield Link(f"{plant.code}-O01", "X-FOUR")

    def _planned_days(self, code: str) -> int:
        plant, work = self.works[code]
        return (work.days * plant.pace + 50) // 100 if plant else work.days

    def _finishes(
        self, days: dict[str, int], slips: Collection[tuple[Slip, Plant]], not_before: dict[str, int] | None = None
    ) -> dict[str, int]:
        return finishes(self.order, self.links, self._lengths(days, slips), not_before or self._starts)

    @staticmethod
    def _lengths(days: dict[str, int], slips: Collection[tuple[Slip, Plant]]) -> Callable[[str], int]:
        """The working days of each work with what the slips add to it."""
        longer: dict[str, int] = defaultdict(int)
        for slip, plant in slips:
            longer[f"{plant.code}-{slip.suffix}"] += slip.days
        return lambda code: max(0, days[code] + longer[code])

    def _promised(self, code: str, number: int) -> DateWindow:
        """What a plan promises: a day; for openings and full capacity a quarter, for series production a month."""
        plant, work = self.works[code]
        precision = {"O01": Precision.QUARTER, "S02": Precision.QUARTER, "S01": Precision.MONTH}.get(work.suffix, Precision.DAY)
        return DateWindow.containing(day_of(number), precision if plant else Precision.QUARTER)


def _as_it_came(days: int, random: Random) -> int:
    """Most works keep their time or are a little faster; one in ten takes a little longer."""
    if random.randint(1, 10) == 1:
        return days + random.randint(1, max(1, days // 16))
    return days - random.randint(0, days // 10)


def _forecast(on: date, told: date) -> DateWindow:
    """The farther away, the coarser."""
    ahead = (on - told).days
    return DateWindow.containing(on, Precision.QUARTER if ahead > 300 else Precision.MONTH if ahead > 120 else Precision.DAY)


def _is_told(plant: Plant | None, work: Work, slip: Slip, at: Plant) -> bool:
    return plant is None or work.suffix in _TOLD or (plant is at and work.suffix == slip.suffix)
