"""Exceptions from the Russian working calendar: of a contract, or of one factory."""

from typing import Any, ClassVar

import pghistory
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cluster.domain.access import Scope
from cluster.models.one_contract import InOneContract, one_contract
from cluster.models.scope import ScopedQuerySet


class CalendarExceptionQuerySet(ScopedQuerySet["CalendarException"]):
    """Exceptions in scope; those of a whole contract concern each of its factories."""

    contract_path = "contract_id"
    factory_path = "factory_id"

    def _within(self, scope: Scope) -> Q:
        return super()._within(scope) | Q(factory__isnull=True, contract_id__in=scope.factory_contracts)


@one_contract
@pghistory.track()
class CalendarException(InOneContract):
    """A day on which a factory (none: all of the contract) works although the calendar rests, or rests although it works."""

    parents = ("contract", "factory")

    contract = models.ForeignKey(
        "cluster.Contract", on_delete=models.CASCADE, related_name="calendar_exceptions", verbose_name=_("contract")
    )
    factory = models.ForeignKey(
        "cluster.Factory",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="calendar_exceptions",
        verbose_name=_("factory"),
        help_text=_("Empty: every factory of the contract."),
    )
    day = models.DateField(_("day"))
    works = models.BooleanField(_("working day"), default=False)
    reason = models.CharField(_("reason"), max_length=300)

    objects: ClassVar[CalendarExceptionQuerySet] = CalendarExceptionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("calendar exception")
        verbose_name_plural = _("calendar exceptions")
        ordering = ["contract", "factory", "day"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["contract", "factory", "day"], nulls_distinct=False, name="calendar_exception_once")
        ]

    def __str__(self) -> str:
        return f"{self.day}: {'+' if self.works else '-'}"
