"""Earned value and earned schedule against worked cases."""

import csv
import re
from decimal import Decimal

from cluster.domain.earned_value import EarnedValue, Method, earned_schedule
from tests.peers.oracles import oracle

KOPECK = Decimal("0.01")
# "ES=3 SV(t)=-1 SPI(t)=0.75 IEAC(t)=13.3333", for a plan of ten equal periods.
_IN_TIME = re.compile(r"\b(ES|SV\(t\)|SPI\(t\)|IEAC\(t\))=([-\d.]+)")


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(oracle(f"evm/{name}").read_text(encoding="utf-8").splitlines()))


def agrees(ours: Decimal | None, printed: str, *, tolerance: Decimal = Decimal(0)) -> bool:
    """Whether our figure is the printed one to the digits that were printed, or to `tolerance`; nothing printed says nothing."""
    if not printed:
        return True
    theirs = Decimal(printed.split(maxsplit=1)[0])
    exponent = theirs.as_tuple().exponent
    assert isinstance(exponent, int)
    return ours is not None and abs(ours - theirs) <= max(Decimal(10) ** exponent, tolerance)


def test_the_worked_cases_have_our_figures() -> None:
    cases = rows("evm_cases.csv")
    assert len(cases) == 3
    for row in cases:
        value = EarnedValue(*(Decimal(row[name]) for name in ("BAC", "PV", "EV", "AC")))
        assert (value.cv, value.sv) == (Decimal(row["CV"]), Decimal(row["SV"]))
        assert agrees(value.cpi, row["CPI"])
        assert agrees(value.spi, row["SPI"])
        assert agrees(value.eac(Method.CPI), row["EAC_cpi"], tolerance=KOPECK)
        assert agrees(value.eac(Method.PLAN), row["EAC_other"], tolerance=KOPECK)
        assert agrees(value.etc(Method.CPI), row["ETC"], tolerance=KOPECK)
        assert agrees(value.vac(Method.CPI), row["VAC"], tolerance=KOPECK)
        assert agrees(value.tcpi, row["TCPI_bac"])


def test_earned_schedule_interpolates_as_the_worked_case_does() -> None:
    (row,) = rows("earned_schedule_interpolation.csv")
    plan = [Decimal(value) for value in row["pv_cumulative"].split()]
    assert earned_schedule(planned_values=plan, ev=Decimal(row["ev"]), at=Decimal(row["at"] or 0)).es == Decimal(row["ES"])


def test_earned_schedule_has_the_figures_of_the_worked_cases_in_time() -> None:
    worked = 0
    for row in rows("evm_cases.csv"):
        printed = dict(_IN_TIME.findall(row["note"]))
        if not printed:
            continue
        worked += 1
        period = Decimal(row["BAC"]) / 10
        ours = earned_schedule(planned_values=[period * n for n in range(11)], ev=Decimal(row["EV"]), at=Decimal(row["PV"]) / period)
        for name, figure in (("ES", ours.es), ("SV(t)", ours.sv), ("SPI(t)", ours.spi), ("IEAC(t)", ours.ieac)):
            assert agrees(figure, printed.get(name, ""))
    assert worked == 2
