"""Many rows of one table changed by one statement, where Django would write a CASE of every row for every column."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection, models


def update_in_bulk(rows: Sequence[models.Model], columns: Collection[str]) -> None:
    """Write these columns of stored rows of one model, validated before: one statement; triggers and constraints run as ever."""
    if not rows:
        return
    meta = type(rows[0])._meta
    fields: list[Any] = [meta.pk, *(meta.get_field(name) for name in columns)]
    # A length stands in the column, where too long a text is refused; in a cast it would be cut off.
    kinds = [str(field.db_type(connection)).partition("(")[0] for field in fields]
    kinds = ["bigint" if field is meta.pk else kind for field, kind in zip(fields, kinds, strict=True)]
    values = [[field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows] for field in fields]
    quoted = [connection.ops.quote_name(field.column) for field in fields]
    sets = ", ".join(f"{name} = new.{name}" for name in quoted[1:])
    arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
    table = connection.ops.quote_name(meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS stored SET {sets} FROM unnest({arrays}) AS new ({', '.join(quoted)}) WHERE stored.id = new.id",  # noqa: S608 (our names)
            values,
        )
