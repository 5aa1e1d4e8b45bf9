"""The schedule of a contract as a table has it, and its estimates."""

from collections.abc import Iterable

from django.db.models import F, QuerySet

from cluster.domain.network import LinkType
from cluster.domain.schedule_table import PlannedLink, PlannedMilestone
from cluster.models import Contract, Dependency, Factory, Milestone, User
from cluster.models.scope import Reader
from cluster.queries.people import people_of

# Columns that a planned milestone has under the same name.
_COLUMNS = ("code", "kind", "name_ru", "name_en", "duration_days", "optimistic_days", "pessimistic_days", "risk_cause")


def planned_milestones(reader: Reader, contract: Contract) -> dict[str, PlannedMilestone]:
    """The milestones that `reader` may see, by code in their order, each with what it waits for: two statements."""
    rows = in_order(Milestone.objects.for_reader(reader).filter(contract=contract))
    links: dict[int, list[PlannedLink]] = {}
    waits = Dependency.objects.for_reader(reader).filter(successor__contract=contract).order_by()
    for successor, code, kind, lag in waits.values_list("successor_id", "predecessor__code", "type", "lag_days"):
        links.setdefault(successor, []).append(PlannedLink(code, LinkType(kind), lag))
    return {
        row["code"]: PlannedMilestone(
            factory=row["factory_id"],
            responsible=row["responsible_id"],
            predecessors=tuple(sorted(links.get(row["pk"], []))),
            **{name: row[name] for name in _COLUMNS},
        )
        for row in rows.values("pk", "factory_id", "responsible_id", *_COLUMNS)
    }


def to_estimate(reader: Reader, contract: Contract, *, factory: str = "") -> QuerySet[Milestone]:
    """The milestones that were not reached, of one factory (its code) or of all that `reader` may see."""
    rows = Milestone.objects.for_reader(reader).filter(contract=contract, actual_latest=None).select_related("factory")
    return in_order(rows.filter(factory__code=factory) if factory else rows)


def in_order(milestones: QuerySet[Milestone]) -> QuerySet[Milestone]:
    """By factory and code; those of the contract as a whole first."""
    return milestones.order_by(F("factory__order").asc(nulls_first=True), "factory__code", "code")


def people_named(contract: Contract, planned: Iterable[PlannedMilestone]) -> dict[int, str]:
    """Who may answer for a milestone of the contract, or does so in the schedule: ids to user names, one statement."""
    answering = {one.responsible for one in planned if one.responsible is not None}
    people = people_of(contract.pk) | User.objects.filter(pk__in=answering).distinct()
    return dict(people.order_by("username").values_list("pk", "username"))


def factory_codes(reader: Reader, contract: Contract) -> dict[int, str]:
    """The factories that `reader` may see: ids to codes."""
    return dict(Factory.objects.for_reader(reader).filter(contract=contract).order_by("order", "code").values_list("pk", "code"))
