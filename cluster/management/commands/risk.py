"""`manage.py risk run --contract CODE --iterations N --seed S --format json`: the schedule of a contract simulated here and now."""

import argparse
import json
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, no_translations
from django.utils import timezone

from cluster.domain.errors import DomainError
from cluster.domain.money import plain_number
from cluster.domain.plan_risk import Assumptions, Dates, PlanRisk
from cluster.domain.spread import Shape
from cluster.management.options import contract_named, read_day, refuse, terminal_progress
from cluster.queries.risk import plan_risk
from cluster.queries.schedule import ContractSchedule

_USUAL = Assumptions()


class Command(BaseCommand):
    """Writes what the iterations gave to standard output and stores nothing: the same seed on the same data writes the same."""

    help = "Schedule risk: the plan of a contract played through many times, with durations between their best and their worst case."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        run = verbs.add_parser("run", help="simulate in this process; nothing is stored")
        run.add_argument("--contract", required=True, metavar="CODE")
        run.add_argument("--iterations", default=str(_USUAL.iterations), metavar="N", help="1 to 1000000")
        run.add_argument("--seed", default=str(_USUAL.seed), metavar="S", help="the same seed gives the same figures")
        run.add_argument("--shape", choices=[shape.value for shape in Shape], default=_USUAL.shape.value)
        run.add_argument("--in-factory", default=str(_USUAL.in_factory), metavar="R", help="what a common factory adds to a correlation")
        run.add_argument("--in-cause", default=str(_USUAL.in_cause), metavar="R", help="what a common cause adds")
        run.add_argument("--overall", default=str(_USUAL.overall), metavar="R", help="the correlation of any two durations")
        run.add_argument("--uplift", default="0", metavar="PERCENT", help="an assumption: everything still to come takes so much longer")
        run.add_argument("--uplift-reason", default="", metavar="TEXT", help="where the uplift comes from")
        run.add_argument("--as-of", metavar="DATE", help="the data date, such as 2026-06-30; today without it")
        run.add_argument("--format", choices=["json"], default="json")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            today = timezone.localdate()
            as_of = read_day(options["as_of"]) if options["as_of"] else today
            if as_of > today:
                raise DomainError("{text} lies in the future: nothing is known of it yet.", code="as_of_future", text=as_of)
            assumptions = _assumptions(options)
            assumptions.check()
            contract = contract_named(options["contract"])
            plan, risk = plan_risk(contract, assumptions, as_of=as_of, progress=terminal_progress(self))
        except DomainError as error:
            refuse(self, error)
        self.stdout.write(json.dumps(_told(plan, assumptions, risk), indent=2, ensure_ascii=False))


def _assumptions(options: dict[str, Any]) -> Assumptions:
    return Assumptions(
        iterations=_whole(options["iterations"], "--iterations"),
        seed=_whole(options["seed"], "--seed"),
        shape=Shape(options["shape"]),
        in_factory=_number(options["in_factory"], "--in-factory"),
        in_cause=_number(options["in_cause"], "--in-cause"),
        overall=_number(options["overall"], "--overall"),
        uplift_percent=_number(options["uplift"], "--uplift"),
        uplift_reason=options["uplift_reason"],
    )


def _number(text: str, option: str) -> Decimal:
    number = plain_number(str(text))
    if number is None:
        raise DomainError("{option}: “{text}” is not a number.", code="number", option=option, text=text)
    return number


def _whole(text: str, option: str) -> int:
    number = _number(text, option)
    if number != number.to_integral_value():
        raise DomainError("{option}: “{text}” is not a whole number.", code="number", option=option, text=text)
    return int(number)


def _told(plan: ContractSchedule, assumptions: Assumptions, risk: PlanRisk) -> dict[str, Any]:
    milestones = [(plan.by_key[one.key].milestone, one) for one in risk.milestones]
    return {
        "contract": plan.contract.code,
        "as_of": plan.as_of.isoformat(),
        "assumptions": {name: str(value) if isinstance(value, Decimal) else value for name, value in asdict(assumptions).items()},
        "milestones_to_come": len(milestones),
        "milestones_with_three_durations": risk.estimated,
        **_days(risk.dates),
        "due": risk.due and risk.due.isoformat(),
        "chance": risk.chance,
        "chance_of_all": risk.chance_of_all,
        "milestones": [
            {
                "code": milestone.code,
                "name": milestone.name_en or milestone.name_ru,
                "factory": milestone.factory.code if milestone.factory else None,
                **_days(one.dates),
                "chance": one.chance,
                "criticality": one.criticality,
                "sensitivity": one.sensitivity,
            }
            for milestone, one in milestones
        ],
    }


def _days(dates: Dates) -> dict[str, str]:
    return {name: day.isoformat() for name, day in asdict(dates).items()}
