"""Which days the chart shows: read from the address, moved by links."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.http import HttpRequest

from cluster.charts.gantt.axis import Axis, Zoom
from cluster.domain.dates import DateWindow, parse_day, refuse_far
from cluster.domain.errors import DomainError
from cluster.queries.schedule_board import ScheduleRow
from cluster.web.filters import link

# Days before and after the day shown that a narrow zoom begins with; the others show everything.
_NEAR = {Zoom.WEEK: (56, 182), Zoom.MONTH: (183, 730)}
_MARGIN = timedelta(days=20)


def axis_from(request: HttpRequest, rows: Sequence[ScheduleRow], zoom: Zoom, *, as_of: date) -> Axis:
    """The days from `?from=` to `?to=` (2026, 2026-Q1, 2026-03, a day), by default those near `as_of` or, by quarters, all of them.

    Where the milestones shown lie far from `as_of`, those nearest to it stand in its place.

    What lies far outside of the plan is not drawn. DomainError for what is no date, and for an end before its start.
    """
    earliest, latest = _span(rows, as_of)
    first, last = min(earliest, as_of) - _MARGIN, max(latest, as_of) + _MARGIN
    anchor = min(max(as_of, earliest), latest)
    since, until = _asked(request, "from"), _asked(request, "to")
    if since and until and since.earliest > until.latest:
        raise DomainError("The chart cannot end before it starts.", field="to", code="window_order")
    before, after = _NEAR.get(zoom, (None, None))
    start = since.earliest if since else max(first, anchor - timedelta(days=before)) if before is not None else first
    end = until.latest if until else min(last, anchor + timedelta(days=after)) if after is not None else last
    start, end = min(max(start, first), last), max(min(end, last), first)
    return Axis.around(min(start, end), max(start, end), zoom)


def shifted(request: HttpRequest, axis: Axis, direction: int) -> str:
    """The address that shows the days before (-1) or after (1) half of those shown."""
    step = direction * ((axis.last - axis.first) / 2)
    return link(request, **{"from": (axis.first + step).isoformat(), "to": (axis.last + step).isoformat()})


def _asked(request: HttpRequest, name: str) -> DateWindow | None:
    text = request.GET.get(name, "").strip()
    if not text:
        return None
    window = DateWindow.day(parse_day(text)) if "." in text else DateWindow.parse(text)
    refuse_far(window, field=name)
    return window


def _span(rows: Sequence[ScheduleRow], as_of: date) -> tuple[date, date]:
    """The first and the last day of anything that the rows draw; `as_of` where they draw nothing."""
    known = [on for row in rows for on in (row.start, row.finish) if on]
    known += [window.latest for row in rows for window in (row.original, row.due, row.forecast) if window]
    return (min(known), max(known)) if known else (as_of, as_of)
