"""Rows with several parents (contract, factory, milestone, baseline, brand): all of them belong to one contract."""

from typing import Any, ClassVar, TypeVar

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

M = TypeVar("M", bound="InOneContract")

_CONTRACT_OF = {
    "contract": "NEW.contract_id",
    "factory": "(SELECT contract_id FROM cluster_factory WHERE id = NEW.factory_id)",
    "milestone": "(SELECT contract_id FROM cluster_milestone WHERE id = NEW.milestone_id)",
    "predecessor": "(SELECT contract_id FROM cluster_milestone WHERE id = NEW.predecessor_id)",
    "successor": "(SELECT contract_id FROM cluster_milestone WHERE id = NEW.successor_id)",
    "baseline": "(SELECT contract_id FROM cluster_baseline WHERE id = NEW.baseline_id)",
    "amendment": "(SELECT contract_id FROM cluster_amendment WHERE id = NEW.amendment_id)",
    "brand": "(SELECT contract_id FROM production_brand WHERE id = NEW.brand_id)",
}
_REFUSE = """
IF (SELECT count(DISTINCT contract_id) FROM (VALUES {contracts}) AS parents (contract_id)) > 1 THEN
    RAISE EXCEPTION '% row has parents of different contracts', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""


class InOneContract(models.Model):
    """Names its parents in `parents`; forms are told which one belongs elsewhere, the database refuses the row."""

    parents: ClassVar[tuple[str, ...]]

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        contracts: dict[str, int] = {}
        for name in self.parents:
            if getattr(self, f"{name}_id") is not None:
                contracts[name] = self.contract_id if name == "contract" else getattr(self, name).contract_id  # type: ignore[attr-defined]
        if len(set(contracts.values())) > 1:
            raise ValidationError({list(contracts)[-1]: _("This one belongs to another contract.")})


def one_contract(model: type[M]) -> type[M]:
    """Class decorator: a trigger refuses a row whose parents belong to different contracts, raw SQL included."""
    contracts = ", ".join(f"({_CONTRACT_OF[name]})" for name in model.parents)
    trigger: Any = pgtrigger.Trigger(
        name="one_contract",
        operation=pgtrigger.Insert | pgtrigger.Update,
        when=pgtrigger.Before,
        func=_REFUSE.format(contracts=contracts),
    )
    registered: type[M] = pgtrigger.register(trigger)(model)
    return registered


def stays_with_its_contract(model: type[Any]) -> type[Any]:
    """Class decorator: the contract of a parent never changes, so that its rows cannot be carried into another one."""
    trigger: Any = pgtrigger.ReadOnly(name="keeps_contract", fields=["contract"])
    registered: type[Any] = pgtrigger.register(trigger)(model)
    return registered
