"""Delays: what is late, since when and why, who was told, and what else is wrong."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from cluster.domain.delays import Severity
from cluster.gateways.workbook import Column, Kind, Sheet
from cluster.models import DelayEvent
from cluster.queries.board_report import Facts, Flagged
from cluster.queries.delay_board import Delayed
from cluster.queries.flag_kinds import kind_label
from cluster.services.board_chapters import Chapter
from cluster.templatetags.format import date_short
from cluster.templatetags.page import severity_word
from cluster.templatetags.story import cause_text

# On paper; the workbook holds all of them.
MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One subject with its cause in a sentence, what was last said of the milestone that lost most, and the note that was taken."""

    delayed: Delayed
    cause: str
    said: str
    note: DelayEvent | None

    @property
    def kinds(self) -> str:
        """What is wrong with it, in words."""
        return ", ".join(dict.fromkeys(kind_label(row.kind) for row in self.delayed.rows if row.is_open))

    @property
    def days(self) -> int:
        """The longest of its delays in days."""
        return max(row.days for row in self.delayed.rows)


def delays(facts: Facts) -> Chapter:
    """Also where nothing is late: that is worth a sentence."""
    rows = [_row(facts, one) for one in facts.late]
    counts = [(severity.value, n) for severity in reversed(Severity) if (n := sum(one.worst.severity is severity for one in facts.late))]
    data = {
        "rows": rows[:MOST_TOLD],
        "more": len(rows) - MOST_TOLD,
        "count": len(rows),
        "counts": counts,
        "noted": sum(row.note is not None for row in rows),
        "flagged": facts.flagged[:MOST_TOLD],
        "problem": facts.delays.problem,
    }
    sheets = [_sheet(rows)]
    if facts.flagged:
        sheets.append(_others(facts.flagged))
    return Chapter("delays", _("Delays"), "reports/chapters/delays.html", data, sheets)


def _row(facts: Facts, delayed: Delayed) -> Row:
    cause, said = delayed.cause, ""
    if cause and cause.said:
        # Who of the staff recorded it is left out: reports are read by those too who may not see names.
        where = cause.said.document or (str(cause.said.source.title) if cause.said.source else "")
        parts = (cause.said.get_reason_display(), where, cause.said.speaker)
        said = " · ".join(str(part) for part in parts if part)
    note = facts.notes.get(delayed.dated.milestone.pk) if delayed.dated else None
    return Row(delayed, cause_text(cause) if cause else "", said, note)


def _sheet(rows: list[Row]) -> Sheet:
    columns = [
        Column(_("Code"), width=14),
        Column(_("What"), width=44),
        Column(_("Factory"), width=10),
        Column(_("Kind"), width=28),
        Column(_("Severity"), width=14),
        Column(_("Since"), Kind.DATE),
        Column(_("Days"), Kind.INTEGER),
        Column(_("Cause"), width=70),
        Column(_("What was said"), width=40),
        Column(_("Noted"), width=40),
    ]
    return Sheet(
        _("Delays"),
        columns,
        [
            [
                row.delayed.code,
                row.delayed.name,
                row.delayed.factory_code,
                row.kinds,
                severity_word(row.delayed.worst.severity),
                row.delayed.worst.since,
                row.days,
                row.cause,
                row.said,
                _noted(row.note),
            ]
            for row in rows
        ],
    )


def _noted(note: DelayEvent | None) -> str:
    if note is None or note.until is None:
        return ""
    return _("noted until {day}: {why}").format(day=date_short(note.until), why=note.reason)


def _others(flagged: list[Flagged]) -> Sheet:
    columns = [
        Column(_("What"), width=50),
        Column(_("Kind"), width=28),
        Column(_("Severity"), width=14),
        Column(_("By how much"), Kind.NUMBER),
        Column(_("Days"), Kind.INTEGER),
        Column(_("Recorded on"), Kind.DATE),
    ]
    return Sheet(
        _("What else is wrong"),
        columns,
        [
            [one.name, str(one.label), severity_word(one.event.severity), one.event.amount, one.event.days or None, one.event.on_date]
            for one in flagged
        ],
    )
