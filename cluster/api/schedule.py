"""The schedule of a contract: where its milestones stand by the network, and what pushes them."""

from dataclasses import asdict
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from cluster.api.examples import attach_example
from cluster.api.fields import ContractReference, Reference
from cluster.api.filtering import factory_in
from cluster.domain.schedule import Basis
from cluster.domain.texts import printable
from cluster.models import Contract
from cluster.queries.causes import seen
from cluster.queries.schedule import refuse_before_baseline, schedule_of

# As the reference names them (settings/api.py).
BASES = [(basis.value, basis.value) for basis in Basis]
BASIS = OpenApiParameter(
    "basis",
    OpenApiTypes.STR,
    enum=[basis.value for basis in Basis],
    default=Basis.LOGIC.value,
    description=(
        "`logic`: from links, durations, actual dates, constraints and the data date alone. "
        "`expected`: a forecast, or the due date where there is none, holds as well: no earlier than that."
    ),
)
FACTORY = OpenApiParameter("factory", OpenApiTypes.STR, description="The code of a factory: its milestones alone.")
ABOUT = (
    "Early and late dates, floats in working days and the critical path on a data date (`as_of`), by the critical path method over the "
    "whole contract; you get the milestones that you may see, or of those the ones of one factory, and the critical path as far as it "
    "leads through them. Dates are the first and the last working day."
)


class ScheduledMilestone(serializers.Serializer[Any]):
    """One milestone in the network."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    factory = Reference(allow_null=True, help_text="Null: of the contract as a whole.")
    early_start = serializers.DateField()
    early_finish = serializers.DateField()
    late_start = serializers.DateField()
    late_finish = serializers.DateField()
    total_float = serializers.IntegerField(
        help_text="Working days by which it can slip without moving the end; negative: a bound is broken."
    )
    free_float = serializers.IntegerField(help_text="Working days by which it can slip without moving any other milestone.")
    critical = serializers.BooleanField(help_text="No float is left. What is reached is not critical.")
    knock_on = serializers.DateField(
        allow_null=True, help_text="The day to which what precedes it pushes it, where that is after its own forecast, else its due date."
    )


class ScheduleSerializer(serializers.Serializer[Any]):
    """The schedule of a contract on a data date."""

    contract = ContractReference()
    as_of = serializers.DateField()
    basis = serializers.ChoiceField(choices=BASES)
    critical_path = serializers.ListField(
        child=serializers.CharField(),
        help_text="Codes of those of `milestones` that drive the end of the contract by `logic`, from the first to the last.",
    )
    milestones = ScheduledMilestone(many=True)


attach_example(ScheduleSerializer)


def answer(request: Request, contract: Contract, as_of: date) -> dict[str, Any]:
    """What a request is answered; ValidationError for a basis, DomainError for a factory, that is not there, or a day before any plan."""
    basis, factory = _basis(request), factory_in(request, contract)
    refuse_before_baseline(contract, as_of)
    found = schedule_of(contract, as_of=as_of)
    placed, knock_on = found.schedule.placed(basis), found.schedule.knock_on()
    shown = {
        dated.milestone.pk: dated.milestone
        for dated in found.milestones
        if seen(request.user, dated.milestone) and (factory is None or dated.milestone.factory_id == factory.pk)
    }
    rows = [
        {"id": key, "code": milestone.code, "factory": milestone.factory, "knock_on": knock_on.get(key)} | asdict(placed[key])
        for key, milestone in shown.items()
    ]
    path = [shown[key].code for key in found.schedule.critical_path() if key in shown]
    data = {"contract": contract, "as_of": as_of, "basis": basis, "critical_path": path, "milestones": rows}
    return dict(ScheduleSerializer(data).data)


def _basis(request: Request) -> Basis:
    name = request.query_params.get("basis", Basis.LOGIC)
    if name not in list(Basis):
        said = _("“{input}” is not one of the choices: write one of {possible}.").format(input=printable(name), possible=", ".join(Basis))
        raise ValidationError({"basis": [said]}, code="basis")
    return Basis(name)
