"""Files of what a list shows: CSV and XLSX that a spreadsheet opens and that run nothing in it, with the columns that an import reads."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import tablib
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import flatten, flatten_fieldsets, lookup_field
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from import_export.admin import ExportMixin
from import_export.fields import Field
from import_export.formats.base_formats import Format
from import_export.forms import ExportForm
from import_export.resources import Resource

from cluster.admin.reach import without_people
from cluster.domain.tables import EXAMPLE
from cluster.domain.texts import needs_guard
from cluster.gateways.workbook import About, Column, Kind, Sheet, workbook
from cluster.models import Contract, Source, User
from cluster.models.windows import Window
from cluster.services.records import place_of

MOST_ROWS = 20_000
ID = "id"
# What the page of an account has, and no file.
_NEVER = frozenset({"password"})


class Csv(Format):
    """Comma-separated text in UTF-8; what a spreadsheet would run stands after an apostrophe, which an import takes away again."""

    def get_title(self) -> str:
        return "CSV"

    def get_extension(self) -> str:
        return "csv"

    def get_content_type(self) -> str:
        return "text/csv; charset=utf-8"

    def can_export(self) -> bool:
        return True

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> bytes:
        file = io.StringIO()
        table = csv.writer(file)
        table.writerow(dataset.headers)
        for row in dataset:
            table.writerow([_guarded(cell) for cell in row])
        return file.getvalue().encode("utf-8-sig")


class Xlsx(Csv):
    """A workbook of typed cells: a text is a text, whatever it begins with."""

    def get_title(self) -> str:
        return "XLSX"

    def get_extension(self) -> str:
        return "xlsx"

    def get_content_type(self) -> str:
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> bytes:
        rows = list(dataset)
        columns = [Column(str(head), _kind(row[at] for row in rows)) for at, head in enumerate(dataset.headers)]
        mark = gettext("Example: not real figures.") if EXAMPLE in dataset.headers else ""
        return workbook([Sheet(dataset.title, columns, rows)], About(dataset.title, timezone.now(), mark=mark))


def _guarded(cell: object) -> object:
    if cell is None or (isinstance(cell, int | Decimal) and not isinstance(cell, bool)):
        return cell
    text = _text(cell)
    return f"'{text}" if needs_guard(text) else text


def _text(cell: object) -> str:
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def _kind(cells: Iterable[object]) -> Kind:
    """What stands in a column, by its first cell that is not empty."""
    first = next((cell for cell in cells if cell is not None), None)
    if isinstance(first, datetime):
        return Kind.MOMENT
    if isinstance(first, date):
        return Kind.DATE
    return Kind.NUMBER if isinstance(first, int | float | Decimal) and not isinstance(first, bool) else Kind.TEXT


class Cell(Field):
    """A column of a table: what the page has under that name of a record, as an import would take it."""

    def __init__(self, page: Any, name: str) -> None:
        super().__init__(attribute=name, column_name=name)
        self.page = page

    def export(self, instance: Any, **kwargs: Any) -> Any:
        """The value: a window in its notation, another record by what names it."""
        name = self.column_name
        if isinstance(getattr(type(instance), name, None), Window):
            window = getattr(instance, name)
            return None if window is None else str(window)
        try:
            instance._meta.get_field(name)
        except FieldDoesNotExist:
            shown = lookup_field(name, instance, self.page)[2]
            return strip_tags(str(shown)) if shown not in (None, "") else None
        return _plain(getattr(instance, name))


def _plain(value: Any) -> Any:
    if isinstance(value, models.Model):
        return name_of(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value if isinstance(value, bool | int | float | Decimal | date) else (None if value in (None, "") else str(value))


def name_of(record: Any) -> str:
    """What names a record in a table: its code with the one of its contract, its key, its user name; else its number."""
    if isinstance(record, Contract):
        return record.code
    if isinstance(record, Source):
        return record.key
    if isinstance(record, User):
        return record.username
    return f"{record.contract.code}/{record.code}" if has_code(type(record)) else str(record.pk)


def has_code(model: type[models.Model]) -> bool:
    """Whether records of the model have a code within their contract."""
    return {"code", "contract"} <= {field.name for field in model._meta.concrete_fields}


class Table(Resource):
    """The rows of a page of the admin as a table: for who asks, and with the columns that they may see."""

    class Meta:
        using_db = "default"

    def __init__(self, *, page: Any, request: HttpRequest) -> None:
        super().__init__()
        self.page, self.request = page, request
        self.fields = {name: Cell(page, name) for name in page.table_columns(request)}

    @classmethod
    def get_display_name(cls) -> str:
        """There is one for each page, so that nobody chooses by its name."""
        return cls.__name__

    def get_user_visible_fields(self) -> list[Field]:
        return list(self.fields.values())

    def iter_queryset(self, queryset: Any) -> Iterator[Any]:
        """The rows with all that their columns name, read together; ValueError where there are too many."""
        rows = list(queryset.select_related(*self._named())[: MOST_ROWS + 1])
        if len(rows) > MOST_ROWS:
            raise ValueError(gettext("These are more than %(most)d rows: narrow the list by its filters.") % {"most": MOST_ROWS})
        self.page.prepare(rows, self.request)
        yield from rows

    def _named(self) -> list[str]:
        """The ways to the records that the columns name."""
        found = []
        for name in self.fields:
            column: Any = next((one for one in self.page.opts.concrete_fields if one.name == name and one.is_relation), None)
            if column is not None:
                found += [name, f"{name}__contract"] if has_code(column.related_model) else [name]
        return found

    def export(self, queryset: Any = None, **kwargs: Any) -> tablib.Dataset:
        """The table; a last column says of each row of an example that its figures are not real."""
        table = super().export(queryset, **kwargs)
        table.title = str(self.page.opts.verbose_name_plural)
        return table

    def export_resource(self, instance: Any, selected_fields: Any = None, **kwargs: Any) -> list[Any]:
        row: list[Any] = super().export_resource(instance, selected_fields, **kwargs)
        return [*row, gettext("Example: not real figures.") if self._is_example(instance) else None] if self._examples else row

    def get_export_headers(self, selected_fields: Any = None) -> list[str]:
        heads: list[str] = super().get_export_headers(selected_fields)
        return [*heads, EXAMPLE] if self._examples else heads

    @property
    def _examples(self) -> frozenset[int]:
        """The contracts whose figures are not real."""
        if "examples" not in vars(self):
            self.examples = frozenset(Contract.objects.filter(is_example=True).values_list("pk", flat=True))
        return self.examples

    def _is_example(self, instance: Any) -> bool:
        return place_of(instance)[0] in self._examples


class FileForm(ExportForm):
    """The choice of a format: each is a button."""


class Exports(ExportMixin):
    """Mixed into pages of the admin: the list as it is filtered, as a file. Only what the person may look at is in it."""

    export_formats = [Xlsx, Csv]
    export_form_class = FileForm
    resource_classes = [Table]

    def has_export_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))

    def init_request_context_data(self, request: HttpRequest, form: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().init_request_context_data(request, form)
        return {**context, "columns": columns_in_words(self, self.table_columns(request))}

    def get_export_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        return {"page": self, "request": request}

    def table_columns(self, request: HttpRequest) -> list[str]:
        """The names of the columns: the number, what a form has, and what the list shows beside."""
        page: Any = self
        declared = page.fields if page.fields is not None else flatten_fieldsets(page.fieldsets or [])
        own = {field.name for field in page.opts.concrete_fields} - _NEVER
        formed = [name for name in flatten(without_people(declared, request)) if name in own or _is_window(page.model, name)]
        shown = [
            name
            for name in page.get_list_display(request)
            if isinstance(name, str) and name not in _NEVER and not {name.removesuffix("_on"), name.removesuffix("_shown")} & set(formed)
        ]
        return list(dict.fromkeys([ID, *formed, *shown]))

    def export_action(self, request: HttpRequest) -> HttpResponse:
        """As the library has it; an address with a filter that there is not leads to the page without filters."""
        try:
            answer: HttpResponse = super().export_action(request)
        except IncorrectLookupParameters:
            messages.error(request, _("There is no such filter: these are all rows."))
            return redirect(request.path)
        return answer


def _is_window(model: type[models.Model], name: str) -> bool:
    return isinstance(getattr(model, name, None), Window)


def columns_in_words(page: Any, names: Sequence[str]) -> list[tuple[str, str]]:
    """The columns with what they are called in forms, where that is known."""
    labels = {field.name: str(field.verbose_name) for field in page.opts.concrete_fields}
    return [(name, labels.get(name, "")) for name in names]
