"""Competing facts as they were known on a day: those announced by then, each with whether it was in use then."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.db.models.functions import Coalesce, TruncDate

from cluster.domain.in_use import in_use_on

M = TypeVar("M", bound=Model)


def as_known(rows: "QuerySet[M]", *, as_of: date, place: Sequence[str]) -> list[M]:
    """The rows announced by `as_of` in their order: one statement. The columns of `place` say which rows compete.

    `in_use` of the rows tells of that day, not of today: they are for reading, not for saving. `rows` must hold every
    competitor, or the choice is made among too few.
    """
    return known_among(to_be_known(rows), as_of=as_of, place=place)


def to_be_known(rows: "QuerySet[M]") -> "QuerySet[M]":
    """The rows for `known_among`, where they are read together with others."""
    known: QuerySet[Any] = rows.annotate(known_on=Coalesce("announced_latest", TruncDate("recorded_at")))
    return known


def known_among(rows: Iterable[M], *, as_of: date, place: Sequence[str]) -> list[M]:
    """The same of rows that were read."""
    found: list[Any] = list(rows)
    rivals: dict[tuple[object, ...], list[Any]] = defaultdict(list)
    for row in found:
        rivals[tuple(getattr(row, name) for name in place)].append(row)
    chosen = {row.pk for facts in rivals.values() for row in in_use_on(as_of, facts)}
    known = [row for row in found if row.known_on <= as_of]
    for row in known:
        row.in_use = row.pk in chosen
    return known
