"""Who changed what, and when: the events of a factory and of what belongs to it, from the history that the database keeps."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import (
    BigIntegerField,
    CharField,
    DateField,
    DateTimeField,
    IntegerField,
    Max,
    Model,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Concat, NullIf, Trim
from django.utils.translation import gettext_lazy as _
from pghistory.models import Events

from cluster.models import Factory, JobRun, SlipReason, User
from cluster.models.names import day_in_words
from cluster.models.scope import Reader
from cluster.queries.people import sees_people

# Bookkeeping that says nothing to a reader of the history.
_NOT_TOLD = {"id", "version", "request_key", "recorded_at", "converted_at"}
# Reasons that the program writes as a code; what a person wrote stays as it is.
_REASONS: dict[str, Any] = {
    **dict([*SlipReason.choices, *JobRun.Name.choices]),
    "public record": _("public record"),
    "example plan": _("example plan"),
}
_EVENTS: Any = Events.objects


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a change: its name for people, and the values before and after."""

    label: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Change:
    """One event: what kind of row it happened to, which one, when, by whom (None: unknown or not for this reader), why."""

    at: datetime
    verb: str
    noun: str
    subject: str
    by: str | None
    by_somebody: bool
    reason: str
    changes: list[FieldChange] = field(default_factory=list)


def factory_history(*, reader: Reader, factory: Factory, limit: int, offset: int = 0) -> list[Change]:
    """Changes of a factory that `reader` sees, of its milestones, claims, budget and ledger: the newest first, one statement."""
    # Who holds which role at a factory is no part of its record.
    found = _EVENTS.references(factory).exclude(pgh_obj_model="cluster.Membership")
    return _read(found, limit, offset, named=sees_people(reader, contract_id=factory.contract_id))


def record_history(*, record: Model, limit: int, offset: int = 0, named: bool = True) -> list[Change]:
    """Changes of one record, the newest first: the caller has checked that they, and (`named`) the people behind them, may be shown."""
    return _read(_EVENTS.tracks(record), limit, offset, named=named)


def history_length(record: Model) -> int:
    """How many changes are kept of one record."""
    return int(record.history.count()) if hasattr(record, "history") else 0


def newest_event(record: Model) -> int:
    """The id of the newest event kept of a record: what changes whenever the record does. 0 where none is kept."""
    history: Any = getattr(record, "history", None)
    newest = None if history is None else history.order_by("-pgh_id").values_list("pgh_id", flat=True).first()
    return int(newest or 0)


def newest_of(model: type[Model], column: str, key: Any) -> Any:
    """The id of the newest event of a model's rows with this column; 0 where none is kept. By the column's index, not the table's end."""
    events: Any = model._meta.get_field("history").related_model.objects  # type: ignore[union-attr]
    newest = events.filter(**{column: key}).order_by().values(column).annotate(newest=Max("pgh_id")).values("newest")
    return Coalesce(Subquery(newest, output_field=IntegerField()), Value(0))


def with_newest_event(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """Rows that carry the id of their newest event as `version`."""
    versioned: QuerySet[Any] = rows.annotate(version=newest_of(rows.model, "pgh_obj_id", OuterRef("pk")))
    return versioned


def _read(found: "QuerySet[Any]", limit: int, offset: int, *, named: bool) -> list[Change]:
    person = User.objects.filter(pk=OuterRef("user_key")).annotate(
        person=Coalesce(NullIf(Trim(Concat("first_name", Value(" "), "last_name")), Value("")), "username", output_field=CharField())
    )
    events = (
        found.annotate(
            user_key=Cast(NullIf(KeyTextTransform("user", "pgh_context"), Value("")), BigIntegerField()),
            reason=KeyTextTransform("reason", "pgh_context"),
        )
        .annotate(person=Subquery(person.values("person")[:1]))
        .order_by("-pgh_created_at", "-pgh_id")[offset : offset + limit]
    )
    return [_change(event, named=named) for event in events]


def _change(event: Any, *, named: bool) -> Change:
    model = apps.get_model(event.pgh_obj_model)
    changes = [
        FieldChange(_label(model, name), _told(model, name, before), _told(model, name, after))
        for name, (before, after) in sorted((event.pgh_diff or {}).items())
        if name not in _NOT_TOLD
    ]
    return Change(
        at=event.pgh_created_at,
        verb=event.pgh_label,
        noun=str(model._meta.verbose_name),
        subject=_subject(model, event.pgh_data or {}),
        by=event.person if named else None,
        by_somebody=event.user_key is not None,
        reason=str(_REASONS.get(event.reason, event.reason or "")),
        changes=changes,
    )


def _subject(model: Any, data: dict[str, Any]) -> str:
    """What a person would call the row, from its recorded columns."""
    return next((str(_told(model, name, data[name])) for name in ("code", "document", "figure", "key", "year") if data.get(name)), "")


def _column(model: Any, name: str) -> Any:
    try:
        return model._meta.get_field(name.removesuffix("_id"))
    except FieldDoesNotExist:
        return None


def _label(model: Any, name: str) -> str:
    column = _column(model, name)
    return str(getattr(column, "verbose_name", name))


def _told(model: Any, name: str, value: object) -> object:
    """A stored value in words where the column has a list of choices, a day as pages write it; a 0 or a no is a text, which nobody
    takes for nothing.
    """
    column = _column(model, name)
    choices = dict(getattr(column, "flatchoices", None) or ())
    if value and isinstance(column, DateField) and not isinstance(column, DateTimeField):
        return day_in_words(date.fromisoformat(str(value)))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    told = choices.get(value, value)
    return str(told) if isinstance(told, int | float) else told
