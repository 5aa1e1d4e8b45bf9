"""Board reports that were made and kept, with their hash."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cluster.models.append_only import append_only
from cluster.models.scope import ScopedQuerySet


class BoardReportQuerySet(ScopedQuerySet["BoardReport"]):
    """Board reports: of contracts that the reader sees as a whole."""

    contract_path = "contract_id"


@append_only
class BoardReport(models.Model):
    """A board report of a contract as of a day, as a file. `sha256` is the hash of its bytes, `content_sha256` that of what it says.

    `month` is the month for which the nightly job made it (its first day); NULL where a person asked for it.
    """

    class Format(models.TextChoices):
        PDF = "pdf", "PDF"
        HTML = "html", "HTML"
        XLSX = "xlsx", "XLSX"

    contract = models.ForeignKey("cluster.Contract", on_delete=models.PROTECT, related_name="+", verbose_name=_("contract"))
    as_of = models.DateField(_("as of"))
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    format = models.CharField(_("format"), max_length=4, choices=Format.choices)
    month = models.DateField(_("month"), null=True, blank=True)
    size = models.PositiveIntegerField(_("size, bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    content_sha256 = models.CharField(_("SHA-256 of the content"), max_length=64)
    made_at = models.DateTimeField(_("made at"), auto_now_add=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("made by")
    )

    objects: ClassVar[BoardReportQuerySet] = BoardReportQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("board report")
        verbose_name_plural = _("board reports")
        ordering = ["-as_of", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["contract", "month", "language", "format"], condition=Q(month__isnull=False), name="board_report_monthly_once"
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="board_report_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.contract} {self.as_of:%Y-%m-%d} {self.format}"


@append_only
class BoardReportContent(models.Model):
    """The bytes of a board report, in the database: kept with it or not at all, and in every backup."""

    report = models.OneToOneField(
        BoardReport, on_delete=models.PROTECT, primary_key=True, related_name="content", verbose_name=_("board report")
    )
    data = models.BinaryField(_("bytes"))

    class Meta:
        verbose_name = _("content of a board report")
        verbose_name_plural = _("contents of board reports")

    def __str__(self) -> str:
        return f"{self.report_id}"
