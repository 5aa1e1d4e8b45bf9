"""How a person looks at things: views of a list kept by name, and when the person was here last."""

from typing import Any, ClassVar, Self

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cluster.models.scope import Reader, ScopedQuerySet, scope_of


class SavedViewQuerySet(ScopedQuerySet["SavedView"]):
    """A person's own views, and those that others share, of the contracts in scope."""

    def for_reader(self, reader: Reader) -> Self:
        scope = scope_of(reader)
        if scope.is_empty:
            return self.none()
        seen = self if scope.sees_everything else self.filter(contract_id__in=scope.contracts | scope.factory_contracts)
        return seen.filter(Q(user=reader.pk) | Q(shared=True))


@pghistory.track()
class SavedView(models.Model):
    """The filters, the order and the columns of one list of a contract under a name: the query of its address.

    A shared one is seen by all who see the contract; the default of a person opens where the address asks for nothing.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views", verbose_name=_("user"))
    contract = models.ForeignKey("cluster.Contract", on_delete=models.CASCADE, related_name="saved_views", verbose_name=_("contract"))
    page = models.CharField(_("page"), max_length=60)
    name = models.CharField(_("name"), max_length=100)
    query = models.CharField(_("query of the address"), max_length=1000, blank=True)
    shared = models.BooleanField(_("shared"), default=False)
    is_default = models.BooleanField(_("default"), default=False)

    objects: ClassVar[SavedViewQuerySet] = SavedViewQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["page", "name"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["user", "contract", "page", "name"],
                name="saved_view_once",
                violation_error_message=_("You already have a view of this name."),
            ),
            models.UniqueConstraint(fields=["user", "contract", "page"], condition=Q(is_default=True), name="saved_view_one_default"),
        ]

    def __str__(self) -> str:
        return self.name


class VisitQuerySet(ScopedQuerySet["Visit"]):
    """A person's own visits."""

    def for_reader(self, reader: Reader) -> Self:
        return self.none() if scope_of(reader).is_empty else self.filter(user=reader.pk)


class Visit(models.Model):
    """When a person looked at a contract: last, and before the visit that this is part of."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="visits", verbose_name=_("user"))
    contract = models.ForeignKey("cluster.Contract", on_delete=models.CASCADE, related_name="+", verbose_name=_("contract"))
    seen_at = models.DateTimeField(_("seen at"))
    before_at = models.DateTimeField(_("seen before at"), null=True, blank=True)

    objects: ClassVar[VisitQuerySet] = VisitQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["user", "contract"], name="visit_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.contract_id}"
