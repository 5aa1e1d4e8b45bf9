"""From the rows of a schedule to the bars, groups and arrows of its chart."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from urllib.parse import quote

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from cluster.domain.dates import DateWindow
from cluster.queries.schedule_board import ScheduleBoard, ScheduleRow
from cluster.web.context import Frame
from cluster.web.filters import link
from cluster.web.gantt.arrows import Arrow
from cluster.web.gantt.chart import Bar, Group
from cluster.web.gantt.words import Teller

# The key of the group of the contract as a whole.
_WHOLE = "-"


def arrows_of(board: ScheduleBoard) -> list[Arrow]:
    """The dependencies; critical where they drive the critical path."""
    driving = board.driving
    return [
        Arrow(wait.predecessor, wait.successor, wait.type, critical=(wait.predecessor, wait.successor) in driving) for wait in board.waits
    ]


def groups_of(request: HttpRequest, rows: Sequence[ScheduleRow], code: str) -> list[Group]:
    """The rows by factory, each group in their order; `?fold=X01,X02` folds some, `?fold=all` all of them."""
    text = request.GET.get("fold", "")
    by_order = sorted(rows, key=_place)
    keys = [key for key, _rows in groupby(by_order, key=lambda row: row.factory_code or _WHOLE)]
    folded = set(keys) if text == "all" else set(text.split(",")) & set(keys)
    query = Frame(request).as_of_query
    teller = Teller()
    groups = []
    for key, members in groupby(by_order, key=lambda row: row.factory_code or _WHOLE):
        found = list(members)
        factory = found[0].factory
        groups.append(
            Group(
                name=f"{factory.code} {factory.name}" if factory else _("The contract as a whole"),
                bars=bars_of(found, code=code, query=query, teller=teller),
                url=reverse("cluster:factory", args=[code, factory.code]) + query if factory else "",
                folded=key in folded,
                toggle=link(request, fold=",".join(one for one in keys if one in folded ^ {key})),
            )
        )
    return groups


def bars_of(rows: Iterable[ScheduleRow], *, code: str, query: str = "", teller: Teller | None = None) -> list[Bar]:
    """A bar for each row; it leads to the milestone's page."""
    teller = teller or Teller()
    # One look-up of the address serves all of them.
    pages = reverse("cluster:milestone", kwargs={"code": code, "milestone": "-"}).removesuffix("-/")
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


def _place(row: ScheduleRow) -> tuple[int, str]:
    return (row.factory.order, row.factory.code) if row.factory else (-1, "")
