"""The pages of an import: the file, the preview of what it would do, and all of it or nothing."""

import zlib
from typing import Any

import tablib
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from import_export.admin import ImportMixin
from import_export.results import Result, RowResult

from cluster.admin.exports import Table, columns_in_words
from cluster.admin.import_file import CarriedStorage, ConfirmForm, TableFile, UploadForm
from cluster.admin.import_table import REASON, ImportedTable
from cluster.admin.reach import history_model
from cluster.domain.errors import Conflict, DomainError
from cluster.models.form_fields import message_of
from cluster.services.locks import one_at_a_time


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
        reason = getattr(kwargs.get("form"), "cleaned_data", {}).get(REASON, "")
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
