"""Sources: where figures come from."""

from typing import Any, ClassVar

import pghistory
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cluster.domain.access import Scope
from cluster.models.names import InLanguage
from cluster.models.one_contract import InOneContract, one_contract
from cluster.models.scope import ScopedQuerySet
from cluster.models.search import search_index, searched
from cluster.models.windows import Window, earliest_column, latest_column, precision_column, refuse_to_come, window_constraint


class SourceQuerySet(ScopedQuerySet["Source"]):
    """Publications are read by everybody with a role; a document that somebody named stays with its contract or factory."""

    contract_path = "contract_id"
    factory_path = "factory_id"

    def _within(self, scope: Scope) -> Q:
        of_factories = Q(factory_id__in=scope.factories) | Q(factory__isnull=True, contract_id__in=scope.factory_contracts)
        return Q(contract__isnull=True) | Q(contract_id__in=scope.contracts) | of_factories


@searched("source")
@one_contract
@pghistory.track()
class Source(InOneContract):
    """A publication or document that gives figures: title, publisher, address, publication date with its precision.

    A publication belongs to no contract; an internal document belongs to the contract, and the factory, it was named for.
    """

    parents = ("contract", "factory")

    key = models.SlugField(_("key"), max_length=60, unique=True, help_text=_("Short name by which rows and files refer to it."))
    publisher = models.CharField(_("publisher"), max_length=200, blank=True)
    title_ru = models.CharField(_("title (Russian)"), max_length=400)
    title_en = models.CharField(_("title (English)"), max_length=400, blank=True)
    title = InLanguage()
    url = models.URLField(_("address"), max_length=1000, blank=True)
    document = models.CharField(_("document"), max_length=300, blank=True, help_text=_("Number and date, when it is not on the web."))
    contract = models.ForeignKey(
        "cluster.Contract", on_delete=models.CASCADE, null=True, blank=True, related_name="documents", verbose_name=_("contract")
    )
    factory = models.ForeignKey(
        "cluster.Factory", on_delete=models.CASCADE, null=True, blank=True, related_name="documents", verbose_name=_("factory")
    )
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
        indexes: ClassVar[list[Any]] = [search_index("source")]
        constraints: ClassVar[list[Any]] = [
            window_constraint("published", "source"),
            models.CheckConstraint(
                condition=Q(factory__isnull=True) | Q(contract__isnull=False),
                name="source_factory_has_contract",
                violation_error_message=_("Name the factory's contract too."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.publisher}: {self.title}" if self.publisher else str(self.title)

    def clean(self) -> None:
        super().clean()
        refuse_to_come(self.published, published=_("The publication cannot lie in the future."))
