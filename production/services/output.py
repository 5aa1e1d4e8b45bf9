"""Recording output: a new figure for a period takes the place of the one in use, which stays with its source."""

from datetime import date
from typing import Any
from uuid import UUID

import pghistory
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from cluster.domain.access import Action
from cluster.domain.dates import DateWindow, refuse_far
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.models import Contract, Factory, Source, User
from cluster.services.access import require
from cluster.services.sources import document_source
from production.models import Brand, Output, VehicleModel


@transaction.atomic
def record_output(
    *,
    contract_id: int,
    year: int,
    month: int | None = None,
    quantity: int,
    unit: str = "vehicles",
    factory_id: int | None = None,
    brand_id: int | None = None,
    vehicle_model_id: int | None = None,
    segment: str = "",
    source_id: int | None = None,
    document: str = "",
    note: str = "",
    announced: DateWindow | None = None,
    by: User,
    today: date,
    replaces_version: int | None = None,
    request_key: UUID | None = None,
) -> Output:
    """Record what was built in a year or a month, and put it in use.

    Where a figure is in use for the same period and subject, `replaces_version` must be its version; it stays as a claim
    out of use. Conflict carries the figure in use. The figure needs a source: one of the list, or a document named here.
    Raises NotFound, Forbidden, Conflict, or DomainError naming the field.
    """
    contract = Contract.objects.for_reader(by).filter(pk=contract_id).first()
    if contract is None:
        raise NotFound("There is no such contract.", field="contract")
    require(by, Action.RECORD_OUTPUT, contract=contract.pk, factory=factory_id)
    # Two people recording the same period at once wait for each other here, then the second one meets the first's figure.
    Contract.objects.select_for_update(no_key=True).get(pk=contract.pk)
    subject = {
        "contract_id": contract_id,
        "factory_id": factory_id,
        "brand_id": brand_id,
        "vehicle_model_id": vehicle_model_id,
        "segment": segment,
        "year": year,
        "month": month,
        "unit": unit,
    }
    if request_key is not None and (done := Output.objects.filter(request_key=request_key).first()):
        if not _says(done, subject | {"quantity": quantity, "note_ru": note}, source_id, document, announced, today):
            raise DomainError("This request was already used for another figure.", code="request_reused")
        return done
    _check_period(year, month, today)
    refuse_far(announced, field="announced")
    if announced is not None and announced.earliest > today:
        raise DomainError("This day has not come: nothing was announced then.", field="announced", code="future")
    if announced is not None and announced.latest < date(year, month or 1, 1):
        raise DomainError("Output is announced when its period has begun, not before.", field="announced", code="too_early")
    _check_subject(contract, factory_id, brand_id, vehicle_model_id, by)
    current = Output.objects.filter(in_use=True, **subject).first()
    if (current.version if current else None) != replaces_version:
        raise Conflict("A figure for this period is already in use: look at it before you replace it.", current=current)
    source = _source(source_id, document, by, today, contract_id=contract.pk, factory_id=factory_id)
    if current is not None:
        Output.objects.filter(pk=current.pk).update(in_use=False, version=F("version") + 1)
    output = Output(
        **subject,
        quantity=quantity,
        source=source,
        note_ru=note,
        in_use=True,
        confidence=_confidence(document),
        recorded_by=by,
        request_key=request_key,
        version=current.version + 1 if current else 1,
    )
    output.announced = announced or DateWindow.day(today)
    output.full_clean()
    with pghistory.context(reason=note):
        output.save()
    return output


def _says(done: Output, columns: dict[str, Any], source_id: int | None, document: str, announced: DateWindow | None, today: date) -> bool:
    """Whether a request that names these says what `done` says."""
    if any(getattr(done, name) != value for name, value in columns.items()) or done.confidence != _confidence(document):
        return False
    if (done.source_id != source_id) if source_id is not None else (done.source.document != document.strip()):
        return False
    # Without a date of its own a figure is announced on the day on which the first request was recorded.
    told = {announced} if announced is not None else {DateWindow.day(day) for day in (timezone.localdate(done.recorded_at), today)}
    return done.announced in told


def _confidence(document: str) -> str:
    return "high" if document else "medium"


def _check_period(year: int, month: int | None, today: date) -> None:
    if not 1990 <= year <= today.year:
        raise DomainError("Output is recorded for 1990 to {year}.", field="year", code="year", year=today.year)
    if month is not None and not 1 <= month <= 12:
        raise DomainError("A month is a number from 1 to 12.", field="month", code="month")
    if month is not None and date(year, month, 1) > today:
        raise DomainError("This month has not begun: there is no output to record.", field="month", code="future")


def _check_subject(contract: Contract, factory_id: int | None, brand_id: int | None, model_id: int | None, by: User) -> None:
    if factory_id is not None and not Factory.objects.for_reader(by).filter(pk=factory_id, contract=contract).exists():
        raise DomainError("This factory does not belong to the contract.", field="factory", code="choice")
    if brand_id is not None and not Brand.objects.for_reader(by).filter(pk=brand_id, contract=contract).exists():
        raise DomainError("This brand does not belong to the contract.", field="brand", code="choice")
    if model_id is not None and (
        brand_id is None or not VehicleModel.objects.for_reader(by).filter(pk=model_id, brand_id=brand_id).exists()
    ):
        raise DomainError("This model does not belong to the brand.", field="vehicle_model", code="choice")


def _source(source_id: int | None, document: str, by: User, today: date, *, contract_id: int, factory_id: int | None) -> Source:
    if source_id is not None:
        source = Source.objects.for_reader(by).filter(pk=source_id).first()
        if source is None:
            raise DomainError("There is no such source.", field="source", code="choice")
        return source
    if not document.strip():
        raise DomainError("Name a source or a document: every figure answers “where from?”.", field="source", code="required")
    return document_source(document, contract_id=contract_id, factory_id=factory_id, today=today)
