"""The dates of milestones as announced by a day: the first one promised, the one in force, and the newest forecast."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db import connection

from cluster.domain.dates import DateWindow, Precision
from cluster.models.standing import PROMISED_ON, TOLD_ON


class Told(NamedTuple):
    """One date, when it was announced (None: not known), and the key of its source."""

    window: DateWindow
    announced: date | None
    source: int | None


@dataclass(frozen=True, slots=True)
class Announced:
    """By milestone what was announced of it."""

    original: dict[int, Told]
    due: dict[int, Told]
    forecast: dict[int, Told]


# As one SELECT: what begins otherwise is taken for a change, and is told who makes it.
_DATES = f"""
SELECT * FROM (
WITH promises AS MATERIALIZED (
    SELECT promised.milestone_id, b.in_force_from, promised.id, promised.due_earliest, promised.due_latest, promised.due_precision,
        promised.announced_latest, promised.source_id
    FROM cluster_baselinemilestone AS promised JOIN cluster_baseline AS b ON b.id = promised.baseline_id
    WHERE promised.milestone_id = ANY(%(milestones)s::bigint[]) AND b.in_force_from <= %(as_of)s AND {PROMISED_ON} <= %(as_of)s
)
(
    SELECT DISTINCT ON (milestone_id) 0, milestone_id, due_earliest, due_latest, due_precision, announced_latest, source_id
    FROM promises ORDER BY milestone_id, in_force_from, id
) UNION ALL (
    SELECT DISTINCT ON (milestone_id) 1, milestone_id, due_earliest, due_latest, due_precision, announced_latest, source_id
    FROM promises ORDER BY milestone_id, in_force_from DESC, id DESC
) UNION ALL (
    SELECT DISTINCT ON (milestone_id) 2, milestone_id, new_earliest, new_latest, new_precision, announced_latest, source_id
    FROM cluster_forecastrevision AS told
    WHERE milestone_id = ANY(%(milestones)s::bigint[]) AND {TOLD_ON} <= %(as_of)s
    ORDER BY milestone_id, announced_latest DESC NULLS LAST, id DESC
)
) AS dates
"""  # noqa: S608 (our names)


def announced_dates(milestone_ids: Sequence[int], *, as_of: date) -> Announced:
    """What was announced by `as_of` of these milestones (the caller may read them): one statement. Equal windows are one object."""
    found: tuple[dict[int, Told], dict[int, Told], dict[int, Told]] = ({}, {}, {})
    if milestone_ids:
        windows = Windows()
        with connection.cursor() as cursor:
            cursor.execute(_DATES, {"milestones": f"{{{','.join(map(str, milestone_ids))}}}", "as_of": as_of})
            for which, milestone, earliest, latest, precision, announced, source in cursor.fetchall():
                found[which][milestone] = Told(windows[earliest, latest, precision], announced, source)
    return Announced(*found)


class Windows(dict[tuple[date, date, str], DateWindow]):
    """Windows by their columns, each made once: milestones share their dates."""

    def __missing__(self, columns: tuple[date, date, str]) -> DateWindow:
        earliest, latest, precision = columns
        self[columns] = window = DateWindow(earliest, latest, Precision(precision))
        return window
