"""The money pages: figures that lead to their rows, totals that are sums, and what is said when nothing is known."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cluster.domain.outlook import amounts
from cluster.models import Baseline, BudgetLine, LedgerEntry
from tests.cluster.purse import AS_OF, DAY, Purse, commit, convert, make_purse, record
from tests.cluster.web.place import make_place, words
from tests.factories import approve, make_factory, make_rate

BY = ["factory", "category", "funding", "month", "year"]
MONEY_BUDGET = 20
THREE = ["Committed", "Allocated", "Not allocated"]


@pytest.fixture
def purse(db: None) -> Purse:
    return make_purse()


def get(purse: Purse, path: str, who: str = "editor", language: str = "en") -> Any:
    joined = "&" if "?" in path else "?"
    return purse.place.client(who, language).get(f"{purse.place.base}{path}{joined}as_of={AS_OF}")


def behind(response: Any, figure: str) -> tuple[Decimal, Decimal]:
    """The sums of all rows behind a figure, of every page: roubles and dollars."""
    context = response.context
    for name in ("lines", "entries"):
        if name in context:
            rows = list(context[name].paginator.object_list)
            return sum((row.amount_rub for row in rows), Decimal(0)), sum((row.conversion.usd for row in rows), Decimal(0))
    found = [amounts(figure, cell) for cell in context["cells"].paginator.object_list]
    return sum((one.rub or Decimal(0) for one in found), Decimal(0)), sum((one.usd or Decimal(0) for one in found), Decimal(0))


def numbers(chart: Any) -> list[tuple[Any, ...]]:
    """The table of a chart in numbers; None where a cell is empty."""
    return [tuple(number(cell.text) for cell in row if cell.numeric) for row in chart.rows]


def number(text: str) -> Decimal | None:
    written = re.sub(r"[₽$,+\s]", "", text).replace("−", "-")
    return Decimal(written) if written else None


def assert_bars_stand(chart: Any, first: Decimal, last: Decimal, effects: list[Decimal]) -> None:
    """The totals are as long as their amounts, drawn to one scale."""
    heights = [float(h) for h in re.findall(r'<rect [^>]*height="([\d.]+)"[^>]*class="bar-main"', chart.wide)]
    assert len(heights) == 2
    assert heights[1] / heights[0] == pytest.approx(float(last / first), rel=0.01)
    assert first + sum(effects) == last


def assert_line_follows(drawing: str, name: str, values: list[Decimal]) -> None:
    """Each point lies as high as its value, from the zero at which the line begins."""
    (path,) = re.findall(rf'<path d="M([^"]*)" class="curve {name}"', drawing)
    heights = [float(point.split()[1]) for point in path.split(" L")]
    lengths, most = [heights[0] - y for y in heights[1:]], max(values)
    assert len(lengths) == len(values)
    assert lengths[values.index(most)] > 0
    scale = lengths[values.index(most)] / float(most)
    assert lengths == pytest.approx([float(value) * scale for value in values], abs=0.2)


class TestDrillDown:
    @pytest.mark.parametrize("by", BY)
    @pytest.mark.parametrize("path", ["money/", "factories/F01/money/"])
    def test_every_figure_leads_to_rows_that_sum_to_it(self, purse: Purse, by: str, path: str) -> None:
        if path != "money/" and by == "factory":
            assert get(purse, f"{path}?by={by}").status_code == 400
            return
        page = get(purse, f"{path}?by={by}")
        figures = [figure for row in page.context["rows"] for figure in row.figures] + page.context["figures"]
        assert len(figures) > 14
        client = purse.place.client()
        # By factory each of them is followed; else every third, so that each column is followed in some rows and each row in some columns.
        for figure in figures if by == "factory" else figures[::3]:
            rows = client.get(figure.url)
            assert rows.status_code == 200, figure.url
            assert rows.context["figure"].amounts == figure.amounts, figure.url
            if figure.amounts != (None, None):
                assert behind(rows, figure.key) == (figure.amounts.rub or 0, figure.amounts.usd), figure.url

    @pytest.mark.parametrize("by", BY)
    def test_the_totals_are_the_sums_of_the_rows_shown(self, purse: Purse, by: str) -> None:
        context = get(purse, f"money/?by={by}").context
        for n, total in enumerate(context["figures"]):
            shown = [row.figures[n].amounts for row in context["rows"]]
            assert sum(one.rub or 0 for one in shown) == (total.amounts.rub or 0), total.key
            assert sum(one.usd or 0 for one in shown) == (total.amounts.usd or 0), total.key

    def test_a_row_names_its_baseline_source_reason_rate_and_who_recorded_it(self, purse: Purse) -> None:
        text = words(get(purse, "money/rows/?figure=budget&factory=F01&category=design"))
        assert "Plan 2025" in text
        assert "The first promise, Gazette" in text
        assert "as agreed" in text
        assert "at 101.6797 of Dec 28, 2024" in text
        assert purse.place.person("editor").username in text
        assert "2 budget lines = ₽1,500,000.01" in text
        masked = words(get(purse, "money/rows/?figure=budget&factory=F01&category=design", "controller"))
        assert "as agreed" in masked
        assert purse.place.person("editor").username not in masked

    def test_a_formula_is_told_in_words_and_with_the_numbers_put_in(self, purse: Purse) -> None:
        text = words(get(purse, "money/rows/?figure=outlook&factory=F02"))
        assert "Paid and remaining: the estimate at completion. ₽777,777.77 + ₽3,969,222,222.23 = ₽3,970,000,000.00" in text
        effect = words(get(purse, "money/rows/?figure=real&category=construction"))
        assert "₽12,000,000.00 − ₽10,333,333.33 = ₽1,666,666.67" in effect
        assert "contract basis: 101.6797 ₽ of Dec 28, 2024" in effect

    def test_a_reversal_is_among_the_rows(self, purse: Purse) -> None:
        text = words(get(purse, "money/rows/?figure=paid&factory=F01&category=design"))
        assert "3 ledger entries" in text
        assert "reversal" in text

    @pytest.mark.parametrize(
        "query", ["figure=zz", "category=steel", "funding=mine", "month=2025-13", "month=2025-6", "month=0000-01", "year=25", "year=٢٠٢٥"]
    )
    def test_a_value_that_means_nothing_is_refused_with_a_sentence(self, purse: Purse, query: str) -> None:
        response = get(purse, f"money/rows/?{query}")
        assert response.status_code == 400
        assert "“" in words(response)

    def test_an_unknown_factory_is_not_found(self, purse: Purse) -> None:
        assert get(purse, "money/rows/?factory=F99").status_code == 404
        assert get(purse, "money/rows/?factory=F02", "own").status_code == 404

    def test_many_rows_are_paged_and_keep_their_filter(self, purse: Purse) -> None:
        LedgerEntry.objects.bulk_create(
            LedgerEntry(
                factory=purse.place.factory, kind="payment", category="design", funding="own", date="2025-04-01", amount_rub=1,
                document=str(n), counterparty="X",
            )
            for n in range(60)
        )  # fmt: skip
        response = get(purse, "money/rows/?figure=paid&category=design")
        assert "1–50 of 63" in words(response)
        assert "category=design" in response.content.decode()[response.content.decode().index('rel="next"') - 200 :]
        assert "51–63 of 63" in words(get(purse, "money/rows/?figure=paid&category=design&page=2"))


class TestPage:
    def test_the_three_figures_of_the_commitment_stand_apart(self, purse: Purse) -> None:
        commit(purse)
        text = words(get(purse, "money/"))
        assert "Committed ₽70bn" in text
        assert "Allocated ₽3.98bn" in text
        assert "Budgets are known for 2 of 3 factories." in text
        assert "Not allocated ₽66.02bn" in text

    def test_every_dollar_tile_names_its_basis(self, purse: Purse) -> None:
        text = words(get(purse, "money/"))
        assert "contract basis: 101.6797 ₽ of Dec 28, 2024" in text
        assert "payment basis: each entry at the rate of its day" in text
        assert "reporting basis: 78.7135 ₽ of Jun 17, 2025" in text
        assert "payments at their own rates, the rest at the reporting rate 78.7135 ₽ of Jun 17, 2025" in text

    def test_a_factory_without_a_budget_is_paid_but_has_no_outlook(self, purse: Purse) -> None:
        text = words(get(purse, "factories/F03/money/"))
        assert "Paid ₽55,555.55" in text
        assert "Outlook not known" in text
        assert "1 factory has no published budget" in words(get(purse, "money/"))

    @pytest.mark.parametrize("path", ["money/", "factories/F01/money/"])
    def test_the_bridges_draw_the_figures_of_the_tiles(self, purse: Purse, path: str) -> None:
        context = get(purse, path).context
        tiles = {figure.key: figure.amounts for figure in context["figures"]}
        usd, rub = numbers(context["bridge_usd"]), numbers(context["bridge_rub"])
        assert usd == [(tiles[name].usd,) for name in ("budget", "real", "fx", "outlook")]
        assert [rub[0], rub[-1]] == [(tiles["budget"].rub,), (tiles["outlook"].rub,)]
        assert sum(part[0] for part in rub[1:-1]) == tiles["real"].rub
        for name, rows in (("bridge_usd", usd), ("bridge_rub", rub)):
            ends, middle = (rows[0][0], rows[-1][0]), [row[0] for row in rows[1:-1]]
            assert_bars_stand(context[name], *ends, middle)

    @pytest.mark.parametrize("path", ["money/", "factories/F01/money/"])
    def test_every_point_of_the_curve_is_the_sum_of_the_months_before_it_of_factories_with_a_budget(self, purse: Purse, path: str) -> None:
        context = get(purse, path).context
        cells: list[Any] = [cell for cell in context["money"].cells if cell.budget_rub is not None and cell.month]
        months = sorted({cell.month for cell in context["money"].cells if cell.month})
        expected: list[tuple[Any, ...]] = []
        for month in months:
            until = [cell for cell in cells if cell.month <= month]
            paid = sum((cell.paid_rub for cell in until), Decimal(0)) if month <= DAY else None
            expected.append((sum(cell.budget_rub for cell in until), paid, sum(cell.paid_rub + cell.remaining_rub for cell in until)))
        points = numbers(context["curve"])
        assert points == expected
        assert max(row[1] for row in points if row[1] is not None) == context["total"].paid_planned_rub
        for n, name in enumerate(("budget", "paid", "outlook")):
            for drawing in (context["curve"].wide, context["curve"].narrow):
                assert_line_follows(drawing, name, [value for row in expected if (value := row[n]) is not None])

    def test_a_contract_without_any_budget_draws_its_payments(self, db: None) -> None:
        place = make_place()
        make_rate("2025-03-01", "87.6990")
        for on, rub in (("2025-03-03", "10.00"), ("2025-04-03", "20.50")):
            record(place.factory, "payment", "design", "own", on, rub)
        chart = place.client().get(f"{place.base}money/?as_of={AS_OF}").context["curve"]
        assert numbers(chart) == [(None, Decimal(10), None), (None, Decimal("30.50"), None)]

    def test_what_factories_without_a_budget_paid_is_said_beside_the_outlook_with_its_rows(self, purse: Purse) -> None:
        response = get(purse, "money/")
        text = words(response)
        assert "without ₽55,555.55 paid by factories without a published budget" in text
        assert "All three lines are of the factories with a published budget, without ₽55,555.55 paid by the others." in text
        outlook = next(figure for figure in response.context["figures"] if figure.key == "outlook")
        rows = purse.place.client().get(outlook.apart_url)
        assert behind(rows, "paid")[0] == outlook.apart == Decimal("55555.55")
        assert "factories without a published budget" in words(rows)
        behind_outlook = words(get(purse, "money/rows/?figure=outlook"))
        assert "₽3,933,433.92 − ₽55,555.55 = ₽3,877,878.37" in behind_outlook
        assert "without ₽55,555.55 paid" in behind_outlook
        assert "without ₽" not in words(get(purse, "factories/F01/money/"))

    def test_the_three_rates_are_of_the_same_roubles(self, purse: Purse) -> None:
        rows = {row.label: row for row in get(purse, "money/").context["bases"]}
        assert rows["Paid"].contract is None
        assert rows["Paid"].contract_note == "not defined: 1 payment of factories without a budget"
        rate, paid = Decimal("101.6797"), rows["Paid by factories with a budget"]
        assert paid.rub == rows["Paid"].rub - Decimal("55555.55")
        assert abs(paid.contract - paid.rub / rate) < Decimal("0.05")
        own = {row.label: row for row in get(purse, "factories/F01/money/").context["bases"]}
        assert (own["Paid"].contract_note, set(own)) == ("", {"Budget", "Paid", "Outlook"})
        assert abs(own["Paid"].contract - own["Paid"].rub / rate) < Decimal("0.05")

    @pytest.mark.parametrize("path", ["", "money/"])
    def test_committed_is_allocated_and_not_allocated_to_the_cent(self, purse: Purse, path: str) -> None:
        commit(purse)
        newer = Baseline.objects.create(contract=purse.place.contract, name_ru="План 2")
        for category in ("design", "networks", "equipment"):
            # Rounded each for itself: three cents, where their sum would be two.
            BudgetLine.objects.create(baseline=newer, factory=purse.place.factory, category=category, amount_rub=Decimal("0.40"))
        approve(newer, "2025-06-10")
        convert()
        context = get(purse, path).context
        tiles = {tile.label: tile for tile in context["commitment" if path else "tiles"]}
        committed, allocated, rest = ({part.basis: part.usd for part in tiles[name].dollars} for name in THREE)
        assert set(committed) == set(allocated) == set(rest) == {"contract", "reporting"}
        assert all(committed[basis] == allocated[basis] + rest[basis] for basis in committed)
        assert allocated["reporting"] == Decimal("0.03")
        assert tiles["Committed"].rub == tiles["Allocated"].rub + tiles["Not allocated"].rub

    def test_a_row_behind_the_outlook_names_every_rate_that_it_stands_on(self, purse: Purse) -> None:
        newer = Baseline.objects.create(contract=purse.place.contract, name_ru="План 2")
        BudgetLine.objects.create(baseline=newer, factory=purse.place.other, amount_rub=Decimal(100_000_000), month=date(2025, 6, 1))
        approve(newer, "2025-06-10")
        record(purse.place.other, "payment", "", "", "2025-06-06", "400.00")
        convert()
        rows = words(get(purse, "money/rows/?figure=outlook&factory=F02&category=none"))
        assert "payments at their own rates the rest at 78.7135 of Jun 17, 2025 ₽99,222,222.23" in rows
        effect = words(get(purse, "money/rows/?figure=fx&factory=F02&category=none"))
        assert "at 78.8401 of Jun 5, 2025 payments at their own rates the rest at 78.7135" in effect
        assert "the rest at" not in words(get(purse, "money/rows/?figure=real&factory=F01&category=construction"))

    def test_lines_at_different_rates_name_the_effective_one(self, purse: Purse) -> None:
        newer = Baseline.objects.create(contract=purse.place.contract, name_ru="План 2")
        for category, rub, announced in (("design", "1000.00", "2025-03-01"), ("networks", "3000.00", "2025-06-05")):
            window = {"announced_earliest": announced, "announced_latest": announced, "announced_precision": "day"}
            BudgetLine.objects.create(baseline=newer, factory=purse.unbudgeted, category=category, amount_rub=Decimal(rub), **window)
        approve(newer, "2025-06-10")
        convert()
        text = words(get(purse, "factories/F03/money/"))
        assert "contract basis: effective rate of 2 budget lines, 80.8898 ₽" in text
        assert "effective rate of 2 budget lines, 80.8898 ₽" in words(get(purse, "money/rows/?figure=real&factory=F03&category=networks"))

    @pytest.mark.parametrize(
        ("who", "sentence"),
        [
            ("editor", "Propose a baseline"),
            ("controller", "The PMO enters budgets and payments"),
            ("own", "The PMO enters budgets and payments"),
        ],
    )
    def test_nothing_known_says_what_to_do_by_role(self, db: None, who: str, sentence: str) -> None:
        place = make_place()
        response = place.client(who).get(f"{place.base}money/")
        assert response.status_code == 200
        assert sentence in words(response)

    def test_strangers_get_404_and_nobody_the_login(self, purse: Purse) -> None:
        for path in ("money/", "factories/F01/money/", "money/rows/"):
            assert get(purse, path, "outsider").status_code == 404
            assert get(purse, path, "anonymous").status_code == 302
        assert get(purse, "factories/F02/money/", "own").status_code == 404
        assert "Only the factories of your role are shown." in words(get(purse, "money/", "own"))

    def test_it_is_complete_in_russian_numbers(self, purse: Purse) -> None:
        assert "3,98 млрд ₽" in words(get(purse, "money/", language="ru"))

    def test_its_statements_do_not_grow_with_the_contract(self, purse: Purse, django_assert_max_num_queries: Any) -> None:
        for n in range(10):
            make_factory(purse.place.contract, code=f"G{n}")
        client = purse.place.client()
        with django_assert_max_num_queries(MONEY_BUDGET):
            assert client.get(f"{purse.place.base}money/?as_of={AS_OF}").status_code == 200
        with django_assert_max_num_queries(MONEY_BUDGET):
            assert client.get(f"{purse.place.base}money/rows/?figure=paid&as_of={AS_OF}").status_code == 200

    def test_the_cluster_and_the_factory_page_lead_here(self, purse: Purse) -> None:
        text = get(purse, "").content.decode()
        assert f"/c/alpha/money/?as_of={AS_OF}" in text
        assert "Outlook" in words(get(purse, ""))
        assert f"/c/alpha/factories/F01/money/?as_of={AS_OF}" in get(purse, "factories/F01/").content.decode()
