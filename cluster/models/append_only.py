"""Append-only tables, and rows that are never deleted: the database itself refuses."""

from typing import Any, TypeVar

import pgtrigger
from django.db import models

M = TypeVar("M", bound=models.Model)

_REFUSE = "RAISE EXCEPTION '% is append-only: correct an error by a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';"


def _never_emptied() -> Any:
    return pgtrigger.Trigger(
        name="append_only_table",
        operation=pgtrigger.Truncate,
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        func=_REFUSE,
    )


def append_only(model: type[M]) -> type[M]:
    """Class decorator: triggers refuse UPDATE, DELETE and TRUNCATE, raw SQL included. Errors are corrected by new rows."""
    rows: Any = pgtrigger.Trigger(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete, when=pgtrigger.Before, func=_REFUSE)
    registered: type[M] = pgtrigger.register(rows, _never_emptied())(model)
    return registered


def history_kept() -> dict[str, Any]:
    """The `meta` of a history table that refuses TRUNCATE, as it refuses UPDATE and DELETE anyway."""
    return {"triggers": [_never_emptied()]}


def never_deleted(model: type[M]) -> type[M]:
    """Class decorator: triggers refuse DELETE and TRUNCATE, because other rows tell of this one for good."""
    rows: Any = pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)
    registered: type[M] = pgtrigger.register(rows, _never_emptied())(model)
    return registered
