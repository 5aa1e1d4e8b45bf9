"""What people say and show about a factory, a milestone, a delay or a payment: comments with mentions, and attached evidence."""

from typing import Any, ClassVar

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cluster.models.one_contract import InOneContract, one_contract
from cluster.models.scope import ScopedQuerySet
from cluster.models.search import search_index, searched


class About(InOneContract):
    """What a row is about: the contract and, as far as it goes, a factory, a milestone, a delay flag, a ledger entry.

    The services fill in the factory and the contract of what is named, which is what the gate reads.
    """

    parents = ("contract", "factory", "milestone")

    contract = models.ForeignKey("cluster.Contract", on_delete=models.CASCADE, related_name="+", verbose_name=_("contract"))
    factory = models.ForeignKey(
        "cluster.Factory", on_delete=models.CASCADE, null=True, blank=True, related_name="%(class)ss", verbose_name=_("factory")
    )
    milestone = models.ForeignKey(
        "cluster.Milestone", on_delete=models.CASCADE, null=True, blank=True, related_name="%(class)ss", verbose_name=_("milestone")
    )
    flag = models.ForeignKey(
        "cluster.DelayFlag", on_delete=models.CASCADE, null=True, blank=True, related_name="%(class)ss", verbose_name=_("delay flag")
    )

    class Meta:
        abstract = True


class CommentQuerySet(ScopedQuerySet["Comment"]):
    """Comments in scope."""

    contract_path = "contract_id"
    factory_path = "factory_id"


@one_contract
@pghistory.track()
class Comment(About):
    """What a person said, and whom it mentions. It is not rewritten; the author may withdraw it."""

    text = models.TextField(_("text"), max_length=5000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="comments", verbose_name=_("by whom"))
    at = models.DateTimeField(_("at"), auto_now_add=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    mentioned = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="mentions", verbose_name=_("mentioned"))
    request_key = models.UUIDField(_("request key"), null=True, blank=True, unique=True, editable=False)

    objects: ClassVar[CommentQuerySet] = CommentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return self.text[:60]


class AttachmentQuerySet(ScopedQuerySet["Attachment"]):
    """Attachments in scope."""

    contract_path = "contract_id"
    factory_path = "factory_id"


@searched("attachment")
@one_contract
@pghistory.track()
class Attachment(About):
    """A file shown as evidence: its name, its kind by its content, its size in bytes and its SHA-256. Withdrawn ones stay."""

    entry = models.ForeignKey(
        "cluster.LedgerEntry", on_delete=models.CASCADE, null=True, blank=True, related_name="attachments", verbose_name=_("ledger entry")
    )
    name = models.CharField(_("file name"), max_length=200)
    media_type = models.CharField(_("kind of file"), max_length=100)
    size = models.PositiveIntegerField(_("size, bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    note = models.CharField(_("note"), max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="attachments", verbose_name=_("by whom"))
    at = models.DateTimeField(_("at"), auto_now_add=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    request_key = models.UUIDField(_("request key"), null=True, blank=True, unique=True, editable=False)

    objects: ClassVar[AttachmentQuerySet] = AttachmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["at", "id"]
        indexes: ClassVar[list[Any]] = [search_index("attachment")]
        constraints: ClassVar[list[Any]] = [models.CheckConstraint(condition=Q(size__gt=0), name="attachment_not_empty")]

    def __str__(self) -> str:
        return self.name


class AttachmentContent(models.Model):
    """The bytes of an attachment, in the database: saved with it or not at all, and in every backup."""

    attachment = models.OneToOneField(
        Attachment, on_delete=models.CASCADE, primary_key=True, related_name="content", verbose_name=_("attachment")
    )
    data = models.BinaryField(_("bytes"))

    class Meta:
        verbose_name = _("content of an attachment")
        verbose_name_plural = _("contents of attachments")

    def __str__(self) -> str:
        return f"{self.attachment_id}"
