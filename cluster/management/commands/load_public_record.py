"""`manage.py load_public_record`: adds what the public record has and the database lacks."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string


class Command(BaseCommand):
    help = "Load the public record: adds what is missing, never changes what a person wrote."

    def handle(self, *args: Any, **options: Any) -> None:
        added: dict[str, int] = {}
        for path in settings.PUBLIC_RECORD_LOADERS:
            added |= import_string(path)()
        told = ", ".join(f"{name} {count}" for name, count in added.items() if count)
        self.stdout.write(f"Public record: added {told}." if told else "Public record: nothing to add.")
