"""`manage.py schedule export --contract CODE --format csv`: the dates that the links, durations and actual dates of a contract give."""

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
from cluster.management.options import contract_named, read_day, refuse
from cluster.models import Contract
from cluster.queries.schedule import refuse_before_baseline, schedule_of

_COLUMNS = ("code", "name", "early_start", "early_finish", "late_start", "late_finish", "total_float", "free_float", "critical")


class Command(BaseCommand):
    """Writes the schedule of a contract to standard output."""

    help = "The schedule of a contract by links, durations and actual dates (the critical path method)."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        export = verbs.add_parser("export", help="dates, floats and the critical path, a milestone a line")
        export.add_argument("--format", choices=["csv"], default="csv")
        for verb in (export,):
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


def _cell(value: object) -> object:
    """A spreadsheet takes no text for a formula."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}" if isinstance(value, str) and needs_guard(value) else value
