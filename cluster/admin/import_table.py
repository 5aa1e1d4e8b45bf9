"""A table that changes records: each row goes through the form and the service of its page."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import tablib
from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from import_export.instance_loaders import BaseInstanceLoader
from import_export.results import Error, Result, RowResult

from cluster.admin.exports import ID, Cell, Table, has_code
from cluster.admin.import_file import ROW
from cluster.admin.reach import in_scope, is_number
from cluster.domain.errors import DomainError
from cluster.domain.tables import EXAMPLE, folded
from cluster.domain.texts import is_plain, needs_guard, printable
from cluster.models import Contract, Source, User
from cluster.models.form_fields import StrictAmountField, WindowField, as_validation_error, message_of

REASON = "change_reason"
_YES, _NO = {"1", "true", "yes", "да", "истина"}, {"0", "false", "no", "нет", "ложь", ""}


class Outcome(Result):
    """What an import came to; rows are named by their numbers in the file."""

    def append_invalid_row(self, number: int, row: Mapping[str, Any], validation_error: Any) -> None:
        super().append_invalid_row(row[ROW], row, validation_error)


class Difference:
    """The cells of a row before and after, as words."""

    def __init__(self, table: "ImportedTable", instance: Any, new: bool) -> None:
        self.new = new
        self.before = [] if new else self._read(table, instance)
        self.after: list[str] = []

    def compare_with(self, table: "ImportedTable", instance: Any) -> None:
        """Read the row as it is now."""
        self.after = self._read(table, instance)

    def as_html(self) -> list[str]:
        """Each cell; one that changed as what went and what came."""
        return [
            format_html("{}", after)
            if self.new or before == after
            else format_html("<del>{}</del> → <ins>{}</ins>", before or "—", after or "—")
            for before, after in zip(self.before or self.after, self.after, strict=True)
        ]

    @staticmethod
    def _read(table: "ImportedTable", instance: Any) -> list[str]:
        values = [field.export(instance) if instance.pk or field.column_name != ID else None for field in table.get_import_fields()]
        return ["" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value) for value in values]


class ImportedTable(Table):
    """A table whose rows are put through the form of their page. A row with a number changes that record, one without adds one."""

    class Meta:
        instance_loader_class = BaseInstanceLoader
        report_skipped = False

    def __init__(self, *, page: Any, request: HttpRequest, reason: str = "") -> None:
        super().__init__(page=page, request=request)
        self.reason = reason
        self.forms = {change: page.get_form(request, None, change=change) for change in (False, True)}
        self.given: list[str] = list(self._importable)
        self.form: Any = None
        self.met: set[int] = set()
        self.keys: dict[str, dict[str, list[Any]]] = {}

    @property
    def _importable(self) -> list[str]:
        """The columns that are read: those of the form, and the number."""
        return [name for name in self.fields if name == ID or name in self.forms[False].base_fields]

    @classmethod
    def get_result_class(cls) -> type[Result]:
        return Outcome

    @classmethod
    def get_diff_class(cls) -> type[Difference]:
        return Difference

    def get_import_fields(self) -> list[Cell]:
        return [self.fields[name] for name in self.given]

    def get_user_visible_fields(self) -> list[Cell]:
        return self.get_import_fields()

    def import_data(self, dataset: tablib.Dataset, *args: Any, **kwargs: Any) -> Result:
        """As the library has it, once the headings are understood."""
        try:
            dataset.headers = self._named_columns(dataset.headers)
        except DomainError as error:
            result = Outcome()
            result.append_base_error(Error(message_of(error)))
            return result
        self.given = [name for name in self.fields if name in dataset.headers and name in self._importable]
        self._read_keys(dataset)
        outcome: Result = super().import_data(dataset, *args, rollback_on_validation_errors=True, **kwargs)
        return outcome

    def _named_columns(self, heads: list[str]) -> list[str]:
        """The headings as names of columns: each may be the name or what the form calls it."""
        base = self.forms[False].base_fields
        known = {folded(str(field.label)): name for name, field in base.items() if field.label and name in self.fields}
        known |= {folded(name): name for name in [*self.fields, EXAMPLE]}
        found: list[str] = []
        for head in heads[:-1]:
            name = known.get(folded(head), "")
            if not name:
                raise DomainError(
                    "There is no column “{heading}”: an export of the list shows what they are called.", heading=printable(head) or "—"
                )
            if name in found:
                raise DomainError("The column “{heading}” stands there twice.", heading=printable(head))
            found.append(name)
        return [*found, ROW]

    def _read_keys(self, dataset: tablib.Dataset) -> None:
        """What the cells of each column of records mean: one statement for a column."""
        for name in self.given:
            field = self.forms[False].base_fields.get(name)
            if not isinstance(field, forms.ModelChoiceField):
                continue
            model: Any = field.queryset.model  # type: ignore[union-attr]
            at = dataset.headers.index(name)
            texts = {_written(row[at]) for row in dataset}
            found: dict[str, list[Any]] = defaultdict(list)
            for key, *names in _keys_of(model, in_scope(model, self.request), texts):
                for text in names:
                    found[text].append(key)
            self.keys[name] = found

    def get_instance(self, instance_loader: Any, row: Mapping[str, Any]) -> Any:
        """The record of that number, in the person's scope."""
        text = _written(row.get(ID))
        if not text:
            return None
        rows = in_scope(self.page.model, self.request).select_related(*self._named())
        found = rows.filter(pk=int(text)).first() if is_number(text) else None
        if found is None:
            raise ValidationError({ID: _("You see no record with this number: leave the cell empty to add a new one.")})
        if found.pk in self.met:
            raise ValidationError({ID: _("This record stands in the table twice.")})
        self.met.add(found.pk)
        return found

    def init_instance(self, row: Any = None) -> Any:
        return self.page.model()

    def import_instance(self, instance: Any, row: Mapping[str, Any], **kwargs: Any) -> None:
        """Put the row into the form of its page; ValidationError with every cell that it refuses."""
        change = instance.pk is not None
        allowed = self.page.has_change_permission if change else self.page.has_add_permission
        if not allowed(self.request):
            raise ValidationError(gettext("Your role does not allow this."))
        form = self.forms[change](instance=instance)
        fixed = set(self.page.get_readonly_fields(self.request, instance)) & set(form.fields) if change else set()
        data, wrong = self._data(form, row, fixed)
        form = self.forms[change](data, instance=instance)
        for name in fixed:
            del form.fields[name]
        for name, error in wrong.items():
            form.fields.pop(name, None)
            form.errors[name] = error.messages
        if not form.is_valid():
            raise self._labelled(form.errors.as_data() if not wrong else {**form.errors, **{name: e.messages for name, e in wrong.items()}})
        self.form = form

    def _labelled(self, errors: Mapping[str, Any]) -> ValidationError:
        """The refusals with the columns as the form calls them and as the table does."""
        base = self.forms[False].base_fields
        found: dict[str, Any] = {}
        for name, refused in errors.items():
            label = str(base[name].label or "") if name in base else ""
            said = [message for one in refused for message in (one.messages if isinstance(one, ValidationError) else [one])]
            found[NON_FIELD_ERRORS if name == NON_FIELD_ERRORS else f"{label} ({name})" if label else name] = said
        return ValidationError(found)

    def _data(self, form: Any, row: Mapping[str, Any], fixed: set[str]) -> tuple[dict[str, Any], dict[str, ValidationError]]:
        """What would be sent by the form if the cells were typed into it, and the cells that could not be."""
        data: dict[str, Any] = {REASON: self.reason}
        wrong: dict[str, ValidationError] = {}
        for name, field in form.fields.items():
            if name in (REASON, "seen_version"):
                continue
            value = form.get_initial_for_field(field, name)
            if name in self.given:
                try:
                    typed = self._typed(name, field, row)
                except ValidationError as error:
                    wrong[name] = error
                    continue
                if name in fixed and typed != value:
                    wrong[name] = ValidationError(_("This cannot be changed any more: leave the cell as the export has it."))
                value = typed
            if isinstance(field, WindowField):
                data |= {f"{name}_date": "" if value is None else str(value), f"{name}_precision": "day"}
            else:
                data[name] = "" if value is None else value
        return data, wrong

    def _typed(self, name: str, field: forms.Field, row: Mapping[str, Any]) -> Any:
        """A cell as it would be typed into its field."""
        cell = row[name]
        text = _written(cell)
        if not is_plain(text):
            raise ValidationError(_("This text has control characters."))
        if isinstance(field, forms.ModelChoiceField):
            return self._key(name, text, row) if text else None
        if isinstance(field, forms.BooleanField):
            if text.casefold() not in _YES | _NO:
                raise ValidationError(_("“%(text)s” is neither yes nor no: write true or false.") % {"text": printable(text)})
            return text.casefold() in _YES
        if isinstance(field, forms.ChoiceField):
            choices: Any = field.choices
            words = {folded(str(label)): value for value, label in choices if not isinstance(label, list | tuple)}
            return words.get(folded(text), text)
        if isinstance(field, forms.DecimalField | StrictAmountField) and isinstance(cell, int | float) and not isinstance(cell, bool):
            number = Decimal(str(cell))
            return number if number.is_finite() else text
        if isinstance(field, forms.DecimalField) and text.count(",") == 1 and "." not in text:
            return text.replace(",", ".")
        return text

    def _key(self, name: str, text: str, row: Mapping[str, Any]) -> Any:
        known = self.keys[name]
        found = known.get(text, [])
        if len(found) > 1:
            # A code without its contract is the one of the row's contract.
            found = known.get(f"{_written(row.get('contract'))}/{text}", found)
        if len(found) > 1:
            raise ValidationError(_("“%(text)s” is there in several contracts: write contract/code.") % {"text": printable(text)})
        if not found:
            raise ValidationError(_("You see no “%(text)s”: write what an export of the list has there.") % {"text": printable(text)})
        return found[0]

    def skip_row(self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        """A row that changes nothing is left alone."""
        return not import_validation_errors and instance.pk is not None and not set(self.form.changed_data) - {REASON}

    def validate_instance(self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True) -> None:
        """The form has looked at it."""
        if import_validation_errors:
            raise ValidationError(import_validation_errors)

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        """Save it as the page does: by the service, with the person's right to this record, its rules and the history."""
        try:
            with transaction.atomic():
                self.page.save_model(self.request, instance, self.form, not is_create)
        except ValidationError as error:
            raise self._labelled(getattr(error, "error_dict", {NON_FIELD_ERRORS: [error]})) from error
        except DomainError as error:
            raise as_validation_error(error) from error
        except PermissionDenied as error:
            raise ValidationError(gettext("Your role does not allow this.")) from error
        except DatabaseError as error:
            raise ValidationError(_("The database refuses this row: it contradicts what is stored.")) from error

    def save_m2m(self, instance: Any, row: Any, **kwargs: Any) -> None:
        """No column holds several records."""

    def after_import_row(self, row: Mapping[str, Any], row_result: RowResult, **kwargs: Any) -> None:
        row_result.number = row[ROW]


def _written(cell: object) -> str:
    """A cell as it would be typed: without an end of zeros, days in ISO form, without the apostrophe that guards a formula."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else str(cell)
    if isinstance(cell, datetime) and (cell.hour, cell.minute, cell.second) == (0, 0, 0):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    text = str(cell).strip()
    return text[1:] if text.startswith("'") and needs_guard(text) else text


def _keys_of(model: Any, rows: Any, texts: set[str]) -> Any:
    """The keys of the rows that the texts name, each with all that names it."""
    texts = {text for text in texts if text and is_plain(text)}
    for named, name in ((Contract, "code"), (Source, "key"), (User, "username")):
        if model is named:
            return rows.filter(**{f"{name}__in": texts}).values_list("pk", name)
    if has_code(model):
        codes = {text.rpartition("/")[2] for text in texts}
        found = rows.filter(code__in=codes).values_list("pk", "code", "contract__code")
        return [(key, code, f"{contract}/{code}") for key, code, contract in found]
    return [(key, str(key)) for key in rows.filter(pk__in=[int(text) for text in texts if is_number(text)]).values_list("pk", flat=True)]
