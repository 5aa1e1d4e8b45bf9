"""The figures of earned value as pages show them: each with its formula, the numbers put in, or why it is not defined."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cluster.domain.earned_value import Method
from cluster.domain.performance import Performance
from cluster.templatetags.format import date as day_words
from cluster.templatetags.format import date_short, money_rub, number

# How the estimate at completion is made: the formula, and what it takes for granted.
METHODS: dict[Method, tuple[str, Any]] = {
    Method.CPI: ("BAC / CPI", gettext_lazy("the rest costs as what is done did")),
    Method.PLAN: ("AC + BAC − EV", gettext_lazy("the rest costs as planned")),
    Method.CPI_SPI: ("AC + (BAC − EV) / (CPI × SPI)", gettext_lazy("cost and pace both go on")),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its name, its value in words (empty: not defined, and then why), and how it was reckoned."""

    key: str
    label: str
    value: str
    why: str
    formula: str


def figures(found: Performance, method: Method) -> list[Figure]:
    """All figures of a performance, the estimate at completion by one method."""
    value, time = found.value, found.schedule
    eac, etc = value.eac(method), value.etc(method)
    unpaid, unplanned, unearned = _("nothing was paid yet"), _("nothing was due yet"), _("nothing was earned yet")
    spent, early = _("the whole budget is paid"), _("the plan had not begun")
    no_estimate = _("the estimate is not defined")

    def rub(key: str, label: str, amount: Decimal | None, formula: str, why: str = "") -> Figure:
        return Figure(key, label, money_rub(amount), why, formula)

    def index(key: str, label: str, ratio: Decimal | None, formula: str, why: str) -> Figure:
        return Figure(key, label, number(ratio, 3), why, formula)

    def months(key: str, label: str, count: Decimal | None, formula: str, why: str = "") -> Figure:
        return Figure(key, label, _("{n} months").format(n=number(count, 2)) if count is not None else "", why, formula)

    def ratio(part: Decimal, whole: Decimal) -> str:
        return f"{money_rub(part)} / {money_rub(whole)}"

    def less(part: Decimal | None, whole: Decimal | None) -> str:
        return f"{money_rub(part)} − {money_rub(whole)}"

    return [
        rub("bac", _("Budget at completion (BAC)"), value.bac, _("The budget lines under the baseline in force.")),
        rub("pv", _("Planned value (PV)"), value.pv, _("BAC × the weights whose due date has passed.")),
        rub("ev", _("Earned value (EV)"), value.ev, _("BAC × the weights of the milestones reached.")),
        rub("ac", _("Actual cost (AC)"), value.ac, _("The payments less what was reversed.")),
        rub("cv", _("Cost variance (CV)"), value.cv, f"EV − AC = {less(value.ev, value.ac)}"),
        rub("sv", _("Schedule variance (SV)"), value.sv, f"EV − PV = {less(value.ev, value.pv)}"),
        index("cpi", _("Cost performance index (CPI)"), value.cpi, f"EV / AC = {ratio(value.ev, value.ac)}", unpaid),
        index("spi", _("Schedule performance index (SPI)"), value.spi, f"EV / PV = {ratio(value.ev, value.pv)}", unplanned),
        rub("eac", _("Estimate at completion (EAC)"), eac, ": ".join(str(words) for words in METHODS[method]), unearned),
        rub("etc", _("Estimate to complete (ETC)"), etc, f"EAC − AC = {less(eac, value.ac)}", no_estimate),
        rub("vac", _("Variance at completion (VAC)"), value.vac(method), f"BAC − EAC = {less(value.bac, eac)}", no_estimate),
        index(
            "tcpi",
            _("To-complete index for the budget (TCPI)"),
            value.tcpi,
            f"(BAC − EV) / (BAC − AC) = {ratio(value.bac - value.ev, value.bac - value.ac)}",
            spent,
        ),
        index(
            "tcpi_eac",
            _("To-complete index for the estimate (TCPI)"),
            value.tcpi_of(method),
            f"(BAC − EV) / (EAC − AC) = {money_rub(value.bac - value.ev)} / {money_rub(etc)}",
            no_estimate if eac is None else _("nothing is left to pay"),
        ),
        months(
            "es",
            _("Earned schedule (ES)"),
            time.es,
            _("The time by which the plan had what is earned, from {day}.").format(day=date_short(found.start)),
        ),
        months("at", _("Actual time (AT)"), time.at, _("The time that has passed since then; it ends when everything is earned.")),
        months("sv_t", _("Schedule variance in time, SV(t)"), time.sv, f"ES − AT = {number(time.es, 2)} − {number(time.at, 2)}"),
        index(
            "spi_t",
            _("Schedule performance in time, SPI(t)"),
            time.spi,
            f"ES / AT = {number(time.es, 2)} / {number(time.at, 2)}",
            early,
        ),
        months(
            "ieac_t",
            _("Independent estimate of the duration, IEAC(t)"),
            time.ieac,
            f"PD / SPI(t) = {number(time.planned, 2)} / {number(time.spi, 3)}",
            unearned,
        ),
        Figure(
            "ieac_on",
            _("Independent estimate of the end"),
            day_words(found.ieac_on),
            unearned if time.ieac is None else _("later than the year 2100"),
            _("The beginning of the plan and IEAC(t); the plan ends on {day}.").format(day=date_short(found.planned_end)),
        ),
    ]
