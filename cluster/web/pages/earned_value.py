"""Earned value: how a contract and its factories perform against the baseline in force, in roubles and in time."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cluster.charts.earned import earned_curve
from cluster.domain.earned_value import Method
from cluster.domain.errors import DomainError
from cluster.domain.money import round_money
from cluster.domain.performance import Performance
from cluster.models.form_fields import message_of
from cluster.queries.contracts import contract_for
from cluster.queries.earned_value import Earned, EarnedMilestone, FactoryEarned, earned_value_of
from cluster.web.door import as_of_from, page, reader_of
from cluster.web.earned import METHODS, figures
from cluster.web.filters import chosen, link, options
from cluster.web.lists import Column, Filter, Kind, Listing, opens_saved

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
    method: Method


def _value(name: str) -> Callable[[Row], Any]:
    """A figure in roubles or without a unit, rounded as files have it; None where it is not defined."""
    return lambda row: getattr(row.found.value, name) if row.found else None


def _ratio(part: str, name: str) -> Callable[[Row], Any]:
    def of(row: Row) -> Decimal | None:
        value = getattr(getattr(row.found, part), name) if row.found else None
        return None if value is None else value.quantize(Decimal("0.0001"))

    return of


def _tcpi_of(row: Row) -> Decimal | None:
    value = row.found.value.tcpi_of(row.method) if row.found else None
    return None if value is None else value.quantize(Decimal("0.0001"))


EARNED = Listing(
    page="cluster:earned_value",
    title=_("Earned value"),
    order="code",
    columns=(
        Column("factory_code", _("Code"), value=lambda row: row.one.factory.code, on_page=False),
        Column(
            "code",
            _("Factory"),
            value=lambda row: row.one.factory.name,
            by=lambda row: (row.one.factory.order, row.one.factory.code),
        ),
        Column("bac", "BAC", Kind.MONEY, lambda row: row.one.bac, total=True, on_page=False),
        Column("pv", "PV", Kind.MONEY, _value("pv"), total=True, on_page=False),
        Column("ev", "EV", Kind.MONEY, _value("ev"), total=True, on_page=False),
        Column("ac", "AC", Kind.MONEY, lambda row: row.found.value.ac if row.found else row.one.paid_rub, total=True, on_page=False),
        Column("cv", "CV", Kind.MONEY, _value("cv"), on_page=False),
        Column("sv_money", "SV", Kind.MONEY, _value("sv"), on_page=False),
        Column("cpi", "CPI", Kind.RATE, _ratio("value", "cpi"), by=_ratio("value", "cpi")),
        Column("spi", "SPI", Kind.RATE, _ratio("value", "spi"), on_page=False),
        Column("spi_t", "SPI(t)", Kind.RATE, by=_ratio("schedule", "spi")),
        Column("sv", _("SV(t), months"), Kind.RATE, by=_ratio("schedule", "sv")),
        Column("eac", _("EAC"), Kind.MONEY, lambda row: row.eac, by=lambda row: row.eac),
        Column("eac_by", _("EAC by"), value=lambda row: METHODS[row.method][0] if row.found else None, on_page=False),
        Column("etc", "ETC", Kind.MONEY, lambda row: row.found.value.etc(row.method) if row.found else None, on_page=False),
        Column("vac", _("VAC"), Kind.MONEY, lambda row: row.vac, by=lambda row: row.vac),
        Column("tcpi", "TCPI", Kind.RATE, _ratio("value", "tcpi"), by=_ratio("value", "tcpi"), in_file="TCPI (BAC)"),
        Column("tcpi_eac", "TCPI (EAC)", Kind.RATE, _tcpi_of, on_page=False),
        Column("es", "ES", Kind.RATE, _ratio("schedule", "es"), on_page=False),
        Column("at", "AT", Kind.RATE, _ratio("schedule", "at"), on_page=False),
        Column("sv_t_file", "SV(t)", Kind.RATE, _ratio("schedule", "sv"), on_page=False),
        Column("spi_t_file", "SPI(t)", Kind.RATE, _ratio("schedule", "spi"), on_page=False),
        Column("ieac", "IEAC(t)", Kind.RATE, _ratio("schedule", "ieac"), on_page=False),
        Column("outlook", _("Outlook"), Kind.MONEY, by=lambda row: row.one.outlook if row.found else None),
        Column(
            "end",
            _("End at the pace so far"),
            Kind.DATE,
            lambda row: row.found.ieac_on if row.found else None,
            by=lambda row: row.found.ieac_on if row.found else None,
            in_file=_("Estimated end"),
        ),
        Column("outlook_file", _("Outlook"), Kind.MONEY, lambda row: row.one.outlook, total=True, on_page=False),
        Column("problem", _("Not defined because"), value=lambda row: row.problem, on_page=False),
    ),
    filters=(
        Filter("factory", _("Factory")),
        Filter("method", _("EAC by"), lambda: [(one.value, words) for one, (words, _why) in METHODS.items()]),
    ),
)


MONTHS = Listing(
    page="cluster:earned_value",
    file="cluster:earned_months_file",
    title=_("Earned value by month"),
    order="month",
    param="months",
    columns=(
        Column("month", _("Month"), value=lambda point: f"{point.month:%Y-%m}"),
        Column("pv", _("Planned (PV)"), Kind.MONEY, lambda point: point.pv),
        Column("ev", _("Earned (EV)"), Kind.MONEY, lambda point: point.ev),
        Column("ac", _("Paid (AC)"), Kind.MONEY, lambda point: point.ac),
    ),
    filters=(Filter("factory", _("Factory")),),
)


@dataclass(frozen=True, slots=True)
class Share:
    """A milestone of one factory: what of its value is planned and earned by the day."""

    milestone: EarnedMilestone
    worth: Decimal
    planned: Decimal
    earned: Decimal


@page
@require_safe
@opens_saved(EARNED)
def earned_value(request: HttpRequest, code: str) -> HttpResponse:
    """The page; `?factory=` shows one of them with its milestones, `?method=` picks how the estimate at completion is made."""
    method, listed = _method(request), EARNED.asked(request)
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
        "rows": listed.ordered([_row(request, one, method) for one in found.rows]),
        "listed": listed,
        "undefined": [(one.factory, _problem(one)) for one in found.undefined],
        "methods": options(request, "method", [(one.value, words) for one, (words, _why) in METHODS.items()], method.value),
        "method": ": ".join(str(words) for words in METHODS[method]),
        "whole_url": link(request, factory=None),
    }
    if whole is not None:
        context |= {
            "months": MONTHS.asked(request),
            "chart": earned_curve("earned", whole, as_of=found.as_of),
            "figures": figures(whole, method),
            "eac": whole.value.eac(method),
            "vac": whole.value.vac(method),
            "shares": _shares(found) if found.factory else [],
        }
    return render(request, "cluster/earned_value.html", context)


@page
@require_safe
def earned_value_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """The figures of every factory, as a file."""
    method, listed = _method(request), EARNED.asked(request)
    found = _asked(request, code)
    rows = listed.ordered([_row(request, one, method) for one in found.rows])
    return listed.file(form, rows, name=f"earned-value-{found.as_of}", contract=found.contract, as_of=found.as_of)


@page
@require_safe
def earned_months_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """What was planned, earned and paid by month, added up: the points of the curve, as a file."""
    found = _asked(request, code)
    points = found.whole.points if found.whole else ()
    name = f"earned-value-months-{found.as_of}"
    return MONTHS.asked(request).file(form, points, name=name, contract=found.contract, as_of=found.as_of)


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
        method=method,
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
