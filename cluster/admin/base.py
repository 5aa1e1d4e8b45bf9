"""What every page of the admin has: reads in the reader's scope, writes through services, the history that the database keeps."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.paginator import Paginator
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from cluster.admin.exports import Exports
from cluster.admin.forms import RecordForm, amount_field
from cluster.admin.reach import history_model, in_scope, is_number, may_edit, without_people
from cluster.domain.errors import DomainError, Forbidden
from cluster.models.form_fields import message_of
from cluster.queries.history import history_length, record_history
from cluster.services.records import delete_record, save_record

HISTORY_PAGE = 50
# The database keeps these in the contract they were made in, with all that hangs on them.
_ROOTED = frozenset({"factory", "milestone", "baseline", "brand"})


class ByNumber:
    """Records found by their numbers: what can be no number is refused by the field, and not asked of the database to be shown again."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, [one for one in value if is_number(one)], attr)  # type: ignore[misc]


class NumberSelect(ByNumber, AutocompleteSelect):
    """One record."""


class NumbersSelect(ByNumber, AutocompleteSelectMultiple):
    """Several records."""


class Scoped:
    """Rows and choices in the reader's scope, money in strict fields, no clock or query per row. Mixed into pages and inlines."""

    def get_queryset(self, request: HttpRequest) -> Any:
        ordering = self.get_ordering(request)  # type: ignore[attr-defined]
        rows = in_scope(self.model, request)  # type: ignore[attr-defined]
        return rows.order_by(*ordering) if ordering else rows

    def get_field_queryset(self, db: str | None, db_field: Any, request: HttpRequest) -> Any:
        """The choices of a foreign key."""
        return in_scope(db_field.remote_field.model, request)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):  # type: ignore[attr-defined]
            kwargs.setdefault("widget", NumberSelect(db_field, self.admin_site))  # type: ignore[attr-defined]
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):  # type: ignore[attr-defined]
            kwargs.setdefault("widget", NumbersSelect(db_field, self.admin_site))  # type: ignore[attr-defined]
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, models.DecimalField) and db_field.name.endswith(("_rub", "_usd")):
            return amount_field(db_field)
        if isinstance(db_field, models.URLField):
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]


class PreparedChangeList(ChangeList):
    """A page of a list whose rows were prepared together."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: Any = list(self.result_list)
        self.model_admin.prepare(self.result_list, request)  # type: ignore[attr-defined]


class TrackerAdmin(Scoped, Exports, admin.ModelAdmin):
    """A page of the admin over one model. Its `view_on_site` is the staff page of a record."""

    show_full_result_count = False
    list_per_page = 50
    object_history_template = "admin/record_history.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PreparedChangeList

    def prepare(self, rows: list[Any], request: HttpRequest) -> None:
        """Read what the columns show of these rows beside themselves: for all of them together, never row by row."""

    def get_list_display(self, request: HttpRequest) -> Any:
        return without_people(super().get_list_display(request), request)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sets = super().get_fieldsets(request, obj)
        return [(title, {**options, "fields": without_people(options["fields"], request)}) for title, options in sets]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Titled by what is listed: Django's sentence needs a case that the names do not have in Russian."""
        return super().changelist_view(request, {"title": capfirst(self.opts.verbose_name_plural), **(extra_context or {})})

    def response_action(self, request: HttpRequest, queryset: Any, *args: Any) -> Any:
        """Do to the selected rows what was chosen; 400 where what is selected can be no number of a row."""
        if not all(map(is_number, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            raise BadRequest
        return super().response_action(request, queryset, *args)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Titled by what it is, for the same reason."""
        noun = capfirst(self.opts.verbose_name)
        title = noun if object_id else _("%s: new record") % noun
        return super().changeform_view(request, object_id, form_url, {"title": title, **(extra_context or {})})

    def has_history_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """History names people: it is for those who may view the model's events."""
        events = history_model(self.model)
        return events is not None and request.user.has_perm(f"{events._meta.app_label}.view_{events._meta.model_name}")

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """What changed, when, by whom and why, from the events that the database's triggers keep."""
        record = self.get_object(request, unquote(object_id))
        if record is None or history_model(self.model) is None:
            raise Http404
        if not self.has_history_permission(request, record):
            raise PermissionDenied
        length = history_length(record)
        page = Paginator(range(length), HISTORY_PAGE).get_page(request.GET.get("p"))
        changes = record_history(record=record, limit=HISTORY_PAGE, offset=max(page.start_index() - 1, 0))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Change history: %s") % record,
            "subtitle": None,
            "opts": self.opts,
            "object": record,
            "changes": changes,
            "page": page,
            "pages": page.paginator.get_elided_page_range(page.number),
            "module_name": str(self.opts.verbose_name_plural),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.object_history_template, context)

    def attempt(self, request: HttpRequest, work: Callable[[], object]) -> bool:
        """Do what an action is for, all of it or nothing; a refusal becomes a message. Says whether it was done."""
        try:
            with transaction.atomic():
                work()
        except DomainError as error:
            self.message_user(request, message_of(error), messages.ERROR)
            return False
        return True

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> HttpResponse:
        context["has_history"] = self.has_history_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)


class RecordAdmin(TrackerAdmin):
    """A model that people edit by hand: saved and deleted by the records service."""

    form = RecordForm

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = list(super().get_readonly_fields(request, obj))
        return [*fields, "contract"] if obj is not None and self.opts.model_name in _ROOTED else fields

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_fields(request, obj)
        writes = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return [*fields, "change_reason", "seen_version"] if writes else fields

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or may_edit(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or may_edit(request, obj))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        try:
            save_record(
                obj,
                by=request.user,  # type: ignore[arg-type]
                change_reason=form.cleaned_data.get("change_reason", ""),
                version=form.cleaned_data.get("seen_version") if change else None,
                changed=form.changed_columns() if change and isinstance(form, RecordForm) else None,
            )
        except Forbidden as error:
            raise PermissionDenied(str(error)) from error

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for row in formset.save(commit=False):
            save_record(row, by=request.user, change_reason=form.cleaned_data.get("change_reason", ""))  # type: ignore[arg-type]
        for row in formset.deleted_objects:
            delete_record(row, by=request.user)  # type: ignore[arg-type]
        formset.save_m2m()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_record(obj, by=request.user)  # type: ignore[arg-type]

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset:
            delete_record(row, by=request.user)  # type: ignore[arg-type]


class AppendOnlyAdmin(TrackerAdmin):
    """A model whose rows are added (by `form`, a ServiceForm) and never changed; without a form nobody adds any here."""

    add_form: ClassVar[Any] = None
    add_fields: ClassVar[Sequence[Any]] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.add_form is not None and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None or self.add_form is None:
            return super().get_form(request, obj, change=change, **kwargs)
        form = super().get_form(request, obj, change=change, form=self.add_form, **kwargs)
        return type(form.__name__, (form,), {"by": request.user})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None and self.add_form is not None:
            return [*self.add_fields, "form_key"]
        return super().get_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service behind the form has saved it."""


class ReadOnlyInline(Scoped, admin.TabularInline):
    """Rows that belong to the record, to look at; each links to its own page."""

    extra = 0
    can_delete = False
    show_change_link = True
    max_num = 0

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RecordInline(Scoped, admin.StackedInline):
    """A few rows that are edited together with the record they belong to."""

    extra = 0
    form = RecordForm

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_fields(request, obj)
        return [*fields, "seen_version"] if self.has_change_permission(request, obj) else fields
