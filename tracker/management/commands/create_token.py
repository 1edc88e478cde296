"""Make an API token for somebody."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from mlmath.errors import DomainError
from tracker.actions.tokens import DEFAULT_DAYS, MAXIMUM_DAYS, create_token
from tracker.models import ApiToken, Scope, User
from tracker.models.people import check_plain_text


class Command(BaseCommand):
    help = "Makes an API token for a person; its secret is the last line printed, and kept nowhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="whose token it is")
        parser.add_argument("--name", default="command line", help="what the person calls it")
        parser.add_argument(
            "--scopes",
            default=",".join(Scope.values),
            help="by commas, any of: %(default)s (which is also the default)",
        )
        parser.add_argument(
            "--days",
            type=int,
            default=DEFAULT_DAYS,
            help=f"for how long it is good, 1 to {MAXIMUM_DAYS} (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        email, days = options["email"].strip().lower(), options["days"]
        user = User.objects.filter(email=email, is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody with the address {email} has an account here.")
        if not 1 <= days <= MAXIMUM_DAYS:
            raise CommandError(f"--days is {days}. Use a number from 1 to {MAXIMUM_DAYS}.")
        try:
            made = create_token(
                user=user, name=_name(options["name"]), scopes=_scopes(options["scopes"]), days=days
            )
        except DomainError as error:
            raise CommandError(str(error)) from None
        self.stderr.write(f"Good until {made.token.expires_at:%Y-%m-%d}. Shown this once:")
        self.stdout.write(made.secret)


def _scopes(text: str) -> list[Scope]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in Scope.values]
    if unknown or not names:
        found = f"holds {unknown[0]!r}" if unknown else "is empty"
        raise CommandError(f"--scopes {found}. Use any of {', '.join(Scope.values)}, by commas.")
    return [Scope(name) for name in names]


def _name(text: str) -> str:
    longest = ApiToken._meta.get_field("name").max_length or 0
    try:
        check_plain_text(text)
    except ValidationError as error:
        raise CommandError(f"--name: {error.message}") from None
    if not text.strip() or len(text) > longest:
        raise CommandError(f"--name takes 1 to {longest} characters.")
    return text.strip()
