"""Dependencies: which milestone waits for which."""

from typing import Any, ClassVar

import pghistory
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cluster.models.one_contract import InOneContract, one_contract
from cluster.models.scope import ScopedQuerySet


class DependencyQuerySet(ScopedQuerySet["Dependency"]):
    """Dependencies whose waiting milestone is in scope."""

    contract_path = "successor__contract_id"
    factory_path = "successor__factory_id"


@one_contract
@pghistory.track()
class Dependency(InOneContract):
    """`successor` waits for `predecessor`: finish to start unless said otherwise, with a lag in working days (negative: a lead)."""

    parents = ("predecessor", "successor")

    class Type(models.TextChoices):
        FS = "FS", _("finish to start")
        SS = "SS", _("start to start")
        FF = "FF", _("finish to finish")
        SF = "SF", _("start to finish")

    predecessor = models.ForeignKey(
        "cluster.Milestone", on_delete=models.CASCADE, related_name="successors", verbose_name=_("what comes first")
    )
    successor = models.ForeignKey("cluster.Milestone", on_delete=models.CASCADE, related_name="predecessors", verbose_name=_("what waits"))
    type = models.CharField(_("type"), max_length=2, choices=Type.choices, default=Type.FS)
    lag_days = models.SmallIntegerField(_("lag, working days"), default=0)

    objects: ClassVar[DependencyQuerySet] = DependencyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("dependency")
        verbose_name_plural = _("dependencies")
        ordering = ["successor", "predecessor"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["predecessor", "successor"], name="dependency_once"),
            models.CheckConstraint(
                condition=~Q(predecessor=F("successor")),
                name="dependency_not_on_itself",
                violation_error_message=_("A milestone cannot wait for itself."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.predecessor.code} {self.type} {self.successor.code}"
