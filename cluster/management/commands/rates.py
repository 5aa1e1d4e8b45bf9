"""`manage.py rates show DATE`, `rates import FILE...`, `rates backfill --from DATE --to DATE` and `rates gaps`."""

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, no_translations
from django.utils import timezone

from cluster.domain.errors import DomainError, NoRate
from cluster.gateways.rate_files import DOLLAR
from cluster.management.options import FAILED, read_day, refuse, terminal_progress
from cluster.models import JobRun
from cluster.queries.rates import followed, missing_rates, rate_status
from cluster.services.fetching import Span
from cluster.services.jobs import run_here
from cluster.services.rates import import_files

_COUNTED = ("received", "new", "revised", "quarantined", "unchanged", "kept")


class Command(BaseCommand):
    """Shows the rate in force on a date, imports official rates from files, fetches those of a past time, lists what is missing."""

    help = "Official rates: show the one in force on a date, import them from files, fetch those of a past time, list the missing ones."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        show = verbs.add_parser("show", help="the rate in force on a date")
        show.add_argument("date", help="such as 2024-04-15")
        show.add_argument("--currency", default=DOLLAR, help="a currency that is followed here")
        take = verbs.add_parser("import", help="XML_daily, XML_dynamic or CSV with lines of date,rate")
        take.add_argument("files", nargs="+", metavar="FILE", type=Path)
        fetch = verbs.add_parser("backfill", help="fetch the rates of a past time from the Bank of Russia, year by year")
        missing = verbs.add_parser("gaps", help="dates on which a rate ought to exist and none is known")
        for verb in (fetch, missing):
            verb.add_argument("--from", dest="first", metavar="DATE", required=True, help="such as 2015-01-01")
            verb.add_argument("--to", dest="last", metavar="DATE", help="such as 2015-12-31; today without it")
            verb.add_argument("--currency", default=DOLLAR, help="a currency that is followed here")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        match options["verb"]:
            case "show":
                self._show(options["date"], options["currency"])
            case "import":
                self._import(options["files"])
            case "backfill":
                self._backfill(options["first"], options["last"], options["currency"])
            case _:
                self._gaps(options["first"], options["last"], options["currency"])

    def _show(self, text: str, currency: str) -> None:
        try:
            on = read_day(text)
            status = rate_status(on, followed(currency))
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
        for outcome in import_files(files, today=timezone.localdate(), progress=terminal_progress(self)):
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

    def _backfill(self, first: str, last: str | None, currency: str) -> None:
        try:
            asked = {"first": read_day(first).isoformat(), "last": self._last(last).isoformat(), "currency": currency}
            run = run_here(JobRun.Name.BACKFILL_RATES, now=timezone.now(), progress=terminal_progress(self), params=asked)
        except DomainError as error:
            refuse(self, error)
        if run.status != JobRun.Status.SUCCEEDED:
            done = f"; {run.progress_done} of {run.progress_total} years were stored" if run.progress_done else ""
            refuse(self, f"{run.error}{done}", status=FAILED)
        figures = ", ".join(f"{run.figures[name]} {name}" for name in _COUNTED if run.figures[name]) or "no rates"
        self.stdout.write(f"{currency} {asked['first']} to {asked['last']}: {figures}")
        if waiting := run.figures.get("quarantined_dates"):
            self.stdout.write(f"{len(waiting)} from {waiting[0]} wait in quarantine for a person")

    def _gaps(self, first: str, last: str | None, currency: str) -> None:
        try:
            span = Span(read_day(first), self._last(last), currency).checked(today=timezone.localdate())
        except DomainError as error:
            refuse(self, error)
        found = missing_rates(currency, span.first, span.last)
        for gap in found:
            self.stdout.write(f"{gap.first} to {gap.last}: {gap.count}")
        self.stdout.write(f"{sum(gap.count for gap in found)} rates of {currency} are missing in {len(found)} gaps")

    def _last(self, text: str | None) -> date:
        return read_day(text) if text else timezone.localdate()
