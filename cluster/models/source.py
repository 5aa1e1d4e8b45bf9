"""Sources: where figures come from."""

from typing import ClassVar

import pghistory
from django.db import models
from django.utils.translation import gettext_lazy as _

from cluster.models.names import InLanguage
from cluster.models.scope import ScopedQuerySet
from cluster.models.windows import Window, earliest_column, latest_column, precision_column, window_constraint


class SourceQuerySet(ScopedQuerySet["Source"]):
    """Sources are reference data: everybody with a role reads them."""


@pghistory.track()
class Source(models.Model):
    """A publication or document that gives figures: title, publisher, address, publication date with its precision."""

    key = models.SlugField(_("key"), max_length=60, unique=True, help_text=_("Short name by which rows and files refer to it."))
    publisher = models.CharField(_("publisher"), max_length=200, blank=True)
    title_ru = models.CharField(_("title (Russian)"), max_length=400)
    title_en = models.CharField(_("title (English)"), max_length=400, blank=True)
    title = InLanguage()
    url = models.URLField(_("address"), max_length=1000, blank=True)
    document = models.CharField(_("document"), max_length=300, blank=True, help_text=_("Number and date, when it is not on the web."))
    published_earliest = earliest_column(null=True, blank=True)
    published_latest = latest_column(null=True, blank=True)
    published_precision = precision_column(blank=True)
    published = Window()
    note_ru = models.TextField(_("note (Russian)"), blank=True)
    note_en = models.TextField(_("note (English)"), blank=True)
    note = InLanguage()

    objects: ClassVar[SourceQuerySet] = SourceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ["-published_latest", "key"]
        constraints = [window_constraint("published", "source")]

    def __str__(self) -> str:
        return f"{self.publisher}: {self.title}" if self.publisher else str(self.title)
