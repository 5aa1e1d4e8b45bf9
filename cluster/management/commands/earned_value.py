"""`manage.py earned_value --contract CODE [--factory F] --as-of DATE --format json`: earned value of a contract or of one factory."""

import argparse
import json
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, no_translations
from django.utils import timezone

from cluster.domain.earned_value import Method
from cluster.domain.errors import DomainError, NotFound
from cluster.domain.performance import Performance
from cluster.management.options import contract_named, read_day, refuse
from cluster.models import Factory
from cluster.queries.earned_value import Earned, earned_in


class Command(BaseCommand):
    """Writes earned value, earned schedule and the sums by month to standard output; what is not defined is null."""

    help = "Earned value and earned schedule of a contract, or of one factory, as known on a day."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--contract", required=True, metavar="CODE")
        parser.add_argument("--factory", metavar="CODE", help="one factory; without it the sum of all, and each of them")
        parser.add_argument("--as-of", metavar="DATE", help="such as 2026-06-30; today without it")
        parser.add_argument("--format", choices=["json"], default="json")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = self._found(options["contract"], options["factory"], options["as_of"])
            if found.factory and found.undefined and (problem := found.undefined[0].problem):
                raise problem
        except DomainError as error:
            refuse(self, error)
        self.stdout.write(json.dumps(_told(found), indent=2, ensure_ascii=False))

    def _found(self, contract_code: str, factory_code: str | None, text: str | None) -> Earned:
        today = timezone.localdate()
        as_of = read_day(text) if text else today
        if as_of > today:
            raise DomainError("{text} lies in the future: nothing is known of it yet.", code="as_of_future", text=as_of)
        contract = contract_named(contract_code)
        factories = list(Factory.objects.filter(contract=contract).order_by("order", "code"))
        if factory_code is None:
            return earned_in(contract=contract, factories=factories, as_of=as_of)
        factory = next((one for one in factories if one.code == factory_code), None)
        if factory is None:
            raise NotFound("There is no factory “{factory}”.", field="factory", factory=factory_code)
        return earned_in(contract=contract, factories=[factory], factory=factory, as_of=as_of)


def _told(found: Earned) -> dict[str, Any]:
    whole = found.whole
    about = {
        "contract": found.contract.code,
        "factory": found.factory.code if found.factory else None,
        "as_of": found.as_of.isoformat(),
        "baseline_in_force_from": str(found.baseline.in_force_from),
        "complete": not found.undefined,
    }
    total = (_figures(whole) if whole else {"bac": None}) | {"outlook": _rub(found.outlook)}
    months = [
        {"month": f"{point.month:%Y-%m}", "pv": _rub(point.pv), "ev": _rub(point.ev), "ac": _rub(point.ac)}
        for point in (whole.points if whole else ())
    ]
    factories = [
        {"code": one.factory.code, "problem": str(one.problem) if one.problem else None}
        | (_figures(one.performance) if one.performance else {})
        | {"outlook": _rub(one.outlook)}
        for one in found.rows
    ]
    return about | total | {"months": months} | ({} if found.factory else {"factories": factories})


def _figures(found: Performance) -> dict[str, Any]:
    """Roubles with kopecks, indices and months with four decimals, all as strings; None: not defined."""
    value, time = found.value, found.schedule
    in_time = {"es": time.es, "at": time.at, "planned_months": time.planned, "sv_t": time.sv, "spi_t": time.spi, "ieac_t": time.ieac}
    days = {"start": found.start, "planned_end": found.planned_end, "ieac_on": found.ieac_on, "completed_on": found.completed_on}
    return (
        {name: _rub(getattr(value, name)) for name in ("bac", "pv", "ev", "ac", "cv", "sv")}
        | {name: _index(getattr(value, name)) for name in ("cpi", "spi", "tcpi")}
        | {name: {one.value: _rub(getattr(value, name)(one)) for one in Method} for name in ("eac", "etc", "vac")}
        | {"tcpi_eac": {one.value: _index(value.tcpi_of(one)) for one in Method}}
        | {name: _index(number) for name, number in in_time.items()}
        | {name: day.isoformat() if day else None for name, day in days.items()}
    )


def _rub(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def _index(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:.4f}"
