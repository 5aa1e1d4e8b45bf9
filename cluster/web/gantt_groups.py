"""The rows of a schedule as groups of bars, folded and opened by the address."""

from collections.abc import Sequence
from itertools import groupby

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from cluster.charts.gantt.bars import bars_of
from cluster.charts.gantt.chart import Group
from cluster.charts.gantt.words import Teller
from cluster.queries.schedule_board import ScheduleRow
from cluster.web.context import Frame
from cluster.web.filters import link

# The key of the group of the contract as a whole.
_WHOLE = "-"


def groups_of(request: HttpRequest, rows: Sequence[ScheduleRow], code: str) -> list[Group]:
    """The rows by factory, each group in their order; `?fold=X01,X02` folds some, `?fold=all` all of them."""
    text = request.GET.get("fold", "")
    by_order = sorted(rows, key=_place)
    keys = [key for key, _rows in groupby(by_order, key=lambda row: row.factory_code or _WHOLE)]
    folded = set(keys) if text == "all" else set(text.split(",")) & set(keys)
    query = Frame(request).as_of_query
    teller = Teller()
    # One look-up of the address serves all of them.
    pages = reverse("cluster:milestone", kwargs={"code": code, "milestone": "-"}).removesuffix("-/")
    groups = []
    for key, members in groupby(by_order, key=lambda row: row.factory_code or _WHOLE):
        found = list(members)
        factory = found[0].factory
        groups.append(
            Group(
                name=f"{factory.code} {factory.name}" if factory else _("The contract as a whole"),
                bars=bars_of(found, pages=pages, query=query, teller=teller),
                url=reverse("cluster:factory", args=[code, factory.code]) + query if factory else "",
                folded=key in folded,
                toggle=link(request, fold=",".join(one for one in keys if one in folded ^ {key})),
            )
        )
    return groups


def _place(row: ScheduleRow) -> tuple[int, str]:
    return (row.factory.order, row.factory.code) if row.factory else (-1, "")
