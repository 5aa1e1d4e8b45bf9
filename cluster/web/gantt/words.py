"""What the chart says in words: each bar, and the whole of it in a sentence."""

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster.models.names import in_english
from cluster.queries.milestones import Dated
from cluster.queries.schedule_board import ScheduleBoard, ScheduleRow
from cluster.templatetags.format import MINUS, date_short, days, days_late, window_short


class Teller:
    """Tells bars in the active language. Many dates and delays are the same: each is written once."""

    def __init__(self) -> None:
        self._windows: dict[tuple[date, date, str], str] = {}
        self._days: dict[date, str] = {}
        self._templates = {
            "work": _("work {start} – {finish}"),
            "reached": _("reached {date}"),
            "expected": _("expected {date}"),
            "due": _("due {date}"),
            "original": _("promised at first {date}"),
            "forecast": _("forecast {date}"),
            "late": _("{days} against the due date"),
            "pushed": _("{days} by knock-on"),
            "late_original": _("{days} against the first promise"),
            "float": _("total float in working days: {days}"),
            "waits_for": _("waits for {codes}"),
        }
        self._in_english = in_english()
        self._critical, self._undated = _("critical"), _("no date published")

    def name(self, row: ScheduleRow) -> str:
        """The milestone's name; in the other language where it has none in this one."""
        ru, en = row.dated.milestone.name_ru, row.dated.milestone.name_en
        return (en or ru) if self._in_english else (ru or en)

    def told(self, row: ScheduleRow, name: str) -> str:
        """`X01-D08 Building permit: work May 1, 2024 – May 30, 2024; due May 6, 2024; +24 days against the due date; ...`."""
        dated, say = row.dated, self._templates
        parts = []
        if row.start and row.finish and row.start != row.finish:
            parts.append(say["work"].format(start=self._day(row.start), finish=self._day(row.finish)))
        if dated.actual:
            parts.append(say["reached"].format(date=self._of(dated.actual)))
        elif row.finish:
            parts.append(say["expected"].format(date=self._day(row.finish)))
        due, original, forecast = self._of(dated.due), self._of(dated.original), self._of(dated.forecast)
        if due:
            parts.append(say["due"].format(date=due))
        if original != due:
            parts.append(say["original"].format(date=original))
        if forecast and not dated.actual:
            parts.append(say["forecast"].format(date=forecast))
        parts += self._late(row)
        if row.critical:
            parts.append(self._critical)
        if row.total_float is not None:
            parts.append(say["float"].format(days=str(row.total_float).replace("-", MINUS)))
        if row.waits_for:
            parts.append(say["waits_for"].format(codes=", ".join(row.waits_for)))
        return f"{dated.milestone.code} {name}: {'; '.join(parts) or self._undated}"

    def _late(self, row: ScheduleRow) -> list[str]:
        say, late, late_original = self._templates, row.dated.late_days, row.dated.late_days_original
        parts = []
        if late:
            parts.append(say["late"].format(days=days_late(late)))
        if row.pushed_days > (late or 0):
            parts.append(say["pushed"].format(days=days_late(row.pushed_days)))
        if late_original and late_original != late:
            parts.append(say["late_original"].format(days=days_late(late_original)))
        return parts

    def _of(self, dated: Dated | None) -> str:
        if dated is None:
            return ""
        window = dated.window
        key = (window.earliest, window.latest, window.precision)
        if key not in self._windows:
            self._windows[key] = window_short(window)
        return self._windows[key]

    def _day(self, on: date) -> str:
        if on not in self._days:
            self._days[on] = date_short(on)
        return self._days[on]


def summary_of(board: ScheduleBoard, rows: Sequence[ScheduleRow]) -> str:
    """How many milestones are shown, how many of them are late and which one most, and where the critical path ends."""
    shown = ngettext("%(count)s milestone", "%(count)s milestones", len(rows)) % {"count": len(rows)}
    late = [row for row in rows if row.dated.late_days]
    reached = sum(row.dated.is_reached for row in rows)
    told = [_("{shown}: {reached} reached, {late} late, {critical} critical.").format(
        shown=shown, reached=reached, late=len(late), critical=sum(row.critical for row in rows)
    )]  # fmt: skip
    if late:
        worst = max(late, key=lambda row: row.dated.late_days or 0)
        told.append(
            _("The latest by {days}: {code} {name}.").format(
                days=days(worst.dated.late_days), code=worst.dated.milestone.code, name=worst.dated.milestone.name
            )
        )
    end = next((row for row in board.rows if board.path and row.dated.milestone.pk == board.path[-1]), None)
    if end is not None and end.finish and len(board.path) > 1:
        told.append(
            _("The critical path leads over {count} to {code}, expected {date}.").format(
                count=ngettext("%(count)s milestone", "%(count)s milestones", len(board.path)) % {"count": len(board.path)},
                code=end.dated.milestone.code,
                date=date_short(end.finish),
            )
        )
    return " ".join(told)
