"""Forms over one record: add it, change it, and settle what somebody else changed meanwhile. One way for all kinds of records."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms import MultipleChoiceField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.domain.merging import merge
from cluster.models.windows import Window
from cluster.queries.history import newest_event
from cluster.web.conflicts import conflict_rows, in_words, with_their_choices
from cluster.web.forms.base import ReasonForm, RecordForm

M = TypeVar("M", bound=Model)
# What a form carries beside the values.
_BOOKKEEPING = frozenset({"version", "reason", "request_key"})
# What a service needs to save the values of a form: the values, the version that the person saw, the reason.
Save = Callable[[dict[str, Any], int, str], M]
# Makes the form, from what was sent or with `initial`.
Make = Callable[..., ReasonForm]
# Tells the person that it is saved and says where to go.
Done = Callable[[M], str]


@dataclass(frozen=True, slots=True)
class Editing:
    """A form over `fields` of a record; `context` is what its page shows, `preview` adds what it says before saving.

    `beside` gives what the page says of what is typed, such as the echo of an amount.
    """

    make: Make
    fields: Sequence[str]
    context: Mapping[str, Any]
    preview: Callable[[ReasonForm, dict[str, Any]], None] | None = None
    template: str = "cluster/record_form.html"
    beside: Callable[[ReasonForm], dict[str, Any]] | None = None

    def answer(self, request: HttpRequest, form: ReasonForm, *, status: int = 200, **more: Any) -> HttpResponse:
        """The page with the form."""
        shown = {**self.context, "previews": self.preview is not None, **(self.beside(form) if self.beside else {}), **more, "form": form}
        return render(request, self.template, shown, status=status)

    def values(self, form: ReasonForm) -> dict[str, Any]:
        """What was filled in, as the services take it: objects by their ids. What else the form asks than `fields` is among it."""
        given = {name: value for name, value in form.cleaned_data.items() if name in form.fields and name not in _BOOKKEEPING}
        by_id = {name for name in given if hasattr(form.fields[name], "queryset")}
        return {f"{name}_id" if name in by_id else name: value.pk if name in by_id and value else value for name, value in given.items()}

    def previewed(self, request: HttpRequest, form: ReasonForm) -> HttpResponse | None:
        """What would follow, where the person asks for that only."""
        if self.preview is None or "preview" not in request.POST:
            return None
        told: dict[str, Any] = {"checked": True}
        try:
            self.preview(form, told)
        except DomainError as error:
            form.refuse(error)
        return self.answer(request, form, status=422 if form.errors else 200, **told)


def attempt(form: RecordForm, write: Callable[[], M]) -> M | None:
    """What a service wrote; None where it refused, with the refusal at its field. A stale state stays a Conflict."""
    try:
        return write()
    except Conflict:
        raise
    except NotFound as error:
        if not error.field:
            raise
        form.refuse(error)
    except DomainError as error:
        form.refuse(error)
    except ValidationError as error:
        for name, found in (error.error_dict if hasattr(error, "error_dict") else {"": error.error_list}).items():
            for one in found:
                place, told = _taken(one) if one.code in ("unique", "unique_together") else (name, one)
                form.add_error(place if place in form.fields else None, told)
    return None


def _taken(error: ValidationError) -> tuple[str, ValidationError]:
    """A name that must be the only one, at its own box: Django tells it of the whole record, in the names of columns."""
    checked = (error.params or {})["unique_check"]
    return checked[-1], ValidationError(_("This is taken already: choose another."), code=error.code)


def adding(request: HttpRequest, editing: Editing, save: Save[M], done: Done[M], initial: Mapping[str, Any] | None = None) -> HttpResponse:
    """A record to add. The same filled-in form sent twice adds one, as the service sees to."""
    if request.method != "POST":
        return editing.answer(request, editing.make(initial=dict(initial or {})))
    form = editing.make(request.POST)
    if form.is_valid():
        if told := editing.previewed(request, form):
            return told
        saved = attempt(form, lambda: save(editing.values(form), 0, form.cleaned_data["reason"]))
        if saved is not None:
            return redirect(done(saved))
    return editing.answer(request, form, status=422)


def changing(
    request: HttpRequest,
    record: M,
    editing: Editing,
    save: Save[M],
    done: Done[M],
    *,
    version_of: Callable[[M], int] = newest_event,
    version_column: str = "pgh_id",
) -> HttpResponse:
    """A record to change: show it, save it, or let the person settle what somebody else changed meanwhile.

    `version_of` tells which state the person sees, `version_column` of the history which event that was.
    """
    shown, version = _values_of(record, editing.fields), version_of(record)
    if request.method != "POST":
        return editing.answer(request, editing.make(initial=shown | {"version": version}))
    sent = request.POST.get("version", "")

    def as_opened(now: M) -> dict[str, Any]:
        seen = {version_column: int(sent) if sent.isdecimal() and len(sent) < 19 else 0}
        return _as_it_was(now.history.filter(**seen).order_by("-pgh_id").first(), now, editing.fields)  # type: ignore[attr-defined]

    # Who chose the value of the other side meant the one that the page showed.
    form = editing.make(with_their_choices(request.POST, shown if sent == str(version) else as_opened(record)))
    if form.is_valid():
        if told := editing.previewed(request, form):
            return told
        given = form.cleaned_data
        try:
            saved = attempt(form, lambda: save(editing.values(form), given["version"] or 0, given["reason"]))
        except Conflict:
            now = type(record)._default_manager.get(pk=record.pk)
            return _conflict(request, editing, form, _values_of(now, editing.fields), version_of(now), as_opened(now))
        if saved is not None:
            return redirect(done(saved))
    return editing.answer(request, form, status=422)


def _conflict(
    request: HttpRequest, editing: Editing, form: ReasonForm, theirs: dict[str, Any], version: int, original: dict[str, Any]
) -> HttpResponse:
    """The page for two: what stood there, theirs, yours; what only one side touched is merged already."""
    fields = [name for name in editing.fields if name in form.fields]
    # What the history does not keep is for the person to choose, unless both sides say the same.
    unknown = {name: theirs[name] for name in fields if name not in original and theirs[name] == form.cleaned_data[name]}
    merged = merge(fields, original=original | unknown, theirs=theirs, mine=form.cleaned_data)
    kept = {"version": version, "reason": form.cleaned_data["reason"], "request_key": form.cleaned_data["request_key"]}
    again = editing.make(initial={one.name: one.value for one in merged} | kept)
    told = {name: _words_of(form.fields[name]) for name in fields}
    rows = conflict_rows(merged, {name: str(form.fields[name].label) for name in fields}, told)
    what = gettext("The record itself was changed in the meantime.")
    return editing.answer(request, again, status=409, **{"what": what, **editing.context, "conflict": True, "rows": rows})


def _values_of(record: Model, fields: Sequence[str]) -> dict[str, Any]:
    """The values; of rows that a record names, their ids."""
    many = _many(record)
    return {name: sorted(getattr(record, name).values_list("pk", flat=True)) if name in many else getattr(record, name) for name in fields}


def _many(record: Model) -> set[str]:
    return {field.name for field in record._meta.many_to_many}


def _as_it_was(event: Any, record: Model, fields: Sequence[str]) -> dict[str, Any]:
    """The values of a record by an event of its history, which keeps columns alone; as it is now where that event is not known."""
    fields = [name for name in fields if name not in _many(record)]
    if event is None:
        return _values_of(record, fields)
    then = type(record)()
    for name in fields:
        window = getattr(type(record), name)
        for column in window.names if isinstance(window, Window) else [_column(then, name)]:
            setattr(then, column, getattr(event, column))
    return _values_of(then, fields)


def _column(record: Model, name: str) -> str:
    field: Any = record._meta.get_field(name)
    return str(field.attname)


def _words_of(box: Any) -> Callable[[object], str]:
    """How a value of this field is told on the page for two."""

    def tell(value: object) -> str:
        if isinstance(box, MultipleChoiceField):
            named, several = dict(cast("Any", box.choices)), cast("list[Any] | None", value)
            return gettext("not kept") if several is None else ", ".join(str(named.get(one, one)) for one in several) or gettext("empty")
        if isinstance(value, bool):
            return gettext("yes") if value else gettext("no")
        if hasattr(box, "queryset"):
            return in_words(value)
        words = dict(getattr(box, "choices", ()))
        if value and value in words:
            return str(words[value])
        return in_words(box.prepare_value(value)) if value is not None and not hasattr(box, "compress") else in_words(value)

    return tell
