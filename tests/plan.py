"""A small plan for tests of the schedule's risk: two factories, each with works that lead to its opening."""

from dataclasses import dataclass

from cluster.models import Contract, Dependency, Milestone
from tests.factories import make_contract, make_factory, make_milestone, promise


@dataclass(frozen=True, slots=True)
class Plan:
    """A contract, the works of its factories, and their openings."""

    contract: Contract
    works: list[Milestone]
    openings: list[Milestone]


def make_plan(due: str = "2030-12-31") -> Plan:
    """Two factories: a work with three durations, one with a single duration, and an opening with a due date after both."""
    contract = make_contract()
    works, openings = [], []
    for _number in range(2):
        factory = make_factory(contract)
        build = make_milestone(
            factory, kind="construction_end", duration_days=200, optimistic_days=150, pessimistic_days=400, risk_cause="Supplier"
        )
        test = make_milestone(factory, kind="commissioning", duration_days=40)
        opening = make_milestone(factory, kind="opening", duration_days=0)
        Dependency.objects.create(predecessor=build, successor=test)
        Dependency.objects.create(predecessor=test, successor=opening)
        promise(opening, due, announced="2025-01-01")
        works += [build, test]
        openings.append(opening)
    return Plan(contract, works, openings)
