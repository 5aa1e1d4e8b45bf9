"""Money of a contract or a factory: budget, payments, outlook, real and FX effect, in roubles and at three bases."""

from collections.abc import Hashable
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from cluster.api.examples import attach_example
from cluster.api.fields import ContractReference, MoneyField, Reference, Texts
from cluster.api.rates import UsedRate
from cluster.domain.exchange import Basis
from cluster.domain.outlook import Grouping, Total, amounts, converted_anew, total_of, totals_by
from cluster.models import CostCategory, FundingSource
from cluster.queries.money import Money

# As the reference names them (settings/api.py).
BASES = [(basis.value, basis.value) for basis in Basis]
METHOD = "largest_of_budget_commitments_payments"
_BASES = {
    "budget": [Basis.CONTRACT],
    "committed": [Basis.PAYMENT],
    "paid": [Basis.PAYMENT],
    "remaining": [Basis.REPORTING],
    "outlook": [Basis.PAYMENT, Basis.REPORTING],
    "real": [Basis.CONTRACT],
    "fx": [Basis.CONTRACT, Basis.PAYMENT, Basis.REPORTING],
}
GROUP_BY = OpenApiParameter(
    "group_by",
    OpenApiTypes.STR,
    description=f"One or more of {', '.join(Grouping)}, separated by commas; without it only the total is given.",
)
ABOUT = (
    "What was budgeted, contracted and paid, what remains, and the outlook (budget, commitments or payments, whichever is largest) "
    "with its real and its FX effect, as announced by a day and as far as you may see it. Every total is the sum of rounded cells "
    "(factory, category, funding, month), so that all groupings agree to the kopeck and to the cent."
)


class Figure(serializers.Serializer[Any]):
    """One figure: roubles, and dollars at the named bases."""

    amount = MoneyField(allow_null=True, help_text="Roubles; null where it was not published or entered, and for the FX effect.")
    usd = MoneyField(currency="USD", allow_null=True, help_text="Null as soon as a conversion or a rate is missing.")
    bases = serializers.ListField(child=serializers.ChoiceField(choices=BASES), help_text="At which rates the dollars stand.")
    stale = serializers.BooleanField(help_text="A newer rate ought to have been known.")
    converted_anew = serializers.IntegerField(help_text="Lines and payments converted again because a rate came late or was corrected.")


class AtBases(serializers.Serializer[Any]):
    """The same roubles at each basis; null where a basis makes no sense for them."""

    contract = MoneyField(currency="USD", allow_null=True)
    payment = MoneyField(currency="USD", allow_null=True)
    reporting = MoneyField(currency="USD", allow_null=True)


class FigureAtBases(Figure):
    """One figure, with the same money at all three bases beside it."""

    at = AtBases()


class Totals(serializers.Serializer[Any]):
    """The figures of a part of the money."""

    budget = FigureAtBases()
    committed = Figure(help_text="Commitments of the ledger: contracts with suppliers.")
    paid = FigureAtBases(help_text="`at.contract` is null where factories without a budget have paid: they have no contract rate.")
    paid_with_budget = FigureAtBases(help_text="What factories with a published budget have paid: the payments that are in `outlook`.")
    remaining = Figure()
    outlook = FigureAtBases()
    real_effect = Figure(help_text="Outlook less budget, at the contract rate of each factory: the effective one where its lines differ.")
    fx_effect = Figure(help_text="Outlook less budget less real effect, in dollars.")
    missing = serializers.IntegerField(help_text="Conversions and rates that are missing.")


class Group(Totals):
    """The figures of one group; of the keys only those asked for are there. Null or empty: not published in that detail."""

    factory = Reference(required=False, help_text="Where grouped by factory.")
    category = serializers.ChoiceField(choices=CostCategory.choices, allow_blank=True, required=False)
    funding = serializers.ChoiceField(choices=FundingSource.choices, allow_blank=True, required=False)
    month = serializers.DateField(allow_null=True, required=False, help_text="Its first day.")
    year = serializers.IntegerField(allow_null=True, required=False)


class BaselineInForce(serializers.Serializer[Any]):
    """The baseline under which the budget stands."""

    id = serializers.IntegerField()
    name = Texts()
    in_force_from = serializers.DateField()


class OutlookSerializer(serializers.Serializer[Any]):
    """The money of a contract or a factory on a day."""

    contract = ContractReference()
    factory = Reference(allow_null=True, help_text="Null: of the contract as far as you may see it.")
    as_of = serializers.DateField()
    baseline = BaselineInForce(allow_null=True)
    reporting_rate = UsedRate(allow_null=True)
    method = serializers.ChoiceField(choices=[METHOD], help_text="How the estimate at completion is made.")
    total = Totals()
    groups = Group(many=True)


attach_example(OutlookSerializer)


def answer(request: Request, money: Money) -> dict[str, Any]:
    """What a request is answered; ValidationError for a grouping that does not exist."""
    by = groupings(request)
    groups = totals_by(money.cells, *by) if by else {}
    data = {
        "contract": money.contract,
        "factory": money.factory,
        "as_of": money.as_of,
        "baseline": _baseline(money),
        "reporting_rate": money.reporting,
        "method": METHOD,
        "total": _totals(total_of(money.cells)),
        "groups": [
            {one.value: _key(money, one, part) for one, part in zip(by, key, strict=True)} | _totals(total)
            for key, total in sorted(groups.items(), key=lambda item: [_order(money, part) for part in item[0]])
        ],
    }
    return dict(OutlookSerializer(data).data)


def groupings(request: Request) -> list[Grouping]:
    """What `?group_by=factory,month` asks for."""
    text = request.query_params.get("group_by", "")
    names = text.split(",") if text else []
    if set(names) - set(Grouping) or len(set(names)) < len(names):
        raise ValidationError({"group_by": [_("Group by: {known}.").format(known=", ".join(Grouping))]}, code="group_by")
    return [Grouping(name) for name in names]


def _baseline(money: Money) -> dict[str, Any] | None:
    baseline = money.baseline
    if baseline is None:
        return None
    return {"id": baseline.pk, "name": {"ru": baseline.name_ru, "en": baseline.name_en}, "in_force_from": baseline.in_force_from}


def _key(money: Money, by: Grouping, part: Hashable) -> Any:
    return money.factories[part] if by is Grouping.FACTORY and isinstance(part, int) else part


def _order(money: Money, part: Hashable) -> tuple[bool, Any]:
    """Factories in their order, months and years in time; what has no detail last."""
    if isinstance(part, int) and part in money.factories:
        return False, (money.factories[part].order, money.factories[part].code)
    return (not part, part.isoformat() if isinstance(part, date) else str(part or ""))


def _totals(total: Total) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, bases in _BASES.items():
        amount, usd = amounts(name, total)
        found[name] = {"amount": amount, "usd": usd, "bases": [basis.value for basis in bases], "stale": name in total.stale}
        found[name]["converted_anew"] = converted_anew(name, total)
    planned, paid = bool(total.lines), bool(total.payments)
    found["budget"]["at"] = _at(total.budget_usd if planned else None, None, total.budget_reporting_usd if planned else None)
    found["paid"]["at"] = _at(*((total.paid_contract_usd, total.paid_usd, total.paid_reporting_usd) if paid else (None, None, None)))
    found["paid_with_budget"] = _with_budget(total)
    found["outlook"]["at"] = _at(total.outlook_contract_usd, None, total.outlook_reporting_usd)
    return found | {"real_effect": found.pop("real"), "fx_effect": found.pop("fx"), "missing": total.missing}


def _with_budget(total: Total) -> dict[str, Any]:
    """The payments of factories with a published budget."""
    known = total.payments_planned > 0
    dollars = (total.paid_planned_contract_usd, total.paid_planned_usd, total.paid_planned_reporting_usd) if known else (None, None, None)
    return {
        "amount": total.paid_planned_rub if known else None,
        "usd": dollars[1],
        "bases": [Basis.PAYMENT.value],
        "stale": known and "paid" in total.stale,
        "converted_anew": total.payments_planned_anew,
        "at": _at(*dollars),
    }


def _at(contract: Decimal | None, payment: Decimal | None, reporting: Decimal | None) -> dict[str, Decimal | None]:
    return {"contract": contract, "payment": payment, "reporting": reporting}
