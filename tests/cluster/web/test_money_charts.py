"""The S-curve and the bridge: legible with negative and tiny effects, the same figures in words and in a table."""

import re
from datetime import date
from decimal import Decimal

import pytest

from cluster.charts import CurvePoint, Span, bridge, curve

pytestmark = pytest.mark.usefixtures("in_english")


def spans(*effects: str, start: str = "100") -> list[Span]:
    middle = [Span(f"effect {n}", Decimal(amount)) for n, amount in enumerate(effects)]
    end = Decimal(start) + sum((span.amount for span in middle), Decimal(0))
    return [Span("Budget", Decimal(start), is_total=True), *middle, Span("Outlook", end, is_total=True)]


def boxes(drawing: str, class_: str) -> list[dict[str, float]]:
    """The bars of a class with their places."""
    found = re.findall(rf'<rect [^>]*class="{class_}"[^>]*>', drawing)
    return [{name: float(value) for name, value in re.findall(r'\b(x|y|width|height)="([-\d.]+)"', one)} for one in found]


class TestBridge:
    def test_effects_hang_between_the_totals_with_sign_and_arrow(self) -> None:
        chart = bridge("b", spans("30", "-10"), title="T", currency="USD")
        assert "Budget: $100. Outlook: $120. The difference: effect 0 +$30, effect 1 −$10." in chart.summary
        assert "▲ +$30" in chart.wide
        assert "▼ −$10" in chart.narrow
        assert [row[1].text for row in chart.rows] == ["$100.00", "+$30.00", "−$10.00", "$120.00"]
        budget, outlook = boxes(chart.wide, "bar-main")
        (more,), (less,) = boxes(chart.wide, "bar-short"), boxes(chart.wide, "bar-less")
        assert budget["height"] < outlook["height"]
        assert more["y"] == pytest.approx(less["y"], abs=0.2)
        assert more["y"] + more["height"] == pytest.approx(budget["y"], abs=0.2)

    def test_a_tiny_effect_is_still_a_bar_and_none_is_no_difference(self) -> None:
        tiny = bridge("b", spans("0.01", start="1000000000"), title="T", currency="RUB")
        assert boxes(tiny.wide, "bar-short")[0]["height"] >= 3
        assert boxes(tiny.narrow, "bar-short")[0]["width"] >= 3
        even = bridge("b", spans("0"), title="T", currency="RUB")
        assert "No difference." in even.summary
        assert "▲" not in even.wide

    def test_a_level_below_zero_stays_inside_the_picture(self) -> None:
        chart = bridge("b", spans("-250", "100"), title="T", currency="USD")
        for drawing, size, edge in ((chart.wide, "height", 300.0), (chart.narrow, "width", 358.0)):
            place = "y" if size == "height" else "x"
            bars = [box for name in ("bar-main", "bar-short", "bar-less") for box in boxes(drawing, name)]
            assert len(bars) == 4
            assert all(box[place] >= 0 and box[place] + box[size] <= edge for box in bars)

    def test_nothing_at_all_can_be_drawn(self) -> None:
        assert "No difference." in bridge("b", spans("0", start="0"), title="T", currency="USD").summary


class TestCurve:
    def test_it_tells_what_was_paid_against_the_plan_and_where_it_ends(self) -> None:
        points = [
            CurvePoint(date(2025, 1, 1), Decimal(100), Decimal(80), Decimal(80)),
            CurvePoint(date(2025, 2, 1), Decimal(200), None, Decimal(260)),
        ]
        chart = curve("c", points, as_of=date(2025, 1, 20))
        assert "By Jan 20, 2025, ₽80 was paid; the budget had planned ₽100 by the end of that month." in chart.summary
        assert "In the end the budget comes to ₽200, the outlook to ₽260." in chart.summary
        assert [[cell.text for cell in row] for row in chart.rows][1] == ["February 2025", "₽200.00", "", "₽260.00"]
        for name in ("budget", "outlook", "paid"):
            assert f'class="curve {name}"' in chart.wide
            assert f'class="curve {name}"' in chart.narrow

    def test_without_a_dated_budget_only_payments_are_drawn(self) -> None:
        points = [CurvePoint(date(2025, n, 1), None, Decimal(n), None) for n in (1, 2)]
        chart = curve("c", points, as_of=date(2025, 2, 20))
        assert chart.summary == "By Feb 20, 2025, ₽2 was paid."
        assert 'class="curve budget"' not in chart.wide

    def test_labels_that_would_meet_stand_apart(self) -> None:
        points = [CurvePoint(date(2025, n, 1), Decimal(100 * n), Decimal(100 * n), Decimal(100 * n)) for n in (1, 2)]
        wide = curve("c", points, as_of=date(2025, 2, 20)).wide
        heights = [float(y) for y in re.findall(r'<text x="818" y="([\d.]+)">', wide)]
        assert len(heights) == 3
        assert all(abs(a - b) >= 18 for n, a in enumerate(heights) for b in heights[:n])
