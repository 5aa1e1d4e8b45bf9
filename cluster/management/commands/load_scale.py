"""`manage.py load_scale --contracts N`: example contracts to measure the tracker on."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, no_translations
from django.utils import timezone

from cluster.domain.errors import DomainError
from cluster.management.options import refuse
from cluster.models import JobRun
from cluster.services.jobs import queue
from cluster.services.scale import load_scale


class Command(BaseCommand):
    help = "Add example contracts of 12 factories, 2,400 budget lines and 1,000 ledger entries each; those that exist are left alone."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--contracts", type=int, required=True, help="how many there should be")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            added = load_scale(options["contracts"], now=now, progress=self._tell)
        except DomainError as error:
            refuse(self, error)
        if added:
            queue(JobRun.Name.CONVERT, by=None, now=now)
        self.stdout.write(f"Added {added} contracts." if added else "Nothing to add.")

    def _tell(self, done: int, total: int) -> None:
        if total:
            self.stdout.write(f"{done} of {total}")
