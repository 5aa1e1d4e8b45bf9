"""The outlook: estimates at completion, what remains by month, and real and FX effect that add up in every grouping."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.domain.exchange import Rate, convert_rub
from cluster.domain.outlook import (
    Cell,
    Grouping,
    Planned,
    Quote,
    Spent,
    Total,
    at_completion,
    cells_of,
    converted_anew,
    spread,
    total_of,
    totals_by,
)

AS_OF = date(2025, 6, 17)
NOW = date(2025, 6, 1)
CONTRACT = Quote(Rate(date(2023, 6, 28), Decimal("85.0504")), id=1)
REPORTING = Quote(Rate(date(2025, 6, 17), Decimal("78.7135")), id=2)
IN_FORCE = Quote(Rate(date(2023, 1, 10), Decimal("70.3002")), id=3)
TWO, FOUR = Quote(Rate(date(2020, 1, 1), Decimal(2)), id=4), Quote(Rate(date(2020, 1, 2), Decimal(4)), id=5)
AMOUNTS = ("budget", "paid", "committed", "remaining", "outlook", "real")
EXACT = [f"{name}_{currency}" for name in AMOUNTS for currency in ("rub", "usd")] + ["fx_usd", "paid_planned_rub", "paid_planned_usd"]
EXACT += ["paid_planned_contract_usd", "paid_planned_reporting_usd", "outlook_contract_usd", "outlook_reporting_usd"]


def rub(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"))


def line(
    amount: Any, category: str = "", funding: str = "", month: date | None = None, factory: int = 1, quote: Quote = CONTRACT
) -> Planned:
    return Planned(factory, category, funding, month, rub(amount), convert_rub(rub(amount), quote.rate), quote)


def entry(amount: Any, category: str = "", funding: str = "", month: date = NOW, *, kind: str = "payment", factory: int = 1) -> Spent:
    return Spent(factory, category, funding, month, kind == "payment", rub(amount), convert_rub(rub(amount), IN_FORCE.rate), 1)


def outlook(*rows: Planned | Spent, **changes: Any) -> list[Cell]:
    usual: dict[str, Any] = {"as_of": AS_OF, "reporting": REPORTING}
    planned = [row for row in rows if isinstance(row, Planned)]
    return cells_of(planned, [row for row in rows if isinstance(row, Spent)], **usual | changes)


def months_of(cells: list[Cell], figure: str = "remaining_rub") -> dict[date | None, Decimal]:
    return {cell.month: getattr(cell, figure) for cell in cells if getattr(cell, figure)}


class TestEstimate:
    @pytest.mark.parametrize(("budget", "committed", "paid", "estimate"), [(10, 7, 3, 10), (10, 12, 3, 12), (10, 12, 13, 13), (0, 0, 2, 2)])
    def test_it_is_the_largest_of_budget_commitments_and_payments(self, budget: int, committed: int, paid: int, estimate: int) -> None:
        rows: list[Planned | Spent] = [line(budget, "design"), entry(committed, "design", kind="commitment"), entry(paid, "design")]
        total = total_of(outlook(*rows))
        assert [total.outlook_rub, total.real_rub] == [estimate, estimate - budget]

    def test_money_planned_without_detail_covers_what_is_paid_in_detail(self) -> None:
        cells = outlook(line(10), entry(3, "construction", "own"))
        by_category = {key: total.real_rub for (key,), total in totals_by(cells, Grouping.CATEGORY).items()}
        assert by_category == {"": -3, "construction": 3}
        assert [total_of(cells).outlook_rub, total_of(cells).real_usd] == [10, 0]

    def test_what_a_plan_without_detail_pays_itself_covers_nothing_else(self) -> None:
        assert at_completion({"": rub(10)}, {"": rub(8), "design": rub(5)}) == {"": 8, "design": 5}

    def test_a_payment_without_detail_is_covered_by_what_detailed_plans_have_left_in_proportion(self) -> None:
        budget = {"design": rub(10), "networks": rub(30)}
        assert at_completion(budget, {"": rub(4)}) == {"": 4, "design": 9, "networks": 27}

    def test_another_category_covers_nothing(self) -> None:
        assert sum(at_completion({"design": rub(10)}, {"networks": rub(4)}).values()) == 14

    def test_paying_from_another_source_makes_nothing_dearer(self) -> None:
        plan = [line(6, "design", "own"), line(4, "design", "bank")]
        total = total_of(outlook(*plan, entry(10, "design", "subsidy", kind="commitment"), entry(7, "design", "own")))
        assert [total.outlook_rub, total.real_rub] == [10, 0]
        by_source = {
            key: part.remaining_rub for (key,), part in totals_by(outlook(*plan, entry(7, "design", "own")), Grouping.FUNDING).items()
        }
        assert by_source == {"own": 0, "bank": 3}

    def test_what_is_contracted_beyond_the_budget_remains_with_whose_contract_it_is(self) -> None:
        cells = outlook(line(5, "design", "own"), entry(5, "design", "own"), entry(9, "design", "bank", kind="commitment"))
        assert {cell.funding: cell.remaining_rub for cell in cells if cell.remaining_rub} == {"bank": 4}

    def test_a_factory_without_a_budget_has_no_estimate_but_its_payments(self) -> None:
        total = total_of(outlook(entry(3, "design")))
        assert [total.paid_rub, total.paid_planned_rub] == [3, 0]
        assert {total.budget_rub, total.remaining_rub, total.outlook_rub, total.real_rub, total.fx_usd} == {None}


class TestMonths:
    def test_what_remains_follows_the_months_planned_from_now_on(self) -> None:
        plan = [line(n, "design", month=date(2025, n, 1)) for n in (5, 6, 7, 8)]
        assert months_of(outlook(*plan, entry(5, "design", month=date(2025, 5, 1)))) == {
            date(2025, 6, 1): 6,
            date(2025, 7, 1): 7,
            date(2025, 8, 1): 8,
        }

    def test_what_this_month_has_paid_is_not_planned_for_it_again(self) -> None:
        plan = [line(10, "design", month=NOW), line(10, "design", month=date(2025, 7, 1))]
        assert months_of(outlook(*plan, entry(10, "design"))) == {date(2025, 7, 1): 10}

    def test_what_was_missed_comes_on_top_of_what_is_ahead(self) -> None:
        plan = [
            line(3, "design", month=date(2025, 1, 1)),
            line(1, "design", month=date(2025, 8, 1)),
            line(2, "design", month=date(2025, 9, 1)),
        ]
        assert months_of(outlook(*plan)) == {date(2025, 8, 1): 2, date(2025, 9, 1): 4}

    def test_a_plan_that_is_over_leaves_the_rest_to_this_month(self) -> None:
        assert months_of(outlook(line(3, "design", month=date(2025, 1, 1)))) == {NOW: 3}

    def test_money_planned_without_a_month_stays_without_one(self) -> None:
        assert months_of(outlook(line(10), entry(4))) == {None: 6}

    def test_money_that_no_plan_stands_for_follows_the_plan_of_the_factory(self) -> None:
        plan = [line(1, "design", month=date(2025, 7, 1)), line(3, "networks", month=date(2025, 8, 1))]
        cells = outlook(*plan, entry(8, kind="commitment"))
        assert months_of([cell for cell in cells if not cell.category]) == {date(2025, 7, 1): 2, date(2025, 8, 1): 6}

    @given(st.integers(0, 10**15), st.lists(st.integers(0, 10**12), min_size=1, max_size=30))
    def test_parts_are_exact_to_the_kopeck_and_fair(self, total: int, weights: list[int]) -> None:
        whole, shares = Decimal(total).scaleb(-2), [Decimal(weight).scaleb(-2) for weight in weights]
        parts = spread(whole, shares)
        assert sum(parts) == whole
        if any(weights):
            assert all(abs(part - whole * share / sum(shares)) < Decimal("0.011") for part, share in zip(parts, shares, strict=True))


class TestDollars:
    def test_each_figure_stands_at_its_own_rate(self) -> None:
        total = total_of(outlook(line(1000, "design"), entry(400, "design")))
        assert total.budget_usd == convert_rub(rub(1000), CONTRACT.rate)
        assert total.paid_usd == convert_rub(rub(400), IN_FORCE.rate)
        assert total.remaining_usd == convert_rub(rub(600), REPORTING.rate)
        assert total.paid_contract_usd == convert_rub(rub(400), CONTRACT.rate)
        assert total.budget_reporting_usd == convert_rub(rub(1000), REPORTING.rate)
        assert total.outlook_reporting_usd == convert_rub(rub(400), REPORTING.rate) + convert_rub(rub(600), REPORTING.rate)
        assert [total.real_usd, total.outlook_contract_usd] == [0, total.budget_usd]

    def test_overspending_is_real_at_the_contract_rate_and_the_rest_is_exchange(self) -> None:
        total = total_of(outlook(line(1000, "design"), entry(1500, "design")))
        assert total.real_usd == convert_rub(rub(500), CONTRACT.rate)
        assert total.fx_usd == convert_rub(rub(1500), IN_FORCE.rate) - convert_rub(rub(1000), CONTRACT.rate) - convert_rub(
            rub(500), CONTRACT.rate
        )

    def test_a_factory_has_one_contract_rate_whatever_its_money_is_spent_on(self) -> None:
        cells = outlook(line(10, "networks"), entry(3, "design"), entry(2))
        assert {cell.contract.quote for cell in cells if cell.contract} == {CONTRACT}
        assert {cell.category: cell.line_quote for cell in cells} == {"": None, "design": None, "networks": CONTRACT}

    def test_lines_at_different_rates_make_an_effective_one_so_that_even_roubles_have_no_real_effect(self) -> None:
        plan = [line(1000, "design"), line(3000, "networks", quote=IN_FORCE)]
        contract = outlook(*plan)[0].contract
        assert contract is not None
        usd = convert_rub(rub(1000), CONTRACT.rate) + convert_rub(rub(3000), IN_FORCE.rate)
        assert [contract.quote, contract.rub, contract.usd, contract.lines] == [None, 4000, usd, 2]
        assert contract.effective == Decimal(4000) / usd
        # The payment without a category is covered by what both lines have left: one by 250, the other by 750.
        total = total_of(outlook(*plan, entry(1000)))
        assert [total.real_rub, total.real_usd] == [0, pytest.approx(0, abs=Decimal("0.02"))]
        over = total_of(outlook(*plan, entry(1500, "design")))
        assert over.real_usd == half_up(Fraction(500) * Fraction(usd) / 4000)

    def test_half_a_cent_at_an_effective_rate_goes_away_from_zero(self) -> None:
        contract = outlook(line(100, "design", quote=TWO), line(200, "networks", quote=FOUR))[0].contract
        assert contract is not None
        assert [contract.dollars(rub(text)) for text in ("0.03", "-0.03", "0.02", "0")] == [rub("0.01"), rub("-0.01"), rub("0.01"), 0]
        assert contract.dollars(rub("0.01")) == 0

    def test_a_budget_of_nothing_stands_at_the_rate_of_its_first_line(self) -> None:
        cells = outlook(line(0, "design", month=date(2025, 8, 1)), line(0, "networks", month=NOW, quote=IN_FORCE), entry(90, "design"))
        assert total_of(cells).real_usd == convert_rub(rub(90), IN_FORCE.rate)

    def test_payments_of_a_factory_without_a_budget_have_no_contract_basis_and_are_counted_apart(self) -> None:
        total = total_of(outlook(line(1000, "design"), entry(400, "design"), entry(70, "design", factory=2)))
        assert [total.paid_rub, total.paid_contract_usd] == [470, None]
        assert [total.paid_planned_rub, total.paid_planned_contract_usd] == [400, convert_rub(rub(400), CONTRACT.rate)]
        assert [total.payments_apart, total.paid_apart_rub, total.outlook_rub] == [1, 70, 1000]
        assert total.paid_planned_reporting_usd == convert_rub(rub(400), REPORTING.rate)
        alone = total_of(outlook(line(1000, "design"), entry(400, "design")))
        assert (alone.paid_contract_usd, alone.payments_apart) == (alone.paid_planned_contract_usd, 0)

    def test_what_was_converted_anew_is_said_of_what_is_made_of_it(self) -> None:
        rows: list[Any] = [line(5)._replace(anew=True), entry(1)._replace(anew=2), entry(1, factory=2)._replace(anew=4)]
        rows.append(entry(1, kind="commitment")._replace(anew=8))
        total = total_of(outlook(*rows))
        assert {name: converted_anew(name, total) for name in ("budget", "committed", "paid", "remaining", "outlook", "real", "fx")} == {
            "budget": 1, "committed": 8, "paid": 6, "remaining": 0, "outlook": 2, "real": 1, "fx": 3,
        }  # fmt: skip

    def test_a_missing_conversion_leaves_no_dollars_and_is_counted(self) -> None:
        bare = Planned(1, "design", "", None, rub(5), None, None)
        total = total_of(outlook(bare, line(5, "networks")))
        assert total_of(outlook(bare, line(5, "networks"), entry(6, "networks"))).real_usd is None
        assert [total.budget_rub, total.budget_usd, total.fx_usd, total.missing] == [10, None, None, 1]
        late = entry(3)._replace(missing=2)
        assert (total_of(outlook(line(5), late)).paid_usd, total_of(outlook(line(5), late)).missing) == (None, 2)
        assert total_of(outlook(line(5), reporting=None)).outlook_usd is None

    def test_a_rate_that_is_old_is_said_of_what_uses_it(self) -> None:
        old = REPORTING._replace(stale=True)
        assert total_of(outlook(line(5), reporting=old)).stale == {"remaining", "outlook", "fx"}
        assert not total_of(outlook(line(5), entry(5), reporting=old)).stale
        assert total_of(outlook(line(5, quote=CONTRACT._replace(stale=True)))).stale == {"budget", "fx"}
        assert total_of(outlook(line(5), entry(1)._replace(stale=True))).stale == {"paid", "outlook", "fx"}


CATEGORIES = st.sampled_from(["", "design", "networks"])
GROUPS = st.tuples(CATEGORIES, st.sampled_from(["", "own", "bank"]))
MONTHS = st.dates(date(2024, 1, 1), date(2026, 12, 1)).map(lambda on: on.replace(day=1))
KOPECKS = st.integers(1, 10**13).map(lambda n: Decimal(n).scaleb(-2))
QUOTES = st.sampled_from([CONTRACT, IN_FORCE, REPORTING])


@st.composite
def worlds(draw: Any) -> list[Planned | Spent]:
    """Budgets and a ledger of four factories, with everything that makes money hard, in every world.

    The first has lines at two rates, one of them without any detail; the second a plan at random; the third and the fourth
    none. The ledger has entries at several rates, and reversals that make later months negative: each takes back the dollars
    of what it reverses.
    """
    places = st.tuples(GROUPS, st.none() | MONTHS)
    plan = {(2, *place): money for place, money in draw(st.dictionaries(places, st.tuples(KOPECKS, QUOTES), max_size=6)).items()}
    plan |= {(1, *place): money for place, money in draw(st.dictionaries(places, st.tuples(KOPECKS, QUOTES), max_size=6)).items()}
    plan[1, ("", ""), None] = (draw(KOPECKS), CONTRACT)
    plan[1, ("design", "own"), NOW] = (draw(KOPECKS), IN_FORCE)
    rows: list[Planned | Spent] = [
        line(amount, group[0], group[1], month, factory, quote) for (factory, group, month), (amount, quote) in plan.items()
    ]
    kinds, past = st.sampled_from(["payment", "commitment"]), MONTHS.filter(lambda on: on < NOW)
    made = draw(st.lists(st.tuples(st.integers(1, 4), GROUPS, past, kinds, KOPECKS, QUOTES, st.booleans()), max_size=10))
    made.append((3, ("networks", ""), date(2025, 2, 1), "payment", draw(KOPECKS), IN_FORCE, False))
    made.append((1, draw(GROUPS), date(2025, 3, 1), "payment", draw(KOPECKS), REPORTING, True))
    made.append((2, draw(GROUPS), date(2025, 4, 1), "commitment", draw(KOPECKS), CONTRACT, True))
    sums: dict[tuple[Any, ...], tuple[Decimal, Decimal, int]] = defaultdict(lambda: (rub(0), rub(0), 0))
    for factory, group, month, kind, amount, quote, is_reversed in made:
        usd = convert_rub(amount, quote.rate)
        for on, sign in ((month, 1), (NOW, -1))[: 1 + is_reversed]:
            total_rub, total_usd, entries = sums[factory, group, on, kind]
            sums[factory, group, on, kind] = (total_rub + sign * amount, total_usd + sign * usd, entries + 1)
    rows += [
        Spent(factory, group[0], group[1], month, kind == "payment", total_rub, total_usd, entries)
        for (factory, group, month, kind), (total_rub, total_usd, entries) in sums.items()
    ]
    return rows


def half_up(amount: Fraction) -> Decimal:
    """To the cent, half away from zero, by whole numbers alone."""
    cents = (abs(amount) * 200 + 1) // 2
    return Decimal(int(cents if amount >= 0 else -cents)).scaleb(-2)


def rate_by_hand(rows: list[Planned | Spent], factory: int) -> Fraction:
    """Dollars for a rouble under the budget of a factory: the rate of its lines, else all their dollars for all their roubles."""
    lines = [row for row in rows if isinstance(row, Planned) and row.factory == factory]
    rates = {row.quote.rate for row in lines if row.quote}
    if len(rates) == 1:
        (rate,) = rates
        return Fraction(rate.nominal) / Fraction(rate.value)
    return Fraction(sum(Fraction(row.usd or 0) for row in lines)) / sum(Fraction(row.rub) for row in lines)


def effects_by_hand(rows: list[Planned | Spent], cells: list[Cell]) -> tuple[Decimal, Decimal]:
    """Real and FX effect of factories with a budget, reckoned from the rows that went in and what remains in each cell."""
    plans = {(*row[:4],): row for row in rows if isinstance(row, Planned)}
    paid = {(*row[:4],): row for row in rows if isinstance(row, Spent) and row.is_payment}
    real = fx = rub(0)
    for cell in cells:
        key = (cell.factory, cell.category, cell.funding, cell.month)
        plan_rub, plan_usd = (plans[key].rub, plans[key].usd or rub(0)) if key in plans else (rub(0), rub(0))
        paid_rub, paid_usd = (paid[key].rub, paid[key].usd) if key in paid else (rub(0), rub(0))
        left = cell.remaining_rub or rub(0)
        moved = half_up(Fraction(paid_rub + left - plan_rub) * rate_by_hand(rows, cell.factory))
        real += moved
        fx += paid_usd + half_up(Fraction(left) / Fraction(REPORTING.rate.value)) - plan_usd - moved
    return real, fx


def assert_sums_agree(whole: Total, parts: list[Total]) -> None:
    for name in EXACT:
        known = [value for part in parts if (value := getattr(part, name)) is not None]
        assert getattr(whole, name) == (sum(known, Decimal(0)) if known else None), name


class TestInvariants:
    @settings(max_examples=60, deadline=None)
    @given(worlds())
    def test_totals_equal_the_sum_of_rows_in_every_grouping(self, rows: list[Planned | Spent]) -> None:
        cells = outlook(*rows)
        for size in range(len(Grouping) + 1):
            for by in combinations(Grouping, size):
                if cells:
                    assert_sums_agree(total_of(cells), list(totals_by(cells, *by).values()))

    @given(worlds())
    def test_a_world_holds_reversals_several_rates_lines_without_detail_and_factories_without_a_budget(self, rows: Any) -> None:
        lines, ledger = [row for row in rows if isinstance(row, Planned)], [row for row in rows if isinstance(row, Spent)]
        assert len({row.quote for row in lines if row.factory == 1}) > 1
        assert any((row.category, row.funding, row.month) == ("", "", None) for row in lines)
        assert {row.factory for row in ledger} - {row.factory for row in lines}
        assert {row.is_payment for row in ledger if row.month == NOW} == {True, False}
        assert any(row.rub < 0 for row in ledger)

    @settings(deadline=None)
    @given(worlds())
    def test_real_and_fx_effect_make_the_whole_distance_to_the_cent(self, rows: list[Planned | Spent]) -> None:
        cells = [cell for cell in outlook(*rows) if cell.budget_rub is not None]
        parts: dict[Any, list[Cell]] = defaultdict(list)
        for cell in cells:
            for key in (None, cell.factory, (cell.month, cell.funding)):
                parts[key].append(cell)
        for part in parts.values():
            total = total_of(part)
            assert (total.real_usd, total.fx_usd) == effects_by_hand(rows, part)
            assert total.budget_usd + total.real_usd + total.fx_usd == total.outlook_usd  # type: ignore[operator]

    @settings(deadline=None)
    @given(worlds())
    def test_without_an_effect_in_roubles_there_is_none_in_dollars_beyond_rounding(self, rows: list[Planned | Spent]) -> None:
        for (factory,), total in totals_by(outlook(*rows), Grouping.FACTORY).items():
            if total.real_rub is not None and total.real_usd is not None:
                rounding = Fraction(1, 200) * len([cell for cell in outlook(*rows) if cell.factory == factory])
                exact = Fraction(total.real_rub) * rate_by_hand(rows, factory)  # type: ignore[arg-type]
                assert abs(Fraction(total.real_usd) - exact) <= rounding

    @given(worlds())
    def test_the_outlook_is_what_was_paid_and_what_remains_and_nothing_negative_remains(self, rows: list[Planned | Spent]) -> None:
        cells = outlook(*rows)
        assert all(cell.remaining_rub is None or cell.remaining_rub >= 0 for cell in cells)
        for total in totals_by(cells, Grouping.FACTORY).values():
            if total.outlook_rub is not None and total.remaining_rub is not None:
                assert total.outlook_rub == total.paid_rub + total.remaining_rub
                assert total.outlook_rub >= max(total.budget_rub or 0, total.paid_rub)

    @given(st.dictionaries(CATEGORIES, KOPECKS), st.dictionaries(CATEGORIES, KOPECKS))
    def test_the_estimate_exceeds_the_budget_only_by_what_no_fitting_budget_covers(self, budget: Any, used: Any) -> None:
        estimate = at_completion(budget, used)
        whole, planned = sum(estimate.values()), sum(budget.values())
        assert max(planned, sum(used.values())) <= whole <= planned + sum(used.values())
        assert all(estimate[category] >= amount for category, amount in used.items())
        assert all(estimate[category] <= max(budget.get(category, 0), used.get(category, 0)) for category in estimate)
        if set(budget) <= {""} or set(used) <= {""}:
            assert whole == max(planned, sum(used.values()))
        if whole > planned:
            # Something lies above its budget, and then nothing without a category is left unused.
            assert estimate.get("", 0) == used.get("", 0)

    @given(worlds())
    def test_no_amount_is_a_float_or_finer_than_a_kopeck(self, rows: list[Planned | Spent]) -> None:
        for cell in outlook(*rows):
            for name in Cell._fields:
                value = getattr(cell, name)
                assert not isinstance(value, float), name
                assert not isinstance(value, Decimal) or value == value.quantize(Decimal("0.01")), name
