"""The money of the example: budgets by category, funding source and month, and what was committed and paid. In kopecks."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random

from cluster.domain.calendars import expected_rate_date, is_working_day
from cluster.domain.dates import months
from cluster.domain.example.factories import Plant
from cluster.domain.example.network import day_of
from cluster.domain.example.rows import EntryRow, LineRow
from cluster.domain.example.schedule import KNOWN_TO, SIGNED

MLN = 100_000_000
# Time to notice them before what is known ends.
_MISTAKES_UNTIL = date(2026, 9, 1)
# A plan is written in ten thousands of roubles.
_STEP = 1_000_000
# What is smaller waits for the next month's payment; what is larger is paid in two parts.
_SMALL, _LARGE = 8 * MLN, 140 * MLN
# Little is spent in January, much in December.
_SEASONS = (60, 75, 95, 105, 110, 110, 105, 100, 105, 110, 110, 140)
# Per mille of a factory's money.
_SHARES = {"design": 55, "construction": 300, "equipment": 425, "networks": 80, "rnd": 40, "working_capital": 70, "other": 30}
_FUNDING = {
    "design": {"own": 100},
    "construction": {"bank": 70, "own": 30},
    "equipment": {"state_fund": 55, "bank": 45},
    "networks": {"subsidy": 100},
    "rnd": {"own": 100},
    "working_capital": {"bank": 100},
    "other": {"own": 100},
}
# The works between which a category's money is spent; of several, the last one that the factory has.
_SPANS = {
    "design": ("D01", ("D09",)),
    "construction": ("D08", ("O01",)),
    "equipment": ("P02", ("S01",)),
    "networks": ("C01", ("C06", "C07", "C08")),
    "rnd": ("D04", ("K03",)),
    "working_capital": ("K01", ("S02",)),
    "other": ("D01", ("S01",)),
}
_FIRMS = {
    "design": "Проект",
    "construction": "Монтаж",
    "equipment": "Техника",
    "networks": "Сети",
    "rnd": "Наука",
    "working_capital": "Снабжение",
    "other": "Услуги",
}

Finishes = Mapping[str, int]
Line = tuple[str, str]


def spread(total: int, weights: Sequence[int], step: int = 1) -> list[int]:
    """`total` in shares by weight, each a multiple of `step` but for what is left over, which goes to the heaviest; the sum is exact."""
    whole = sum(weights)
    shares = [total * weight // whole // step * step for weight in weights]
    shares[max(range(len(weights)), key=weights.__getitem__)] += total - sum(shares)
    return shares


def lines_of(plant: Plant, total_mln: int, finish: Finishes) -> dict[Line, dict[date, int]]:
    """The budget of a factory by category and funding source, month by month, as its schedule has it."""
    found = {}
    for line, kopecks in _by_line(plant, total_mln * MLN).items():
        span = _months(plant, line[0], finish)
        found[line] = dict(zip(span, spread(kopecks, _curve(line[0], span), _STEP), strict=True))
    return found


def changed_lines(
    plant: Plant, total_mln: int, finish: Finishes, before: dict[Line, dict[date, int]], since: date
) -> dict[Line, dict[date, int]]:
    """The budget under a new baseline: months before `since` stay, what is left of the new total lies in the months after."""
    found = {}
    for line, kopecks in _by_line(plant, total_mln * MLN).items():
        past = {month: amount for month, amount in before[line].items() if month < since}
        left = kopecks - sum(past.values())
        # What is spent by then is paid for at once where the new total is larger, and given back at the end where it is smaller.
        span = [month for month in _months(plant, line[0], finish) if month >= since] or [since]
        if left < 0:
            found[line] = _ending_at(kopecks, before[line])
        else:
            found[line] = past | dict(zip(span, spread(left, _curve(line[0], span), _STEP), strict=True))
    return found


def rows_of(
    plant: Plant, lines: dict[Line, dict[date, int]], before: dict[Line, dict[date, int]] | None = None, reason: str = ""
) -> Iterator[LineRow]:
    """Budget lines, with the reason where an amount differs from the baseline before; months without money have none."""
    for (category, funding), amounts in lines.items():
        for month, kopecks in amounts.items():
            same = before is None or before[category, funding].get(month) == kopecks
            if kopecks:
                yield LineRow(plant.code, category, funding, month, kopecks, "" if same else reason)


class Ledger:
    """Commitments and payments of all factories, in the order in which they were recorded."""

    def __init__(self, random: Random, rate_days: Sequence[date]) -> None:
        self._random = random
        self._days = _PaymentDays(random, rate_days)
        self._numbers: dict[str, int] = defaultdict(int)
        self.entries: list[EntryRow] = []

    def record(self, plant: Plant, finish: Finishes) -> None:
        """Everything that one factory committed and paid."""
        funding = {category: _FUNDING[category] for category in _SHARES}
        totals: dict[str, int] = defaultdict(int)
        for (category, _source), kopecks in _by_line(plant, plant.budget * MLN * plant.spent_percent // 100).items():
            totals[category] += kopecks
        for category, kopecks in totals.items():
            span = _months(plant, category, finish)
            if span[0] > KNOWN_TO:
                continue
            firm = f"ООО «Пример-{_FIRMS[category]} {1 + (plant.number + len(category)) % 5}» (вымышлено)"
            self._commit(plant, category, kopecks, span, firm, max(funding[category], key=funding[category].__getitem__))
            self._pay(plant, category, kopecks, span, firm)

    def mistakes(self) -> None:
        """Payments entered twice and taken back, one in a wrong amount, and a pair that merely looks like one payment twice."""
        payments = [n for n, entry in enumerate(self.entries) if entry.kind == "payment" and entry.on < _MISTAKES_UNTIL]
        for place, (share, why) in enumerate(
            ((9, "Пример: платёж введён дважды."), (4, "Пример: ошибка в сумме, введён заново."), (2, "Пример: платёж введён дважды."))
        ):
            entry = self.entries[payments[len(payments) * share // 11 + place]]
            wrong = entry.kopecks if "дважды" in why else entry.kopecks * 10
            at = self._add(entry, on=entry.on, kopecks=wrong)
            self._add(entry, on=self._days.after(entry.on), kopecks=-wrong, note=why, reverses=at)
        alike = self.entries[payments[len(payments) // 5]]
        self._add(alike, on=self._days.after(alike.on), note="Пример: тот же счёт, вторая часть; похоже на повтор.")

    def _commit(self, plant: Plant, category: str, kopecks: int, span: Sequence[date], firm: str, funding: str) -> None:
        main = kopecks * self._random.randint(82, 93) // 100
        for part, month in ((main, span[0]), (kopecks - main, span[len(span) * 2 // 3])):
            on = self._days.first(max(month, SIGNED))
            if on <= KNOWN_TO:
                number = self._next(plant.code)
                document = f"Пример: договор № {plant.code}-{number:03} от {on:%d.%m.%Y}"
                self.entries.append(EntryRow(plant.code, "commitment", on, part, category, funding, document, firm))

    def _pay(self, plant: Plant, category: str, kopecks: int, span: Sequence[date], firm: str) -> None:
        # Work is paid for in the month after it.
        later = list(months(span[0], _plus(span[-1], 1)))[1:]
        weights = [weight * self._random.randint(75, 125) for weight in _curve(category, later)]
        due, paid = 0, dict.fromkeys(_FUNDING[category], 0)
        for month, amount in zip(later, spread(kopecks, weights), strict=True):
            due += amount
            if month > KNOWN_TO or (due < _SMALL and month != later[-1]):
                continue
            for part in spread(due, (60, 40)) if due > _LARGE else (due,):
                on = self._days.within(month)
                document = f"Пример: п/п № {self._next(plant.code)} от {on:%d.%m.%Y}"
                funding = _furthest_behind(_FUNDING[category], paid, part)
                paid[funding] += part
                self.entries.append(EntryRow(plant.code, "payment", on, part, category, funding, document, firm))
            due = 0

    def _add(self, entry: EntryRow, *, on: date, kopecks: int | None = None, note: str = "", reverses: int | None = None) -> int:
        self.entries.append(
            EntryRow(
                entry.factory, entry.kind, on, kopecks if kopecks is not None else entry.kopecks, entry.category, entry.funding,
                entry.document, entry.counterparty, note, reverses,
            )
        )  # fmt: skip
        return len(self.entries) - 1

    def _next(self, code: str) -> int:
        self._numbers[code] += 1
        return self._numbers[code]


class _PaymentDays:
    """Working days, in each month those whose official rate is known where there are any."""

    def __init__(self, random: Random, rate_days: Sequence[date]) -> None:
        self._random = random
        self._rates = sorted(rate_days)
        self._of: dict[date, list[date]] = {}

    def within(self, month: date) -> date:
        """A day of the month."""
        if month not in self._of:
            worked = [on for n in range(31) if (on := month + timedelta(days=n)).month == month.month and is_working_day(on)]
            self._of[month] = [on for on in worked if self._has_rate(on)] or worked
        return self._random.choice(self._of[month])

    def first(self, month: date) -> date:
        """The first working day of the month's second week."""
        return self._next_worked(month.replace(day=8))

    def after(self, on: date) -> date:
        """The working day after `on`."""
        return self._next_worked(on + timedelta(days=1))

    def _has_rate(self, on: date) -> bool:
        """Whether the rate that ought to be in force on the day is known."""
        newest = bisect_right(self._rates, on) - 1
        return newest >= 0 and self._rates[newest] >= expected_rate_date(on)

    def _next_worked(self, on: date) -> date:
        while not is_working_day(on):
            on += timedelta(days=1)
        return on


def _furthest_behind(shares: Mapping[str, int], paid: Mapping[str, int], part: int) -> str:
    """The funding source that has paid least of its share once `part` is paid, so that all keep step with the budget."""
    whole = sum(paid.values()) + part
    return max(shares, key=lambda source: whole * shares[source] - 100 * paid[source])


def _by_line(plant: Plant, total: int) -> dict[Line, int]:
    shares = dict(_SHARES)
    # Some factories are buildings, others are machines.
    tilt = (plant.number * 7) % 5 * 20 - 40
    shares["construction"] += tilt
    shares["equipment"] -= tilt
    found: dict[Line, int] = {}
    for category, kopecks in zip(shares, spread(total, list(shares.values()), _STEP), strict=True):
        funding = _FUNDING[category]
        found |= {(category, source): part for source, part in zip(funding, spread(kopecks, list(funding.values()), _STEP), strict=True)}
    return found


def _ending_at(total: int, amounts: dict[date, int]) -> dict[date, int]:
    """The same months, less of the last ones, so that the sum is `total`."""
    found, left = {}, total
    for month, amount in sorted(amounts.items()):
        found[month] = min(amount, left)
        left -= found[month]
    return found


def _months(plant: Plant, category: str, finish: Finishes) -> list[date]:
    first, last = _SPANS[category]
    end = max(finish[f"{plant.code}-{suffix}"] for suffix in last if f"{plant.code}-{suffix}" in finish)
    return list(months(day_of(finish[f"{plant.code}-{first}"]), day_of(end)))


def _curve(category: str, span: Sequence[date]) -> list[int]:
    """Weights of a bell, so that the sums rise in an S; equipment is paid in advance for a part."""
    n = len(span)
    weights = [((k + 1) * (n - k)) ** 2 * _SEASONS[month.month - 1] for k, month in enumerate(span)]
    if category == "equipment":
        weights[0] += sum(weights) // 5
    return weights


def _plus(month: date, count: int) -> date:
    number = month.year * 12 + month.month - 1 + count
    return date(number // 12, number % 12 + 1, 1)
