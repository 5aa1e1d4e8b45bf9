"""The quality of a contract's schedule: the checks, and the milestones that fail them."""

from datetime import date
from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from cluster.api.examples import attach_example
from cluster.api.fields import ContractReference, Reference
from cluster.domain.quality import Check, Rule
from cluster.models import Contract
from cluster.queries.quality import CheckRow, quality_for

# As the reference names them (settings/api.py).
RULES = [(rule.value, rule.value) for rule in Rule]
_UNITS = {Rule.PATH_TEST: "working_days", Rule.CPLI: "index", Rule.BEI: "index"}
ABOUT = (
    "The checks of the DCMA 14-point assessment that apply to milestones, over the whole contract on a data date (`as_of`). Counts are "
    "of the whole contract; of the milestones that fail you get those that you may see. 400 before the first baseline, and without a "
    "milestone."
)


class Failure(serializers.Serializer[Any]):
    """A milestone that fails a check; for a link, the one that waits."""

    milestone = Reference()
    waits_for = serializers.CharField(allow_null=True, help_text="The code of the other end, where a link or the end of the path is meant.")
    days = serializers.IntegerField(allow_null=True, help_text="Lag, float, duration (working days) or lateness (calendar days).")
    what = serializers.CharField(
        allow_blank=True, help_text="predecessor or successor (missing), a link type, a constraint, forecast or actual; else empty."
    )


class CheckSerializer(serializers.Serializer[Any]):
    """One check."""

    check = serializers.ChoiceField(choices=RULES)
    dcma = serializers.IntegerField(allow_null=True, help_text="Its number in the assessment; null: our own.")
    value = serializers.CharField(allow_null=True, help_text="A decimal string; null: there was nothing to check.")
    unit = serializers.ChoiceField(choices=["percent", "index", "working_days"])
    at_least = serializers.CharField(allow_null=True, help_text="The least that passes.")
    at_most = serializers.CharField(allow_null=True, help_text="The most that passes.")
    passed = serializers.BooleanField(allow_null=True)
    count = serializers.IntegerField(help_text="How many fail it; for types: are finish to start; for bei: are reached.")
    relevant = serializers.IntegerField(help_text="Of how many.")
    failing = Failure(many=True)
    hidden = serializers.IntegerField(help_text="How many more fail it that you may not see.")


class QualitySerializer(serializers.Serializer[Any]):
    """The checks of a contract's schedule on a data date."""

    contract = ContractReference()
    as_of = serializers.DateField()
    passed = serializers.BooleanField(help_text="Whether no check fails.")
    checks = CheckSerializer(many=True)


attach_example(QualitySerializer)


def answer(request: Request, contract: Contract, as_of: date) -> dict[str, Any]:
    """What a request is answered; DomainError for a plan that cannot be checked."""
    found = quality_for(reader=request.user, contract_code=contract.code, as_of=as_of)
    checks = [_check(row) for row in found.rows]
    return dict(QualitySerializer({"contract": contract, "as_of": as_of, "passed": not found.failed, "checks": checks}).data)


def _check(row: CheckRow) -> dict[str, Any]:
    check: Check = row.check
    limit = _plain(check.threshold)
    return {
        "check": check.rule.value,
        "dcma": check.rule.number,
        "value": None if check.value is None else f"{check.value:.4f}",
        "unit": _UNITS.get(check.rule, "percent"),
        "at_least": limit if check.at_least else None,
        "at_most": None if check.at_least else limit,
        "passed": check.passed,
        "count": check.count,
        "relevant": check.relevant,
        "failing": [
            {
                "milestone": one.milestone,
                "waits_for": one.other.code if one.other else None,
                "days": one.fault.days,
                "what": one.fault.what,
            }
            for one in row.failing
        ],
        "hidden": row.hidden,
    }


def _plain(value: Decimal) -> str:
    return f"{value:.2f}"
