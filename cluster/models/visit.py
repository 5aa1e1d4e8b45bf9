"""When a person looked at a contract last."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cluster.models.scope import Reader, ScopedQuerySet, scope_of


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
