"""Comments and attachments: people write them on the pages of what they are about; here they are found, read and withdrawn."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from cluster.admin.base import AppendOnlyAdmin
from cluster.models import Attachment, Comment, User
from cluster.services.discussion import withdraw_attachment, withdraw_comment

_WITHDRAW: dict[type[Model], Callable[[int, User], object]] = {
    Comment: lambda key, by: withdraw_comment(comment_id=key, by=by),
    Attachment: lambda key, by: withdraw_attachment(attachment_id=key, by=by),
}


class _DiscussionAdmin(AppendOnlyAdmin):
    date_hierarchy = "at"
    list_filter = [
        ("withdrawn_at", admin.EmptyFieldListFilter),
        ("contract", admin.RelatedOnlyFieldListFilter),
        ("factory", admin.RelatedOnlyFieldListFilter),
    ]
    actions = ["withdraw"]

    def view_on_site(self, said: Comment | Attachment) -> str:
        """The page of what it is about."""
        code = said.contract.code
        if said.flag is not None:
            return reverse("cluster:delay", args=[code, said.flag.pk])
        if said.milestone is not None:
            return reverse("cluster:milestone", args=[code, said.milestone.code])
        return reverse("cluster:factory", args=[code, said.factory.code]) if said.factory else reverse("cluster:contract", args=[code])

    @admin.action(description=_("Withdraw the chosen ones"))
    def withdraw(self, request: HttpRequest, queryset: Any) -> None:
        """All of them or none, through the service."""

        def work() -> None:
            for row in queryset:
                _WITHDRAW[self.model](row.pk, cast(User, request.user))

        self.attempt(request, work)


@admin.register(Comment)
class CommentAdmin(_DiscussionAdmin):
    list_display = ["at", "contract", "factory", "milestone", "text", "by", "withdrawn_at"]
    list_select_related = ["contract", "factory", "milestone", "by"]
    search_fields = ["text", "factory__code", "milestone__code"]
    fields = [("contract", "factory", "milestone", "flag"), "text", ("by", "at"), "withdrawn_at"]


@admin.register(Attachment)
class AttachmentAdmin(_DiscussionAdmin):
    list_display = ["at", "contract", "factory", "milestone", "name", "size", "by", "withdrawn_at"]
    list_select_related = ["contract", "factory", "milestone", "by"]
    search_fields = ["name", "note", "sha256", "factory__code", "milestone__code"]
    fields = [
        ("contract", "factory", "milestone", "flag", "entry"),
        ("name", "file"),
        ("media_type", "size"),
        "sha256",
        "note",
        ("by", "at"),
        "withdrawn_at",
    ]
    readonly_fields = ["file"]

    @admin.display(description=_("file"))
    def file(self, attachment: Attachment) -> str:
        """The way to its bytes, while it stands."""
        if attachment.withdrawn_at is not None:
            return ""
        address = reverse("cluster:attachment", args=[attachment.contract.code, attachment.pk])
        return format_html('<a href="{}">{}</a>', address, attachment.name)
