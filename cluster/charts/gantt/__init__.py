"""The Gantt chart, drawn by the server as rows of a table: pure functions from dates to mark-up.

Each row is a drawing of its own, arrows included, so that the head of the table can stay in sight on a screen and return on every
sheet of paper, and rows can be folded or filtered by the address. Text is escaped here; classes carry the colours.
"""

from cluster.charts.gantt.arrows import Arrow
from cluster.charts.gantt.axis import Axis, Zoom
from cluster.charts.gantt.chart import Bar, Gantt, Group, gantt

__all__ = ["Arrow", "Axis", "Bar", "Gantt", "Group", "Zoom", "gantt"]
