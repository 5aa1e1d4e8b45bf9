"""API tokens: issued with a secret that is shown once, and revoked."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import AppendOnlyAdmin
from cluster.admin.forms import ServiceForm
from cluster.models import ApiToken
from cluster.services.tokens import LONGEST_DAYS, issue_token, revoke_token


class IssueTokenForm(ServiceForm):
    days = forms.IntegerField(label=_("valid for, days"), min_value=1, max_value=LONGEST_DAYS, initial=90)
    secret = ""

    def write(self, cleaned: dict[str, Any]) -> ApiToken:
        """Issue a token for the person who asks for it."""
        token, self.secret = issue_token(
            user=self.by, name=cleaned["name"], days=cleaned["days"], may_write=cleaned["may_write"], now=timezone.now()
        )
        return token


@admin.register(ApiToken)
class ApiTokenAdmin(AppendOnlyAdmin):
    add_form = IssueTokenForm
    add_fields = ["name", "may_write", "days"]
    list_display = ["name", "user", "may_write", "expires_at", "created_at"]
    list_filter = ["may_write"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username"]
    fields = ["user", "name", "may_write", "expires_at", "created_at"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A token is revoked by deleting it; each person sees and revokes the own ones."""
        return self.has_view_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self.message_user(request, _("The secret, shown only now: %s") % form.secret, messages.WARNING)

    def delete_model(self, request: HttpRequest, obj: ApiToken) -> None:
        revoke_token(token_id=obj.pk, by=request.user)  # type: ignore[arg-type]

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for key in queryset.values_list("pk", flat=True):
            revoke_token(token_id=key, by=request.user)  # type: ignore[arg-type]
