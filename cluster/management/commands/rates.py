"""`manage.py rates show DATE` and `manage.py rates import FILE...`."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, no_translations
from django.utils import timezone

from cluster.domain.errors import DomainError, NoRate
from cluster.management.options import read_day, refuse
from cluster.queries.rates import rate_status
from cluster.services.rates import import_files


class Command(BaseCommand):
    """Shows the rate in force on a date, or imports official rates from files."""

    help = "Official rates: show the one in force on a date, import them from files."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        show = verbs.add_parser("show", help="the rate in force on a date")
        show.add_argument("date", help="such as 2024-04-15")
        take = verbs.add_parser("import", help="XML_daily, XML_dynamic or CSV with lines of date,rate")
        take.add_argument("files", nargs="+", metavar="FILE", type=Path)

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "show":
            self._show(options["date"])
        else:
            self._import(options["files"])

    def _show(self, text: str) -> None:
        try:
            on = read_day(text)
            status = rate_status(on)
            if status.rate is None:
                raise NoRate("no official rate is known on or before {date}", date=on)
        except DomainError as error:
            refuse(self, error)
        rate = status.rate
        self.stdout.write(f"{rate.value} RUB for {rate.nominal} {rate.currency}, the rate dated {rate.date}, in force on {on}")
        self.stdout.write(f"source: {rate.source_en or rate.source_ru} ({rate.get_quality_display()}), revision {rate.revision}")
        if status.stale:
            self.stdout.write(f"stale: the rate dated {status.expected} is not known")

    def _import(self, files: list[Path]) -> None:
        faults = []
        for outcome in import_files(files, today=timezone.localdate()):
            if outcome.stored is None:
                faults.append(outcome.fault)
                continue
            figures = ", ".join(f"{count} {name}" for name, count in outcome.stored.figures().items() if count) or "no rates"
            self.stdout.write(f"{outcome.file}: {figures}")
            if waiting := outcome.stored.quarantined:
                self.stdout.write(
                    f"{outcome.file}: {len(waiting)} from {waiting[0]} lie more than 10 % from the accepted rate before,"
                    " or contradict a rate of the bank, and wait in quarantine for a person"
                )
        if faults:
            refuse(self, *faults)
