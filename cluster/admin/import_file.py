"""The file of an import: what it may be, how it is asked for, and how it is carried from the preview to the confirmation."""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import tablib
from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from import_export.formats.base_formats import Format
from import_export.forms import ConfirmImportForm, ImportForm
from import_export.tmp_storages import BaseStorage

from cluster.gateways.table_file import LARGEST_FILE, MOST_ROWS, read_table

# The number of a row as a spreadsheet counts; no table has a column of that name.
ROW = "\0row"


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
        table = tablib.Dataset(headers=[*names, ROW])
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
