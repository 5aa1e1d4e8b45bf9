"""`manage.py digest`: the digest of a person as files, whether or not it is due (preview); which are due (due); send what is (send)."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cluster.domain.errors import DomainError
from cluster.management.options import BAD_INPUT, read_day, refuse
from cluster.models import User
from cluster.models.names import LANGUAGES
from cluster.services.digests import due, preview
from cluster.services.mailing import deliver_due


class Command(BaseCommand):
    help = "Shows a digest as files (preview), lists those that are due (due), or sends them (send --due)."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        shown = actions.add_parser("preview", help="write subject.txt, body.txt, body.html and chart.png; send and record nothing")
        shown.add_argument("--out", required=True, type=Path, help="the folder to write to")
        shown.add_argument("--user", default="", help="login name; the first administrator by default")
        shown.add_argument("--as-of", metavar="DATE", help="the day to report, such as 2025-06-30; today by default")
        shown.add_argument("--language", choices=LANGUAGES, default="", help="the person's own by default")
        due_at = actions.add_parser("due", help="list what would be due; nothing is recorded")
        due_at.add_argument("--at", metavar="TIME", help="2026-11-23T08:00, in the time of the site unless it names a zone; now by default")
        sent = actions.add_parser("send", help="send what is due, as the worker does")
        sent.add_argument("--due", action="store_true", required=True, help="all that is due now")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            match options["action"]:
                case "send":
                    figures = deliver_due(now=timezone.now())
                    self.stdout.write("\n".join(f"{name}: {value}" for name, value in figures.items()))
                case "due":
                    self._list(_read_moment(options["at"]) if options["at"] else timezone.now())
                case _:
                    self._preview(options)
        except DomainError as error:
            refuse(self, error)

    def _list(self, at: datetime) -> None:
        letters = list(due(at))
        if not letters:
            self.stdout.write("nothing is due")
        for delivery in letters:
            cadence = delivery.subscription.cadence if delivery.subscription else ""
            self.stdout.write(f"{delivery.period}  {cadence:7}  {delivery.user.username}  {delivery.recipient}")

    def _preview(self, options: dict[str, Any]) -> None:
        as_of = read_day(options["as_of"]) if options["as_of"] else None
        user = _person(options["user"])
        letter = preview(user=user, now=_moment(as_of, user), language=options["language"], by_announcement=as_of is not None)
        files = {"subject.txt": f"{letter.subject}\n".encode(), "body.txt": letter.text.encode(), "body.html": letter.html.encode()}
        if letter.chart:
            files["chart.png"] = letter.chart
        out: Path = options["out"]
        try:
            out.mkdir(parents=True, exist_ok=True)
            # A browser shows the chart of the file beside it.
            files["body.html"] = files["body.html"].replace(b'"cid:chart"', b'"chart.png"')
            for name, content in files.items():
                (out / name).write_bytes(content)
        except OSError as error:
            message = f"{out}: {error.strerror}"
            raise CommandError(message, returncode=BAD_INPUT) from error
        self.stdout.write(letter.subject)
        self.stdout.write(f"{out}: {', '.join(files)}")


def _person(name: str) -> User:
    people = User.objects.filter(username=name) if name else User.objects.filter(is_superuser=True).order_by("pk")
    person: User | None = people.first()
    if person is None:
        message = f"There is no user “{name}”." if name else "There is no administrator yet: run manage.py first_login, or name a --user."
        raise CommandError(message, returncode=BAD_INPUT)
    return person


def _read_moment(text: str) -> datetime:
    """A moment as it is typed, in the site's own time where it names no zone; DomainError when it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise DomainError("“{text}” is no moment: write 2026-11-23T08:00.", field="at", code="moment", text=text[:40]) from error
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def _moment(as_of: date | None, user: User) -> datetime:
    """The end of that day in the person's zone; now when no day is named."""
    if as_of is None:
        return timezone.now()
    return datetime.combine(as_of + timedelta(days=1), time(), tzinfo=ZoneInfo(user.time_zone)) - timedelta(microseconds=1)
