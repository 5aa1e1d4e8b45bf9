"""`manage.py digest preview --out DIR`: the digest of a person as files, whether or not it is due; `digest deliver` sends what is."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cluster.domain.errors import DomainError
from cluster.management.options import BAD_INPUT, read_day, refuse
from cluster.models import User
from cluster.services.digests import deliver_due, preview


class Command(BaseCommand):
    help = "Shows a digest as files (preview), or sends those that are due (deliver)."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        shown = actions.add_parser("preview", help="write subject.txt, body.txt and body.html; send and record nothing")
        shown.add_argument("--out", required=True, type=Path, help="the folder to write to")
        shown.add_argument("--user", default="", help="login name; the first administrator by default")
        shown.add_argument("--as-of", metavar="DATE", help="the day to report, such as 2025-06-30; today by default")
        shown.add_argument("--language", choices=["ru", "en"], default="", help="the person's own by default")
        actions.add_parser("deliver", help="send the digests that are due, as the worker does")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "deliver":
            figures = deliver_due(now=timezone.now())
            self.stdout.write("\n".join(f"{name}: {value}" for name, value in figures.items()))
            return
        try:
            as_of = read_day(options["as_of"]) if options["as_of"] else None
        except DomainError as error:
            refuse(self, error)
        user = _person(options["user"])
        composed = preview(user=user, now=_moment(as_of, user), language=options["language"], by_announcement=as_of is not None)
        out: Path = options["out"]
        try:
            out.mkdir(parents=True, exist_ok=True)
            for name, content in (("subject.txt", f"{composed.subject}\n"), ("body.txt", composed.text), ("body.html", composed.html)):
                (out / name).write_text(content, encoding="utf-8")
        except OSError as error:
            message = f"{out}: {error.strerror}"
            raise CommandError(message, returncode=BAD_INPUT) from error
        self.stdout.write(composed.subject)
        self.stdout.write(f"{out / 'subject.txt'}, body.txt, body.html")


def _person(name: str) -> User:
    people = User.objects.filter(username=name) if name else User.objects.filter(is_superuser=True).order_by("pk")
    person: User | None = people.first()
    if person is None:
        message = f"There is no user “{name}”." if name else "There is no administrator yet: run manage.py first_login, or name a --user."
        raise CommandError(message, returncode=BAD_INPUT)
    return person


def _moment(as_of: date | None, user: User) -> datetime:
    """The end of that day in the person's zone; now when no day is named."""
    if as_of is None:
        return timezone.now()
    return datetime.combine(as_of + timedelta(days=1), time(), tzinfo=ZoneInfo(user.time_zone)) - timedelta(microseconds=1)
