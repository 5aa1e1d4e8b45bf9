"""What a contract lacks yet: the steps from an empty contract to one that can be followed."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists

from cluster.models import BaselineMilestone, Claim, Contract, Factory, LedgerEntry, Milestone, Party
from cluster.models.scope import Reader


@dataclass(frozen=True, slots=True)
class Step:
    """A kind of thing to enter: `key` names it, `page` is the name of the form's address."""

    key: str
    page: str


# In the order in which they build on one another, each with the way to the contract.
_STEPS: tuple[tuple[str, str, Any, str], ...] = (
    ("parties", "cluster:new_party", Party, "contract"),
    ("claims", "cluster:new_claim", Claim, "contract"),
    ("factories", "cluster:new_factory", Factory, "contract"),
    ("milestones", "cluster:new_milestone", Milestone, "contract"),
    ("dates", "cluster:propose_baseline", BaselineMilestone, "baseline__contract"),
    ("payments", "cluster:new_entry", LedgerEntry, "factory__contract"),
)


def missing_in(reader: Reader, contract: Contract) -> list[Step]:
    """The steps of which `reader` sees nothing yet: one statement."""
    rows = {
        f"has_{key}": Exists(model.objects.for_reader(reader).filter(**{path: contract}).order_by()) for key, _page, model, path in _STEPS
    }
    found: Any = Contract.objects.filter(pk=contract.pk).values(**rows).get()
    return [Step(key, page) for key, page, _model, _path in _STEPS if not found[f"has_{key}"]]
