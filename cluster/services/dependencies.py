"""Dependencies: which milestone waits for which, linked and unlinked by editors."""

from django.db import transaction

from cluster.domain.access import Action
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.models import Dependency, Milestone, User
from cluster.queries.history import newest_event
from cluster.services.access import require
from cluster.services.records import delete_record, save_record
from cluster.services.schedule_rules import refuse_link


@transaction.atomic
def add_dependency(*, predecessor_id: int, successor_id: int, type: str, lag_days: int, by: User, reason: str = "") -> Dependency:
    """Let the successor wait for the predecessor, with a lag in working days (negative: a lead).

    The same link sent twice is one link. Raises Forbidden, or DomainError naming the field: a milestone that is not there or of
    another contract, itself, a pair that is linked already, a circle with its members, a lag beyond measure.
    """
    successor = _milestone(successor_id, by, "successor")
    require(by, Action.EDIT_RECORD, contract=successor.contract_id, factory=successor.factory_id)
    predecessor = _milestone(predecessor_id, by, "predecessor")
    if predecessor.contract_id != successor.contract_id:
        raise DomainError("This one belongs to another contract.", field="predecessor", code="contract")
    link = Dependency(predecessor=predecessor, successor=successor, type=type, lag_days=lag_days)
    _refuse(link)
    twin = Dependency.objects.filter(predecessor=predecessor, successor=successor).first()
    if twin is not None:
        if (twin.type, twin.lag_days) == (type, lag_days):
            return twin
        raise DomainError("It waits for this milestone already: change that dependency.", field="predecessor", code="duplicate")
    save_record(link, by=by, change_reason=reason)
    return link


@transaction.atomic
def change_dependency(*, dependency_id: int, type: str, lag_days: int, by: User, version: int, reason: str = "") -> Dependency:
    """Give a link another type or lag. `version` is the newest event of its history that the person saw.

    Raises NotFound, Forbidden, Conflict with the link as it stands now, or DomainError naming the field.
    """
    link = _locked(dependency_id, by)
    if (link.type, link.lag_days) != (type, lag_days):
        _refuse_stale(link, version)
        link.type, link.lag_days = type, lag_days
        _refuse(link)
        save_record(link, by=by, change_reason=reason, changed=["type", "lag_days"])
    return link


@transaction.atomic
def remove_dependency(*, dependency_id: int, by: User, version: int, reason: str = "") -> None:
    """Take a link away; the history keeps it. Raises NotFound, Forbidden or Conflict."""
    link = _locked(dependency_id, by)
    _refuse_stale(link, version)
    delete_record(link, by=by, change_reason=reason)


def _refuse(link: Dependency) -> None:
    """What no dependency may be, as errors at their fields."""
    if link.type not in Dependency.Type.values:
        raise DomainError("Choose a type from the list.", field="type", code="choice")
    if link.predecessor_id == link.successor_id:
        raise DomainError("A milestone cannot wait for itself.", field="predecessor", code="itself")
    refuse_link(link)


def _milestone(milestone_id: int, by: User, field: str) -> Milestone:
    found = Milestone.objects.for_reader(by).filter(pk=milestone_id).first()
    if found is None:
        raise DomainError("There is no such milestone.", field=field, code="choice")
    return found


def _locked(dependency_id: int, by: User) -> Dependency:
    """The link, held to the end of the transaction, for somebody who may edit it."""
    links = Dependency.objects.for_reader(by).select_related("predecessor", "successor").select_for_update(of=("self",))
    link = links.filter(pk=dependency_id).first()
    if link is None:
        raise NotFound("There is no such dependency.")
    require(by, Action.EDIT_RECORD, contract=link.successor.contract_id, factory=link.successor.factory_id)
    return link


def _refuse_stale(link: Dependency, version: int) -> None:
    if newest_event(link) != version:
        raise Conflict("Somebody changed this dependency since you opened it: look at it again.", current=link)
