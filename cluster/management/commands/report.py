"""`manage.py report board --contract CODE --as-of DATE --format pdf|html|xlsx --out FILE`: the board report of a contract as of a day."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, no_translations
from django.utils import timezone

from cluster.domain.errors import DomainError
from cluster.management.options import contract_named, read_day, refuse
from cluster.models import BoardReport
from cluster.services.board_reports import LANGUAGES, make_report


class Command(BaseCommand):
    """Writes a report to a file; nothing is kept in the database."""

    help = "The board report of a contract as of a day, as PDF, HTML or XLSX."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        board = verbs.add_parser("board", help="summary, money, schedule, delays, production, sources")
        board.add_argument("--contract", required=True, metavar="CODE")
        board.add_argument("--as-of", metavar="DATE", help="such as 2026-06-30; today without it")
        board.add_argument("--format", choices=BoardReport.Format.values, default=BoardReport.Format.PDF.value)
        board.add_argument("--language", choices=LANGUAGES, default="ru")
        board.add_argument("--out", required=True, metavar="FILE", type=Path)

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        today = timezone.localdate()
        try:
            as_of = read_day(options["as_of"]) if options["as_of"] else today
            if as_of > today:
                raise DomainError("{text} lies in the future: nothing is known of it yet.", code="as_of_future", text=as_of)
            contract = contract_named(options["contract"])
            made = make_report(contract, as_of=as_of, language=options["language"], format=options["format"])
            try:
                options["out"].write_bytes(made.data)
            except OSError as error:
                raise DomainError(
                    "{file} cannot be written: {why}.", code="out", file=options["out"], why=error.strerror or error
                ) from error
        except DomainError as error:
            refuse(self, error)
        self.stdout.write(f"{options['out']}: {len(made.data)} bytes, SHA-256 {made.sha256}")
