"""Saved views: the filters, sorting and columns of a page under a name."""

from typing import Any, ClassVar, Self

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cluster.models.scope import Reader, ScopedQuerySet, scope_of


class SavedViewQuerySet(ScopedQuerySet["SavedView"]):
    """A person's own views, and those that others share on pages that the person sees."""

    contract_path = "contract_id"

    def for_reader(self, reader: Reader) -> Self:
        scope = scope_of(reader)
        if scope.is_empty:
            return self.none()
        own, shared = Q(user=reader.pk), Q(is_shared=True)
        if not scope.sees_everything:
            shared &= Q(contract__isnull=True) | Q(contract__in=scope.contracts | scope.factory_contracts)
        return self.filter(own | shared)


@pghistory.track()
class SavedView(models.Model):
    """A page (by the name of its address) of a contract with a query string, under a name. `default_for` are those who see it first."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="views", verbose_name=_("user"))
    contract = models.ForeignKey(
        "cluster.Contract", on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("contract")
    )
    page = models.CharField(_("page"), max_length=60)
    name = models.CharField(_("name"), max_length=80)
    query = models.CharField(_("filters and sorting"), max_length=2000, blank=True)
    is_shared = models.BooleanField(_("shared"), default=False)
    default_for = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+", verbose_name=_("default for"))
    saved_at = models.DateTimeField(_("saved at"), auto_now=True)

    objects: ClassVar[SavedViewQuerySet] = SavedViewQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["user", "contract", "page", "name"], name="saved_view_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return self.name
