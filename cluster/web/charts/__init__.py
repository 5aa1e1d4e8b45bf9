"""Charts drawn by the server: pure functions from figures to SVG in two widths, a sentence and a table.

One set of functions for every page; classes carry the colours, presentation attributes the geometry, so that a chart
needs neither inline styles nor scripts.
"""

from cluster.web.charts.bands import BandYear, bands
from cluster.web.charts.bridge import Span, bridge
from cluster.web.charts.chart import Cell, Chart
from cluster.web.charts.curve import CurvePoint, curve
from cluster.web.charts.money import MoneyBar, money_bar
from cluster.web.charts.rates import Point, RateSeries, rate_steps
from cluster.web.charts.steps import Level, steps
from cluster.web.charts.timeline import TimelineRow, timeline

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
