"""`manage.py jobs list` and `manage.py jobs run NAME [--as-of DATE]`."""

import argparse
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, no_translations
from django.utils import timezone

from cluster.domain.errors import DomainError
from cluster.management.options import FAILED, read_day, refuse, terminal_progress
from cluster.models import JobRun
from cluster.queries.delays import late_on
from cluster.queries.jobs import jobs
from cluster.services.jobs import run_here, sweep


class Command(BaseCommand):
    """Lists the jobs, or runs one in this process with its progress in the terminal."""

    help = "Jobs: list them with their last and next runs, or run one here and now."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="names, last run, next run, status")
        run = verbs.add_parser("run", help="run a job in this process")
        run.add_argument("name", help=", ".join(JobRun.Name.values))
        run.add_argument(
            "--as-of",
            metavar="DATE",
            help="the day to work for, such as 2025-06-30; flag_delays then prints what was late and stores nothing",
        )

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "list":
            self._list(timezone.now())
            return
        try:
            now = timezone.now()
            as_of = read_day(options["as_of"]) if options["as_of"] else None
            if as_of is not None and as_of > timezone.localdate(now):
                raise DomainError("{date} lies in the future.", date=as_of)
            self._run(options["name"], now, as_of)
        except DomainError as error:
            refuse(self, error)

    def _list(self, now: datetime) -> None:
        self.stdout.write(f"{'job':<16}{'last run':<18}{'status':<15}{'next due':<18}")
        for job in jobs(now=now):
            last = _local(job.last.finished_at or job.last.scheduled_for) if job.last else "never"
            status = job.last.status if job.last else ""
            self.stdout.write(f"{job.name.value:<16}{last:<18}{status:<15}{_local(job.next_due):<18}".rstrip())

    def _run(self, name: str, now: datetime, as_of: date | None) -> None:
        if name == JobRun.Name.SWEEP:
            self._tell(sweep(now))
        elif name == JobRun.Name.FLAG_DELAYS and as_of is not None:
            self._late_on(as_of)
        else:
            run = run_here(name, now=now, as_of=as_of, progress=terminal_progress(self))
            if run.status not in (JobRun.Status.SUCCEEDED, JobRun.Status.NO_CONNECTION):
                refuse(self, f"{name}: {run.status}: {run.error}", status=FAILED)
            if run.error:
                self.stdout.write(f"{name}: {run.error}")
            self._tell({key: value for key, value in run.figures.items() if key not in ("error", "reason")})

    def _late_on(self, as_of: date) -> None:
        found = late_on(as_of)
        for late in found:
            name = late.milestone.name_en or late.milestone.name_ru
            end = late.finding.since
            self.stdout.write(f"{late.milestone.code:<12} {late.finding.kind.value:<15} due {end}  {late.days:>5} days  {name}")
        self.stdout.write(f"{len(found)} late as of {as_of}, by what had been announced by then; nothing was stored")

    def _tell(self, figures: dict[str, Any]) -> None:
        for name, value in figures.items():
            if isinstance(value, dict):
                for part, values in value.items():
                    self.stdout.write(f"{name}.{part}: " + ", ".join(f"{key} {each}" for key, each in values.items()))
            else:
                self.stdout.write(f"{name}: {value}")


def _local(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else "—"
