"""The example plan as it is decided: reproducible, exact, its dates consistent with its network."""

import hashlib
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date, timedelta
from functools import cache
from graphlib import TopologicalSorter
from itertools import pairwise

import pytest

from cluster.domain.calendars import expected_rate_date, is_working_day
from cluster.domain.dates import DateWindow
from cluster.domain.example import ExamplePlan, example_plan
from cluster.domain.example.money import MLN, spread
from cluster.domain.example.network import day_of, number_of
from cluster.domain.example.rows import BaselineRow
from cluster.domain.example.schedule import KNOWN_TO, REBASED

RATE_DAYS = (date(2024, 4, 13), date(2024, 11, 23), date(2025, 4, 22), date(2026, 4, 10))


@cache
def _plan() -> ExamplePlan:
    return example_plan(RATE_DAYS)


def _digest(plan: ExamplePlan) -> str:
    return hashlib.sha256(repr(plan).encode()).hexdigest()


def test_the_same_seed_gives_the_same_rows_in_another_process_too() -> None:
    code = (
        "import datetime, hashlib; from cluster.domain.example import example_plan;"
        f"print(hashlib.sha256(repr(example_plan({RATE_DAYS!r})).encode()).hexdigest())"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env={"PYTHONHASHSEED": "7", "PYTHONPATH": "."}
    )
    assert printed.stdout.strip() == _digest(_plan())


def test_another_seed_gives_other_rows() -> None:
    assert _digest(example_plan(RATE_DAYS, seed=1)) != _digest(_plan())


def test_the_budgets_in_force_sum_to_exactly_70_4_bn() -> None:
    assert sum(line.kopecks for line in _plan().in_force.lines) == 70_400 * MLN
    assert sum(line.kopecks for line in _plan().original.lines) == 68_900 * MLN
    assert sum(line.kopecks for line in _plan().proposed.lines) == 70_900 * MLN


@pytest.mark.parametrize("name", ["original", "in_force", "proposed"])
def test_each_factory_has_its_budget_and_no_line_stands_twice(name: str) -> None:
    lines = getattr(_plan(), name).lines
    found: dict[str, int] = defaultdict(int)
    for line in lines:
        found[line.factory] += line.kopecks
    millions = {"original": "before", "in_force": "budget", "proposed": "proposed"}[name]
    assert found == {plant.code: getattr(plant, millions) * MLN for plant in _plan().plants}
    assert len({(line.factory, line.category, line.funding, line.month) for line in lines}) == len(lines)
    assert all(line.month.day == 1 and line.kopecks > 0 for line in lines)


def test_every_line_that_changed_says_why_and_the_past_did_not_change() -> None:
    plan = _plan()
    before = {(line.factory, line.category, line.funding, line.month): line.kopecks for line in plan.original.lines}
    for line in plan.in_force.lines:
        same = before.get((line.factory, line.category, line.funding, line.month)) == line.kopecks
        assert same == (not line.reason)
        if line.month < date(2025, 5, 1):
            assert same


def test_there_are_about_forty_milestones_for_each_of_twelve_factories() -> None:
    counts = Counter(row.factory for row in _plan().milestones if row.factory)
    assert len(counts) == 12
    assert all(40 <= count <= 45 for count in counts.values())


def test_the_dependencies_make_no_cycle_and_reach_across_factories() -> None:
    plan = _plan()
    factory_of = {row.code: row.factory for row in plan.milestones}
    before = defaultdict(list)
    for link in plan.dependencies:
        before[link.after].append(link.before)
    assert list(TopologicalSorter(before).static_order())
    assert len({(link.before, link.after) for link in plan.dependencies}) == len(plan.dependencies)
    assert {link.type for link in plan.dependencies} == {"FS", "SS", "FF"}
    assert any(link.lag < 0 for link in plan.dependencies)
    assert sum(factory_of[link.before] != factory_of[link.after] for link in plan.dependencies) > 5


@pytest.mark.parametrize("name", ["original", "in_force"])
def test_the_dates_of_a_baseline_agree_with_the_network(name: str) -> None:
    plan = _plan()
    baseline: BaselineRow = getattr(plan, name)
    due = {row.milestone: row.due for row in baseline.dates}
    days = {row.code: row.days for row in plan.milestones}
    if baseline.amended:
        # Planned anew: the works that were known to take longer.
        for plant in plan.plants:
            for slip in plant.slips:
                if slip.told <= baseline.told and plant.number in REBASED:
                    days[f"{plant.code}-{slip.suffix}"] += slip.days
    for link in plan.dependencies:
        done, waits = number_of(due[link.before].earliest), number_of(due[link.after].latest)
        earliest = {
            "FS": done + days[link.after],
            "SS": done - days[link.before] + days[link.after],
            "FF": done,
        }[link.type] + link.lag
        assert waits >= earliest, (link, due[link.before], due[link.after])


def test_the_constraints_leave_the_plan_in_force_as_it_is() -> None:
    plan = _plan()
    due = {row.milestone: row.due for row in plan.in_force.dates}
    bounds = {row.code: (row.bound, row.days) for row in plan.milestones if row.bound}
    assert {bound.constraint for bound, _days in bounds.values()} == {"FNLT", "FNET", "SNET"}
    for code, (bound, days) in bounds.items():
        first = day_of(number_of(due[code].latest) - days + 1)
        kept = {"FNLT": due[code].latest <= bound.on, "FNET": due[code].earliest >= bound.on, "SNET": first >= bound.on}
        assert kept[bound.constraint], (code, bound, due[code])


def test_the_milestones_of_each_factory_earn_exactly_its_whole_budget() -> None:
    plan = _plan()
    sums: Counter[str] = Counter()
    for row in plan.milestones:
        if row.factory:
            sums[row.factory] += plan.weights[row.code]
    assert sums == {plant.code: 1_000_000 for plant in plan.plants}
    assert all(weight > 0 for code, weight in plan.weights.items() if not code.endswith("C12"))
    assert not plan.weights.keys() & {"X-FOUR", "X-ALL"}


def test_the_planned_duration_lies_between_the_best_and_the_worst() -> None:
    rows = _plan().milestones
    assert all(row.range[0] <= row.days <= row.range[1] for row in rows if row.range)
    assert {row.code for row in rows if not row.range} == {row.code for row in rows if not row.days}
    assert all(row.range[0] < row.range[1] for row in rows if row.range and row.days > 20)


def test_works_that_go_wrong_together_name_one_cause() -> None:
    causes = defaultdict(set)
    for row in _plan().milestones:
        causes[row.cause].add(row.factory)
    assert sorted(len(factories) for cause, factories in causes.items() if cause) == [4, 12]


def test_what_is_in_progress_has_begun_and_nothing_ends_before_it_begins() -> None:
    rows = _plan().milestones
    assert all(row.started for row in rows if row.actual and row.days > 3)
    assert all(row.started <= row.actual for row in rows if row.started and row.actual)
    assert all(row.started <= KNOWN_TO for row in rows if row.started)
    assert sum(bool(row.started and not row.actual) for row in rows) > 10


def test_some_factories_have_days_of_their_own() -> None:
    days = _plan().exceptions
    assert {row.factory for row in days if row.works} == {"X05"}
    assert {row.factory for row in days if not row.works} == {"X06"}
    assert all(is_working_day(row.day) != row.works for row in days)


def test_what_happened_is_past_and_what_is_expected_is_not() -> None:
    plan = _plan()
    reached = {row.code for row in plan.milestones if row.actual}
    assert all(row.actual <= row.told <= KNOWN_TO for row in plan.milestones if row.actual and row.told)
    newest = {row.milestone: row.new for row in plan.revisions}
    assert all(window.latest >= date(2026, 10, 26) for code, window in newest.items() if code not in reached)
    assert all(entry.on <= KNOWN_TO for entry in plan.entries)


def test_every_slip_was_told_before_its_work_was_done() -> None:
    plan = _plan()
    actual = {row.code: row.actual for row in plan.milestones}
    for plant in plan.plants:
        for slip in plant.slips:
            done = actual[f"{plant.code}-{slip.suffix}"]
            assert done is None or done > slip.told, (plant.code, slip)
            assert any(row.told == slip.told and row.reason == slip.reason for row in plan.revisions), (plant.code, slip)


def test_the_revisions_of_a_forecast_make_a_chain() -> None:
    chains: dict[str, list[tuple[DateWindow, DateWindow, date]]] = defaultdict(list)
    for row in _plan().revisions:
        chains[row.milestone].append((row.old, row.new, row.told))
    assert max(len(chain) for chain in chains.values()) >= 4
    for chain in chains.values():
        for (_old, new, told), (old, _new, later) in pairwise(chain):
            assert new == old
            assert told <= later


def test_some_factories_are_done_some_early_some_late_by_months() -> None:
    plan = _plan()
    due = {row.milestone: row.due for row in plan.in_force.dates}
    openings = {row.factory: row.actual for row in plan.milestones if row.kind == "opening"}
    opened = {code: on for code, on in openings.items() if on}
    assert len(opened) == 4
    assert opened["X02"] < due["X02-O01"].earliest
    newest = {row.milestone: row.new for row in plan.revisions}
    openings_late = {
        code
        for code, on in openings.items()
        if not on and f"{code}-O01" in newest and newest[f"{code}-O01"].latest > due[f"{code}-O01"].latest + timedelta(days=90)
    }
    assert {"X04", "X05"} <= openings_late


def test_some_factories_are_over_budget_and_one_is_underspent() -> None:
    committed: dict[str, int] = defaultdict(int)
    for entry in _plan().entries:
        if entry.kind == "commitment":
            committed[entry.factory] += entry.kopecks
    share = {plant.code: committed[plant.code] * 100 // (plant.budget * MLN) for plant in _plan().plants}
    assert share["X05"] > 100
    assert share["X03"] > 100
    assert share["X06"] < 90


def test_only_a_reversal_is_negative_and_it_takes_back_exactly_its_entry() -> None:
    entries = _plan().entries
    reversals = [entry for entry in entries if entry.reverses is not None]
    assert len(reversals) == 3
    assert all((entry.kopecks < 0) == (entry.reverses is not None) for entry in entries)
    for entry in reversals:
        taken_back = entries[entry.reverses or 0]
        assert entry.kopecks == -taken_back.kopecks
        assert (entry.document, entry.factory) == (taken_back.document, taken_back.factory)
        assert entry.on > taken_back.on
        assert entry.note


def test_two_entries_merely_look_alike() -> None:
    alike = Counter((e.document, e.counterparty, e.kopecks, e.factory) for e in _plan().entries if e.kopecks > 0)
    assert max(alike.values()) == 2
    assert any("похоже" in entry.note for entry in _plan().entries)


def test_payments_fall_on_days_whose_rate_is_known_where_their_month_has_any() -> None:
    def fresh(on: date) -> bool:
        return any(expected_rate_date(on) <= rate <= on for rate in RATE_DAYS)

    found = [entry.on for entry in _plan().entries if entry.kind == "payment" and entry.reverses is None and not entry.note]
    for month in {(2024, 11), (2025, 4), (2026, 4)}:
        days = [on for on in found if (on.year, on.month) == month]
        assert days
        assert all(fresh(on) for on in days)


def test_everything_that_names_somebody_says_that_it_is_made_up() -> None:
    plan = _plan()
    assert all("вымышлено" in entry.counterparty for entry in plan.entries)
    assert all(entry.document.startswith("Пример") for entry in plan.entries)
    assert all("Пример" in plant.name_ru and "Example" in plant.name_en for plant in plan.plants)


def test_spending_rises_and_falls_like_an_s() -> None:
    by_year: dict[int, int] = defaultdict(int)
    for line in _plan().in_force.lines:
        by_year[line.month.year] += line.kopecks
    assert by_year[2023] < by_year[2024] < by_year[2025]
    assert by_year[2026] > by_year[2027] > by_year[2028] > 0


@pytest.mark.parametrize(("total", "weights", "step"), [(1000, (1, 1, 1), 1), (10_000_007, (3, 5, 9), 1000), (7, (0, 1), 10)])
def test_a_spread_sums_to_its_total(total: int, weights: tuple[int, ...], step: int) -> None:
    assert sum(spread(total, weights, step)) == total


def test_working_days_are_numbered_both_ways() -> None:
    assert day_of(number_of(date(2026, 5, 9))) == date(2026, 5, 12)
