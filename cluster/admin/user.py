"""People, their roles over contracts and factories, and the Django groups behind the roles."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import ReadOnlyInline, RecordAdmin, TrackerAdmin
from cluster.admin.forms import RecordForm, SeenForm
from cluster.domain.errors import DomainError
from cluster.models import Membership, User
from cluster.models.form_fields import as_validation_error
from cluster.models.role_names import ROLE_NAMES, role_name
from cluster.services.administrators import refuse_lockout

admin.site.unregister(Group)


class RoleField(forms.ModelChoiceField):
    """The choice of a role, by its name in the person's language."""

    def label_from_instance(self, obj: Any) -> str:
        return role_name(obj.name)


class RoleFilter(admin.SimpleListFilter):
    """Memberships of one role."""

    title = _("role")
    parameter_name = "group__name"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(role.value, name) for role, name in ROLE_NAMES.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(group__name=self.value()) if self.value() else queryset


class RoleColumn:
    """Mixed into what lists memberships: the role by its name."""

    @admin.display(description=_("role"), ordering="group__name")
    def role(self, membership: Membership) -> str:
        return role_name(membership.group.name)


class MembershipInline(RoleColumn, ReadOnlyInline):
    model = Membership
    fields = ["role", "contract", "factory"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user", "group", "contract", "factory")


class KeepsAdministrators(forms.ModelForm):
    """Mixed into forms of accounts and memberships: what would leave nobody to give roles is refused at its field."""

    by: User

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            try:
                refuse_lockout(self.instance, by=self.by)
            except DomainError as error:
                self.add_error(error.field if error.field in self.fields else None, as_validation_error(error))


class KeepingAdmin(RecordAdmin):
    """A page of the admin over accounts or memberships: its forms know who writes, and the last administrator is not deleted."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"by": request.user})

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or _may_go(request, obj))


def _may_go(request: HttpRequest, obj: User | Membership) -> bool:
    try:
        refuse_lockout(obj, by=request.user, deleting=True)  # type: ignore[arg-type]
    except DomainError:
        return False
    return True


class PersonForm(KeepsAdministrators, SeenForm, UserChangeForm):
    """Django's form of an account, which notices that somebody else changed the account."""


class MembershipForm(KeepsAdministrators, RecordForm):
    """A role of a person, with the reason of the change."""


@admin.register(User)
class PersonAdmin(KeepingAdmin, UserAdmin):
    form = PersonForm  # type: ignore[assignment]
    add_form = AdminUserCreationForm
    list_display = ["username", "last_name", "first_name", "email", "language", "is_staff", "is_superuser", "is_active", "last_login"]
    list_filter = ["is_staff", "is_superuser", "is_active", "language"]
    search_fields = ["username", "last_name", "first_name", "email"]
    filter_horizontal = ()
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", "password", "seen_version"]}),
        (_("Person"), {"fields": [("last_name", "first_name"), "email", ("language", "time_zone")]}),
        (_("Access"), {"fields": ["is_active", "is_staff", "is_superuser"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    inlines = [MembershipInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only a superuser makes superusers."""
        fields = list(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else [*fields, "is_superuser"]

    def view_on_site(self, person: User) -> str:
        """Their page."""
        return reverse("cluster:person", args=[person.pk])


@admin.register(Membership)
class MembershipAdmin(RoleColumn, KeepingAdmin):
    form = MembershipForm
    list_display = ["user", "role", "contract", "factory"]
    list_filter = [RoleFilter, ("contract", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["user", "group", "contract", "factory"]
    search_fields = ["user__username", "user__last_name", "user__email"]
    autocomplete_fields = ["user", "contract", "factory"]
    fields = ["user", "group", ("contract", "factory")]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Roles are chosen by their names."""
        if db_field.name == "group":
            options["form_class"] = RoleField
        return super().formfield_for_foreignkey(db_field, request, **options)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever gives a role may take it back: what was given stays in the history."""
        return self.has_change_permission(request, obj) and (obj is None or _may_go(request, obj))

    def view_on_site(self, membership: Membership) -> str:
        """The page of the person."""
        return reverse("cluster:person", args=[membership.user_id])


@admin.register(Group)
class RoleAdmin(TrackerAdmin, GroupAdmin):  # type: ignore[misc]
    """The rights of each role are set by `manage.py first_login`; here they are looked at."""

    list_display = ["role", "name"]
    list_display_links = ["role", "name"]
    search_fields = ["name"]
    filter_horizontal = ()
    fields = ["name", "permissions"]

    @admin.display(description=_("role"), ordering="name")
    def role(self, group: Group) -> str:
        return role_name(group.name)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
