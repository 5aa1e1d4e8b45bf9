"""The dates of milestones as announced by a day: the first one promised, the one in force, and the newest forecast."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from cluster.domain.dates import DateWindow
from cluster.models import Contract, Factory, Source, User
from cluster.models.standing import PROMISED_ON, TOLD_ON
from cluster.models.windows import window_of
from cluster.queries.together import made_of


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


@dataclass(frozen=True, slots=True)
class Named:
    """What milestones and their dates name, by id: each factory has its contract; who is responsible."""

    sources: dict[int, Source]
    factories: dict[int, Factory]
    contracts: dict[int, Contract]
    people: dict[int, User]


# As one SELECT: what begins otherwise is taken for a change, and is told who makes it.
_PROMISES_AND_FORECASTS = f"""
WITH promises AS MATERIALIZED (
    SELECT promised.milestone_id, b.in_force_from, promised.id, promised.due_earliest, promised.due_latest, promised.due_precision,
        promised.announced_latest, promised.source_id
    FROM cluster_baselinemilestone AS promised JOIN cluster_baseline AS b ON b.id = promised.baseline_id
    WHERE promised.milestone_id = ANY(%(milestones)s::bigint[]) AND b.in_force_from <= %(as_of)s AND {PROMISED_ON} <= %(as_of)s
), dates AS MATERIALIZED ((
    SELECT DISTINCT ON (milestone_id) 0 AS which, milestone_id, due_earliest, due_latest, due_precision, announced_latest, source_id
    FROM promises ORDER BY milestone_id, in_force_from, id
) UNION ALL (
    SELECT DISTINCT ON (milestone_id) 1, milestone_id, due_earliest, due_latest, due_precision, announced_latest, source_id
    FROM promises ORDER BY milestone_id, in_force_from DESC, id DESC
) UNION ALL (
    SELECT DISTINCT ON (milestone_id) 2, milestone_id, new_earliest, new_latest, new_precision, announced_latest, source_id
    FROM cluster_forecastrevision AS told
    WHERE milestone_id = ANY(%(milestones)s::bigint[]) AND {TOLD_ON} <= %(as_of)s
    ORDER BY milestone_id, announced_latest DESC NULLS LAST, id DESC
))
"""  # noqa: S608 (our names)
_DATES = f"SELECT * FROM ({_PROMISES_AND_FORECASTS} SELECT *, NULL FROM dates) AS told"  # noqa: S608 (our names)
_DATES_AND_NAMED = f"""
SELECT * FROM ({_PROMISES_AND_FORECASTS}, named AS MATERIALIZED (
    SELECT contract_id, factory_id, actual_source_id, responsible_id FROM cluster_milestone WHERE id = ANY(%(milestones)s::bigint[])
)
SELECT *, NULL FROM dates
UNION ALL SELECT 3, NULL, NULL, NULL, NULL, NULL, NULL, row_to_json(s)::text FROM cluster_source AS s
    WHERE id IN (SELECT source_id FROM dates UNION SELECT actual_source_id FROM named)
UNION ALL SELECT 4, NULL, NULL, NULL, NULL, NULL, NULL, row_to_json(c)::text FROM cluster_contract AS c
    WHERE id IN (SELECT contract_id FROM named)
UNION ALL SELECT 5, NULL, NULL, NULL, NULL, NULL, NULL, row_to_json(f)::text FROM cluster_factory AS f
    WHERE id IN (SELECT factory_id FROM named)
UNION ALL SELECT 6, NULL, NULL, NULL, NULL, NULL, NULL, row_to_json(u)::text FROM cluster_user AS u
    WHERE id IN (SELECT responsible_id FROM named)
) AS told
"""  # noqa: S608 (our names)
_SOURCES, _CONTRACTS, _FACTORIES, _PEOPLE = 3, 4, 5, 6


def announced_dates(milestone_ids: Sequence[int], *, as_of: date) -> Announced:
    """What was announced by `as_of` of these milestones (the caller may read them): one statement."""
    return _read(_DATES, milestone_ids, as_of)[0]


def announced_with_named(milestone_ids: Sequence[int], *, as_of: date) -> tuple[Announced, Named]:
    """The same, with the sources, factories, contracts and people that the milestones and these dates name: one statement."""
    announced, named = _read(_DATES_AND_NAMED, milestone_ids, as_of)
    sources = {told["id"]: made_of(Source, told) for told in named.get(_SOURCES, ())}
    contracts = {told["id"]: made_of(Contract, told) for told in named.get(_CONTRACTS, ())}
    factories = {told["id"]: made_of(Factory, told) for told in named.get(_FACTORIES, ())}
    people = {told["id"]: made_of(User, told) for told in named.get(_PEOPLE, ())}
    for factory in factories.values():
        factory.contract = contracts[factory.contract_id]
    return announced, Named(sources, factories, contracts, people)


def _read(statement: str, milestone_ids: Sequence[int], as_of: date) -> tuple[Announced, dict[int, list[dict[str, Any]]]]:
    found: tuple[dict[int, Told], dict[int, Told], dict[int, Told]] = ({}, {}, {})
    named: dict[int, list[dict[str, Any]]] = {}
    if milestone_ids:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"milestones": f"{{{','.join(map(str, milestone_ids))}}}", "as_of": as_of})
            for which, milestone, earliest, latest, precision, announced, source, told in cursor.fetchall():
                if told is None:
                    found[which][milestone] = Told(window_of(earliest, latest, precision), announced, source)
                else:
                    named.setdefault(which, []).append(json.loads(told, parse_float=Decimal))
    return Announced(*found), named
