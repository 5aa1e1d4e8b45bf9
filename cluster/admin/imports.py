"""Tables that change records: each row goes through the form and the service of its page, all of them or none, after a preview."""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import tablib
from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError, models, transaction
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from import_export.admin import ImportMixin
from import_export.formats.base_formats import Format
from import_export.forms import ConfirmImportForm, ImportForm
from import_export.instance_loaders import BaseInstanceLoader
from import_export.results import Error, Result, RowResult
from import_export.tmp_storages import BaseStorage

from cluster.admin.exports import ID, Cell, Table, columns_in_words, has_code
from cluster.admin.reach import history_model, in_scope, is_number
from cluster.domain.errors import Conflict, DomainError
from cluster.domain.tables import EXAMPLE, folded
from cluster.domain.texts import is_plain, needs_guard, printable
from cluster.gateways.table_file import LARGEST_FILE, MOST_ROWS, read_table
from cluster.models import Contract, Source, User
from cluster.models.form_fields import StrictAmountField, WindowField, as_validation_error, message_of
from cluster.services.locks import one_at_a_time

# The number of a row as a spreadsheet counts; no table has a column of that name.
_ROW = "\0row"
_REASON = "change_reason"
_YES, _NO = {"1", "true", "yes", "да", "истина"}, {"0", "false", "no", "нет", "ложь", ""}


class TableFile(Format):
    """CSV or XLSX, whichever the bytes are."""

    def __init__(self, encoding: str | None = None) -> None:
        """What the file is encoded in shows in its bytes."""

    def get_title(self) -> str:
        return "CSV, XLSX"

    def can_import(self) -> bool:
        return True

    def create_dataset(self, in_stream: bytes) -> tablib.Dataset:
        """The rows, each with its number; DomainError for what is no table."""
        names, rows = read_table(in_stream)
        table = tablib.Dataset(headers=[*names, _ROW])
        for number, cells in rows:
            table.append([*cells, number])
        return table


class CarriedStorage(BaseStorage):
    """The file between preview and confirmation is carried by the form: nothing waits on a disk, and any web process may go on.

    It is read and judged anew, so that nobody gains by changing it.
    """

    def save(self, data: bytes) -> None:
        self.name = urlsafe_b64encode(zlib.compress(data)).decode()

    def read(self) -> bytes:
        return zlib.decompressobj().decompress(urlsafe_b64decode(self.name), LARGEST_FILE + 1)

    def remove(self) -> None:
        """There is nothing to remove."""


class UploadForm(ImportForm):
    """A file."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["format"].widget = forms.HiddenInput()
        self.fields["import_file"].widget.attrs = {"accept": ".csv,.xlsx"}
        self.fields["import_file"].help_text = _(
            "CSV or XLSX, at most %(rows)d rows and %(size)d MB. An export of the list shows what the columns are called."
        ) % {"rows": MOST_ROWS, "size": LARGEST_FILE // 2**20}

    @property
    def media(self) -> forms.Media:
        return forms.Media()

    def clean_import_file(self) -> UploadedFile:
        """A file that is too large is not read."""
        file: UploadedFile = self.cleaned_data["import_file"]
        if (file.size or 0) > LARGEST_FILE:
            raise ValidationError(_("The file is larger than %(most)d MB: import it in parts.") % {"most": LARGEST_FILE // 2**20})
        return file


class ConfirmForm(ConfirmImportForm):
    """What was previewed, the state of the records that the person saw, and the reason."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    change_reason = forms.CharField(
        label=_("Reason of the change"), required=False, max_length=300, help_text=_("Kept in the history beside what changed.")
    )


class Outcome(Result):
    """What an import came to; rows are named by their numbers in the file."""

    def append_invalid_row(self, number: int, row: Mapping[str, Any], validation_error: Any) -> None:
        super().append_invalid_row(row[_ROW], row, validation_error)


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
        return [*found, _ROW]

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
        data: dict[str, Any] = {_REASON: self.reason}
        wrong: dict[str, ValidationError] = {}
        for name, field in form.fields.items():
            if name in (_REASON, "seen_version"):
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
        return not import_validation_errors and instance.pk is not None and not set(self.form.changed_data) - {_REASON}

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
        row_result.number = row[_ROW]


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


class Imports(ImportMixin):
    """Mixed into pages of records that many rows of change at once."""

    import_export_change_list_template = "admin/import_export/change_list_import_export.html"
    import_formats = [TableFile]
    import_form_class = UploadForm
    confirm_form_class = ConfirmForm
    tmp_storage_class = CarriedStorage
    skip_admin_log = True

    def get_import_resource_classes(self, request: HttpRequest) -> list[type[Table]]:
        return [ImportedTable]

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        reason = getattr(kwargs.get("form"), "cleaned_data", {}).get(_REASON, "")
        return {"page": self, "request": request, "reason": reason}

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {}

    def has_import_permission(self, request: HttpRequest) -> bool:
        page: Any = self
        return bool(page.has_add_permission(request) or page.has_change_permission(request))

    def get_confirm_form_initial(self, request: HttpRequest, import_form: Any) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_confirm_form_initial(request, import_form)
        return {**initial, "seen": self._newest()} if import_form else initial

    def add_data_read_fail_error_to_form(self, form: forms.Form, e: Exception) -> None:
        if not isinstance(e, DomainError):
            raise e
        form.add_error("import_file", message_of(e))

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """The page of the file, and the preview of what it would do."""
        answer: Any = super().import_action(request, **kwargs)
        page: Any = self
        names = ImportedTable(page=self, request=request).given
        answer.context_data["columns"] = columns_in_words(page, names)
        return answer  # type: ignore[no-any-return]

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Do what was previewed, all of it or nothing."""
        page: Any = self
        if not self.has_import_permission(request):
            raise PermissionDenied
        try:
            with transaction.atomic():
                if request.method == "POST" and not self.create_confirm_form(request).is_valid():
                    raise DomainError("What was previewed did not arrive: choose the file again.")
                one_at_a_time(f"import {page.opts.label_lower}")
                answer: HttpResponse = super().process_import(request, **kwargs)
                return answer
        except DomainError as error:
            said = message_of(error)
        except (ValueError, IndexError, zlib.error):
            said = gettext("What was previewed did not arrive: choose the file again.")
        messages.error(request, said)
        return redirect(reverse("admin:{}_{}_import".format(*self.get_model_info())))

    def process_dataset(self, dataset: tablib.Dataset, form: forms.Form, request: HttpRequest, **kwargs: Any) -> Result:
        """The import itself; DomainError where the records are no longer what the person saw, or a row is refused now."""
        if self._newest() != form.cleaned_data["seen"]:
            raise Conflict("Somebody changed these records since the preview: choose the file again and look at it once more.")
        result: Result = super().process_dataset(dataset, form, request, **kwargs)
        if result.has_errors() or result.has_validation_errors():
            raise DomainError("Nothing is imported: choose the file again to see which rows are refused.")
        return result

    def add_success_message(self, result: Result, request: HttpRequest) -> None:
        totals = result.totals
        said = _("Imported: %(new)d added, %(changed)d changed, %(same)d left as they were.")
        counts = {
            "new": totals[RowResult.IMPORT_TYPE_NEW],
            "changed": totals[RowResult.IMPORT_TYPE_UPDATE],
            "same": totals[RowResult.IMPORT_TYPE_SKIP],
        }
        messages.success(request, said % counts)

    def _newest(self) -> int:
        """The newest event of the records of this page: what changes whenever one of them does."""
        events: type[models.Model] = history_model(self.model)
        return int(events._default_manager.aggregate(newest=Max("pgh_id"))["newest"] or 0)
