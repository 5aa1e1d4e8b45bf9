"""What the commands share: reading a date, and ending with a sentence instead of a traceback."""

import re
import sys
from datetime import date
from typing import NoReturn

from django.core.management.base import BaseCommand

from cluster.domain.dates import refuse_far
from cluster.domain.errors import DomainError, NotFound
from cluster.domain.progress import Progress
from cluster.models import Contract

BAD_INPUT = 2
FAILED = 1


def read_day(text: str) -> date:
    """A calendar day from 1990 to 2100, written 2024-04-15. Raises DomainError."""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            day = date.fromisoformat(text)
            refuse_far(day, field="")
            return day
    except ValueError:
        pass
    raise DomainError("“{text}” is not a date: write 2024-04-15.", code="date", text=text)


def contract_named(code: str) -> Contract:
    """The contract of a code, for whoever may run commands. Raises NotFound."""
    contract = Contract.objects.filter(code=code).first()
    if contract is None:
        raise NotFound("There is no contract “{contract}”.", field="contract", contract=code)
    return contract


def terminal_progress(command: BaseCommand) -> Progress:
    """A line on standard error that is written over, only where a person watches."""

    def tell(done: int, total: int) -> None:
        if command.stderr.isatty():
            command.stderr.write(f"\r{done}/{total}", ending="" if done < total else "\n")

    return tell


def refuse(command: BaseCommand, *sentences: object, status: int = BAD_INPUT) -> NoReturn:
    """Say why on standard error and end the command with `status`."""
    for sentence in sentences:
        command.stderr.write(str(sentence))
    sys.exit(status)
