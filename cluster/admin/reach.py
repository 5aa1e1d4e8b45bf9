"""What a person reaches in the admin: rows in scope, columns that name people, records that their roles may edit."""

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.http import HttpRequest

from cluster.domain.errors import Forbidden
from cluster.models.scope import ScopedQuerySet
from cluster.queries.people import sees_all_people
from cluster.services.records import require_edit

# Columns that name people: masked for plant managers and controllers.
PEOPLE = frozenset(
    {
        "manager", "responsible", "recorded_by", "acknowledged_by", "approved_by", "requested_by", "by", "user", "owed_by", "escalates_to",
        "made_by",
    }
)  # fmt: skip


def in_scope(model: Any, request: HttpRequest) -> Any:
    """The rows of `model` that the person may see; all of them for Django's own models, which have no gate."""
    rows = model._default_manager.all()
    return rows.for_reader(request.user) if isinstance(rows, ScopedQuerySet) else rows


def is_number(text: str) -> bool:
    """Whether a text can be the number of a record: ASCII digits, of which the database can hold 18 at least."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def without_people(fields: Sequence[Any], request: HttpRequest) -> list[Any]:
    """The fields, without those that name people where the reader may not see names; groups of fields keep their grouping."""
    if sees_all_people(request.user):
        return list(fields)
    groups = [[name for name in field if name not in PEOPLE] if isinstance(field, list | tuple) else field for field in fields]
    return [field for field in groups if field and (isinstance(field, list) or field not in PEOPLE)]


def may_edit(request: HttpRequest, obj: Any) -> bool:
    """Whether the person's roles reach this record."""
    try:
        require_edit(request.user, obj)  # type: ignore[arg-type]
    except Forbidden:
        return False
    return True


def history_model(model: type[models.Model]) -> Any:
    """The model of the events that are kept of `model`; None where none are."""
    related = {relation.name: relation.related_model for relation in model._meta.related_objects}
    return related.get("history")
