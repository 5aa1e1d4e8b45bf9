"""What the chart says in words: each bar, and the whole of it in a sentence."""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster.domain.dates import DateWindow, Precision
from cluster.models.names import day_written, in_english
from cluster.queries.schedule_board import ScheduleBoard, ScheduleRow
from cluster.templatetags.format import MINUS, date_short, days, days_late, window_short


class Teller:
    """Tells bars in the active language. Many dates and delays are the same: each is written once."""

    def __init__(self) -> None:
        self._windows: dict[int, str] = {}
        self._delays: dict[int, str] = {}
        self._work, self._reached, self._expected = _("work {start} – {finish}"), _("reached {date}"), _("expected {date}")
        self._due, self._original, self._forecast = _("due {date}"), _("promised at first {date}"), _("forecast {date}")
        self._late, self._late_original = _("{days} against the due date"), _("{days} against the first promise")
        self._pushed, self._float = _("{days} by knock-on"), _("total float in working days: {days}")
        self._waits_for, self._critical, self._undated = _("waits for {codes}"), _("critical"), _("no date published")
        self._in_english = in_english()

    def name(self, row: ScheduleRow) -> str:
        """The milestone's name; in the other language where it has none in this one."""
        return (row.name_en or row.name_ru) if self._in_english else (row.name_ru or row.name_en)

    def told(self, row: ScheduleRow, name: str) -> str:
        """`X01-D08 Building permit: work May 1, 2024 – May 30, 2024; due May 6, 2024; +24 days against the due date; ...`."""
        parts, english = [], self._in_english
        if row.start and row.finish and row.start != row.finish:
            parts.append(self._work.format(start=day_written(row.start, english), finish=day_written(row.finish, english)))
        if row.actual:
            parts.append(self._reached.format(date=self._of(row.actual)))
        elif row.finish:
            parts.append(self._expected.format(date=day_written(row.finish, english)))
        if row.due:
            parts.append(self._due.format(date=self._of(row.due)))
        if row.original and row.original != row.due:
            parts.append(self._original.format(date=self._of(row.original)))
        if row.forecast and not row.actual:
            parts.append(self._forecast.format(date=self._of(row.forecast)))
        parts += self._lateness(row)
        if row.critical:
            parts.append(self._critical)
        if row.total_float is not None:
            parts.append(self._float.format(days=str(row.total_float).replace("-", MINUS)))
        if row.waits_for:
            parts.append(self._waits_for.format(codes=", ".join(row.waits_for)))
        return f"{row.code} {name}: {'; '.join(parts) or self._undated}"

    def _lateness(self, row: ScheduleRow) -> Iterator[str]:
        late = row.late or 0
        if late:
            yield self._late.format(days=self._delay(late))
        if row.pushed > late:
            yield self._pushed.format(days=self._delay(row.pushed))
        if row.late_original and row.late_original != late:
            yield self._late_original.format(days=self._delay(row.late_original))

    def _of(self, window: DateWindow) -> str:
        if window.precision is Precision.DAY and window.earliest == window.latest:
            return day_written(window.latest, self._in_english)
        # The rows share their windows, and keep them as long as they are told.
        written = self._windows.get(id(window))
        if written is None:
            written = self._windows[id(window)] = window_short(window)
        return written

    def _delay(self, late: int) -> str:
        written = self._delays.get(late)
        if written is None:
            written = self._delays[late] = days_late(late)
        return written


def summary_of(board: ScheduleBoard, rows: Sequence[ScheduleRow]) -> str:
    """How many milestones are shown, how many of them are late and which one most, and where the critical path ends."""
    shown = ngettext("%(count)s milestone", "%(count)s milestones", len(rows)) % {"count": len(rows)}
    late = [row for row in rows if row.late]
    reached = sum(row.is_reached for row in rows)
    told = [_("{shown}: {reached} reached, {late} late, {critical} critical.").format(
        shown=shown, reached=reached, late=len(late), critical=sum(row.critical for row in rows)
    )]  # fmt: skip
    if late:
        worst = max(late, key=lambda row: row.late or 0)
        told.append(_("The latest by {days}: {code} {name}.").format(days=days(worst.late), code=worst.code, name=worst.name))
    end = next((row for row in board.rows if board.path and row.key == board.path[-1]), None)
    if end is not None and end.finish and len(board.path) > 1:
        told.append(
            _("The critical path leads over {count} to {code}, expected {date}.").format(
                count=ngettext("%(count)s milestone", "%(count)s milestones", len(board.path)) % {"count": len(board.path)},
                code=end.code,
                date=date_short(end.finish),
            )
        )
    return " ".join(told)
