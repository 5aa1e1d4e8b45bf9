"""`manage.py load_example_plan`: an invented contract of twelve factories to try everything on."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from cluster.models import JobRun
from cluster.services.jobs import queue

# What makes the dollars and the flags of new rows; the workers take it from here.
_FOLLOW_UP = (JobRun.Name.CONVERT, JobRun.Name.FLAG_DELAYS)


class Command(BaseCommand):
    help = "Load the example plan, once: a contract that says on every page that its figures are not real."

    def handle(self, *args: Any, **options: Any) -> None:
        added: dict[str, int] = {}
        with transaction.atomic():
            for path in settings.EXAMPLE_PLAN_LOADERS:
                added |= import_string(path)()
            if added:
                for name in _FOLLOW_UP:
                    queue(name, by=None, now=timezone.now())
        told = ", ".join(f"{name} {count}" for name, count in added.items())
        self.stdout.write(f"Example plan: added {told}." if told else "Example plan: nothing to add.")
