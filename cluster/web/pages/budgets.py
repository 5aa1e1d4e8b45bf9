"""Reading budgets: the baselines of a contract, the lines of one, and what differs between two of them."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cluster.domain.access import Action
from cluster.domain.budgets import Change, Difference, Key, Sums
from cluster.domain.errors import NotFound
from cluster.domain.exchange import Basis, convert_rub
from cluster.models import Contract, CostCategory, ExchangeRate, Factory, FundingSource
from cluster.queries.approvals import compare_dates
from cluster.queries.budgets import (
    BaselineRow,
    Baselines,
    Comparison,
    Held,
    LineSums,
    baselines_of,
    comparison,
    factories_of,
    lines_of,
    sums_of,
)
from cluster.queries.contracts import is_partial
from cluster.queries.people import sees_people
from cluster.queries.rates import RateStatus
from cluster.web.amounts import InDollars, reporting, summed
from cluster.web.context import Frame
from cluster.web.door import as_of_from, page, reader_of
from cluster.web.filters import chosen, link, options, paged
from cluster.web.lists import Column, Filter, Kind, Listing, opens_saved

PAGE_SIZE = 100
_NONE = "-"  # a filter for lines that were not planned in that detail
# Pasted back, the file changes nothing: it has the columns of a pasted table.
LINES = Listing(
    page="cluster:baseline",
    title=_("Budget lines"),
    order="factory",
    columns=(
        Column(
            "factory",
            _("Factory"),
            value=lambda line: line.factory.code,
            by=("factory__order", "factory__code", "category", "funding", "month"),
        ),
        Column(
            "category",
            _("Category"),
            value=lambda line: line.get_category_display(),
            by=("category", "factory__order", "funding", "month"),
        ),
        Column(
            "funding",
            _("Funding source"),
            value=lambda line: line.get_funding_display(),
            by=("funding", "factory__order", "category", "month"),
        ),
        Column(
            "month",
            _("Month"),
            value=lambda line: f"{line.month:%Y-%m}" if line.month else None,
            by=("month", "factory__order", "category", "funding"),
        ),
        Column("amount", _("Amount, ₽"), Kind.MONEY, lambda line: line.amount_rub, by=("amount_rub",), total=True),
        Column("usd", _("USD"), Kind.MONEY, by=("conversion__usd",)),
        Column("reason", _("Why this amount"), value=lambda line: line.reason),
    ),
    filters=(
        Filter("factory", _("Factory")),
        Filter("category", _("Category"), lambda: [*CostCategory.choices, (_NONE, _("not stated"))]),
        Filter("funding", _("Funding source"), lambda: [*FundingSource.choices, (_NONE, _("not stated"))]),
    ),
)
_GROUPS = {"factory": _("Factory"), "category": _("Category"), "funding": _("Funding source"), "year": _("Year")}


@dataclass(frozen=True, slots=True)
class Card:
    """A baseline in the list, with its dollars: stored ones at the contract basis, those of a proposal at the rate of the day."""

    row: BaselineRow
    dollars: list[InDollars]


@dataclass(frozen=True, slots=True)
class Group:
    """One line of a table of sums."""

    label: str
    lines: int
    rub: Decimal
    share: Decimal | None


@dataclass(frozen=True, slots=True)
class Moved:
    """One group of a comparison, with its difference in dollars at the rate of the day (None: no rate is known)."""

    label: str
    sums: Sums
    usd: Decimal | None


@dataclass(frozen=True, slots=True)
class MovedLine:
    """One line of a comparison in words."""

    factory: Factory | None
    category: str
    funding: str
    month: date | None
    difference: Difference
    usd: Decimal | None


@page
@require_safe
def baselines(request: HttpRequest, code: str) -> HttpResponse:
    """The baselines: which is in force, which was the first, which are proposed, and what budget each holds."""
    reader, as_of = reader_of(request), as_of_from(request)
    found = baselines_of(reader=reader, contract_code=code, as_of=as_of, today=timezone.localdate())
    frame = Frame(request)
    context = {
        "frame": frame,
        "found": found,
        "contract": found.contract,
        "cards": [Card(row, dollars_of(row, frame.rate)) for row in found.rows],
        "partial": is_partial(reader, found.contract),
        "sees_people": sees_people(reader, contract_id=found.contract.pk),
        **_rights(request, found.contract),
    }
    return render(request, "cluster/baselines.html", context)


@page
@require_safe
@opens_saved(LINES)
def baseline(request: HttpRequest, code: str, baseline_id: int) -> HttpResponse:
    """The lines of one baseline: filtered, sorted and added up by the address."""
    reader, as_of, today = reader_of(request), as_of_from(request), timezone.localdate()
    found = baselines_of(reader=reader, contract_code=code, as_of=as_of, today=today)
    row = _known(found, baseline_id)
    factories = factories_of(reader, found.contract)
    only, listed = _filters(request, factories), LINES.asked(request)
    lines = lines_of(reader, row.baseline, as_of=as_of if as_of < today else None, **_conditions(only, factories))
    sums = sums_of(lines, as_of=as_of)
    frame = Frame(request)
    rate, before = frame.rate, found.before(row.baseline)
    context = {
        "frame": frame,
        "found": found,
        "contract": found.contract,
        "row": row,
        "before": before,
        "dates": compare_dates(reader, before, row.baseline, as_of=as_of if as_of < today else None),
        "dollars": dollars_of(BaselineRow(row.baseline, row.standing, row.original, sums.total, row.dates), rate),
        "sums": sums,
        "groups": _groups(sums, factories),
        "lines": paged(request, lines.order_by(*listed.order_by()), PAGE_SIZE),
        "listed": listed,
        "filters": only,
        "filtered": any(only.values()),
        "choices": _choices(request, only, factories),
        "partial": is_partial(reader, found.contract),
        "sees_people": sees_people(reader, contract_id=found.contract.pk),
        "rate": rate.rate,
        "page_query": _without_page(request),
        **_rights(request, found.contract),
    }
    return render(request, "cluster/baseline.html", context)


@page
@require_safe
def baseline_file(request: HttpRequest, code: str, baseline_id: int, form: str) -> HttpResponse:
    """The lines that the filters leave, as a file that can be pasted back."""
    reader, as_of, today = reader_of(request), as_of_from(request), timezone.localdate()
    found = _known(baselines_of(reader=reader, contract_code=code, as_of=as_of, today=today), baseline_id).baseline
    factories, listed = factories_of(reader, found.contract), LINES.asked(request)
    only = _conditions(_filters(request, factories), factories)
    lines = lines_of(reader, found, as_of=as_of if as_of < today else None, **only).order_by(*listed.order_by())
    return listed.file(form, lines, name=f"{code}-budget-{found.pk}", contract=found.contract, as_of=as_of)


@page
@require_safe
def compare_baselines(request: HttpRequest, code: str) -> HttpResponse:
    """Two baselines line by line: `?a=` and `?b=` name them; without, the one in force and the newest proposal."""
    reader, as_of = reader_of(request), as_of_from(request)
    found = baselines_of(reader=reader, contract_code=code, as_of=as_of, today=timezone.localdate())
    keys = [str(row.baseline.pk) for row in found.rows]
    old, new = _pair(found, chosen(request, "a", keys), chosen(request, "b", keys))
    by = chosen(request, "by", list(_GROUPS), "factory")
    every = chosen(request, "lines", ["all"])
    frame = Frame(request)
    context: dict[str, Any] = {
        "frame": frame,
        "found": found,
        "contract": found.contract,
        "old": old,
        "new": new,
        "groupings": options(request, "by", [(name, str(label)) for name, label in _GROUPS.items()], by),
        "every": every,
        "switch": link(request, lines=None if every else "all"),
        "partial": is_partial(reader, found.contract),
        "page_query": _without_page(request),
        "group_head": _GROUPS[by],
    }
    if old is not None and new is not None:
        rate, known = frame.rate.rate, as_of if as_of < timezone.localdate() else None
        factories = {factory.pk: factory for factory in factories_of(reader, found.contract)}
        compared = comparison(reader, old.baseline, new.baseline)
        differences = compared.differences if every else compared.moved
        shown = paged(request, differences, PAGE_SIZE)
        context |= {
            "total": moved_total(compared, rate),
            "rows": moved_groups(compared, by, factories, rate),
            "counts": counts_of(compared),
            "dates": compare_dates(reader, old.baseline, new.baseline, as_of=known),
            "page": shown,
            "lines": moved_lines(shown, factories, rate),
            "rate": rate,
        }
    return render(request, "cluster/compare_baselines.html", context)


def counts_of(compared: Comparison) -> dict[str, int]:
    """How many lines were added, changed, removed, and stayed."""
    found = dict.fromkeys((change.value for change in Change), 0)
    for one in compared.differences:
        found[one.change.value] += 1
    return found


def moved_total(compared: Comparison, rate: ExchangeRate | None) -> Moved:
    """The sums of everything: in dollars that of the lines, each rounded, so that every grouping adds up to it."""
    return Moved(gettext("Total"), compared.total, compared.usd(lambda key: True, rate.rate).get(True, Decimal(0)) if rate else None)


def moved_groups(compared: Comparison, by: str, factories: dict[int, Factory], rate: ExchangeRate | None) -> list[Moved]:
    """The sums of each group, in the order of the factories or of the choices."""
    places = {"factory": 0, "category": 1, "funding": 2}

    def group(key: Key) -> Hashable:
        return (key[3] and key[3].year) if by == "year" else key[places[by]]

    sums = compared.sums(group)
    usd = compared.usd(group, rate.rate) if rate else {}
    return [Moved(label, sums[key], usd.get(key)) for key, label in _labelled(by, sums, factories)]


def moved_lines(differences: Iterable[Difference], factories: dict[int, Factory], rate: ExchangeRate | None) -> list[MovedLine]:
    """Lines of a comparison in words."""
    return [_moved_line(one, one.key, factories, rate) for one in differences]


def _moved_line(one: Difference, key: Key, factories: dict[int, Factory], rate: ExchangeRate | None) -> MovedLine:
    category, funding = dict(CostCategory.choices).get(key[1], ""), dict(FundingSource.choices).get(key[2], "")
    return MovedLine(factories.get(key[0]), str(category), str(funding), key[3], one, _in_usd(one.amount, rate))


def _in_usd(amount: Decimal, rate: ExchangeRate | None) -> Decimal | None:
    return convert_rub(amount, rate.rate) if rate else None


def dollars_of(row: BaselineRow, rate: RateStatus) -> list[InDollars]:
    """The dollars of a baseline: what is agreed stands at the rate of its day, what is proposed at the rate of the day shown."""
    if row.held.rub is None:
        return []
    found = reporting(row.held.rub, rate.rate, stale=rate.stale) if row.is_draft else summed([row.held.dollars], Basis.CONTRACT)
    return [found] if found else []


def _known(found: Baselines, baseline_id: int) -> BaselineRow:
    """The row of one baseline, or NotFound: there is none, or nobody knew it on the day that is asked for."""
    row = found.of(baseline_id)
    if row is None:
        raise NotFound("There is no such baseline, or it was not known on that day.")
    return row


def _pair(found: Baselines, a: str, b: str) -> tuple[BaselineRow | None, BaselineRow | None]:
    """The two to compare: those named, else the one in force (or the newest other one) and the newest proposal (or the first one)."""
    rows = found.rows
    new = found.of(int(b)) if b else next((row for row in [*found.proposed, *rows] if str(row.baseline.pk) != a), None)
    if a:
        return found.of(int(a)), new
    rest = [row for row in rows if row is not new]
    if new is not None and not new.is_draft and not b:
        # Without a proposal: how the budget in force came about.
        first = next((row for row in rest if row.original), None)
        return first, new
    return next(iter(rest), None), new


def _filters(request: HttpRequest, factories: list[Factory]) -> dict[str, str]:
    return {
        "factory": chosen(request, "factory", [factory.code for factory in factories]),
        "category": chosen(request, "category", [*CostCategory.values, _NONE]),
        "funding": chosen(request, "funding", [*FundingSource.values, _NONE]),
    }


def _conditions(only: dict[str, str], factories: list[Factory]) -> dict[str, Any]:
    keys = {factory.code: factory.pk for factory in factories}
    found: dict[str, Any] = {name: value.replace(_NONE, "") for name, value in only.items() if value and name != "factory"}
    return found | ({"factory_id": keys[only["factory"]]} if only["factory"] else {})


def _choices(request: HttpRequest, only: dict[str, str], factories: list[Factory]) -> dict[str, list[Any]]:
    any_choice, none = ("", gettext("any")), (_NONE, gettext("not stated"))
    return {
        "factory": options(request, "factory", [any_choice, *((f.code, f"{f.code} {f.name}") for f in factories)], only["factory"]),
        "category": options(request, "category", [any_choice, *CostCategory.choices, none], only["category"]),
        "funding": options(request, "funding", [any_choice, *FundingSource.choices, none], only["funding"]),
    }


def _groups(sums: LineSums, factories: list[Factory]) -> list[tuple[str, list[Group]]]:
    """The sums by each grouping, for small tables beside the lines; years in place of months."""
    years: dict[Any, list[Held]] = {}
    for month, held in sums.by["month"].items():
        years.setdefault(month and month.year, []).append(held)
    plants = {factory.pk: factory for factory in factories}
    found = []
    for name, label in _GROUPS.items():
        parts = (
            {key: (sum(h.lines for h in held), sum((h.rub or Decimal(0) for h in held), Decimal(0))) for key, held in years.items()}
            if name == "year"
            else {key: (held.lines, held.rub or Decimal(0)) for key, held in sums.by[name].items()}
        )
        total = sums.total.rub or Decimal(0)
        rows = [Group(words, *parts[key], parts[key][1] / total * 100 if total else None) for key, words in _labelled(name, parts, plants)]
        found.append((str(label), rows))
    return found


def _labelled(by: str, keys: Iterable[Any], factories: dict[int, Factory]) -> list[tuple[Any, str]]:
    """The groups that occur, in the order of the factories, the choices or the years, each in words; what was not stated comes last."""
    present = set(keys)
    if by == "factory":
        return [(key, f"{factory.code} {factory.name}") for key, factory in factories.items() if key in present]
    if by == "year":
        known = [(year, str(year)) for year in sorted(key for key in present if key)]
        return [*known, *([(None, gettext("not stated"))] if None in present else [])]
    choices = CostCategory.choices if by == "category" else FundingSource.choices
    named = [(value, capfirst(str(label))) for value, label in choices if value in present]
    return [*named, *([("", gettext("not stated"))] if "" in present else [])]


def _rights(request: HttpRequest, contract: Contract) -> dict[str, bool]:
    if as_of_from(request) < timezone.localdate():
        return {"may_edit": False, "may_approve": False}
    scope = reader_of(request).scope
    return {
        "may_edit": scope.may(Action.EDIT_RECORD, contract=contract.pk),
        "may_approve": scope.may(Action.APPROVE_BASELINE, contract=contract.pk),
    }


def _without_page(request: HttpRequest) -> str:
    query = request.GET.copy()
    query.pop("page", None)
    return f"{query.urlencode()}&" if query else ""
