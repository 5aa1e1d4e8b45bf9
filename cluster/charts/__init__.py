"""Charts drawn by the server: pure functions from figures to SVG in two widths, a sentence and a table.

One set of functions for every page; classes carry the colours, presentation attributes the geometry, so that a chart
needs neither inline styles nor scripts.
"""

from cluster.charts.bands import BandYear, bands
from cluster.charts.bridge import Span, bridge
from cluster.charts.chart import Cell, Chart
from cluster.charts.curve import CurvePoint, curve
from cluster.charts.money import MoneyBar, money_bar
from cluster.charts.rates import Point, RateSeries, rate_steps
from cluster.charts.steps import Level, steps
from cluster.charts.timeline import TimelineRow, timeline

__all__ = [
    "BandYear",
    "Cell",
    "Chart",
    "CurvePoint",
    "Level",
    "MoneyBar",
    "Point",
    "RateSeries",
    "Span",
    "TimelineRow",
    "bands",
    "bridge",
    "curve",
    "money_bar",
    "rate_steps",
    "steps",
    "timeline",
]
