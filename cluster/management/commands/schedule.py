"""`manage.py schedule export --contract CODE --format csv`: the dates that the links, durations and actual dates of a contract give.

`schedule check --contract CODE` tells how sound the schedule is, and ends with status 1 where a check fails.
"""

import argparse
import csv
from dataclasses import astuple
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, no_translations
from django.utils import timezone

from cluster.domain.errors import DomainError
from cluster.domain.schedule import Basis
from cluster.domain.texts import needs_guard
from cluster.management.options import FAILED, contract_named, read_day, refuse
from cluster.models import Contract
from cluster.queries.quality import quality_of
from cluster.queries.schedule import refuse_before_baseline, schedule_of

_COLUMNS = ("code", "name", "early_start", "early_finish", "late_start", "late_finish", "total_float", "free_float", "critical")


class Command(BaseCommand):
    """Writes the schedule of a contract, or what is wrong with it, to standard output."""

    help = "The schedule of a contract by links, durations and actual dates (the critical path method), and how sound it is."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        export = verbs.add_parser("export", help="dates, floats and the critical path, a milestone a line")
        export.add_argument("--format", choices=["csv"], default="csv")
        check = verbs.add_parser("check", help="the DCMA checks, a check a line with the milestones that fail it; status 1 where one fails")
        for verb in (export, check):
            verb.add_argument("--contract", required=True, metavar="CODE")
            verb.add_argument("--as-of", metavar="DATE", help="the data date, such as 2026-06-30; today without it")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        today = timezone.localdate()
        try:
            as_of = read_day(options["as_of"]) if options["as_of"] else today
            if as_of > today:
                raise DomainError("{text} lies in the future: nothing is known of it yet.", code="as_of_future", text=as_of)
            contract = contract_named(options["contract"])
            refuse_before_baseline(contract, as_of)
            if options["verb"] == "check":
                self._check(contract, as_of)
            else:
                self._export(contract, as_of)
        except DomainError as error:
            refuse(self, error)

    def _export(self, contract: Contract, as_of: date) -> None:
        found = schedule_of(contract, as_of=as_of)
        if not found.milestones:
            raise DomainError("There is no milestone to schedule.", code="empty")
        placed = found.schedule.placed(Basis.LOGIC)
        table = csv.writer(self.stdout, lineterminator="\n")
        table.writerow(_COLUMNS)
        for dated in found.milestones:
            milestone = dated.milestone
            row = (milestone.code, milestone.name, *astuple(placed[milestone.pk]))
            table.writerow([_cell(value) for value in row])

    def _check(self, contract: Contract, as_of: date) -> None:
        found = quality_of(contract, as_of=as_of)
        for row in found.rows:
            check = row.check
            state = {True: "passed", False: "failed", None: "nothing to check"}[check.passed]
            value = "" if check.value is None else f" {check.value:.3f} ({check.count} of {check.relevant})"
            limit = f"{'at least' if check.at_least else 'at most'} {check.threshold}"
            codes = ", ".join(dict.fromkeys(one.milestone.code for one in row.failing))
            self.stdout.write(f"{check.rule}: {state}{value}, {limit}{': ' if codes else ''}{codes}")
        if found.failed:
            refuse(self, f"{len(found.failed)} of {len(found.rows)} checks fail", status=FAILED)


def _cell(value: object) -> object:
    """A spreadsheet takes no text for a formula."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}" if isinstance(value, str) and needs_guard(value) else value
