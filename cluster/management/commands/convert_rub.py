"""`manage.py convert_rub AMOUNT --on DATE`: roubles to dollars at the official rate in force that day."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, no_translations
from django.utils import timezone

from cluster.domain.errors import DomainError, NoRate
from cluster.domain.exchange import convert_rub
from cluster.domain.money import parse_amount
from cluster.management.options import read_day, refuse
from cluster.queries.rates import rate_status


class Command(BaseCommand):
    """Prints the dollars, the rate and the date that the rate bears."""

    help = "Convert roubles to dollars at the official rate in force on a date."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("amount", help="roubles, such as 70000000000 or '1,2 млрд'")
        parser.add_argument("--on", help="the date, such as 2024-04-15; today unless given")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
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
