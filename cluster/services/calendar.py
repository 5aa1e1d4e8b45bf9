"""Exceptions from the working calendar: days that a contract or one factory works or rests against it."""

from datetime import date, timedelta

import pghistory
from django.db import transaction

from cluster.domain.access import Action
from cluster.domain.budgets import refuse_factory
from cluster.domain.calendars import is_working_day
from cluster.domain.dates import refuse_far
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.models import CalendarException, Contract, Factory, User
from cluster.queries.history import newest_event
from cluster.services.access import require
from cluster.services.follow_up import Name, after_write
from cluster.services.locks import one_at_a_time
from cluster.services.records import delete_record, save_record
from cluster.services.schedule_rules import keeping_placed, no_exception, refuse_in_schedule

# More days at once are a slip of the hand.
LONGEST_SPAN = 366


@transaction.atomic
def add_calendar_exceptions(
    *, contract_id: int, factory_id: int | None, first: date, last: date, works: bool, reason: str, by: User
) -> list[CalendarException]:
    """Let a factory (None: the whole contract) work, or rest, on the days from `first` to `last`; the exceptions of those days.

    Only days that would be otherwise become exceptions; those that are exceptions of this kind already stay as they are. Raises
    NotFound, Forbidden, or DomainError naming the field: a span turned round or beyond a year, no day that changes, a day with an
    exception of the other kind, no reason.
    """
    contract = Contract.objects.for_reader(by).filter(pk=contract_id).first()
    if contract is None:
        raise NotFound("There is no such contract.", field="contract")
    require(by, Action.EDIT_RECORD, contract=contract.pk, factory=factory_id)
    if factory_id is not None:
        factories = Factory.objects.for_reader(by).filter(contract=contract).order_by("order", "code")
        refuse_factory(factory_id, dict(factories.values_list("pk", "code")))
    refuse_far(first, field="first")
    refuse_far(last, field="last")
    if last < first:
        raise DomainError("The end lies before the start.", field="last", code="order")
    if (last - first).days >= LONGEST_SPAN:
        raise DomainError("Enter at most {most} days at once.", field="last", code="range", most=LONGEST_SPAN)
    _refuse_reason(reason)
    one_at_a_time(f"calendar {contract.pk}")
    known = CalendarException.objects.filter(contract=contract, day__range=(first, last))
    own = {one.day: one for one in known.filter(factory=factory_id)}
    usual = dict(known.filter(factory=None).values_list("day", "works")) if factory_id is not None else {}
    for one in own.values():
        if one.works is not works:
            raise DomainError(
                "There is an exception for {day} already: change or remove that one.", field="first", code="duplicate", day=one.day
            )
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    new = [day for day in days if day not in own and usual.get(day, is_working_day(day)) is not works]
    if not new and not own:
        raise no_exception(works, field="first")
    added = [CalendarException(contract=contract, factory_id=factory_id, day=day, works=works, reason=reason.strip()) for day in new]
    # They differ in their days alone.
    for one in added[:1]:
        one.clean_fields()
    with keeping_placed(contract.pk, field="first"), pghistory.context(reason=reason.strip()):
        CalendarException.objects.bulk_create(added)
    if added:
        after_write(Name.FLAG_DELAYS)
    return sorted([*own.values(), *added], key=lambda one: one.day)


@transaction.atomic
def change_calendar_exception(*, exception_id: int, works: bool, reason: str, by: User, version: int) -> CalendarException:
    """Let the day be worked or not, and say why. `version` is the newest event of its history that the person saw.

    Raises NotFound, Forbidden, Conflict with the exception as it stands now, or DomainError naming the field.
    """
    found = _locked(exception_id, by)
    _refuse_reason(reason)
    if (found.works, found.reason) != (works, reason.strip()):
        _refuse_stale(found, version)
        found.works, found.reason = works, reason.strip()
        refuse_in_schedule(found)
        save_record(found, by=by, change_reason=found.reason, changed=["works", "reason"])
    return found


@transaction.atomic
def remove_calendar_exception(*, exception_id: int, by: User, version: int, reason: str = "") -> None:
    """Let the day be as the calendar has it again; the history keeps the exception. Raises NotFound, Forbidden or Conflict."""
    found = _locked(exception_id, by)
    _refuse_stale(found, version)
    delete_record(found, by=by, change_reason=reason)


def _refuse_reason(reason: str) -> None:
    if not reason.strip():
        raise DomainError("Say why these days are an exception.", field="reason", code="required")


def _locked(exception_id: int, by: User) -> CalendarException:
    """The exception, held to the end of the transaction, for somebody who may edit it."""
    found = CalendarException.objects.for_reader(by).select_for_update(of=("self",)).filter(pk=exception_id).first()
    if found is None:
        raise NotFound("There is no such exception.")
    require(by, Action.EDIT_RECORD, contract=found.contract_id, factory=found.factory_id)
    return found


def _refuse_stale(found: CalendarException, version: int) -> None:
    if newest_event(found) != version:
        raise Conflict("Somebody changed this exception since you opened it: look at it again.", current=found)
