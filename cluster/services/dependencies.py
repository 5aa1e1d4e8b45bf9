"""The rules of a dependency that a database constraint cannot hold."""

from cluster.domain.dependencies import CircularDependency, find_cycle
from cluster.models import Dependency, Milestone
from cluster.services.locks import one_at_a_time


def refuse_circle(dependency: Dependency) -> None:
    """Raise CircularDependency when the link would close a circle; call it in a transaction, which nobody overtakes to its end."""
    contract_id = dependency.successor.contract_id
    one_at_a_time(f"dependencies {contract_id}")
    others = Dependency.objects.filter(successor__contract_id=contract_id).exclude(pk=dependency.pk)
    links = others.order_by("pk").values_list("predecessor_id", "successor_id")
    members = find_cycle(links, (dependency.predecessor_id, dependency.successor_id))
    if members:
        codes = dict(Milestone.objects.filter(pk__in=members).values_list("pk", "code"))
        raise CircularDependency([codes[member] for member in members])
