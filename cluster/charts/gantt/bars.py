"""From the rows of a schedule to the bars and arrows of its chart."""

from collections.abc import Iterable
from datetime import date
from urllib.parse import quote

from cluster.charts.gantt.arrows import Arrow
from cluster.charts.gantt.chart import Bar
from cluster.charts.gantt.words import Teller
from cluster.domain.dates import DateWindow
from cluster.queries.schedule_board import ScheduleBoard, ScheduleRow


def arrows_of(board: ScheduleBoard) -> list[Arrow]:
    """The dependencies; critical where they drive the critical path."""
    driving = board.driving
    return [
        Arrow(wait.predecessor, wait.successor, wait.type, critical=(wait.predecessor, wait.successor) in driving) for wait in board.waits
    ]


def bars_of(rows: Iterable[ScheduleRow], *, pages: str = "", query: str = "", teller: Teller | None = None) -> list[Bar]:
    """A bar for each row; it leads to the milestone's page below the address `pages`."""
    teller = teller or Teller()
    return [_bar(row, f"{pages}{quote(row.code, safe='')}/{query}", teller) for row in rows]


def _bar(row: ScheduleRow, url: str, teller: Teller) -> Bar:
    name = teller.name(row)
    return Bar(
        key=row.key,
        code=row.code,
        name=name,
        url=url,
        start=row.start,
        finish=row.finish,
        told=teller.told(row, name),
        original=_end(row.original),
        due=_end(row.due),
        due_from=row.due.earliest if row.due else None,
        forecast=_end(row.forecast),
        reached=row.is_reached,
        late=row.late or 0,
        pushed=row.pushed,
        critical=row.critical,
    )


def _end(window: DateWindow | None) -> date | None:
    return window.latest if window else None
