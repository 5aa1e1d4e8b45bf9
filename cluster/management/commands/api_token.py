"""`manage.py api_token create|list|revoke`: keys for programs."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations
from django.utils import timezone

from cluster.domain.errors import DomainError
from cluster.management.options import BAD_INPUT
from cluster.models import User
from cluster.queries.tokens import tokens_of
from cluster.services.tokens import issue_token, revoke_token


class Command(BaseCommand):
    """Issues, lists and revokes API tokens."""

    help = "Issue, list or revoke the tokens with which programs use the API."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="issue a token; its secret is printed once")
        create.add_argument("username")
        create.add_argument("--name", required=True, help="what the token is for")
        create.add_argument("--days", type=int, default=90, help="how long it lives (1 to 366, default 90)")
        create.add_argument("--write", action="store_true", help="the token may write, within its owner's rights")
        listing = verbs.add_parser("list", help="tokens with their owners and expiry; never their secrets")
        listing.add_argument("username", nargs="?")
        revoke = verbs.add_parser("revoke", help="make a token's secret worthless at once")
        revoke.add_argument("id", type=int)

    @no_translations
    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        try:
            {"create": self.create, "list": self.list, "revoke": self.revoke}[verb](options)
        except DomainError as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error

    def create(self, options: dict[str, Any]) -> None:
        """Print the secret alone on standard output, what concerns it on standard error."""
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            message = f"There is no user “{options['username']}”."
            raise CommandError(message, returncode=BAD_INPUT)
        token, secret = issue_token(user=user, name=options["name"], days=options["days"], may_write=options["write"], now=timezone.now())
        self.stdout.write(secret)
        until = f"{timezone.localtime(token.expires_at):%Y-%m-%d %H:%M}"
        self.stderr.write(f"Token {token.pk} of {user.username} until {until}. Keep the secret: it is not shown again.")

    def list(self, options: dict[str, Any]) -> None:
        """One line per token."""
        for token in tokens_of(options["username"]):
            ends = f"{timezone.localtime(token.expires_at):%Y-%m-%d %H:%M}"
            self.stdout.write(f"{token.pk}\t{token.user.username}\t{'write' if token.may_write else 'read'}\t{ends}\t{token.name}")

    def revoke(self, options: dict[str, Any]) -> None:
        """Delete the token."""
        revoke_token(token_id=options["id"], by=None)
        self.stdout.write("Revoked.")
