import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from linnapp.errors import NotPossible
from linnapp.form_fields import MailAddressField, ReasonField
from linnapp.models import User
from linnapp.services import factor_rules


class Command(BaseCommand):
    help = (
        "Remove all second factors from a person when no platform admin can, for example when the only one is locked "
        "out. Signs them out everywhere, sends them an e-mail, and records it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the address that they sign in with")
        parser.add_argument(
            "--reason", required=True, help="why: the person reads it in the e-mail and in their record"
        )
        parser.add_argument("--no-input", action="store_false", dest="asks", help="ask nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            reason = ReasonField().clean(options["reason"])
        except ValidationError as fault:
            raise CommandError(f"--reason: {' '.join(fault.messages)}") from None
        person = found(options["email"])
        if options["asks"] and sys.stdin.isatty() and not self.agrees(person):
            raise CommandError("Nothing was changed.")
        try:
            removed = factor_rules.remove_all_on_machine(person, reason=reason)
        except NotPossible as fault:
            raise CommandError(str(fault)) from None
        if not removed:
            self.stdout.write(f"{person.email} has no second factor: nothing was changed.")
            return
        self.stdout.write(
            f"The second factors of {person.email} are removed: authenticator app, passkeys and recovery codes. "
            "They are signed out everywhere, get an e-mail with the reason, and sign in with their password "
            "alone until they set up another one."
        )

    def agrees(self, person: User) -> bool:
        self.stdout.write(
            f"Remove all second factors of {person.email}, and sign them out everywhere? [y/N] ", ending=""
        )
        self.stdout.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")


def found(email: str) -> User:
    try:
        address = MailAddressField().clean(email).lower()
        return User.objects.get(email=address, deleted_at=None)
    except (ValidationError, User.DoesNotExist):
        raise CommandError(f"Nobody here signs in with {email!a}.") from None
