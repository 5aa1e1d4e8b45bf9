"""Baselines with their budgets: what each one holds, its lines and sums, and what differs between two of them."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import BooleanField, Count, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.aggregates import Aggregate
from django.db.models.fields.json import KeyTextTransform

from cluster.domain.budgets import Difference, Key, Line, Sums, Term, compare, grouped
from cluster.domain.errors import NotFound
from cluster.domain.exchange import Rate, convert_rub
from cluster.models import Baseline, BaselineMilestone, BudgetLine, Contract, Factory
from cluster.models.scope import Reader
from cluster.queries.contracts import contract_for
from cluster.queries.conversions import known_dollars, with_known_dollars
from cluster.queries.dollars import Dollars
from cluster.queries.history import newest_of
from cluster.queries.ledger import last_day_of
from cluster.queries.together import together


class _Any(Aggregate):
    function = "BOOL_OR"
    output_field = BooleanField()


class Standing(StrEnum):
    """What a baseline is on a day; the original is told apart by `BaselineRow.original`."""

    IN_FORCE = "in_force"
    EARLIER = "earlier"
    UPCOMING = "upcoming"
    PROPOSED = "proposed"


@dataclass(frozen=True, slots=True)
class Held:
    """Budget lines taken together: how many, roubles (None without a line), stored dollars, and the months they span."""

    lines: int = 0
    rub: Decimal | None = None
    dollars: Dollars = field(default_factory=Dollars)
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class BaselineRow:
    """A baseline, what it is on the day, whether it is the first one, and the budget it holds as far as the reader sees it."""

    baseline: Baseline
    standing: Standing
    original: bool
    held: Held
    dates: int

    @property
    def is_draft(self) -> bool:
        """Whether its lines can still be changed."""
        return self.standing is Standing.PROPOSED


@dataclass(frozen=True, slots=True)
class Baselines:
    """The baselines of a contract on a day: the one in force first, then those to come, the proposed ones and the earlier ones."""

    contract: Contract
    rows: list[BaselineRow]

    @property
    def in_force(self) -> BaselineRow | None:
        """The one whose budget counts."""
        return next((row for row in self.rows if row.standing is Standing.IN_FORCE), None)

    @property
    def proposed(self) -> list[BaselineRow]:
        """Those that wait for approval."""
        return [row for row in self.rows if row.is_draft]

    def of(self, baseline_id: int) -> BaselineRow | None:
        """The row of one baseline."""
        return next((row for row in self.rows if row.baseline.pk == baseline_id), None)

    def before(self, baseline: Baseline) -> Baseline | None:
        """The approved or published one that a baseline follows; for a proposal the newest of all."""
        others = [row.baseline for row in self.rows if row.baseline != baseline and row.baseline.in_force_from]
        earlier = [one for one in others if not baseline.in_force_from or _since(one) < baseline.in_force_from]
        return max(earlier, key=_since, default=None)


def _since(baseline: Baseline) -> date:
    return baseline.in_force_from or date.min


_ORDER = (Standing.IN_FORCE, Standing.UPCOMING, Standing.PROPOSED, Standing.EARLIER)


def baselines_of(*, reader: Reader, contract_code: str, as_of: date, today: date) -> Baselines:
    """The baselines of a contract with the sums that `reader` may see: two statements. A past day knows no proposals."""
    contract = contract_for(reader, contract_code)
    # Like the contract's header: whoever sees a factory of it may know which plans there are, and sees the own lines in them.
    known = Baseline.objects.filter(contract=contract).select_related("contract", "amendment", "approved_by")
    lines = BudgetLine.objects.for_reader(reader).filter(baseline__contract=contract)
    dates: Any = BaselineMilestone.objects.for_reader(reader).filter(baseline__contract=contract).order_by()
    found, held, counted = together(
        known.filter(in_force_from__lte=as_of) if as_of < today else known,
        _sums(lines.announced_by(as_of) if as_of < today else lines, "baseline_id", as_of),
        dates.values_list("baseline_id").annotate(n=Count("pk")),
    )
    sums, dated = _held(held), dict(counted)
    approved = sorted((one for one in found if one.in_force_from), key=_since)
    in_force = next((one for one in reversed(approved) if one.in_force_from and one.in_force_from <= as_of), None)
    rows = [
        BaselineRow(
            baseline=one,
            standing=_standing(one, in_force, as_of),
            original=bool(approved) and one == approved[0],
            held=sums.get(one.pk, Held()),
            dates=dated.get(one.pk, 0),
        )
        for one in found
    ]
    newest_first = sorted(rows, key=lambda row: row.baseline.in_force_from or date.max, reverse=True)
    return Baselines(contract, sorted(newest_first, key=lambda row: _ORDER.index(row.standing)))


def _standing(baseline: Baseline, in_force: Baseline | None, as_of: date) -> Standing:
    if baseline.in_force_from is None:
        return Standing.PROPOSED
    if baseline == in_force:
        return Standing.IN_FORCE
    return Standing.UPCOMING if baseline.in_force_from > as_of else Standing.EARLIER


def baseline_for(reader: Reader, *, contract_code: str, baseline_id: int) -> Any:
    """One baseline of a contract that `reader` sees at least a factory of, with its `version`, or NotFound: one statement."""
    visible = Contract.objects.for_reader(reader).filter(code=contract_code)
    rows = with_version(Baseline.objects.filter(contract__in=visible.order_by().values("pk"), pk=baseline_id))
    found = rows.select_related("contract", "amendment", "approved_by").first()
    if found is None:
        contract_for(reader, contract_code)
        raise NotFound("There is no such baseline.")
    return found


def lines_of(reader: Reader, baseline: Baseline, *, as_of: date | None = None, **only: Any) -> QuerySet[BudgetLine]:
    """The lines of a baseline that `reader` may see, with what a table shows of them; `only` are filters by column."""
    lines = BudgetLine.objects.for_reader(reader).filter(baseline=baseline, **only)
    if as_of is not None:
        lines = lines.announced_by(as_of)
    return with_known_dollars(lines.select_related("factory", "baseline", "conversion__rate", "source", "recorded_by"), as_of)


def line_for(reader: Reader, baseline: Baseline, line_id: int) -> BudgetLine:
    """One line of a baseline, or NotFound when it is not there for this reader."""
    found = lines_of(reader, baseline).filter(pk=line_id).first()
    if found is None:
        raise NotFound("There is no such budget line.")
    return found


@dataclass(frozen=True, slots=True)
class LineSums:
    """The sum of some lines, and the same by factory id, category, funding source and month: each grouping adds up to the total."""

    total: Held
    by: dict[str, dict[Any, Held]] = field(default_factory=dict)


GROUPINGS = {"factory": "factory_id", "category": "category", "funding": "funding", "month": "month"}


def sums_of(lines: "QuerySet[BudgetLine]", *, as_of: date | None = None) -> LineSums:
    """Sums of the lines by each grouping: one statement, and none for the total."""
    found = together(*(_sums(lines, column, as_of) for column in GROUPINGS.values()))
    by = {name: _held(rows) for name, rows in zip(GROUPINGS, found, strict=True)}
    return LineSums(_together(by["factory"].values()), by)


def _together(parts: Iterable[Held]) -> Held:
    known = [part for part in parts if part.rub is not None]
    if not known:
        return Held()
    usd = [part.dollars.usd for part in known if part.dollars.usd is not None]
    dollars = Dollars(
        sum(usd, Decimal(0)) if usd else None, sum(part.dollars.missing for part in known), any(part.dollars.stale for part in known)
    )
    firsts, lasts = [p.first for p in known if p.first], [p.last for p in known if p.last]
    rub = sum((part.rub or Decimal(0) for part in known), Decimal(0))
    return Held(sum(part.lines for part in known), rub, dollars, min(firsts, default=None), max(lasts, default=None))


def _sums(lines: "QuerySet[BudgetLine]", column: str, as_of: date | None) -> "QuerySet[Any, Any]":
    found: QuerySet[Any, Any] = (
        lines.order_by()
        .alias(**known_dollars(as_of))
        .values_list(column)
        .annotate(
            lines=Count("pk"),
            rub=Sum("amount_rub"),
            usd=Sum("known_usd"),
            missing=Count("pk", filter=Q(known_usd__isnull=True)),
            stale=_Any("known_stale"),
            first=Min("month"),
            last=Max("month"),
        )
    )
    return found


def _held(rows: Iterable[Any]) -> dict[Any, Held]:
    return {
        key: Held(lines, rub, Dollars(usd, missing, bool(stale)), first, last) for key, lines, rub, usd, missing, stale, first, last in rows
    }


def plain_lines(reader: Reader, baseline: Baseline | None, *, as_of: date | None = None) -> list[Line]:
    """The lines of a baseline for comparing them, in the order of a table: one statement; none without a baseline."""
    return [Line(*row) for row in _plain(reader, baseline, as_of)]


def _plain(reader: Reader, baseline: Baseline | None, as_of: date | None) -> "QuerySet[Any, Any]":
    lines = BudgetLine.objects.for_reader(reader).filter(baseline=baseline) if baseline else BudgetLine.objects.none()
    if as_of is not None:
        lines = lines.announced_by(as_of)
    ordered = lines.order_by("factory__order", "factory__code", "category", "funding", "month")
    return ordered.values_list("factory_id", "category", "funding", "month", "amount_rub", "reason")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two baselines line by line: `old` (None: nothing) and `new`, the differences, and their sums by each grouping."""

    old: Baseline | None
    new: Baseline
    differences: list[Difference]

    @property
    def moved(self) -> list[Difference]:
        """The lines that are not the same."""
        return [one for one in self.differences if one.old != one.new]

    @property
    def total(self) -> Sums:
        """Roubles before and after."""
        return self.sums(lambda key: True).get(True, Sums())

    def sums(self, by: Callable[[Any], Hashable]) -> dict[Any, Sums]:
        """Sums by a group of lines."""
        return grouped(self.differences, by)

    def usd(self, by: Callable[[Any], Hashable], rate: Rate) -> dict[Any, Decimal]:
        """The difference in dollars by a group of lines, each line rounded to cents: every grouping has the same total."""
        found: dict[Any, Decimal] = {}
        for one in self.differences:
            found[by(one.key)] = found.get(by(one.key), Decimal(0)) + convert_rub(one.amount, rate)
        return found


def comparison(reader: Reader, old: Baseline | None, new: Baseline) -> Comparison:
    """What differs between two baselines of one contract, as far as `reader` sees the lines: two statements.

    Why a line is gone stands nowhere but in the history of `new`: in the context of the event by which it was deleted, left
    out by an import, or given another place (its factory, category, funding source or month). A line that `new` never had has none.
    """
    before, after = ([Line(*row) for row in rows] for rows in together(_plain(reader, old, None), _plain(reader, new, None)))
    gone = {line.key for line in before} - {line.key for line in after}
    return Comparison(old, new, compare(before, after, _why_gone(new, gone) if gone else {}))


def _why_gone(baseline: Baseline, gone: set[Key]) -> dict[Key, str]:
    """The reason given last for each line that once stood under a baseline with one of these keys."""
    line: Any = BudgetLine
    events = line._meta.get_field("history").related_model.objects
    last = (
        events.filter(pgh_obj_id=OuterRef("pgh_obj_id")).order_by("-pgh_id").values(why=KeyTextTransform("reason", "pgh_context__metadata"))
    )
    columns = ("factory_id", "category", "funding", "month")
    there = events.filter(baseline_id=baseline.pk, factory_id__in={key[0] for key in gone})
    newest = there.order_by(*columns, "-pgh_id").distinct(*columns).annotate(why=Subquery(last[:1]))
    return {key: why for *place, why in newest.values_list(*columns, "why") if (key := tuple(place)) in gone and why}


def factories_of(reader: Reader, contract: Contract) -> list[Factory]:
    """The factories that a line may be about."""
    return list(Factory.objects.for_reader(reader).filter(contract=contract).order_by("order", "code"))


def term_of(contract: Contract) -> Term:
    """From the signing of a contract to its end as the claim in use has it; what is not known does not limit."""
    signed = contract.signed
    return Term(signed.earliest if signed else None, last_day_of(contract.pk))


def baseline_version(baseline_id: int) -> int:
    """A number that grows with every change of a baseline, its lines or its dates, the deleted ones included: one statement."""
    found: Any = Baseline.objects.filter(pk=baseline_id).values_list(_version(Value(baseline_id)), flat=True)
    return int(found.first() or 0)


def with_version(baselines: "QuerySet[Baseline]") -> "QuerySet[Any]":
    """Baselines that carry their number as `version`."""
    return baselines.annotate(version=_version(OuterRef("pk")))


def _version(key: Any) -> Any:
    # Each of the three only grows, so their sum stands still exactly as long as none of them moves.
    parts = ((Baseline, "pgh_obj_id"), (BudgetLine, "baseline_id"), (BaselineMilestone, "baseline_id"))
    own, lines, dates = (newest_of(model, column, key) for model, column in parts)
    return own + lines + dates
