"""Several reads of one page in one statement."""

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import DateField, DateTimeField, DecimalField, FloatField, JSONField, Model, QuerySet, UUIDField

M = TypeVar("M", bound=Model)


@lru_cache(maxsize=5_000)
def _day(told: str) -> date:
    """A day; a moment where the database cuts one (TruncMonth), of which Django makes the day."""
    return datetime.fromisoformat(told) if "T" in told else date.fromisoformat(told)


# What JSON tells in another type than the database; a time stamp is a date as well, and so comes first.
_FROM_JSON: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (DateTimeField, datetime.fromisoformat),
    (DateField, _day),
    (DecimalField, Decimal),
    (FloatField, float),
    (UUIDField, UUID),
    (JSONField, partial(json.dumps, default=float)),
)


def made_of(model: type[M], told: dict[str, Any]) -> M:
    """A row of a table, as JSON with all its columns, as what Django makes of such a row."""
    fields = model._meta.concrete_fields
    values = [_converted(told[str(field.column)], _from_json(field)) for field in fields]
    return model.from_db(connection.alias, [field.attname for field in fields], values)


def _from_json(kind: Any) -> Callable[[Any], Any] | None:
    return next((of for json_kind, of in _FROM_JSON if isinstance(kind, json_kind)), None)


def _converted(value: Any, of: Callable[[Any], Any] | None) -> Any:
    return value if value is None or of is None else of(value)


class Written:
    """The statement of a query of plain values, to be kept and sent again: to write a long one takes Django longer than its answer."""

    def __init__(self, rows: QuerySet[Any, Any]) -> None:
        read = _Read(rows)
        self.sql, self.params, self._kinds = read.sql, read.params, read.kinds()

    def rows(self, told: list[tuple[Any, ...]]) -> list[Any]:
        """What the query gives."""
        return told

    def kinds(self) -> list[Any]:
        """The types of its columns."""
        return self._kinds


def together(*reads: "QuerySet[Any, Any] | Written") -> list[list[Any]]:
    """The rows of each query, in its order and as it gives them itself, all of one statement: none where nothing can be found.

    For what is read side by side and is not much: rows come as JSON. Binary columns, spans of time and prefetched rows do not.
    """
    asked = [rows if isinstance(rows, Written) else _Read(rows) for rows in reads]
    possible = [read for read in asked if read.sql]
    found: dict[int, list[tuple[Any, ...]]] = {}
    if possible:
        # Ordered by the query within: an aggregate takes its rows as they come.
        parts = ", ".join(f"(SELECT json_agg(told)::text FROM ({read.sql}) AS told)" for read in possible)  # noqa: S608 (our own queries)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {parts}", [value for read in possible for value in read.params])
            found = {id(read): _made(told, read.kinds()) for read, told in zip(possible, cursor.fetchone(), strict=True)}
    return [read.rows(found.get(id(read), [])) for read in asked]


def _made(told: str | None, kinds: list[Any]) -> list[tuple[Any, ...]]:
    """Rows that came as JSON, with the types of their columns; None stands for none."""
    convert = [(place, of) for place, kind in enumerate(kinds) if (of := _from_json(kind)) is not None]
    found = []
    for row in json.loads(told or "[]", parse_float=Decimal):
        values = list(row.values())
        for place, of in convert:
            if values[place] is not None:
                values[place] = of(values[place])
        found.append(tuple(values))
    return found


class _Read:
    """One of the queries: Django writes its statement and makes its rows; what passes between the two comes from outside."""

    def __init__(self, rows: QuerySet[Any, Any]) -> None:
        self._queryset: Any = rows._chain()  # type: ignore[attr-defined]
        self._compiler: Any = self._queryset.query.get_compiler(rows.db)
        try:
            self.sql, self.params = self._compiler.as_sql(with_col_aliases=True)
        except EmptyResultSet:
            self.sql, self.params = "", ()

    def kinds(self) -> list[Any]:
        """The types of its columns."""
        return [column.output_field for column, *_ in self._compiler.select] if self.sql else []

    def rows(self, told: list[tuple[Any, ...]]) -> list[Any]:
        """What the query gives."""
        if not told:
            return []
        self._compiler.execute_sql = lambda *_args, **_options: [told]
        self._queryset.query.get_compiler = lambda *_args, **_options: self._compiler
        return list(self._queryset._iterable_class(self._queryset))
