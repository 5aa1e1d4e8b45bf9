"""Earned value: how a contract and its factories perform against the baseline in force, in roubles and in time."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cluster.domain.earned_value import Method
from cluster.domain.errors import DomainError
from cluster.domain.money import round_money
from cluster.domain.performance import Performance
from cluster.models.form_fields import message_of
from cluster.queries.contracts import contract_for
from cluster.queries.earned_value import Earned, EarnedMilestone, FactoryEarned, earned_value_of
from cluster.web.charts.earned import earned_curve
from cluster.web.door import as_of_from, page, reader_of
from cluster.web.earned import METHODS, figures
from cluster.web.filters import chosen, link, options
from cluster.web.spreadsheet import csv_response

_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Row:
    """A factory of the table; `found` is None where its figures are not defined, and `problem` says why."""

    one: FactoryEarned
    url: str
    problem: str
    found: Performance | None
    eac: Decimal | None
    vac: Decimal | None


@dataclass(frozen=True, slots=True)
class Share:
    """A milestone of one factory: what of its value is planned and earned by the day."""

    milestone: EarnedMilestone
    worth: Decimal
    planned: Decimal
    earned: Decimal


@page
@require_safe
def earned_value(request: HttpRequest, code: str) -> HttpResponse:
    """The page; `?factory=` shows one of them with its milestones, `?method=` picks how the estimate at completion is made."""
    method = _method(request)
    try:
        found = _asked(request, code)
    except DomainError as error:
        if error.code != "no_baseline":
            raise
        nothing = {"contract": contract_for(reader_of(request), code), "nothing": message_of(error)}
        return render(request, "cluster/earned_value.html", nothing)
    whole = found.whole
    context: dict[str, Any] = {
        "contract": found.contract,
        "found": found,
        "whole": whole,
        "rows": [_row(request, one, method) for one in found.rows],
        "undefined": [(one.factory, _problem(one)) for one in found.undefined],
        "methods": options(request, "method", [(one.value, words) for one, (words, _why) in METHODS.items()], method.value),
        "method": ": ".join(str(words) for words in METHODS[method]),
        "export": reverse("cluster:earned_value_csv", args=[code]) + ("?" + request.GET.urlencode() if request.GET else ""),
        "whole_url": link(request, factory=None),
    }
    if whole is not None:
        context |= {
            "chart": earned_curve("earned", whole, as_of=found.as_of),
            "figures": figures(whole, method),
            "eac": whole.value.eac(method),
            "vac": whole.value.vac(method),
            "shares": _shares(found) if found.factory else [],
        }
    return render(request, "cluster/earned_value.html", context)


@page
@require_safe
def earned_value_csv(request: HttpRequest, code: str) -> HttpResponse:
    """The figures of every factory as a table for a spreadsheet."""
    method = _method(request)
    found = _asked(request, code)
    heads = [
        _("Code"), _("Factory"), "BAC", "PV", "EV", "AC", "CV", "SV", "CPI", "SPI", "EAC", _("EAC by"), "ETC", "VAC", "TCPI (BAC)",
        "TCPI (EAC)", "ES", "AT", "SV(t)", "SPI(t)", "IEAC(t)", _("Estimated end"), _("Outlook"), _("Not defined because"),
    ]  # fmt: skip
    return csv_response(
        f"earned-value-{found.as_of}", heads, (_cells(one, method) for one in found.rows), example=found.contract.is_example
    )


def _asked(request: HttpRequest, code: str) -> Earned:
    factory = request.GET.get("factory", "").strip()
    return earned_value_of(reader=reader_of(request), contract_code=code, factory_code=factory, as_of=as_of_from(request))


def _method(request: HttpRequest) -> Method:
    return Method(chosen(request, "method", [one.value for one in Method], Method.CPI.value))


def _problem(one: FactoryEarned) -> str:
    return message_of(one.problem) if one.problem else ""


def _row(request: HttpRequest, one: FactoryEarned, method: Method) -> Row:
    found = one.performance
    return Row(
        one=one,
        url=link(request, factory=one.factory.code),
        problem=_problem(one),
        found=found,
        eac=found.value.eac(method) if found else None,
        vac=found.value.vac(method) if found else None,
    )


def _shares(found: Earned) -> list[Share]:
    (one,) = found.rows
    return [
        Share(
            milestone,
            worth := round_money((one.bac or _ZERO) * milestone.weight),
            planned=worth if milestone.due <= found.as_of else _ZERO,
            earned=worth if milestone.reached else _ZERO,
        )
        for milestone in one.milestones
    ]


def _cells(one: FactoryEarned, method: Method) -> list[object]:
    found, name = one.performance, [one.factory.code, one.factory.name]
    if found is None:
        return [*name, one.bac, None, None, one.paid_rub, *[None] * 16, one.outlook, _problem(one)]
    value, time = found.value, found.schedule
    eac = [value.eac(method), METHODS[method][0], value.etc(method), value.vac(method), _index(value.tcpi), _index(value.tcpi_of(method))]
    in_time = [*(_index(number) for number in (time.es, time.at, time.sv, time.spi, time.ieac)), found.ieac_on, one.outlook, ""]
    money = [value.bac, value.pv, value.ev, value.ac, value.cv, value.sv, _index(value.cpi), _index(value.spi)]
    return [*name, *money, *eac, *in_time]


def _index(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(Decimal("0.0001"))
