"""`manage.py convert_rub AMOUNT --on DATE`: roubles to dollars at the official rate in force that day; `--all`: the stored ones anew."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, no_translations
from django.utils import timezone

from cluster.domain.errors import DomainError, NoRate
from cluster.domain.exchange import convert_rub
from cluster.domain.money import parse_amount
from cluster.management.options import read_day, refuse
from cluster.models import JobRun
from cluster.queries.rates import rate_status
from cluster.services.conversions import mark_all_due
from cluster.services.jobs import run_here


class Command(BaseCommand):
    """Prints the dollars, the rate and the date that the rate bears."""

    help = "Convert roubles to dollars at the official rate in force on a date."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("amount", nargs="?", help="roubles, such as 70000000000 or '1,2 млрд'")
        parser.add_argument("--on", help="the date, such as 2024-04-15; today unless given")
        parser.add_argument("--all", action="store_true", help="compare every stored conversion with what it should be: a repair")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        if (options["amount"] is not None) == options["all"]:
            refuse(self, "Give an amount, or --all.")
        if options["all"]:
            self._convert_all()
        else:
            self._convert(options)

    def _convert_all(self) -> None:
        mark_all_due()
        run = run_here(JobRun.Name.CONVERT, now=timezone.now())
        if run.status != JobRun.Status.SUCCEEDED:
            refuse(self, run.error, status=1)
        self.stdout.write(", ".join(f"{name} {count}" for name, count in run.figures.items()))

    def _convert(self, options: dict[str, Any]) -> None:
        try:
            on = read_day(options["on"]) if options["on"] else timezone.localdate()
            amount = parse_amount(options["amount"])
            status = rate_status(on)
            if status.rate is None:
                raise NoRate("no official rate is known on or before {date}", date=on)
        except DomainError as error:
            refuse(self, error)
        rate = status.rate
        per = f" for {rate.nominal} {rate.currency}" if rate.nominal != 1 else ""
        line = f"{convert_rub(amount, rate.rate)} USD at {rate.value}{per}, the rate dated {rate.date}"
        if status.stale:
            line += f" (stale: the rate dated {status.expected} is not known)"
        self.stdout.write(line)
