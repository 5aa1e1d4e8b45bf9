"""`manage.py load_public_record`: adds what the public record has and the database lacks."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.module_loading import import_string

from cluster.models import JobRun
from cluster.services.jobs import queue

# What makes the dollars, the flags and the rates of new rows; the workers take it from here.
_FOLLOW_UP = (JobRun.Name.CONVERT, JobRun.Name.FLAG_DELAYS, JobRun.Name.FETCH_RATES)


class Command(BaseCommand):
    help = "Load the public record: adds what is missing, never changes what a person wrote."

    def handle(self, *args: Any, **options: Any) -> None:
        added: dict[str, int] = {}
        for path in settings.PUBLIC_RECORD_LOADERS:
            added |= import_string(path)()
        told = ", ".join(f"{name} {count}" for name, count in added.items() if count)
        if not told:
            self.stdout.write("Public record: nothing to add.")
            return
        for name in _FOLLOW_UP:
            queue(name, by=None, now=timezone.now())
        self.stdout.write(f"Public record: added {told}.")
