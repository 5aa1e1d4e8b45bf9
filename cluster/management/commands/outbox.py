"""`manage.py outbox hold|release|list|rerun`: the outbox for an operator at a terminal; after a restore, hold before workers start."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, no_translations
from django.utils import timezone

from cluster.domain.errors import DomainError
from cluster.management.options import refuse
from cluster.models import Delivery
from cluster.queries.outbox import STATES, State
from cluster.services import mailing, outbox

_LISTED = 200


class Command(BaseCommand):
    """Lists letters, holds back all that waits, lets all go that is held, or sends letters again."""

    help = "The outbox: hold back what waits (do so after a restore, before workers start), release it, list letters, send some again."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("hold", help="put what is due into the outbox and hold back all that waits")
        verbs.add_parser("release", help="let all held letters go")
        listed = verbs.add_parser("list", help=f"the newest {_LISTED} letters of a state, what asks for a decision by default")
        listed.add_argument("--state", choices=[state.value for state in State], default=State.ASKS.value)
        rerun = verbs.add_parser("rerun", help="send letters again that were given up, are uncertain or are held")
        rerun.add_argument("letters", nargs="+", type=int, metavar="NUMBER", help="numbers from the list")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            match options["verb"]:
                case "hold":
                    self.stdout.write(f"held: {mailing.hold(now=timezone.now(), by=None)}")
                case "release":
                    self.stdout.write(f"released: {outbox.release_all(by=None)}")
                case "rerun":
                    for number in options["letters"]:
                        self.stdout.write(f"{number}: {outbox.send_again(number, by=None).status}")
                case _:
                    self._list(State(options["state"]))
        except DomainError as error:
            refuse(self, error)

    def _list(self, state: State) -> None:
        letters = Delivery.objects.filter(status__in=STATES[state]).defer("body_text", "body_html", "chart").order_by("-pk")[:_LISTED]
        if not letters:
            self.stdout.write(f"no letters here ({state.value}); --state names other states")
        for letter in letters:
            why = letter.error.replace("\n", " · ")[:80]
            self.stdout.write(f"{letter.pk:>8}  {letter.status:<9} {letter.kind:<6} {letter.period} {letter.recipient}  {why}".rstrip())
