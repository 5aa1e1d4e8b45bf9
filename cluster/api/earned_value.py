"""Earned value of a contract or of one factory: in roubles, in time, and by month."""

from datetime import date
from decimal import Decimal
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from cluster.api.examples import attach_example
from cluster.api.fields import ContractReference, MoneyField, Reference
from cluster.api.money import BaselineInForce
from cluster.domain.earned_value import Method
from cluster.domain.performance import Performance
from cluster.models import Contract
from cluster.models.form_fields import message_of
from cluster.queries.earned_value import Earned, earned_value_of

# As the reference names them (settings/api.py).
METHODS = [(method.value, method.value) for method in Method]
FACTORY = OpenApiParameter("factory", OpenApiTypes.STR, description="The code of a factory: its figures alone.")
ABOUT = (
    "Planned value, earned value and actual cost under the baseline in force on a day (`as_of`), what follows from them, the earned "
    "schedule in months, and all of it by month. A milestone earns its weight of the factory's budget when it is reached. What is not "
    "defined is null; `problem` says why a factory has no figures, and the total is that of the others. 400 before the first baseline."
)


@extend_schema_field({"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{4}$"})
class Index(serializers.Field[Any, Any, Any, Any]):
    """A ratio or a number of months as a decimal string."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)

    def to_representation(self, value: Decimal) -> str:
        return f"{value:.4f}"


class Estimate(serializers.Serializer[Any]):
    """The estimate at completion by one method: BAC / CPI; AC + BAC - EV; AC + (BAC - EV) / (CPI x SPI)."""

    method = serializers.ChoiceField(choices=METHODS)
    eac = MoneyField(allow_null=True)
    etc = MoneyField(allow_null=True)
    vac = MoneyField(allow_null=True)
    tcpi = Index(allow_null=True, help_text="(BAC - EV) / (EAC - AC)")


class Figures(serializers.Serializer[Any]):
    """Earned value and earned schedule as of a day; null: not defined (a denominator is 0)."""

    bac = MoneyField()
    pv = MoneyField()
    ev = MoneyField()
    ac = MoneyField()
    cv = MoneyField()
    sv = MoneyField()
    cpi = Index(allow_null=True)
    spi = Index(allow_null=True)
    tcpi = Index(allow_null=True, help_text="(BAC - EV) / (BAC - AC)")
    estimates = Estimate(many=True)
    es = Index(help_text="Earned schedule, months from `start`.")
    at = Index(help_text="Actual time, months from `start`; it ends when everything is earned.")
    planned_months = Index()
    sv_t = Index()
    spi_t = Index(allow_null=True)
    ieac_t = Index(allow_null=True, help_text="Planned months / SPI(t).")
    start = serializers.DateField(help_text="The beginning of the plan: of the month in which the first weighted milestone is due.")
    planned_end = serializers.DateField()
    ieac_on = serializers.DateField(allow_null=True, help_text="The day on which `ieac_t` months are over; null beyond 2100 too.")
    completed_on = serializers.DateField(allow_null=True, help_text="When everything was earned.")


class Month(serializers.Serializer[Any]):
    """Roubles added up to the end of a month; earned and paid only up to the day asked for."""

    month = serializers.DateField(help_text="Its first day.")
    pv = MoneyField()
    ev = MoneyField(allow_null=True)
    ac = MoneyField(allow_null=True)


class FactoryFigures(serializers.Serializer[Any]):
    """One factory: its figures, or why it has none."""

    factory = Reference()
    problem = serializers.CharField(allow_null=True)
    figures = Figures(allow_null=True)
    outlook = MoneyField(allow_null=True, help_text="The bottom-up estimate at completion of /money/.")


class EarnedValueSerializer(serializers.Serializer[Any]):
    """Earned value of a contract or a factory on a day."""

    contract = ContractReference()
    factory = Reference(allow_null=True, help_text="Null: of the contract as far as you may see it.")
    as_of = serializers.DateField()
    baseline = BaselineInForce()
    complete = serializers.BooleanField(help_text="Whether every factory is in the total.")
    total = Figures(allow_null=True)
    outlook = MoneyField(allow_null=True, help_text="That of the factories in the total.")
    factories = FactoryFigures(many=True)
    months = Month(many=True)


attach_example(EarnedValueSerializer)


def answer(request: Request, contract: Contract, as_of: date) -> dict[str, Any]:
    """What a request is answered; DomainError for a day before the first baseline, NotFound for a factory that is not there."""
    factory = request.query_params.get("factory", "")
    found = earned_value_of(reader=request.user, contract_code=contract.code, factory_code=factory, as_of=as_of)
    return dict(EarnedValueSerializer(_data(found)).data)


def _data(found: Earned) -> dict[str, Any]:
    whole = found.whole
    baseline = found.baseline
    return {
        "contract": found.contract,
        "factory": found.factory,
        "as_of": found.as_of,
        "baseline": {
            "id": baseline.pk,
            "name": {"ru": baseline.name_ru, "en": baseline.name_en},
            "in_force_from": baseline.in_force_from,
        },
        "complete": not found.undefined,
        "total": figures(whole) if whole else None,
        "outlook": found.outlook,
        "factories": [
            {
                "factory": one.factory,
                "problem": message_of(one.problem) if one.problem else None,
                "figures": figures(one.performance) if one.performance else None,
                "outlook": one.outlook,
            }
            for one in found.rows
        ],
        "months": whole.points if whole else [],
    }


def figures(found: Performance) -> dict[str, Any]:
    """The figures of a performance by their names."""
    value, time = found.value, found.schedule
    return {name: getattr(value, name) for name in ("bac", "pv", "ev", "ac", "cv", "sv", "cpi", "spi", "tcpi")} | {
        "estimates": [
            {
                "method": method.value,
                "eac": value.eac(method),
                "etc": value.etc(method),
                "vac": value.vac(method),
                "tcpi": value.tcpi_of(method),
            }
            for method in Method
        ],
        "es": time.es,
        "at": time.at,
        "planned_months": time.planned,
        "sv_t": time.sv,
        "spi_t": time.spi,
        "ieac_t": time.ieac,
        "start": found.start,
        "planned_end": found.planned_end,
        "ieac_on": found.ieac_on,
        "completed_on": found.completed_on,
    }
