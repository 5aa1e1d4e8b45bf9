"""Milestones: added, changed and deleted by editors; their progress is told by who answers for the factory."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction

from cluster.domain.access import Action
from cluster.domain.budgets import refuse_factory
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.models import Baseline, Contract, Factory, Milestone, Source, User
from cluster.queries.people import people_of
from cluster.services.access import require
from cluster.services.locks import one_at_a_time
from cluster.services.records import delete_record, save_record
from cluster.services.schedule_rules import refuse_milestone

# What editors say of a milestone, and what is told of its progress; `actual` is a DateWindow.
EDITED = (
    "code", "kind", "name_ru", "name_en", "factory_id", "duration_days", "optimistic_days", "pessimistic_days",
    "risk_cause", "constraint", "constraint_on", "responsible_id", "scored",
    "not_scored_ru", "not_scored_en",
)  # fmt: skip
PROGRESS = ("started_on", "actual", "actual_announced_on", "actual_source_id", "actual_note_ru", "actual_note_en")
_WINDOW = {"actual": ("actual_earliest", "actual_latest", "actual_precision")}


@transaction.atomic
def add_milestone(values: Mapping[str, Any], *, contract_id: int, by: User, reason: str = "") -> Milestone:
    """Add a milestone to a contract; `values` gives the columns of EDITED, those that are left out have their defaults.

    The same milestone sent twice is one milestone. Raises NotFound, Forbidden, DomainError or ValidationError naming the field.
    """
    contract = Contract.objects.for_reader(by).filter(pk=contract_id).first()
    if contract is None:
        raise NotFound("There is no such contract.", field="contract")
    values = _stripped(values)
    require(by, Action.EDIT_RECORD, contract=contract.pk, factory=values.get("factory_id"))
    one_at_a_time(f"milestones {contract.pk}")
    twin = Milestone.objects.filter(contract=contract, code=values["code"]).first()
    if twin is not None:
        if all(getattr(twin, name) == value for name, value in values.items()):
            return twin
        raise DomainError("There is already a milestone of this code in the contract.", field="code", code="duplicate")
    milestone = Milestone(contract=contract)
    _put(milestone, values, by)
    save_record(milestone, by=by, change_reason=reason)
    return milestone


@transaction.atomic
def change_milestone(values: Mapping[str, Any], *, milestone_id: int, by: User, version: int, reason: str = "") -> Milestone:
    """Change the columns of EDITED that `values` names. `version` is the milestone's version that the person saw.

    Values that stand there already are no change, whoever saved them. Raises NotFound, Forbidden, Conflict with the milestone as it
    stands now, DomainError or ValidationError naming the field.
    """
    milestone = _locked(milestone_id, by)
    require(by, Action.EDIT_RECORD, contract=milestone.contract_id, factory=milestone.factory_id)
    values = _stripped(values)
    if any(getattr(milestone, name) != value for name, value in values.items()):
        _refuse_stale(milestone, version)
        _put(milestone, values, by)
        save_record(milestone, by=by, change_reason=reason, changed=_columns(values))
    return milestone


@transaction.atomic
def report_progress(values: Mapping[str, Any], *, milestone_id: int, by: User, version: int, today: date, reason: str = "") -> Milestone:
    """Say when the work of a milestone began and when it was reached: the columns of PROGRESS that `values` names.

    Whoever may revise its forecast may tell it. What was told before is corrected, or taken back, only with a reason. An actual
    date is announced today unless said otherwise; without one there is nothing to announce. Raises NotFound, Forbidden, Conflict,
    or DomainError naming the field.
    """
    milestone = _locked(milestone_id, by)
    require(by, Action.REVISE_FORECAST, contract=milestone.contract_id, factory=milestone.factory_id)
    told = {name: getattr(milestone, name) for name in PROGRESS}
    wanted = told | _stripped(values)
    if wanted["actual"] is None and told["actual"] is None and any(wanted[name] for name in PROGRESS[2:]):
        raise DomainError("Write the actual date that this is told of.", field="actual", code="required")
    if wanted["actual"] is None:
        wanted |= {"actual_announced_on": None, "actual_source_id": None, "actual_note_ru": "", "actual_note_en": ""}
    elif wanted["actual_announced_on"] is None:
        wanted["actual_announced_on"] = told["actual_announced_on"] if wanted["actual"] == told["actual"] else today
    if wanted == told:
        return milestone
    _refuse_stale(milestone, version)
    if not reason and any(told[name] is not None and told[name] != wanted[name] for name in ("started_on", "actual")):
        raise DomainError("Say why what was told before is corrected.", field="reason", code="required")
    source_id = wanted["actual_source_id"]
    if source_id not in (None, told["actual_source_id"]) and not Source.objects.for_reader(by).filter(pk=source_id).exists():
        raise DomainError("There is no such source.", field="actual_source", code="choice")
    for name, value in wanted.items():
        setattr(milestone, name, value)
    refuse_milestone(milestone)
    save_record(milestone, by=by, change_reason=reason, changed=_columns(wanted), action=Action.REVISE_FORECAST)
    return milestone


@transaction.atomic
def delete_milestone(*, milestone_id: int, by: User, version: int, reason: str = "") -> None:
    """Delete a milestone of which nothing was told yet, with its dependencies; the history keeps what they were.

    Raises NotFound, Forbidden, Conflict, or DomainError while anything that was told names it: a revision, a delay flag,
    a claim, a comment, a file or a baseline in force.
    """
    milestone = _locked(milestone_id, by)
    require(by, Action.EDIT_RECORD, contract=milestone.contract_id, factory=milestone.factory_id)
    _refuse_stale(milestone, version)
    promised = milestone.baseline_dates.exclude(baseline__kind=Baseline.Kind.DRAFT).select_related("baseline").first()
    if promised is not None:
        raise DomainError(
            "“{baseline}” has a date of it: say that it is not judged instead of deleting it.",
            code="in_baseline",
            baseline=str(promised.baseline),
        )
    if milestone.revisions.exists():
        raise DomainError(
            "Its forecast was told, and what was told is never deleted: say that it is not judged instead.", code="has_revisions"
        )
    if milestone.flags.exists():
        raise DomainError("A delay of it is on record: say that it is not judged instead of deleting it.", code="has_flags")
    if milestone.claims.exists():
        raise DomainError("Claims of the record name it: let them name another milestone first.", code="has_claims")
    if milestone.comments.exists() or milestone.attachments.exists():
        raise DomainError("It was discussed: say that it is not judged instead of deleting it.", code="discussed")
    delete_record(milestone, by=by, change_reason=reason)


def _put(milestone: Milestone, values: Mapping[str, Any], by: User) -> None:
    """Set the columns; DomainError for a factory or a person that the contract does not have, and where a rule refuses the milestone."""
    for name, value in values.items():
        setattr(milestone, name, value)
    if milestone.factory_id is not None:
        refuse_factory(
            milestone.factory_id,
            dict(Factory.objects.for_reader(by).filter(contract=milestone.contract_id).order_by("order", "code").values_list("pk", "code")),
        )
    if "responsible_id" in values and milestone.responsible_id is not None:
        people = people_of(milestone.contract_id, factory_id=milestone.factory_id)
        if not people.filter(pk=milestone.responsible_id).exists():
            raise DomainError("This person has no role in the contract: choose one from the list.", field="responsible", code="choice")
    refuse_milestone(milestone)


def _stripped(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}


def _columns(names: Mapping[str, Any]) -> set[str]:
    """The fields behind the names, as a save takes them."""
    return {column for name in names for column in _WINDOW.get(name, (name.removesuffix("_id"),))}


def _locked(milestone_id: int, by: User) -> Milestone:
    found = Milestone.objects.for_reader(by).select_related("contract").select_for_update(of=("self",)).filter(pk=milestone_id).first()
    if found is None:
        raise NotFound("There is no such milestone.")
    return found


def _refuse_stale(milestone: Milestone, version: int) -> None:
    if milestone.version != version:
        raise Conflict("Somebody changed this milestone since you opened it.", current=milestone)
